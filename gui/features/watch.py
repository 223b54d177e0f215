"""Stores with containerd's metadata are watched: their changes are shown, and what is selected stays."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Event

from PySide6.QtCore import QObject, QTimer

from exporter_core.metadata import MetadataStore
from gui.jobs import Job, Lookup
from gui.models.opened import Change, OpenStore, namespaces_of, read_again
from gui.session import Session

_POLL_MS = 500
_LEAST_S = 3.0  # between two looks at the same store


@dataclass(slots=True, eq=False)
class _Watcher:
    """``seen`` is counted up by the thread, ``told`` is how much of it was looked at."""

    store: MetadataStore
    job: Job | None = None
    stop: Event = field(default_factory=Event)
    seen: int = 0
    told: int = 0
    looked: float = 0.0

    def run(self) -> None:
        """In a thread of its own, for it waits most of the time."""
        for _ in self.store.changes(self.stop.is_set):
            self.seen += 1


class Watch(QObject):
    """Asks for what is new some seconds after it was told of a change, unless ``held()``, and not of a store
    that is ``busy(store)``; ``stop()`` ends it all.
    """

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.held: Callable[[], bool] = lambda: False
        self.busy: Callable[[OpenStore], bool] = lambda opened: False
        self._watchers: dict[OpenStore, _Watcher] = {}
        self._jobs: set[Job] = set()
        self._lookup = Lookup(session.pool, self, priority=1)
        self._lookup.answered.connect(self._answered)
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._poll)
        session.changed.connect(self._changed)
        session.closed.connect(self._leave)

    def stop(self) -> None:
        """Wait until no thread watches any more."""
        self._timer.stop()
        for opened in list(self._watchers):
            self._leave(opened)
        for job in list(self._jobs):
            job.settle()

    def _changed(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        watcher = self._watchers.get(opened)
        if watcher is not None and watcher.store is opened.store:
            return
        self._leave(opened)
        if isinstance(opened.store, MetadataStore) and opened.store.namespace:
            watcher = self._watchers[opened] = _Watcher(opened.store)
            watcher.job = job = Job(watcher.run)
            self._jobs.add(job)
            job.ended.connect(self._job_ended)
            job.begin()
            self._timer.start()

    def _leave(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        watcher = self._watchers.pop(opened, None)
        if watcher is not None:
            watcher.stop.set()
            self._lookup.forget(opened)
        if not self._watchers:
            self._timer.stop()

    def _job_ended(self) -> None:
        self._jobs = {job for job in self._jobs if not job.isFinished()}

    def _poll(self) -> None:
        for opened, watcher in self._watchers.items():
            under_way = opened.kept is not None and bool(opened.kept.ingests)
            fresh = watcher.seen != watcher.told or under_way
            rested = time.monotonic() - watcher.looked >= _LEAST_S
            if fresh and rested and not self.busy(opened) and not self.held():
                first, watcher.told, watcher.looked = watcher.told == 0, watcher.seen, time.monotonic()
                shown = namespaces_of(self._session.group(opened))
                ask = partial(read_again, watcher.store, opened.catalogue, shown, quietly=first)
                self._lookup.ask(ask, opened)

    def _answered(self, opened: object, change: object) -> None:
        assert isinstance(opened, OpenStore)
        watcher = self._watchers.get(opened)
        if not isinstance(change, Change) or watcher is None or change.of is not opened.catalogue:
            return
        if self.held():
            watcher.told = -1  # the next look shows it
        elif change.regrouped:
            self._session.reload(opened)
        else:
            self._session.renew(opened, change.catalogue)
