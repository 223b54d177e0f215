"""Named files behind a store: members of a plain tar archive, indexed once and read in place by offset."""

from __future__ import annotations

import io
import os
import posixpath
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from exporter_core.errors import Cancelled
from exporter_core.progress import breathe
from exporter_core.tarindex import Listing, Member, ReadAt, descriptor_reader, looks_like_tar, members

__all__ = ["TarFiles", "looks_like_tar"]

_MOST_LINKS = 40
"""Links that are followed one after the other (Linux's own bound); more go round in a circle."""
_SPARSELY = "it is stored sparsely; make the archive again without --sparse"


@dataclass(frozen=True, slots=True)
class Copy:
    """An unpacked copy of an archive: its open ``file``, the archive's own ``status``, a note about it."""

    file: io.FileIO
    status: os.stat_result
    note: str


class TarFiles:
    """Members of the plain tar archive at ``path``, indexed once and read by offset.

    ``copy`` is what to read where that is not ``path`` itself; its file is closed with this.
    Links, sparse members, absolute names and names with ``..`` are left out, with a note; of two members of
    one name the last counts, as it would when unpacking. Raises Cancelled when ``cancel`` is set.
    """

    def __init__(self, path: str, *, copy: Copy | None = None, cancel: threading.Event | None = None) -> None:
        self.path = path
        self._file = copy.file if copy else io.FileIO(os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0)))
        self.read_at: ReadAt = descriptor_reader(self._file.fileno())
        status = os.fstat(self._file.fileno())
        self.total = status.st_size
        self._status = copy.status if copy else status
        self._said = (copy.note,) if copy else ()
        self._members: dict[str, Member] = {}
        self._folders: dict[str, list[str]] = {}
        self._links: dict[str, Member] = {}
        self._left_out: list[str] = []
        self._doubled: list[str] = []
        self._listing = Listing()
        try:
            self._index(cancel)
        except BaseException:
            self._file.close()
            raise

    def _index(self, cancel: threading.Event | None) -> None:
        for number, member in enumerate(members(self.read_at, self.total, self._listing)):
            if not number % 8:  # a member takes some microseconds: this is often enough
                breathe()
                if cancel is not None and cancel.is_set():
                    raise Cancelled("opening the archive was cancelled")
            self._take(member)

    @property
    def damage(self) -> tuple[str, ...]:
        """See Files."""
        links = [_left_out(member, "it is a link or a special file") for member in self._links.values()]
        return (*_shortened(self._left_out + links), *self._listing.notes)

    @property
    def notes(self) -> tuple[str, ...]:
        """See Files."""
        return (*self._said, *self.damage, *_shortened(self._doubled))

    def _take(self, member: Member) -> None:
        """Index ``member``, or note why not."""
        if member.kind == "5" or member.name.endswith("/"):
            return
        name = member.name.removeprefix("./")
        if not _inside(name):
            self._left_out.append(_left_out(member, "its name leads outside the archive"))
        elif member.is_file:
            if name in self._members:
                self._doubled.append(f"member {name[:200]!r} stands more than once; the last one counts")
            self._add(name, member)
        elif member.kind in "12":
            self._links[name] = member
        else:
            reason = _SPARSELY if member.is_sparse else "it is a link or a special file"
            self._left_out.append(_left_out(member, reason))

    def _add(self, name: str, member: Member) -> None:
        if name not in self._members:
            folder, _, last = name.rpartition("/")
            self._folders.setdefault(folder, []).append(last)
        self._members[name] = member

    def follow_links(self) -> None:
        """From here on a link to a file of this archive is that file; other links stay left out.

        A link never takes the place of a file, and leads nowhere but into the archive.
        """
        for name in list(self._links):
            target = self._target(name)
            if target is not None and name not in self._members:
                self._add(name, target)
                del self._links[name]

    def _target(self, name: str) -> Member | None:
        """The file that the link ``name`` leads to, over other links; None where there is none."""
        for _ in range(_MOST_LINKS):
            link = self._links.get(name)
            if link is None:
                return self._members.get(name)
            start = posixpath.dirname(name) if link.kind == "2" else ""
            name = posixpath.normpath(posixpath.join(start, link.link))
            if not _inside(name):
                return None
        return None

    def size(self, name: str) -> int | None:
        """See Files."""
        member = self._members.get(name)
        return member.available if member else None

    def full_size(self, name: str) -> int | None:
        """See Files."""
        member = self._members.get(name)
        return member.size if member else None

    def key(self, name: str) -> str:
        """See Files."""
        from exporter_core.cache import file_key

        return file_key(self.path, self._status, self._members[name].offset)

    def open(self, name: str) -> BinaryIO:
        """See Files."""
        member = self._members.get(name)
        if member is None:
            raise FileNotFoundError(f"no member {name} in {self.path}")
        return cast(BinaryIO, _Window(self.read_at, member.offset, member.available, self._file))

    def names(self, folder: str) -> Iterator[str]:
        """See Files."""
        return iter(self._folders.get(folder, ()))

    def folders(self, folder: str) -> Iterator[str]:
        """See Files."""
        above = f"{folder}/" if folder else ""
        inside = (name[len(above) :] for name in self._folders if name.startswith(above))
        return iter({name.partition("/")[0] for name in inside if name})

    def has_folder(self, name: str) -> bool:
        """Whether any member lies in the folder ``name`` or below it."""
        return any(folder == name or folder.startswith(name + "/") for folder in self._folders)

    def place(self, name: str) -> str:
        """See Files."""
        return f"{self.path}:{name}"

    def close(self) -> None:
        """See Files."""
        self._file.close()


def _inside(name: str) -> bool:
    """Whether the name is one that cannot lead out of the archive."""
    parts = name.split("/")
    return ".." not in parts and "" not in parts and "\\" not in name


def _left_out(member: Member, reason: str) -> str:
    return f"member {member.name[:200]!r} was left out: {reason}"


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
