"""The Help menu: about, shortcuts, log; and the dialog that tells of a fault."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from gui.actions import Actions, plain
from gui.dialogs.about import AboutDialog, diagnostics, versions
from gui.dialogs.crash import CrashDialog
from gui.dialogs.log import LogDialog
from gui.dialogs.shortcuts import Keys, ShortcutsDialog
from gui.logs import LogBook
from gui.session import Session
from gui.settings import config_folder
from gui.text import tr
from gui.theme import Theme
from gui.views.menus import menu_of

_WARNINGS = 10


class Help(QObject):
    """Opens the dialogs; one of each at a time. ``told(words)`` is for the status bar."""

    told = Signal(str)

    def __init__(
        self, session: Session, book: LogBook, theme: Theme, actions: Actions, window: QWidget
    ) -> None:
        super().__init__(window)
        self._session, self._book, self._theme = session, book, theme
        self._actions, self._window = actions, window
        self._log: LogDialog | None = None
        self._crash: CrashDialog | None = None
        for name, slot in (
            ("about", self.about),
            ("shortcuts", self.shortcuts),
            ("showLog", self.show_log),
        ):
            actions[name].triggered.connect(slot)

    def about(self) -> None:
        """Which version of what."""
        AboutDialog(self.diagnostics(), self._window).open()

    def shortcuts(self) -> None:
        """All keys on one page."""
        ShortcutsDialog(list(shortcut_lines(self._actions)), self._window).open()

    def show_log(self) -> None:
        """The log, beside the window."""
        if self._log is None:
            self._log = LogDialog(self._book, self._window)
            self._log.finished.connect(self._log_closed)
            self._log.show()
        self._log.raise_()
        self._log.activateWindow()

    def show_crash(self, title: str, details: str) -> None:
        """Tell of a fault; another one goes into the dialog that is open."""
        if self._crash is not None:
            self._crash.add(details)
            return
        dialog = CrashDialog(title, details, versions(), self._window)
        self._crash = dialog
        dialog.finished.connect(self._crash_closed)
        dialog.logWanted.connect(self.show_log)
        dialog.quitWanted.connect(self._window.close)
        dialog.open()

    def tell_of_last_run(self, fault: str) -> None:
        """The run before was killed: into the log it goes, and the status bar says so."""
        logging.getLogger("shipglass.crash").error("the last run was killed:\n%s", fault)
        self.told.emit(tr("The last run ended by a fault; Help › Show log says which."))

    def diagnostics(self) -> str:
        """What a report of a fault needs to say."""
        stores = [f"{opened.title}: {opened.store.kind}" for opened in self._session.stores if opened.store]
        lines = [
            f"Theme: {self._theme.mode}",
            f"Settings: {config_folder()}",
            f"Log: {self._book.path or '-'}",
            f"Stores: {', '.join(stores) or '-'}",
        ]
        warnings = self._book.lines(logging.WARNING)[-_WARNINGS:]
        return diagnostics([*lines, *map(str, warnings)])

    def _log_closed(self) -> None:
        self._log = None

    def _crash_closed(self) -> None:
        self._crash = None


def shortcut_lines(actions: Actions) -> Iterator[Keys]:
    """The commands that have keys, by menu."""
    menus = menu_of()
    native = QKeySequence.SequenceFormat.NativeText
    groups: dict[str, list[Keys]] = {}
    for command in actions.commands():
        texts = [keys.toString(native) for keys in actions[command.name].shortcuts()]
        usual = (text for text in texts if "+" in text or text[1:].isdigit() or command.local)
        keys = ", ".join(dict.fromkeys(usual))
        if keys:
            group = menus.get(command.name, tr("Other"))
            groups.setdefault(group, []).append(Keys(group, plain(command.text).rstrip("…"), keys))
    for group in dict.fromkeys([*menus.values(), *groups]):
        yield from groups.get(group, ())
