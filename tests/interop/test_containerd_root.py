"""containerd's root against containerd itself: what `ctr` lists, while it runs, while it writes, after it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from exporter_core import BlobState, Descriptor, Digest, load_tree, open_store, verify_location
from exporter_core.cli import main
from exporter_core.graph import find_image
from exporter_core.metadata import MetadataStore
from exporter_core.stores.containerd_root import ContainerdRoot
from tests.images import StoreBuilder
from tests.interop.conftest import _running
from tests.interop.programs import SAMPLE, Containerd, export, needed, read_json
from tests.interop.test_containerd import (
    EXPORTS,
    LEGACY,
    WEB,
    ZSTD,
    assert_same_but_for_the_index_type,
    states,
)

CHECKOUT = Path(__file__).parents[2]
MANY = 2000


def location(containerd: Containerd) -> str:
    return f"{containerd.root}/root?namespace={containerd.namespace}"


@contextmanager
def opened(containerd: Containerd) -> Iterator[ContainerdRoot]:
    with closing(open_store(location(containerd))) as store:
        assert isinstance(store, ContainerdRoot) and store.damage == ()
        yield store


def rows(containerd: Containerd, *words: str) -> list[list[str]]:
    """The cells of a table of ctr's, without its heading."""
    lines = containerd.ctr(*words).stdout.decode().splitlines()[1:]
    return [re.split(r"\s{2,}|\t+", line.strip()) for line in lines]


def label_set(text: str) -> set[str]:
    return set() if text == "-" else set(text.split(","))


def spelled(labels: Mapping[str, str]) -> set[str]:
    return {part for key, value in labels.items() for part in f"{key}={value}".split(",")}


def human(size: float) -> str:
    """As ctr writes sizes of blobs (go-units HumanSize)."""
    units = iter(("B", "kB", "MB", "GB"))
    unit = next(units)
    while size >= 1000:
        size, unit = size / 1000, next(units)
    return f"{size:.4g}{unit}"


# --- their tables and ours --------------------------------------------------------------------------------


def their_images(containerd: Containerd) -> list[tuple[str, str, str, frozenset[str]]]:
    lines = [line.split() for line in containerd.ctr("images", "ls").stdout.decode().splitlines()[1:]]
    return [(line[0], line[1], line[2], frozenset(label_set(line[-1]))) for line in lines]


def our_images(store: MetadataStore) -> list[tuple[str, str, str, frozenset[str]]]:
    found = [(image, image.target) for image in store.images()]
    return [
        (image.name, target.media_type, str(target.digest), frozenset(spelled(image.labels)))
        for image, target in found
        if isinstance(target, Descriptor)
    ]


Opener = Callable[[Containerd], AbstractContextManager[MetadataStore]]


def differences(containerd: Containerd, opener: Opener = opened) -> dict[str, object]:
    """What differs once containerd's collector, which works behind our back, has come to rest."""
    found: dict[str, object] = {}
    for _ in range(10):
        found = differences_now(containerd, opener)
        if not found:
            break
        time.sleep(0.3)
    return found


def differences_now(containerd: Containerd, opener: Opener) -> dict[str, object]:
    """Every table of ctr's that differs from ours, with both; our blobs against the files on disk."""
    with opener(containerd) as store:
        blobs = {
            blob.digest: (human(blob.size), frozenset(spelled(blob.labels)), blob.size)
            for blob in store.blobs()
        }
        leases = [
            [lease.name, f"{lease.created:%Y-%m-%dT%H:%M:%SZ}", sorted(spelled(lease.labels))]
            for lease in store.leases()
        ]
        snapshots = [[snapshot.key, snapshot.parent] for snapshot in store.snapshots()]
        containers = [[found.name, found.image or "-", found.runtime] for found in store.containers()]
        names = {found.name: spelled(found.labels) for found in store.namespaces()}
        pairs: dict[str, tuple[object, object]] = {
            "images": (our_images(store), their_images(containerd)),
            "content": (
                {digest: cells[:2] for digest, cells in blobs.items()},
                {
                    row[0]: (row[1], frozenset(label_set(row[-1])))
                    for row in rows(containerd, "content", "ls")
                },
            ),
            "leases": (
                leases,
                [
                    [row[0], row[1], sorted(label_set(row[2]))]
                    for row in (
                        line.split()
                        for line in containerd.ctr("leases", "ls").stdout.decode().splitlines()[1:]
                    )
                ],
            ),
            "snapshots": (snapshots, their_snapshots(containerd)),
            "containers": (containers, rows(containerd, "containers", "ls")),
            "namespaces": (
                names,
                {
                    name: set(labels[0].split(",")) if labels else set()
                    for name, *labels in (
                        line.split()
                        for line in containerd.ctr("namespaces", "ls").stdout.decode().splitlines()[1:]
                    )
                },
            ),
        }
        on_disk = {digest: store.info(Digest.parse(digest)) for digest in blobs}
        pairs["sizes"] = (
            {digest: size for digest, (_, _, size) in blobs.items()},
            {digest: info.size if info else None for digest, info in on_disk.items()},
        )
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def their_snapshots(containerd: Containerd) -> list[list[str]]:
    lines = containerd.ctr("snapshots", "--snapshotter", "native", "ls").stdout.decode().splitlines()[1:]
    cells = [line.split() for line in lines]
    return [[row[0], row[1] if len(row) == 3 else ""] for row in cells]


