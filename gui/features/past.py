"""The exports of earlier days: written down when one ends, shown, run again."""

from __future__ import annotations

import os

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox

from gui.actions import Actions
from gui.features.reveal import Reveal
from gui.job_list import ExportJob, JobList, Past, Record
from gui.job_list.past import record_of
from gui.models.past import PastModel
from gui.session import Chosen, OpenStore, Session
from gui.text import plural, tr
from gui.views.jobs import JobsPane


class EarlierExports(QObject):
    """``againWanted(record)`` when its store is open and its images selected; ``wanted`` shows the pane."""

    againWanted = Signal(object)
    wanted = Signal()

    def __init__(
        self,
        jobs: JobList,
        session: Session,
        pane: JobsPane,
        model: PastModel,
        actions: Actions,
        reveal: Reveal,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._pane, self._model, self._reveal = session, pane, model, reveal
        self._past = Past()
        self._read = False
        self._waiting: tuple[Record, OpenStore] | None = None
        jobs.exportEnded.connect(self._ended)
        session.changed.connect(self._store_changed)
        actions["exportHistory"].triggered.connect(self.open)
        pane.tabs.currentChanged.connect(self._turned)
        pane.past.againWanted.connect(self.again)
        pane.past.revealWanted.connect(self._show_file)
        pane.past.openWanted.connect(self._open_file)
        pane.past.clearWanted.connect(self._ask_clear)

    def open(self) -> None:
        """Show them."""
        self.wanted.emit()
        self._pane.turn_to(past=True)

    @property
    def current(self) -> Record | None:
        """The one that is selected."""
        return self._model.record(self._pane.past.view.currentIndex())

    def again(self) -> None:
        """Open the dialog as it was for the selected export, as soon as its store is there."""
        record = self.current
        if record is None:
            return
        self._pane.past.say("")
        opened = self._session.find(record.store) or self._session.open(record.store)
        self._waiting = (record, opened)
        self._store_changed(opened)

    def _ended(self, export: object) -> None:
        assert isinstance(export, ExportJob)
        record = record_of(export)
        self._past.add(record)
        if self._read:
            self._model.prepend(record)

    def _turned(self, page: int) -> None:
        """Read the file when it is first looked at; an export that ended since is there already."""
        if page == 1 and not self._read:
            self._read = True
            self._model.show(self._past.records())

    def _store_changed(self, opened: object) -> None:
        if self._waiting is None or self._waiting[1] is not opened:
            return
        record, store = self._waiting
        if store.opening:
            return
        self._waiting = None
        if store.error is not None:
            self._pane.past.say(tr("Its store cannot be opened: {error}", error=store.error))
            return
        wanted = set(record.images)
        chosen = [Chosen(store, row) for row, image in enumerate(store.images) if image.name in wanted]
        missing = len(wanted) - len({item.image.name for item in chosen})
        if missing:
            self._pane.past.say(
                plural(
                    missing,
                    "{n} of its images is not in the store any more.",
                    "{n} of its images are not in the store any more.",
                )
            )
        if chosen:
            self._session.select(chosen)
            self.againWanted.emit(record)

    def _show_file(self) -> None:
        if self.current is not None:
            self._reveal.show(self.current.targets[0])

    def _open_file(self) -> None:
        record = self.current
        if record is None:
            return
        if os.path.exists(record.targets[0]):
            self._session.open(record.targets[0])
        else:
            self._pane.past.say(tr("{path} is no longer there.", path=record.targets[0]))

    def _ask_clear(self) -> None:
        box = QMessageBox(self._pane)
        box.setObjectName("clearHistoryQuestion")
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(tr("Clear history?"))
        box.setText(tr("Forget all earlier exports?"))
        box.setInformativeText(tr("The archives themselves stay. This cannot be undone."))
        clear = box.addButton(tr("Clear history"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        clear.clicked.connect(self._clear)
        box.open()

    def _clear(self) -> None:
        self._past.clear()
        self._model.show([])
