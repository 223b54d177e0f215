"""The ways off the GUI thread and back: Job, Lookup, Stream. What they run is the core's and knows no Qt.

A Job is one core function in a thread of its own (an export). A Lookup asks small questions in a bounded
pool and drops stale answers. A Stream lets a generator run in the pool and polls what it has yielded. All
of them catch everything, and speak only in the GUI thread.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from weakref import ref

from PySide6.QtCore import QObject, Qt, QThread, QThreadPool, QTimer, Signal
from shiboken6 import isValid

from gui.garbage import Collector

LATE_MS = 200
"""After so long an unanswered question shows as "loading"."""
_POLL_MS = 40

_alive: set[Job] = set()
"""Jobs whose thread may still run; a QThread that is freed while it runs aborts the process."""


class Job(QThread):
    """One call of ``work`` in a thread of its own; ``ended`` comes in the GUI thread when it is over.

    Then ``result`` holds what it returned, or ``error`` what it raised.
    """

    ended = Signal()

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__()
        self._work = work
        self.result: object = None
        self.error: BaseException | None = None
        self.finished.connect(self._finished)

    def begin(self) -> None:
        """Start; connect to ``ended`` before."""
        _alive.add(self)
        self.start()

    def settle(self) -> None:
        """Wait until the thread is gone."""
        self.wait()
        _alive.discard(self)

    def run(self) -> None:
        """In the thread."""
        try:
            self.result = self._work()
        except BaseException as error:
            self.error = error

    def _finished(self) -> None:
        self.settle()
        self.ended.emit()


def running_jobs() -> int:
    """How many jobs have a thread that may still run."""
    return len(_alive)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question came to; ``asker`` may be gone by now."""

    asker: ref[Lookup]
    key: Hashable
    generation: int
    value: object = None
    error: BaseException | None = None


class Pool(QObject):
    """A bounded set of threads for small questions, shared by the whole window; it outlives its tasks.

    Answers go through it, so that no thread ever holds a QObject that may be freed meanwhile.
    """

    _arrived = Signal(object)

    def __init__(self, threads: int = 4) -> None:
        super().__init__()
        self._arrived.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)
        self._threads = QThreadPool(self)
        self._threads.setMaxThreadCount(threads)
        self.closing = threading.Event()
        self._collector = Collector(self)

    def start(self, task: Callable[[], None], priority: int = 0) -> None:
        """Run ``task``, which must catch its own errors; nothing starts any more once closed."""
        if not self.closing.is_set():
            self._threads.start(task, priority)

    def bring(self, answer: Answer) -> None:
        """From any thread: hand the answer to whoever asked, in the GUI thread."""
        self._arrived.emit(answer)

    def _hand_over(self, answer: Answer) -> None:
        asker = answer.asker()
        if asker is not None and isValid(asker):
            asker.take(answer)

    def close(self) -> None:
        """Tell all to stop, forget what waits, and wait for what runs."""
        self.closing.set()
        self._threads.clear()
        self._threads.waitForDone()
        self._collector.stop()


class Lookup(QObject):
    """Questions asked in the pool: ``answered(key, value)``, ``failed(key, error)``, ``late(key)``.

    A newer question with the same key makes the older one's answer stale: it is dropped.
    """

    answered = Signal(object, object)
    failed = Signal(object, object)
    late = Signal(object)

    def __init__(self, pool: Pool, parent: QObject | None = None, *, priority: int = 1) -> None:
        super().__init__(parent)
        self._pool = pool
        self._priority = priority
        self._generations: Counter[Hashable] = Counter()
        self._pending: dict[Hashable, float] = {}
        self._clock = QTimer(self, interval=LATE_MS // 4)
        self._clock.timeout.connect(self._look_at_the_clock)

    def ask(self, function: Callable[[], object], key: Hashable = None) -> None:
        """Call ``function`` in the pool; its answer comes with ``key``."""
        self._generations[key] += 1
        self._pending[key] = time.monotonic()
        self._clock.start()
        blank = Answer(ref(self), key, self._generations[key])
        self._pool.start(partial(_answer, self._pool, function, blank), self._priority)

    def forget(self, key: Hashable = None) -> None:
        """Drop the answer that ``key`` still waits for."""
        self._generations[key] += 1
        self._pending.pop(key, None)

    def forget_all(self) -> None:
        """Drop every answer that is still to come."""
        for key in list(self._pending):
            self.forget(key)

    @property
    def busy(self) -> bool:
        """Whether any question is open."""
        return bool(self._pending)

    def take(self, answer: Answer) -> None:
        """From the pool, in the GUI thread: pass an answer on unless it is stale."""
        if answer.generation != self._generations[answer.key]:
            return
        self._pending.pop(answer.key, None)
        if answer.error is not None:
            self.failed.emit(answer.key, answer.error)
        else:
            self.answered.emit(answer.key, answer.value)

    def _look_at_the_clock(self) -> None:
        if not self._pending:
            self._clock.stop()
            return
        now = time.monotonic()
        for key, since in list(self._pending.items()):
            if now - since >= LATE_MS / 1000:
                self._pending[key] = float("inf")
                self.late.emit(key)


def _answer(pool: Pool, function: Callable[[], object], blank: Answer) -> None:
    """In the pool."""
    try:
        pool.bring(replace(blank, value=function()))
    except BaseException as error:
        pool.bring(replace(blank, error=error))


@dataclass(slots=True, eq=False)
class _Flow:
    """What a generator has yielded so far; the pool writes, the GUI thread reads."""

    stop: threading.Event = field(default_factory=threading.Event)
    values: list[object] = field(default_factory=list)
    ended: bool = False
    taken: int = 0


class Stream(QObject):
    """A generator that runs in the pool; ``arrived(list)`` brings what is new, ``ended`` comes last."""

    arrived = Signal(object)
    ended = Signal()

    def __init__(self, pool: Pool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = pool
        self._flow: _Flow | None = None
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._poll)

    def start(self, make: Callable[[Callable[[], bool]], Iterator[object]]) -> None:
        """Run the generator of ``make(stop)``; ``stop()`` tells it to end. An older one is stopped."""
        self.stop()
        self._flow = flow = _Flow()
        self._timer.start()
        self._pool.start(partial(_pump, flow, make, self._pool.closing))

    def stop(self) -> None:
        """Stop it; nothing more arrives."""
        self._timer.stop()
        if self._flow:
            self._flow.stop.set()
            self._flow = None

    def _poll(self) -> None:
        flow = self._flow
        if flow is None:
            return
        ended = flow.ended  # before the values, or the last could be missed
        fresh = flow.values[flow.taken :]
        flow.taken += len(fresh)
        if fresh:
            self.arrived.emit(fresh)
        if ended and flow is self._flow:
            self.stop()
            self.ended.emit()


def _pump(
    flow: _Flow, make: Callable[[Callable[[], bool]], Iterator[object]], closing: threading.Event
) -> None:
    def stop() -> bool:
        return flow.stop.is_set() or closing.is_set()

    try:
        for value in make(stop):
            flow.values.append(value)
            if stop():
                break
    finally:
        flow.ended = True
