"""Writing an archive to a stream, in order."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import select
import stat
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from exporter_core.errors import TargetError
from exporter_core.export.copying import Run, new_buffer
from exporter_core.export.refusals import target_error
from exporter_core.tarball import TRAILER, padding

_TURN = 0.05  # seconds to wait for a reader between two looks at the cancel
_PIPE_ROOM = 1024 * 1024


def to_stream(run: Run, stream: BinaryIO, checksum: bool) -> str:
    """Write the run's archive to ``stream``; its SHA-256 in hexadecimal, or "" where not asked for.

    Raises TargetError, ContentError, Cancelled; what was written until then stays written.
    """
    with _flushed(stream), _interruptible(stream) as out:
        return _write_entries(run, out, _name(stream), checksum)


def _write_entries(run: Run, stream: BinaryIO, name: str, checksum: bool) -> str:
    digest = hashlib.sha256(usedforsecurity=False) if checksum else None
    buffer = new_buffer()

    def write(data: memoryview | bytes) -> None:
        _write_all(stream, name, data, run.check)
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
    return digest.hexdigest() if digest else ""


@contextlib.contextmanager
def _flushed(stream: BinaryIO) -> Iterator[None]:
    """Flush ``stream`` before and after; what fails then is a TargetError like any write."""
    try:
        stream.flush()
    except OSError as error:
        raise target_error(error, _name(stream)) from error
    yield
    try:
        stream.flush()
    except OSError as error:
        raise target_error(error, _name(stream)) from error


@contextlib.contextmanager
def _interruptible(stream: BinaryIO) -> Iterator[BinaryIO]:
    """The same pipe, opened once more so that only our end does not block: a cancel need not wait for a
    reader that never comes. Anything but a pipe, and any system without /proc, is taken as it is.
    """
    again = _reopened_pipe(stream)
    if again is None:
        yield stream
        return
    with again:
        yield cast(BinaryIO, again)


def _reopened_pipe(stream: BinaryIO) -> io.FileIO | None:
    try:
        number = stream.fileno()
        if not stat.S_ISFIFO(os.fstat(number).st_mode):
            return None
        fd = os.open(f"/proc/self/fd/{number}", os.O_WRONLY | os.O_NONBLOCK)
    except (OSError, ValueError, AttributeError):
        return None
    with contextlib.suppress(OSError, ImportError, AttributeError):
        import fcntl

        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_ROOM)
    return io.FileIO(fd, "wb")


def open_special(run: Run, path: str) -> BinaryIO:
    """The pipe or device at ``path`` for writing; a pipe is waited for until it has a reader.

    Raises TargetError, Cancelled.
    """
    flags = os.O_WRONLY | getattr(os, "O_NONBLOCK", 0)
    while True:
        try:
            return cast(BinaryIO, io.FileIO(os.open(path, flags), "wb"))
        except OSError as error:
            waiting = error.errno == errno.ENXIO and stat.S_ISFIFO(os.stat(path).st_mode)
            if not waiting:
                raise target_error(error, path) from error
        run.check()
        time.sleep(_TURN)


def _name(stream: BinaryIO) -> str:
    """What to call the stream in an error."""
    name = getattr(stream, "name", None)
    known: dict[object, str] = {"<stdout>": "standard output", 1: "standard output"}
    return known.get(name, name if isinstance(name, str) else "the stream")


def _write_all(stream: BinaryIO, name: str, data: memoryview | bytes, check: Callable[[], None]) -> None:
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
                _wait_for_room(stream, name)
            view = view[written or 0 :]
    except OSError as error:
        raise target_error(error, name) from error


def _wait_for_room(stream: BinaryIO, name: str) -> None:
    """A pipe that does not block is full: wait a moment for its reader."""
    try:
        select.select([], [stream], [], _TURN)
    except (ValueError, TypeError):
        raise TargetError(
            f"{name} takes no more data", hint="Write to a file, or to a pipe that blocks."
        ) from None
