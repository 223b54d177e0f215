"""Who refers to a blob: images and manifests of the store, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from exporter_core.usage import Use
from gui.models import (
    ACCESSIBLE_TEXT,
    COPY,
    DECORATION,
    DISPLAY,
    FOREGROUND,
    TOOL_TIP,
    VALUE,
    Index,
)  # fmt: skip
from gui.models.catalogue import split_name
from gui.models.table import Table
from gui.text import number, plural, tr
from gui.theme import icon, tokens

IMAGE, AS = range(2)


def usage_words(uses: Sequence[Use], images: int) -> str:
    """``6 references from 2 of 12 images``."""
    names = {id(use.image) for use in uses}
    return tr(
        "{references} from {n} of {images}",
        references=plural(len(uses), "{n} reference", "{n} references"),
        n=number(len(names)),
        images=plural(images, "{n} image", "{n} images"),
    )


class UsageModel(Table):
    """Uses in the order of the images; ``here`` is the one that is looked at."""

    def __init__(self, parent: QObject | None = None) -> None:
        titles = (tr("Image"), tr("As"))
        super().__init__(titles, (), parent)
        self._uses: Sequence[Use] = ()
        self._here: tuple[object, tuple[int, ...]] = (None, ())

    def show(self, uses: Sequence[Use], image: object = None, path: tuple[int, ...] = ()) -> None:
        """Show ``uses``; that at ``path`` of ``image`` is marked."""
        self.beginResetModel()
        self._uses = uses
        self._here = (image, path)
        self.endResetModel()

    def count(self) -> int:
        """See Table."""
        return len(self._uses)

    # Qt's side

    def data(self, index: Index, role: int = DISPLAY) -> object:
        if not index.isValid():
            return None
        use, column = self._uses[index.row()], index.column()
        here = self._here == (use.image, use.path)
        if role == DISPLAY:
            return split_name(use.image.name)[0] if column == IMAGE else _as(use, here)
        if role == DECORATION and column == IMAGE:
            return icon("circle-dot" if here else "image", "accent" if here else "muted")
        if role == FOREGROUND:
            return tokens().colour("muted") if column == AS and here else None
        if role == TOOL_TIP:
            return "\n".join(filter(None, (use.image.name, use.owner, use.parent)))
        if role == ACCESSIBLE_TEXT and column == IMAGE:
            return f"{use.image.name}, {_as(use, here)}"
        if role == COPY:
            return f"{use.image.name}\t{_as(use, here)}\t{use.parent}"
        return use if role == VALUE else None


def _as(use: Use, here: bool) -> str:
    """``layer 2/5 of linux/amd64``; what the image itself points to is its root."""
    words = use.label if use.path else tr("{what}, the image itself", what=use.label)
    above = use.owner.split(" of ")[1:-1]
    if use.path and above:
        words = tr("{what} of {above}", what=use.label, above=above[0])
    return tr("{what} (here)", what=words) if here else words
