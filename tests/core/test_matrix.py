"""The matrix says of every image what its whole tree says, asks once for each blob, and can be stopped."""

import threading
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter_core import BlobInfo, Digest, Image, Node, Store, load_tree, open_store
from exporter_core.errors import Cancelled
from exporter_core.graph import Cell, CellState, Matrix, completeness_matrix
from exporter_core.graph.documents import REFERENCE_DIGEST
from exporter_core.graph.matrix import _SEVERITY, _cell_state
from tests.core.test_properties import moderate, stores
from tests.images import StoreBuilder, altered
from tests.memory import MemoryStore

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "layouts"


def told(node: Node) -> Any:
    """All that a node says; errors by their text, for each is equal to itself alone."""
    below = None if node.children is None else [told(child) for child in node.children]
    return (
        *(node.child.digest_text, node.child.media_type, node.role, node.label, node.owner, node.state),
        *(node.platform, repr(node.problem), str(node.problem), node.ancestors, below),
    )


def cell(cell: Cell | None) -> Any:
    return cell and (told(cell.node), cell.state, cell.path)


def from_matrix(matrix: Matrix) -> Any:
    """(rows, what is broken above them)."""
    rows = [
        (row.platform, cell(row.manifest), cell(row.config), list(map(cell, row.layers)),
         list(map(cell, row.attestations)))
        for row in matrix.rows
    ]  # fmt: skip
    return rows, [told(node)[:-1] for node in matrix.broken]


def from_tree(root: Node) -> Any:
    """The same, gathered from the whole tree by recursion."""
    rows: list[Any] = []
    broken: list[Any] = []
    speaking: list[tuple[str, Any]] = []

    def look(node: Node, path: tuple[int, ...]) -> None:
        below = [(child, (*path, i)) for i, child in enumerate(node.children or ())]
        if node.role == "attestation":
            worst = max((_cell_state(part) for part in (node, *(node.children or ()))), key=_SEVERITY.index)
            about = node.child.annotations.get(REFERENCE_DIGEST, "")
            speaking.append((about, cell(Cell(node, worst, path))))
        elif node.role == "manifest":
            cells = [cell(Cell(child, _cell_state(child), place)) for child, place in below]
            own = cell(Cell(node, _cell_state(node), path))
            rows.append((node.digest_text, node.platform, own, cells[0] if cells else None, cells[1:]))
        else:
            broken.extend([told(node)[:-1]] if node.problem is not None else [])
            for child, place in below:
                look(child, place)

    look(root, ())
    return [(*row, [made for about, made in speaking if about == digest]) for digest, *row in rows], broken


def same(store: Store, image: Image, most: int = 100_000) -> None:
    assert from_matrix(completeness_matrix(store, image, most=most)) == from_tree(
        load_tree(store, image, most=most)
    )


@moderate
@given(stores(), st.data())
def test_it_says_what_the_tree_says(builder: StoreBuilder, data: st.DataObject) -> None:
    for digest in data.draw(st.lists(st.sampled_from(sorted(builder.blobs)), max_size=6, unique=True)):
        harm = data.draw(st.sampled_from([builder.drop, builder.flip, builder.truncate, builder.lengthen]))
        if builder.blobs[digest]:
            harm({"digest": digest})
    most = data.draw(st.sampled_from([100_000, 100_000, 0, 1, 3, 7]))
    store = MemoryStore.of(builder)
    for image in store.images():
        same(store, image, most)


@pytest.mark.parametrize("folder", sorted(GOLDEN.iterdir()), ids=lambda folder: folder.name)
def test_and_of_the_golden_layouts(folder: Path) -> None:
    with closing(open_store(folder)) as store:
        for image in store.images():
            same(store, image)


def test_and_of_hostile_indexes() -> None:
    builder = StoreBuilder()
    manifest = builder.image()
    nested = builder.index([(manifest, "linux/amd64"), altered(manifest, digest="sha256:zz")])
    about = builder.attestation(manifest)
    odd = {**builder.index([about, manifest]), "annotations": about["annotations"]}  # an index that attests
    lost = builder.index([manifest])
    builder.drop(lost)
    for root in (
        builder.index([nested, nested, odd, {**lost, "annotations": about["annotations"]}, manifest]),
        builder.cycle(),
        builder.deep_index(nested, depth=150),
    ):
        builder.root(root)
    store = MemoryStore.of(builder)
    for image in store.images():
        same(store, image)


class Counting:
    """A store that counts how often it is asked for a blob, and calls ``then`` with every question."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.asked: Counter[Digest] = Counter()
        self.then = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def info(self, digest: Digest) -> BlobInfo | None:
        self.asked[digest] += 1
        self.then()
        return self._store.info(digest)


def counting() -> Counting:
    """Two platforms that share a layer, and an index that lists both twice."""
    builder = StoreBuilder()
    shared = builder.layer({"shared": "x"})
    images = [
        (builder.manifest(builder.config([shared], platform), [shared]), platform)
        for platform in ("linux/amd64", "linux/arm64")
    ]
    builder.name("docker.io/library/a:1", builder.index([*images, builder.index(images)]))
    return Counting(MemoryStore.of(builder))


def test_a_store_is_asked_once_for_each_blob() -> None:
    store: Any = counting()
    matrix = completeness_matrix(store, store.images()[0])
    assert len(matrix.rows) == 4
    assert {made.state for row in matrix.rows for made in row.cells} == {CellState.PRESENT}
    assert len(store.asked) == 7 and set(store.asked.values()) == {1}


def test_it_is_stopped_between_documents() -> None:
    store: Any = counting()
    stop = threading.Event()
    store.then = stop.set
    with pytest.raises(Cancelled):
        completeness_matrix(store, store.images()[0], stop=stop.is_set)
    assert len(store.asked) == 1
