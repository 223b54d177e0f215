"""Preferences: from the dialog to the settings, and from there to whom they concern."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from gui.actions import Actions
from gui.dialogs.preferences import PreferencesDialog
from gui.job_list import JobList, export_workers
from gui.session import Session
from gui.settings import Preferences, Settings
from gui.text import tr
from gui.views.menus import THEMES


class Choosing(QObject):
    """``saved`` after the preferences have changed."""

    saved = Signal()

    def __init__(
        self, settings: Settings, session: Session, jobs: JobList, actions: Actions, window: QWidget
    ) -> None:
        super().__init__(window)
        self._settings, self._session, self._jobs = settings, session, jobs
        self._actions, self._window = actions, window
        self._dialog: PreferencesDialog | None = None
        actions["preferences"].triggered.connect(self.open)
        self._use(settings.preferences)

    def open(self) -> None:
        """Ask."""
        dialog = PreferencesDialog(self._settings.preferences, export_workers(), self._window)
        self._dialog = dialog
        dialog.chosen.connect(self._chosen)
        dialog.browseWanted.connect(self._browse)
        dialog.finished.connect(self._closed)
        dialog.open()

    def _browse(self) -> None:
        if self._dialog is None:
            return
        start = self._dialog.folder.text() or str(Path.home())
        chooser = QFileDialog(self._dialog, tr("Folder for exports"), start)
        chooser.setFileMode(QFileDialog.FileMode.Directory)
        chooser.setOption(QFileDialog.Option.ShowDirsOnly)
        chooser.fileSelected.connect(self._dialog.folder.setText)
        chooser.open()

    def _chosen(self, preferences: object) -> None:
        assert isinstance(preferences, Preferences)
        before = self._settings.preferences
        self._settings.preferences = preferences
        self._use(preferences)
        if preferences.theme != before.theme:
            name = next(name for name, mode in THEMES.items() if mode == preferences.theme)
            self._actions[name].trigger()
        if preferences.document_limit != before.document_limit:
            for opened in list(self._session.stores):
                self._session.reload(opened)
        self.saved.emit()

    def _use(self, preferences: Preferences) -> None:
        self._session.document_limit = preferences.limit
        self._jobs.workers = preferences.workers
        self._jobs.at_once = preferences.at_once

    def _closed(self) -> None:
        self._dialog = None
