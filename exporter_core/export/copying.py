"""One run, and the verified copying of one blob."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

from exporter_core.content import Provider, page_buffer
from exporter_core.descriptor import Descriptor
from exporter_core.errors import (
    Cancelled,
    ContentError,
    DigestMismatch,
    SizeMismatch,
    UnreadableBlob,
)
from exporter_core.plan import Entry, ExportPlan
from exporter_core.progress import Progress, State

CHUNK = 1024 * 1024
"""Bytes that a worker reads, hashes and writes at a time, in a buffer it keeps."""
_HEADER_ROOM = 8192  # more than any header block needs
_TURN = 0.1  # seconds to wait for a blob between two looks at the cancel


class Run:
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
                _await(blob, check)
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
            _await(blob, check)
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


def _await(blob: BinaryIO, check: Callable[[], None]) -> None:
    """Wait until a blob that has ``poll`` can be read, with a look at the cancel in each turn."""
    poll: Callable[[float], bool] | None = getattr(blob, "poll", None)
    while poll is not None and not poll(_TURN):
        check()


def _read_into(blob: BinaryIO, room: memoryview, descriptor: Descriptor) -> int:
    try:
        if hasattr(blob, "readinto"):
            return blob.readinto(room) or 0
        data = blob.read(len(room))
    except OSError as error:
        raise UnreadableBlob(str(descriptor.digest), reason=error.strerror or str(error)) from error
    room[: len(data)] = data
    return len(data)


def new_buffer() -> memoryview:
    """Room for the header blocks of a blob and one chunk of it."""
    return page_buffer(_HEADER_ROOM + CHUNK)
