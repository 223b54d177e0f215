"""Telling somebody who is elsewhere that an export has ended."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from gui.job_list import ExportJob, JobList, JobState
from gui.models.jobs import export_title
from gui.settings import Settings
from gui.text import tr

LONG_S = 10.0
"""An export that took longer is told of in the status bar even while the window is looked at."""
_SHOWN_MS = 15_000


class Notify(QObject):
    """``told(words)`` is for the status bar; ``clicked`` when somebody followed a notification."""

    told = Signal(str)
    clicked = Signal()

    def __init__(self, jobs: JobList, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._settings, self._window = settings, window
        self._since: dict[ExportJob, float] = {}
        self._tray: QSystemTrayIcon | None = None
        self._away = QTimer(self, singleShot=True, interval=_SHOWN_MS)
        self._away.timeout.connect(self.clear)
        jobs.changed.connect(self._changed)

    def _changed(self, export: object) -> None:
        assert isinstance(export, ExportJob)
        if export.state is JobState.RUNNING:
            self._since[export] = time.monotonic()
        elif not export.active:
            since = self._since.pop(export, None)
            if since is not None and export.state is not JobState.CANCELLED:
                self._ended(export, time.monotonic() - since)

    def _ended(self, export: ExportJob, seconds: float) -> None:
        if not self._settings.preferences.notify:
            return
        done = export.state is JobState.DONE
        title = tr("Export done") if done else tr("Export failed")
        text = export_title(export)
        seen = self._window.isActiveWindow() and not self._window.isMinimized()
        if seen and seconds < LONG_S:
            return
        self.told.emit(f"{title}: {text}")
        if not seen:
            self._call(title, text, done)

    def _call(self, title: str, text: str, done: bool) -> None:
        """A notification of the desktop where there is one; the taskbar's entry asks for attention too."""
        QApplication.alert(self._window)
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
            self._tray.setToolTip("Shipglass")
            self._tray.messageClicked.connect(self._clicked)
            self._tray.activated.connect(self._clicked)
        kind = QSystemTrayIcon.MessageIcon
        self._tray.show()
        self._tray.showMessage(title, text, kind.Information if done else kind.Critical, _SHOWN_MS)
        self._away.start()

    def clear(self) -> None:
        """Take the icon from the tray."""
        if self._tray is not None:
            self._tray.hide()

    def _clicked(self) -> None:
        self.clear()
        self.clicked.emit()
