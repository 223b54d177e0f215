"""Buttons that stand for an action, and look like it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from gui.theme import icon

_NARROWEST, _FRAME = 80, 26  # pixels: of a button with shortened words, and of what is round its words


class _Follower(QObject):
    """Keeps a push button like its action."""

    def __init__(self, button: QPushButton, action: QAction) -> None:
        super().__init__(button)
        self._button, self._action = button, action
        action.changed.connect(self._follow)
        button.clicked.connect(self._trigger)
        self._follow()

    def _follow(self) -> None:
        self._button.setEnabled(self._action.isEnabled())
        self._button.setToolTip(self._action.toolTip())

    def _trigger(self) -> None:
        self._action.trigger()


def action_button(action: QAction, *, primary: bool = False, parent: QWidget | None = None) -> QPushButton:
    """A push button for ``action``; ``primary`` for the one thing that most people come for."""
    button = QPushButton(action.text(), parent)
    button.setToolTip(action.toolTip())
    if primary:
        button.setProperty("primary", True)
    else:
        button.setIcon(action.icon())
    _Follower(button, action)
    return button


def plain_button(text: str, icon_name: str = "", parent: QWidget | None = None) -> QPushButton:
    """A push button of its own."""
    button = QPushButton(text, parent)
    if icon_name:
        button.setIcon(icon(icon_name))
    button.setAutoDefault(False)
    return button


class ElidedButton(QPushButton):
    """A push button as narrow as need be: its words are shortened in the middle, the tip has them all."""

    def __init__(self, words: str, tip: str) -> None:
        super().__init__()
        self._words = words
        self.setToolTip(tip)
        self.setAutoDefault(False)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), _NARROWEST), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = max(self.width() - _FRAME, 0)
        words = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideMiddle, room)
        self.setText(words.replace("&", "&&"))


def icon_button(
    symbol: str, tip: str, slot: Callable[[], object], parent: QWidget | None = None
) -> QToolButton:
    """A flat button with an icon alone that calls ``slot``; ``tip`` may end in its keys in brackets."""
    button = QToolButton(parent)
    button.setIcon(icon(symbol))
    button.setIconSize(QSize(16, 16))
    button.setToolTip(tip)
    button.setAccessibleName(tip.partition(" (")[0])
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.clicked.connect(slot)
    return button


def tool_button(action: QAction, *, words: bool = False, parent: QWidget | None = None) -> QToolButton:
    """A flat button for ``action``: its icon, with ``words`` also its text; the name is there for ears."""
    button = QToolButton(parent)
    button.setDefaultAction(action)
    button.setAccessibleName(action.text().replace("&", "").rstrip("…"))
    style = Qt.ToolButtonStyle
    button.setToolButtonStyle(style.ToolButtonTextBesideIcon if words else style.ToolButtonIconOnly)
    button.setIconSize(QSize(16, 16))
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
