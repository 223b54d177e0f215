"""A layout that goes on in the next line where there is no room."""

from __future__ import annotations

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Left to right, then down; as wide as its widest widget needs to be."""

    def __init__(self, parent: QWidget, margins: QMargins, gaps: QSize) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gaps = gaps
        self.setContentsMargins(margins)

    # Qt's side

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), really=False)

    def setGeometry(self, area: QRect) -> None:
        super().setGeometry(area)
        self._place(area, really=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize() for item in self._items]
        widest = max((size.width() for size in sizes), default=0)
        tallest = max((size.height() for size in sizes), default=0)
        return QSize(widest, tallest).grownBy(self.contentsMargins())

    def _place(self, area: QRect, *, really: bool) -> int:
        """Put the items into ``area``, or only find out; gives the height that they take."""
        inside = area.marginsRemoved(self.contentsMargins())
        x, y, tall = inside.left(), inside.top(), 0
        for item in self._items:
            size = item.sizeHint()
            if x > inside.left() and x + size.width() > inside.right() + 1:
                x, y, tall = inside.left(), y + tall + self._gaps.height(), 0
            if really:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self._gaps.width()
            tall = max(tall, size.height())
        return y + tall - area.top() + self.contentsMargins().bottom()
