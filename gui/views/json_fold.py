"""A document in a text widget: put in by slices, folded by taking lines out. ``rows`` maps blocks to lines.

Lines that are folded away are not in the widget at all: hidden blocks would be laid out again at each paint.
"""

from __future__ import annotations

from bisect import bisect_left

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QTextBlock, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from gui.models.json_lines import JsonLines

_FIRST, _SLICE = 300, 1200  # lines that are put in at once, then at a time
_END, _KEEP = QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor


class FoldingEdit(QPlainTextEdit):
    """Shows JsonLines; ``refolded`` when other lines are shown than before."""

    refolded = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = JsonLines()
        self.rows: list[int] = []
        self.folded: set[int] = set()
        self._waiting: list[int] = []  # lines that are still to be put in
        self._slicer = QTimer(self, interval=0)
        self._slicer.timeout.connect(self._put_slice)

    def show_lines(self, lines: JsonLines) -> None:
        """Show a document from its start."""
        self.lines, self.folded = lines, set()
        self._put(list(range(len(lines.texts))))

    def complete(self) -> None:
        """Put in all that is still to come."""
        while self._waiting:
            self._put_slice()

    def _put(self, rows: list[int]) -> None:
        """Show these lines, the first of them at once."""
        self._slicer.stop()
        self.rows, self._waiting = rows[:_FIRST], rows[_FIRST:]
        self.setPlainText("\n".join(self.lines.texts[row] for row in self.rows))
        if self._waiting:
            self._slicer.start()
        self.refolded.emit()

    def _put_slice(self) -> None:
        fresh, self._waiting = self._waiting[:_SLICE], self._waiting[_SLICE:]
        if fresh:
            self._insert(len(self.rows), fresh)
        if not self._waiting:
            self._slicer.stop()

    def _insert(self, at: int, rows: list[int]) -> None:
        """Show ``rows`` from the block ``at`` (> 0) on."""
        cursor = QTextCursor(self.document().findBlockByNumber(at - 1))
        cursor.movePosition(_END)
        cursor.insertText("\n" + "\n".join(self.lines.texts[row] for row in rows))
        self.rows[at:at] = rows

    def _remove(self, first: int, last: int) -> None:
        """Take the blocks ``first`` (> 0) to ``last`` away."""
        end = self.document().findBlockByNumber(last)
        cursor = QTextCursor(self.document().findBlockByNumber(first - 1))
        cursor.movePosition(_END)
        cursor.setPosition(end.position() + end.length() - 1, _KEEP)
        cursor.removeSelectedText()
        del self.rows[first : last + 1]

    # Lines and blocks

    def line_of(self, block: QTextBlock) -> int:
        """The line of the document that the block shows; -1 for none."""
        number = block.blockNumber()
        return self.rows[number] if 0 <= number < len(self.rows) else -1

    def block_of(self, line: int) -> QTextBlock:
        """The block that shows the line; an invalid one where it is folded away."""
        at = bisect_left(self.rows, line)
        shown = at < len(self.rows) and self.rows[at] == line
        return self.document().findBlockByNumber(at) if shown else QTextBlock()

    @property
    def line(self) -> int:
        """The line of the cursor; -1 where there is no text."""
        return self.line_of(self.textCursor().block())

    def go_to(self, line: int, start: int = 0, length: int = 0) -> None:
        """Unfold what hides the line, select ``length`` characters of it (of a long one also in the pieces
        that follow), and bring it into view.
        """
        self.complete()
        for around in reversed(self.lines.around(line)):
            self.unfold(around)
        block = self.block_of(line)
        if block.isValid():
            cursor = QTextCursor(block)
            cursor.setPosition(block.position() + start)
            cursor.setPosition(self._end_of(line, start + length), _KEEP)
            self.setTextCursor(cursor)
            self.centerCursor()

    def _end_of(self, line: int, column: int) -> int:
        """The document's position of the column, which may lie in a piece that follows."""
        while column > len(self.lines.texts[line]) and line + 1 in self.lines.soft:
            column -= len(self.lines.texts[line])
            line += 1
        return self.block_of(line).position() + column

    # Folding

    def can_fold(self, line: int) -> bool:
        """Whether a bracket opens in this line."""
        return line in self.lines.ends

    def toggle(self, line: int) -> None:
        """Fold or unfold what opens in this line."""
        (self.unfold if line in self.folded else self.fold)(line)

    def fold(self, line: int) -> None:
        """Hide what is inside the bracket that opens in this line."""
        if not self.can_fold(line) or line in self.folded:
            return
        self.complete()
        first, last = bisect_left(self.rows, line) + 1, bisect_left(self.rows, self.lines.ends[line]) - 1
        if last < first:
            return
        inside = line < self.line < self.lines.ends[line]
        self.folded.add(line)
        self._remove(first, last)
        if inside:
            self.setTextCursor(QTextCursor(self.block_of(line)))
        self.refolded.emit()

    def unfold(self, line: int) -> None:
        """Show what is inside again; what is folded further in stays so."""
        if line in self.folded:
            self.folded.discard(line)
            self._insert(bisect_left(self.rows, line) + 1, self._inside(line))
            self.refolded.emit()

    def fold_all(self) -> None:
        """Fold every bracket but the outermost."""
        lines = self.lines
        self.folded = {
            line for line, end in lines.ends.items() if lines.parents[line] >= 0 and end > line + 1
        }
        self._rebuild()

    def unfold_all(self) -> None:
        """Show everything."""
        self.folded = set()
        self._rebuild()

    def _rebuild(self) -> None:
        line = self.line
        self._put(self._inside(-1))
        self.complete()
        while line >= 0 and not self.block_of(line).isValid():
            line = self.lines.parents[line]
        if line > 0:
            self.setTextCursor(QTextCursor(self.block_of(line)))

    def _inside(self, line: int) -> list[int]:
        """The lines inside a bracket (-1: all) that no fold hides."""
        last = self.lines.ends[line] if line >= 0 else len(self.lines.texts)
        rows: list[int] = []
        at = line + 1
        while at < last:
            rows.append(at)
            at = self.lines.ends[at] if at in self.folded else at + 1
        return rows
