"""What any desktop program has: palette, quick open, preferences, help, log, notifications."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from gui.actions import Actions
from gui.features.choosing import Choosing
from gui.features.finding import Finding
from gui.features.help import Help
from gui.features.journal import Journal
from gui.features.notify import Notify
from gui.job_list import JobList
from gui.logs import LogBook
from gui.models.copy_as import Copyable
from gui.session import Session
from gui.settings import Settings
from gui.theme import Theme


class Desk(QObject):
    """Holds them together. ``told(words)`` is for the status bar; ``frontWanted`` asks for the window."""

    told = Signal(str)
    frontWanted = Signal()

    def __init__(
        self,
        session: Session,
        jobs: JobList,
        settings: Settings,
        theme: Theme,
        book: LogBook,
        actions: Actions,
        copies: Callable[[], Sequence[Copyable]],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self.finding = Finding(session, actions, copies, window)
        self.choosing = Choosing(settings, session, jobs, actions, window)
        self.help = Help(session, book, theme, actions, window)
        self.journal = Journal(session, jobs, window)
        self.notify = Notify(jobs, settings, window)
        self.notify.told.connect(self.told)
        self.help.told.connect(self.told)
        self.notify.clicked.connect(self.frontWanted)

    def shut_down(self) -> None:
        """Take the icon from the tray, and leave the desktop's bus."""
        self.notify.shut_down()
