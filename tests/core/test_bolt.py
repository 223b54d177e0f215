"""The bolt reader: against an independent writer, against damage, and while the file changes."""

import os
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter_core.errors import StoreError
from exporter_core.stores import bolt
from exporter_core.stores.bolt import Bucket, BusyDatabase, Database, read_stable
from tests.bolt_writer import database, fnv1a, meta

BIG = {f"key-{n:05}".encode(): b"v" * (n % 90) for n in range(5000)}
TREE = {
    b"big": BIG,
    b"empty": {},
    b"inline": {b"a": b"1", b"b": b""},
    b"long": {b"k": b"x" * 300_000, b"l": {b"deep": {b"deeper": {b"end": b"!"}}}},
    b"many": {f"b{n:04}".encode(): {b"size": b"\2", b"labels": {b"k": str(n).encode()}} for n in range(400)},
    b"nested": {b"inner": {b"x": b"y"}, b"plain": b"z"},
}
EVERY_SIZE = pytest.mark.parametrize("page_size", [1024, 4096, 8192, 16384, 65536])


def tree(bucket: Bucket) -> dict[bytes, Any]:
    return {key: tree(value) if isinstance(value, Bucket) else value for key, value in bucket.items()}


@EVERY_SIZE
def test_everything_comes_back(page_size: int) -> None:
    assert tree(Database.of(database(TREE, page_size=page_size)).root) == TREE


@EVERY_SIZE
def test_keys_are_found_and_in_order(page_size: int) -> None:
    root = Database.of(database(TREE, page_size=page_size)).root
    big = root.bucket(b"big")
    assert big is not None
    assert [key for key, _ in big.items()] == sorted(BIG)
    assert all(big.get(key) == value for key, value in BIG.items())
    for absent in (b"", b"a", b"key-00000x", b"key-99999", b"z" * 5000):
        assert big.get(absent) is None and big.bucket(absent) is None
    end = root.bucket(b"long", b"l", b"deep", b"deeper")
    assert end is not None and end.get(b"end") == b"!"
    assert root.bucket(b"many", b"b0399", b"labels").get(b"k") == b"399"  # type: ignore[union-attr]
    assert root.get(b"big") is None and root.bucket(b"nested", b"plain") is None
    assert [key for key, _ in root.bucket(b"nested").buckets()] == [b"inner"]  # type: ignore[union-attr]


@pytest.mark.parametrize("txid", [6, 7])
def test_the_newest_valid_meta_counts(txid: int) -> None:
    data = bytearray(database(TREE, txid=txid, page_size=16384))
    assert Database.of(bytes(data)).meta.txid == txid
    newest = 0 if txid % 2 == 0 else 16384
    data[newest + 30] ^= 1
    assert Database.of(bytes(data)).meta.txid == txid - 1
    data[16384 - newest + 30] ^= 1
    with pytest.raises(StoreError, match="checksum"):
        Database.of(bytes(data))


