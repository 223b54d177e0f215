"""The log of this run: what happened, by level, to copy. Stays open beside the window."""

from __future__ import annotations

import logging

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QColor, QDesktopServices, QGuiApplication, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from gui.logs import Line, LogBook, as_text
from gui.text import plural, tr
from gui.theme import fixed_font, tokens
from gui.widgets import ElidedLabel, plain_button

_POLL_MS = 300
_MOST = 5000  # lines shown
_TINTS = {logging.WARNING: "warn", logging.ERROR: "bad", logging.CRITICAL: "bad"}


class LogDialog(QDialog):
    """Follows the log while it is open."""

    def __init__(self, book: LogBook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("logDialog")
        self.setWindowTitle(tr("Log"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._book = book
        self._last = 0
        self.level = QComboBox()
        self.level.setObjectName("logLevel")
        self.level.setAccessibleName(tr("Least level"))
        for words, level in (
            (tr("Everything"), logging.DEBUG),
            (tr("Information and worse"), logging.INFO),
            (tr("Warnings and errors"), logging.WARNING),
            (tr("Errors alone"), logging.ERROR),
        ):
            self.level.addItem(words, level)
        self.level.setCurrentIndex(1)
        self.level.currentIndexChanged.connect(self.refill)
        self.text = QPlainTextEdit()
        self.text.setObjectName("logView")
        self.text.setAccessibleName(tr("Log"))
        self.text.setReadOnly(True)
        self.text.setUndoRedoEnabled(False)
        self.text.setMaximumBlockCount(_MOST)
        self.text.setFont(fixed_font(0.9))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByKeyboard | Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self.count = ElidedLabel()
        self.count.setProperty("muted", True)
        self._lay_out()
        self._clock = QTimer(self, interval=_POLL_MS)
        self._clock.timeout.connect(self._follow)
        self._clock.start()
        self.refill()

    def _lay_out(self) -> None:
        label = QLabel(tr("&Show"))
        label.setBuddy(self.level)
        top = QHBoxLayout()
        top.addWidget(label)
        top.addWidget(self.level)
        top.addSpacing(8)
        top.addWidget(self.count, 1)
        copy = plain_button(tr("&Copy"), "copy")
        copy.setToolTip(tr("Copy the lines that are shown"))
        copy.clicked.connect(self._copy)
        reveal = plain_button(tr("Show in &folder"), "folder-search")
        reveal.setToolTip(str(self._book.path or tr("The log is kept in memory alone.")))
        reveal.setEnabled(self._book.path is not None)
        reveal.clicked.connect(self._reveal)
        close = plain_button(tr("Close"))
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(copy)
        buttons.addWidget(reveal)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(10)
        layout.addLayout(top)
        layout.addWidget(self.text, 1)
        layout.addLayout(buttons)
        self.resize(820, 460)

    def refill(self) -> None:
        """Show the lines of the chosen level from the start."""
        self.text.clear()
        self._last = 0
        self._follow()
        if not self.text.toPlainText():
            self.text.setPlaceholderText(tr("Nothing of this level has been logged."))

    def _lines(self, after: int = 0) -> list[Line]:
        return self._book.lines(int(self.level.currentData()), after)

    def _follow(self) -> None:
        lines = self._lines(self._last)
        if not lines:
            self._count()
            return
        bar = self.text.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 2
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        for line in lines[-_MOST:]:
            style = QTextCharFormat()
            if line.level in _TINTS:
                style.setForeground(QColor(getattr(tokens(), _TINTS[line.level])))
            cursor.insertText(f"{line}" if self.text.document().isEmpty() else f"\n{line}", style)
        self._last = lines[-1].number
        if at_end:
            bar.setValue(bar.maximum())
        self._count()

    def _count(self) -> None:
        self.count.setText(plural(len(self._lines()), "{n} line", "{n} lines"))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(as_text(self._lines()))

    def _reveal(self) -> None:
        if self._book.path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._book.path.parent)))
