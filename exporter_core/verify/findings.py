"""What a verification has found so far, and the hashing of one blob."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import BinaryIO

from exporter_core.content import page_buffer
from exporter_core.digest import Digest
from exporter_core.errors import (
    ArchiveError,
    Cancelled,
    DigestError,
    DigestMismatch,
    ShipglassError,
    UnreadableBlob,
)

CHUNK = 1024 * 1024
DAMAGED = "Do not use this archive: export or copy it again."

OnBlob = Callable[[str, int], None]
"""Called with a blob's digest text and size in bytes when it has been hashed."""


class Findings:
    """Problems and notes as they are met, and how much was hashed; ``corrupt`` holds digest texts."""

    def __init__(self, on_blob: OnBlob | None, cancel: threading.Event) -> None:
        self.problems: list[ShipglassError] = []
        self.notes: list[str] = []
        self.corrupt: set[str] = set()
        self.blobs = 0
        self.bytes = 0
        self._on_blob = on_blob
        self._cancel = cancel
        self._buffer = page_buffer(CHUNK)

    def wrong(self, text: str) -> None:
        """A problem of the archive itself."""
        self.problems.append(ArchiveError(text, hint=DAMAGED))

    def check_cancel(self) -> None:
        """Raise Cancelled if somebody asked to stop."""
        if self._cancel.is_set():
            raise Cancelled("the verification was cancelled")

    def hash_blob(self, digest: Digest, read_into: Callable[[memoryview], int]) -> None:
        """Hash one blob through ``read_into``; a digest that cannot be computed here is a note.

        Raises UnreadableBlob, Cancelled.
        """
        try:
            running = digest.new_hash()
        except DigestError as error:
            self.notes.append(str(error))
            return
        size = 0
        try:
            while got := read_into(self._buffer):
                self.check_cancel()
                running.update(self._buffer[:got])
                size += got
        except OSError as error:
            raise UnreadableBlob(str(digest), reason=error.strerror or str(error)) from error
        self.blobs += 1
        self.bytes += size
        actual = f"{digest.algorithm}:{running.hexdigest()}"
        if actual != str(digest) and str(digest) not in self.corrupt:
            self.corrupt.add(str(digest))
            self.problems.append(DigestMismatch(str(digest), actual=actual, size=size))
        if self._on_blob:
            self._on_blob(str(digest), size)


def digest_of(name: str) -> Digest | None:
    """The digest that the path ``blobs/<alg>/<hex>`` spells, or None."""
    parts = name.split("/")
    try:
        return Digest.parse(":".join(parts[1:])) if len(parts) == 3 else None
    except DigestError:
        return None


def read_into(file: BinaryIO, room: memoryview) -> int:
    """Fill ``room`` from ``file``; the bytes read, 0 at its end."""
    return file.readinto(room) or 0  # type: ignore[attr-defined]  # raw files, which have it
