"""What each cell of the exports' tree shows: an export, one of its files, one of its blobs."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from exporter_core import Entry, ExportPlan, Progress, State
from gui.job_list import ExportJob, JobState, Part, Together
from gui.models import DECORATION, DISPLAY, FOREGROUND, TOOL_TIP, USER, VALUE
from gui.models.completeness import Badge
from gui.models.job_words import (
    blob_badge,
    blob_percent,
    blob_title,
    copied_words,
    export_title,
    job_badge,
    job_fraction,
    left_words,
    part_badge,
    part_fraction,
    part_time_words,
    part_title,
    reading_order,
    speed_words,
    tone,
)
from gui.text import exact_size, percent, tr
from gui.theme import icon, tokens

WHAT, PROGRESS, BYTES, SPEED, LEFT, STATE = range(6)
FRACTION = USER + 10
"""0–1000 of a progress bar."""
TONE = USER + 11
"""Field of Tokens that the bar is painted in."""


@dataclass(slots=True, eq=False)
class Row:
    """An export with what the display has of it: its plan may be replaced by a retry at any time."""

    export: ExportJob
    plan: ExportPlan
    progress: Progress | Together
    order: Sequence[int] = ()  # index in plan.blobs, or of the part, of each row below
    places: dict[int, int] = field(default_factory=dict)  # and the other way
    seen: int = 0  # position in the progress's journal
    samples: deque[tuple[float, int]] = field(default_factory=deque)
    speed: float = 0.0

    @property
    def several(self) -> bool:
        """Whether the rows below are files."""
        return len(self.export.parts) > 1

    def wanted(self) -> Sequence[int]:
        """The rows that there should be below."""
        return range(len(self.export.parts)) if self.several else reading_order(self.export.plan.blobs)

    def use(self, order: Sequence[int]) -> None:
        """Show the plan that the export has now, its blobs or files in this order."""
        self.plan, self.progress = self.export.plan, self.export.progress
        self.order, self.places = order, {index: row for row, index in enumerate(order)}
        self.seen = 0
        self.rest()

    def rest(self) -> None:
        """Forget how fast it was."""
        self.speed = 0.0
        self.samples.clear()

    def moved(self) -> set[int]:
        """The rows below that look different since the last call."""
        if isinstance(self.progress, Together):
            return set(range(len(self.order)))
        fresh, self.seen = self.progress.since(self.seen)
        indexes = {transition.index for transition in fresh}
        indexes.update(i for i, state in enumerate(self.progress.states) if state is State.COPYING)
        return {self.places[i] for i in indexes}


def export_data(row: Row, column: int, role: int) -> object:
    """Of an export."""
    export = row.export
    if role == DISPLAY:
        return _export_text(row, column)
    if role == FRACTION:
        return int(job_fraction(export) * 1000)
    if role == TONE:
        return tone(export.state)
    if role == TOOL_TIP:
        return _export_tip(export, column)
    if role == VALUE:
        return export
    return _decorated(job_badge(export), column, role)


def _export_text(row: Row, column: int) -> str:
    export = row.export
    if column == WHAT:
        return export_title(export)
    if column == PROGRESS:
        return percent(job_fraction(export))
    if column == BYTES:
        return copied_words(export.progress.bytes_done, export.progress.total)
    if column == SPEED:
        return speed_words(export, row.speed)
    return left_words(export, row.speed) if column == LEFT else job_badge(export).text


def _export_tip(export: ExportJob, column: int) -> str | None:
    if column == WHAT:
        return export.request.path
    if column == STATE and export.state is JobState.PAUSED:
        if export.job is None:
            return tr("It begins when it is let go on.")
        return tr("What is copied so far stays in a temporary file beside the target.")
    return None


def part_data(part: Part, column: int, role: int) -> object:
    """Of a file among several."""
    if role == DISPLAY:
        return _part_text(part, column)
    if role == FRACTION:
        return int(part_fraction(part) * 1000)
    if role == TONE:
        return tone(part.state)
    if role == TOOL_TIP:
        return f"{part.request.path}\n{part.error}" if part.error else part.request.path
    if role == VALUE:
        return part
    return _decorated(part_badge(part), column, role)


def _part_text(part: Part, column: int) -> str:
    if column == WHAT:
        return part_title(part)
    if column == PROGRESS:
        return percent(part_fraction(part))
    if column == BYTES:
        return copied_words(part.progress.bytes_done, part.progress.total)
    if column == LEFT:
        return part_time_words(part)
    return part_badge(part).text if column == STATE else ""


def blob_data(row: Row, i: int, column: int, role: int) -> object:
    """Of the blob ``i`` of the plan."""
    part = row.export.parts[0]
    entry, progress = row.plan.blobs[i], row.progress
    assert isinstance(progress, Progress)
    state, ended = progress.states[i], not row.export.active
    if role == DISPLAY:
        if column == WHAT:
            return blob_title(entry, row.plan)
        if column == STATE:
            return blob_badge(state, ended).text
        return _blob_text(progress, entry, i, column)
    if role == FRACTION:
        return 1000 * progress.done[i] // entry.size if entry.size else 1000 * (state is State.VERIFIED)
    if role == TONE:
        return {State.VERIFIED: "ok", State.FAILED: "bad", State.CANCELLED: "muted"}.get(state, "accent")
    if role == TOOL_TIP:
        digest = entry.descriptor.digest if entry.descriptor else ""
        why = f"\n{part.error}" if state is State.FAILED and part.error else ""
        return f"{entry.owner}\n{digest}\n{exact_size(entry.size)}{why}"
    if role == VALUE:
        return entry
    return _decorated(blob_badge(state, ended), column, role)


def _blob_text(progress: Progress, entry: Entry, i: int, column: int) -> str:
    if column == PROGRESS:
        return blob_percent(progress.done[i], entry.size)
    if column == BYTES:
        return copied_words(progress.done[i], entry.size)
    return ""


def _decorated(badge: Badge, column: int, role: int) -> object:
    if role == DECORATION and column == STATE:
        return icon(badge.icon, badge.tint)
    if role == FOREGROUND and column == STATE and badge.tint in ("bad", "warn"):
        return tokens().colour(badge.tint)
    return None
