"""Puts the theme on the application, and follows the system while that is asked for."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from gui.theme.fonts import keep_font
from gui.theme.palette import DARK, LIGHT, make_palette
from gui.theme.portal import Portal
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
        self._worn: bool | None = None  # whether the dark colours are what is seen
        self._portal = Portal(self)
        app.setStyle("Fusion")
        keep_font(app)
        self._tell_system()
        self._apply()
        app.styleHints().colorSchemeChanged.connect(self._apply)
        self._portal.changed.connect(self._apply)

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
            scheme = self._system_scheme()
        return scheme == Qt.ColorScheme.Dark

    def _system_scheme(self) -> Qt.ColorScheme:
        """The desktop's own word, else Qt's, which knows GTK's theme and does not hear KDE's change."""
        told = self._portal.scheme
        return told if told != Qt.ColorScheme.Unknown else self._app.styleHints().colorScheme()

    def _tell_system(self) -> None:
        """So that title bars and native dialogs follow; some platforms ignore it."""
        self._app.styleHints().setColorScheme(_SCHEMES[self.mode])

    def _apply(self) -> None:
        """Dress the application, unless it wears that already: a new sheet costs a tenth of a second."""
        dark = self.dark
        if dark == self._worn:
            return
        self._worn = dark
        colours = DARK if dark else LIGHT
        self._app.setPalette(make_palette(colours))
        self._app.setStyleSheet(sheet(colours))
        self.changed.emit()
