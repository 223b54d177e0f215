"""Why a blob is still in a namespace: read once in the pool, and the reasons of one blob as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from exporter_core.humanize import short_digest
from exporter_core.kept import Garbage, KeptIndex, Kind, Reason, Thing, build_kept
from exporter_core.metadata import Ingest, MetadataStore
from gui.models import (
    ACCESSIBLE_TEXT,
    COPY,
    DECORATION,
    DISPLAY,
    NO_PARENT,
    TOOL_TIP,
    VALUE,
    Index,
)  # fmt: skip
from gui.models.catalogue import split_name
from gui.text import tr
from gui.theme import icon

KEEPER, WAY = range(2)
_PREFIX = "containerd.io/"
_ICONS = {
    Kind.IMAGE: "image",
    Kind.CONTAINER: "container",
    Kind.SANDBOX: "boxes",
    Kind.SNAPSHOT: "layers",
    Kind.INGEST: "download",
    Kind.LEASE: "link",
    Kind.CONTENT: "circle-dot",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeps what in a namespace, what a collection would take, and what is being written, as of one
    moment.
    """

    index: KeptIndex
    garbage: Garbage
    ingests: tuple[Ingest, ...] = ()


def read_kept(store: MetadataStore, stop: Callable[[], bool]) -> Kept:
    """In the pool. Raises StoreError, and Cancelled where ``stop`` is true."""
    index = build_kept(store, stop=stop)
    return Kept(index, index.garbage(), store.ingests())


class KeptModel(QAbstractTableModel):
    """One row for each reason: what keeps it, and by which way."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reasons: Sequence[Reason] = ()

    def show(self, reasons: Sequence[Reason]) -> None:
        """Show these."""
        self.beginResetModel()
        self._reasons = reasons
        self.endResetModel()

    # Qt's side

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._reasons)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else WAY + 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        if orientation != Qt.Orientation.Horizontal or role != DISPLAY or not 0 <= section <= WAY:
            return None
        return (tr("Kept by"), tr("Through"))[section]

    def data(self, index: Index, role: int = DISPLAY) -> object:
        if not index.isValid():
            return None
        reason, column = self._reasons[index.row()], index.column()
        if role == DISPLAY:
            return keeper_words(reason.root) if column == KEEPER else way_words(reason)
        if role == DECORATION and column == KEEPER:
            return icon(_ICONS[reason.root.kind], "muted")
        if role in (TOOL_TIP, COPY):
            return "\n".join(_lines(reason)) if role == TOOL_TIP else " → ".join(_lines(reason))
        if role == ACCESSIBLE_TEXT and column == KEEPER:
            return f"{keeper_words(reason.root)}, {way_words(reason)}"
        return reason if role == VALUE else None


def keeper_words(thing: Thing) -> str:
    """``image web:1``, as short as tells what it is."""
    name = thing.name
    if thing.kind is Kind.IMAGE:
        name = split_name(name)[0]
    elif thing.kind is Kind.CONTENT:
        name = short_digest(name)
    return f"{_kinds()[thing.kind]} {name}"


def way_words(reason: Reason) -> str:
    """``target → gc.ref.content.0``: relations and labels from the keeper to the blob; of one that keeps
    itself, what makes it so.
    """
    links = reason.links[1:] or reason.links
    return " → ".join(link.how.removeprefix(_PREFIX) for link in links)


def _lines(reason: Reason) -> list[str]:
    """Every thing on the way, in full."""
    kinds = _kinds()
    return [f"{kinds[link.thing.kind]} {link.thing.name} ({link.how})" for link in reason.links]


def _kinds() -> dict[Kind, str]:
    return {
        Kind.IMAGE: tr("image"),
        Kind.LEASE: tr("lease"),
        Kind.CONTAINER: tr("container"),
        Kind.SANDBOX: tr("sandbox"),
        Kind.CONTENT: tr("blob"),
        Kind.SNAPSHOT: tr("snapshot"),
        Kind.INGEST: tr("blob under way"),
    }
