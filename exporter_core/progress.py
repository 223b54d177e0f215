"""Progress: what a run has done so far, written by its workers and read by anyone at any time.

One writer for each counter, readers anywhere: plain ints and states per entry, and an append-only
journal of transitions. Readers keep their own position in the journal, so that nothing is lost
between two looks (see :meth:`Progress.since`). There are no signals here and no locks: assignments
and appends are atomic in CPython, and a reader that comes a moment early sees the value before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """Of one blob, or of the whole run."""

    WAITING = "waiting"
    COPYING = "copying"
    VERIFIED = "verified"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Phase(Enum):
    """Of the whole run."""

    WAITING = "waiting"
    COPYING = "copying"
    FLUSHING = "flushing"
    CHECKSUM = "checksum"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Transition:
    """Blob ``index`` of the plan entered ``state`` at ``at`` (seconds, monotonic clock)."""

    index: int
    state: State
    at: float
    reason: str = ""


class Progress:
    """Counters of one run over ``sizes``, the byte counts of its blobs in the plan's order.

    ``done[i]`` are the bytes of blob i copied, ``states[i]`` its state, ``phase`` the run's;
    ``checksummed`` the bytes of the finished archive read once more for its digest.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes: tuple[int, ...] = tuple(sizes)
        self.total: int = sum(self.sizes)
        self.done: list[int] = [0] * len(self.sizes)
        self.states: list[State] = [State.WAITING] * len(self.sizes)
        self.journal: list[Transition] = []
        self.phase = Phase.WAITING
        self.started = 0.0
        self.ended = 0.0
        self.checksummed = 0

    @property
    def bytes_done(self) -> int:
        """Bytes of blobs copied so far, in all."""
        return sum(self.done)

    @property
    def fraction(self) -> float:
        """0.0 to 1.0; 1.0 for a run of no bytes at all."""
        return self.bytes_done / self.total if self.total else 1.0

    @property
    def seconds(self) -> float:
        """Seconds since the start, or the whole time of a run that ended."""
        if not self.started:
            return 0.0
        return (self.ended or time.monotonic()) - self.started

    def since(self, cursor: int) -> tuple[Sequence[Transition], int]:
        """The transitions after ``cursor`` (0 at first) and the cursor for the next call."""
        end = len(self.journal)
        return self.journal[cursor:end], end

    def start(self) -> None:
        """Begin: the clock runs from here."""
        self.started = time.monotonic()
        self.phase = Phase.COPYING

    def enter(self, index: int, state: State, reason: str = "") -> None:
        """Blob ``index`` is now ``state``; written by the worker that has it."""
        self.states[index] = state
        self.journal.append(Transition(index, state, time.monotonic(), reason))

    def end(self, phase: Phase) -> None:
        """The run is over, in ``phase``; the clock stops."""
        self.ended = time.monotonic()
        self.phase = phase


_turns = threading.local()
_STEPS = 50


def breathe(steps: int = 1) -> None:
    """Give other threads a turn after every 50 ``steps`` of a thread other than the main one.

    For long loops of pure Python: they hold the interpreter for milliseconds at a time, and a window beside
    them would stutter.
    """
    _turns.left = getattr(_turns, "left", _STEPS) - steps
    if _turns.left > 0:
        return
    _turns.left = _STEPS
    if threading.current_thread() is not threading.main_thread():
        time.sleep(0.0005)
