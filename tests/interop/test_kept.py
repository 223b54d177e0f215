"""What our index says is kept against what containerd's collector leaves.

containerd fills a root and stops; what ctr cannot say (what leases hold, labels at will) is written into its
database; we predict; containerd starts on it, collects, and is asked what is left.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from exporter_core import open_store
from exporter_core.kept import KeptIndex, Kind, Version, build_kept, unpacked
from exporter_core.manifest import ImageConfig
from exporter_core.stores.bolt import Bucket, Database
from exporter_core.stores.containerd_root import METADATA, ContainerdRoot
from tests.bolt_writer import database, moment, strings
from tests.images import StoreBuilder
from tests.interop.conftest import _running
from tests.interop.programs import Containerd, export, needed

GC = "containerd.io/gc."
NOW = datetime.now(UTC)
PAST, FUTURE = (f"{NOW + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in (-1, 1))
KEPT, LEASED, GONE = "docker.io/library/kept:1", "docker.io/library/leased:1", "docker.io/library/gone:1"
FLAT = "docker.io/library/flat:1"
LOOSE = ("root", "referred", "again", "loose", "leased", "flat", "below flat", "old", "bad", "later", "up")


@pytest.fixture
def place() -> Iterator[Path]:
    needed("containerd", "ctr")
    if os.geteuid() != 0:
        pytest.skip("containerd runs as root only")
    root = Path(tempfile.mkdtemp(prefix="sg-"))  # short: a socket's path has 107 bytes at most
    yield root
    shutil.rmtree(root, ignore_errors=True)


def tree_of(bucket: Bucket) -> dict[bytes, Any]:
    return {key: tree_of(value) if isinstance(value, Bucket) else value for key, value in bucket.items()}


def predicted(root: Path, version: Version) -> tuple[KeptIndex, ContainerdRoot]:
    store = open_store(f"{root}/root?namespace=one")
    assert isinstance(store, ContainerdRoot) and store.damage == ()
    return build_kept(store, version=version), store


def their_version(containerd: Containerd) -> Version:
    found = re.search(r"Server:\s+Version:\s+v?(\d+)\.(\d+)", containerd.ctr("version").stdout.decode())
    assert found is not None
    return int(found[1]), int(found[2])


def fill(containerd: Containerd, folder: Path) -> dict[str, str]:
    """Four images, unpacked, a container, leases and loose blobs; their digests by name."""
    builder = StoreBuilder()
    for name in (KEPT, LEASED, GONE, FLAT):
        builder.name(name, builder.image([{"etc/base": "base\n"}, {"etc/own": name}]))
    archive = export(builder.write_layout(folder / "layout"), folder / "all.tar", [KEPT, LEASED, GONE, FLAT])
    containerd.ctr("images", "import", "--snapshotter", "native", archive)
    digests = {image.name: image.digest for image in containerd.images()}
    containerd.ctr("containers", "create", "--snapshotter", "native", KEPT, "box")
    for name in ("work", "labelled", "rooted", "loose"):
        containerd.ctr("snapshots", "--snapshotter", "native", "prepare", name)
    for name in ("plain", "flat", "old", "later"):
        containerd.ctr("leases", "create", "--id", name)
    return digests


def blob(text: str) -> tuple[bytes, dict[bytes, Any]]:
    data = text.encode()
    times = {b"createdat": moment(NOW), b"updatedat": moment(NOW)}
    return f"sha256:{hashlib.sha256(data).hexdigest()}".encode(), {**times, b"size": bytes([2 * len(data)])}


def rewritten(root: Path, digests: dict[str, str]) -> None:
    """The database with leases that hold something, labels of all sorts and images taken away."""
    path = root / "root" / METADATA / "meta.db"
    tree = tree_of(Database.of(path.read_bytes()).root)
    one = tree[b"v1"][b"one"]
    blobs, leases = one[b"content"][b"blob"], one[b"leases"]
    for text in (
        "root",
        "referred",
        "again",
        "loose",
        "leased",
        "flat",
        "below flat",
        "old",
        "bad",
        "later",
        "up",
    ):
        digest, found = blob(text)
        blobs[digest] = found
        file = root / "root/io.containerd.content.v1.content/blobs/sha256" / digest.decode()[7:]
        file.write_bytes(text.encode())

    def label(name: str, **labels: str) -> None:
        blobs[blob(name)[0]][b"labels"] = strings(
            {GC + key.replace("_", "."): v for key, v in labels.items()}
        )

    def digest(name: str) -> str:
        return blob(name)[0].decode()

    label(
        "root",
        root=PAST,
        ref_content=digest("referred"),
        ref_contents=digest("bad"),
        ref_snapshot_native="labelled",
    )
    label("referred", **{"ref_content/x": digest("again")})
    label("flat", ref_content=digest("below flat"))
    label("up", bref_content=digest("root"))
    held = {"plain": ["leased", LEASED], "flat": ["flat", FLAT], "old": ["old"], "later": ["later"]}
    for name, things in held.items():
        keys = [digests.get(thing, digest(thing)).encode() for thing in things]
        leases[name.encode()][b"content"] = dict.fromkeys(keys, b"")
    leases[b"flat"][b"labels"] = strings({GC + "flat": PAST})
    leases[b"old"][b"labels"] = strings({GC + "expire": PAST})
    leases[b"later"][b"labels"] = strings({GC + "expire": FUTURE})
    leases[b"plain"][b"snapshots"] = {b"native": {b"work": b""}}
    one[b"snapshots"][b"native"][b"rooted"][b"labels"] = strings({GC + "root": ""})
    for name in (LEASED, GONE, FLAT):
        del one[b"images"][name.encode()]
    path.write_bytes(database(tree))


def test_what_a_collection_leaves(place: Path, tmp_path: Path) -> None:
    containerd = Containerd(place, "one")
    with _running(place):
        version = their_version(containerd)
        digests = fill(containerd, tmp_path)
    rewritten(place, digests)
    before, store = predicted(place, version)
    with closing(store):
        snapshots = {f"{found.snapshotter}/{found.key}" for found in store.snapshots()}
        leases = {found.name for found in store.leases()}
    garbage = before.garbage()
    stay = set(before.blobs) - set(garbage.blobs)
    stay_snapshots = {name for name in snapshots if before.keeps(name, Kind.SNAPSHOT)}
    assert len(garbage.blobs) > 6 and len(stay) > 10 and 3 < len(stay_snapshots) < len(snapshots)
    with _running(place):
        containerd.ctr("images", "tag", KEPT, "docker.io/library/brief:1")
        containerd.ctr("images", "rm", "--sync", "docker.io/library/brief:1")
        assert containerd.blobs() == stay
        rows = containerd.ctr("snapshots", "--snapshotter", "native", "ls").stdout.decode().splitlines()[1:]
        assert {f"native/{row.split()[0]}" for row in rows} == stay_snapshots
        left = containerd.ctr("leases", "ls", "--quiet").stdout.decode().split()
        assert set(left) == leases - set(garbage.leases) and garbage.leases == ("old",)
    after, store = predicted(place, version)
    store.close()
    assert set(after.blobs) == stay and after.garbage().blobs == {} and after.garbage().snapshots == ()


def test_layers_and_their_snapshots(place: Path, tmp_path: Path) -> None:
    """The config's label leads to the snapshot that our chain IDs name."""
    containerd = Containerd(place, "one")
    with _running(place):
        fill(containerd, tmp_path)
    index, store = predicted(place, (1, 6))
    with closing(store):
        labels = {found.digest: found.labels for found in store.blobs()}
        content = place / "root/io.containerd.content.v1.content"
        seen = 0
        for digest, of in labels.items():
            top = of.get(f"{GC}ref.snapshot.native")
            if top is None:
                continue
            config = ImageConfig.parse(
                (content / "blobs" / digest.replace(":", "/")).read_bytes(), name=digest
            )
            layers = unpacked(config.diff_ids, store.snapshots())
            assert [len(layer.snapshots) for layer in layers] == [1, 1]
            assert layers[-1].snapshots[0].key == top
            assert layers[0].snapshots[0].key == layers[-1].snapshots[0].parent
            assert any(reason.links[-2].how == "target" for reason in index.why(digest))
            seen += 1
    assert seen == 4
