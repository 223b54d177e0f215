"""The tree of nodes that a person browses, and what the store has of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from exporter_core import mediatypes
from exporter_core.content import Image, InfoProvider, Store
from exporter_core.descriptor import Child, Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import (
    Cancelled,
    ContentError,
    CyclicImage,
    DigestMismatch,
    MalformedDocument,
    ShipglassError,
)
from exporter_core.graph.documents import (
    DEEPEST,
    attestations,
    config_platform,
    explained,
    identified,
    read_image_document,
    too_deep,
)
from exporter_core.graph.states import BlobState, blob_state
from exporter_core.manifest import Index, Manifest, contradiction
from exporter_core.platforms import Platform
from exporter_core.progress import breathe


@dataclass(frozen=True, slots=True)
class Node:
    """One place in an image's tree.

    ``role`` is index, manifest, attestation, config, layer or blob; ``label`` what to call it ("layer 2/5",
    "manifest linux/arm64"); ``platform`` its own or its manifest's; ``owner`` names it from afar ("layer 2
    of linux/arm64 of NAME"). ``children`` is None until the node is expanded, and stays () for a leaf.
    ``problem`` is what an export of this blob would meet, or why the document could not be read.
    """

    child: Child
    role: str
    label: str
    owner: str
    state: BlobState
    platform: Platform | None = None
    problem: ShipglassError | None = None
    children: tuple[Node, ...] | None = None
    ancestors: tuple[Digest, ...] = field(default=(), repr=False)

    @property
    def digest_text(self) -> str:
        """The digest, or what stands in its place."""
        return self.child.digest_text

    @property
    def size(self) -> int | None:
        """Bytes according to the descriptor; None where it is malformed."""
        return self.child.size if isinstance(self.child, Descriptor) else None


class Documents(InfoProvider, Protocol):
    """What a tree is read from: a store's blobs, whatever its images."""

    @property
    def document_limit(self) -> int:
        """Bytes of the largest document that is read from it."""
        ...


def root_node(store: Documents, image: Image) -> Node:
    """The unexpanded root of the image's tree; never raises for bad content (see ``problem``)."""
    target = image.target
    if isinstance(target, Descriptor) and not target.media_type:
        with suppress(ContentError):  # the node's state says why
            target = identified(store, target, limit=store.document_limit)
    return _node(store, target, "", image.name, None, ())


def expand(store: Documents, node: Node) -> Node:
    """The node with its children, unexpanded ones; one that cannot be read has none and a ``problem``."""
    if node.children is not None or not isinstance(node.child, Descriptor):
        return replace(node, children=node.children or ())
    digest = node.child.digest
    try:
        if digest in node.ancestors:
            raise CyclicImage(str(digest))
        if len(node.ancestors) > DEEPEST:
            raise too_deep(str(digest))
        document = read_image_document(store, node.child, limit=store.document_limit)
    except ContentError as error:
        problem = _unreadable(store, node, error)
        state = BlobState.CORRUPT if isinstance(problem, DigestMismatch) else node.state
        return replace(node, children=(), problem=problem, state=state)
    if document is None:
        return replace(node, children=())
    wrong = contradiction(document)
    if wrong:
        node = replace(
            node, problem=MalformedDocument(wrong, hint="Fetch the image again.", owner=node.owner)
        )
    ancestors = (*node.ancestors, digest)
    if isinstance(document, Index):
        return replace(node, children=tuple(_index_nodes(store, node, document, ancestors)))
    if node.platform is None:
        node = _with_config_platform(store, node, document)
    return replace(node, children=tuple(_manifest_nodes(store, node, document, ancestors)))


def _unreadable(store: Documents, node: Node, error: ContentError) -> ShipglassError:
    """Why the node's document cannot be read: what its state says already, or a circle, or ``error``."""
    assert isinstance(node.child, Descriptor)
    found = explained(error, store, node.child, node.ancestors, limit=store.document_limit)
    if node.problem is not None and not isinstance(found, CyclicImage):
        return node.problem
    return found.owned_by(node.owner)


def distrusted(node: Node, corrupt: Mapping[str, DigestMismatch]) -> Node:
    """The node, CORRUPT where its blob is one of those that turned out to be ``corrupt`` (by digest)."""
    error = corrupt.get(node.digest_text)
    if error is None or node.state is not BlobState.PRESENT:
        return node
    problem = DigestMismatch(error.digest, actual=error.actual, size=error.size, owner=node.owner)
    return replace(node, state=BlobState.CORRUPT, problem=problem)


