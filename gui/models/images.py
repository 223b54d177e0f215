"""The list of images: rows made by pure functions from the open stores, and the model that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from exporter_core import Descriptor, mediatypes
from gui.models import (
    ACCESSIBLE_TEXT,
    ALIGNMENT,
    COPY,
    DECORATION,
    DISPLAY,
    NO_PARENT,
    RIGHT,
    ROW,
    TOOL_TIP,
    VALUE,
    Index,
)  # fmt: skip
from gui.models.catalogue import Catalogue, split_name
from gui.models.completeness import Badge, image_badge, platform_words
from gui.models.kept import Kept
from gui.models.loose import blob_rows
from gui.models.rows import ImageRow
from gui.text import number, plural, size, tr
from gui.theme import icon

NAME, SIZE, PLATFORMS = range(3)
_MADE_MOST = 5000  # rows kept ready; more are never on a screen


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A store as the list needs it; ``key`` is handed back with each of its rows.

    Those of one ``place`` share a heading; each has one of its own below where it has a ``namespace``.
    """

    key: object
    title: str
    kind: str
    catalogue: Catalogue
    message: str = ""
    place: object = None
    namespace: str = ""
    kept: Kept | None = None


Line: TypeAlias = "ImageRow | tuple[Source, int]"
"""A row as the model keeps it: a heading, or an image that becomes an ImageRow only when it is shown."""


def image_row(source: Source, row: int) -> ImageRow:
    """The row of image ``row`` of the store."""
    image = source.catalogue.images[row]
    summary = source.catalogue.summaries.get(row)
    title, rest = split_name(image.name)
    badge = image_badge(summary)
    if not isinstance(image.target, Descriptor):
        badge = Badge("circle-x", "bad", tr("malformed"))
        rest = str(image.target.problem)
    elif image.is_referrer:
        title, rest = mediatypes.describe(image.target.artifact_type or image.target.media_type), title
        title = title[:1].upper() + title[1:]
    platforms = platform_words(summary) if summary and not image.is_referrer else ""
    words = platforms if badge.tint in ("ok", "muted") else badge.text
    return ImageRow(
        "image",
        source.key,
        row,
        image.name,
        title,
        rest,
        words,
        summary.size if summary else None,
        badge,
        image.is_referrer,
        depth=_depth(source),
    )  # fmt: skip


def make_rows(
    sources: Sequence[Source],
    *,
    words: str = "",
    order: str = "store",
    folded: frozenset[object] = frozenset(),
) -> list[Line]:
    """All rows: a heading for each store where there are several, one for each namespace where a store has
    several, the images, then what belongs to them.

    ``words`` and ``order`` as in :meth:`Catalogue.rows`; ``folded`` holds the keys of closed headings.
    """
    places = [list(group) for _, group in groupby(sources, key=lambda source: source.place or source.key)]
    several = len(places) > 1
    rows: list[Line] = []
    for place in places:
        first = place[0]
        if several or first.namespace:
            key, closed = first.place or first.key, (first.place or first.key) in folded
            rows.append(ImageRow("store", key, -1, first.title, first.title, first.kind, folded=closed))
            if closed:
                continue
        for source in place:
            below = _namespace_rows if source.namespace else _rows_of
            rows.extend(below(source, words, order, folded, several))
    return rows


def _depth(source: Source) -> int:
    return 1 if source.namespace else 0


def _namespace_rows(
    source: Source, words: str, order: str, folded: frozenset[object], several: bool
) -> Iterator[Line]:
    """A heading with the number of images, which is all there is to say where there are none."""
    key = (source.key, "namespace")
    total = len(source.catalogue.plain)
    detail = plural(total, "{n} image", "{n} images")
    if words.strip():
        found = number(len(source.catalogue.rows(words)))
        detail = tr("{found} of {images}", found=found, images=detail)
    yield ImageRow(
        "namespace", key, -1, source.namespace, source.namespace, detail, folded=key in folded, depth=1
    )
    if key not in folded:
        yield from _rows_of(source, words, order, folded, False)


def _rows_of(
    source: Source, words: str, order: str, folded: frozenset[object], several: bool
) -> Iterator[Line]:
    images = source.catalogue.rows(words, order)
    referrers = source.catalogue.rows(words, order, referrers=True)
    if several and not images and not referrers:
        text = source.message or (tr("No image matches") if words.strip() else tr("No images"))
        yield ImageRow("message", source.key, -1, text, text, "")
    yield from ((source, row) for row in images)
    if referrers:
        key = (source.key, "referrers")
        title = tr("Belonging to other images")
        detail = plural(len(referrers), "{n} signature or attestation", "{n} signatures or attestations")
        yield ImageRow("group", key, -1, title, title, detail, folded=key in folded, depth=_depth(source))
        if key not in folded:
            yield from ((source, row) for row in referrers)
    if source.kept is not None and not words.strip():
        yield from blob_rows(source.key, source.kept, folded, _depth(source))


