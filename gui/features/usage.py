"""The Used by tab: an index of who refers to what, made once for each reading of a store."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, QTimer, Signal

from exporter_core.usage import UsageIndex, Use, build_usage
from gui.jobs import LATE_MS, Lookup
from gui.models.catalogue import Catalogue
from gui.models.failure import failure_of
from gui.session import OpenStore, Session
from gui.views.inspector import USED_BY, Inspector

_POLL_MS = 50


@dataclass(slots=True)
class _Count:
    """How many images have been read; the pool writes, the window polls."""

    done: int = 0
    stop: bool = False

    def tell(self, done: int) -> None:
        """In the pool: so many have been read."""
        self.done = done


class ShowUsage(QObject):
    """Shows who refers to the digest that is looked at; ``placeWanted(store, row, path)`` goes there."""

    placeWanted = Signal(object, int, object)

    def __init__(self, session: Session, inspector: Inspector, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._inspector = session, inspector
        self._digest = ""
        self._path: tuple[int, ...] = ()
        self._indexes: WeakKeyDictionary[OpenStore, tuple[Catalogue, UsageIndex]] = WeakKeyDictionary()
        self._counts: dict[OpenStore, _Count] = {}
        self._lookup = Lookup(session.pool, self, priority=0)
        self._lookup.answered.connect(self._answered)
        self._lookup.failed.connect(self._failed)
        self._lookup.late.connect(self._poll)
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._poll)
        inspector.currentChanged.connect(self.look)
        inspector.used_by.useWanted.connect(self._wanted)
        session.changed.connect(self._store_changed)
        session.closed.connect(self._store_changed)

    def show(self, digest: str, path: tuple[int, ...]) -> bool:
        """The node with ``digest`` at ``path`` is looked at; gives whether the tab applies to it."""
        self._digest, self._path = digest, path
        return bool(digest)

    def look(self) -> None:
        """Answer now if somebody looks."""
        current = self._session.current
        if self._inspector.currentIndex() != USED_BY or current is None or not self._digest:
            return
        opened = current.opened
        known = self._indexes.get(opened)
        if known is not None and known[0] is opened.catalogue:
            uses = known[1].of(self._digest)
            here = (current.image, self._path)
            self._inspector.used_by.show_uses(self._digest, uses, known[1].images, here)
        elif opened.store is not None:
            self._build(opened)

    def show_digest(self, digest: str) -> None:
        """Who refers to a digest that the image itself does not have."""
        self._digest, self._path = digest, ()
        self._inspector.want(USED_BY)
        self.look()

    # The index

    def _build(self, opened: OpenStore) -> None:
        if opened not in self._counts:
            self._counts[opened] = count = _Count()
            closing = self._session.pool.closing
            stop = lambda: count.stop or closing.is_set()  # noqa: E731
            assert opened.store is not None
            ask = partial(build_usage, opened.store, opened.images, on_image=count.tell, stop=stop)
            catalogue = opened.catalogue
            self._lookup.ask(lambda: (catalogue, ask()), opened)
            QTimer.singleShot(LATE_MS, self, self._poll)

    def _poll(self) -> None:
        """Say how far it is, as long as somebody waits for it."""
        current = self._session.current
        count = self._counts.get(current.opened) if current is not None else None
        if current is None or count is None or self._inspector.currentIndex() != USED_BY:
            self._timer.stop()
            return
        self._inspector.used_by.show_reading(count.done, len(current.opened.images))
        self._timer.start()

    def _answered(self, opened: object, answer: object) -> None:
        assert isinstance(opened, OpenStore) and isinstance(answer, tuple)
        self._counts.pop(opened, None)
        self._indexes[opened] = answer
        self._timer.stop()
        self.look()

    def _failed(self, opened: object, error: object) -> None:
        assert isinstance(opened, OpenStore) and isinstance(error, BaseException)
        self._counts.pop(opened, None)
        self._timer.stop()
        failure = failure_of(error)
        self._inspector.used_by.show_placeholder("circle-x", failure.title, failure.text, "bad")

    def _store_changed(self, opened: object) -> None:
        """What was known of it, or is being made, is of an older reading."""
        assert isinstance(opened, OpenStore)
        known = self._indexes.get(opened)
        if known is not None and known[0] is not opened.catalogue:
            del self._indexes[opened]
        count = self._counts.pop(opened, None)
        if count is not None:
            count.stop = True
            self._lookup.forget(opened)

    def _wanted(self, use: object) -> None:
        assert isinstance(use, Use)
        current = self._session.current
        if current is not None:
            images = current.opened.images
            row = next((row for row, image in enumerate(images) if image is use.image), None)
            if row is not None:
                self.placeWanted.emit(current.opened, row, use.path)
