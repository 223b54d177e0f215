"""Carry out a plan: copy, verify, and let no half-written file stand; decides nothing.

For a path: a temporary file beside it, written in parallel where the system has ``pwrite`` (offsets are
known from the plan), flushed to disk, renamed. For a stream: in order. Each blob's size and digest are
verified while it is copied. Whatever goes wrong, the temporary file is gone and an older file untouched.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from exporter_core.content import Provider
from exporter_core.descriptor import Descriptor
from exporter_core.errors import (
    Cancelled,
    ContentError,
    DigestMismatch,
    SizeMismatch,
    TargetError,
    UnreadableBlob,
)
from exporter_core.manifest import parse_descriptor
from exporter_core.plan import Entry, ExportOptions, ExportPlan, plan_export
from exporter_core.platforms import Platform, parse_v1
from exporter_core.progress import Phase, Progress, State
from exporter_core.tarball import TRAILER, padding

CHUNK = 1024 * 1024
"""Bytes that a worker reads, hashes and writes at a time, in a buffer it keeps."""
_HEADER_ROOM = 8192  # more than any header block needs


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written: ``output`` the path ("" for a stream), ``bytes`` of the archive, ``blobs`` copied,
    ``seconds`` it took, ``sha256`` of the archive where asked for, else "".
    """

    output: str
    bytes: int
    blobs: int
    seconds: float
    sha256: str = ""


def new_progress(plan: ExportPlan) -> Progress:
    """A Progress for a run of ``plan``: one counter for each of ``plan.blobs``."""
    return Progress([entry.size for entry in plan.blobs])


def run_export(
    plan: ExportPlan,
    provider: Provider,
    target: str | os.PathLike[str] | BinaryIO,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    checksum: bool = False,
) -> ExportReport:
    """Write the archive of ``plan`` to ``target``, a path or a binary stream; blobs come from ``provider``.

    ``progress`` (from :func:`new_progress`) is written as it goes; setting ``cancel`` stops it within one
    chunk. ``workers`` copy in parallel (None: one for each core). An existing file needs ``overwrite``.
    ``checksum`` reads the finished file once more for its SHA-256 (a stream is hashed as it goes).

    Raises PlanError where the plan has problems, ContentError, TargetError, Cancelled.
    """
    plan.raise_for_problems()
    run = _Run(plan, provider, progress or new_progress(plan), cancel or threading.Event())
    run.progress.start()
    try:
        if isinstance(target, str | os.PathLike):
            output, digest = _to_path(run, os.fspath(target), workers, overwrite, checksum)
        else:
            output, digest = "", _to_stream(run, target, checksum)
    except Cancelled:
        run.progress.end(Phase.CANCELLED)
        raise
    except BaseException:
        run.progress.end(Phase.FAILED)
        raise
    run.progress.end(Phase.DONE)
    return ExportReport(output, plan.total, len(plan.blobs), run.progress.seconds, digest)


