"""The file itself: every member of a tar archive, its bytes, and what stands between them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from exporter_core import tarball
from exporter_core.content import page_buffer
from exporter_core.plan import LAYOUT_DOCUMENT
from exporter_core.stores.archive import TarFiles
from exporter_core.stores.layout import LAYOUT
from exporter_core.tarindex import Listing, Member, ReadAt, members
from exporter_core.verify.findings import CHUNK, Findings, digest_of, read_into


class ArchiveCheck:
    """Checks the archive ``files``; afterwards ``framed`` says whether its framing is ours."""

    def __init__(self, files: TarFiles, found: Findings) -> None:
        self._files = files
        self._found = found
        self.framed = False

    def run(self) -> None:
        """Check the file as a tar, every member's bytes, and what stands between them."""
        size, read_at = self._files.total, self._files.read_at
        listing = Listing()
        found = list(members(read_at, size, listing))
        odd = [m for m in found if read_at(m.header, m.offset - m.header) != _canonical(m)]
        self.framed = 2 * len(odd) < len(found)
        if self.framed:
            self._framing(found, odd, read_at, listing.end, size)
        else:
            self._found.notes.append("another program wrote this archive; its tar framing was not compared")
        self._padding(found, read_at, listing, size)
        for member in found:
            self._member(member, read_at)

    def _framing(
        self, found: Sequence[Member], odd: Sequence[Member], read_at: ReadAt, end: int, size: int
    ) -> None:
        for member in odd:
            self._found.wrong(f"the tar header of {member.name} at byte {member.header} was altered")
        if size != end + len(tarball.TRAILER):
            self._found.wrong(f"the archive has {size} bytes and should have {end + len(tarball.TRAILER)}")
        for member in found:
            if member.name == LAYOUT and read_at(member.offset, member.size) != LAYOUT_DOCUMENT:
                self._found.wrong(f"{LAYOUT} was altered")

    def _padding(self, found: Sequence[Member], read_at: ReadAt, listing: Listing, size: int) -> None:
        """What lies between and after the members must be zeros."""
        for member in found:
            after = member.offset + member.size
            if any(read_at(after, member.end - after)):
                self._found.wrong(f"the padding after {member.name} at byte {after} is not zero")
        position = listing.end
        while listing.ended and position < size:
            block = read_at(position, CHUNK)
            if not block:
                return
            if any(block):
                self._found.wrong(f"there are data behind the end of the archive, after byte {position}")
                return
            position += len(block)

    def _member(self, member: Member, read_at: ReadAt) -> None:
        name = member.name.removeprefix("./")
        if not name.startswith("blobs/") or not member.is_file:
            return
        digest = digest_of(name)
        if digest is None:
            self._found.wrong(f"member {member.name[:200]!r} is not named by a digest")
            return
        position = member.offset
        end = member.offset + member.available

        def read_into(room: memoryview) -> int:
            nonlocal position
            data = read_at(position, min(len(room), end - position))
            room[: len(data)] = data
            position += len(data)
            return len(data)

        self._found.hash_blob(digest, read_into)


def check_whole_file(path: str, sha256: str, found: Findings) -> None:
    """Compare the archive file as it is, compressed or not, with the SHA-256 it should have."""
    running = hashlib.sha256(usedforsecurity=False)
    buffer = page_buffer(CHUNK)
    with open(path, "rb", buffering=0) as file:
        while got := read_into(file, buffer):
            found.check_cancel()
            running.update(buffer[:got])
    if running.hexdigest() != sha256.removeprefix("sha256:").lower():
        found.wrong(f"the archive's SHA-256 is {running.hexdigest()}, not {sha256}")


def _canonical(member: Member) -> bytes:
    """The header blocks that our writer would make for the member; b"" where it could not have."""
    try:
        return tarball.header(member.name, member.mode, member.size, member.kind.encode("latin-1"))
    except (UnicodeError, ValueError):
        return b""