def walk(store: Store, image: Image) -> Iterator[Node]:
    """Every node of the image, a parent before its children; a document met again is not entered again.

    So it ends soon also for indexes that list each other many times over, and holds little at once.
    """
    stack = [root_node(store, image)]
    entered: set[tuple[str, str]] = set()
    while stack:
        node = stack.pop()
        breathe()
        key = (node.digest_text, node.child.media_type)
        if key not in entered and node.children is None:
            entered.add(key)
            node = expand(store, node)
            stack.extend(reversed(node.children or ()))
        yield node


def load_tree(store: Store, image: Image, *, most: int = 100_000) -> Node:
    """The whole tree of the image, every document read; after ``most`` nodes the rest stays unexpanded."""
    return Growth(store, most).whole(root_node(store, image))


class Growth:
    """Expands nodes of an image's tree, parents first, as long as they are among the first ``most``.

    ``stop`` is asked before each document; where it is true, all of these raise Cancelled.
    """

    def __init__(self, store: Documents, most: int, stop: Callable[[], bool] = lambda: False) -> None:
        self._store = store
        self._left = most
        self._stop = stop

    def one(self, node: Node) -> Node:
        """The node with its children, unexpanded ones."""
        self._left -= 1
        if node.children is not None or self._left < 0:
            return node
        if self._stop():
            raise Cancelled("the look at the image was stopped")
        breathe()
        return expand(self._store, node)

    def whole(self, node: Node) -> Node:
        """The node with all that is below it."""
        node = self.one(node)
        if node.role == "manifest":  # nothing below it has children
            self._left -= len(node.children or ())
            return node
        if not node.children:
            return node
        return replace(node, children=tuple([self.whole(child) for child in node.children]))


def _index_nodes(
    store: Documents, parent: Node, document: Index, ancestors: tuple[Digest, ...]
) -> Iterator[Node]:
    about = attestations(document.manifests)
    for number, child in enumerate(document.manifests):
        breathe()
        label = about.get(number, "")
        platform = child.platform or parent.platform
        node = _node(store, child, label, parent.owner, platform, ancestors)
        yield replace(node, role="attestation") if label else node


def _manifest_nodes(
    store: Documents, parent: Node, document: Manifest, ancestors: tuple[Digest, ...]
) -> Iterator[Node]:
    if not parent.ancestors and parent.platform is not None:
        parent = replace(parent, owner=f"{parent.platform} of {parent.owner}")
    yield _leaf(store, document.config, "config", "config", parent, ancestors)
    total = len(document.layers)
    for i, layer in enumerate(document.layers, 1):
        breathe()
        yield _leaf(store, layer, "layer", f"layer {i}/{total}", parent, ancestors)


def _leaf(
    store: Documents, child: Child, role: str, label: str, parent: Node, ancestors: tuple[Digest, ...]
) -> Node:
    state, problem = blob_state(store, child)
    owner = f"{label.split('/')[0]} of {parent.owner}"
    return Node(child, role, label, owner, state, parent.platform, _owned(problem, owner), (), ancestors)


def _node(
    store: Documents,
    child: Child,
    label: str,
    owner: str,
    platform: Platform | None,
    ancestors: tuple[Digest, ...],
) -> Node:
    """A node of an index's list, or the root."""
    state, problem = blob_state(store, child)
    kind = mediatypes.kind(child.media_type)
    role = kind if kind != "other" else "blob"
    if ancestors:
        owner = f"{label or platform or role} of {owner}"
    if not label:
        label = f"{role} {platform}" if platform is not None else role
    leaf = () if role not in ("index", "manifest") else None
    return Node(child, role, label, owner, state, platform, _owned(problem, owner), leaf, ancestors)


def _owned(problem: ShipglassError | None, owner: str) -> ShipglassError | None:
    return problem.owned_by(owner) if isinstance(problem, ContentError) else problem


def _with_config_platform(store: Documents, node: Node, manifest: Manifest) -> Node:
    """The manifest's node with the platform that its config names, where the index named none."""
    platform = config_platform(store, manifest.config, limit=store.document_limit)
    if platform is None:
        return node
    label = f"{node.label} {platform}" if node.role == "manifest" else node.label
    return replace(node, platform=platform, label=label)
