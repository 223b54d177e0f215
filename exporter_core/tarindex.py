"""Where the members of a tar archive lie: the one reader of tar headers, for stores, layers and verify.

It reads headers only (USTAR, PAX, GNU long names, base-256 sizes) and jumps over the content; damage ends
the listing with a note instead of an error, so that what came before it can still be read.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from exporter_core.errors import ArchiveError
from exporter_core.tarball import BLOCK, padding

REGULAR_KINDS = frozenset("07\0")
SPARSE = "S"
"""The kind of a sparse member; a PAX one, which calls itself an ordinary file, has it too."""
_LONGEST_RECORD = 1 << 20  # bytes of a PAX or GNU long-name member; more is an attack
_WINDOW = 64 * 1024

ReadAt = Callable[[int, int], bytes]
"""``read_at(offset, length)`` → bytes, fewer only at the end of the file."""


class Member(NamedTuple):
    """One member: ``kind`` is its type flag, ``header`` where its first header block lies, ``offset`` where
    its content does, ``size`` its content's bytes, ``available`` those of them that the file still has.
    (A tuple, because there may be a hundred thousand, and frozen dataclasses take longer to make.)
    """

    name: str
    kind: str
    mode: int
    size: int
    header: int
    offset: int
    available: int
    link: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it is an ordinary file."""
        return self.kind in REGULAR_KINDS and not self.name.endswith("/")

    @property
    def is_sparse(self) -> bool:
        """Whether only parts of its content are stored (GNU tar's --sparse, all its forms)."""
        return self.kind == SPARSE

    @property
    def end(self) -> int:
        """Offset of the first byte after its padding."""
        return self.offset + self.size + padding(self.size)


@dataclass(slots=True)
class Listing:
    """What :func:`members` found besides members: ``notes`` say what is wrong with the archive;
    ``end`` is the offset of the zero blocks that end it, or where the listing had to stop.
    """

    notes: list[str] = field(default_factory=list)
    end: int = 0
    ended: bool = False


def looks_like_tar(block: bytes) -> bool:
    """Whether ``block`` (the first 512 bytes of a file) is a tar header whose checksum is right."""
    return len(block) == BLOCK and _checksum_holds(block)


def members(read_at: ReadAt, size: int, listing: Listing) -> Iterator[Member]:
    """Members of the archive of ``size`` bytes behind ``read_at``, in order. Damage goes to ``listing``."""
    window = _Window(read_at)
    position, start, pax = 0, 0, _Pax()
    while True:
        block = window.read(position, BLOCK)
        listing.end = position
        if len(block) < BLOCK:
            listing.notes.append(
                f"the archive ends at byte {size} without the zero blocks that close it; it may be cut short"
            )
            return
        if block.count(0) == BLOCK:
            listing.ended = True
            return
        if not _checksum_holds(block):
            listing.notes.append(f"the archive is damaged: no tar header at byte {position}")
            return
        try:
            kind, length = chr(block[156]), _number(block[124:136])
            if kind in "xgLK":
                pax.take(kind, _record(window, position + BLOCK, length))
                position += BLOCK + length + padding(length)
                continue
            offset = position + BLOCK
            if kind == SPARSE:
                offset = _behind_sparse_map(window, block, offset)
            member = pax.member(block, kind, length, start, offset, size)
        except (ArchiveError, ValueError) as error:
            listing.notes.append(f"the archive is damaged at byte {position}: {error}")
            return
        yield member
        if member.available < member.size:
            missing = member.size - member.available
            listing.notes.append(
                f"the archive is cut short at byte {size}, inside {member.name[:200]}: "
                f"{missing} of its {member.size} bytes are missing"
            )
            return
        position = start = member.end
        if pax.said:
            pax = _Pax()


class _Window:
    """Reads ahead a little, so that archives of many small members cost few system calls."""

    def __init__(self, read_at: ReadAt) -> None:
        self._read_at = read_at
        self._start = 0
        self._data = b""

    def read(self, offset: int, length: int) -> bytes:
        begin = offset - self._start
        if begin < 0 or begin + length > len(self._data):
            if length > _WINDOW:
                return self._read_at(offset, length)
            self._start, self._data, begin = offset, self._read_at(offset, _WINDOW), 0
        return self._data[begin : begin + length]


