"""What every store promises, run over every kind of store; the fake of the other tests is one of them.

A store of a new kind joins by one more entry in `KINDS`.
"""

import gzip
import os
import shutil
import socket
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from exporter_core import (
    BlobInfo,
    Descriptor,
    Digest,
    Image,
    InfoProvider,
    MalformedDescriptor,
    Store,
    open_store,
)
from exporter_core.content import read_document
from exporter_core.errors import (
    ContentError,
    DigestMismatch,
    DocumentTooLarge,
    MissingBlob,
    SizeMismatch,
    StoreError,
)
from exporter_core.manifest import parse_descriptor
from tests.bolt_writer import write_root
from tests.core.helper_processes import through_helper
from tests.core.helpers import NAME, noise
from tests.images import IMAGE_NAME, OCI_LAYER, REF_NAME, Json, Member, StoreBuilder, json_bytes, platform_of
from tests.memory import MemoryStore
from tests.saved import write_dir, write_folder, write_tar

if TYPE_CHECKING:
    from tests.containerd_service import Service

Made = Callable[[StoreBuilder], Store]


def _layout(builder: StoreBuilder, path: Path) -> Store:
    return open_store(builder.write_layout(path))


def _bare(builder: StoreBuilder, path: Path) -> Store:
    return open_store(builder.write_bare(path))


def _archive(builder: StoreBuilder, path: Path) -> Store:
    return open_store(builder.write_archive(path))


def _gnu_archive(builder: StoreBuilder, path: Path) -> Store:
    return open_store(builder.write_archive(path, prefix="./", tar_format=tarfile.GNU_FORMAT))


def _compressed_archive(builder: StoreBuilder, path: Path) -> Store:
    path.write_bytes(gzip.compress(builder.write_archive(path.with_suffix(".tar")).read_bytes(), 1))
    return open_store(path)


def _docker_members(builder: StoreBuilder) -> list[Member]:
    """docker save of one image that has every blob for a layer."""
    names = {digest: digest.partition(":")[2] + ".tar" for digest in builder.blobs}
    config = json_bytes({**platform_of("linux/amd64"), "rootfs": {"type": "layers", "diff_ids": list(names)}})
    row = {"Config": "config.json", "RepoTags": None, "Layers": list(names.values())}
    layers = [Member(names[digest], data) for digest, data in builder.blobs.items()]
    return [Member("config.json", config), *layers, Member("manifest.json", json_bytes([row]))]


def _docker_archive(builder: StoreBuilder, path: Path) -> Store:
    return open_store(write_tar(path, _docker_members(builder)))


def _docker_folder(builder: StoreBuilder, path: Path) -> Store:
    return open_store(write_folder(path, _docker_members(builder)))


def _dir(builder: StoreBuilder, path: Path) -> Store:
    return open_store(write_dir(builder, path))


def _containerd_root(builder: StoreBuilder, path: Path) -> Store:
    return open_store(write_root(builder, path))


def _remote(builder: StoreBuilder, path: Path) -> Store:
    return through_helper(builder.write_layout(path), path.parent / "bin")


def _memory(builder: StoreBuilder, path: Path) -> Store:
    return MemoryStore.of(builder)


_services: list["Service"] = []


@pytest.fixture(scope="module", autouse=True)
def _ended() -> Iterator[None]:
    yield
    for service in _services:
        service.stop()
        shutil.rmtree(service.path.parent)
    _services.clear()


def _containerd_socket(builder: StoreBuilder, path: Path) -> Store:
    """A namespace of its own; one daemon serves all."""
    pytest.importorskip("grpc")
    from tests.containerd_service import Service

    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("needs such sockets")
    if not _services:
        _services.append(Service(Path(tempfile.mkdtemp(prefix="sg-")) / "s"))
    [service] = _services
    return open_store(f"{service.path}?namespace={service.add(builder)}")


KINDS = {
    "layout": _layout,
    "bare": _bare,
    "archive": _archive,
    "gnu-archive": _gnu_archive,
    "compressed-archive": _compressed_archive,
    "docker-archive": _docker_archive,
    "docker-folder": _docker_folder,
    "dir": _dir,
    "memory": _memory,
    "containerd-root": _containerd_root,
    "remote": _remote,
    "containerd-socket": _containerd_socket,
}
# The others have no names, or their own tests of them.
NAMED = [kind for kind in KINDS if kind in ("memory", "remote") or kind.endswith(("layout", "archive"))]
NAMED.remove("docker-archive")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """Makes a store of the kind from a builder, and closes it in the end."""
    made: list[Store] = []

    def build(builder: StoreBuilder) -> Store:
        store = KINDS[request.param](builder, tmp_path / f"store-{len(made)}")
        made.append(store)
        return store

    yield build
    for store in made:
        store.close()


def described(value: Json) -> Descriptor:
    made = parse_descriptor(value, where="test")
    assert isinstance(made, Descriptor)
    return made


