"""One file for each image: what they are to be called, and what stands against it, before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject

from exporter_core import ExportOptions, ExportPlan, Image
from gui.models import (
    ACCESSIBLE_TEXT,
    ALIGNMENT,
    DECORATION,
    DISPLAY,
    FOREGROUND,
    TOOL_TIP,
    VALUE,
    Index,
)  # fmt: skip
from gui.models.catalogue import split_name
from gui.models.completeness import Badge
from gui.models.file_name import file_name
from gui.models.table import Table
from gui.text import exact_size, plural, size, tr
from gui.theme import icon, tokens

IMAGE, FILE, SIZE, STATE = range(4)
_NAME_BYTES = 255  # what most file systems take
_RESERVED = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """A file that is to be: ``problem`` says why it cannot be called so, "" if it can."""

    image: Image
    path: str
    problem: str = ""

    @property
    def name(self) -> str:
        """Without its folder."""
        return os.path.basename(self.path)


def name_files(
    template: str, images: Sequence[Image], options: ExportOptions, store: str, folder: str
) -> list[Target]:
    """The file of each image by ``template``; names that meet, or that cannot be, have a problem."""
    taken: dict[str, Image] = {}
    targets = []
    for image in images:
        name = file_name(template, [image], options, store)
        first = taken.setdefault(name.casefold(), image)  # some file systems take no heed of case
        problem = _name_problem(name)
        if first is not image:
            problem = tr("same name as {image}", image=split_name(first.name)[0])
        targets.append(Target(image, os.path.join(folder, name), problem))
    return targets


def _name_problem(name: str) -> str:
    if len(os.fsencode(name)) > _NAME_BYTES - 8:  # the temporary file beside it needs a little more
        return tr("is too long a name")
    return tr("is a name that Windows keeps for itself") if _RESERVED.fullmatch(name) else ""


def targets_problem(targets: Sequence[Target]) -> str:
    """What stands against all of them together; "" if nothing."""
    bad = sum(bool(target.problem) for target in targets)
    if not bad:
        return ""
    words = plural(bad, "{n} file name cannot be used.", "{n} file names cannot be used.")
    return f"{words} {tr('Add {{tag}}, {{repository}} or {{digest}} to the template.').format()}"


class TargetsModel(Table):
    """Image, file, size, and what is to be said of it."""

    def __init__(self, parent: QObject | None = None) -> None:
        titles = (tr("Image"), tr("File"), tr("Size"), tr("State"))
        super().__init__(titles, (SIZE,), parent)
        self._targets: list[Target] = []
        self._plans: Sequence[ExportPlan] = ()
        self._existing: Collection[str] = ()

    def show(self, targets: list[Target], plans: Sequence[ExportPlan], existing: Collection[str]) -> None:
        """Show ``targets``; their ``plans`` and which of them exist already where that is known."""
        plans = plans if len(plans) == len(targets) else ()
        if len(targets) != len(self._targets):
            self.beginResetModel()
            self._targets, self._plans, self._existing = targets, plans, existing
            self.endResetModel()
            return
        self._targets, self._plans, self._existing = targets, plans, existing
        if targets:
            self.dataChanged.emit(self.index(0, 0), self.index(len(targets) - 1, STATE))

    def count(self) -> int:
        """See Table."""
        return len(self._targets)

    # Qt's side

    def data(self, index: Index, role: int = DISPLAY) -> object:
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        target = self._targets[row]
        if role == DISPLAY:
            return self._text(row, column)
        if role == ALIGNMENT:
            return self.alignment(column)
        if role == VALUE:
            return target
        if role == TOOL_TIP:
            return self._tip(row, column)
        if role == ACCESSIBLE_TEXT and column == IMAGE:
            return ", ".join(filter(None, (self._text(row, each) for each in range(STATE + 1))))
        badge = self._badge(row)
        if role == DECORATION and column == STATE:
            return icon(badge.icon, badge.tint)
        if role == FOREGROUND and column == STATE and badge.tint in ("bad", "warn"):
            return tokens().colour(badge.tint)
        return None

    def _text(self, row: int, column: int) -> str:
        target = self._targets[row]
        if column == IMAGE:
            return split_name(target.image.name)[0]
        if column == FILE:
            return target.name
        if column == SIZE:
            plan = self._plan(row)
            return size(plan.total) if plan is not None and not plan.problems else ""
        return self._badge(row).text

    def _tip(self, row: int, column: int) -> str:
        target, plan = self._targets[row], self._plan(row)
        if column == IMAGE:
            return target.image.name
        if column == SIZE and plan is not None:
            return exact_size(plan.total)
        if column == STATE and plan is not None and plan.problems:
            return "\n".join(map(str, plan.problems[:10]))
        return target.path if column == FILE else self._badge(row).text

    def _plan(self, row: int) -> ExportPlan | None:
        return self._plans[row] if self._plans else None

    def _badge(self, row: int) -> Badge:
        target, plan = self._targets[row], self._plan(row)
        if target.problem:
            return Badge("circle-x", "bad", target.problem)
        if plan is None:
            return Badge("circle-dashed", "muted", tr("planning…"))
        if plan.problems:
            text = plural(len(plan.problems), "impossible: {n} problem", "impossible: {n} problems")
            return Badge("circle-x", "bad", text)
        if target.path in self._existing:
            return Badge("triangle-alert", "warn", tr("replaces a file"))
        return Badge("circle-check", "ok", tr("ready"))
