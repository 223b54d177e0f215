"""What the palette and quick open offer: choices, how they are found, and the model that shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QAbstractListModel, QObject, Qt

from gui.models import ACCESSIBLE_TEXT, DECORATION, DISPLAY, NO_PARENT, ROW, TOOL_TIP, VALUE, Index
from gui.models.fuzzy import best
from gui.theme import icon

MOST = 200
"""Choices that are shown; who wants another types a letter more."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A line to choose: ``title``, quiet ``detail`` behind it, ``right`` at the end (a shortcut, a size).

    A ``reason`` says why it cannot be chosen now; ``more`` is looked through as well and shown below the
    list. ``completion`` is what Tab makes of what was typed. ``places`` are the letters that were typed.
    """

    title: str
    detail: str = ""
    right: str = ""
    icon: str = ""
    reason: str = ""
    value: object = None
    more: str = ""
    completion: str = ""
    places: tuple[int, ...] = ()

    @property
    def searched(self) -> str:
        """What the typed letters are looked for in; the title comes first."""
        return f"{self.title} {self.detail} {self.more}"


Finder = Callable[[str], Sequence[Choice]]
"""From what was typed to what is offered."""


def find_in(choices: Iterable[Choice]) -> Finder:
    """A finder over fixed choices; those that can be chosen come first among equals."""
    ordered = sorted(choices, key=lambda choice: bool(choice.reason))

    def find(words: str) -> list[Choice]:
        return ranked(words, ordered)

    return find


def ranked(words: str, choices: Iterable[Choice], most: int = MOST) -> list[Choice]:
    """The best of ``choices`` for ``words``, with the letters that fit."""
    found = best(words, choices, lambda choice: choice.searched, most)
    return [
        replace(choice, places=tuple(at for at in places if at < len(choice.title))) if places else choice
        for choice, places in found
    ]


class ChoicesModel(QAbstractListModel):
    """The choices that are shown now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choices: Sequence[Choice] = ()

    def show(self, choices: Sequence[Choice]) -> None:
        """Show these."""
        self.beginResetModel()
        self._choices = choices
        self.endResetModel()

    def choice(self, index: Index) -> Choice | None:
        """The choice of a row."""
        return self._choices[index.row()] if index.isValid() else None

    # Qt's side

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._choices)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: Index, role: int = DISPLAY) -> object:
        choice = self.choice(index)
        if choice is None:
            return None
        if role == DISPLAY:
            return choice.title
        if role == DECORATION:
            return icon(choice.icon, "muted") if choice.icon else None
        if role == ROW:
            return choice
        if role == VALUE:
            return choice.value
        if role in (ACCESSIBLE_TEXT, TOOL_TIP):
            parts = (choice.title, choice.detail, choice.right, choice.reason)
            return ", ".join(part for part in parts if part)
        return None
