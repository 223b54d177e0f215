"""The jobs pane: which export is looked at, what can be done with it, what came of it."""

from __future__ import annotations

import os

from PySide6.QtCore import QObject, Signal

from exporter_core.commands import load_commands
from exporter_core.errors import DigestMismatch
from gui.actions import Actions
from gui.features.past import EarlierExports
from gui.features.reveal import Reveal
from gui.job_list import ExportJob, JobList, JobState, Part
from gui.models.failure import failure_of
from gui.models.job_words import export_title, job_badge
from gui.models.jobs import JobsModel
from gui.models.past import PastModel
from gui.models.results import ResultsModel
from gui.session import Session
from gui.text import duration, exact_size, percent, plural, size, tr
from gui.views.job_detail import FAILURE, LOAD, RESULTS
from gui.views.jobs import JobsPane


def held_words(export: ExportJob) -> str:
    """What a paused export keeps; else ""."""
    if export.state is not JobState.PAUSED or export.job is None:
        return ""
    return tr(
        "Paused: {done} of {total} stay in a temporary file beside {path} until it goes on or ends.",
        done=size(export.progress.bytes_done),
        total=size(export.progress.total),
        path=export.request.path,
    )


def receipt(export: ExportJob) -> str:
    """What was written, once it is; else ""."""
    if len(export.parts) > 1:
        return _receipt_of_several(export)
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


def _receipt_of_several(export: ExportJob) -> str:
    written = [part.report for part in export.written if part.report]
    if export.active or not written:
        return ""
    return tr(
        "{files} in {folder} · {size} · {blobs}, each verified · {time}",
        files=plural(len(written), "{n} file", "{n} files"),
        folder=os.path.dirname(export.request.path),
        size=exact_size(sum(report.bytes for report in written)),
        blobs=plural(sum(report.blobs for report in written), "{n} blob", "{n} blobs"),
        time=duration(sum(report.seconds for report in written)),
    )


