"""containerd's root: what the metadata say, what is left where they are bad, and who may not read it."""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter_core import Descriptor, Digest, MalformedDescriptor, open_store, verify_location
from exporter_core.errors import ContentError, MissingBlob, StoreError
from exporter_core.graph import find_image
from exporter_core.metadata import Ingest, MetadataStore, Namespace, Snapshot
from exporter_core.stores import bolt
from exporter_core.stores.containerd_root import CONTENT, METADATA, ContainerdRoot
from exporter_core.stores.containerd_schema import go_time, text_time, varint
from tests.bolt_writer import (
    CREATED,
    blob,
    database,
    image,
    moment,
    namespace,
    size,
    strings,
    times,
    write_root,
)
from tests.images import OCI_LAYER, StoreBuilder
from tests.interop.programs import export

ONE, TWO = "docker.io/library/one:1", "registry.example.com/two:2"
SOURCE = {"containerd.io/distribution.source.docker.io": "library/one"}


def filled() -> StoreBuilder:
    builder = StoreBuilder()
    builder.name(ONE, builder.multi_platform(["linux/amd64", "linux/arm64"]))
    builder.name(TWO, builder.image([{"etc/motd": "two\n"}]))
    return builder


def opened(path: Path | str, **options: Any) -> ContainerdRoot:
    store = open_store(path, **options)
    assert isinstance(store, ContainerdRoot)
    return store


def metadata(root: Path) -> Path:
    return root / METADATA / "meta.db"


# --- names and what belongs to them -----------------------------------------------------------------------


def test_images_with_all_that_is_known(tmp_path: Path) -> None:
    builder = filled()
    first, second = builder.roots
    tree = namespace(builder)
    tree[b"images"] = {
        b"z:1": image({**second, "annotations": {"a": "b"}}, {"label": "ünï"}),
        ONE.encode(): image({**first, "annotations": {}}),
    }
    store = opened(write_root(builder, tmp_path / "root", {b"default": tree}))
    assert (store.kind, store.notes, store.damage) == ("containerd root", (), ())
    one, last = store.images()
    assert (one.name, last.name) == (ONE, "z:1")
    assert isinstance(one.target, Descriptor) and isinstance(last.target, Descriptor)
    assert (str(one.target.digest), one.target.size) == (first["digest"], first["size"])
    assert one.target.media_type == first["mediaType"]
    assert dict(last.target.annotations) == {"a": "b"} and dict(last.labels) == {"label": "ünï"}
    assert (one.namespace, one.created) == ("default", CREATED)
    assert one.updated == CREATED + timedelta(milliseconds=5)
    assert find_image(store, "one:1") == one


def test_no_images_and_no_namespaces(tmp_path: Path) -> None:
    store = opened(write_root(StoreBuilder(), tmp_path / "root", {b"default": {b"labels": {}}}))
    assert store.images() == () and [*store.blobs()] == [] and store.notes == ()
    bare = opened(write_root(StoreBuilder(), tmp_path / "bare", {b"unused": b"x"}))
    assert (bare.images(), bare.namespaces(), bare.namespace, bare.notes) == ((), (), "", ())
    assert (bare.leases(), bare.snapshots(), bare.containers(), bare.ingests()) == ((), (), (), ())


def test_an_image_without_a_target_hides_no_other(tmp_path: Path) -> None:
    builder = filled()
    tree = namespace(builder)
    tree[b"images"] |= {
        b"bad:1": times(),
        b"bad:2": image({"digest": "sha256:xyz", "mediaType": "m", "size": 1}),
        b"bad:3": image({"digest": builder.roots[0]["digest"], "mediaType": "m", "size": -1}),
        b"\xff\xfe": image(builder.roots[0]),
        b"no bucket": b"value",
    }
    images = opened(write_root(builder, tmp_path / "root", {b"default": tree})).images()
    bad = {found.name: found.target for found in images if found.name.startswith("bad")}
    assert all(isinstance(target, MalformedDescriptor) for target in bad.values()) and len(bad) == 3
    assert "image bad:1: target.digest" in str(bad["bad:1"].problem)  # type: ignore[union-attr]
    assert {ONE, TWO, "\ufffd\ufffd"} < {found.name for found in images}


