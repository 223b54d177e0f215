"""Marking in the tree what an export found to be corrupt, until the store is opened again."""

from __future__ import annotations

from PySide6.QtCore import QObject

from gui.models.tree import TreeModel
from gui.session import OpenStore, Session


class Corrupt(QObject):
    """Keeps the tree informed."""

    def __init__(self, session: Session, tree: TreeModel, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._tree = session, tree
        session.blobFailed.connect(self._changed)
        session.changed.connect(self._changed)
        session.selected.connect(self._selected)

    def _changed(self, opened: object) -> None:
        current = self._session.current
        if isinstance(opened, OpenStore) and current is not None and current.opened is opened:
            self._tree.mark(dict(opened.corrupt))

    def _selected(self) -> None:
        current = self._session.current
        self._tree.mark(dict(current.opened.corrupt) if current is not None else {})
