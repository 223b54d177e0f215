"""Named files behind a store: members of a plain tar archive, indexed once and read in place by offset."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import BinaryIO, cast

from exporter_core.progress import breathe
from exporter_core.tarindex import Listing, Member, ReadAt, descriptor_reader, looks_like_tar, members

__all__ = ["TarFiles", "looks_like_tar"]


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
        for member in members(self._read_at, os.fstat(fd).st_size, listing):
            breathe()
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
