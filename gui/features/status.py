"""The status bar: what is open, what just happened, and how the exports are doing."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QPushButton, QStatusBar

from gui.features.work import Work
from gui.job_list import JobList
from gui.widgets import ElidedLabel

_TELL_MS = 250
_SAID_MS = 4000


class Status(QObject):
    """``jobsWanted`` when its button of the exports is pressed."""

    jobsWanted = Signal()

    def __init__(self, bar: QStatusBar, jobs: JobList, work: Work, tip: str, parent: QObject) -> None:
        """``tip`` says what the button of the exports does."""
        super().__init__(parent)
        self._bar, self._jobs, self._work = bar, jobs, work
        self._store = ElidedLabel()
        self._store.setObjectName("storeStatus")
        self._store.setContentsMargins(10, 0, 0, 0)
        self._exports = QPushButton()
        self._exports.setObjectName("jobStatus")
        self._exports.setToolTip(tip)
        self._exports.hide()
        self._exports.clicked.connect(self.jobsWanted)
        bar.addWidget(self._store, 1)
        bar.addPermanentWidget(self._exports)
        bar.setSizeGripEnabled(False)
        self._ticker = QTimer(self, interval=_TELL_MS)
        self._ticker.timeout.connect(self._tell)
        self._ended = False

    def show(self, words: str) -> None:
        """Say what is open; the exports are looked at as long as one is active."""
        self._store.setText(words)
        self._tell()

    def say(self, words: str) -> None:
        """Say it for a while."""
        self._bar.showMessage(words, _SAID_MS)

    def stop(self) -> None:
        """The window goes: look no more."""
        self._ended = True
        self._ticker.stop()

    def _tell(self) -> None:
        words = self._work.words()
        self._exports.setText(words)
        self._exports.setVisible(bool(words))
        if self._jobs.active and not self._ended:
            self._ticker.start()
        else:
            self._ticker.stop()