class Work(QObject):
    """``changed`` after anything that the window's actions depend on; ``wanted`` asks to show the pane,
    ``copied(words)`` says what went to the clipboard.
    """

    changed = Signal()
    wanted = Signal()
    copied = Signal(str)

    def __init__(
        self,
        jobs: JobList,
        session: Session,
        pane: JobsPane,
        models: tuple[JobsModel, ResultsModel, PastModel],
        actions: Actions,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._session = session
        self._pane = pane
        self._model, self._results, past = models
        self._shown: tuple[ExportJob, JobState] | None = None
        self._reveal = Reveal(self)
        self.past = EarlierExports(jobs, session, pane, past, actions, self._reveal, self)
        self.past.wanted.connect(self.wanted)
        jobs.added.connect(self._added)
        jobs.changed.connect(self._job_changed)
        jobs.moved.connect(self._look)
        jobs.removed.connect(self._look)
        self._model.dataChanged.connect(self._progressed)
        self._model.dropped.connect(jobs.move)
        pane.jobChosen.connect(self._look)
        pane.detail.results.selectionModel().currentChanged.connect(self._look)
        pane.detail.load.copied.connect(self.copied)
        for name, slot in (
            ("cancelJob", self.cancel), ("pauseJob", self.pause), ("resumeJob", self.resume),
            ("retryJob", self.retry), ("moveJobUp", self.move_up), ("moveJobDown", self.move_down),
            ("removeJob", self.remove), ("hashJob", self.hash), ("revealJob", self.reveal),
            ("openJob", self.open_as_store), ("clearJobs", jobs.clear),
        ):  # fmt: skip
            actions[name].triggered.connect(slot)

    # What is looked at

    @property
    def current(self) -> ExportJob | None:
        """The export that is looked at."""
        return self._model.export(self._pane.view.currentIndex())

    @property
    def file(self) -> Part | None:
        """The file that is looked at: of several the selected one, else the first that is there."""
        export = self.current
        part = self._model.part(self._pane.view.currentIndex())
        if export is None or part is not None:
            return part
        picked = self._results.part(self._pane.detail.results.currentIndex())
        return picked if picked in export.parts else next(iter(export.written), None)

    def facts(self) -> set[str]:
        """What holds for the actions."""
        facts, export = set(), self.current
        if export is not None:
            facts = {"job", *_facts(export)}
            at = self._jobs.jobs.index(export) if export in self._jobs.jobs else 0
            if at > 0:
                facts.add("job:up")
            if at < len(self._jobs.jobs) - 1:
                facts.add("job:down")
            if self.file is not None and self.file.state is JobState.DONE:
                facts.add("job:done")
        if any(not item.active for item in self._jobs.jobs):
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
        if running is None and all(export.state is JobState.PAUSED for export in active):
            return tr("{exports} paused", exports=words)
        return f"{words} · {percent(running.progress.fraction)}" if running else words

    # What can be done

    def cancel(self) -> None:
        """Stop the export that is looked at."""
        if self.current is not None:
            self._jobs.stop(self.current)
            self._model.refresh(self.current)
            self.changed.emit()

    def pause(self) -> None:
        """Hold it."""
        if self.current is not None:
            self._jobs.pause(self.current)

    def resume(self) -> None:
        """Let it go on."""
        if self.current is not None:
            self._jobs.resume(self.current)

    def retry(self) -> None:
        """Run it again, or those of its files that failed."""
        if self.current is not None:
            self._jobs.retry(self.current)

    def move_up(self) -> None:
        """Let it begin earlier."""
        self._move(-1)

    def move_down(self) -> None:
        """Let it begin later."""
        self._move(1)

    def _move(self, by: int) -> None:
        if self.current is not None:
            self._jobs.move(self.current, self._jobs.jobs.index(self.current) + by)

    def remove(self) -> None:
        """Take it from the list."""
        if self.current is not None:
            self._jobs.remove(self.current)

    def hash(self) -> None:
        """Compute the digest of its files."""
        if self.current is not None:
            self._jobs.hash(self.current)

    def reveal(self) -> None:
        """Show its file in the system's file manager."""
        if self.file is not None:
            self._reveal.show(self.file.request.path)

    def open_as_store(self) -> None:
        """Look into its file."""
        if self.file is not None:
            self._session.open(self.file.request.path)

    # What happened

    def _added(self, export: object) -> None:
        assert isinstance(export, ExportJob)
        self.wanted.emit()
        self._pane.tabs.setCurrentIndex(0)
        self._pane.select(self._model.row_of(export))

    def _job_changed(self, export: object) -> None:
        assert isinstance(export, ExportJob)
        if export.state is JobState.FAILED:
            self._tell_corrupt(export)
            self.wanted.emit()
            self._pane.select(self._model.row_of(export))
        if self.current is None:
            self._pane.select(self._model.row_of(export))
        self._look()

    def _tell_corrupt(self, export: ExportJob) -> None:
        """What turned out to be corrupt is marked wherever it is shown."""
        for part in export.parts:
            if isinstance(part.error, DigestMismatch):
                self._session.tell_corrupt(part.request.store, part.error)

    def _progressed(self) -> None:
        """Its files move on between two changes of its state."""
        export = self.current
        if export is not None and export.job is not None and len(export.parts) > 1:
            self._results.show(export)

    def _look(self) -> None:
        """Show what is to be said of the current export."""
        export = self.current
        self._results.show(export)
        pages = set() if export is None else self._pages(export)
        shown = (export, export.state) if export is not None else None
        self._pane.show_detail(pages, _first(pages), fresh=shown != self._shown)
        self._shown = shown
        self._pane.show_paused(export is not None and export.state is JobState.PAUSED)
        self._pane.receipt.say(receipt(export) if export is not None else "")
        self._pane.held.say(held_words(export) if export is not None else "")
        self.changed.emit()

    def _pages(self, export: ExportJob) -> set[int]:
        """Fill the pages; those that have something to say."""
        pages = set()
        if len(export.parts) > 1:
            pages.add(RESULTS)
        error = export.error or export.hash_error
        failure = failure_of(error) if error is not None and not export.active else None
        title = tr("No SHA-256") if export.error is None else job_badge(export).text.capitalize()
        title = tr("{title} — {job}", title=title, job=export_title(export))
        self._pane.failure.say(title if failure else "", failure.text if failure else "")
        if failure:
            pages.add(FAILURE)
        file = self.file
        if file is not None and file.state is JobState.DONE:
            path = file.request.path
            name = os.path.basename(path)
            self._pane.detail.load.show_archive(name, load_commands(path, file.plan), file.sha256)
            pages.add(LOAD)
        return pages


def _facts(export: ExportJob) -> set[str]:
    facts = set()
    if export.active and not export.cancel.is_set():
        facts.add("job:active")
    if not export.active:
        facts.add("job:ended")
        if any(not part.sha256 for part in export.written):
            facts.add("job:unhashed")
    if export.pausable:
        facts.add("job:pausable")
    if export.state is JobState.PAUSED and not export.cancel.is_set():
        facts.add("job:paused")
    if export.state in (JobState.FAILED, JobState.CANCELLED):
        facts.add("job:failed")
    return facts


def _first(pages: set[int]) -> int:
    """The page to begin with."""
    return next((page for page in (FAILURE, RESULTS, LOAD) if page in pages), RESULTS)
