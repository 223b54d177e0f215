"""The exports of earlier days as a table, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject

from gui.job_list import Record
from gui.models import (
    ACCESSIBLE_TEXT,
    ALIGNMENT,
    COPY,
    DECORATION,
    DISPLAY,
    FOREGROUND,
    NO_PARENT,
    TOOL_TIP,
    VALUE,
    Index,
)  # fmt: skip
from gui.models.catalogue import split_name
from gui.models.completeness import Badge
from gui.models.table import Table
from gui.text import duration, exact_size, moment, plural, size, tr
from gui.theme import icon, tokens

WHEN, IMAGES, TARGET, OPTIONS, SIZE, TIME, STATE = range(7)


def record_badge(record: Record) -> Badge:
    """How it ended."""
    if record.state == "done":
        return Badge("circle-check", "ok", tr("done and verified"))
    if record.state == "failed":
        return Badge("circle-x", "bad", tr("failed"))
    return Badge("circle-slash", "muted", tr("cancelled"))


def options_words(record: Record) -> str:
    """``all platforms``, ``linux/arm64 · V1``: what was asked."""
    platforms = ", ".join(record.platforms) or tr("this machine's platform")
    words = [tr("all platforms") if record.all_platforms else platforms]
    if record.profile == "v1":
        words.append(tr("as V1Exporter"))
    elif not record.docker_manifest:
        words.append(tr("no manifest.json"))
    if record.skip_nondistributable:
        words.append(tr("without layers that may not be distributed"))
    if record.checksum:
        words.append("SHA-256")
    return " · ".join(words)


class PastModel(Table):
    """Shows records."""

    def __init__(self, parent: QObject | None = None) -> None:
        titles = (
            tr("Ended"),
            tr("Image"),
            tr("Written to"),
            tr("Options"),
            tr("Size"),
            tr("Time"),
            tr("State"),
        )
        super().__init__(titles, (SIZE, TIME), parent)
        self._records: list[Record] = []

    def show(self, records: Sequence[Record]) -> None:
        """Show these."""
        self.beginResetModel()
        self._records = list(records)
        self.endResetModel()

    def prepend(self, record: Record) -> None:
        """One more, the newest."""
        self.beginInsertRows(NO_PARENT, 0, 0)
        self._records.insert(0, record)
        self.endInsertRows()

    def record(self, index: Index) -> Record | None:
        """The record of a row."""
        return self._records[index.row()] if index.isValid() else None

    def count(self) -> int:
        """See Table."""
        return len(self._records)

    # Qt's side

    def data(self, index: Index, role: int = DISPLAY) -> object:
        if not index.isValid():
            return None
        record, column = self._records[index.row()], index.column()
        if role == DISPLAY:
            return _text(record, column)
        if role == ALIGNMENT:
            return self.alignment(column)
        if role == TOOL_TIP:
            return _tip(record, column)
        if role == VALUE:
            return record
        if role == COPY or (role == ACCESSIBLE_TEXT and column == WHEN):
            cells = [_text(record, each) for each in range(STATE + 1)]
            return ("\t" if role == COPY else ", ").join(cells)
        return _decorated(record, column, role)


def _text(record: Record, column: int) -> str:
    if column == WHEN:
        return moment(record.time)
    if column == IMAGES:
        if len(record.images) == 1:
            return split_name(record.images[0])[0]
        return plural(len(record.images), "{n} image", "{n} images")
    if column == TARGET:
        return _target(record)
    if column == OPTIONS:
        return options_words(record)
    if column == SIZE:
        return size(record.bytes) if record.bytes else ""
    if column == TIME:
        return duration(record.seconds) if record.bytes else ""
    return record_badge(record).text


def _target(record: Record) -> str:
    if len(record.targets) == 1:
        return record.targets[0]
    folder = str(Path(record.targets[0]).parent)
    return tr("{n} files in {folder}", n=len(record.targets), folder=folder)


def _tip(record: Record, column: int) -> str | None:
    if column == IMAGES:
        return "\n".join([*record.images[:20], tr("from {store}", store=record.store)])
    if column == TARGET:
        digest = f"\nsha256:{record.sha256}" if record.sha256 else ""
        return "\n".join(record.targets[:20]) + digest
    if column == OPTIONS:
        return options_words(record)
    if column == SIZE:
        return exact_size(record.bytes)
    return record.error or None if column == STATE else None


def _decorated(record: Record, column: int, role: int) -> object:
    if column != STATE:
        return None
    badge = record_badge(record)
    if role == DECORATION:
        return icon(badge.icon, badge.tint)
    return tokens().colour("bad") if role == FOREGROUND and badge.tint == "bad" else None
