"""What flat tables have in common: titled columns, numbers on the right, rows without children."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from gui.models import ALIGNMENT, DISPLAY, NO_PARENT, RIGHT, Index


class Table(QAbstractTableModel):
    """A table with ``titles`` over its columns; those of ``numbers`` stand on the right.

    Its heirs say how many rows there are (``count``) and what is in them (``data``).
    """

    def __init__(
        self, titles: tuple[str, ...], numbers: Collection[int] = (), parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._titles = titles
        self._numbers = frozenset(numbers)

    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def alignment(self, column: int) -> int | None:
        """Where the text of a column stands; None for the usual side."""
        return RIGHT if column in self._numbers else None

    # Qt's side

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else self.count()

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._titles)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._titles):
            return None
        if role == ALIGNMENT:
            return self.alignment(section)
        return self._titles[section] if role == DISPLAY else None
