"""Builds the application: settings, theme, window; opens what the command line names."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from PySide6.QtWidgets import QApplication

from exporter_core.stores import absolute
from gui.crash import FAULTS, CrashGuard
from gui.instance import Instance
from gui.logs import LogBook, log
from gui.settings import Settings, config_folder, state_folder
from gui.theme import Theme
from gui.window import MainWindow

ID = "io.shipglass.Shipglass"
"""The program's name for the desktop: of its desktop entry, its icon and its AppStream metainfo."""
NEW_WINDOW = "--new-window"
_SWITCH_S = 0.001
"""How long a thread may hold the interpreter while the GUI thread waits; Python's own 5 ms adds up."""


def application() -> QApplication:
    """The one QApplication, made if there is none."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(["shipglass"])
    app.setApplicationName("shipglass")
    app.setApplicationDisplayName("Shipglass")
    app.setDesktopFileName(ID)
    return app


def build(argv: Sequence[str] = (), book: LogBook | None = None) -> MainWindow:
    """The window, not shown yet, opening the stores that ``argv`` names (paths, or ``file:`` URLs).

    ``argv`` may begin with the program's own name, as a process has it. Without any store, those that were
    open at the end, else the bundled sample. Needs an event loop to run afterwards.
    """
    app = application()
    sys.setswitchinterval(_SWITCH_S)
    settings = Settings()
    if book is None:
        book = LogBook()
        book.begin()
    window = MainWindow(settings, Theme(app, settings.text("window/theme", "system")), book)
    locations = _locations(argv)
    for location in locations:
        window.stores.open(location)
    if not locations:
        window.stores.reopen()
    return window


def _locations(argv: Sequence[str]) -> list[str]:
    """The words of ``argv`` that are stores: all but the program's own name in front."""
    words = list(argv)
    own = os.path.basename(words[0]) in ("shipglass", "shipglass.exe", "__main__.py") if words else False
    return words[1:] if own and not os.path.isdir(words[0]) else words


def main(argv: Sequence[str] = ()) -> int:
    """Run the window until it is closed; gives the exit code.

    Where one runs already it is given the stores and this start ends, unless ``--new-window`` is there.
    """
    application()
    words = [word for word in argv if word != NEW_WINDOW]
    instance = Instance(config_folder())
    alone = NEW_WINDOW in argv
    if not alone and instance.hand_over([absolute(word) for word in words]):
        return 0
    try:
        return _run(words, instance)
    finally:
        instance.close()


def _run(words: Sequence[str], instance: Instance) -> int:
    book = LogBook()
    book.begin(state_folder())
    guard = CrashGuard(log("crash"))
    name = FAULTS if instance.listening else f"{os.getpid()}-{FAULTS}"
    fault = guard.install(state_folder(), name)
    try:
        window = build(words, book)
        guard.caught.connect(window.desk.help.show_crash)
        instance.asked.connect(window.take_over)
        if fault:
            window.desk.help.tell_of_last_run(fault)
        window.show()
        for number in (signal.SIGINT, signal.SIGTERM):  # exports are cancelled and leave nothing behind
            signal.signal(number, lambda *_: window.close())
        code = QApplication.exec()
        window.shut_down()
        return code
    finally:
        guard.uninstall()
        if not instance.listening:
            with suppress(OSError):
                _drop_if_empty(name)


def _drop_if_empty(name: str) -> None:
    path = state_folder() / name
    if path.stat().st_size == 0:
        path.unlink()
