"""The completeness matrix of an image as a table: a row for each platform, a column for each blob of it."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from exporter_core import ShipglassError
from exporter_core.graph import Cell, CellState, Matrix, Row
from gui.models import (
    ACCESSIBLE_TEXT,
    COPY,
    DECORATION,
    DISPLAY,
    NO_PARENT,
    ROW,
    TOOL_TIP,
    VALUE,
    Index,
)  # fmt: skip
from gui.models.completeness import Badge, corrupt_badge
from gui.text import exact_size, number, plural, tr
from gui.theme import icon

MANIFEST, CONFIG, FIRST_LAYER = range(3)
"""Columns: the manifest, its config, then its layers from the base up, then what attests it."""


def cell_badge(state: CellState) -> Badge:
    """A state as the matrix and its legend show it."""
    return {
        CellState.PRESENT: Badge("circle-check", "ok", tr("present")),
        CellState.MISSING: Badge("circle-dashed", "warn", tr("missing")),
        CellState.WRONG_SIZE: Badge("circle-not-equal", "bad", tr("wrong size")),
        CellState.BROKEN: Badge("circle-x", "bad", tr("broken")),
        CellState.CORRUPT: Badge("octagon-alert", "bad", tr("corrupt")),
        CellState.NOT_FETCHED: Badge("circle-slash", "muted", tr("not fetched by design")),
    }[state]


def row_badge(row: Row) -> Badge:
    """Whether an export of this platform would work."""
    worst = {cell.state for cell in row.cells if cell not in row.attestations}
    if not row.problems:
        return Badge("circle-check", "ok", tr("complete: it can be exported"))
    n = len(row.problems)
    if CellState.CORRUPT in worst:
        corrupt = sum(cell.state is CellState.CORRUPT for cell in row.cells if cell not in row.attestations)
        return corrupt_badge(corrupt, tr("an export would fail"))
    words = plural(n, "an export would fail: {n} problem", "an export would fail: {n} problems")
    for state in (CellState.BROKEN, CellState.WRONG_SIZE, CellState.MISSING):
        if state in worst:
            badge = cell_badge(state)
            return Badge(badge.icon, badge.tint, words)
    words = plural(n, "{n} layer that is not distributed", "{n} layers that are not distributed")
    return Badge("circle-slash", "warn", words)


def matrix_words(matrix: Matrix) -> str:
    """``2 of 4 platforms can be exported · 3 missing, 1 wrong size``."""
    whole = sum(not row.problems for row in matrix.rows)
    words = tr(
        "{whole} of {platforms} can be exported",
        whole=number(whole),
        platforms=plural(len(matrix.rows), "{n} platform", "{n} platforms"),
    )
    counts = Counter(cell.state for row in matrix.rows for cell in row.cells)
    wrong = [state for state in CellState if state is not CellState.PRESENT and counts[state]]
    parts = [f"{number(counts[state])} {cell_badge(state).text}" for state in wrong]
    return f"{words} · {', '.join(parts)}" if parts else words


class MatrixModel(QAbstractTableModel):
    """Cells are looked up on demand: a row may be shorter than the table."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()
        self._layers = 0
        self._columns = 0

    def show(self, matrix: Matrix | None) -> None:
        """Show ``matrix``; None empties the table."""
        self.beginResetModel()
        self._rows = matrix.rows if matrix else ()
        self._layers = matrix.most_layers if matrix else 0
        attested = max((len(row.attestations) for row in self._rows), default=0)
        self._columns = FIRST_LAYER + self._layers + attested if self._rows else 0
        self.endResetModel()

    def row(self, index: Index) -> Row | None:
        """The platform of a cell."""
        return self._rows[index.row()] if index.isValid() else None

    def cell(self, index: Index) -> Cell | None:
        """The blob of a cell; None where this platform has no such blob."""
        row = self.row(index)
        return self._cell(row, index.column()) if row is not None else None

    def find(self, path: tuple[int, ...]) -> QModelIndex:
        """The cell that ``path`` leads to, or into."""
        for number_, row in enumerate(self._rows):
            if path[: len(row.manifest.path)] == row.manifest.path:
                inside = path[len(row.manifest.path) :]
                return self.index(number_, min(1 + inside[0], self._columns - 1) if inside else MANIFEST)
            for column, cell in enumerate(row.attestations, FIRST_LAYER + self._layers):
                if path[: len(cell.path)] == cell.path:
                    return self.index(number_, column)
        return QModelIndex()

    @property
    def few_layers(self) -> bool:
        """Whether there is room for a word at the head of each layer."""
        return self._layers <= 5

    def is_layer(self, column: int) -> bool:
        """Whether the column is one of the layers."""
        return FIRST_LAYER <= column < FIRST_LAYER + self._layers

    def _cell(self, row: Row, column: int) -> Cell | None:
        if column == MANIFEST:
            return row.manifest
        if column == CONFIG:
            return row.config
        cells = row.layers
        at = column - FIRST_LAYER
        if at >= self._layers:
            cells, at = row.attestations, at - self._layers
        return cells[at] if at < len(cells) else None

    def _column_words(self, column: int) -> str:
        """What a column stands for, and what is wrong in it."""
        name = (tr("The image manifest"), tr("The image's configuration"))[column] if column < 2 else ""
        if not name:
            layer = self.is_layer(column)
            name = tr("Layer {n}", n=number(column - 1)) if layer else tr("What attests the image")
        cells = [cell for row in self._rows if (cell := self._cell(row, column)) is not None]
        counts = Counter(cell.state for cell in cells)
        lines = [
            f"{cell_badge(state).text}: {plural(counts[state], '{n} platform', '{n} platforms')}"
            for state in CellState
            if counts[state]
        ]
        return "\n".join([name, *lines])

    # Qt's side

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else self._columns

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        if orientation == Qt.Orientation.Vertical:
            return self._row_header(section, role) if 0 <= section < len(self._rows) else None
        if not 0 <= section < self._columns:
            return None
        if role == TOOL_TIP:
            return self._column_words(section)
        if role != DISPLAY:
            return None
        if section < FIRST_LAYER:
            return (tr("Manifest"), tr("Config"))[section]
        if not self.is_layer(section):
            return tr("Attested")
        return tr("Layer {n}", n=number(section - 1)) if self.few_layers else number(section - 1)

    def _row_header(self, section: int, role: int) -> object:
        row = self._rows[section]
        if role == DISPLAY:
            return row.name
        if role == DECORATION:
            badge = row_badge(row)
            return icon(badge.icon, badge.tint)
        if role == TOOL_TIP:
            return "\n".join([row.name, row_badge(row).text, *_first(row.problems)])
        return None

    def data(self, index: Index, role: int = DISPLAY) -> object:
        cell = self.cell(index)
        if cell is None:
            return None
        if role == VALUE:
            return cell
        if role == ROW:
            return cell_badge(cell.state)
        if role in (TOOL_TIP, ACCESSIBLE_TEXT):
            return _cell_words(cell, long=role == TOOL_TIP)
        return cell.node.digest_text if role == COPY else None


def _first(problems: tuple[ShipglassError, ...], most: int = 3) -> list[str]:
    lines = [str(problem) for problem in problems[:most]]
    return [*lines, tr("…")] if len(problems) > most else lines


def _cell_words(cell: Cell, *, long: bool) -> str:
    node = cell.node
    size = f", {exact_size(node.size)}" if node.size is not None else ""
    named = node.platform is None or node.label.endswith(str(node.platform))
    platform = "" if named else f" · {node.platform}"
    first = f"{node.label}{platform}: {cell_badge(cell.state).text}{size}"
    if not long:
        return first
    lines = [first, node.digest_text]
    if node.problem is not None:
        lines += [str(node.problem), node.problem.hint]
    return "\n".join(line for line in lines if line)
