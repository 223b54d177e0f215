"""One export in the list and its files: plain values, and where they stand."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from exporter_core import ExportPlan, ExportReport, Phase, Progress, Store, new_progress
from exporter_core.errors import ShipglassError
from exporter_core.progress import State
from gui.job_list.gate import Gate
from gui.jobs import Job


class JobState(Enum):
    """Of an export in the list, and of one of its files (which is never PLANNING, PAUSED or HASHING)."""

    PLANNING = "planning"
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    HASHING = "hashing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset([JobState.DONE, JobState.FAILED, JobState.CANCELLED])
"""States in which nothing more happens by itself."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What somebody wants written: ``plan`` from ``store`` to ``path``; ``template`` made the path's name,
    where it is one of several files.
    """

    store: Store
    plan: ExportPlan
    path: str
    overwrite: bool = False
    checksum: bool = False
    template: str = ""


class Part:
    """One file of an export. Its state and report are written by the thread that writes the file."""

    def __init__(self, request: ExportRequest) -> None:
        self.request = request
        self.use(request.plan)

    def use(self, plan: ExportPlan) -> None:
        """Start afresh with ``plan``."""
        self.plan = plan
        self.progress = new_progress(plan)
        self.state = JobState.WAITING
        self.report: ExportReport | None = None
        self.error: BaseException | None = None

    @property
    def sha256(self) -> str:
        """The file's digest in hexadecimal, "" while nobody has asked for it."""
        return self.report.sha256 if self.report else ""


class SomeFailed(ShipglassError):
    """Some files of an export could not be written: ``failed`` of ``total``."""

    def __init__(self, failed: Sequence[Part], total: int) -> None:
        super().__init__(f"{len(failed)} of {total} files could not be written")
        self.failed = tuple(failed)
        self.total = total


class Together:
    """The progress of several files as one; reads as a Progress does."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts

    @property
    def total(self) -> int:
        """Bytes of all blobs of all files."""
        return sum(part.progress.total for part in self._parts)

    @property
    def bytes_done(self) -> int:
        """Bytes copied so far."""
        return sum(part.progress.bytes_done for part in self._parts)

    @property
    def fraction(self) -> float:
        """0.0 to 1.0."""
        return self.bytes_done / self.total if self.total else 1.0

    @property
    def seconds(self) -> float:
        """Seconds that the files took or have taken."""
        return sum(part.progress.seconds for part in self._parts)

    @property
    def phase(self) -> Phase:
        """Of the file that is being written."""
        writing = (part for part in self._parts if part.state is JobState.RUNNING)
        return next((part.progress.phase for part in writing), Phase.COPYING)


@dataclass(slots=True, eq=False)
class ExportJob:
    """One row of the list: one file, or one for each of several images; ``error`` says why it failed.

    ``held`` is since when it has been paused, ``resting`` the state that it goes back to after a digest,
    ``hash_error`` why a digest could not be computed.
    """

    number: int
    parts: tuple[Part, ...]
    state: JobState = JobState.WAITING
    error: BaseException | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    gate: Gate = field(default_factory=Gate)
    job: Job | None = None
    held: float = 0.0
    resting: JobState = JobState.DONE
    hash_error: BaseException | None = None

    @property
    def request(self) -> ExportRequest:
        """Of the first file."""
        return self.parts[0].request

    @property
    def plan(self) -> ExportPlan:
        """Of the first file."""
        return self.parts[0].plan

    @property
    def progress(self) -> Progress | Together:
        """Of the whole; may be read at any time."""
        return self.parts[0].progress if len(self.parts) == 1 else Together(self.parts)

    @property
    def report(self) -> ExportReport | None:
        """Of the file, where it is one and has been written."""
        return self.parts[0].report if len(self.parts) == 1 else None

    @property
    def active(self) -> bool:
        """Whether it is still to end."""
        return self.state not in ENDED

    @property
    def pausable(self) -> bool:
        """Whether a pause would hold anything: blobs are still to be copied."""
        waits = self.state is JobState.WAITING and self.job is None
        copies = self.state is JobState.RUNNING and self.progress.phase in (Phase.WAITING, Phase.COPYING)
        return (waits or copies) and not self.cancel.is_set()

    @property
    def written(self) -> list[Part]:
        """The files that are there."""
        return [part for part in self.parts if part.state is JobState.DONE]


def failed_blob(part: Part) -> int | None:
    """Index in ``plan.blobs`` of the blob that made the file fail, where it was one."""
    states = part.progress.states
    return next((i for i, state in enumerate(states) if state is State.FAILED), None)
