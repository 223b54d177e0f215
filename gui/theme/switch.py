"""Puts the theme on the application, and follows the system while that is asked for."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from gui.theme.palette import DARK, LIGHT, make_palette
from gui.theme.style import sheet

MODES = ("system", "light", "dark")
_SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


class Theme(QObject):
    """The theme of the application; ``changed`` says that colours are new."""

    changed = Signal()

    def __init__(self, app: QApplication, mode: str = "system") -> None:
        super().__init__()
        self._app = app
        self.mode = mode if mode in MODES else "system"
        app.setStyle("Fusion")
        self._tell_system()
        self._apply()
        app.styleHints().colorSchemeChanged.connect(self._system_changed)

    def choose(self, mode: str) -> None:
        """Use ``mode``, one of MODES, from now on."""
        self.mode = mode
        self._tell_system()
        self._apply()

    @property
    def dark(self) -> bool:
        """Whether the dark colours are on."""
        scheme = _SCHEMES[self.mode]
        if self.mode == "system":
            scheme = self._app.styleHints().colorScheme()
        return scheme == Qt.ColorScheme.Dark

    def _tell_system(self) -> None:
        """So that title bars and native dialogs follow; some platforms ignore it."""
        self._app.styleHints().setColorScheme(_SCHEMES[self.mode])

    def _system_changed(self) -> None:
        self._apply()

    def _apply(self) -> None:
        colours = DARK if self.dark else LIGHT
        self._app.setPalette(make_palette(colours))
        self._app.setStyleSheet(sheet(colours))
        self.changed.emit()
