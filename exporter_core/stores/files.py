"""Named files behind a store: the protocol, and files in a directory (members of a tar: ``archive``).

The one difference between a layout and an archive of one; everything else of a store is shared. Names are
relative and use "/"; both are read-only. Nothing here knows what the files mean.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import BinaryIO, Protocol, cast


class Files(Protocol):
    """Read-only files by name."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is odd about the whole."""
        ...

    @property
    def damage(self) -> tuple[str, ...]:
        """Those of the notes that mean something is broken."""
        ...

    def size(self, name: str) -> int | None:
        """Bytes of the file, None where there is no such ordinary file. Raises OSError."""
        ...

    def full_size(self, name: str) -> int | None:
        """Bytes that the file should have: more than ``size`` where an archive was cut short."""
        ...

    def key(self, name: str) -> str:
        """A cache's key for what is computed from the file; another one once it changed. Raises OSError."""
        ...

    def open(self, name: str) -> BinaryIO:
        """The file from its start, unbuffered. Raises FileNotFoundError or another OSError."""
        ...

    def names(self, folder: str) -> Iterator[str]:
        """Names of the ordinary files right in ``folder``, without it; empty where there is none."""
        ...

    def folders(self, folder: str) -> Iterator[str]:
        """Names of the folders right in ``folder``."""
        ...

    def place(self, name: str) -> str:
        """Where the file is, to show to a person."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class DirectoryFiles:
    """Files below the folder ``root``; symbolic links are followed, special files are no files."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.notes: tuple[str, ...] = ()
        self.damage: tuple[str, ...] = ()

    def size(self, name: str) -> int | None:
        """See Files."""
        try:
            status = os.stat(self.place(name))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if _impossible_name(error):
                return None
            raise
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def full_size(self, name: str) -> int | None:
        """See Files."""
        return self.size(name)

    def key(self, name: str) -> str:
        """See Files."""
        from exporter_core.cache import file_key

        place = self.place(name)
        return file_key(place, os.stat(place))

    def open(self, name: str) -> BinaryIO:
        """See Files."""
        file = open(self.place(name), "rb", buffering=0, opener=open_at_once)  # noqa: SIM115
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise FileNotFoundError(f"{self.place(name)} is no ordinary file")
        return cast(BinaryIO, file)

    def names(self, folder: str) -> Iterator[str]:
        """See Files."""
        return (entry.name for entry in self._scan(folder) if entry.is_file())

    def folders(self, folder: str) -> Iterator[str]:
        """See Files."""
        return (entry.name for entry in self._scan(folder) if entry.is_dir())

    def _scan(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.place(folder)) as entries:
                return list(entries)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def place(self, name: str) -> str:
        """See Files."""
        return os.path.join(self.root, *name.split("/"))

    def close(self) -> None:
        """See Files."""


class ConfinedFiles(DirectoryFiles):
    """Files below ``root`` and nowhere else: a link that leads out of it leads nowhere."""

    def size(self, name: str) -> int | None:
        """See Files."""
        return super().size(name) if self._inside(name) else None

    def open(self, name: str) -> BinaryIO:
        """See Files."""
        if not self._inside(name):
            raise FileNotFoundError(f"{self.place(name)} leads out of {self.root}")
        return super().open(name)

    def _inside(self, name: str) -> bool:
        root = os.path.realpath(self.root)
        return os.path.commonpath([root, os.path.realpath(self.place(name))]) == root


def open_at_once(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe that somebody put in a blob's place."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _impossible_name(error: OSError) -> bool:
    import errno

    return error.errno in (errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP)
