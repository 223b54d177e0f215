"""The exports in their order: some run, the others wait; pause, cancel, retry, what became of each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from exporter_core import ExportPlan, Store, plan_export
from exporter_core.errors import Cancelled
from gui.job_list.gate import Gate
from gui.job_list.running import export_workers, hash_parts, write_parts
from gui.job_list.values import ENDED, ExportJob, ExportRequest, JobState, Part, SomeFailed
from gui.jobs import Job, Lookup, Pool


class JobList(QObject):
    """All exports of this session. Signals carry the ExportJob.

    ``moved`` says that it has another place, ``exportEnded`` that it is done, has failed or was cancelled;
    ``idle`` that none is active.
    """

    added = Signal(object)
    changed = Signal(object)
    moved = Signal(object)
    removed = Signal(object)
    exportEnded = Signal(object)
    idle = Signal()

    def __init__(self, pool: Pool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs: list[ExportJob] = []
        self.workers = 0
        """Threads that copy; 0: as many as export_workers says."""
        self._at_once = 1
        self._numbers = 0
        self._planner = Lookup(pool, self)
        self._planner.answered.connect(self._replanned)
        self._planner.failed.connect(self._not_replanned)
        self._closing = False

    # Adding and ordering

    def add(self, *requests: ExportRequest) -> ExportJob:
        """Queue an export of one file or of several; it starts as soon as there is room for it."""
        self._numbers += 1
        export = ExportJob(self._numbers, tuple(map(Part, requests)))
        self.jobs.append(export)
        self.added.emit(export)
        self._next()
        return export

    def move(self, export: ExportJob, to: int) -> None:
        """Give it the place ``to`` among all; those that wait begin in the order of the list."""
        before = self.jobs.index(export)
        to = max(0, min(to, len(self.jobs) - 1))
        if to != before:
            self.jobs.insert(to, self.jobs.pop(before))
            self.moved.emit(export)

    def remove(self, export: ExportJob) -> None:
        """Take an export that has ended from the list."""
        if not export.active:
            self.jobs.remove(export)
            self.removed.emit(export)

    def clear(self) -> None:
        """Take every export that has ended from the list."""
        for export in [export for export in self.jobs if not export.active]:
            self.remove(export)

    @property
    def at_once(self) -> int:
        """How many may run at the same time."""
        return self._at_once

    @at_once.setter
    def at_once(self, most: int) -> None:
        self._at_once = max(1, most)
        self._next()

    # Stopping and going on

    def stop(self, export: ExportJob) -> None:
        """Cancel an active export, or the computing of its digest."""
        if export.job is not None:
            export.cancel.set()
        elif export.active:
            self._planner.forget(export.number)
            for part in export.parts:
                part.state = JobState.CANCELLED if part.state is JobState.WAITING else part.state
            self._enter(export, JobState.CANCELLED)

    def pause(self, export: ExportJob) -> None:
        """Hold it: one that runs keeps its temporary file, and others may run meanwhile."""
        if export.pausable:
            export.gate.shut()
            export.held = time.monotonic()
            self._enter(export, JobState.PAUSED)
            self._next()

    def resume(self, export: ExportJob) -> None:
        """Let it go on as soon as there is room."""
        if export.state is JobState.PAUSED:
            self._enter(export, JobState.WAITING)
            self._next()

    def retry(self, export: ExportJob) -> None:
        """Plan what failed or was cancelled anew, for its store may have been repaired, and run it again."""
        if export.state not in (JobState.FAILED, JobState.CANCELLED):
            return
        export.error = export.hash_error = None
        export.cancel, export.gate = threading.Event(), Gate()
        again = [part for part in export.parts if part.state is not JobState.DONE]
        self._enter(export, JobState.PLANNING)
        self._planner.ask(partial(_plan, [part.request for part in again]), export.number)

    def hash(self, export: ExportJob) -> None:
        """Compute the SHA-256 of the files that it has written."""
        if export.active or all(part.sha256 for part in export.written):
            return
        export.resting, export.hash_error = export.state, None
        export.cancel = threading.Event()
        self._run(export, partial(hash_parts, export.written, export.cancel))
        self._enter(export, JobState.HASHING)

    # What can be asked

    @property
    def active(self) -> list[ExportJob]:
        """Those that are still to end."""
        return [export for export in self.jobs if export.active]

    def uses(self, store: Store) -> bool:
        """Whether an active export reads from ``store``."""
        return any(export.request.store is store for export in self.active)

    def close(self) -> None:
        """Cancel all and wait until no thread is left; each is told to have ended, for the history."""
        self._closing = True
        for export in self.active:
            self.stop(export)
        for export in self.jobs:
            if export.job is not None:
                export.job.settle()
                self._take_back(export, export.job)

    # Inside

    def _replanned(self, number: object, plans: object) -> None:
        assert isinstance(plans, list)
        export = self._by_number(number)
        again = [part for part in export.parts if part.state is not JobState.DONE]
        for part, plan in zip(again, plans, strict=True):
            assert isinstance(plan, ExportPlan)
            part.use(plan)
        self._enter(export, JobState.WAITING)
        self._next()

    def _not_replanned(self, number: object, error: object) -> None:
        assert isinstance(error, BaseException)
        export = self._by_number(number)
        export.error = error
        self._enter(export, JobState.FAILED)

    def _by_number(self, number: object) -> ExportJob:
        return next(export for export in self.jobs if export.number == number)

    def _next(self) -> None:
        """Begin those that wait, as many as there is room for."""
        room = self._at_once - sum(export.state is JobState.RUNNING for export in self.jobs)
        waiting = [export for export in self.jobs if export.state is JobState.WAITING]
        for export in waiting[: max(0, room)]:
            if not self._closing:
                self._begin(export)

    def _begin(self, export: ExportJob) -> None:
        if export.job is not None:
            self._go_on(export)
        else:
            export.gate.open()
            workers = self.workers or export_workers()
            self._run(export, partial(write_parts, export.parts, export.gate, export.cancel, workers))
        self._enter(export, JobState.RUNNING)

    def _go_on(self, export: ExportJob) -> None:
        """It was paused in the middle: that time does not count as spent on it."""
        for part in export.parts:
            if part.state is JobState.RUNNING and part.progress.started:
                part.progress.started += time.monotonic() - max(export.held, part.progress.started)
        export.gate.open()

    def _run(self, export: ExportJob, work: Callable[[], object]) -> None:
        export.job = Job(work)
        export.job.ended.connect(self._ended)
        export.job.begin()

    def _ended(self) -> None:
        job = self.sender()
        export = next((export for export in self.jobs if export.job is job), None)
        if export is None or export.job is None:
            return
        self._take_back(export, export.job)
        self._next()

    def _take_back(self, export: ExportJob, job: Job) -> None:
        """Its thread is gone."""
        error, export.job = job.error, None
        if export.state is JobState.HASHING:
            export.hash_error = None if isinstance(error, Cancelled) else error
            self._enter(export, export.resting)
        else:
            self._conclude(export, error)

    def _conclude(self, export: ExportJob, error: BaseException | None) -> None:
        for part in export.parts:
            if part.state in (JobState.WAITING, JobState.RUNNING):
                part.state = JobState.CANCELLED
        failed = [part for part in export.parts if part.state is JobState.FAILED]
        if isinstance(error, Cancelled):
            self._enter(export, JobState.CANCELLED)
        elif error is not None or failed:
            export.error = error or _reason(failed, len(export.parts))
            self._enter(export, JobState.FAILED)
        else:
            self._enter(export, JobState.DONE)

    def _enter(self, export: ExportJob, state: JobState) -> None:
        ended = state in ENDED and export.state is not JobState.HASHING
        export.state = state
        self.changed.emit(export)
        if ended:
            self.exportEnded.emit(export)
        if not self.active:
            self.idle.emit()


def _reason(failed: Sequence[Part], total: int) -> BaseException | None:
    return failed[0].error if total == 1 else SomeFailed(failed, total)


def _plan(requests: Sequence[ExportRequest]) -> list[ExportPlan]:
    """In the pool: the plans, from the stores as they are now."""
    return [plan_export(request.store, request.plan.images, request.plan.options) for request in requests]