def two_namespaces(path: Path) -> tuple[StoreBuilder, Path]:
    """k8s.io has the second image alone, moby the first; a blob of the second is labelled in k8s.io."""
    builder = filled()
    both = namespace(builder)
    one, two = StoreBuilder(), StoreBuilder()
    one.multi_platform(["linux/amd64", "linux/arm64"])
    two.image([{"etc/motd": "two\n"}])
    digest = builder.roots[1]["digest"].encode()

    def part(name: str, of: StoreBuilder) -> dict[bytes, Any]:
        blobs = {key: value for key, value in both[b"content"][b"blob"].items() if key.decode() in of.blobs}
        return {b"images": {name.encode(): both[b"images"][name.encode()]}, b"content": {b"blob": blobs}}

    moby, k8s = part(ONE, one), part(TWO, two)
    k8s[b"content"][b"blob"][digest] = blob(1, SOURCE)
    k8s[b"labels"] = strings({"owner": "kubelet"})
    return builder, write_root(builder, path, {b"moby": moby, b"k8s.io": k8s})


def test_namespaces(tmp_path: Path) -> None:
    _, root = two_namespaces(tmp_path / "root")
    first = opened(root)
    assert [found.name for found in first.images()] == [TWO]
    assert (first.namespace, first.location) == ("k8s.io", str(root))
    assert first.namespaces() == (Namespace("k8s.io", {"owner": "kubelet"}), Namespace("moby"))
    [note] = first.notes
    assert "k8s.io is shown" in note and "moby" in note
    for location in (f"{root}?namespace=moby", f"containerd-root:{root}?namespace=moby"):
        other = opened(location)
        assert [found.name for found in other.images()] == [ONE]
        assert (other.namespace, other.notes, other.location) == ("moby", (), f"{root}?namespace=moby")
    with pytest.raises(StoreError, match="no namespace other") as caught:
        open_store(f"{root}?namespace=other")
    assert "k8s.io, moby" in caught.value.hint


def test_another_namespace_of_the_same_root(tmp_path: Path) -> None:
    builder = filled()
    tree = {b"default": namespace(builder), b"k8s io": namespace(builder)}
    tree[b"k8s io"][b"images"] = {b"other:1": image(builder.roots[1])}
    store = opened(write_root(builder, tmp_path / "root", tree))
    assert isinstance(store, MetadataStore)
    other = store.in_namespace("k8s io")
    store.close()
    assert [found.name for found in other.images()] == ["other:1"]
    assert other.namespace == "k8s io" and [found.name for found in other.namespaces()] == [
        "default",
        "k8s io",
    ]
    assert [found.name for found in opened(other.location).images()] == ["other:1"]
    with pytest.raises(StoreError, match="there is no namespace gone"):
        other.in_namespace("gone")


def test_another_namespace_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = filled()
    tree = {b"default": namespace(builder), b"other": namespace(builder)}
    tree[b"other"][b"images"] = {b"other:1": image(builder.roots[1])}
    root = write_root(builder, tmp_path / "root", tree)
    store = opened(root)

    def copied(*_: object) -> None:
        raise AssertionError("the database was read again")

    monkeypatch.setattr("exporter_core.stores.bolt._copy", copied)
    assert [found.name for found in store.in_namespace("other").images()] == ["other:1"]
    with pytest.raises(AssertionError, match="read again"):
        opened(root)


def test_a_namespace_where_there_are_none(tmp_path: Path) -> None:
    layout = filled().write_layout(tmp_path / "layout")
    archive = filled().write_archive(tmp_path / "a.tar")
    for path in (layout, archive):
        with pytest.raises(StoreError, match="no namespaces"):
            open_store(f"{path}?namespace=default")
    os.rename(layout, tmp_path / "odd?namespace=x")
    assert open_store(tmp_path / "odd?namespace=x").kind == "OCI layout"


def test_a_blob_that_only_another_namespace_has(tmp_path: Path) -> None:
    builder, root = two_namespaces(tmp_path / "root")
    store = opened(root)
    other = Digest.parse(builder.roots[0]["digest"])
    assert store.info(other) is None
    with pytest.raises(MissingBlob) as caught:
        store.open(Descriptor("", other, 1))
    assert f"{root}?namespace=moby" in caught.value.hint
    mine = store.info(Digest.parse(builder.roots[1]["digest"]))
    assert mine is not None and dict(mine.labels) == SOURCE
    assert mine.size == builder.roots[1]["size"]  # that of the file, whatever the metadata say


