"""Writing an archive to a stream, in order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import BinaryIO

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
        _write_all(stream, data)
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


def _write_all(stream: BinaryIO, data: memoryview | bytes) -> None:
    view = memoryview(data)
    write: Callable[[memoryview], int | None] = stream.write
    try:
        while view:
            written = write(view)
            # Some writers return None; they have taken everything.
            view = view[len(view) if written is None else written :]
    except OSError as error:
        raise target_error(error, "the stream") from error
