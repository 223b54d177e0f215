"""What keeps the blobs of a namespace: read once for each reading of a store, shown below who uses a blob."""

from __future__ import annotations

from functools import partial
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from exporter_core.metadata import MetadataStore
from gui.features.reading import PerReading
from gui.models.failure import failure_of
from gui.models.kept import Kept, read_kept
from gui.session import OpenStore, Session
from gui.views.inspector import USED_BY, Inspector


class ShowKept(QObject):
    """``known(store)`` when its ``kept`` is there."""

    known = Signal(object)

    def __init__(self, session: Session, inspector: Inspector, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._inspector, self._pane = session, inspector, inspector.used_by.kept
        self._digest = ""
        self._wrong: WeakKeyDictionary[OpenStore, BaseException] = WeakKeyDictionary()
        self._question = PerReading(session, self)
        self._question.answered.connect(self._answered)
        self._question.failed.connect(self._failed)
        inspector.currentChanged.connect(self.look)
        session.changed.connect(self._changed)
        session.renewed.connect(self._ask)

    def show(self, digest: str) -> None:
        """The node with ``digest`` is looked at."""
        self._digest = digest

    def look(self) -> None:
        """Answer now if somebody looks."""
        current, pane = self._session.current, self._pane
        store = current.opened.store if current is not None else None
        pane.setVisible(isinstance(store, MetadataStore) and bool(store.namespace))
        if self._inspector.currentIndex() != USED_BY or current is None or not self._digest:
            return
        if isinstance(store, MetadataStore):
            self._tell(current.opened, store.namespace)

    def _tell(self, opened: OpenStore, namespace: str) -> None:
        wrong = self._wrong.get(opened)
        if opened.kept is not None:
            index = opened.kept.index
            reasons = index.why(self._digest)
            if reasons or self._digest in index.blobs:
                self._pane.show_reasons(reasons, namespace)
            else:
                self._pane.show_unknown(namespace)
        elif wrong is not None:
            failure = failure_of(wrong)
            self._pane.show_placeholder("circle-x", failure.title, failure.text, "bad")
        else:
            self._pane.show_reading(namespace)

    def busy(self, opened: OpenStore) -> bool:
        """Whether it is being read."""
        return self._question.busy(opened)

    def _changed(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        if not self._question.asked(opened):
            self._ask(opened)

    def _ask(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        store = opened.store
        if isinstance(store, MetadataStore) and store.namespace:
            self._wrong.pop(opened, None)
            self._question.ask(opened, partial(read_kept, store))

    def _answered(self, opened: object, kept: object) -> None:
        assert isinstance(opened, OpenStore) and isinstance(kept, Kept)
        opened.kept = kept
        self.known.emit(opened)
        self.look()

    def _failed(self, opened: object, error: object) -> None:
        assert isinstance(opened, OpenStore) and isinstance(error, BaseException)
        self._wrong[opened] = error
        self.look()
