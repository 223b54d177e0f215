"""A bolt database as bytes, read-only: metas, pages, buckets, and the safe way to read a live file.

The format is go.etcd.io/bbolt's (``internal/common/{meta,page,bucket,inode}.go``): little-endian pages, two
metas written in turn, a B+tree of pages for each bucket, small buckets inline in their parent's leaf.
The file is read with plain reads and never locked: a daemon that opens it would wait for our lock for ever.
Nothing here knows what the keys mean.

Arbitrary bytes give StoreError and nothing else. Each page has one place that refers to it and the elements
of a page do not overlap, as bbolt writes them; both are checked, so a walk is never longer than the file.
"""

from __future__ import annotations

import os
import stat
import struct
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from exporter_core.errors import StoreError
from exporter_core.progress import breathe
from exporter_core.stores.files import open_at_once

LARGEST = 2 << 30
"""Bytes of the largest database that is read; what is used of it is held in memory."""
ATTEMPTS = 10
"""How often a file that changes meanwhile is read anew."""
_CHUNK = 1 << 20

_MAGIC, _VERSION = 0xED0CDAED, 2
_BRANCH, _LEAF = 1, 2
_META = struct.Struct(
    "<IIIIQQQQQQ"
)  # magic version pagesize flags root sequence freelist pages txid checksum
_PAGE = struct.Struct("<QHHI")  # id flags count overflow
_LEAF_ELEMENT = struct.Struct("<IIII")  # flags position keysize valuesize
_BRANCH_ELEMENT = struct.Struct("<IIQ")  # position keysize page
_BUCKET = struct.Struct("<QQ")  # root sequence
_PAGE_SIZES = [1 << bits for bits in range(10, 17)]

ReadAt: TypeAlias = Callable[[int, int], bytes]


class BusyDatabase(StoreError):
    """The database changed each time it was read."""


@dataclass(frozen=True, slots=True)
class Meta:
    """A valid meta page: ``page_size`` in bytes, ``pages`` in use, ``root`` the page of the root bucket."""

    page_size: int
    root: int
    pages: int
    txid: int
    checksum: int


def read_meta(read_at: ReadAt, name: str) -> Meta:
    """The valid meta with the highest transaction id. Raises StoreError, saying what is there instead."""
    first, problem = _meta(read_at(_PAGE.size, _META.size))
    sizes = [first.page_size] if first else _PAGE_SIZES
    seconds = [_meta(read_at(size + _PAGE.size, _META.size))[0] for size in sizes]
    found = [meta for meta, size in zip(seconds, sizes, strict=True) if meta and meta.page_size == size]
    found += [first] if first else []
    if not found:
        raise StoreError(f"{name} {problem}", hint=_HINT)
    return max(found, key=lambda meta: meta.txid)


_HINT = "Restore it from a copy, or start its daemon once: what it cannot repair, nobody can."


def _meta(data: bytes) -> tuple[Meta | None, str]:
    """The meta in ``data``, else what is wrong with it."""
    if not data:
        return None, "is empty or ends before its first page"
    if len(data) < _META.size:
        return None, "is cut short in its first pages"
    magic, version, size, _, root, _, _, pages, txid, checksum = _META.unpack(data)
    if magic != _MAGIC:
        return None, "is not a bolt database"
    if version != _VERSION:
        return None, f"is a bolt database of version {version}; this program reads version {_VERSION}"
    if checksum != _fnv1a(data[: _META.size - 8]):
        return None, "is corrupt: the checksums of its meta pages are wrong"
    if size not in _PAGE_SIZES or not 2 <= root < pages:
        return None, "is corrupt: its meta pages make no sense"
    return Meta(size, root, pages, txid, checksum), ""


