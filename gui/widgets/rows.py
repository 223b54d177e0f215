"""Rows of lists and trees."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem


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
