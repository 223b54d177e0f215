"""Fills the matrix with the image that is looked at, as long as somebody looks at the matrix."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject

from exporter_core.graph import Matrix, completeness_matrix
from gui.actions import Actions
from gui.jobs import Lookup
from gui.models.failure import failure_of
from gui.session import Chosen, Session
from gui.settings import Settings
from gui.views.matrix import MatrixPane
from gui.views.structure import StructurePane

_REMEMBERED = "window/middle"


class ShowMatrix(QObject):
    """Works it out in the pool when its tab is seen; only the latest answer is shown."""

    def __init__(
        self,
        session: Session,
        structure: StructurePane,
        pane: MatrixPane,
        actions: Actions,
        settings: Settings,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._structure, self._pane = session, structure, pane
        self._settings = settings
        self._path: tuple[int, ...] = ()
        self._known = False  # whether what is shown is of the current image
        self._stop = threading.Event()
        self._lookup = Lookup(session.pool, self, priority=2)
        self._lookup.answered.connect(self._answered)
        self._lookup.failed.connect(self._failed)
        self._lookup.late.connect(self._late)
        session.selected.connect(self._selected)
        session.blobFailed.connect(self._damaged)
        structure.tabs.currentChanged.connect(self._tab_changed)
        actions["showTree"].triggered.connect(self.show_tree)
        actions["showMatrix"].triggered.connect(self.show_matrix)
        pane.treeWanted.connect(self.show_tree)
        if settings.text(_REMEMBERED) == "matrix":
            structure.tabs.setCurrentWidget(pane)
        pane.show_nothing()

    def show_tree(self) -> None:
        """To the tree, which takes the keys."""
        self._structure.tabs.setCurrentWidget(self._structure.pages)
        self._structure.view.setFocus()

    def show_matrix(self) -> None:
        """To the matrix, which takes the keys."""
        self._structure.tabs.setCurrentWidget(self._pane)
        self._pane.view.setFocus()

    def follow(self, path: object) -> None:
        """The node at ``path`` is what is looked at now."""
        assert isinstance(path, tuple)
        self._path = path
        if self._known:
            self._pane.show_place(path)

    @property
    def _seen(self) -> bool:
        return self._structure.tabs.currentWidget() is self._pane

    def _tab_changed(self) -> None:
        self._settings.put(_REMEMBERED, "matrix" if self._seen else "tree")
        if not self._known:
            self._ask()

    def _selected(self, current: object) -> None:
        self._known = False
        self._path = ()
        self._lookup.forget()
        self._stop.set()
        self._pane.clear()
        self._ask()

    def _damaged(self, opened: object) -> None:
        current = self._session.current
        if current is not None and current.opened is opened:
            self._known = False
            self._ask()

    def _ask(self) -> None:
        current = self._session.current
        if not isinstance(current, Chosen) or current.opened.store is None:
            self._pane.show_nothing()
        elif self._seen:
            store, image = current.opened.wary, current.image
            assert store is not None
            self._stop.set()  # a newer question ends the one before
            self._stop = stop = threading.Event()
            closing = self._session.pool.closing
            self._lookup.ask(
                lambda: completeness_matrix(store, image, stop=lambda: stop.is_set() or closing.is_set())
            )

    def _answered(self, key: object, matrix: object) -> None:
        assert isinstance(matrix, Matrix)
        self._known = True
        self._pane.show_matrix(matrix)
        self._pane.show_place(self._path)

    def _failed(self, key: object, error: object) -> None:
        assert isinstance(error, BaseException)
        failure = failure_of(error)
        self._pane.show_error(failure.title, failure.text)

    def _late(self, key: object) -> None:
        self._pane.show_loading()