def fill(containerd: Containerd, folder: Path) -> None:
    """Images with labels, leases, snapshots and containers."""
    containerd.load(export(SAMPLE, folder / "sample.tar", [WEB, LEGACY, ZSTD]), "--all-platforms")
    containerd.ctr("images", "label", WEB, "team=harbor", "tier=front")
    containerd.ctr("images", "tag", WEB, "registry.example.com/again/web:2.4")
    containerd.ctr("namespaces", "label", containerd.namespace, "owner=tests")
    containerd.ctr("leases", "create", "--id", f"{containerd.namespace}-a", "--expires", "24h", "why=test")
    containerd.ctr("leases", "create", "--id", f"{containerd.namespace}-b", "--expires", "1h")
    digest = containerd.images()[0].digest
    containerd.ctr("content", "label", digest, "containerd.io/distribution.source.docker.io=library/web")
    snapshots = ["snapshots", "--snapshotter", "native"]
    containerd.ctr(*snapshots, "prepare", f"{containerd.namespace}-work")
    containerd.ctr(*snapshots, "commit", f"{containerd.namespace}-base", f"{containerd.namespace}-work")
    containerd.ctr(*snapshots, "prepare", f"{containerd.namespace}-top", f"{containerd.namespace}-base")
    containerd.ctr("containers", "create", "--snapshotter", "native", WEB, f"{containerd.namespace}-web")
    containerd.ctr("containers", "create", "--rootfs", str(folder), f"{containerd.namespace}-bare")


def test_every_table_of_every_namespace(namespace: Containerd, tmp_path: Path) -> None:
    others = [Containerd(namespace.root, f"{namespace.namespace}-{n}") for n in range(2)]
    for containerd in (namespace, *others):
        fill(containerd, tmp_path)
    for containerd in (namespace, *others):
        assert differences(containerd) == {}
    with opened(namespace) as store:
        web = store.containers()[1]
        assert (web.image, web.snapshotter) == (WEB, "native")
        top = {snapshot.key: snapshot for snapshot in store.snapshots()}[f"{namespace.namespace}-top"]
        assert top.parent == f"{namespace.namespace}-base" and top.name.endswith(top.key)
        image = find_image(store, WEB)
        assert image.created is not None and image.updated is not None
        assert 0 <= time.time() - image.created.timestamp() < 100
        assert image.updated > image.created  # it was labelled


def test_two_thousand_images(namespace: Containerd, tmp_path: Path) -> None:
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [ZSTD]), "--all-platforms")
    names = [f"registry.example.com/many/image-{n:04}:{n % 7}" for n in range(MANY)]
    for at in range(0, MANY, 250):
        namespace.ctr("images", "tag", ZSTD, *names[at : at + 250])
    with opened(namespace) as store:
        start = time.perf_counter()
        images = store.images()
        assert time.perf_counter() - start < 2
        assert len(images) == MANY + 1
        assert our_images(store) == their_images(namespace)


def test_a_blob_in_two_namespaces(namespace: Containerd, tmp_path: Path) -> None:
    """Shared on disk; removed from one, it is gone there and stays in the other, as for containerd."""
    other = Containerd(namespace.root, f"{namespace.namespace}-other")
    archive = export(SAMPLE, tmp_path / "sample.tar", [ZSTD])
    for containerd in (namespace, other):
        containerd.load(archive, "--all-platforms")
    with opened(namespace) as store:
        image = find_image(store, ZSTD)
        layer = (load_tree(store, image).children or ())[-1].child
    assert isinstance(layer, Descriptor)
    namespace.ctr("content", "rm", str(layer.digest))
    assert differences(namespace) == differences(other) == {}
    with opened(namespace) as store, opened(other) as there:
        assert store.info(layer.digest) is None and there.info(layer.digest) is not None
        assert BlobState.MISSING in states(load_tree(store, image))
        assert BlobState.MISSING not in states(load_tree(there, image))


