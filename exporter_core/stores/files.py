"""Named files behind a store: in a directory, or as members of a tar archive read in place.

The one difference between a layout and an archive of one; everything else of a store is shared. Names are
relative and use "/"; both are read-only. Nothing here knows what the files mean.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO, Protocol, cast

from exporter_core.progress import breathe
from exporter_core.tarindex import Listing, Member, ReadAt, descriptor_reader, members


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


def open_at_once(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe that somebody put in a blob's place."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _impossible_name(error: OSError) -> bool:
    import errno

    return error.errno in (errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP)


class TarFiles:
    """Members of the plain tar archive at ``path``, indexed once and read by offset.

    Links, absolute names and names with ``..`` are left out, with a note; of two members of one name the
    last counts, as it would when unpacking.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._file = os.fdopen(fd, "rb", buffering=0)
        self._read_at = descriptor_reader(fd)
        self._members: dict[str, Member] = {}
        self._folders: dict[str, list[str]] = {}
        listing = Listing()
        left_out: list[str] = []
        self._doubled: list[str] = []
        for count, member in enumerate(members(self._read_at, os.fstat(fd).st_size, listing)):
            breathe(count)
            problem = self._take(member)
            if problem:
                left_out.append(problem)
        self.damage = (*_shortened(left_out), *listing.notes)
        self.notes = (*self.damage, *_shortened(self._doubled))

    def _take(self, member: Member) -> str:
        """Index ``member``; what is wrong with it, or ""."""
        if member.kind == "5" or member.name.endswith("/"):
            return ""
        name = member.name.removeprefix("./")
        parts = name.split("/")
        if name.startswith("/") or ".." in parts or "" in parts or "\\" in name:
            return f"member {member.name[:200]!r} was left out: its name leads outside the archive"
        if not member.is_file:
            return f"member {member.name[:200]!r} was left out: it is a link or a special file"
        if name in self._members:
            self._doubled.append(f"member {name[:200]!r} stands more than once; the last one counts")
            self._members[name] = member
            return ""
        self._members[name] = member
        self._folders.setdefault("/".join(parts[:-1]), []).append(parts[-1])
        return ""

    def size(self, name: str) -> int | None:
        """See Files."""
        member = self._members.get(name)
        return member.available if member else None

    def open(self, name: str) -> BinaryIO:
        """See Files."""
        member = self._members.get(name)
        if member is None:
            raise FileNotFoundError(f"no member {name} in {self.path}")
        return cast(BinaryIO, _Window(self._read_at, member.offset, member.available, self._file))

    def names(self, folder: str) -> Iterator[str]:
        """See Files."""
        return iter(self._folders.get(folder, ()))

    def folders(self, folder: str) -> Iterator[str]:
        """See Files."""
        inside = {name.removeprefix(folder + "/") for name in self._folders if name.startswith(folder + "/")}
        return iter({name.split("/")[0] for name in inside})

    def has_folder(self, name: str) -> bool:
        """Whether any member lies in the folder ``name`` or below it."""
        return any(folder == name or folder.startswith(name + "/") for folder in self._folders)

    def place(self, name: str) -> str:
        """See Files."""
        return f"{self.path}:{name}"

    def close(self) -> None:
        """See Files."""
        self._file.close()


def _shortened(notes: list[str], most: int = 20) -> list[str]:
    return notes if len(notes) <= most else [*notes[:most], f"… and {len(notes) - most} more of the kind"]


class _Window(io.RawIOBase):
    """``length`` bytes of a file from ``offset`` on; has a position of its own."""

    def __init__(self, read_at: ReadAt, offset: int, length: int, file: io.FileIO) -> None:
        self._read_at = read_at
        self._file = file
        self._position = offset
        self._end = offset + length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # any writable buffer, as RawIOBase says
        wanted = min(len(view), self._end - self._position)
        if wanted <= 0:
            return 0
        got = self._fill(view[:wanted])
        self._position += got
        return got

    def _fill(self, view: memoryview) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [view], self._position)
        data = self._read_at(self._position, len(view))
        view[: len(data)] = data
        return len(data)
