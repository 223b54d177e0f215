"""What is computed once and kept: size-capped files in the user's own cache folder, safe for two processes.

A room is one folder of files by key; what was used least lately goes first. A file is written under another
name, which its writer holds locked, and appears whole or not at all: who wants the same one waits for it,
and what a writer that died left behind has no lock and is removed. A file that is removed while somebody
reads it stays readable for them. Nothing here knows what the files mean.

This is the one place of the core that looks at the environment: where the user's cache folder is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO

from exporter_core import humanize
from exporter_core.errors import StoreError

LIMIT = 32 << 30
"""Bytes that the largest room may have unless asked otherwise."""
SPARE = 512 << 20
"""Bytes of the disk that are left free whatever the limit."""
_PART = ".part"
_STEP = 64 << 20  # bytes that are written between two looks at the room that is left
_LOOKS = 0.1  # seconds between two looks whether another process is done

_HINT = (
    "Set XDG_CACHE_HOME to a folder of your own on a disk with room, or unpack the archive there yourself."
)


def cache_folder() -> str:
    """The user's cache folder for this program, whether it exists or not."""
    told = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(told):
        return os.path.join(told, "shipglass")
    if sys.platform == "win32":
        return os.path.join(os.environ.get("LOCALAPPDATA") or os.path.expanduser("~"), "shipglass", "cache")
    home = "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"
    return os.path.join(os.path.expanduser(home), "shipglass")


def file_key(path: str, status: os.stat_result, *more: object) -> str:
    """A key for what is computed from the file at ``path``: another one once the file is changed."""
    parts = (os.path.realpath(path), status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size, *more)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Kept:
    path: str
    size: int
    used: float
    part: bool


class Writing:
    """A file of a room in the making. Raises StoreError where it would not fit."""

    def __init__(self, room: Room, file: FileIO) -> None:
        self._room = room
        self._file = file
        self._granted = 0
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append ``data``. Raises StoreError where there is no room for it, OSError."""
        self.size += len(data)
        if self.size > self._granted:
            ahead = min(_STEP, self._room.limit // 16)
            self._room.make_room(len(data) + ahead, self.size - len(data))
            self._granted = self.size + ahead
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) or 0 :]


class Room:
    """The folder ``name`` of the cache, with files of ``limit`` bytes in all; made when first written to.

    ``folder`` is the cache folder where it is not the user's.
    """

    def __init__(self, name: str, *, limit: int = LIMIT, folder: str = "") -> None:
        self.path = os.path.join(folder or cache_folder(), name)
        self.limit = limit

    def open(self, key: str) -> FileIO | None:
        """The file ``key`` for reading, marked as used; None where there is none."""
        path = self._file(key)
        try:
            if not self._own(self.path):
                return None
            file = FileIO(path)
        except OSError:
            return None
        with suppress(OSError):
            os.utime(path)
        return file

    def read(self, key: str) -> bytes | None:
        """The content of a small file, None where there is none."""
        file = self.open(key)
        if file is None:
            return None
        with file:
            return file.readall()

    def keep(self, key: str, data: bytes) -> None:
        """Keep a small file; where that cannot be done, nothing is kept."""
        with suppress(OSError, StoreError):
            self.fill(key, lambda writing: writing.write(data)).close()

    def fill(
        self, key: str, write: Callable[[Writing], None], check: Callable[[], None] = lambda: None
    ) -> FileIO:
        """The file ``key`` for reading, written by ``write`` unless it is there or another process makes it.

        ``check`` is called while waiting for that process. What ``write`` and ``check`` raise leaves nothing
        behind. Raises StoreError where the folder is unusable, or no room is left.
        """
        self._make_folder()
        while (found := self.open(key)) is None:
            part = self._lock(key)
            if part is not None:
                try:
                    self._write(key, part, write)
                finally:
                    part.close()
            else:
                check()
                time.sleep(_LOOKS)
        return found

    def make_room(self, size: int, so_far: int = 0) -> None:
        """Remove what was used least lately until ``size`` more bytes fit. Raises StoreError if none do."""
        kept = sorted(self._kept(), key=lambda one: one.used)
        total = sum(one.size for one in kept)
        free = shutil.disk_usage(self.path).free - SPARE
        for one in kept:
            if total + size <= self.limit and size <= free:
                return
            if not one.part and _removed(one.path):
                total -= one.size
                free += one.size
        if total + size > self.limit or size > free:
            bound = f"its limit is {humanize.size(self.limit)}"
            if size > free:
                bound = f"its disk has {humanize.size(max(0, free + SPARE))} free"
            raise StoreError(
                f"the cache {self.path} has no room for more than {humanize.size(so_far)}: {bound}",
                hint=_HINT,
            )

    def _write(self, key: str, part: FileIO, write: Callable[[Writing], None]) -> None:
        name = str(part.name)
        try:
            if os.path.exists(self._file(key)):  # it was finished just before we had the lock
                os.unlink(name)
                return
            part.truncate(0)
            write(Writing(self, part))
            if not _locks():
                part.close()  # an open file cannot be renamed everywhere
            os.replace(name, self._file(key))
        except BaseException:
            with suppress(OSError):
                part.close()
                os.unlink(name)
            raise

    def _lock(self, key: str) -> FileIO | None:
        """The file to write ``key`` to, ours alone; None where another process or thread has it."""
        name = self._file(key) + _PART
        if not _locks():
            return FileIO(f"{name}.{os.getpid()}.{time.monotonic_ns()}{_PART}", "wb")
        part = FileIO(name, "r+b", opener=_made)
        if _locked(part) and _is_at(part, name):
            return part
        part.close()
        return None

    def _kept(self) -> Iterator[_Kept]:
        """The files of the room, without those that a writer left behind: they are removed."""
        with suppress(FileNotFoundError), os.scandir(self.path) as entries:
            for entry in entries:
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    part = entry.name.endswith(_PART)
                    if part and _abandoned(entry.path, status):
                        continue
                    yield _Kept(entry.path, status.st_size, status.st_mtime, part)

    def _file(self, key: str) -> str:
        return os.path.join(self.path, key)

    def _make_folder(self) -> None:
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            with suppress(FileExistsError):
                os.mkdir(self.path, 0o700)
            own = self._own(self.path)
        except OSError as error:
            raise StoreError(
                f"the cache folder {self.path} cannot be made: {error.strerror}", hint=_HINT
            ) from error
        if not own:
            raise StoreError(
                f"the cache folder {self.path} belongs to somebody else, or others may write there",
                hint=_HINT,
            )

    @staticmethod
    def _own(path: str) -> bool:
        """Whether the folder is the user's own and nobody else may write there."""
        status = os.stat(path, follow_symlinks=False)
        if not stat.S_ISDIR(status.st_mode):
            return False
        return not hasattr(os, "geteuid") or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def _locks() -> bool:
    return sys.platform != "win32"


def _locked(file: FileIO) -> bool:
    """Whether the lock on ``file`` could be had; it ends with the file, or with the process."""
    import fcntl

    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_at(file: FileIO, path: str) -> bool:
    """Whether ``path`` is still this file: another one may have finished and renamed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except OSError:
        return False


def _made(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _abandoned(path: str, status: os.stat_result) -> bool:
    """Whether the writer of a part is gone, for it would hold it locked; the part is removed then."""
    if not _locks():
        return status.st_mtime < time.time() - 24 * 3600 and _removed(path)
    with FileIO(path, "r+b") as file:
        return _locked(file) and _removed(path)


def _removed(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True
