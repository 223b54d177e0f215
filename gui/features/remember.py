"""How the window looked the last time: its place, its splitters, its columns."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray, QObject, QRect, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHeaderView, QMainWindow, QSplitter

from gui.settings import Settings

_FIRST_SIZE = QSize(1360, 820)
_VERSION = "1"  # of the layout; an older one is not restored


class Remember(QObject):
    """Saves and restores what has a state; ``parts`` are splitters and headers by name."""

    def __init__(
        self, window: QMainWindow, settings: Settings, parts: Mapping[str, QSplitter | QHeaderView]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._parts = parts

    def restore(self) -> None:
        """As it was, on the screens there are now."""
        geometry = self._settings.blob("window/geometry")
        self._window.resize(_clamped(_FIRST_SIZE))
        if not geometry.isEmpty():
            self._window.restoreGeometry(geometry)
        self._clamp()
        if self._settings.text("window/version") != _VERSION:
            return
        for name, part in self._parts.items():
            state = self._settings.blob(f"window/{name}")
            if not state.isEmpty():
                part.restoreState(state)

    def save(self) -> None:
        """Remember it."""
        self._settings.put("window/geometry", self._window.saveGeometry())
        self._settings.put("window/version", _VERSION)
        for name, part in self._parts.items():
            self._settings.put(f"window/{name}", QByteArray(part.saveState()))
        self._settings.save()

    def _clamp(self) -> None:
        """Back onto a screen, should the one it was on be gone."""
        frame = self._window.geometry()
        screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
        if any(_mostly_inside(frame, screen) for screen in screens) or not screens:
            return
        size = _clamped(frame.size())
        place = QRect(screens[0].topLeft(), size)
        place.moveCenter(screens[0].center())
        self._window.setGeometry(place)


def _mostly_inside(frame: QRect, screen: QRect) -> bool:
    """Whether enough is seen of the window's top to grab it, and it is no larger than the screen."""
    seen = frame.intersected(screen)
    return (
        seen.width() >= min(200, frame.width()) and frame.top() >= screen.top() - 5 and seen.height() >= 100
    )


def _clamped(size: QSize) -> QSize:
    screen = QGuiApplication.primaryScreen()
    return size.boundedTo(screen.availableSize() * 0.95) if screen else size