def read(store: Store, value: Json) -> bytes:
    with store.open(described(value)) as blob:
        return blob.read()


# --- every kind -------------------------------------------------------------------------------------------


def test_it_is_a_store(make: Made) -> None:
    store = make(StoreBuilder())
    assert isinstance(store, Store) and isinstance(store, InfoProvider)
    assert store.kind and store.location
    assert all("docker save" in note or "compressed" in note for note in store.notes)  # what it is, no more
    assert store.document_limit == 8 << 20


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 70_000, 3_000_000])
def test_a_blob_is_read_as_it_is(algorithm: str, size: int, make: Made) -> None:
    builder = StoreBuilder()
    blob = builder.blob(noise(size), OCI_LAYER, algorithm)
    store = make(builder)
    assert read(store, blob) == noise(size)
    info = store.info(Digest.parse(blob["digest"]))
    assert isinstance(info, BlobInfo)
    assert info.size == size
    assert blob["digest"].partition(":")[2] in info.place
    assert dict(info.labels) == {}


def test_a_blob_is_a_raw_stream_with_its_own_position(make: Made) -> None:
    builder = StoreBuilder()
    blob = described(builder.blob(noise(100_000), OCI_LAYER))
    store = make(builder)
    with store.open(blob) as one, store.open(blob) as other:
        buffer = bytearray(60_000)
        assert one.readinto(buffer) == 60_000  # type: ignore[attr-defined]
        assert bytes(buffer) == noise(100_000)[:60_000]
        assert other.read(10) == noise(100_000)[:10]
        rest = b""
        while piece := one.read(7000):
            rest += piece
        assert rest == noise(100_000)[60_000:]
        assert one.read(1) == b""
        assert one.readable()
    assert one.closed and other.closed


def test_what_is_not_there(make: Made) -> None:
    builder = StoreBuilder()
    blob = builder.blob(b"x", OCI_LAYER)
    builder.drop(blob)
    store = make(builder)
    digest = Digest.parse(blob["digest"])
    assert store.info(digest) is None
    with pytest.raises(MissingBlob) as caught:
        store.open(described(blob))
    assert caught.value.digest == blob["digest"] and caught.value.hint
    assert blob["digest"] in str(caught.value)


@pytest.mark.parametrize(
    "digest", ["blake3:" + "ab" * 32, "x-y.z+w_v:A=_-b", "sha256+b64u:AA-_", "md5:" + "a" * 32]
)
def test_other_algorithms_are_looked_up_too(digest: str, make: Made) -> None:
    builder = StoreBuilder()
    builder.put(digest, b"content")
    store = make(builder)
    found = store.info(Digest.parse(digest))
    assert found and found.size == 7
    assert read(store, {"mediaType": OCI_LAYER, "digest": digest, "size": 7}) == b"content"
    assert store.info(Digest.parse("blake3:" + "cd" * 32)) is None


def test_a_digest_of_any_length_is_just_not_there(make: Made) -> None:
    store = make(StoreBuilder())
    digest = Digest.parse("x:" + "a" * 5000)
    assert store.info(digest) is None
    with pytest.raises(MissingBlob):
        store.open(Descriptor("", digest, 1))


def test_embedded_data_serve_only_where_the_blob_is_missing_and_they_are_right(make: Made) -> None:
    builder = StoreBuilder()
    there, gone = builder.blob(b"there", OCI_LAYER), builder.blob(b"gone", OCI_LAYER)
    builder.drop(gone)
    store = make(builder)
    assert read(store, {**there, "data": "eHh4eHg="}) == b"there"
    assert read(store, {**gone, "data": "Z29uZQ=="}) == b"gone"
    assert store.info(Digest.parse(gone["digest"])) is None
    for wrong in ("R09ORQ==", "Z29u", "!", "", 7):
        with pytest.raises(MissingBlob):
            read(store, {**gone, "data": wrong})


def test_what_is_read_is_not_verified_by_the_store(make: Made) -> None:
    builder = StoreBuilder()
    blob = builder.blob(b"content", OCI_LAYER)
    builder.flip(blob)
    store = make(builder)
    assert len(read(store, blob)) == 7
    with pytest.raises(DigestMismatch):
        read_document(store, described(blob))


def test_documents_are_read_with_all_guarantees(make: Made) -> None:
    builder = StoreBuilder()
    blob = builder.blob(b"0123456789", OCI_LAYER)
    store = make(builder)
    right = described(blob)
    assert read_document(store, right) == b"0123456789"
    for size in (9, 11):
        with pytest.raises(SizeMismatch):
            read_document(store, replace(right, size=size))
    with pytest.raises(DocumentTooLarge):
        read_document(store, right, limit=9)


