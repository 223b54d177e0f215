"""The exports in their order: one runs, the others wait; cancel, retry, what became of each."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial

from PySide6.QtCore import QObject, Signal

from exporter_core import ExportPlan, ExportReport, Progress, Store, new_progress, plan_export, run_export
from exporter_core.errors import Cancelled, PlanError
from exporter_core.progress import State
from gui.jobs import Job, Lookup, Pool


class JobState(Enum):
    """Of an export in the list."""

    PLANNING = "planning"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = frozenset([JobState.PLANNING, JobState.WAITING, JobState.RUNNING])
"""States that end by themselves."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What somebody wants written: ``plan`` from ``store`` to ``path``."""

    store: Store
    plan: ExportPlan
    path: str
    overwrite: bool = False
    checksum: bool = False


@dataclass(slots=True, eq=False)
class ExportJob:
    """One row of the list. ``progress`` may be read at any time; ``error`` says why it failed."""

    number: int
    request: ExportRequest
    plan: ExportPlan
    progress: Progress
    state: JobState = JobState.WAITING
    report: ExportReport | None = None
    error: BaseException | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    job: Job | None = None

    @property
    def active(self) -> bool:
        """Whether it is still to end."""
        return self.state in ACTIVE


def export_workers() -> int:
    """Threads that copy: one core is left to the window."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores - 1, 8))


class JobList(QObject):
    """All exports of this session. Signals carry the ExportJob; ``idle`` says that none is active."""

    added = Signal(object)
    changed = Signal(object)
    removed = Signal(object)
    idle = Signal()

    def __init__(self, pool: Pool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs: list[ExportJob] = []
        self.workers = 0
        """Threads that copy; 0: as many as export_workers says."""
        self._numbers = 0
        self._planner = Lookup(pool, self)
        self._planner.answered.connect(self._replanned)
        self._planner.failed.connect(self._not_replanned)
        self._closing = False

    def add(self, request: ExportRequest) -> ExportJob:
        """Queue an export; it starts as soon as no other runs."""
        self._numbers += 1
        export = ExportJob(self._numbers, request, request.plan, new_progress(request.plan))
        self.jobs.append(export)
        self.added.emit(export)
        self._next()
        return export

    def stop(self, export: ExportJob) -> None:
        """Cancel an active export."""
        if export.state is JobState.RUNNING:
            export.cancel.set()
            return
        if export.active:
            self._planner.forget(export.number)
            self._enter(export, JobState.CANCELLED)

    def retry(self, export: ExportJob) -> None:
        """Plan a failed or cancelled export anew, for its store may have been repaired, and run it again."""
        if export.active or export.state is JobState.DONE:
            return
        export.error = None
        export.cancel = threading.Event()
        self._enter(export, JobState.PLANNING)
        request = export.request
        plan: Callable[[], object] = partial(
            plan_export, request.store, request.plan.images, request.plan.options
        )
        self._planner.ask(plan, export.number)

    def clear(self) -> None:
        """Take every export that has ended from the list."""
        for export in [export for export in self.jobs if not export.active]:
            self.jobs.remove(export)
            self.removed.emit(export)

    @property
    def active(self) -> list[ExportJob]:
        """Those that are still to end."""
        return [export for export in self.jobs if export.active]

    def uses(self, store: Store) -> bool:
        """Whether an active export reads from ``store``."""
        return any(export.request.store is store for export in self.active)

    def close(self) -> None:
        """Cancel all and wait until no thread is left."""
        self._closing = True
        for export in self.active:
            self.stop(export)
        for export in self.jobs:
            if export.job is not None:
                export.job.settle()

    def _by_number(self, number: object) -> ExportJob:
        return next(export for export in self.jobs if export.number == number)

    def _replanned(self, number: object, plan: object) -> None:
        assert isinstance(plan, ExportPlan)
        export = self._by_number(number)
        export.plan = plan
        export.progress = new_progress(plan)
        if plan.problems:
            self._fail(export, PlanError(plan.problems))
            return
        self._enter(export, JobState.WAITING)
        self._next()

    def _not_replanned(self, number: object, error: object) -> None:
        assert isinstance(error, BaseException)
        self._fail(self._by_number(number), error)

    def _next(self) -> None:
        if self._closing or any(export.state is JobState.RUNNING for export in self.jobs):
            return
        export = next((export for export in self.jobs if export.state is JobState.WAITING), None)
        if export is not None:
            self._begin(export)

    def _begin(self, export: ExportJob) -> None:
        request = export.request
        export.job = Job(
            partial(
                run_export, export.plan, request.store, request.path, progress=export.progress,
                cancel=export.cancel, workers=self.workers or export_workers(), overwrite=request.overwrite,
                checksum=request.checksum,
            )
        )  # fmt: skip
        export.job.ended.connect(self._ended)
        export.job.begin()
        self._enter(export, JobState.RUNNING)

    def _ended(self) -> None:
        job = self.sender()
        export = next((export for export in self.jobs if export.job is job), None)
        if export is None or export.job is None:
            return
        result, error = export.job.result, export.job.error
        export.job = None
        if isinstance(result, ExportReport):
            export.report = result
            self._enter(export, JobState.DONE)
        elif isinstance(error, Cancelled):
            self._enter(export, JobState.CANCELLED)
        else:
            self._fail(export, error or RuntimeError("the export ended without a result"))
        self._next()

    def _fail(self, export: ExportJob, error: BaseException) -> None:
        export.error = error
        self._enter(export, JobState.FAILED)

    def _enter(self, export: ExportJob, state: JobState) -> None:
        export.state = state
        self.changed.emit(export)
        if not self.active:
            self.idle.emit()


def failed_blob(export: ExportJob) -> int | None:
    """Index in ``plan.blobs`` of the blob that made the export fail, where it was one."""
    states = export.progress.states
    return next((i for i, state in enumerate(states) if state is State.FAILED), None)
