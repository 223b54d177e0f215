"""One question about a store that is asked once for each reading of it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from gui.jobs import Lookup
from gui.session import OpenStore, Session


class PerReading(QObject):
    """``answered(store, value)`` or ``failed(store, error)``, unless the store was read again or closed
    before: then what is under way is told to stop.
    """

    answered = Signal(object, object)
    failed = Signal(object, object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._closing = session.pool.closing
        self._asked: WeakKeyDictionary[OpenStore, tuple[object, Event]] = WeakKeyDictionary()
        self._lookup = Lookup(session.pool, self, priority=0)
        self._waiting: set[OpenStore] = set()
        for ended, signal in ((self._lookup.answered, self.answered), (self._lookup.failed, self.failed)):
            ended.connect(self._ended)
            ended.connect(signal)
        session.changed.connect(self._changed)
        session.closed.connect(self._forget)

    def asked(self, opened: OpenStore) -> bool:
        """Whether this reading of it was asked about."""
        known = self._asked.get(opened)
        return known is not None and known[0] is opened.catalogue

    def busy(self, opened: OpenStore) -> bool:
        """Whether its answer is still to come."""
        return opened in self._waiting

    def ask(self, opened: OpenStore, work: Callable[[Callable[[], bool]], object]) -> None:
        """In the pool, call ``work(stop)``; a question about an older reading is forgotten."""
        self._forget(opened)
        ended, closing = Event(), self._closing
        self._asked[opened] = (opened.catalogue, ended)
        self._waiting.add(opened)
        self._lookup.ask(lambda: work(lambda: ended.is_set() or closing.is_set()), opened)

    def _changed(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        if not self.asked(opened):
            self._forget(opened)

    def _ended(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        self._waiting.discard(opened)

    def _forget(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        self._waiting.discard(opened)
        asked = self._asked.pop(opened, None)
        if asked is not None:
            asked[1].set()
            self._lookup.forget(opened)
