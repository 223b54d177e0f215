"""What lies in a store's place for a blob: special files, links, damage, members that lead elsewhere."""

import io
import os
import shutil
import tarfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from exporter_core import Descriptor, Digest, Store, open_store
from exporter_core.errors import ContentError, MissingBlob, UnreadableBlob
from exporter_core.manifest import parse_descriptor
from tests.core.helpers import NAME, as_nobody, noise, open_folder
from tests.images import OCI_LAYER, Json, Member, StoreBuilder, hostile_members


def described(value: Json) -> Descriptor:
    made = parse_descriptor(value, where="test")
    assert isinstance(made, Descriptor)
    return made


def read(store: Store, value: Json) -> bytes:
    with store.open(described(value)) as blob:
        return blob.read()


@pytest.fixture
def folder(tmp_path: Path) -> tuple[Path, Json]:
    """A layout, and the descriptor of a blob that is not there yet."""
    builder = StoreBuilder()
    blob = builder.blob(b"content", OCI_LAYER)
    builder.drop(blob)
    return builder.write_layout(tmp_path / "layout"), blob


def test_a_fifo_in_a_blobs_place_hangs_nobody(folder: tuple[Path, Json]) -> None:
    path, blob = folder
    place = path / "blobs" / blob["digest"].replace(":", "/")
    os.mkfifo(place)
    store = open_store(path)
    began = time.monotonic()
    assert store.info(Digest.parse(blob["digest"])) is None
    with pytest.raises(ContentError):
        store.open(described(blob))
    assert time.monotonic() - began < 5


def test_a_directory_or_device_in_a_blobs_place_is_no_blob(folder: tuple[Path, Json]) -> None:
    path, blob = folder
    place = path / "blobs" / blob["digest"].replace(":", "/")
    for make in (place.mkdir, lambda: place.symlink_to("/dev/zero")):
        make()
        store = open_store(path)
        assert store.info(Digest.parse(blob["digest"])) is None
        with pytest.raises(ContentError):
            store.open(described(blob))
        place.rmdir() if place.is_dir() else place.unlink()


def test_symlinks_are_followed_in_a_folder(folder: tuple[Path, Json], tmp_path: Path) -> None:
    path, blob = folder
    (tmp_path / "elsewhere").write_bytes(b"content")
    (path / "blobs" / blob["digest"].replace(":", "/")).symlink_to(tmp_path / "elsewhere")
    assert read(open_store(path), blob) == b"content"
    shutil.move(path / "blobs", tmp_path / "moved")
    (path / "blobs").symlink_to(tmp_path / "moved")
    assert read(open_store(path), blob) == b"content"


@pytest.mark.parametrize("target", ["missing", "self"])
def test_a_dangling_symlink_is_a_missing_blob(target: str, folder: tuple[Path, Json]) -> None:
    path, blob = folder
    place = path / "blobs" / blob["digest"].replace(":", "/")
    place.symlink_to(place.name if target == "self" else "nowhere")
    store = open_store(path)
    assert store.info(Digest.parse(blob["digest"])) is None
    with pytest.raises(MissingBlob):
        store.open(described(blob))


def test_a_blob_that_may_not_be_read() -> None:
    builder = StoreBuilder()
    blob = builder.name(NAME, builder.image())
    with open_folder() as folder:
        path = builder.write_layout(folder / "layout")
        (path / "blobs" / blob["digest"].replace(":", "/")).chmod(0)
        with as_nobody():
            store = open_store(path)
            with pytest.raises(UnreadableBlob) as caught:
                store.open(described(blob))
            assert caught.value.digest == blob["digest"]
            assert "Permission denied" in str(caught.value) and caught.value.hint
            (path / "blobs").exists()
        (path / "blobs").chmod(0o600)
        with as_nobody(), pytest.raises(UnreadableBlob):
            open_store(path).info(Digest.parse(blob["digest"]))
        (path / "blobs").chmod(0o755)


@pytest.mark.parametrize(
    "member", hostile_members(), ids=lambda member: repr(member.name)[:30] + repr(member.kind)
)
def test_hostile_members_of_an_archive_are_left_out_with_a_note(member: Member, tmp_path: Path) -> None:
    builder = StoreBuilder()
    root = builder.name(NAME, builder.image())
    store = open_store(builder.write_archive(tmp_path / "a.tar", before=[member]))
    assert [image.name for image in store.images()] == [NAME]
    assert read(store, root) == builder.blobs[root["digest"]]
    with pytest.raises(MissingBlob):
        read(store, {"mediaType": OCI_LAYER, "digest": "sha256:" + "0" * 64, "size": 7})
    odd_but_harmless = (
        member.kind == tarfile.REGTYPE and member.name.startswith("blobs/") and ".." not in member.name
    )
    assert bool(store.notes) != odd_but_harmless
    store.close()


def test_of_two_members_of_one_name_the_last_counts_with_a_note(tmp_path: Path) -> None:
    builder = StoreBuilder()
    blob = builder.blob(b"content", OCI_LAYER)
    name = "blobs/" + blob["digest"].replace(":", "/")
    store = open_store(builder.write_archive(tmp_path / "a.tar", before=[Member(name, b"before!")]))
    assert read(store, blob) == b"content"
    assert any(name in note for note in store.notes)
    store.close()


def test_an_archive_cut_inside_a_blob_gives_what_is_there(tmp_path: Path) -> None:
    builder = StoreBuilder()
    blob = builder.blob(noise(5000), OCI_LAYER)
    path = builder.write_archive(tmp_path / "a.tar")
    data = path.read_bytes()
    path.write_bytes(data[: data.index(noise(5000)) + 1000])
    store = open_store(path)
    info = store.info(Digest.parse(blob["digest"]))
    assert info and info.size == 1000
    assert read(store, blob) == noise(5000)[:1000]
    assert any("cut short" in note for note in store.notes)
    store.close()


def test_a_blob_outlives_nothing_but_an_error(tmp_path: Path) -> None:
    """Reading on after the store was closed ends, or fails as a file does; it gives no other bytes."""
    builder = StoreBuilder()
    blob = described(builder.blob(noise(50_000), OCI_LAYER))
    store = open_store(builder.write_archive(tmp_path / "a.tar"))
    stream = store.open(blob)
    assert stream.read(10) == noise(50_000)[:10]
    store.close()
    with open(tmp_path / "a.tar", "rb"), open(os.devnull, "rb"), suppress(OSError, ValueError):
        assert stream.read(10) in (noise(50_000)[10:20], b"")
    assert isinstance(stream, io.RawIOBase)