SOUND = database({b"a": {b"b": b"c"}})


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\0" * 60, "cut short"),
        (b"\0" * 65536, "not a bolt database"),
        (b"SQLite format 3\0" * 4096, "not a bolt database"),
        (SOUND[:8192], "cut short"),
        (SOUND[:-1], "cut short"),
        (database({}, version=3), "version 3"),
        (meta(0, 4096, 3, 2, 1) + bytes(9000), "make no sense"),
        (meta(0, 4095, 3, 9, 1) + bytes(9000), "make no sense"),
    ],
)
def test_what_is_none(data: bytes, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        Database.of(data, name="meta.db")
    assert str(caught.value).startswith("meta.db ") and caught.value.hint


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def page(number: int, flags: int, count: int, body: bytes) -> bytes:
    return (struct.pack("<QHHI", number, flags, count, 0) + body).ljust(4096, b"\0")


def framed(*pages: bytes, root: int = 3) -> bytes:
    metas = [meta(n, 4096, root, 3 + len(pages), 4).ljust(4096, b"\0") for n in (0, 1)]
    return b"".join([*metas, bytes(4096), *pages])


def to_pages(*numbers: int) -> bytes:
    return b"".join(struct.pack("<IIQ", 16, 0, number) for number in numbers)


def nested_page(number: int, root: int, times: int) -> bytes:
    """A leaf with many buckets that all have the root page ``root``."""
    table = data = b""
    for n in range(times):
        table += struct.pack("<IIII", 1, 16 * (times - n) + len(data), 2, 16)
        data += struct.pack(">H", n) + struct.pack("<QQ", root, 0)
    return page(number, 2, times, table + data)


HOSTILE = {
    "a branch to itself": framed(page(3, 1, 1, to_pages(3))),
    "a circle": framed(page(3, 1, 1, to_pages(4)), page(4, 1, 1, to_pages(3))),
    "one page twice": framed(page(3, 1, 2, to_pages(4, 4)), page(4, 2, 0, b"")),
    "branches that fan out": framed(*(page(n, 1, 200, to_pages(*[n + 1] * 200)) for n in range(3, 40))),
    "buckets that fan out": framed(*(nested_page(n, n + 1, 90) for n in range(3, 40))),
    "a bucket in itself": framed(nested_page(3, 3, 1)),
    "a page beyond the end": framed(page(3, 1, 1, to_pages(99))),
    "the meta as a page": framed(page(3, 1, 1, to_pages(0))),
    "a number that is not its own": framed(page(7, 2, 0, b"")),
    "neither branch nor leaf": framed(page(3, 16, 0, b"")),
    "too many elements": framed(page(3, 2, 65535, b"")),
    "an element that leads out": framed(page(3, 2, 1, struct.pack("<IIII", 0, 16, 4, 5000))),
    "an element in the table": framed(page(3, 2, 1, struct.pack("<IIII", 0, 4, 1, 1))),
    "elements that overlap": framed(
        page(3, 2, 2, struct.pack("<IIII", 0, 32, 1, 100) + struct.pack("<IIII", 0, 20, 1, 100) + b"abcdefg")
    ),
    "keys out of order": framed(
        page(3, 2, 2, struct.pack("<IIII", 0, 32, 1, 0) + struct.pack("<IIII", 0, 17, 1, 0) + b"ba")
    ),
    "a bucket too short": framed(page(3, 2, 1, struct.pack("<IIII", 1, 16, 1, 8))),
    "an inline bucket too short": framed(page(3, 2, 1, struct.pack("<IIII", 1, 16, 1, 20))),
    "unknown flags": framed(page(3, 2, 1, struct.pack("<IIII", 6, 16, 1, 0))),
    "a bucket in an inline one": framed(
        page(
            3,
            2,
            1,
            struct.pack("<IIII", 1, 16, 1, 200)
            + b"k"
            + bytes(16)
            + struct.pack("<QHHI", 0, 2, 1, 0)
            + struct.pack("<IIII", 1, 16, 0, 32),
        )
    ),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_pages(data: bytes) -> None:
    found = Database.of(data)
    start = time.monotonic()
    with pytest.raises(StoreError, match="corrupt"):
        tree(found.root)
    assert time.monotonic() - start < 2
    for key in (b"", b"b", b"\0\1"):
        try:
            found.root.bucket(key, key, key)
            found.root.get(key)
        except StoreError as error:
            assert error.hint


def look_at(data: bytes) -> None:
    """Read all of it; only StoreError may come of it."""
    try:
        root = Database.of(data).root
    except StoreError:
        return
    for key in (b"a", b"big", b"zz"):
        with suppress(StoreError):
            root.bucket(key, b"b")
    with suppress(StoreError):
        tree(root)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=5000))