def test_source_labels_reach_the_index(tmp_path: Path) -> None:
    _, root = two_namespaces(tmp_path / "root")
    archive = export(root, tmp_path / "a.tar", [TWO])
    with closing(open_store(archive)) as store:
        [found] = store.images()
    assert found.target.annotations["containerd.io/distribution.source.docker.io"] == "library/one"


def test_verify_looks_at_the_namespace(tmp_path: Path) -> None:
    builder, root = two_namespaces(tmp_path / "root")
    report = verify_location(root)
    assert (report.problems, report.images, report.kind) == ((), 1, "containerd root")
    assert report.blobs < len(builder.blobs)
    layer = root / CONTENT / "blobs" / builder.roots[1]["digest"].replace(":", "/")
    layer.write_bytes(layer.read_bytes() + b" ")
    assert verify_location(root).problems
    assert not verify_location(f"{root}?namespace=moby").problems


def test_leases_snapshots_and_containers(tmp_path: Path) -> None:
    builder = filled()
    digest = builder.roots[0]["digest"].encode()
    tree = namespace(builder)
    tree[b"leases"] = {
        b"l1": {
            **times(),
            b"labels": strings({"containerd.io/gc.expire": "2030-01-01T00:00:00Z"}),
            b"content": {digest: b""},
            b"snapshots": {b"overlayfs": {b"top": b"", b"base": b""}, b"native": {b"n": b""}},
            b"ingests": {b"layer-1": b""},
            b"images": {ONE.encode(): b""},
        },
        b"l2": {},
    }
    tree[b"snapshots"] = {
        b"overlayfs": {
            b"base": {**times(), b"name": b"default/1/base", b"children": {b"top": b""}},
            b"top": {
                **times(),
                b"name": b"default/2/top",
                b"parent": b"base",
                b"labels": strings({"a": "b"}),
            },
        },
        b"native": {b"n": {}},
    }
    tree[b"containers"] = {
        b"web": {
            **times(),
            b"image": ONE.encode(),
            b"snapshotter": b"overlayfs",
            b"snapshotKey": b"top",
            b"spec": b"\0",
            b"runtime": {b"name": b"io.containerd.runc.v2"},
        }
    }
    store = opened(write_root(builder, tmp_path / "root", {b"default": tree}))
    lease, empty = store.leases()
    assert (lease.name, lease.created, empty.name, empty.created) == ("l1", CREATED, "l2", None)
    assert lease.content == (digest.decode(),) and lease.images == (ONE,) and lease.ingests == ("layer-1",)
    assert lease.snapshots == (("native", "n"), ("overlayfs", "base"), ("overlayfs", "top"))
    native, base, top = store.snapshots()
    assert native == Snapshot("native", "n")
    assert (base.name, base.parent, base.children) == ("default/1/base", "", ("top",))
    assert (top.key, top.parent, dict(top.labels)) == ("top", "base", {"a": "b"})
    [web] = store.containers()
    assert (web.name, web.image, web.snapshotter, web.snapshot) == ("web", ONE, "overlayfs", "top")
    assert web.runtime == "io.containerd.runc.v2" and web.created == CREATED
    assert hash(lease) and hash(top) and hash(web)


def test_ingests(tmp_path: Path) -> None:
    builder = filled()
    tree = namespace(builder)
    tree[b"content"][b"ingests"] = {
        b"layer-1": {b"ref": b"default/7/layer-1", b"expected": b"sha256:" + b"a" * 64},
        b"gone": {b"ref": b"default/8/gone"},
    }
    root = write_root(builder, tmp_path / "root", {b"default": tree})
    for number, ref in enumerate(["default/7/layer-1", "other/1/x"]):
        folder = root / CONTENT / "ingest" / f"{number:064}"
        folder.mkdir(parents=True)
        (folder / "ref").write_text(ref)
        (folder / "data").write_bytes(b"x" * 300)
        (folder / "startedat").write_text("2024-05-14T11:30:00.123456789+02:00")
        (folder / "updatedat").write_text("garbage")
    (folder / "total").write_text("no number")
    (root / CONTENT / "ingest" / f"{0:064}" / "total").write_text("1000")
    (root / CONTENT / "ingest" / "half-made").mkdir()
    store = opened(root)
    [found] = store.ingests()
    assert isinstance(found, Ingest) and found.place
    assert (found.ref, found.received, found.total) == ("layer-1", 300, 1000)
    assert found.started == datetime(2024, 5, 14, 9, 30, 0, 123456, UTC) and found.updated is not None
    assert found.expected == "sha256:" + "a" * 64
    metadata(root).write_bytes(b"")
    assert [(item.ref, item.total) for item in opened(root).ingests()] == [
        ("default/7/layer-1", 1000),
        ("other/1/x", 0),
    ]


