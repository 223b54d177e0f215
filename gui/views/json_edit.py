"""The text of a document: coloured where it is seen, foldable, with links and a place. Never changed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlock,
    QTextFormat,
    QTextOption,
)  # fmt: skip
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from gui.models.json_lines import JsonLines
from gui.text import plural, tr
from gui.theme import fixed_font, tokens
from gui.views.json_colours import line_formats, link_spans
from gui.views.json_fold import FoldingEdit
from gui.views.json_gutter import Gutter

_READ = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
_FULL_WIDTH = int(QTextFormat.Property.FullWidthSelection.value)
_REPAINTS = (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)
_NEAR = 12  # points beside a letter that still count as on it


class JsonEdit(FoldingEdit):
    """``linkFollowed(digest)``, ``placeChanged(line)``, ``findWanted``, ``menuWanted(position, line)``."""

    linkFollowed = Signal(str)
    placeChanged = Signal(int)
    findWanted = Signal()
    menuWanted = Signal(QPoint, int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        self._coloured: set[int] = set()  # blocks, by number
        super().__init__(parent)
        self._words = ""
        self._pressed = QPoint()
        self.setObjectName(name)
        self.setAccessibleName(tr("Document"))
        self.setReadOnly(True)
        self.setTextInteractionFlags(_READ)
        self.setFont(fixed_font(0.95))
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUndoRedoEnabled(False)
        self.setAcceptDrops(False)
        self.setTabChangesFocus(True)
        self.viewport().setMouseTracking(True)
        self.gutter = Gutter(self)
        self.updateRequest.connect(self._scrolled)
        self.cursorPositionChanged.connect(self._place_changed)
        self.refolded.connect(self._refolded)

    def show_lines(self, lines: JsonLines) -> None:
        """Show a document from its start."""
        self._words = ""
        super().show_lines(lines)
        self.gutter.setVisible(bool(lines.parents))
        self.setViewportMargins(self.gutter.wanted_width() if lines.parents else 6, 0, 0, 0)
        self._place_gutter()

    def _refolded(self) -> None:
        self._coloured = set()
        self.viewport().update()
        self.gutter.update()
        self._place_changed()

    # Colours

    def mark(self, words: str) -> None:
        """Put a ground behind every ``words``; what is selected stands out from them."""
        self._words = words
        self.setProperty("finding", bool(words))
        self.style().unpolish(self)
        self.style().polish(self)
        self._coloured = set()
        self._place_changed()
        self.viewport().update()

    def visible_blocks(self) -> list[tuple[QTextBlock, float, float]]:
        """The blocks that are seen, wholly or in part, each with its top and bottom in the viewport."""
        blocks = []
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= self.viewport().height():
            bottom = top + self.blockBoundingRect(block).height()
            blocks.append((block, top, bottom))
            block, top = block.next(), bottom
        return blocks

    def _colour(self) -> None:
        """Colour the seen blocks that have no colours yet."""
        blocks = [block for block, _, _ in self.visible_blocks()]
        fresh = [block for block in blocks if block.blockNumber() not in self._coloured]
        for block in fresh:
            self._coloured.add(block.blockNumber())
            text, line = block.text(), self.line_of(block)
            leads = line >= 0 and bool(link_spans(text)) and bool(self.lines.digest(line))
            found = self.lines.found(line, self._words) if self._words and line >= 0 else ()
            block.layout().setFormats(line_formats(text, links=leads, found=found))
        if fresh:
            start, end = fresh[0].position(), fresh[-1].position() + fresh[-1].length()
            self.document().markContentsDirty(start, end - start)

    def _scrolled(self, area: QRect, dy: int) -> None:
        if dy:
            self.gutter.scroll(0, dy)
        else:
            self.gutter.update(0, area.y(), self.gutter.width(), area.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        self._colour()
        super().paintEvent(event)
        if self.folded:
            self._paint_folds()

    def _paint_folds(self) -> None:
        """``… 4 values`` behind each folded bracket."""
        painter = QPainter(self.viewport())
        painter.setFont(self.font())
        painter.setPen(tokens().colour("muted"))
        metrics = QFontMetricsF(self.font())
        for block, _, bottom in self.visible_blocks():
            line = self.line_of(block)
            count = block.layout().lineCount()
            if line in self.folded and count:
                words = plural(self.lines.children(line), "… {n} value", "… {n} values")
                end = block.layout().lineAt(count - 1).naturalTextWidth() + self.contentOffset().x()
                left = end + self.document().documentMargin() + metrics.averageCharWidth()
                painter.drawText(int(left), int(bottom - metrics.descent()), words)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in _REPAINTS:
            self._coloured = set()

    # The place

    def _place_changed(self) -> None:
        here = QTextEdit.ExtraSelection()
        cursor = self.textCursor()
        cursor.clearSelection()
        here.cursor = cursor
        here.format.setBackground(tokens().colour("hover"))
        here.format.setProperty(_FULL_WIDTH, True)
        self.setExtraSelections([here] * self.hasFocus())
        self.placeChanged.emit(self.line)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._place_changed()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._place_changed()

    # Links

    def link_at(self, position: QPoint) -> str:
        """The digest that the link under this place of the viewport leads to, or ""."""
        cursor = self.cursorForPosition(position)
        column, spans = cursor.positionInBlock(), link_spans(cursor.block().text())
        near = self.cursorRect(cursor).adjusted(-_NEAR, 0, _NEAR, 0).contains(position)
        line = self.line_of(cursor.block())
        on = near and line >= 0 and any(start <= column <= end for start, end in spans)
        return self.lines.digest(line) if on else ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        place = event.position().toPoint()
        still = (place - self._pressed).manhattanLength() < 5 and not self.textCursor().hasSelection()
        if event.button() == Qt.MouseButton.LeftButton and still and (digest := self.link_at(place)):
            self.linkFollowed.emit(digest)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        digest = "" if event.buttons() else self.link_at(event.position().toPoint())
        shape = Qt.CursorShape.PointingHandCursor if digest else Qt.CursorShape.IBeamCursor
        self.viewport().setCursor(shape)
        self.viewport().setToolTip(tr("Go to {digest}", digest=digest) if digest else "")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        line = self.line_of(self.cursorForPosition(event.pos()).block())
        self.menuWanted.emit(event.globalPos(), line)

    # Keys

    def event(self, event: QEvent) -> bool:
        """Ctrl+F is for this document while it has the keys, not for the list of images."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _finds(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter follows a link; minus folds, plus unfolds; Ctrl+F finds."""
        line, keys = self.line, Qt.Key
        digest = self.lines.digest(line) if line >= 0 else ""
        if _finds(event):
            self.findWanted.emit()
        elif event.key() in (keys.Key_Return, keys.Key_Enter) and digest:
            self.linkFollowed.emit(digest)
        elif event.key() == keys.Key_Minus and line >= 0:
            here = self.can_fold(line) and line not in self.folded
            self.fold(line if here else next(iter(self.lines.around(line)), line))
        elif event.key() in (keys.Key_Plus, keys.Key_Equal):
            self.unfold(line)
        else:
            super().keyPressEvent(event)

    # Copying

    @property
    def chosen(self) -> str:
        """The exact text that is selected: what is folded away in it too, and no breaks of long lines."""
        cursor, document = self.textCursor(), self.document()
        first, last = document.findBlock(cursor.selectionStart()), document.findBlock(cursor.selectionEnd())
        start, end = self.line_of(first), self.line_of(last)
        texts = self.lines.texts[start : end + 1]
        if texts:
            texts[-1] = texts[-1][: cursor.selectionEnd() - last.position()]
            texts[0] = texts[0][cursor.selectionStart() - first.position() :]
        return self.lines.join(range(start, start + len(texts)), texts)

    def createMimeDataFromSelection(self) -> QMimeData:
        data = QMimeData()
        data.setText(self.chosen)
        return data

    # The gutter

    def _place_gutter(self) -> None:
        area = self.contentsRect()
        self.gutter.setGeometry(area.left(), area.top(), self.gutter.wanted_width(), area.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_gutter()


def _finds(event: QKeyEvent) -> bool:
    return event.matches(QKeySequence.StandardKey.Find)