class _Run:
    """One run's parts, and the verified copying of one blob."""

    def __init__(
        self, plan: ExportPlan, provider: Provider, progress: Progress, cancel: threading.Event
    ) -> None:
        self.plan = plan
        self.provider = provider
        self.progress = progress
        self.cancel = cancel

    def check(self) -> None:
        """Raise Cancelled if somebody asked to stop."""
        if self.cancel.is_set():
            raise Cancelled("the export was cancelled; nothing was left behind")

    def copy(
        self,
        index: int,
        entry: Entry,
        buffer: memoryview,
        write: Callable[[memoryview], None],
        check: Callable[[], None],
    ) -> None:
        """Copy blob ``index`` of the plan through ``buffer``; ``write`` gets header and content in order."""
        self.progress.enter(index, State.COPYING)
        try:
            self._copy(index, entry, buffer, write, check)
        except Cancelled:
            self.progress.enter(index, State.CANCELLED)
            raise
        except ContentError as error:
            error.owned_by(entry.owner)
            self.progress.enter(index, State.FAILED, str(error))
            raise
        except BaseException as error:
            self.progress.enter(index, State.FAILED, str(error))
            raise
        self.progress.enter(index, State.VERIFIED)

    def _copy(
        self,
        index: int,
        entry: Entry,
        buffer: memoryview,
        write: Callable[[memoryview], None],
        check: Callable[[], None],
    ) -> None:
        descriptor = entry.descriptor
        assert descriptor is not None
        header = entry.header()
        fill = len(header)  # the header travels with the first chunk: one system call less
        buffer[:fill] = header
        digest = descriptor.digest.new_hash()
        left = entry.size
        with _opened(self.provider, descriptor) as blob:
            while left:
                check()
                room = buffer[fill : fill + min(left, CHUNK)]
                got = _read_into(blob, room, descriptor)
                if not got:
                    raise SizeMismatch(str(descriptor.digest), expected=entry.size, actual=entry.size - left)
                digest.update(room[:got])
                write(buffer[: fill + got])
                left -= got
                fill = 0
                self.progress.done[index] = entry.size - left
            if fill:
                write(buffer[:fill])
            if _read_into(blob, buffer[:1], descriptor):
                raise SizeMismatch(str(descriptor.digest), expected=entry.size, actual=None)
        actual = f"{descriptor.digest.algorithm}:{digest.hexdigest()}"
        if actual != str(descriptor.digest):
            raise DigestMismatch(str(descriptor.digest), actual=actual, size=entry.size)


@contextlib.contextmanager
def _opened(provider: Provider, descriptor: Descriptor) -> Iterator[BinaryIO]:
    try:
        blob = provider.open(descriptor)
    except OSError as error:
        raise UnreadableBlob(str(descriptor.digest), reason=error.strerror or str(error)) from error
    with blob:
        yield blob


def _read_into(blob: BinaryIO, room: memoryview, descriptor: Descriptor) -> int:
    try:
        if hasattr(blob, "readinto"):
            return blob.readinto(room) or 0
        data = blob.read(len(room))
    except OSError as error:
        raise UnreadableBlob(str(descriptor.digest), reason=error.strerror or str(error)) from error
    room[: len(data)] = data
    return len(data)


def _new_buffer() -> memoryview:
    return memoryview(bytearray(_HEADER_ROOM + CHUNK))


# A stream: everything in order


def _to_stream(run: _Run, stream: BinaryIO, checksum: bool) -> str:
    digest = hashlib.sha256(usedforsecurity=False) if checksum else None
    buffer = _new_buffer()

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
        raise _target_error(error, "the stream") from error
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
        raise _target_error(error, "the stream") from error


# A path: a temporary file, parallel copies, rename


def _to_path(run: _Run, path: str, workers: int | None, overwrite: bool, checksum: bool) -> tuple[str, str]:
    final = os.path.realpath(path)
    if _is_special(final):
        with open(final, "wb", buffering=0) as stream:  # a pipe or device takes what it is given
            return path, _to_stream(run, stream, checksum)
    _check_target(final, path, run.plan.total, overwrite)
    fd, temporary = _temporary(final)
    try:
        try:
            _fill(run, fd, _worker_count(workers, run.plan), final)
            run.progress.phase = Phase.FLUSHING
            with _target_errors(final):
                os.fsync(fd)
            digest = _checksum(run, fd) if checksum else ""
            run.check()
        finally:
            os.close(fd)
        with _target_errors(final):
            _publish(temporary, final, overwrite)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _flush_folder(os.path.dirname(final))
    return path, digest