def test_many_threads_read_at_once(make: Made) -> None:
    builder = StoreBuilder()
    made = [builder.blob(noise(200_000, n), OCI_LAYER) for n in range(8)]
    store = make(builder)
    wrong: list[object] = []
    start = threading.Barrier(8)

    def work(number: int) -> None:
        try:
            start.wait()
            for turn in range(8):
                which = (number + turn) % 8
                with store.open(described(made[which])) as blob:
                    data = b"".join(iter(lambda: blob.read(3333), b""))
                if data != noise(200_000, which):
                    wrong.append(which)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_closing_twice_is_fine(make: Made) -> None:
    store = make(StoreBuilder())
    store.close()
    store.close()


def test_a_store_lets_go_of_its_files(make: Made) -> None:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")
    builder = StoreBuilder()
    blob = described(builder.blob(b"x", OCI_LAYER))
    make(builder).close()  # what is opened once for all
    before = set(os.listdir("/proc/self/fd"))
    for _ in range(5):
        store = make(builder)
        with store.open(blob) as stream:
            stream.read()
        store.close()
    until = time.monotonic() + 10  # the library of sockets lets go a little later
    while len(os.listdir("/proc/self/fd")) > len(before) and time.monotonic() < until:
        time.sleep(0.02)
    assert len(os.listdir("/proc/self/fd")) <= len(before)


# --- images, where a store lists them ---------------------------------------------------------------------


@pytest.mark.parametrize("make", NAMED, indirect=True)
def test_images_in_their_order_with_their_names(make: Made) -> None:
    builder = StoreBuilder()
    roots = [builder.image([{"n": str(n)}]) for n in range(4)]
    builder.name(NAME, roots[0])
    builder.ref("v2", roots[1])
    builder.root(roots[2])
    builder.root({**roots[3], "annotations": {IMAGE_NAME: "", REF_NAME: "", "x": "y"}, "unknown": [1]})
    store = make(builder)
    images = store.images()
    assert [image.name for image in images] == [NAME, "v2", roots[2]["digest"], roots[3]["digest"]]
    assert [image.target for image in images] == [described(root) for root in builder.roots]
    assert all(isinstance(image, Image) for image in images)
    last = images[3].target
    assert isinstance(last, Descriptor)
    assert dict(last.extra) == {"unknown": [1]}


@pytest.mark.parametrize("make", NAMED, indirect=True)
def test_a_malformed_entry_hides_no_other(make: Made) -> None:
    builder = StoreBuilder()
    builder.root({"digest": "nonsense", "size": 1, "annotations": {IMAGE_NAME: "bad:1"}})
    builder.roots.append(7)  # type: ignore[arg-type]
    builder.name(NAME, builder.image())
    images = make(builder).images()
    assert [type(image.target) for image in images] == [MalformedDescriptor, MalformedDescriptor, Descriptor]
    assert [image.name for image in images] == ["bad:1", "(malformed)", NAME]
    first = images[0].target
    assert isinstance(first, MalformedDescriptor)
    assert "manifests[0].digest" in str(first.problem)


@pytest.mark.parametrize("make", NAMED, indirect=True)
def test_no_images(make: Made) -> None:
    assert make(StoreBuilder()).images() == ()


def test_a_bare_store_has_blobs_and_no_names(tmp_path: Path) -> None:
    builder = StoreBuilder()
    root = builder.name(NAME, builder.image())
    store = open_store(builder.write_bare(tmp_path / "bare"))
    assert [image.name for image in store.images()] == [root["digest"]]
    assert read(store, root)


INDEXES = {
    "no-json": b"{",
    "empty": b"",
    "list": b"[]",
    "manifests-is-text": b'{"manifests": "x"}',
    "twice": b'{"manifests": [], "Manifests": []}',
    "deep": b"[" * 200_000,
}


@pytest.mark.parametrize("archive", [True, False], ids=["archive", "layout"])
@pytest.mark.parametrize("index", INDEXES.values(), ids=list(INDEXES))
def test_an_unusable_index_is_a_store_error(archive: bool, index: bytes, tmp_path: Path) -> None:
    builder = StoreBuilder()
    if archive:
        path = builder.write_archive(tmp_path / "a.tar", after=[Member("index.json", index)])
    else:
        path = builder.write_layout(tmp_path / "layout")
        (path / "index.json").write_bytes(index)
    store = open_store(path)
    with pytest.raises(StoreError) as caught:
        store.images()
    assert "index.json" in str(caught.value) and caught.value.hint
    store.close()


def test_an_index_over_the_limit_is_refused_by_name(tmp_path: Path) -> None:
    path = StoreBuilder().write_layout(tmp_path / "layout")
    with open(path / "index.json", "ab") as file:
        file.write(b" " * 5000)
    with pytest.raises(ContentError) as caught:
        open_store(path, document_limit=4000).images()
    assert "index.json" in str(caught.value)
    assert open_store(path, document_limit=6000).images() == ()
