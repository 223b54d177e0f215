"""Builds the application: settings, theme, window; opens what the command line names."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from PySide6.QtWidgets import QApplication

from gui.resources import sample_store
from gui.settings import Settings
from gui.theme import Theme
from gui.window import MainWindow

_SWITCH_S = 0.001
"""How long a thread may hold the interpreter while the GUI thread waits; Python's own 5 ms adds up."""


def application() -> QApplication:
    """The one QApplication, made if there is none."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(["shipglass"])
    app.setApplicationName("shipglass")
    app.setApplicationDisplayName("Shipglass")
    app.setDesktopFileName("shipglass")
    return app


def build(argv: Sequence[str] = ()) -> MainWindow:
    """The window, not shown yet, opening the stores that ``argv`` names (paths, or ``file:`` URLs).

    Without any, the last store, else the bundled sample. Needs an event loop to run afterwards.
    """
    app = application()
    sys.setswitchinterval(_SWITCH_S)
    settings = Settings()
    window = MainWindow(settings, Theme(app, settings.text("window/theme", "system")))
    for location in list(argv) or [first_store(settings)]:
        window.stores.open(location)
    return window


def first_store(settings: Settings) -> str:
    """What to open when nothing is asked for."""
    last = settings.last_store
    return last if last and os.path.exists(last) else str(sample_store())


def main(argv: Sequence[str] = ()) -> int:
    """Run the window until it is closed; gives the exit code."""
    window = build(argv)
    window.show()
    code = QApplication.exec()
    window.shut_down()
    return code