def _fnv1a(data: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


class Database:
    """A bolt database in memory, read once from ``read_at``, without what its pages leave unused: often nine
    tenths. Raises StoreError where it is cut short."""

    def __init__(self, read_at: ReadAt, meta: Meta, *, name: str = "the database") -> None:
        self.name = name
        self.meta = meta
        self._starts = array("Q", [0])  # page → its first byte in the data; the next one's is its end
        self._data = b"".join(self._kept(read_at))
        self._referrer = array("Q", bytes(8 * self.meta.pages))  # page → where its one reference stands

    @classmethod
    def of(cls, data: bytes, *, name: str = "the database") -> Database:
        """The database that is ``data``. Raises StoreError where it is none."""

        def read_at(at: int, length: int) -> bytes:
            return data[at : at + length]

        return cls(read_at, read_meta(read_at, name), name=name)

    def _kept(self, read_at: ReadAt) -> Iterator[bytes]:
        """What is used of each page, and all of those that an overflow may cover."""
        size, pages = self.meta.page_size, self.meta.pages
        step, covered, kept, position = max(1, _CHUNK // size), 0, self._starts.append, 0
        for first in range(0, pages, step):
            count = min(step, pages - first)
            chunk = _read_all(read_at, first * size, count * size)
            breathe(count)
            if len(chunk) < count * size:
                have, whole = first * size + len(chunk), pages * size
                raise StoreError(f"{self.name} is cut short: it has {have} of {whole} bytes", hint=_HINT)
            for at in range(0, count * size, size):
                number, (own, flags, elements, overflow) = first + at // size, _PAGE.unpack_from(chunk, at)
                known = own == number and flags in (_BRANCH, _LEAF)
                if known and overflow:
                    covered = max(covered, number + overflow)
                used = size if number <= covered else _used(chunk, at, flags, elements, size) if known else 0
                position += used
                kept(position)
                yield chunk[at : at + used]

    @property
    def root(self) -> Bucket:
        """The bucket of the top-level buckets."""
        return Bucket(self, self.meta.root, 0, 0, 1)

    def damaged(self, what: str) -> StoreError:
        """The error for something impossible in a sound database."""
        return StoreError(f"{self.name} is corrupt: {what}", hint=_HINT)

    def page(self, number: int, referrer: int) -> tuple[int, int, int, int]:
        """Flags, count, and the first and last+1 byte of a page that ``referrer`` (an offset) refers to."""
        pages = self.meta.pages
        if not 2 <= number < pages:
            raise self.damaged(f"page {number} of {pages} is referred to")
        start = self._starts[number]
        if self._starts[number + 1] == start:
            raise self.damaged(f"page {number} is not what it should be")
        own, flags, count, overflow = _PAGE.unpack_from(self._data, start)
        if own != number or number + overflow >= pages:
            raise self.damaged(f"page {number} is not what it should be")
        if overflow or self._referrer[number] != referrer:
            self._claim(number, overflow, referrer)
        if flags not in (_BRANCH, _LEAF):
            raise self.damaged(f"page {number} has flags {flags:#x}")
        end = self._starts[number + overflow + 1]
        if start + _PAGE.size * (count + 1) > end:
            raise self.damaged(f"page {number} is too short for {count} elements")
        return flags, count, start, end

    def _claim(self, number: int, overflow: int, referrer: int) -> None:
        for taken in range(number, number + overflow + 1):
            if self._referrer[taken] not in (0, referrer):
                raise self.damaged(f"page {taken} is referred to twice")
            self._referrer[taken] = referrer


def _used(chunk: bytes, at: int, flags: int, count: int, size: int) -> int:
    """Bytes of the page at ``at`` up to the end of its last element; all of it where that makes no sense."""
    last = at + 16 * count
    if not count or 16 * (count + 1) > size:
        return size
    if flags == _LEAF:
        _, position, keysize, length = _LEAF_ELEMENT.unpack_from(chunk, last)
    else:
        (position, keysize, _), length = _BRANCH_ELEMENT.unpack_from(chunk, last), 0
    end = last + position + keysize + length - at
    return end if 16 * (count + 1) <= end <= size else size


class Bucket:
    """Keys and values in order; a value is bytes or another bucket.

    Its root is page ``number``, or the inline page at ``start`` … ``end`` where that is 0.
    """

    __slots__ = ("_data", "_database", "_end", "_number", "_referrer", "_start")

    def __init__(self, database: Database, number: int, start: int, end: int, referrer: int) -> None:
        self._database = database
        self._data = database._data
        self._number, self._start, self._end, self._referrer = number, start, end, referrer

    def items(self) -> Iterator[tuple[bytes, bytes | Bucket]]:
        """Every key with its value, in the order of the keys. Raises StoreError."""
        for count, start, end in self._leaves():
            for flags, key, at, stop in self._elements(count, start, end):
                yield key, self._data[at:stop] if flags == 0 else self._nested(flags, at, stop)

    def fields(self) -> dict[bytes, bytes | Bucket]:
        """All items at once: the fast way through a small bucket. Raises StoreError."""
        flags, count, start, end = self._root()
        if flags != _LEAF:
            return dict(self.items())
        data, found = self._data, self._elements(count, start, end)
        return {key: self._nested(flag, at, to) if flag else data[at:to] for flag, key, at, to in found}

    def buckets(self) -> Iterator[tuple[bytes, Bucket]]:
        """Those of the items that are buckets."""
        for key, value in self.items():
            if isinstance(value, Bucket):
                yield key, value

    def get(self, key: bytes) -> bytes | None:
        """The bytes at ``key``; None where there are none. Raises StoreError."""
        value = self._find(key)
        return value if isinstance(value, bytes) else None

    def bucket(self, *path: bytes) -> Bucket | None:
        """The bucket at ``path`` below this one; None where there is none. Raises StoreError."""
        found = self
        for key in path:
            value = found._find(key)
            if not isinstance(value, Bucket):
                return None
            found = value
        return found

    def _root(self) -> tuple[int, int, int, int]:
        if self._number:
            return self._database.page(self._number, self._referrer)
        _, flags, count, _ = _PAGE.unpack_from(self._data, self._start)
        if flags != _LEAF or self._start + _PAGE.size * (count + 1) > self._end:
            raise self._database.damaged("an inline bucket makes no sense")
        return flags, count, self._start, self._end

    def _leaves(self) -> Iterator[tuple[int, int, int]]:
        """Count, first and last+1 byte of every leaf page, from left to right."""
        flags, count, start, end = self._root()
        waiting: list[tuple[int, int]] = []
        while True:
            if flags == _LEAF:
                yield count, start, end
            else:
                first = start + _PAGE.size
                for at in range(first + 16 * (count - 1), first - 1, -16):
                    waiting.append((_BRANCH_ELEMENT.unpack_from(self._data, at)[2], at))
            if not waiting:
                return
            flags, count, start, end = self._database.page(*waiting.pop())

    def _elements(self, count: int, start: int, end: int) -> list[tuple[int, bytes, int, int]]:
        """Flags, key, and the first and last+1 byte of the value, of every element of a leaf."""
        data, at = self._data, start + _PAGE.size
        free = at + _LEAF_ELEMENT.size * count
        last: bytes | None = None
        found = []
        for flags, position, keysize, size in _LEAF_ELEMENT.iter_unpack(data[at:free]):
            key_at = at + position
            value_at = key_at + keysize
            stop = value_at + size
            if key_at < free or stop > end:
                raise self._database.damaged("an element leads out of its page")
            key = data[key_at:value_at]
            if last is not None and key <= last:
                raise self._database.damaged("the keys of a page are out of order")
            found.append((flags, key, value_at, stop))
            last, free = key, stop
            at += 16
        return found

    def _nested(self, flags: int, at: int, stop: int) -> Bucket:
        inline_parent = not self._number
        if flags != 1 or stop - at < _BUCKET.size or inline_parent:
            raise self._database.damaged("a nested bucket makes no sense")
        number, _ = _BUCKET.unpack_from(self._data, at)
        if number == 0 and stop - at < _BUCKET.size + _PAGE.size:
            raise self._database.damaged("an inline bucket is cut short")
        return Bucket(self._database, number, at + _BUCKET.size, stop, at)

    def _find(self, key: bytes) -> bytes | Bucket | None:
        flags, count, start, end = self._root()
        while flags == _BRANCH:
            if count == 0:
                raise self._database.damaged("a branch page is empty")
            keys = self._keys(_BRANCH_ELEMENT, start, end)
            found = max(bisect_right(range(count), key, key=keys) - 1, 0)
            at = start + _PAGE.size + 16 * found
            flags, count, start, end = self._database.page(_BRANCH_ELEMENT.unpack_from(self._data, at)[2], at)
        keys = self._keys(_LEAF_ELEMENT, start, end)
        found = bisect_left(range(count), key, key=keys)
        if found == count or keys(found) != key:
            return None
        at = start + _PAGE.size + 16 * found
        flags, position, keysize, size = _LEAF_ELEMENT.unpack_from(self._data, at)
        value = at + position + keysize
        if value + size > end:
            raise self._database.damaged("an element leads out of its page")
        return self._data[value : value + size] if flags == 0 else self._nested(flags, value, value + size)

    def _keys(self, element: struct.Struct, start: int, end: int) -> Callable[[int], bytes]:
        """The key of element number n of a page."""
        data, first, skip = self._data, start + _PAGE.size, element is _LEAF_ELEMENT

        def key(number: int) -> bytes:
            at = first + 16 * number
            fields = element.unpack_from(data, at)
            begin = at + fields[skip]
            stop = begin + fields[skip + 1]
            if stop > end:
                raise self._database.damaged("a key leads out of its page")
            return data[begin:stop]

        return key


@dataclass(frozen=True, slots=True)
class Reading:
    """A database as read from a file; ``note`` says what is odd about it, ``identity`` which file it was."""

    database: Database
    identity: tuple[int, int]
    note: str = ""


def read_stable(path: str, last: Reading | None = None, *, attempts: int = ATTEMPTS) -> Reading:
    """The database at ``path`` as of one transaction, also while its daemon writes.

    A page that a transaction can see is not written until a later one is committed; so a copy is sound if the
    file's newest transaction is the same after it was made. ``last`` comes back, unread, if nothing changed,
    and with a note if the file never kept still. Raises StoreError, BusyDatabase, OSError.
    """
    with open(path, "rb", buffering=0, opener=open_at_once) as file:
        status = os.fstat(file.fileno())
        identity = (status.st_dev, status.st_ino)
        if not stat.S_ISREG(status.st_mode):
            raise StoreError(f"{path} is no ordinary file", hint=_HINT)

        def read_at(at: int, length: int) -> bytes:
            file.seek(at)
            return file.read(length) or b""

        for attempt in range(attempts):
            before = _meta_or_problem(read_at, path)
            if last and last.identity == identity and before == last.database.meta:
                return Reading(last.database, identity)
            database = _copy(read_at, before, os.fstat(file.fileno()).st_size, path)
            if _meta_or_problem(read_at, path) == before:
                if isinstance(database, StoreError):
                    raise database
                return Reading(database, identity)
            time.sleep(min(0.002 * 2**attempt, 0.1))
    if last and last.identity == identity:
        note = f"{path} is written to faster than it can be read; what is shown is as of a moment ago"
        return Reading(last.database, identity, note)
    raise BusyDatabase(
        f"{path} is written to faster than it can be read ({attempts} attempts)",
        hint="Try again in a moment, when the daemon pulls or removes less.",
    )


def _meta_or_problem(read_at: ReadAt, name: str) -> Meta | str:
    try:
        return read_meta(read_at, name)
    except StoreError as error:
        return error.message


def _copy(read_at: ReadAt, meta: Meta | str, size: int, name: str) -> Database | StoreError:
    """The database in memory, or why there is none."""
    if isinstance(meta, str):
        return StoreError(meta, hint=_HINT)
    length = meta.pages * meta.page_size
    if size < length:
        return StoreError(f"{name} is cut short: it has {size} of {length} bytes", hint=_HINT)
    if length > LARGEST:
        return StoreError(f"{name} has {length} bytes; at most {LARGEST} are read", hint=_HINT)
    try:
        return Database(read_at, meta, name=name)
    except StoreError as error:
        return error


def _read_all(read_at: ReadAt, at: int, length: int) -> bytes:
    data = read_at(at, length)
    while len(data) < length and (more := read_at(at + len(data), length - len(data))):
        data += more
    return data
