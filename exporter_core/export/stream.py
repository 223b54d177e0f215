"""Writing an archive to a stream, in order."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import BinaryIO

from exporter_core.errors import TargetError
from exporter_core.export.copying import Run, new_buffer
from exporter_core.export.refusals import target_error
from exporter_core.tarball import TRAILER, padding


def to_stream(run: Run, stream: BinaryIO, checksum: bool) -> str:
    """Write the run's archive to ``stream``; its SHA-256 in hexadecimal, or "" where not asked for.

    Raises TargetError, ContentError, Cancelled; what was written until then stays written.
    """
    digest = hashlib.sha256(usedforsecurity=False) if checksum else None
    buffer = new_buffer()

    def write(data: memoryview | bytes) -> None:
        _write_all(stream, data, run.check)
        if digest:
            digest.update(data)

    index = 0
    for entry in run.plan.entries:
        run.check()
        if entry.descriptor is None:
            write(entry.header() + (entry.content or b""))
        else:
            run.copy(index, entry, buffer, write, run.check)
            index += 1
        write(bytes(padding(entry.size)))
    write(TRAILER)
    try:
        stream.flush()
    except OSError as error:
        raise target_error(error, "the stream") from error
    return digest.hexdigest() if digest else ""


def _write_all(stream: BinaryIO, data: memoryview | bytes, check: Callable[[], None]) -> None:
    view = memoryview(data)
    write: Callable[[memoryview], int | None] = stream.write
    raw = isinstance(stream, io.RawIOBase)
    try:
        while view:
            written = write(view)
            if written is None and not raw:
                return  # some writers tell nothing; they have taken everything
            if not written:
                check()
                _wait_for_room(stream)
            view = view[written or 0 :]
    except OSError as error:
        raise target_error(error, "the stream") from error


def _wait_for_room(stream: BinaryIO) -> None:
    """A pipe that does not block is full: wait a moment for its reader."""
    import select

    try:
        select.select([], [stream], [], 0.05)
    except (ValueError, TypeError):
        raise TargetError(
            "the stream takes no more data", hint="Write to a file, or to a pipe that blocks."
        ) from None