def test_one_platform_imitated(namespace: Containerd, tmp_path: Path) -> None:
    """All but linux/arm64 removed, as a pull for one platform leaves it; its export is theirs."""
    builder = StoreBuilder()
    builder.name("docker.io/library/part:1", builder.multi_platform(["linux/amd64", "linux/arm64"]))
    layout = builder.write_layout(tmp_path / "store")
    namespace.load(export(layout, tmp_path / "all.tar", ["part:1"]), "--all-platforms")
    with opened(namespace) as store:
        amd64, arm64 = load_tree(store, find_image(store, "part:1")).children or ()
        kept = {node.digest_text for node in (arm64, *(arm64.children or ()))}
        gone = {node.digest_text for node in (amd64, *(amd64.children or ()))} - kept
    namespace.ctr("content", "rm", *gone)
    assert differences(namespace) == {}
    with opened(namespace) as store:
        amd64, arm64 = load_tree(store, find_image(store, "part:1")).children or ()
        assert states(arm64) == {BlobState.PRESENT} and amd64.state is BlobState.MISSING
    namespace.save(tmp_path / "theirs.tar", ["docker.io/library/part:1"], "--platform", "linux/arm64")
    export(location(namespace), tmp_path / "ours.tar", ["part:1"], "linux/arm64")  # type: ignore[arg-type]
    assert_same_but_for_the_index_type(tmp_path / "ours.tar", tmp_path / "theirs.tar")


def test_an_ingest_under_way(namespace: Containerd) -> None:
    command = ["ctr", "--address", str(namespace.root / "s"), "--namespace", namespace.namespace]
    command += ["content", "ingest", "--expected-size", "9000000", "half"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        try:
            process.stdin.write(bytes(5_000_000))
            process.stdin.flush()
            for _ in range(100):
                with opened(namespace) as store:
                    found = store.ingests()
                if found and found[0].received:
                    break
                time.sleep(0.05)
            [row] = rows(namespace, "content", "active")
        finally:
            process.kill()
    [ingest] = found
    assert (ingest.ref, ingest.total) == ("half", 9_000_000) and 0 < ingest.received < 9_000_000
    assert ingest.started and ingest.updated and ingest.updated >= ingest.started and ingest.expires
    assert row[:2] == ["half", human(ingest.received)]


# --- exports ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "theirs", "platforms", "options"), EXPORTS)
def test_the_same_bytes(
    namespace: Containerd, tmp_path: Path, name: str, theirs: list[str], platforms: list[str], options: dict
) -> None:
    """From the root, by name."""
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [name]), "--all-platforms")
    namespace.save(tmp_path / "theirs.tar", [name], *theirs)
    ours = export(location(namespace), tmp_path / "ours.tar", [name], *platforms, **options)  # type: ignore[arg-type]
    assert_same_but_for_the_index_type(ours, tmp_path / "theirs.tar")


def test_labels_of_the_source(namespace: Containerd, tmp_path: Path) -> None:
    """index.json bears them, as containerd 2 has it; before, it did not, and that is all."""
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [WEB]), "--all-platforms")
    sources = {
        f"containerd.io/distribution.source.{key}": value
        for key, value in {"docker.io": "library/x", "ghcr.io": "y,z"}.items()
    }
    digest = namespace.images()[0].digest
    namespace.ctr("content", "label", digest, *(f"{key}={value}" for key, value in sources.items()))
    namespace.save(tmp_path / "theirs.tar", [WEB], "--all-platforms")
    ours = export(location(namespace), tmp_path / "ours.tar", [WEB])  # type: ignore[arg-type]
    [mine], [other] = (
        read_json(archive, "index.json")["manifests"] for archive in (ours, tmp_path / "theirs.tar")
    )
    assert sources.items() <= mine["annotations"].items()
    if sources.items() <= other["annotations"].items():
        assert_same_but_for_the_index_type(ours, tmp_path / "theirs.tar")
    else:
        assert mine["annotations"] == {**other["annotations"], **sources}