class ImagesModel(QAbstractTableModel):
    """Name, size and platforms of each row; the list shows the first column and paints all three in it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[Line] = []
        self._made: dict[int, ImageRow] = {}
        self._places: dict[tuple[object, int], int] | None = None

    def publish(self, lines: list[Line]) -> bool:
        """Show these rows; where only their words changed, everything selected stays. Says whether not."""
        self._made.clear()
        if len(lines) == len(self._lines) and all(map(_same, lines, self._lines)):
            self._lines = lines
            if lines:
                self.dataChanged.emit(self.index(0, 0), self.index(len(lines) - 1, PLATFORMS))
            return False
        self.beginResetModel()
        self._lines = lines
        self._places = None
        self.endResetModel()
        return True

    def refresh(self, key: object, rows: Iterable[int]) -> None:
        """More is known of these images of the store ``key``; said once, from the first row to the last."""
        places = [at for row in rows if (at := self.position(key, row)) >= 0]
        for at in places:
            self._made.pop(at, None)
        if places:
            self.dataChanged.emit(self.index(min(places), 0), self.index(max(places), PLATFORMS))

    def position(self, key: object, row: int) -> int:
        """Where the image ``row`` of the store ``key`` stands, -1 where it is not shown."""
        if self._places is None:
            pairs = ((line, at) for at, line in enumerate(self._lines) if not isinstance(line, ImageRow))
            self._places = {(source.key, image): at for (source, image), at in pairs}
        return self._places.get((key, row), -1)

    def first_image(self, key: object) -> ImageRow | None:
        """The first row that is an image of the store ``key``."""
        pairs = ((at, line) for at, line in enumerate(self._lines) if not isinstance(line, ImageRow))
        return next((self.row(at) for at, line in pairs if line[0].key is key), None)

    def row(self, at: int) -> ImageRow:
        """What the row ``at`` shows."""
        line = self._lines[at]
        if isinstance(line, ImageRow):
            return line
        made = self._made.get(at)
        if made is None:
            if len(self._made) > _MADE_MOST:
                self._made.clear()
            made = self._made[at] = image_row(*line)
        return made

    # Qt's side

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else 3

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        kind = self.row(index.row()).kind
        if kind == "image":
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: Index, role: int = DISPLAY) -> object:
        if not index.isValid():
            return None
        row = self.row(index.row())
        if role == DISPLAY:
            return self._shown(row, index.column())
        if role == ROW:
            return row
        if role == VALUE:
            return (row.key, row.row) if row.is_image else None
        if role == DECORATION and index.column() == NAME and row.badge:
            return icon(row.badge.icon, row.badge.tint)
        if role == TOOL_TIP:
            return _tool_tip(row)
        if role == ACCESSIBLE_TEXT:
            return _spoken(row)
        if role == COPY:
            return "\t".join(self._shown(row, column) for column in range(3)).rstrip()
        if role == ALIGNMENT and index.column() == SIZE:
            return RIGHT
        return None

    def _shown(self, row: ImageRow, column: int) -> str:
        if column == NAME:
            return row.name
        if not row.is_image:
            return ""
        if column == SIZE:
            return "" if row.size is None else size(row.size)
        return row.badge.text if row.badge else ""


def _same(one: Line, other: Line) -> bool:
    """Whether both are the same row, whatever they say."""
    if isinstance(one, ImageRow) or isinstance(other, ImageRow):
        return (
            isinstance(one, ImageRow)
            and isinstance(other, ImageRow)
            and (one.kind, one.key, one.folded) == (other.kind, other.key, other.folded)
        )
    return one[1] == other[1] and one[0].key == other[0].key


def _tool_tip(row: ImageRow) -> str:
    lines = [row.name, row.detail, row.words, row.badge.text if row.badge else ""]
    return "\n".join(dict.fromkeys(line for line in lines if line))


def _spoken(row: ImageRow) -> str:
    if row.kind == "namespace":
        return tr("namespace {name}, {images}", name=row.title, images=row.detail)
    if not row.is_image:
        return f"{row.title}, {row.detail}" if row.detail else row.title
    parts = [
        row.title,
        row.detail,
        row.words,
        size(row.size) if row.size is not None else "",
        row.badge.text if row.badge else "",
    ]
    return ", ".join(dict.fromkeys(part for part in parts if part))
