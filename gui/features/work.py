"""The jobs pane: which export is looked at, what can be done with it, why it failed."""

from __future__ import annotations

import os

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from gui.actions import Actions
from gui.job_list import ExportJob, JobList, JobState
from gui.models.failure import failure_of
from gui.models.jobs import JobsModel, export_title, job_badge
from gui.session import Session
from gui.text import duration, exact_size, percent, plural, tr
from gui.views.jobs import JobsPane


def receipt(export: ExportJob) -> str:
    """What was written, once it is; else ""."""
    report = export.report
    if report is None or export.state is not JobState.DONE:
        return ""
    words = tr(
        "{path} · {size} · {blobs}, each verified · {time}",
        path=report.output,
        size=exact_size(report.bytes),
        blobs=plural(report.blobs, "{n} blob", "{n} blobs"),
        time=duration(report.seconds),
    )
    return f"{words} · sha256:{report.sha256}" if report.sha256 else words


class Work(QObject):
    """``changed`` after anything that the window's actions depend on; ``wanted`` asks to show the pane."""

    changed = Signal()
    wanted = Signal()

    def __init__(
        self,
        jobs: JobList,
        session: Session,
        pane: JobsPane,
        model: JobsModel,
        actions: Actions,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._session = session
        self._pane = pane
        self._model = model
        jobs.added.connect(self._added)
        jobs.changed.connect(self._job_changed)
        jobs.removed.connect(self._look)
        pane.jobChosen.connect(self._look)
        actions["cancelJob"].triggered.connect(self.cancel)
        actions["retryJob"].triggered.connect(self.retry)
        actions["revealJob"].triggered.connect(self.reveal)
        actions["openJob"].triggered.connect(self.open_as_store)
        actions["clearJobs"].triggered.connect(self._jobs.clear)

    @property
    def current(self) -> ExportJob | None:
        """The export that is looked at."""
        return self._model.export(self._pane.view.currentIndex())

    def facts(self) -> set[str]:
        """What holds for the actions."""
        facts, export = set(), self.current
        if export is not None:
            facts.add("job")
            if export.active and not export.cancel.is_set():
                facts.add("job:active")
            if export.state in (JobState.FAILED, JobState.CANCELLED):
                facts.add("job:failed")
            if export.state is JobState.DONE:
                facts.add("job:done")
        if any(not export.active for export in self._jobs.jobs):
            facts.add("jobs:ended")
        return facts

    def words(self) -> str:
        """For the status bar."""
        active = self._jobs.active
        if not active:
            failed = sum(export.state is JobState.FAILED for export in self._jobs.jobs)
            return plural(failed, "{n} export failed", "{n} exports failed") if failed else ""
        words = plural(len(active), "{n} export", "{n} exports")
        running = next((export for export in active if export.state is JobState.RUNNING), None)
        return f"{words} · {percent(running.progress.fraction)}" if running else words

    def cancel(self) -> None:
        """Stop the export that is looked at."""
        if self.current is not None:
            self._jobs.stop(self.current)
            self._model.refresh(self.current)
            self.changed.emit()

    def retry(self) -> None:
        """Run it again."""
        if self.current is not None:
            self._jobs.retry(self.current)

    def reveal(self) -> None:
        """Open the folder of its file."""
        if self.current is not None:
            folder = os.path.dirname(self.current.request.path)
            QDesktopServices.openUrl(QUrl.fromLocalFile(folder))

    def open_as_store(self) -> None:
        """Look into its file."""
        if self.current is not None:
            self._session.open(self.current.request.path)

    def _added(self, export: object) -> None:
        assert isinstance(export, ExportJob)
        self.wanted.emit()
        self._pane.select(self._model.row_of(export))

    def _job_changed(self, export: object) -> None:
        assert isinstance(export, ExportJob)
        if export.state is JobState.FAILED:
            self.wanted.emit()
            self._pane.select(self._model.row_of(export))
        if self.current is None:
            self._pane.select(self._model.row_of(export))
        self._look()

    def _look(self) -> None:
        """Show why the current export failed, if it did."""
        export = self.current
        if export is not None and export.error is not None:
            failure = failure_of(export.error)
            self._pane.say(
                tr("{title} — {job}", title=job_badge(export).text.capitalize(), job=export_title(export)),
                failure.text,
            )
        else:
            self._pane.say("", "")
        self._pane.receipt.say(receipt(export) if export is not None else "")
        self.changed.emit()
