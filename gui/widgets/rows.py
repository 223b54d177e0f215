"""Rows of lists and trees."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
)  # fmt: skip


class RowDelegate(QStyledItemDelegate):
    """Rows with room to breathe."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), option.fontMetrics.height() + 11)


class NamesDelegate(RowDelegate):
    """Rows whose names are shortened in the middle, for their ends tell them apart; sentences are not."""

    def __init__(self, sentences: int, parent: QObject | None = None) -> None:
        """``sentences`` is the column of these."""
        super().__init__(parent)
        self._sentences = sentences

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        mode = Qt.TextElideMode
        option.textElideMode = mode.ElideRight if index.column() == self._sentences else mode.ElideMiddle


class RowView(QTreeView):
    """Rows of one height of which one is chosen, under a header that keeps its order; ``entered_(index)`` at
    Enter.
    """

    entered_ = Signal(QModelIndex)

    def __init__(
        self,
        model: QAbstractItemModel,
        name: str,
        words: str,
        *,
        flat: bool = True,
        widths: Mapping[int, int] | None = None,
        stretched: Collection[int] = (),
    ) -> None:
        """``name`` is its objectName, ``words`` say what it is to who cannot see it; ``flat`` rows have no
        children. ``widths`` of columns are in pixels, those ``stretched`` share the room that is left.
        """
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(words)
        self.setModel(model)
        self.setItemDelegate(RowDelegate(self))
        self.setRootIsDecorated(not flat)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(False)
        self.setIconSize(QSize(16, 16))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = self.header()
        header.setSectionsMovable(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setStretchLastSection(not stretched)
        for column, width in (widths or {}).items():
            self.setColumnWidth(column, width)
        for column in stretched:
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered_.emit(self.currentIndex())
        super().keyPressEvent(event)
