"""The bar that finds words in a document."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QWidget

from gui.text import number, tr
from gui.widgets import icon_button

MOST = 10_000
"""Places that are counted; beyond, a plus says that there are more."""
_PAUSE_MS = 60


class FindBar(QFrame):
    """``wanted(words)`` a moment after typing, ``step(1 or -1)`` to another place, ``left`` at Escape."""

    wanted = Signal(str)
    step = Signal(int)
    left = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("bar", True)
        self.words = FindBox()
        self.words.setObjectName(name)
        self.words.setPlaceholderText(tr("Find in this document"))
        self.words.setAccessibleName(tr("Find in this document"))
        self.words.setClearButtonEnabled(True)
        self.count = QLabel()
        self.count.setObjectName(f"{name}Count")
        self.count.setProperty("muted", True)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        self.words.textChanged.connect(self._changed)
        self.words.stepped.connect(self._step)
        self.words.escaped.connect(self.left)
        self.previous = icon_button("arrow-up", tr("Previous place (Shift+Enter)"), self._to_previous)
        self.next = icon_button("arrow-down", tr("Next place (Enter)"), self._to_next)
        close = icon_button("x", tr("Close the find bar (Escape)"), self.left.emit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 5, 8, 5)
        layout.setSpacing(4)
        layout.addWidget(self.words, 1)
        layout.addSpacing(4)
        layout.addWidget(self.count)
        for button in (self.previous, self.next, close):
            layout.addWidget(button)
        self.hide()

    def open(self, words: str) -> None:
        """Show it and take the keys; ``words`` (what is selected) is searched if there is any."""
        self.show()
        if words:
            self.words.setText(words)
        self.words.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.words.selectAll()

    def say(self, at: int, places: Sequence[object]) -> None:
        """``3 of 17``."""
        n = len(places)
        more = "+" if n >= MOST else ""
        text = tr("{at} of {n}", at=number(at + 1), n=number(n)) + more if n else tr("nothing found")
        self.count.setText(text if self.words.text() else "")
        for button in (self.previous, self.next):
            button.setEnabled(n > 0)

    def _changed(self) -> None:
        self._pause.start()

    def _step(self, step: int) -> None:
        if self._pause.isActive():
            self._pause.stop()
            self._tell()
        else:
            self.step.emit(step)

    def _to_previous(self) -> None:
        self._step(-1)

    def _to_next(self) -> None:
        self._step(1)

    def _tell(self) -> None:
        self.wanted.emit(self.words.text())


class FindBox(QLineEdit):
    """Enter and F3 step on, with Shift back; Escape leaves."""

    stepped = Signal(int)
    escaped = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        if event.key() in (keys.Key_Return, keys.Key_Enter, keys.Key_F3):
            self.stepped.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        elif event.key() == keys.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)
