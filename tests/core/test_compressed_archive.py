"""Compressed archives: unpacked once into a private cache; cut short, damaged, bombs and no room are told."""

import gzip
import hashlib
import io
import os
import shutil
import struct
import threading
from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from exporter_core import compression, open_store, verify_location
from exporter_core.cache import Room
from exporter_core.compression import Unpacking, packing
from exporter_core.errors import ArchiveError, Cancelled, StoreError
from exporter_core.stores.unpacked import unpacked_copy
from tests.core.helpers import NAME, exported, noise, sample
from tests.images import layer_tar, zstd_bytes, zstd_plain
from tests.saved import SavedImage, modern, tar_bytes

MODULES = {"gzip": "gzip", "bzip2": "bz2", "xz": "lzma"}  # a Python may be built without the last two
KINDS = [*MODULES, "zstd"]
Compress = Callable[[bytes], bytes]


def compressor(kind: str) -> Compress:
    if kind == "zstd":
        return zstd_bytes
    found: Compress = pytest.importorskip(MODULES[kind]).compress
    return found


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    compressor(request.param)
    return str(request.param)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "shipglass" / "archives"


def kept(cache: Path) -> list[str]:
    return sorted(os.listdir(cache)) if cache.exists() else []


def unpacked(data: bytes, kind: Any) -> tuple[bytes, Unpacking]:
    unpacking = Unpacking(io.BytesIO(data), kind, name="it")
    return b"".join(unpacking.pieces()), unpacking


# --- one face for four formats ----------------------------------------------------------------------------

CONTENT = noise(1_500_000) + bytes(3_000_000) + b"abc" * 1000


def test_content_of_all_sizes(kind: str) -> None:
    for content in (b"", b"x", CONTENT):
        data = compressor(kind)(content)
        assert packing(data) == kind
        found, unpacking = unpacked(data, kind)
        assert found == content
        assert (unpacking.taken, unpacking.made, unpacking.notes) == (len(data), len(content), [])
    assert packing(tar_bytes([])) is packing(b"") is None


def test_no_piece_is_large(kind: str) -> None:
    data = compressor(kind)(bytes(20 << 20))
    pieces = [len(piece) for piece in Unpacking(io.BytesIO(data), kind, name="it").pieces()]  # type: ignore[arg-type]
    assert sum(pieces) == 20 << 20
    assert max(pieces) <= compression.PIECE


def test_several_members_are_one_content(kind: str) -> None:
    pack = compressor(kind)
    data = pack(CONTENT) + pack(b"") + pack(b"more") + bytes(512) + pack(b" and more")
    assert unpacked(data, kind)[0] == CONTENT + b"more and more"


def test_a_skippable_frame_of_zstd() -> None:
    frame = b"\x53\x2a\x4d\x18" + struct.pack("<I", 10) + b"x" * 10
    assert packing(frame) == "zstd"
    assert unpacked(frame + zstd_plain(b"content") + frame, "zstd")[0] == b"content"


def test_what_follows_is_noted(kind: str) -> None:
    found, unpacking = unpacked(compressor(kind)(CONTENT) + b"something else", kind)
    assert found == CONTENT
    assert "something else" in unpacking.notes[0]


