"""What is known of an export before byte 1: plans, sizes, space, and what stands against the target."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from exporter_core import ExportOptions, ExportPlan, Image, ShipglassError, Store, plan_export
from exporter_core.errors import Cancelled, TargetError
from exporter_core.export import check_target
from exporter_core.export import free_space as free_in
from gui.text import plural, size, tr


@dataclass(frozen=True, slots=True)
class Question:
    """One archive of all ``images`` at ``paths[0]``, or with ``each`` one for each at its path.

    An empty path is one that is not known yet.
    """

    images: tuple[Image, ...]
    options: ExportOptions
    each: bool
    paths: tuple[str, ...]

    def same_plans(self, other: Question) -> bool:
        """Whether the plans of the one are those of the other."""
        return (self.images, self.options, self.each) == (other.images, other.options, other.each)


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is there already: its size in bytes, and when it was written (RFC 3339)."""

    size: int
    time: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """The answer: a plan for each file. ``free`` bytes are on the target's disk, None unknown;
    ``found`` has those paths where there is a file already.
    """

    question: Question
    plans: tuple[ExportPlan, ...]
    free: int | None = None
    target_problem: ShipglassError | None = None
    found: Mapping[str, Found] = field(default_factory=dict, hash=False)

    @property
    def existing(self) -> frozenset[str]:
        """The paths where there is a file already."""
        return frozenset(self.found)

    @property
    def workable(self) -> list[ExportPlan]:
        """The plans that can be carried out."""
        return [plan for plan in self.plans if not plan.problems]

    @property
    def total(self) -> int:
        """Bytes of all archives."""
        return sum(plan.total for plan in self.workable)

    @property
    def problems(self) -> list[ShipglassError]:
        """What stands against all of it: of several files only where none can be written."""
        return [] if self.workable else [problem for plan in self.plans for problem in plan.problems]


def full_path(text: str) -> str:
    """The absolute path that somebody typed; "" for nothing."""
    return os.path.abspath(os.path.expanduser(text)) if text else ""


def estimate(
    store: Store, question: Question, known: Estimate | None, stop: Callable[[], bool] = lambda: False
) -> Estimate:
    """In the pool: plan (or take the plans that are ``known``) and look at the target. A ``store`` that knows
    of corrupt blobs makes plans that say so.
    """
    if known is not None and known.question.same_plans(question):
        plans = known.plans
    else:
        plans = _plans(store, question, stop)
    return look_at_target(store, question, plans)


def look_at_target(store: Store, question: Question, plans: tuple[ExportPlan, ...]) -> Estimate:
    """What can be seen of the target now; writes nothing."""
    paths = [path for path in question.paths if path]
    if not paths:
        return Estimate(question, plans)
    folder = os.path.dirname(paths[0])
    free = free_in(folder)
    workable = [plan.total for plan in plans if not plan.problems]
    problem = _problem(store, paths, max(workable, default=0), sum(workable), free)
    found = {path: known for path in paths if (known := _found(path)) is not None}
    return Estimate(question, plans, free, problem, found)


def _found(path: str) -> Found | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return Found(status.st_size, datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="seconds"))


def _plans(store: Store, question: Question, stop: Callable[[], bool]) -> tuple[ExportPlan, ...]:
    if not question.each:
        return (plan_export(store, question.images, question.options),)
    plans = []
    for image in question.images:
        if stop():
            raise Cancelled
        plans.append(plan_export(store, [image], question.options))
    return tuple(plans)


def _problem(
    store: Store, paths: Sequence[str], largest: int, total: int, free: int | None
) -> ShipglassError | None:
    """The first reason why these files could not be written, as far as it shows without writing."""
    for path in paths:
        try:
            check_target(path, largest, store, overwrite=True)
        except TargetError as error:
            return error
    if free is not None and free < total:
        archives = plural(len(paths), "{n} archive", "{n} archives")
        text = f"there are {size(free)} free, {archives} need {size(total)}"
        return TargetError(text, hint=tr("Free some space, or write to another disk."))
    return None
