"""The exports and their blobs as a tree of two levels; progress is polled, never pushed.

Ids: 0 for an export, the export's number for each of its blobs.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt, QTimer

from exporter_core import Entry, ExportPlan, Phase, Progress, State
from exporter_core.errors import Cancelled
from gui.job_list import ExportJob, JobList, JobState
from gui.models import (
    ACCESSIBLE_TEXT,
    ALIGNMENT,
    COPY,
    DECORATION,
    DISPLAY,
    FOREGROUND,
    NO_PARENT,
    RIGHT,
    TOOL_TIP,
    USER,
    VALUE,
    Index,
)  # fmt: skip
from gui.models.catalogue import split_name
from gui.models.completeness import Badge
from gui.text import duration, exact_size, percent, plural, rate, size, tr
from gui.theme import icon, tokens

WHAT, PROGRESS, BYTES, SPEED, LEFT, STATE = range(6)
FRACTION = USER + 10
"""0–1000 of a progress bar."""
TONE = USER + 11
"""Field of Tokens that the bar is painted in."""
POLL_MS = 50
_WINDOW_S = 3.0  # the speed shown is that of the last seconds
_NO_JOB = 0
_SORTED_MOST = 20_000


@dataclass(slots=True, eq=False)
class _Row:
    """An export with what the display has of it: its plan may be replaced by a retry at any time."""

    export: ExportJob
    plan: ExportPlan
    progress: Progress
    order: list[int] = field(default_factory=list)  # index in plan.blobs of each row below
    places: dict[int, int] = field(default_factory=dict)  # and the other way
    seen: int = 0  # position in the progress's journal
    samples: deque[tuple[float, int]] = field(default_factory=deque)
    speed: float = 0.0

    def use(self, order: list[int]) -> None:
        """Show the plan that the export has now, its blobs in this order."""
        self.plan, self.progress = self.export.plan, self.export.progress
        self.order, self.places = order, {index: row for row, index in enumerate(order)}
        self.seen, self.speed = 0, 0.0
        self.samples.clear()


def reading_order(blobs: Sequence[Entry]) -> list[int]:
    """Indexes of the blobs as a person lists them: an image, its manifests, their config and layers.

    The archive's own order, by digest, where there are too many to sort beside a running export.
    """
    indexes = list(range(len(blobs)))
    if len(indexes) > _SORTED_MOST:
        return indexes
    return sorted(indexes, key=lambda i: _reading_key(blobs[i].owner))


def _reading_key(owner: str) -> list[tuple[bool, str, int]]:
    key = []
    for part in reversed(owner.split(" of ")):
        word, _, digits = part.rpartition(" ")
        whole = (word, int(digits)) if digits.isdigit() else (part, 0)
        key.append((part == "attestation", *whole))
    return key


def export_title(export: ExportJob) -> str:
    """``harbor-web:2.4 → harbor-web.tar``."""
    images = export.plan.images
    name = split_name(images[0].name)[0] if images else ""
    if len(images) > 1:
        name = plural(len(images), "{n} image", "{n} images")
    return f"{name} → {Path(export.request.path).name}"


def job_badge(export: ExportJob) -> Badge:
    """The state of an export."""
    if export.state is JobState.RUNNING:
        if export.cancel.is_set():
            return Badge("circle-stop", "warn", tr("cancelling…"))
        words = {
            Phase.FLUSHING: tr("writing to disk…"),
            Phase.CHECKSUM: tr("computing the SHA-256…"),
        }
        return Badge("play", "accent", words.get(export.progress.phase, tr("copying")))
    return {
        JobState.PLANNING: Badge("search", "muted", tr("planning…")),
        JobState.WAITING: Badge("circle-dashed", "muted", tr("waiting")),
        JobState.DONE: Badge("circle-check", "ok", tr("done and verified")),
        JobState.FAILED: Badge("circle-x", "bad", tr("failed")),
        JobState.CANCELLED: Badge("circle-slash", "muted", tr("cancelled")),
    }[export.state]


def blob_badge(state: State) -> Badge:
    """The state of one blob of an export."""
    return {
        State.WAITING: Badge("circle", "muted", tr("waiting")),
        State.COPYING: Badge("play", "accent", tr("copying")),
        State.VERIFIED: Badge("circle-check", "ok", tr("verified")),
        State.FAILED: Badge("circle-x", "bad", tr("failed")),
        State.CANCELLED: Badge("circle-slash", "muted", tr("cancelled")),
    }[state]


def blob_title(entry: Entry, plan: ExportPlan) -> str:
    """Whose blob it is, without the image's name where there is only one image."""
    images = plan.images
    if len(images) == 1:
        if entry.owner == images[0].name:
            return tr("root")
        return entry.owner.removesuffix(f" of {images[0].name}")
    return entry.owner


