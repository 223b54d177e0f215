"""Writing an archive to a path: a temporary file beside it, parallel copies, flush, rename."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Sequence

from exporter_core.content import Provider
from exporter_core.errors import (
    Cancelled,
    TargetError,
)
from exporter_core.export.copying import Run, new_buffer
from exporter_core.export.refusals import target_error, target_errors
from exporter_core.export.stream import open_special, to_stream
from exporter_core.plan import Entry, ExportPlan
from exporter_core.progress import Phase


def to_path(run: Run, path: str, workers: int | None, overwrite: bool, checksum: bool) -> tuple[str, str]:
    """Write the run's archive to ``path``; (path, its SHA-256 or "").

    Raises TargetError, ContentError, Cancelled; then no file of ours is left and an older one is untouched.
    """
    check_target(path, run.plan.total, run.provider, overwrite=overwrite)
    if _is_special(path):
        with open_special(run, path) as stream:
            return path, to_stream(run, stream, checksum)
    final = os.path.realpath(path)
    fd, temporary = _temporary(final)
    try:
        try:
            _fill(run, fd, _worker_count(workers, run.plan), final)
            run.progress.phase = Phase.FLUSHING
            with target_errors(final):
                os.fsync(fd)
            digest = _checksum(run, fd) if checksum else ""
            run.check()
        finally:
            os.close(fd)
        with target_errors(final):
            _publish(temporary, final, overwrite)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _flush_folder(os.path.dirname(final))
    return path, digest


def check_target(path: str, total: int, provider: Provider, *, overwrite: bool = False) -> None:
    """Raise TargetError for all that can be known, before the first byte, of writing ``total`` bytes to
    ``path``: no such folder, a folder, one that takes no new files, an existing file, a full disk, the store
    itself. Writes nothing.
    """
    if "\0" in path or not path:
        raise TargetError(f"{path!r} is no path", hint="Name a file.")
    if _is_special(path):  # asked of the name as given: /dev/stdout leads to no path when it is a pipe
        return
    final = os.path.realpath(path)
    _check_not_the_store(final, getattr(provider, "location", ""))
    _check_file(final, path, total, overwrite)


def _is_special(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _check_not_the_store(final: str, location: str) -> None:
    """Refuse to write over what is being read: a store is never changed. Raises TargetError."""
    store = os.path.realpath(location) if location else ""
    inside = os.path.relpath(final, store).replace(os.sep, "/") if store and os.path.isdir(store) else ""
    if final == store or inside in ("index.json", "oci-layout") or inside.startswith("blobs/"):
        raise TargetError(f"{final} is part of the store that is read", hint="Write somewhere else.")


def _check_file(final: str, shown: str, total: int, overwrite: bool) -> None:
    folder = os.path.dirname(final)
    if os.path.isdir(final):
        raise TargetError(f"{shown} is a folder", hint="Name a file in it.")
    if not os.path.isdir(folder):
        raise TargetError(f"there is no folder {folder}", hint="Make it first, or write elsewhere.")
    _check_writable(folder, final)
    if _exists(final) and not overwrite:
        raise TargetError(f"{shown} exists already", hint="Choose another name, or overwrite it (--force).")
    free = free_space(folder)
    if free is not None and free < total:
        raise TargetError(
            f"{folder} has {free} bytes free, the archive needs {total}",
            hint="Free some space, or write to another disk.",
        )


def _check_writable(folder: str, final: str) -> None:
    """Raise TargetError where the system says that ``folder`` takes no new file; its word is not the last."""
    effective = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=effective):
        code = errno.EROFS if _read_only(folder) else errno.EACCES
        raise target_error(OSError(code, os.strerror(code)), final)


def _read_only(folder: str) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except (OSError, AttributeError):
        return False


def _exists(path: str) -> bool:
    """Whether something has that name. Raises TargetError for a name that nothing can have."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise target_error(error, path) from error
    return True


def free_space(folder: str) -> int | None:
    """Bytes that may still be written to the disk of ``folder``; None where it cannot be told."""
    try:
        if hasattr(os, "statvfs"):
            status = os.statvfs(folder)
            return status.f_bavail * status.f_frsize
        import shutil  # slow to import

        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _temporary(final: str) -> tuple[int, str]:
    """(descriptor, path) of a fresh file beside ``final``, hidden, with the permissions of any new file."""
    folder, name = os.path.split(final)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    while True:
        path = os.path.join(folder, f".{name[:50]}.{os.urandom(4).hex()}.part")
        try:
            return os.open(path, flags, 0o666), path
        except FileExistsError:
            continue
        except OSError as error:
            raise target_error(error, final) from error


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


def _fill(run: Run, fd: int, workers: int, final: str) -> None:
    """Write every byte of the archive into ``fd``, blobs by ``workers`` threads."""
    put = _writer(fd, final)
    with target_errors(final):
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
            raise target_error(error, final) from error

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

    def __init__(self, run: Run, put: Callable[[memoryview, int], None]) -> None:
        self._run = run
        self._put = put
        self._stop = threading.Event()
        self._failures: list[BaseException] = []
        largest_first = sorted(enumerate(run.plan.blobs), key=lambda item: -item[1].size)
        self._queue = iter(largest_first)
        self._lock = threading.Lock()

    def copy(self, workers: int) -> None:
        """Copy all blobs with ``workers`` threads, this one among them; raise the first failure.

        Whatever happens, no worker is left when it returns: the descriptor they write to will be closed.
        """
        ended: list[threading.Event] = []
        try:
            for i in range(1, workers):
                event = threading.Event()
                threading.Thread(target=self._work, args=(event,), name=f"export-{i}", daemon=True).start()
                ended.append(event)
            self._work(threading.Event())
            for event in ended:
                event.wait()
        except BaseException:
            self._stop.set()
            _wait_for_all(ended)
            raise
        if self._failures:
            raise _worst(self._failures)

    def _work(self, ended: threading.Event) -> None:
        buffer = new_buffer()
        try:
            while (item := self._next()) is not None:
                self._copy_one(item[0], item[1], buffer)
        except BaseException as error:
            self._failures.append(error)
            self._stop.set()
        finally:
            ended.set()

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


def _wait_for_all(ended: Sequence[threading.Event]) -> None:
    """Wait for every worker, however often Ctrl+C is pressed.

    Not with ``Thread.join``: interrupted, it takes a running thread for a stopped one (CPython before 3.13).
    """
    for event in ended:
        while not event.is_set():
            with contextlib.suppress(KeyboardInterrupt):
                event.wait()


def _worst(failures: Sequence[BaseException]) -> BaseException:
    """The failure to tell: what went wrong first, rather than that the others then stopped."""
    return next((error for error in failures if not isinstance(error, Cancelled)), failures[0])


def _checksum(run: Run, fd: int) -> str:
    """SHA-256 of the finished file, in one more pass."""
    run.progress.phase = Phase.CHECKSUM
    digest = hashlib.sha256(usedforsecurity=False)
    buffer = new_buffer()
    os.lseek(fd, 0, os.SEEK_SET)
    with os.fdopen(os.dup(fd), "rb", buffering=0) as file:
        while got := file.readinto(buffer):
            run.check()
            digest.update(buffer[:got])
            run.progress.checksummed += got
    return digest.hexdigest()
