"""A compressed archive as a plain one: unpacked once into the cache folder, read from there ever after.

Once and not again and again: an export reads at the disk's speed, any member at once, and one way serves all
four formats. What unpacks without end is bounded by the cache's limit, the disk's free space and by what
``compression`` takes for a bomb.
"""

from __future__ import annotations

import os
import threading
from io import FileIO

from exporter_core import humanize
from exporter_core.cache import Room, Writing, file_key
from exporter_core.compression import Packing, Unpacking
from exporter_core.errors import ArchiveError, Cancelled, StoreError
from exporter_core.stores.archive import Copy
from exporter_core.stores.files import open_at_once
from exporter_core.tarindex import looks_like_tar

ROOM = "archives"
_STOPPED = "opening the archive was cancelled; nothing of it was kept"


def unpacked_copy(
    path: str, kind: Packing, *, room: Room | None = None, cancel: threading.Event | None = None
) -> Copy:
    """The content of the compressed archive at ``path``, from the cache where it was opened before.

    Raises StoreError where it is damaged, cut short, no tar, too large, or the cache folder has no room;
    Cancelled when ``cancel`` is set; OSError where it cannot be read.
    """
    room = room or Room(ROOM)
    with FileIO(path, opener=open_at_once) as packed:
        status = os.fstat(packed.fileno())
        unpacking = _Unpack(path, packed, kind, cancel)
        file = room.fill(file_key(path, status), unpacking.into, unpacking.check)
    size = humanize.size(os.fstat(file.fileno()).st_size)
    note = f"compressed with {kind}: unpacked once into the cache, {room.path} ({size}), and read there"
    return Copy(file, status, "; ".join([note, *unpacking.notes]))


class _Unpack:
    """Unpacks ``packed``, the open file at ``path``, into the cache."""

    def __init__(self, path: str, packed: FileIO, kind: Packing, cancel: threading.Event | None) -> None:
        self._path = path
        self._packed = packed
        self._kind = kind
        self._cancel = cancel
        self.notes: list[str] = []

    def check(self) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled(_STOPPED)

    def into(self, writing: Writing) -> None:
        unpacking = Unpacking(self._packed, self._kind, name=self._path)
        before = os.fstat(self._packed.fileno())
        try:
            for piece in unpacking.pieces():
                self.check()
                if not writing.size and not looks_like_tar(piece[:512]):
                    raise self._no_tar()
                writing.write(piece)
        except ArchiveError as error:
            raise StoreError(str(error), hint=error.hint) from error
        if not writing.size:
            raise self._no_tar()
        self.notes = unpacking.notes
        after = os.fstat(self._packed.fileno())
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            raise StoreError(
                f"{self._path} changed while it was read", hint="Open it again once it is complete."
            )

    def _no_tar(self) -> StoreError:
        return StoreError(
            f"{self._path} is compressed with {self._kind}, and what is in it is not a tar archive",
            hint="Give a tar archive of images, compressed or not.",
        )
