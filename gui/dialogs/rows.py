"""Small pieces that forms are made of."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget


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