# --- while the daemon writes ------------------------------------------------------------------------------


def test_a_change_is_seen(tmp_path: Path) -> None:
    builder = filled()
    root = write_root(builder, tmp_path / "root")
    store = opened(root)
    assert len(store.images()) == 2
    late = builder.name("late:1", builder.image([{"late": "x"}]))
    builder.write_bare(root / CONTENT)
    digest = Digest.parse(late["digest"])
    metadata(root).write_bytes(database({b"v1": {b"default": namespace(builder)}}, txid=8))
    assert store.info(digest) is None  # just looked
    assert [found.name for found in store.images()] == [ONE, "late:1", TWO]
    assert store.info(digest) is not None


def test_changes_are_told(tmp_path: Path) -> None:
    """One word at first, one for each change; none where only other files changed, and an end on request."""
    root = write_root(filled(), tmp_path / "root")
    told, stop = [0], threading.Event()

    def watch() -> None:
        for _ in opened(root).changes(stop.is_set):
            told[0] += 1

    def wait_for(count: int) -> None:
        until = time.monotonic() + 10
        while told[0] < count and time.monotonic() < until:
            time.sleep(0.01)
        assert told[0] == count

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        wait_for(1)
        os.utime(metadata(root))
        time.sleep(1.2)
        wait_for(1)
        for count in (2, 3):
            whole = tmp_path / f"{count}"
            whole.write_bytes(metadata(root).read_bytes())
            os.replace(whole, metadata(root))
            wait_for(count)
        os.rename(metadata(root), tmp_path / "away")
        wait_for(4)
        os.rename(tmp_path / "away", metadata(root))
        wait_for(5)
    finally:
        stop.set()
        watcher.join(5)
    assert not watcher.is_alive()


def test_a_blob_that_came_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter_core.stores.containerd_root._AGAIN", 0)
    builder = filled()
    root = write_root(builder, tmp_path / "root")
    store = opened(root)
    late = builder.blob(b"late", OCI_LAYER)
    builder.write_bare(root / CONTENT)
    assert store.info(Digest.parse(late["digest"])) is None
    metadata(root).write_bytes(database({b"v1": {b"default": namespace(builder)}}, txid=8))
    with store.open(Descriptor("", Digest.parse(late["digest"]), 4)) as stream:
        assert stream.read() == b"late"


def test_written_to_too_fast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = filled()
    root = write_root(builder, tmp_path / "root")
    store = opened(root)
    look, txid = bolt._meta_or_problem, [100]

    def moving(*words: Any) -> Any:
        txid[0] += 1
        metadata(root).write_bytes(database({b"v1": {}}, txid=txid[0]))
        return look(*words)

    monkeypatch.setattr(bolt, "_meta_or_problem", moving)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert [found.name for found in store.images()] == [ONE, TWO]
    assert "as of a moment ago" in store.notes[0] and store.damage == ()
    with pytest.raises(StoreError, match="faster than it can be read"):
        open_store(root)
    monkeypatch.undo()
    metadata(root).write_bytes(database({b"v1": {b"default": namespace(builder)}}, txid=9000))
    assert len(store.images()) == 2 and store.notes == ()


# --- metadata that cannot be used -------------------------------------------------------------------------


def corrupt_page(data: bytes) -> bytes:
    """Every page but the metas and the freelist is noise; no checksum covers them."""
    return data[:12288] + b"\xa5" * (len(data) - 12288)