def test_cut_anywhere_it_says_where(kind: str) -> None:
    data = compressor(kind)(CONTENT)
    for cut in (1, 5, 11, 100, len(data) // 2, len(data) - 5, len(data) - 1):
        with pytest.raises(ArchiveError, match=rf"cut short.*byte {cut}\b") as caught:
            unpacked(data[:cut], kind)
        assert caught.value.hint


def test_damage_is_told(kind: str) -> None:
    pack = {"zstd": lambda data: zstd_plain(data)[:4] + b"\xff" * 20 + zstd_plain(data)[24:]}
    data = bytearray(pack.get(kind, compressor(kind))(CONTENT))
    data[len(data) // 2] ^= 0x55
    with pytest.raises(ArchiveError, match=r"damaged.*near byte"):
        unpacked(bytes(data), kind)


def test_a_frame_that_wants_too_much_memory() -> None:
    """zstd --long=31 would have us hold 2 GiB."""
    frame = struct.pack("<IBB", 0xFD2FB528, 0x00, (31 - 10) << 3) + b"\x01\x00\x00"
    with pytest.raises(ArchiveError, match="memory"):
        unpacked(frame, "zstd")


def test_a_bomb_is_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "_UNASKED", 4 << 20)
    bomb = zstd_plain(bytes(64 << 20))  # RLE: some kilobytes
    with pytest.raises(ArchiveError, match="more than 2000 times"):
        unpacked(bomb, "zstd")
    assert len(unpacked(zstd_plain(bytes(3 << 20)), "zstd")[0]) == 3 << 20


def test_without_the_module_it_says_which(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def without(name: str) -> Any:
        if name.endswith(".zstd"):
            raise ImportError(name)
        return import_module(name)

    monkeypatch.setattr(compression, "import_module", without)
    (tmp_path / "a").write_bytes(zstd_bytes(tar_bytes([])))
    with pytest.raises(StoreError) as caught:
        open_store(tmp_path / "a")
    assert "zstd" in str(caught.value) and "backports.zstd" in caught.value.hint


# --- as stores --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["OCI archive", "Docker archive"])
def test_an_archive_is_the_same_compressed(form: str, kind: str, tmp_path: Path, cache: Path) -> None:
    plain = tmp_path / "plain.tar"
    if form == "OCI archive":
        sample().write_archive(plain)
    else:
        plain.write_bytes(tar_bytes(modern([SavedImage(["a:1"], [layer_tar({"x": noise(5000)})])])))
    path = tmp_path / "packed"
    path.write_bytes(compressor(kind)(plain.read_bytes()))
    with closing(open_store(plain)) as one, closing(open_store(path)) as other:
        assert other.kind == one.kind == form
        assert other.images() == one.images()
        assert exported(other) == exported(one)
        assert any(kind in note and str(cache) in note for note in other.notes)
        assert other.location == str(path)
    assert verify_location(path).problems == verify_location(plain).problems == ()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert verify_location(path, sha256=digest).ok
    assert not verify_location(path, sha256="0" * 64).ok


def packed(path: Path, content: bytes | None = None) -> Path:
    if content is None:
        content = sample().write_archive(path.with_suffix(".plain")).read_bytes()
    path.write_bytes(gzip.compress(content, 1))
    return path


def names(path: Path) -> list[str]:
    with closing(open_store(path)) as store:
        return [image.name for image in store.images()]


def test_it_is_unpacked_once_and_again_when_it_changed(tmp_path: Path, cache: Path) -> None:
    path = packed(tmp_path / "a.tgz")
    assert names(path) == [NAME]
    (first,) = kept(cache)
    status = (cache / first).stat()
    assert status.st_mode & 0o077 == cache.stat().st_mode & 0o077 == 0
    assert names(path) == [NAME]
    assert (cache / first).stat().st_ino == status.st_ino
    path.write_bytes(path.read_bytes() + gzip.compress(b""))
    assert names(path) == [NAME]
    assert len(kept(cache)) == 2


def test_the_copy_may_vanish_meanwhile(tmp_path: Path, cache: Path) -> None:
    path = packed(tmp_path / "a.tgz")
    with closing(open_store(path)) as store:
        shutil.rmtree(cache)
        assert exported(store)
    assert names(path) == [NAME]


@pytest.mark.parametrize("content", [b"", b"hello\n" * 1000, bytes(2048)], ids=["nothing", "text", "zeros"])
def test_what_is_no_tar_is_not_kept(content: bytes, tmp_path: Path, cache: Path) -> None:
    with pytest.raises(StoreError, match="not a tar archive") as caught:
        open_store(packed(tmp_path / "a.gz", content))
    assert "gzip" in str(caught.value) and caught.value.hint
    assert kept(cache) == []


@pytest.mark.parametrize("harm", ["cut", "damaged"])
def test_half_an_archive_is_an_error_and_not_kept(harm: str, tmp_path: Path, cache: Path) -> None:
    path = packed(tmp_path / "a.tgz")
    data = bytearray(path.read_bytes())
    if harm == "cut":
        del data[-20:]
    else:
        data[-6] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreError, match="byte") as caught:
        open_store(path)
    assert str(path) in str(caught.value) and caught.value.hint
    assert kept(cache) == []


def test_a_tar_cut_before_it_was_compressed_opens_with_its_damage(tmp_path: Path) -> None:
    data = sample().write_archive(tmp_path / "a.plain").read_bytes()
    path = packed(tmp_path / "a.tgz", data[: len(data) // 2 + 100])
    with closing(open_store(path)) as store:
        assert any("at byte" in note for note in store.notes)
    assert not verify_location(path).ok


def test_no_room_is_told_with_the_remedy(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tgz")
    room = Room("archives", limit=4000, folder=str(tmp_path / "small"))
    (tmp_path / "small").mkdir()
    with pytest.raises(StoreError, match="no room") as caught:
        unpacked_copy(str(path), "gzip", room=room)
    assert "XDG_CACHE_HOME" in caught.value.hint
    assert os.listdir(room.path) == []


def test_a_cache_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="cannot be made") as caught:
        open_store(packed(tmp_path / "a.tgz"))
    assert "XDG_CACHE_HOME" in caught.value.hint


def test_what_follows_the_archive_is_a_note(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tgz")
    path.write_bytes(path.read_bytes() + b"something else")
    with closing(open_store(path)) as store:
        assert any("something else" in note for note in store.notes)


def test_opening_can_be_cancelled(tmp_path: Path, cache: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        open_store(packed(tmp_path / "a.tgz"), cancel=cancel)
    assert kept(cache) == []