class JobsModel(QAbstractItemModel):
    """Shows a JobList; polls the progress of those that run every 50 ms."""

    def __init__(self, jobs: JobList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._poll)
        jobs.added.connect(self._added)
        jobs.changed.connect(self._changed)
        jobs.removed.connect(self._removed)

    def export(self, index: Index) -> ExportJob | None:
        """The export of a row, or that a blob's row belongs to."""
        if not index.isValid():
            return None
        number = index.internalId()
        return self._by_number(number).export if number else self._rows[index.row()].export

    def row_of(self, export: ExportJob) -> int:
        """Where the export stands, -1 if nowhere."""
        return next((i for i, row in enumerate(self._rows) if row.export is export), -1)

    def refresh(self, export: ExportJob) -> None:
        """Show the export as it is now."""
        at = self.row_of(export)
        if at >= 0:
            self._refresh(at)

    # The list's side

    def _added(self, export: ExportJob) -> None:
        end = len(self._rows)
        self.beginInsertRows(NO_PARENT, end, end)
        row = _Row(export, export.plan, export.progress)
        row.use(reading_order(export.plan.blobs))
        self._rows.append(row)
        self.endInsertRows()

    def _removed(self, export: ExportJob) -> None:
        at = self.row_of(export)
        self.beginRemoveRows(NO_PARENT, at, at)
        del self._rows[at]
        self.endRemoveRows()

    def _changed(self, export: ExportJob) -> None:
        at = self.row_of(export)
        if self._rows[at].plan is not export.plan:
            self._replace_blobs(at)
        self._refresh(at)
        if export.active:
            self._timer.start()

    def _replace_blobs(self, at: int) -> None:
        """The export was planned anew: its blobs may be others."""
        row, top = self._rows[at], self.index(at, 0)
        if row.order:
            self.beginRemoveRows(top, 0, len(row.order) - 1)
            row.order = []
            self.endRemoveRows()
        order = reading_order(row.export.plan.blobs)
        if order:
            self.beginInsertRows(top, 0, len(order) - 1)
        row.use(order)
        if order:
            self.endInsertRows()

    def _poll(self) -> None:
        running = [at for at, row in enumerate(self._rows) if row.export.state is JobState.RUNNING]
        if not running:
            self._timer.stop()
        for at in running:
            self._sample(self._rows[at])
            self._refresh(at)

    def _sample(self, row: _Row) -> None:
        now, done = time.monotonic(), row.progress.bytes_done
        row.samples.append((now, done))
        while row.samples and now - row.samples[0][0] > _WINDOW_S:
            row.samples.popleft()
        since, before = row.samples[0]
        if now > since:
            row.speed = (done - before) / (now - since)

    def _refresh(self, at: int) -> None:
        """Say that the export and those of its blobs that moved look different now."""
        row = self._rows[at]
        top = self.index(at, 0)
        self.dataChanged.emit(top, top.siblingAtColumn(STATE))
        fresh, row.seen = row.progress.since(row.seen)
        moved = {transition.index for transition in fresh}
        moved.update(i for i, state in _copying(row.progress))
        if moved:
            rows = [row.places[i] for i in moved]
            self.dataChanged.emit(self.index(min(rows), 0, top), self.index(max(rows), STATE, top))

    def _by_number(self, number: int) -> _Row:
        return next(row for row in self._rows if row.export.number == number)

    # Qt's side

    def index(self, row: int, column: int, parent: Index = NO_PARENT) -> QModelIndex:
        if not self.hasIndex(row, column, parent):
            return NO_PARENT
        number = self._rows[parent.row()].export.number if parent.isValid() else _NO_JOB
        return self.createIndex(row, column, number)

    def parent(self, index: Index = NO_PARENT) -> QModelIndex:  # type: ignore[override]
        if not index.isValid() or not index.internalId():
            return NO_PARENT
        at = next(i for i, row in enumerate(self._rows) if row.export.number == index.internalId())
        return self.createIndex(at, 0, _NO_JOB)

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        if not parent.isValid():
            return len(self._rows)
        if parent.internalId() or parent.column() != 0:
            return 0
        return len(self._rows[parent.row()].order)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return STATE + 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section <= STATE:
            return None
        if role == ALIGNMENT and section in (BYTES, SPEED, LEFT):
            return RIGHT
        if role != DISPLAY:
            return None
        return (tr("Export"), tr("Progress"), tr("Copied"), tr("Speed"), tr("Time left"), tr("State"))[
            section
        ]

    def data(self, index: Index, role: int = DISPLAY) -> object:
        if not index.isValid():
            return None
        number = index.internalId()
        if role == ALIGNMENT:
            return RIGHT if index.column() in (BYTES, SPEED, LEFT) else None
        if (role == ACCESSIBLE_TEXT and index.column() == WHAT) or role == COPY:
            cells = (index.sibling(index.row(), column).data(DISPLAY) for column in range(STATE + 1))
            return ("\t" if role == COPY else ", ").join(str(cell) for cell in cells if cell)
        if number:
            row = self._by_number(number)
            return self._blob_data(row, row.order[index.row()], index.column(), role)
        return self._export_data(self._rows[index.row()], index.column(), role)

    def _export_data(self, row: _Row, column: int, role: int) -> object:
        export = row.export
        if role == DISPLAY:
            return _export_text(row, column)
        if role == FRACTION:
            return 1000 if export.state is JobState.DONE else int(row.progress.fraction * 1000)
        if role == TONE:
            return {JobState.DONE: "ok", JobState.FAILED: "bad", JobState.CANCELLED: "muted"}.get(
                export.state, "accent"
            )
        if role == TOOL_TIP:
            return export.request.path if column == WHAT else None
        if role == VALUE:
            return export
        return _decorated(job_badge(export), column, role)

    def _blob_data(self, row: _Row, i: int, column: int, role: int) -> object:
        entry, progress = row.plan.blobs[i], row.progress
        state = progress.states[i]
        if role == DISPLAY:
            return _blob_text(row, entry, i, column)
        if role == FRACTION:
            return 1000 * progress.done[i] // entry.size if entry.size else 1000 * (state is State.VERIFIED)
        if role == TONE:
            return {State.VERIFIED: "ok", State.FAILED: "bad", State.CANCELLED: "muted"}.get(state, "accent")
        if role == TOOL_TIP:
            digest = entry.descriptor.digest if entry.descriptor else ""
            return f"{entry.owner}\n{digest}\n{exact_size(entry.size)}"
        if role == VALUE:
            return entry
        return _decorated(blob_badge(state), column, role)


