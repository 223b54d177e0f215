"""Telling somebody who is elsewhere that an export has ended."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from gui.features.notifications import REVEAL, Note, Notifications
from gui.features.reveal import Reveal
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
        self._reveal = Reveal(self)
        self._desktop = Notifications(self)
        self._desktop.invoked.connect(self._invoked)
        self._desktop.refused.connect(self._show_in_tray)
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
        path = export.written[0].request.path if export.written else ""
        note = Note(title, export_title(export), done, path)
        seen = QApplication.activeWindow() is not None and not self._window.isMinimized()
        if seen and seconds < LONG_S:
            return
        self.told.emit(f"{title}: {note.text}")
        if not seen:
            self._call(note)

    def _call(self, note: Note) -> None:
        """A notification of the desktop, else of the tray; the taskbar's entry asks for attention too."""
        QApplication.alert(self._window)
        if not self._desktop.show(note):
            self._show_in_tray(note)

    def _show_in_tray(self, note: Note) -> None:
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
            self._tray.setToolTip("Shipglass")
            self._tray.messageClicked.connect(self._clicked)
            self._tray.activated.connect(self._clicked)
        kind = QSystemTrayIcon.MessageIcon
        self._tray.show()
        self._tray.showMessage(
            note.title, note.text, kind.Information if note.done else kind.Critical, _SHOWN_MS
        )
        self._away.start()

    def _invoked(self, note: Note, action: str) -> None:
        if action == REVEAL:
            self._reveal.show(note.path)
        else:
            self.clicked.emit()

    def shut_down(self) -> None:
        """Take the icon from the tray, and hear of no click any more."""
        self.clear()
        self._desktop.close()

    def clear(self) -> None:
        """Take the icon from the tray."""
        if self._tray is not None:
            self._tray.hide()

    def _clicked(self) -> None:
        self.clear()
        self.clicked.emit()
