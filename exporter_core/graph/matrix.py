"""The completeness matrix: platforms × (manifest, config, each layer, attestations)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from exporter_core import mediatypes
from exporter_core.content import Image, Store
from exporter_core.errors import ShipglassError
from exporter_core.graph.documents import REFERENCE_DIGEST
from exporter_core.graph.nodes import Growth, Node, root_node
from exporter_core.graph.states import AskedOnce, BlobState
from exporter_core.platforms import Platform


class CellState(Enum):
    """What a cell says; ``NOT_FETCHED`` is a missing layer that no registry hands out."""

    PRESENT = "present"
    MISSING = "missing"
    WRONG_SIZE = "wrong size"
    BROKEN = "broken"
    CORRUPT = "corrupt"
    NOT_FETCHED = "not fetched by design"


@dataclass(frozen=True, slots=True)
class Cell:
    """One blob of a row; ``path`` leads to its node: numbers of children from the root down."""

    node: Node
    state: CellState
    path: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One manifest that runs somewhere: its own cell, its config's (None where it could not be read), its
    layers' and those of the attestations that speak of it.
    """

    platform: Platform | None
    manifest: Cell
    config: Cell | None
    layers: tuple[Cell, ...]
    attestations: tuple[Cell, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells of the row, in order."""
        config = () if self.config is None else (self.config,)
        return (self.manifest, *config, *self.layers, *self.attestations)

    @property
    def problems(self) -> tuple[ShipglassError, ...]:
        """Why exporting this platform would fail, in order; attestations do not count."""
        config = () if self.config is None else (self.config,)
        own = (self.manifest, *config, *self.layers)
        return tuple(cell.node.problem for cell in own if cell.node.problem is not None)

    @property
    def name(self) -> str:
        """The platform as text; "unspecified" where the image names none."""
        return str(self.platform) if self.platform is not None else "unspecified"


@dataclass(frozen=True, slots=True)
class Matrix:
    """All rows of an image, in the index's order; ``broken`` are the nodes above the rows (the root, nested
    indexes) that have a problem of their own, without what is below their children.
    """

    rows: tuple[Row, ...]
    broken: tuple[Node, ...]

    @property
    def most_layers(self) -> int:
        """Layers of the row that has most."""
        return max((len(row.layers) for row in self.rows), default=0)


def completeness_matrix(
    store: Store, image: Image, *, most: int = 100_000, stop: Callable[[], bool] = lambda: False
) -> Matrix:
    """The matrix of ``image``; reads its documents, at most ``most`` nodes. Never raises for bad content.

    ``stop`` is asked before each document; raises Cancelled where it is true.
    """
    known = AskedOnce(store)
    growth = Growth(known, most, stop)
    rows: list[Row] = []
    broken: list[Node] = []
    speaking: dict[str, list[Cell]] = {}
    stack: list[tuple[Node, tuple[int, ...]]] = [(root_node(known, image), ())]
    while stack:
        node, path = stack.pop()
        if node.role == "attestation":
            about = node.child.annotations.get(REFERENCE_DIGEST, "")
            speaking.setdefault(about, []).append(_attestation_cell(growth.whole(node), path))
        elif node.role == "manifest":
            rows.append(_row(growth.whole(node), path))
        else:
            node = growth.one(node)
            broken += [node] if node.problem is not None else []
            below = [(child, (*path, i)) for i, child in enumerate(node.children or ())]
            stack.extend(reversed(below))
    return Matrix(tuple(_with_attestations(row, speaking) for row in rows), tuple(broken))


def _row(node: Node, path: tuple[int, ...]) -> Row:
    cells = [_cell(child, (*path, i)) for i, child in enumerate(node.children or ())]
    config = cells[0] if cells else None
    return Row(node.platform, _cell(node, path), config, tuple(cells[1:]), ())


def _with_attestations(row: Row, speaking: dict[str, list[Cell]]) -> Row:
    mine = tuple(speaking.get(row.manifest.node.digest_text, ()))
    return Row(row.platform, row.manifest, row.config, row.layers, mine)


def _cell(node: Node, path: tuple[int, ...]) -> Cell:
    return Cell(node, _cell_state(node), path)


def _attestation_cell(node: Node, path: tuple[int, ...]) -> Cell:
    """One cell for the whole attestation: the worst of its parts."""
    states = [_cell_state(part) for part in (node, *(node.children or ()))]
    return Cell(node, max(states, key=_SEVERITY.index), path)


_SEVERITY = (
    CellState.PRESENT,
    CellState.NOT_FETCHED,
    CellState.MISSING,
    CellState.WRONG_SIZE,
    CellState.BROKEN,
    CellState.CORRUPT,
)


def _cell_state(node: Node) -> CellState:
    if node.state is BlobState.MISSING:
        foreign = mediatypes.is_nondistributable(node.child.media_type)
        return CellState.NOT_FETCHED if foreign else CellState.MISSING
    if node.state is BlobState.WRONG_SIZE:
        return CellState.WRONG_SIZE
    if node.state is BlobState.CORRUPT:
        return CellState.CORRUPT
    broken = node.state is not BlobState.PRESENT or node.problem is not None
    return CellState.BROKEN if broken else CellState.PRESENT
