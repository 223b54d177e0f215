"""The strip beside a document with a mark where something folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gui.text import tr
from gui.theme import icon, tokens

if TYPE_CHECKING:
    from gui.views.json_edit import JsonEdit

_MARK, _MARGIN = 14, 4


class Gutter(QWidget):
    """Belongs to a JsonEdit; a click on a mark folds or unfolds. By keyboard the text itself does it."""

    def __init__(self, edit: JsonEdit) -> None:
        super().__init__(edit)
        self._edit = edit
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(tr("Fold or unfold (− and + by keyboard)"))

    def wanted_width(self) -> int:
        """Points that it takes."""
        return _MARK + 2 * _MARGIN

    def paintEvent(self, event: QPaintEvent) -> None:
        edit = self._edit
        painter = QPainter(self)
        painter.fillRect(event.rect(), tokens().colour("base"))
        height = edit.fontMetrics().height()
        for block, top, _ in edit.visible_blocks():
            line = edit.line_of(block)
            if edit.can_fold(line):
                name = "chevron-right" if line in edit.folded else "chevron-down"
                place = QRect(_MARGIN, round(top) + (height - _MARK) // 2, _MARK, _MARK)
                icon(name, "muted").paint(painter, place)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        y = event.position().y()
        lines = (
            self._edit.line_of(block) for block, top, end in self._edit.visible_blocks() if top <= y < end
        )
        line = next(lines, -1)
        if self._edit.can_fold(line):
            self._edit.toggle(line)
