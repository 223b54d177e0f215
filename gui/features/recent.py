"""The stores that were opened before, pinned ones first: in the File menu and on the first screen."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from gui.settings import Settings
from gui.text import tr
from gui.theme import icon
from gui.widgets import ElidedButton, icon_button, muted

_ROWS_MOST = 8


class Recent(QObject):
    """``openWanted(location)`` when one is chosen; ``changed`` when another is pinned or one removed."""

    openWanted = Signal(str)
    changed = Signal()

    def __init__(self, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._settings = settings
        self.menu = QMenu(tr("Open rece&nt"), window)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self.fill)

    def pin(self, location: str, wanted: bool) -> None:
        """Keep the store at the top from now on, or no more."""
        self._settings.pin_store(location, wanted)
        self.changed.emit()

    def remove(self, location: str) -> None:
        """Forget the store, pinned or not."""
        self._settings.forget_store(location)
        self.changed.emit()

    # The menu

    def fill(self) -> None:
        """Make the menu anew."""
        self.menu.clear()
        offered, pinned = self._settings.offered, self._settings.pinned
        if not offered:
            self.menu.addAction(tr("Nothing opened yet")).setEnabled(False)
            return
        for location in offered:
            action = self._add(self.menu, location, self.openWanted.emit)
            if location in pinned:
                action.setIcon(icon("pin", "accent"))
                action.setToolTip(tr("Pinned: {store}", store=location))
        self.menu.addSeparator()
        keep = self.menu.addMenu(icon("pin"), tr("&Pin to the top"))
        remove = self.menu.addMenu(tr("&Remove from this list"))
        for location in offered:
            action = self._add(keep, location, None)
            action.setCheckable(True)
            action.setChecked(location in pinned)
            action.toggled.connect(partial(self.pin, location))
            self._add(remove, location, self.remove)
        self.menu.addAction(tr("&Clear this list")).triggered.connect(self._clear)

    def _add(self, menu: QMenu, location: str, slot: Callable[[str], object] | None) -> QAction:
        action = menu.addAction(location.replace("&", "&&"))
        action.setData(location)
        if slot is not None:
            action.triggered.connect(lambda *_: slot(location))
        return action

    def _clear(self) -> None:
        self._settings.clear_recent()
        self.changed.emit()

    # The first screen

    def rows(self) -> list[QWidget]:
        """A row for each of the first of them: a pin, the store, and a way to remove it; a heading above."""
        rows = [self._row(location) for location in self._settings.offered[:_ROWS_MOST]]
        head = muted(tr("Opened before"))
        head.setContentsMargins(0, 10, 0, 0)
        return [head, *rows] if rows else []

    def _row(self, location: str) -> QWidget:
        row = QWidget()
        row.setObjectName("recentRow")
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        pinned = location in self._settings.pinned
        tip = tr("Unpin {store}", store=location) if pinned else tr("Pin {store} to the top", store=location)
        pin = icon_button("pin", tip, partial(self.pin, location, not pinned))
        pin.setIcon(icon("pin", "accent" if pinned else "muted"))
        pin.setObjectName("recentPin")
        remove = icon_button(
            "x", tr("Remove {store} from this list", store=location), partial(self.remove, location)
        )
        remove.setObjectName("recentRemove")
        layout.addWidget(pin)
        layout.addWidget(self._name(location), 1)
        layout.addWidget(remove)
        return row

    def _name(self, location: str) -> QPushButton:
        name = os.path.basename(location)
        alone = sum(os.path.basename(other) == name for other in self._settings.offered) == 1
        button = ElidedButton(name if name and alone else location, location)
        button.setObjectName("recentOpen")
        button.setAccessibleName(tr("Open {store}", store=location))
        button.clicked.connect(lambda *_: self.openWanted.emit(location))
        return button
