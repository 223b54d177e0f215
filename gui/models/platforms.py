"""The platforms of the images that are to be exported, with a tick for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QObject, Qt, Signal

from exporter_core import ImageSummary, Platform
from exporter_core.platforms import normalise
from gui.models import CHECK, DECORATION, DISPLAY, NO_PARENT, TOOL_TIP, VALUE, Index
from gui.models.completeness import Badge, corrupt_badge
from gui.text import number, plural, tr
from gui.theme import icon

_PROBLEMS = 12  # of one platform that are told
_MOST = 500  # of one image; more are no image that anybody made


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """A platform over all images: ``present`` of ``total`` blobs, in ``images`` of the images; ``problems``
    are what an export of it would meet, ``corrupt`` of its blobs are known to be corrupt.
    """

    platform: Platform
    present: int
    total: int
    images: int
    complete: bool
    problems: tuple[str, ...] = ()
    corrupt: int = 0

    def badge(self, of: int) -> Badge:
        """Its completeness where ``of`` images are exported."""
        text = tr("{present} of {total} present", present=number(self.present), total=number(self.total))
        if self.complete:
            text = tr(
                "complete, {present} of {total}", present=number(self.present), total=number(self.total)
            )
        if self.corrupt:
            text = corrupt_badge(self.corrupt, text if self.present + self.corrupt < self.total else "").text
        if self.images < of:
            text += tr(" · only in {n} of {all} images", n=number(self.images), all=number(of))
        if self.corrupt:
            return Badge("octagon-alert", "bad", text)
        if not self.complete:
            return Badge("circle-dashed", "warn", text)
        return Badge("circle-check", "ok", text) if self.images == of else Badge("circle-alert", "warn", text)


def platform_rows(summaries: Sequence[ImageSummary]) -> list[PlatformRow]:
    """The platforms of all images in the order they are met, each once."""
    found: dict[Platform, list[PlatformRow]] = {}
    for summary in summaries:
        for status in summary.platforms[:_MOST]:
            if status.platform is not None:
                problems = tuple(map(str, status.problems))
                counts = (status.present, status.total, 1)
                row = PlatformRow(status.platform, *counts, status.complete, problems, status.corrupt)
                found.setdefault(normalise(status.platform), []).append(row)
    return [_together(rows) for rows in found.values()]


def _together(rows: Sequence[PlatformRow]) -> PlatformRow:
    return PlatformRow(
        rows[0].platform,
        sum(row.present for row in rows),
        sum(row.total for row in rows),
        len(rows),
        all(row.complete for row in rows),
        tuple(problem for row in rows for problem in row.problems),
        sum(row.corrupt for row in rows),
    )


def missing_words(rows: Sequence[PlatformRow]) -> str:
    """What is missing of each platform, and why an export of it cannot work; "" where nothing is."""
    blocks = []
    for row in rows:
        if row.problems:
            shown = [f"    {problem}" for problem in row.problems[:_PROBLEMS]]
            if len(row.problems) > _PROBLEMS:
                more = len(row.problems) - _PROBLEMS
                shown.append(f"    {plural(more, '… and {n} more problem', '… and {n} more problems')}")
            blocks.append("\n".join([f"{row.platform}", *shown]))
    return "\n\n".join(blocks)


def first_missing(rows: Sequence[PlatformRow]) -> str:
    """The first reason in one line, and how many more there are; "" where nothing is missing."""
    problems = list(dict.fromkeys(problem for row in rows for problem in row.problems))
    if len(problems) < 2:
        return "".join(problems)
    more = plural(len(problems) - 1, "and {n} more problem", "and {n} more problems")
    return f"{problems[0]} · {more}"


class PlatformsModel(QAbstractListModel):
    """A list with ticks; ``ticked`` says that they are others now."""

    ticked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[PlatformRow] = []
        self._ticks: set[Platform] = set()
        self._images = 1

    def show(self, rows: list[PlatformRow], ticks: Sequence[Platform], images: int) -> None:
        """Show ``rows`` of ``images`` images; those whose platform is in ``ticks`` are ticked."""
        self.beginResetModel()
        wanted = {normalise(platform) for platform in ticks}
        self._rows, self._images = rows, images
        self._ticks = {row.platform for row in rows if normalise(row.platform) in wanted}
        self.endResetModel()

    def chosen(self) -> tuple[Platform, ...]:
        """The ticked platforms in the list's order."""
        return tuple(row.platform for row in self._rows if row.platform in self._ticks)

    # Qt's side

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flag = Qt.ItemFlag
        return (
            flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsUserCheckable | flag.ItemNeverHasChildren
        )

    def data(self, index: Index, role: int = DISPLAY) -> object:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == DISPLAY:
            return f"{row.platform}  —  {row.badge(self._images).text}"
        if role == CHECK:
            return Qt.CheckState.Checked if row.platform in self._ticks else Qt.CheckState.Unchecked
        if role == DECORATION:
            badge = row.badge(self._images)
            return icon(badge.icon, badge.tint)
        if role == TOOL_TIP:
            return missing_words([row]) or str(row.platform)
        return row.platform if role == VALUE else None

    def setData(self, index: Index, value: object, role: int = DISPLAY) -> bool:
        if role != CHECK or not index.isValid():
            return False
        platform = self._rows[index.row()].platform
        checked = value in (Qt.CheckState.Checked, Qt.CheckState.Checked.value)
        (self._ticks.add if checked else self._ticks.discard)(platform)
        self.dataChanged.emit(index, index, [CHECK])
        self.ticked.emit()
        return True
