"""What became of each file of an export: image, file, size, time, digest, state."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from exporter_core.humanize import short_digest
from gui.job_list import ExportJob, JobState, Part
from gui.models import (
    ACCESSIBLE_TEXT,
    ALIGNMENT,
    COPY,
    DECORATION,
    DISPLAY,
    FOREGROUND,
    TOOL_TIP,
    VALUE,
    Index,
)  # fmt: skip
from gui.models.failure import sentence_of
from gui.models.job_words import images_title, part_badge
from gui.models.table import Table
from gui.text import duration, exact_size, size, tr
from gui.theme import icon, tokens

IMAGE, FILE, SIZE, TIME, SHA256, STATE = range(6)


class ResultsModel(Table):
    """One row for each file of the export that is shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        titles = (tr("Image"), tr("File"), tr("Size"), tr("Time"), tr("SHA-256"), tr("State"))
        super().__init__(titles, (SIZE, TIME), parent)
        self._parts: tuple[Part, ...] = ()

    def show(self, export: ExportJob | None) -> None:
        """Show this export's files; the same again only repaints them."""
        parts = export.parts if export is not None and len(export.parts) > 1 else ()
        if parts is not self._parts:
            self.beginResetModel()
            self._parts = parts
            self.endResetModel()
        elif parts:
            self.dataChanged.emit(self.index(0, 0), self.index(len(parts) - 1, STATE))

    def part(self, index: Index) -> Part | None:
        """The file of a row."""
        return self._parts[index.row()] if index.isValid() else None

    def count(self) -> int:
        """See Table."""
        return len(self._parts)

    # Qt's side

    def data(self, index: Index, role: int = DISPLAY) -> object:
        if not index.isValid():
            return None
        part, column = self._parts[index.row()], index.column()
        if role == DISPLAY:
            return _text(part, column)
        if role == ALIGNMENT:
            return self.alignment(column)
        if role == TOOL_TIP:
            return _tip(part, column)
        if role == VALUE:
            return part
        if role == COPY or (role == ACCESSIBLE_TEXT and column == IMAGE):
            return _row(part, "\t" if role == COPY else ", ")
        return _decorated(part, column, role)


def _text(part: Part, column: int) -> str:
    report = part.report
    if column == IMAGE:
        return images_title(part.plan)
    if column == FILE:
        return Path(part.request.path).name
    if column == SIZE:
        return size(report.bytes) if report else ""
    if column == TIME:
        return duration(report.seconds) if report else ""
    if column == SHA256:
        return short_digest(part.sha256) if part.sha256 else ""
    if part.error is not None:
        return sentence_of(part.error)
    return part_badge(part).text


def _tip(part: Part, column: int) -> str | None:
    if column == IMAGE:
        return ", ".join(image.name for image in part.plan.images)
    if column == FILE:
        return part.request.path
    if column == SIZE and part.report:
        return exact_size(part.report.bytes)
    if column == SHA256:
        return f"sha256:{part.sha256}" if part.sha256 else None
    return str(part.error) if column == STATE and part.error else None


def _row(part: Part, between: str) -> str:
    """All that is known of it; the digest and the error in full."""
    cells = [_text(part, column) for column in range(STATE + 1)]
    cells[FILE] = part.request.path
    cells[SHA256] = part.sha256
    cells[STATE] = str(part.error) if part.error else part_badge(part).text
    return between.join(cell for cell in cells if cell or between == "\t")


def _decorated(part: Part, column: int, role: int) -> object:
    if role == DECORATION and column == STATE:
        badge = part_badge(part)
        return icon(badge.icon, badge.tint)
    if role == FOREGROUND and column == STATE and part.state is JobState.FAILED:
        return tokens().colour("bad")
    return None
