"""Marking in the tree what was found to be corrupt, until the store is opened again."""

from __future__ import annotations

from PySide6.QtCore import QObject

from gui.models.tree import TreeModel
from gui.session import OpenStore, Session


class Corrupt(QObject):
    """Marks what the tree shows already; what is loaded later comes from a store that knows."""

    def __init__(self, session: Session, tree: TreeModel, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._tree = session, tree
        session.blobFailed.connect(self._failed)

    def _failed(self, opened: object) -> None:
        current = self._session.current
        if isinstance(opened, OpenStore) and current is not None and current.opened is opened:
            self._tree.mark(opened.corrupt)
