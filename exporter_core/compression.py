"""gzip, zstd, xz and bzip2 behind one face: told by their first bytes, unpacked a piece at a time.

Files of several members (gzip), frames (zstd) or streams (xz, bzip2) are one content. What is damaged or cut
short is an error that says at which byte; memory is bounded whatever the input. Nothing here knows tars.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterator
from importlib import import_module
from typing import Any, BinaryIO, Literal, Protocol

from exporter_core.errors import ArchiveError, StoreError

Packing = Literal["gzip", "zstd", "xz", "bzip2"]
"""How a file is compressed."""

PIECE = 1 << 20
"""Bytes that are unpacked at a time: enough to let other threads run meanwhile."""
RATIO = 2000
"""How many times its size a file may unpack to, beyond the first GiB: twice what gzip can do."""
_UNASKED = 1 << 30
_INPUT = 256 * 1024
_MEMORY = 256 << 20  # bytes that a decompressor may take; xz -9 wants 65 MiB, zstd --long=27 wants 128 MiB
_WINDOW_LOG = 27

_MAGIC: dict[Packing, bytes] = {
    "gzip": b"\x1f\x8b",
    "zstd": b"\x28\xb5\x2f\xfd",
    "xz": b"\xfd7zXZ\0",
    "bzip2": b"BZh",
}
_SKIPPABLE = b"\x2a\x4d\x18"  # of zstd, behind a byte 0x50 … 0x5f


def packing(start: bytes) -> Packing | None:
    """How a file that begins with ``start`` (its first 6 bytes or more) is compressed; None if it is not."""
    for name, magic in _MAGIC.items():
        if start.startswith(magic):
            return name
    if len(start) >= 4 and start[0] & 0xF0 == 0x50 and start[1:4] == _SKIPPABLE:
        return "zstd"
    return None


class _Decompressor(Protocol):
    """What bz2, lzma and zstd share: one member, frame or stream."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's decompressor with the face of the others; zlib-ng's, at twice the speed, where it is there."""

    needs_input = True

    def __init__(self) -> None:
        self._inner: Any = _zlib().decompressobj(zlib.MAX_WBITS | 16)
        self._kept = b""

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        given = self._kept + data if self._kept else data
        made: bytes = self._inner.decompress(given, max_length)
        self._kept = self._inner.unconsumed_tail
        # A full piece may leave more inside zlib even where it has taken all of its input.
        self.needs_input = not self._kept and len(made) < max_length
        return made


class Unpacking:
    """The content of the compressed ``file``, called ``name`` in errors, from its current position on.

    ``taken`` counts the compressed bytes read from the file, ``made`` the unpacked ones so far; ``notes`` say
    what is odd. Raises StoreError where this Python lacks the module for ``kind``.
    """

    def __init__(self, file: BinaryIO, kind: Packing, *, name: str) -> None:
        self.kind = kind
        self.taken = 0
        self.made = 0
        self.notes: list[str] = []
        self._file = file
        self._name = name
        self._fresh, self._errors = _makers(kind, name)

    def pieces(self) -> Iterator[bytes]:
        """The content in pieces of at most PIECE bytes.

        Raises ArchiveError where it is damaged, cut short or a bomb, OSError where it cannot be read.
        """
        data = self._read()
        while data:
            data = yield from self._one(data)
            data = self._next(data)

    def _one(self, data: bytes) -> Generator[bytes, None, bytes]:
        """One member, frame or stream that begins with ``data``; returns what was read behind it."""
        inner = self._fresh()
        while True:
            piece = self._decompress(inner, data)
            self.made += len(piece)
            if self.made > _UNASKED and self.made > RATIO * self.taken:
                raise self._bomb()
            if piece:
                yield piece
            if inner.eof:
                return inner.unused_data
            data = b""
            if inner.needs_input:
                data = self._read()
                if not data:
                    raise self._bad("cut short", "it ends in the middle")

    def _decompress(self, inner: _Decompressor, data: bytes) -> bytes:
        try:
            return inner.decompress(data, PIECE)
        except self._errors as error:
            raise self._bad("damaged", str(error)) from None
        except MemoryError:
            raise self._bad("unusable", "it asks for too much memory") from None

    def _next(self, rest: bytes) -> bytes:
        """What the next member begins with, padding passed over; b"" at the end of the content."""
        while True:
            rest = rest.lstrip(b"\0")
            if len(rest) < 6:
                more = self._read()
                if more:
                    rest += more
                    continue
            if rest and packing(rest) != self.kind:
                self.notes.append(
                    f"{self._name}: what follows the {self.kind} data near byte {self.taken - len(rest)} "
                    "is something else and was not read"
                )
                return b""
            return rest

    def _read(self) -> bytes:
        data = self._file.read(_INPUT)
        self.taken += len(data)
        return data

    def _bomb(self) -> ArchiveError:
        return ArchiveError(
            f"{self._name} unpacks to more than {RATIO} times its size: {self.taken} bytes have become "
            f"{self.made}; it is taken to be a bomb",
            hint=f"If you trust it, unpack it yourself with {self.kind} -d.",
        )

    def _bad(self, what: str, reason: str) -> ArchiveError:
        return ArchiveError(
            f"{self._name} is {what}: its {self.kind} data fail near byte {self.taken}, "
            f"after {self.made} unpacked bytes ({reason})",
            hint="Copy it again from where it came; what it holds cannot be trusted.",
        )


def _makers(kind: Packing, name: str) -> tuple[Callable[[], _Decompressor], tuple[type[Exception], ...]]:
    """What makes a decompressor of the kind, and the errors that it raises for bad input."""
    try:
        if kind == "gzip":
            return _Gzip, (zlib.error, _zlib().error)
        if kind == "bzip2":
            import bz2

            return bz2.BZ2Decompressor, (OSError, ValueError, EOFError)
        if kind == "xz":
            import lzma

            return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY), (lzma.LZMAError, EOFError)
        return _zstd()
    except ImportError as error:
        raise _no_module(kind, name) from error


def _zstd() -> tuple[Callable[[], _Decompressor], tuple[type[Exception], ...]]:
    try:
        module = import_module("compression.zstd")  # from Python 3.14 on
    except ImportError:
        module = import_module("backports.zstd")
    options = {module.DecompressionParameter.window_log_max: _WINDOW_LOG}
    return lambda: module.ZstdDecompressor(options=options), (module.ZstdError, EOFError)


def _zlib() -> Any:
    try:
        return import_module("zlib_ng.zlib_ng")
    except ImportError:
        return zlib


def _no_module(kind: Packing, name: str) -> StoreError:
    hint = {
        "zstd": "Install the package backports.zstd (pip install backports.zstd), or run zstd -d FILE.",
        "xz": "This Python was built without lzma. Unpack it first: xz -d FILE.",
        "bzip2": "This Python was built without bz2. Unpack it first: bzip2 -d FILE.",
    }
    return StoreError(
        f"{name} is compressed with {kind}, and this Python cannot unpack that", hint=hint.get(kind, "")
    )
