"""Ctrl+C, SIGTERM and a closed terminal: each means to stop and leave nothing behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def interrupting() -> Iterator[None]:
    """Any of the signals raises KeyboardInterrupt."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    with _handled_by(stop):
        yield


@contextmanager
def cancelling() -> Iterator[threading.Event]:
    """An event that the first of the signals sets; the second raises KeyboardInterrupt."""
    cancel = threading.Event()

    def stop(number: int, frame: object) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    with _handled_by(stop):
        yield cancel


@contextmanager
def _handled_by(handler: Callable[[int, object], None]) -> Iterator[None]:
    """``handler`` for every signal that whoever started us did not have us ignore (nohup, ``&``)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    changed = [number for number in numbers if before[number] is not signal.SIG_IGN]
    for number in changed:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, before[number] or signal.SIG_DFL)
