"""Which images and documents of a store refer to a blob. Reads documents only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from exporter_core.content import Image, Store
from exporter_core.errors import Cancelled
from exporter_core.graph import Node, expand, root_node
from exporter_core.graph.nodes import Documents
from exporter_core.graph.states import AskedOnce
from exporter_core.progress import breathe


@dataclass(frozen=True, slots=True)
class Use:
    """One reference to a blob: from ``parent`` (digest text; "" where the image itself points to it) in
    ``image``, as ``label`` ("layer 2/5"), of ``size`` bytes by that descriptor (None if malformed).
    ``path`` leads to it from the image's root: numbers of children.
    """

    image: Image
    label: str
    owner: str
    parent: str
    size: int | None
    path: tuple[int, ...]


class UsageIndex:
    """digest text → its uses, over all images of a store."""

    def __init__(self) -> None:
        self._uses: dict[str, list[Use]] = {}
        self.images = 0

    def of(self, digest: str) -> tuple[Use, ...]:
        """Who refers to the blob, in the order of the images."""
        return tuple(self._uses.get(digest, ()))

    def add(self, node: Node, image: Image, parent: str, path: tuple[int, ...]) -> None:
        """Note one reference."""
        use = Use(image, node.label, node.owner, parent, node.size, path)
        self._uses.setdefault(node.digest_text, []).append(use)


def build_usage(
    store: Store,
    images: Iterable[Image] | None = None,
    *,
    on_image: Callable[[int], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> UsageIndex:
    """Walk ``images`` (None: all of the store) once and note every reference.

    ``on_image`` is told the number of images read so far after each; ``stop`` is asked before each document.
    Never raises for bad content of an image; raises Cancelled where ``stop`` is true, StoreError where the
    store's own index is unusable.
    """
    index = UsageIndex()
    known = AskedOnce(store)
    for image in store.images() if images is None else images:
        _walk(known, image, index, stop)
        index.images += 1
        if on_image is not None:
            on_image(index.images)
    return index


def _walk(store: Documents, image: Image, index: UsageIndex, stop: Callable[[], bool]) -> None:
    stack: list[tuple[Node, str, tuple[int, ...]]] = [(root_node(store, image), "", ())]
    expanded: set[str] = set()
    while stack:
        node, parent, path = stack.pop()
        breathe()
        index.add(node, image, parent, path)
        if node.digest_text in expanded or node.children == ():
            continue
        if stop():
            raise Cancelled("the look at who refers to what was stopped")
        expanded.add(node.digest_text)
        children = expand(store, node).children or ()
        below = [(child, node.digest_text, (*path, i)) for i, child in enumerate(children)]
        stack.extend(reversed(below))