BAD = {
    "empty": (lambda data: b"", "is empty"),
    "cut short": (lambda data: data[:9000], "cut short"),
    "cut in the meta": (lambda data: data[:40], "cut short"),
    "checksums": (lambda data: data[:24] + b"\xff" + data[25:4120] + b"\xff" + data[4121:], "corrupt"),
    "corrupt pages": (corrupt_page, "corrupt"),
    "foreign": (lambda data: b"SQLite format 3\0" * 1000, "not a bolt database"),
    "version": (lambda data: database({}, version=1), "version 1"),
    "another program's": (lambda data: database({b"buckets": {b"x": b"y"}}), "not containerd's"),
    "none": (None, "there is no"),
}


@pytest.mark.parametrize(("harm", "says"), BAD.values(), ids=list(BAD))
def test_bad_metadata_leave_the_content(harm: Any, says: str, tmp_path: Path) -> None:
    builder = filled()
    lone = builder.blob(b"lone", OCI_LAYER)
    builder.blob(b'{"neither": "nor"}', "application/json")
    builder.blob(b"{ not json", "application/json")
    root = write_root(builder, tmp_path / "root")
    if harm is None:
        metadata(root).unlink()
    else:
        metadata(root).write_bytes(harm(metadata(root).read_bytes()))
    store = opened(root)
    images = store.images()
    assert {found.name for found in images} == {root["digest"] for root in builder.roots}
    assert len(images) == 2
    [note] = store.notes
    assert says in note and "meta.db" in note and "all content on disk is shown" in note
    assert store.damage == store.notes and store.namespaces() == ()
    info = store.info(Digest.parse(lone["digest"]))
    assert info is not None and info.size == 4
    assert find_image(store, builder.roots[0]["digest"][:20]).name == builder.roots[0]["digest"]
    report = verify_location(root)
    assert [str(problem) for problem in report.problems] == [note] and report.blobs == len(builder.blobs)
    exported = export(root, tmp_path / "a.tar", [builder.roots[0]["digest"]])
    assert verify_location(exported).ok


def test_bad_metadata_that_are_mended(tmp_path: Path) -> None:
    root = write_root(filled(), tmp_path / "root")
    good = metadata(root).read_bytes()
    metadata(root).write_bytes(b"")
    store = opened(f"{root}?namespace=default")
    assert store.damage
    metadata(root).write_bytes(good)
    assert [found.name for found in store.images()] == [ONE, TWO]
    assert store.notes == store.damage == ()


