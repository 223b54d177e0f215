"""The exports as a tree of two levels: below each its blobs, or its files where it writes several.

Progress is polled, never pushed. Ids: 0 for an export, the export's number for each row below it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QObject, Qt, QTimer, Signal

from gui.job_list import ExportJob, JobList, JobState, Part
from gui.models import ACCESSIBLE_TEXT, ALIGNMENT, COPY, DISPLAY, NO_PARENT, RIGHT, Index
from gui.models.job_cells import (
    BYTES,
    FRACTION,
    LEFT,
    PROGRESS,
    SPEED,
    STATE,
    TONE,
    WHAT,
    Row,
    blob_data,
    export_data,
    part_data,
)
from gui.models.job_words import export_title, job_badge, reading_order
from gui.text import tr

__all__ = [
    "BYTES",
    "FRACTION",
    "LEFT",
    "PROGRESS",
    "SPEED",
    "STATE",
    "TONE",
    "WHAT",
    "JobsModel",
    "export_title",
    "job_badge",
    "reading_order",
]

POLL_MS = 50
MIME = "application/x-shipglass-export"
_WINDOW_S = 3.0  # the speed shown is that of the last seconds
_NO_JOB = 0
_FLAG = Qt.ItemFlag


class JobsModel(QAbstractItemModel):
    """Shows a JobList; polls the progress of those that run every 50 ms.

    ``dropped(export, place)`` when an export was dragged elsewhere.
    """

    dropped = Signal(object, object)

    def __init__(self, jobs: JobList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._rows: list[Row] = []
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._poll)
        jobs.added.connect(self._added)
        jobs.changed.connect(self._changed)
        jobs.moved.connect(self._moved)
        jobs.removed.connect(self._removed)

    def export(self, index: Index) -> ExportJob | None:
        """The export of a row, or that a row below it belongs to."""
        if not index.isValid():
            return None
        number = index.internalId()
        return self._by_number(number).export if number else self._rows[index.row()].export

    def part(self, index: Index) -> Part | None:
        """The file of a row: that of an export of one, or one of several; None for several together."""
        export = self.export(index)
        if export is None or len(export.parts) == 1:
            return export.parts[0] if export else None
        return export.parts[index.row()] if index.internalId() else None

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
        row = Row(export, export.plan, export.progress)
        row.use(row.wanted())
        self._rows.append(row)
        self.endInsertRows()

    def _moved(self, export: ExportJob) -> None:
        before, to = self.row_of(export), self._jobs.jobs.index(export)
        if before != to:
            self.beginMoveRows(NO_PARENT, before, before, NO_PARENT, to + (to > before))
            self._rows.insert(to, self._rows.pop(before))
            self.endMoveRows()

    def _removed(self, export: ExportJob) -> None:
        at = self.row_of(export)
        self.beginRemoveRows(NO_PARENT, at, at)
        del self._rows[at]
        self.endRemoveRows()

    def _changed(self, export: ExportJob) -> None:
        at = self.row_of(export)
        row = self._rows[at]
        if row.plan is not export.plan:
            self._replace_rows(at)
        if export.state is not JobState.RUNNING:
            row.rest()
        self._refresh(at)
        if export.active:
            self._timer.start()

    def _replace_rows(self, at: int) -> None:
        """The export was planned anew: its blobs may be others. Its files are the same."""
        row, top = self._rows[at], self.index(at, 0)
        if row.several:
            row.use(row.order)
            return
        if row.order:
            self.beginRemoveRows(top, 0, len(row.order) - 1)
            row.order = []
            self.endRemoveRows()
        order = row.wanted()
        if order:
            self.beginInsertRows(top, 0, len(order) - 1)
        row.use(order)
        if order:
            self.endInsertRows()

    def _poll(self) -> None:
        busy = [at for at, row in enumerate(self._rows) if row.export.job is not None]
        if not busy:
            self._timer.stop()
        for at in busy:
            if self._rows[at].export.state is JobState.RUNNING:
                self._sample(self._rows[at])
            self._refresh(at)

    def _sample(self, row: Row) -> None:
        now, done = time.monotonic(), row.progress.bytes_done
        row.samples.append((now, done))
        while row.samples and now - row.samples[0][0] > _WINDOW_S:
            row.samples.popleft()
        since, before = row.samples[0]
        if now > since:
            row.speed = (done - before) / (now - since)

    def _refresh(self, at: int) -> None:
        """Say that the export and those rows below it that moved look different now."""
        top = self.index(at, 0)
        self.dataChanged.emit(top, top.siblingAtColumn(STATE))
        rows = self._rows[at].moved()
        if rows:
            self.dataChanged.emit(self.index(min(rows), 0, top), self.index(max(rows), STATE, top))

    def _by_number(self, number: int) -> Row:
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
            return _FLAG.ItemIsDropEnabled
        flags = _FLAG.ItemIsEnabled | _FLAG.ItemIsSelectable
        return flags if index.internalId() else flags | _FLAG.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        exports = [export for index in indexes if (export := self.export(index)) is not None]
        if exports:
            data.setData(MIME, str(exports[0].number).encode())
        return data

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        if not data.hasFormat(MIME) or parent.isValid():
            return False
        number = int(bytes(data.data(MIME).data()))
        at = next((i for i, item in enumerate(self._rows) if item.export.number == number), -1)
        if at < 0:
            return False
        place = len(self._rows) if row < 0 else row
        self.dropped.emit(self._rows[at].export, place - (place > at))
        return True

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
        if not number:
            return export_data(self._rows[index.row()], index.column(), role)
        row = self._by_number(number)
        if row.several:
            return part_data(row.export.parts[index.row()], index.column(), role)
        return blob_data(row, row.order[index.row()], index.column(), role)