def _copying(progress: Progress) -> list[tuple[int, State]]:
    return [(i, state) for i, state in enumerate(progress.states) if state is State.COPYING]


def _decorated(badge: Badge, column: int, role: int) -> object:
    if role == DECORATION and column == STATE:
        return icon(badge.icon, badge.tint)
    if role == FOREGROUND and column == STATE and badge.tint in ("bad", "warn"):
        return tokens().colour(badge.tint)
    return None


def _export_text(row: _Row, column: int) -> str:
    export, progress = row.export, row.progress
    if column == WHAT:
        return export_title(export)
    if column == PROGRESS:
        return percent(1.0 if export.state is JobState.DONE else progress.fraction)
    if column == BYTES:
        return tr("{done} of {total}", done=size(progress.bytes_done), total=size(progress.total))
    if column == SPEED:
        return _speed(row)
    if column == LEFT:
        return _left(row)
    if isinstance(export.error, Cancelled):
        return tr("cancelled")
    return job_badge(export).text


def _speed(row: _Row) -> str:
    export, progress = row.export, row.progress
    if export.state is JobState.RUNNING:
        return rate(row.speed) if row.speed else ""
    if export.state is JobState.DONE and progress.seconds > 0:
        return rate(progress.total / progress.seconds)
    return ""


def _left(row: _Row) -> str:
    export, progress = row.export, row.progress
    if export.state is JobState.DONE:
        return tr("took {time}", time=duration(progress.seconds))
    if export.state is not JobState.RUNNING or row.speed <= 0:
        return ""
    return duration((progress.total - progress.bytes_done) / row.speed)


def _blob_text(row: _Row, entry: Entry, i: int, column: int) -> str:
    progress = row.progress
    if column == WHAT:
        return blob_title(entry, row.plan)
    if column == PROGRESS:
        return percent(progress.done[i] / entry.size) if entry.size else ""
    if column == BYTES:
        return tr("{done} of {total}", done=size(progress.done[i]), total=size(entry.size))
    return blob_badge(progress.states[i]).text if column == STATE else ""