def test_arbitrary_bytes(data: bytes) -> None:
    look_at(data)
    look_at(framed(data[:4096].ljust(4096, b"\0")))
    look_at(framed(page(3, 2, len(data) // 16, data[:4000])))
    look_at(framed(page(3, 1, len(data) // 16, data[:4000]), page(4, 2, 3, data[:4000])))


SMALL = database(
    {b"a": {b"b": {b"c": b"d"}, b"x": {b"y": {b"z": b"1"}}}, b"big": dict(list(BIG.items())[:300])}
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(12288, len(SMALL) - 1), st.integers(0, 255)), max_size=20))
def test_flipped_bytes(changes: list[tuple[int, int]]) -> None:
    data = bytearray(SMALL)
    for at, value in changes:
        data[at] = value
    look_at(bytes(data))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, len(SMALL)))
def test_cut_anywhere(length: int) -> None:
    look_at(SMALL[:length])


KEYS = st.binary(min_size=1, max_size=30)
TREES: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(KEYS, st.binary(max_size=2000), max_size=20),
    lambda inner: st.dictionaries(KEYS, inner | st.binary(max_size=50), max_size=6),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(TREES, st.sampled_from([4096, 16384, 65536]))
def test_any_tree_comes_back(made: Any, page_size: int) -> None:
    assert tree(Database.of(database(made, page_size=page_size)).root) == made


def test_the_checksum_is_fnv_1a() -> None:
    assert fnv1a(b"foobar") == 0x85944171F73967E8 == bolt._fnv1a(b"foobar")


# --- files ------------------------------------------------------------------------------------------------


def test_a_file_is_read_once_while_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "meta.db"
    path.write_bytes(SOUND)
    first = read_stable(str(path))
    again = read_stable(str(path), first)
    assert again.database is first.database and again.note == ""
    path.write_bytes(database({b"new": {}}, txid=8))
    changed = read_stable(str(path), again)
    assert changed.database is not first.database
    assert tree(changed.database.root) == {b"new": {}}


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "meta.db"
    path.write_bytes(SOUND)
    first = read_stable(str(path))
    (tmp_path / "other").write_bytes(SOUND)
    os.replace(tmp_path / "other", path)
    assert read_stable(str(path), first).database is not first.database


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_stable(str(tmp_path / "none"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StoreError, match="ordinary"):
        read_stable(str(tmp_path / "pipe"))
    (tmp_path / "foreign").write_bytes(b"x" * 9000)
    with pytest.raises(StoreError, match="not a bolt database"):
        read_stable(str(tmp_path / "foreign"))


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.write(meta(0, 65536, 3, 1 << 20, 1))
        file.truncate(1 << 36)
    with pytest.raises(StoreError, match="at most"):
        read_stable(str(tmp_path / "huge"))


class Moving:
    """Commits a transaction before every time its file's metas are looked at."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch, *, until: int = 1 << 30) -> None:
        self.txid = 10
        look = bolt._meta_or_problem

        def moved(*args: Any) -> Any:
            if self.txid < until:
                self.txid += 1
                path.write_bytes(database({b"txid": {b"n": str(self.txid).encode()}}, txid=self.txid))
            return look(*args)

        monkeypatch.setattr(bolt, "_meta_or_problem", moved)
        monkeypatch.setattr("time.sleep", lambda seconds: None)


def test_a_file_that_comes_to_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "meta.db"
    path.write_bytes(SOUND)
    Moving(path, monkeypatch, until=16)
    assert tree(read_stable(str(path)).database.root) == {b"txid": {b"n": b"16"}}


def test_a_file_that_never_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "meta.db"
    path.write_bytes(SOUND)
    good = read_stable(str(path))
    Moving(path, monkeypatch)
    with pytest.raises(BusyDatabase, match="faster") as caught:
        read_stable(str(path))
    assert caught.value.hint
    kept = read_stable(str(path), good)
    assert kept.database is good.database and "as of a moment ago" in kept.note


def commit(path: Path, txid: int) -> None:
    """A transaction as bbolt writes one: new pages where the transaction before last lay, then the meta."""
    body = f"{txid}".encode() * 400
    made = page(
        3 + txid % 2, 2, 2, struct.pack("<IIII", 0, 32, 1, 1600) + struct.pack("<IIII", 0, 1617, 1, 4)
    )
    filled = patched(made, 48, b"a" + body[:1600] + b"b" + f"{txid:04}".encode())
    with path.open("r+b") as file:
        file.seek((3 + txid % 2) * 4096)
        for at in range(0, 4096, 64):  # in pieces, so that a copy can catch it half done
            file.write(filled[at : at + 64])
            file.flush()
        file.seek(4096 * (txid % 2))
        file.write(meta(txid % 2, 4096, 3 + txid % 2, 5, txid))


def test_a_writer_beside_us_never_shows_half_a_transaction(tmp_path: Path) -> None:
    path = tmp_path / "meta.db"
    path.write_bytes(framed(bytes(4096), bytes(4096)))
    commit(path, 1000)
    commit(path, 1001)
    stop = threading.Event()

    def write() -> None:
        for txid in range(1002, 9999):
            if stop.is_set():
                return
            commit(path, txid)
            time.sleep(0.0005)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        read, busy = 0, 0
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            try:
                found = read_stable(str(path)).database
            except BusyDatabase:
                busy += 1
                continue
            read += 1
            values = tree(found.root)
            txid = int(values[b"b"])
            assert values[b"a"] == (f"{txid}".encode() * 400)[:1600]
            assert txid == found.meta.txid
    finally:
        stop.set()
        writer.join()
    assert read > 20 > busy


def test_two_thousand_blobs_are_fast() -> None:
    """As containerd keeps them: each with labels in a page of its own."""
    blobs = {
        f"sha256:{n:064x}".encode(): {b"size": b"\2", b"labels": {b"containerd.io/x": b"y" * 50}}
        for n in range(2000)
    }
    data = database({b"blob": blobs})
    start = time.perf_counter()
    assert len(tree(Database.of(data).root)[b"blob"]) == 2000
    assert time.perf_counter() - start < 0.5
