"""Showing a file in the system's own file manager, selected; its folder where that cannot be done."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QUrl
from PySide6.QtDBus import QDBusMessage, QDBusPendingCallWatcher
from PySide6.QtGui import QDesktopServices

from gui.bus import session_bus

_SERVICE, _PLACE = "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1"
_WAIT_MS = 5000


class Reveal(QObject):
    """Keeps the question to the file manager until it is answered."""

    def show(self, path: str) -> None:
        """Show ``path``; the folder above it where the file is gone."""
        if not os.path.lexists(path):
            open_folder(path)
        elif sys.platform == "win32":
            QProcess.startDetached("explorer", [f"/select,{os.path.normpath(path)}"])
        elif sys.platform == "darwin":
            QProcess.startDetached("open", ["-R", path])
        elif not self._ask_file_manager(path):
            open_folder(path)

    def _ask_file_manager(self, path: str) -> bool:
        """Ask whichever file manager listens on the session's bus; False where there is no bus."""
        bus = session_bus()
        if bus is None:
            return False
        call = QDBusMessage.createMethodCall(_SERVICE, _PLACE, _SERVICE, "ShowItems")
        call.setArguments([[Path(path).as_uri()], ""])
        watcher = QDBusPendingCallWatcher(bus.asyncCall(call, _WAIT_MS), self)
        watcher.setProperty("path", path)
        watcher.finished.connect(self._answered)
        return True

    def _answered(self, watcher: QDBusPendingCallWatcher) -> None:
        if watcher.isError():
            open_folder(str(watcher.property("path")))
        watcher.deleteLater()


def open_folder(path: str) -> None:
    """Open the nearest folder above ``path`` that there is."""
    folder = os.path.dirname(path)
    while not os.path.isdir(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    QDesktopServices.openUrl(QUrl.fromLocalFile(folder))