def test_a_page_that_is_bad_below_good_ones(tmp_path: Path) -> None:
    """The list of images can be read and a blob's record cannot, or the other way about: content stays."""
    builder = filled()
    data = database({b"v1": {b"default": namespace(builder)}}, page_size=1024)
    for page in range(3, len(data) // 1024):
        root = write_root(builder, tmp_path / f"root-{page}")
        metadata(root).write_bytes(data[: page * 1024] + b"\xff" * 1024 + data[(page + 1) * 1024 :])
        store = opened(root)
        images = store.images()
        found = [store.info(Digest.parse(digest)) for digest in builder.blobs]
        assert all(found) and len(images) == 2
        with store.open(Descriptor("", Digest.parse(builder.roots[1]["digest"]), 1)) as stream:
            assert stream.read() == builder.blobs[builder.roots[1]["digest"]]
        assert len(store.images()) == 2 and list(store.blob_names())


def test_documents_over_the_limit_are_not_looked_into(tmp_path: Path) -> None:
    root = write_root(filled(), tmp_path / "root")
    metadata(root).write_bytes(b"")
    assert opened(root, document_limit=100).images() == ()


@given(st.binary(max_size=20))
def test_values_of_any_bytes(data: bytes) -> None:
    assert isinstance(varint(data), int)
    for moment_ in (go_time(data), text_time(data), go_time(b"\1" + data[:14].ljust(14, b"\0"))):
        assert moment_ is None or moment_.tzinfo is UTC


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_sizes(value: int) -> None:
    assert varint(size(value)) == value


@given(st.datetimes(min_value=datetime(1, 1, 3)), st.integers(-840, 840))
def test_times(naive: datetime, minutes: int) -> None:
    whole = naive.replace(microsecond=0, tzinfo=UTC)
    try:
        local = whole.astimezone(timezone(timedelta(minutes=minutes)))
    except OverflowError:
        return
    assert go_time(moment(local, 123_456_789)) == whole.replace(microsecond=123_456)


def test_gos_zero_time_is_none() -> None:
    assert go_time(b"\1" + bytes(12) + b"\xff\xff") is None
    assert go_time(b"\2" + bytes(7) + b"\1" + bytes(4) + b"\xff\xff\0") == datetime(
        1, 1, 1, 0, 0, 1, tzinfo=UTC
    )
    assert go_time(b"\3" + b"\1" * 14) is None and go_time(None) is None


# --- where roots are, and what is none --------------------------------------------------------------------


@pytest.mark.parametrize("below", ["", "daemon", "containerd/daemon"])
def test_where_docker_has_its_own(below: str, tmp_path: Path) -> None:
    write_root(filled(), tmp_path / "docker" / below, {b"moby": namespace(filled())})
    store = opened(tmp_path / "docker")
    assert (store.namespace, len(store.images()), store.location) == ("moby", 2, str(tmp_path / "docker"))


@pytest.mark.parametrize("below", ["", "runc-overlayfs"])
def test_buildkit(below: str, tmp_path: Path) -> None:
    builder = filled()
    base = tmp_path / "buildkit" / below
    builder.write_bare(base / "content")
    (base / "containerdmeta.db").write_bytes(database({b"v1": {b"buildkit": namespace(builder)}}))
    store = opened(tmp_path / "buildkit")
    assert (store.kind, store.namespace, len(store.images())) == ("BuildKit root", "buildkit", 2)


def test_metadata_without_content(tmp_path: Path) -> None:
    builder = filled()
    root = write_root(builder, tmp_path / "root")
    os.rename(root / CONTENT, tmp_path / "away")
    store = opened(root)
    assert len(store.images()) == 2
    assert store.info(Digest.parse(builder.roots[0]["digest"])) is None
    with pytest.raises(ContentError):
        store.open(Descriptor("", Digest.parse(builder.roots[0]["digest"]), 1))


def refusal(path: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        open_store(path)
    return caught.value


def test_podmans_storage_is_named(tmp_path: Path) -> None:
    index = tmp_path / "storage" / "overlay-images" / "images.json"
    index.parent.mkdir(parents=True)
    index.write_text(json.dumps([{"id": "1"}, {"id": "2", "names": ["quay.io/a/b:1"]}]))
    error = refusal(tmp_path / "storage")
    assert "Podman" in str(error)
    command = f"podman --root {tmp_path}/storage save --format oci-archive --output image.tar quay.io/a/b:1"
    assert error.hint.endswith(command)
    index.write_text("[" * 100_000)
    assert refusal(tmp_path / "storage").hint.endswith("--output image.tar NAME")


def test_dockers_own_store_is_named(tmp_path: Path) -> None:
    index = tmp_path / "docker" / "image" / "overlay2" / "repositories.json"
    index.parent.mkdir(parents=True)
    tags = {"nginx@sha256:" + "0" * 64: "sha256:1", "nginx:1.27": "sha256:1"}
    index.write_text(json.dumps({"Repositories": {"nginx": tags}}))
    error = refusal(tmp_path / "docker")
    assert "overlay2" in str(error)
    assert error.hint.endswith("docker save --output image.tar nginx:1.27")
    index.write_text('{"Repositories": 7}')
    assert refusal(tmp_path / "docker").hint.endswith("image.tar NAME")


def test_a_virtual_machine_is_named(tmp_path: Path) -> None:
    path = tmp_path / ".colima" / "default"
    path.mkdir(parents=True)
    assert "virtual machine" in str(refusal(path))


# --- who may read it --------------------------------------------------------------------------------------

as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another user")


@contextmanager
def nobody() -> Iterator[None]:
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@as_root
@pytest.mark.parametrize("closed", ["", METADATA, f"{METADATA}/meta.db", CONTENT, f"{CONTENT}/blobs"])
def test_without_permission(closed: str) -> None:
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        root = write_root(filled(), Path(folder) / "root")
        with nobody():
            assert len(open_store(root).images()) == 2
        (root / closed).chmod(0o600 if closed.endswith("db") else 0o700)
        with nobody():
            error = refusal(root)
    assert "permission denied" in str(error)
    assert all(word in error.hint for word in ("sudo", "copy", "group"))