def test_the_command_line(namespace: Containerd, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [WEB]), "--all-platforms")
    place = location(namespace)
    assert main(["images", "--json", place]) == 0
    assert WEB in json.dumps(json.loads(capsys.readouterr().out))
    assert main(["tree", place, "harbor-web:2.4"]) == 0
    assert "linux/arm64" in capsys.readouterr().out
    assert main(["verify", "-q", place]) == 0
    target = tmp_path / "a.tar"
    assert main(["export", "-q", place, WEB, "--all-platforms", "-o", str(target)]) == 0
    assert verify_location(target).ok
    assert target.read_bytes() == (tmp_path / "sample.tar").read_bytes()


# --- live, and after --------------------------------------------------------------------------------------


def test_while_it_writes(namespace: Containerd, tmp_path: Path) -> None:
    """Images come and go; what stays is always there, and what we see is always whole."""
    archive = export(SAMPLE, tmp_path / "sample.tar", [WEB, ZSTD])
    namespace.load(archive, "--all-platforms")
    stay = [f"docker.io/stay/image:{n}" for n in range(100)]
    namespace.ctr("images", "tag", ZSTD, *stay)
    stop, written = threading.Event(), [0]

    def write() -> None:
        names = [f"docker.io/flap/image:{n}" for n in range(40)]
        while not stop.is_set():
            namespace.ctr("images", "tag", WEB, *names)
            namespace.ctr("images", "rm", *names)
            written[0] += 2 * len(names)

    with opened(namespace) as store:
        targets = {"flap": find_image(store, WEB).target, "stay": find_image(store, ZSTD).target}
        writer = threading.Thread(target=write)
        writer.start()
        try:
            reads, seen, until = 0, set(), time.monotonic() + 5
            while time.monotonic() < until:
                images = store.images()
                reads += 1
                parts = {image.name: image.name.split("/")[1] for image in images}
                assert all(image.target == targets.get(parts[image.name], image.target) for image in images)
                assert {name for name, part in parts.items() if part == "stay"} == set(stay)
                assert {WEB, ZSTD} < set(parts) and store.damage == ()
                seen.add(len(images))
        finally:
            stop.set()
            writer.join()
    assert reads > 50 and written[0] > 80 and len(seen) > 2
    assert differences(namespace) == {}


def test_after_it_stopped(tmp_path: Path) -> None:
    needed("containerd", "ctr")
    if os.geteuid() != 0:
        pytest.skip("containerd runs as root only")
    root = Path(tempfile.mkdtemp(prefix="sg-"))
    try:
        containerd = Containerd(root, "one")
        with _running(root):
            fill(containerd, tmp_path)
            assert differences(containerd) == {}
            with opened(containerd) as store:
                before = (store.images(), [*store.blobs()], store.leases(), store.snapshots())
        before_files = tree_of(root / "root")
        with closing(open_store(root / "root")) as store:
            assert isinstance(store, ContainerdRoot)
            after = (store.images(), [*store.blobs()], store.leases(), store.snapshots())
        assert before == after
        export(root / "root", tmp_path / "ours.tar", [WEB])
        assert verify_location(root / "root").problems == ()
        assert tree_of(root / "root") == before_files
    finally:
        shutil.rmtree(root, ignore_errors=True)


def tree_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its size and time of change."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        found[str(path)] = (status.st_size, status.st_mtime_ns)
    return found


def test_nothing_is_opened_for_writing_and_nothing_locked(namespace: Containerd, tmp_path: Path) -> None:
    needed("strace")
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [WEB]), "--all-platforms")
    root, log = namespace.root / "root", tmp_path / "strace"
    calls = (
        "open,openat,openat2,creat,flock,fcntl,mmap,rename,renameat2,unlink,unlinkat,mkdir,mkdirat,truncate"
    )
    traced = ["strace", "-f", "-y", "-o", str(log), "-e", f"trace={calls},utimensat,chmod,fchmodat"]
    program = [sys.executable, "-m", "exporter_core", "export", "-q", location(namespace), WEB]
    command = [*traced, *program, "--all-platforms", "-o", str(tmp_path / "out.tar")]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, timeout=60, check=False)
    if b"ptrace" in done.stderr.lower():
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr.decode()
    lines = [line for line in log.read_text().splitlines() if f"{root}/" in line or f'{root}"' in line]
    assert any("meta.db" in line for line in lines) and any("/blobs/sha256/" in line for line in lines)
    wrong = re.compile(
        r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|flock|F_SETLK|F_OFD|creat|rename|unlink|mkdir|chmod|utime"
    )
    assert [line for line in lines if wrong.search(line) or "mmap" in line] == []
