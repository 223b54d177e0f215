"""The list of images: rows made by pure functions from the open stores, and the model that shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from exporter_core import Descriptor, Image, ImageSummary, mediatypes
from exporter_core.humanize import short_digest
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
from gui.models.completeness import Badge, image_badge, platform_words
from gui.text import plural, size, tr
from gui.theme import icon

NAME, SIZE, PLATFORMS = range(3)


@dataclass(frozen=True, slots=True)
class Source:
    """A store as the list needs it; ``key`` is handed back with each of its rows."""

    key: object
    title: str
    kind: str
    images: Sequence[Image]
    summaries: Mapping[int, ImageSummary]
    message: str = ""


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One row: an image (``row`` is its place in its store), or a heading ("store", "group", "message")."""

    kind: str
    key: object
    row: int
    name: str
    title: str
    detail: str
    size: int | None = None
    badge: Badge | None = None
    referrer: bool = False
    folded: bool = False

    @property
    def is_image(self) -> bool:
        """Whether it stands for an image."""
        return self.kind == "image"


def split_name(name: str) -> tuple[str, str]:
    """(``harbor-web:2.4``, ``docker.io/library``): what tells images apart, and the rest of the name."""
    base, at, digest = name.partition("@")
    if not at and ":" in name and "/" not in name and len(name) > 60:
        return short_digest(name), tr("no name")
    rest, _, last = base.rpartition("/")
    return (f"{last}@{short_digest(digest, 8)}" if at else last), rest


def image_row(source: Source, row: int) -> ImageRow:
    """The row of image ``row`` of the store."""
    image = source.images[row]
    summary = source.summaries.get(row)
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
    detail = " · ".join(part for part in (rest, words) if part)
    return ImageRow(
        "image", source.key, row, image.name, title, detail, summary.size if summary else None, badge,
        image.is_referrer,
    )  # fmt: skip


def make_rows(
    sources: Sequence[Source],
    *,
    words: str = "",
    order: str = "store",
    folded: frozenset[object] = frozenset(),
) -> list[ImageRow]:
    """All rows: a heading for each store where there are several, its images, then what belongs to them.

    ``words`` must all occur in an image's name, digest or platforms; ``order`` is store, name or size;
    ``folded`` holds the keys of headings that are closed.
    """
    rows: list[ImageRow] = []
    for source in sources:
        if len(sources) > 1:
            closed = source.key in folded
            rows.append(
                ImageRow("store", source.key, -1, source.title, source.title, source.kind, folded=closed)
            )
            if closed:
                continue
        rows.extend(_rows_of(source, words.lower().split(), order, folded, len(sources) > 1))
    return rows


def _rows_of(
    source: Source, words: Sequence[str], order: str, folded: frozenset[object], several: bool
) -> Iterator[ImageRow]:
    if source.message:
        if several:
            yield ImageRow("message", source.key, -1, source.message, source.message, "")
        return
    numbers = [i for i, image in enumerate(source.images) if _matches(source, i, image, words)]
    if several and not numbers:
        text = tr("No image matches") if words else tr("No images")
        yield ImageRow("message", source.key, -1, text, text, "")
    images = [i for i in numbers if not source.images[i].is_referrer]
    referrers = [i for i in numbers if source.images[i].is_referrer]
    yield from (image_row(source, i) for i in _sorted(source, images, order))
    if referrers:
        key = (source.key, "referrers")
        title = tr("Belonging to other images")
        detail = plural(len(referrers), "{n} signature or attestation", "{n} signatures or attestations")
        closed = key in folded
        yield ImageRow("group", key, -1, title, title, detail, folded=closed)
        if not closed:
            yield from (image_row(source, i) for i in _sorted(source, referrers, order))


def _matches(source: Source, row: int, image: Image, words: Sequence[str]) -> bool:
    if not words:
        return True
    target = image.target
    digest = str(target.digest) if isinstance(target, Descriptor) else target.digest_text
    summary = source.summaries.get(row)
    platforms = " ".join(status.name for status in summary.platforms) if summary else ""
    text = f"{image.name} {digest} {platforms}".lower()
    return all(word in text for word in words)


def _sorted(source: Source, rows: list[int], order: str) -> list[int]:
    if order == "name":
        return sorted(rows, key=lambda i: split_name(source.images[i].name))
    if order == "size":
        summaries = source.summaries
        return sorted(rows, key=lambda i: -summaries[i].size if i in summaries else 1)
    return rows


class ImagesModel(QAbstractTableModel):
    """Name, size and platforms of each row; the list shows the first column and paints all three in it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[ImageRow] = []

    def publish(self, rows: list[ImageRow]) -> None:
        """Show ``rows``; where only their words changed, everything selected stays."""
        same = [(row.key, row.row) for row in rows] == [(row.key, row.row) for row in self.rows]
        if not same:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return
        changed = [i for i, (old, new) in enumerate(zip(self.rows, rows, strict=True)) if old != new]
        self.rows = rows
        if changed:
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], PLATFORMS))

    def position(self, key: object, row: int) -> int:
        """Where the image ``row`` of the store ``key`` stands, -1 where it is not shown."""
        return next((i for i, item in enumerate(self.rows) if item.row == row and item.key == key), -1)

    # Qt's side

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else 3

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        kind = self.rows[index.row()].kind
        if kind == "image":
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: Index, role: int = DISPLAY) -> object:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
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


def _tool_tip(row: ImageRow) -> str:
    lines = [row.name, row.detail, row.badge.text if row.badge else ""]
    return "\n".join(dict.fromkeys(line for line in lines if line))


def _spoken(row: ImageRow) -> str:
    if not row.is_image:
        return f"{row.title}, {row.detail}" if row.detail else row.title
    parts = [
        row.title,
        row.detail,
        size(row.size) if row.size is not None else "",
        row.badge.text if row.badge else "",
    ]
    return ", ".join(dict.fromkeys(part for part in parts if part))
