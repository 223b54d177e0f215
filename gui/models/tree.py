"""The structure of one image as a lazy tree over the core's nodes.

Rows are integers into parallel lists: the children of a node lie side by side, so a row is an id less the
id of its parent's first child. Nodes are loaded elsewhere: ``wanted`` asks for one, ``put`` brings it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt, Signal

from exporter_core import ImageSummary, Node, PlatformStatus, mediatypes
from exporter_core.errors import DigestMismatch
from exporter_core.graph import distrusted
from exporter_core.graph.documents import REFERENCE_DIGEST
from exporter_core.humanize import short_digest
from gui.models import (
    ACCESSIBLE_TEXT,
    ALIGNMENT,
    COPY,
    DECORATION,
    DISPLAY,
    FOREGROUND,
    NO_PARENT,
    RIGHT,
    ROW,
    TOOL_TIP,
    VALUE,
    Index,
)  # fmt: skip
from gui.models.completeness import Badge, node_badge
from gui.text import exact_size, size, tr
from gui.theme import icon, tokens

LABEL, STATE, SIZE, TYPE, DIGEST = range(5)
_ICONS = {
    "index": "boxes",
    "manifest": "package",
    "config": "file-cog",
    "layer": "layers",
    "attestation": "shield-check",
    "blob": "file-text",
}
_NONE = -1


class TreeModel(QAbstractItemModel):
    """See the module. ``wanted(id)`` asks for the children of a node."""

    wanted = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._forget()
        self._statuses: dict[str, PlatformStatus] = {}
        self._damaged: Mapping[str, int] = {}
        self._focus = ""

    def _forget(self) -> None:
        self._nodes: list[Node | None] = []  # None stands for a "loading…" row
        self._parents: list[int] = []
        self._firsts: list[int] = []  # id of the first child, _NONE while there are no children
        self._counts: list[int] = []
        self._loading: set[int] = set()

    # What the feature says

    def show(self, root: Node | None) -> None:
        """Show the tree of ``root``, expanded or not; None empties the model."""
        self.beginResetModel()
        self._forget()
        self._statuses, self._damaged = {}, {}
        self._focus = ""
        if root is not None:
            self._append([root], _NONE)
        self.endResetModel()

    def put(self, number: int, node: Node) -> None:
        """``node``, now with children, in the place of the row ``number``; nothing if it has them already."""
        if self._counts[number] and self._nodes[self._firsts[number]] is not None:
            return
        self._loading.discard(number)
        self._take_placeholder(number)
        children = node.children or ()
        self._nodes[number] = replace(node, children=()) if not children else node
        if children:
            self.beginInsertRows(self.index_of(number), 0, len(children) - 1)
            self._append(list(children), number)
            self.endInsertRows()
        self._repaint(number)

    def fail(self, number: int, error: BaseException) -> None:
        """The row ``number`` could not be loaded: it has no children and says why."""
        self._loading.discard(number)
        self._take_placeholder(number)
        node = self._nodes[number]
        if node is not None:
            self._nodes[number] = replace(node, children=(), problem=error)  # type: ignore[arg-type]
        self._repaint(number)

    def show_loading(self, number: int) -> None:
        """Put a "loading…" row below ``number``, whose children are on their way."""
        if number not in self._loading or self._counts[number]:
            return
        self.beginInsertRows(self.index_of(number), 0, 0)
        self._append([None], number)
        self.endInsertRows()

    def tell(self, summary: ImageSummary) -> None:
        """How complete each manifest is, and what is damaged."""
        self._statuses = {status.manifest.digest_text: status for status in summary.manifests}
        self._damaged = summary.damaged
        self._repaint_all()

    def mark(self, corrupt: Mapping[str, DigestMismatch]) -> None:
        """These blobs of the store, by digest, turned out to be corrupt when they were read."""
        self._nodes = [node and distrusted(node, corrupt) for node in self._nodes]
        self._repaint_all()

    def focus(self, digest: str) -> None:
        """Dim every manifest but that of ``digest``; "" dims nothing."""
        self._focus = digest
        self._repaint_all()

    # What can be asked

    def node(self, index: Index) -> Node | None:
        """The node of a row, None for "loading…" and for no row."""
        return self._nodes[index.internalId()] if index.isValid() else None

    def parent_node(self, index: Index) -> Node | None:
        """The node above."""
        parent = self._parents[index.internalId()] if index.isValid() else _NONE
        return self._nodes[parent] if parent != _NONE else None

    def index_of(self, number: int) -> QModelIndex:
        """The first column of the row ``number``."""
        parent = self._parents[number]
        row = number - self._firsts[parent] if parent != _NONE else 0
        return self.createIndex(row, 0, number)

    def find(self, digest: str) -> int:
        """The number of the first loaded node with this digest, -1 if there is none."""
        found = (i for i, node in enumerate(self._nodes) if node and node.digest_text == digest)
        return next(found, -1)

    def path(self, index: Index) -> tuple[int, ...]:
        """The way to a row: numbers of children from the root down."""
        rows: list[int] = []
        number = index.internalId() if index.isValid() else _NONE
        while number != _NONE and (parent := self._parents[number]) != _NONE:
            rows.append(number - self._firsts[parent])
            number = parent
        return tuple(reversed(rows))

    def at(self, path: tuple[int, ...]) -> int:
        """The number of the row at the end of ``path``; -1 while it is not loaded."""
        number = 0 if self._nodes else _NONE
        for row in path:
            if number == _NONE or row >= self._counts[number]:
                return _NONE
            number = self._firsts[number] + row
        return number if number != _NONE and self._nodes[number] is not None else _NONE

    def manifest_of(self, index: Index) -> str:
        """The digest of the manifest that a row is or lies in; "" above and beside the manifests."""
        number = index.internalId() if index.isValid() else _NONE
        while number != _NONE:
            node = self._nodes[number]
            if node is not None and node.role == "manifest":
                return node.digest_text
            number = self._parents[number]
        return ""

    def is_loaded(self, number: int) -> bool:
        """Whether the children of the row are known."""
        node = self._nodes[number]
        return node is None or node.children is not None

    def copied(self, index: Index) -> str:
        """The row as text with tabs."""
        cells = (self.index(index.row(), column, index.parent()) for column in range(5))
        return "\t".join(
            str(cell.data(TOOL_TIP if cell.column() == DIGEST else DISPLAY) or "") for cell in cells
        )

    # Inside

    def _append(self, nodes: list[Node] | list[None], parent: int) -> None:
        first = len(self._nodes)
        if parent != _NONE:
            self._firsts[parent] = first
            self._counts[parent] = len(nodes)
        self._nodes.extend(nodes)
        self._parents.extend([parent] * len(nodes))
        self._firsts.extend([_NONE] * len(nodes))
        self._counts.extend([0] * len(nodes))
        for number, node in enumerate(nodes, first):
            if node is not None and node.children:
                self._append(list(node.children), number)

    def _take_placeholder(self, number: int) -> None:
        if self._counts[number]:
            self.beginRemoveRows(self.index_of(number), 0, 0)
            self._counts[number] = 0
            self.endRemoveRows()

    def _repaint(self, number: int) -> None:
        index = self.index_of(number)
        self.dataChanged.emit(index, index.siblingAtColumn(DIGEST))

    def _repaint_all(self) -> None:
        for number, count in enumerate(self._counts):
            if count:
                first = self._firsts[number]
                self.dataChanged.emit(
                    self.index_of(first), self.index_of(first + count - 1).siblingAtColumn(DIGEST)
                )
        if self._nodes:
            self._repaint(0)

    def _dimmed(self, number: int) -> bool:
        while self._focus and number != _NONE:
            node = self._nodes[number]
            if node is not None and node.role == "manifest":
                return node.digest_text != self._focus
            if node is not None and node.role == "attestation":
                return node.child.annotations.get(REFERENCE_DIGEST) != self._focus
            number = self._parents[number]
        return False

    def _badge(self, node: Node) -> Badge:
        status = self._statuses.get(node.digest_text) if node.role in ("manifest", "attestation") else None
        return node_badge(node, status, self._damaged.get(node.digest_text, 0))

    # Qt's side

    def index(self, row: int, column: int, parent: Index = NO_PARENT) -> QModelIndex:
        if not 0 <= column <= DIGEST or row < 0:
            return NO_PARENT
        if not parent.isValid():
            return self.createIndex(row, column, 0) if row == 0 and self._nodes else NO_PARENT
        number = parent.internalId()
        if parent.column() != 0 or row >= self._counts[number]:
            return NO_PARENT
        return self.createIndex(row, column, self._firsts[number] + row)

    def parent(self, index: Index = NO_PARENT) -> QModelIndex:  # type: ignore[override]
        if not index.isValid():
            return NO_PARENT
        parent = self._parents[index.internalId()]
        return self.index_of(parent) if parent != _NONE else NO_PARENT

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        if not parent.isValid():
            return min(1, len(self._nodes))
        return self._counts[parent.internalId()] if parent.column() == 0 else 0

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return DIGEST + 1

    def hasChildren(self, parent: Index = NO_PARENT) -> bool:
        if not parent.isValid():
            return bool(self._nodes)
        number = parent.internalId()
        return parent.column() == 0 and (self._counts[number] > 0 or not self.is_loaded(number))

    def canFetchMore(self, parent: Index) -> bool:
        if not parent.isValid() or parent.column() != 0:
            return False
        number = parent.internalId()
        return not self.is_loaded(number) and number not in self._loading

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._loading.add(parent.internalId())
            self.wanted.emit(parent.internalId())

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section <= DIGEST:
            return None
        if role == ALIGNMENT and section == SIZE:
            return RIGHT
        if role != DISPLAY:
            return None
        return (tr("Content"), tr("In the store"), tr("Size"), tr("Type"), tr("Digest"))[section]

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self.node(index) is None:
            return Qt.ItemFlag.ItemNeverHasChildren
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = DISPLAY) -> object:
        if not index.isValid():
            return None
        number, column = index.internalId(), index.column()
        node = self._nodes[number]
        if node is None:
            return tr("loading…") if role == DISPLAY and column == LABEL else None
        if role == DISPLAY:
            return self._text(node, column)
        if role == DECORATION:
            return self._icon(node, column)
        if role == FOREGROUND:
            return self._colour(number, node, column)
        if role == TOOL_TIP:
            return self._tool_tip(node, column)
        if role == ALIGNMENT and column == SIZE:
            return RIGHT
        if role == VALUE:
            return node
        if role == ROW:
            return number
        if role == ACCESSIBLE_TEXT and column == LABEL:
            return ", ".join(
                filter(None, (self._text(node, column) for column in (LABEL, STATE, SIZE, TYPE)))
            )
        if role == COPY:
            return self.copied(index)
        return None

    def _text(self, node: Node, column: int) -> str:
        if column == LABEL:
            return node.label
        if column == STATE:
            return self._badge(node).text
        if column == SIZE:
            return size(node.size)
        if column == TYPE:
            return mediatypes.describe(node.child.media_type)
        return short_digest(node.digest_text.removeprefix("sha256:"))

    def _icon(self, node: Node, column: int) -> object:
        if column == LABEL:
            return icon(_ICONS.get(node.role, "file-text"), "muted")
        if column == STATE:
            badge = self._badge(node)
            return icon(badge.icon, badge.tint)
        return None

    def _colour(self, number: int, node: Node, column: int) -> object:
        if self._dimmed(number):
            return tokens().colour("muted")
        if column == STATE:
            tint = self._badge(node).tint
            return tokens().colour(tint) if tint in ("warn", "bad") else None
        return tokens().colour("muted") if column in (TYPE, DIGEST) else None

    def _tool_tip(self, node: Node, column: int) -> str | None:
        if column == DIGEST:
            return node.digest_text
        if column == TYPE:
            return node.child.media_type
        if column == SIZE and node.size is not None:
            return exact_size(node.size)
        if node.problem is not None:
            return f"{node.problem}\n{node.problem.hint}"
        return node.owner