_SPARSE_KEY = "GNU.sparse."
_SPARSE_NAME = "GNU.sparse.name"
_NEEDED = frozenset(["path", "linkpath", "size", _SPARSE_NAME])


class _Pax:
    """What extended headers said about the member that follows."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    @property
    def said(self) -> bool:
        """Whether there was any."""
        return bool(self._values)

    def take(self, kind: str, body: bytes) -> None:
        if kind == "L":
            self._values["path"] = _name(body)
        elif kind == "K":
            self._values["linkpath"] = _name(body)
        elif kind == "x":
            for key, value in _pax_values(body).items():
                if key in _NEEDED:
                    self._values[key] = value
                elif key.startswith(_SPARSE_KEY):
                    self._values[_SPARSE_KEY] = ""

    def member(self, block: bytes, kind: str, length: int, start: int, offset: int, total: int) -> Member:
        said = self._values
        size = int(said["size"]) if "size" in said else length
        if size < 0:
            raise ArchiveError(f"a member of {size} bytes")
        if kind in "123456":
            size = 0
        if _SPARSE_KEY in said:
            kind = SPARSE
        return Member(
            name=said.get(_SPARSE_NAME) or said.get("path") or _ustar_name(block),
            kind=kind,
            mode=_number(block[100:108]),
            size=size,
            header=start,
            offset=offset,
            available=max(0, min(size, total - offset)),
            link=said.get("linkpath") or (_name(block[157:257]) if block[157] else ""),
        )


def _behind_sparse_map(window: _Window, block: bytes, offset: int) -> int:
    """Where the content begins of a sparse member whose header is ``block``: its map may go on in blocks."""
    more = block[482]
    end = offset + _LONGEST_RECORD
    while more:
        block = window.read(offset, BLOCK)
        if len(block) < BLOCK or offset >= end:
            raise ArchiveError("a sparse member whose map has no end")
        more = block[504]
        offset += BLOCK
    return offset


def _record(window: _Window, offset: int, length: int) -> bytes:
    if not 0 <= length <= _LONGEST_RECORD:
        raise ArchiveError(f"an extended header of {length} bytes")
    body = window.read(offset, length)
    if len(body) < length:
        raise ArchiveError("an extended header that is cut short")
    return body


_PAX_LENGTH = re.compile(rb"(\d{1,9}) ")


def _pax_values(body: bytes) -> dict[str, str]:
    values: dict[str, str] = {}
    position = 0
    while position < len(body):
        match = _PAX_LENGTH.match(body, position)
        if match is None:
            break
        end = position + int(match.group(1))
        key, equals, value = body[match.end() : end - 1].partition(b"=")
        if not equals or end > len(body) or end <= match.end():
            raise ArchiveError("a PAX record that makes no sense")
        values[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        position = end
    return values


def _name(field_bytes: bytes) -> str:
    return field_bytes.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _ustar_name(block: bytes) -> str:
    name = _name(block[:100])
    prefix = _name(block[345:500]) if block[345] and block[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _number(digits: bytes) -> int:
    """Octal text, or GNU's base-256 where the first bit is set."""
    if digits[0] & 0x80:
        value = int.from_bytes(bytes([digits[0] & 0x7F]) + digits[1:], "big")
        return value if not digits[0] & 0x40 else -1
    text = digits.partition(b"\0")[0].strip()
    return int(text, 8) if text else 0


def _checksum_holds(block: bytes) -> bool:
    try:
        told = _number(block[148:156])
    except ValueError:
        return False
    return told == _sum(block[:256]) + _sum(block[256:]) - sum(block[148:156]) + 8 * 0x20


def _sum(half: bytes) -> int:
    """The sum of 256 bytes: Adler's lower half counts it, in a tenth of the time that sum() takes."""
    return (zlib.adler32(half) & 0xFFFF) - 1


def descriptor_reader(fd: int) -> ReadAt:
    """``read_at`` over an open file descriptor; safe for several threads where the system has pread."""
    if hasattr(os, "pread"):
        return lambda offset, length: os.pread(fd, length, offset)
    return _seeking_reader(fd)


def _seeking_reader(fd: int) -> ReadAt:
    from threading import Lock

    lock = Lock()

    def read_at(offset: int, length: int) -> bytes:
        with lock:
            os.lseek(fd, offset, os.SEEK_SET)
            return os.read(fd, length)

    return read_at