def _is_special(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _check_target(final: str, shown: str, total: int, overwrite: bool) -> None:
    """All that can be known of the target before the first byte. Raises TargetError."""
    folder = os.path.dirname(final)
    if os.path.isdir(final):
        raise TargetError(f"{shown} is a folder", hint="Name a file in it.")
    if not os.path.isdir(folder):
        raise TargetError(f"there is no folder {folder}", hint="Make it first, or write elsewhere.")
    if not overwrite and os.path.lexists(final):
        raise TargetError(f"{shown} exists already", hint="Choose another name, or overwrite it (--force).")
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(folder).free
        if free < total:
            raise TargetError(
                f"{folder} has {free} bytes free, the archive needs {total}",
                hint="Free some space, or write to another disk.",
            )


def _temporary(final: str) -> tuple[int, str]:
    """(descriptor, path) of a fresh file beside ``final``, hidden, with the permissions of any new file."""
    folder, name = os.path.split(final)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    while True:
        path = os.path.join(folder, f".{name[:200]}.{os.urandom(4).hex()}.part")
        try:
            return os.open(path, flags, 0o666), path
        except FileExistsError:
            continue
        except OSError as error:
            raise _target_error(error, final) from error


def _publish(temporary: str, final: str, overwrite: bool) -> None:
    """Give the finished file its name; without ``overwrite`` a file that came meanwhile is kept."""
    if not overwrite:
        try:
            os.link(temporary, final)
        except FileExistsError:
            raise TargetError(
                f"{final} appeared while the archive was written", hint="Choose another name."
            ) from None
        except (OSError, NotImplementedError, AttributeError):
            pass  # a file system without hard links
        else:
            os.unlink(temporary)
            return
    os.replace(temporary, final)


def _flush_folder(folder: str) -> None:
    """Make the new name itself last through a power cut, where the system can."""
    with contextlib.suppress(OSError, AttributeError):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _worker_count(asked: int | None, plan: ExportPlan) -> int:
    if asked is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        asked = min(cores, 8)
    return max(1, min(asked, len(plan.blobs)))


def _fill(run: _Run, fd: int, workers: int, final: str) -> None:
    """Write every byte of the archive into ``fd``, blobs by ``workers`` threads."""
    put = _writer(fd, final)
    with _target_errors(final):
        os.ftruncate(fd, run.plan.total)  # padding and trailer are holes: zeros
    for entry in run.plan.entries:
        if entry.descriptor is None:
            put(memoryview(entry.header() + (entry.content or b"")), entry.offset)
    _Pool(run, put).copy(workers)


def _writer(fd: int, final: str) -> Callable[[memoryview, int], None]:
    """``put(data, offset)`` into ``fd`` from any thread; raises TargetError."""
    pwrite = _pwrite(fd)

    def put(data: memoryview, offset: int) -> None:
        try:
            while data:
                written = pwrite(data, offset)
                data = data[written:]
                offset += written
        except OSError as error:
            raise _target_error(error, final) from error

    return put


def _pwrite(fd: int) -> Callable[[memoryview, int], int]:
    if hasattr(os, "pwrite"):
        return lambda data, offset: os.pwrite(fd, data, offset)
    lock = threading.Lock()

    def seek_and_write(data: memoryview, offset: int) -> int:
        with lock:
            os.lseek(fd, offset, os.SEEK_SET)
            return os.write(fd, data)

    return seek_and_write


class _Pool:
    """Threads that take blobs, the largest first, until all are copied or one has failed."""

    def __init__(self, run: _Run, put: Callable[[memoryview, int], None]) -> None:
        self._run = run
        self._put = put
        self._stop = threading.Event()
        self._failures: list[BaseException] = []
        largest_first = sorted(enumerate(run.plan.blobs), key=lambda item: -item[1].size)
        self._queue = iter(largest_first)
        self._lock = threading.Lock()

    def copy(self, workers: int) -> None:
        """Copy all blobs with ``workers`` threads, this one among them; raise the first failure."""
        threads = [
            threading.Thread(target=self._work, name=f"export-{i}", daemon=True) for i in range(1, workers)
        ]
        for thread in threads:
            thread.start()
        self._work()
        for thread in threads:
            thread.join()
        if self._failures:
            raise _worst(self._failures)

    def _work(self) -> None:
        buffer = _new_buffer()
        try:
            while (item := self._next()) is not None:
                self._copy_one(item[0], item[1], buffer)
        except BaseException as error:
            self._failures.append(error)
            self._stop.set()

    def _next(self) -> tuple[int, Entry] | None:
        self._check()
        with self._lock:
            return next(self._queue, None)

    def _check(self) -> None:
        self._run.check()
        if self._stop.is_set():
            raise Cancelled("another blob failed")

    def _copy_one(self, index: int, entry: Entry, buffer: memoryview) -> None:
        position = entry.offset

        def write(data: memoryview) -> None:
            nonlocal position
            self._put(data, position)
            position += len(data)

        self._run.copy(index, entry, buffer, write, self._check)


def _worst(failures: Sequence[BaseException]) -> BaseException:
    """The failure to tell: what went wrong first, rather than that the others then stopped."""
    return next((error for error in failures if not isinstance(error, Cancelled)), failures[0])


def _checksum(run: _Run, fd: int) -> str:
    """SHA-256 of the finished file, in one more pass."""
    run.progress.phase = Phase.CHECKSUM
    digest = hashlib.sha256(usedforsecurity=False)
    buffer = _new_buffer()
    os.lseek(fd, 0, os.SEEK_SET)
    with os.fdopen(os.dup(fd), "rb", buffering=0) as file:
        while got := file.readinto(buffer):
            run.check()
            digest.update(buffer[:got])
            run.progress.checksummed += got
    return digest.hexdigest()


@contextlib.contextmanager
def _target_errors(final: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _target_error(error, final) from error


_TARGET_HINTS = {
    errno.ENOSPC: "The disk is full: free some space, or write to another disk.",
    errno.EDQUOT: "Your quota is used up: free some space, or write to another disk.",
    errno.EFBIG: "The file system holds no file this large: write to another disk.",
    errno.EACCES: "You may not write there: choose another folder, or change its permissions.",
    errno.EPERM: "You may not write there: choose another folder, or change its permissions.",
    errno.EROFS: "That disk is read-only: choose another folder.",
    errno.EPIPE: "The program that reads the archive ended early: look at its own message.",
    errno.ENOENT: "The folder is gone: make it again, or choose another.",
    errno.ENAMETOOLONG: "Choose a shorter file name.",
}


def _target_error(error: OSError, target: str) -> TargetError:
    reason = error.strerror or str(error)
    hint = _TARGET_HINTS.get(error.errno or 0, "Check the disk, or write elsewhere.")
    return TargetError(f"cannot write {target}: {reason}", hint=hint)


class V1Exporter:
    """containerd's V1Exporter (images/oci/exporter.go, 2018), byte for byte, over the same plan and copy."""

    def export(
        self,
        provider: Provider,
        descriptor: Descriptor | Mapping[str, object],
        writer: BinaryIO,
        platform: Platform | str | None = None,
    ) -> ExportReport:
        """Write the image at ``descriptor`` (a Descriptor, or one as parsed JSON) to ``writer`` as a tar.

        ``platform`` (None: the host's) filters every child as the exporter of 2018 did. Its annotations are
        the image's name; the exporter adds none. Raises PlanError before the first byte for everything
        foreseeable, ContentError and TargetError while copying, PlatformError for a platform that is none.
        """
        if isinstance(descriptor, Mapping):
            child = parse_descriptor(dict(descriptor), where="descriptor")
            if not isinstance(child, Descriptor):
                raise child.problem
            descriptor = child
        wanted = parse_v1(platform) if isinstance(platform, str) else platform
        options = ExportOptions(profile="v1", platforms=None if wanted is None else (wanted,))
        return run_export(plan_export(provider, [descriptor], options), provider, writer)
