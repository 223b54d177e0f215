"""Small pieces that forms are made of."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.theme import fixed_font
from gui.widgets.cards import ErrorText

_COMMAND_LINES = 4


def label(text: str, buddy: QWidget) -> QLabel:
    """A label that leads to ``buddy``."""
    words = QLabel(text)
    words.setBuddy(buddy)
    return words


def column(*widgets: QWidget) -> QWidget:
    """One below the other."""
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    for widget in widgets:
        layout.addWidget(widget)
    return box


def row(*widgets: QWidget) -> QWidget:
    """Side by side; the first takes the room that is left."""
    box = QWidget()
    layout = QHBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    for at, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if at == 0 else 0)
    return box


class CommandText(ErrorText):
    """A command line, wrapped, as tall as it needs to be up to some lines."""

    def __init__(self) -> None:
        super().__init__()
        self.setFont(fixed_font(0.9))
        self.setProperty("framed", True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.document().setDocumentMargin(5)
        self.textChanged.connect(self._fit)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        most = _COMMAND_LINES * self.fontMetrics().lineSpacing() + 2 * int(self.document().documentMargin())
        tall = max(int(self.document().size().height()), self.fontMetrics().lineSpacing() + 10)
        self.setFixedHeight(min(tall, most) + 2 * self.frameWidth())
