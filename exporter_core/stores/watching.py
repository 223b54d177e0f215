"""Noticing that a store changed by looking at it again and again, for stores that send no word of it."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from exporter_core.errors import StoreError
from exporter_core.stores.bolt import read_meta
from exporter_core.stores.files import open_at_once

TURN = 0.1  # seconds between two looks at a caller's stop


def changes_seen(peek: Callable[[], object], stop: Callable[[], bool], every: float = 1.0) -> Iterator[None]:
    """One None at first and whenever ``peek``, called each ``every`` seconds, gives another value.

    Ends soon after ``stop()`` is true; it is asked ten times a second. ``peek`` must not raise.
    """
    before = peek()
    yield None
    while pause(every, stop):
        now = peek()
        if now != before:
            before = now
            yield None


def pause(seconds: float, stop: Callable[[], bool]) -> bool:
    """Wait for ``seconds``; False as soon as ``stop()`` is true."""
    until = time.monotonic() + seconds
    while not stop():
        left = until - time.monotonic()
        if left <= 0:
            return True
        time.sleep(min(left, TURN))
    return False


def newest_transaction(path: str) -> tuple[int, ...]:
    """Which file is at ``path`` and the newest transaction of the database in it; () where it tells none."""
    with suppress(OSError, StoreError), open(path, "rb", buffering=0, opener=open_at_once) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return ()

        def read_at(at: int, length: int) -> bytes:
            file.seek(at)
            return file.read(length) or b""

        return status.st_dev, status.st_ino, read_meta(read_at, path).txid
    return ()
