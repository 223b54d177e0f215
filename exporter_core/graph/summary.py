"""An image at a glance: its size, its platforms, how complete each is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from exporter_core.content import (
    Image,
    Store,
)
from exporter_core.descriptor import Child
from exporter_core.errors import (
    ShipglassError,
)
from exporter_core.graph.nodes import Node, expand, root_node
from exporter_core.graph.states import BlobState
from exporter_core.platforms import Platform
from exporter_core.progress import breathe


@dataclass(frozen=True, slots=True)
class PlatformStatus:
    """One manifest of an image and how much of it is there: ``present`` of ``total`` blobs (manifest,
    config, layers), ``problems`` for the rest, ``corrupt`` of which are known to be corrupt. ``attestation``
    marks one that only speaks of another.
    """

    platform: Platform | None
    manifest: Child
    present: int
    total: int
    problems: tuple[ShipglassError, ...] = ()
    attestation: bool = False
    corrupt: int = 0

    @property
    def complete(self) -> bool:
        """Whether every blob is there in the right size."""
        return not self.problems

    @property
    def name(self) -> str:
        """The platform as text; "unspecified" where the image names none."""
        return str(self.platform) if self.platform is not None else "unspecified"


@dataclass(frozen=True, slots=True)
class ImageSummary:
    """An image at a glance. ``size`` counts the bytes of its distinct blobs by their descriptors,
    ``present_size`` those in the store; ``blobs`` and ``present`` their numbers; ``manifests`` all manifests.
    ``damaged`` has the blobs known to be corrupt and every document above one: digest → such blobs below it.
    """

    image: Image
    media_type: str
    size: int
    present_size: int
    blobs: int
    present: int
    manifests: tuple[PlatformStatus, ...]
    problems: tuple[ShipglassError, ...]
    damaged: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def corrupt(self) -> int:
        """How many of its distinct blobs are known to be corrupt."""
        return self.damaged.get(self.image.digest_text, 0)

    @property
    def platforms(self) -> tuple[PlatformStatus, ...]:
        """The manifests that run on something: attestations left out."""
        return tuple(status for status in self.manifests if not status.attestation)

    @property
    def complete(self) -> bool:
        """Whether every blob of every platform is there in the right size."""
        return not self.problems


def summarise(store: Store, image: Image, *, stop: Callable[[], bool] = lambda: False) -> ImageSummary:
    """Walk the whole image, reading its documents; ``stop`` is asked between nodes and may end the walk."""
    sizes: dict[str, tuple[int, bool]] = {}
    above: dict[str, set[str]] = {}  # the documents that name a blob
    corrupt: set[str] = set()
    manifests: list[PlatformStatus] = []
    problems: list[ShipglassError] = []
    root = root_node(store, image)
    stack = [root]
    visited: set[tuple[str, Platform | None]] = set()
    while stack and not stop():
        node = expand(store, stack.pop())
        breathe()
        _count(sizes, node)
        children = node.children or ()
        for child in children:
            above.setdefault(child.digest_text, set()).add(node.digest_text)
        corrupt |= {part.digest_text for part in (node, *children) if part.state is BlobState.CORRUPT}
        if node.problem:
            problems.append(node.problem)
        if node.role == "index":
            fresh = []
            for child in children:
                if (child.digest_text, child.platform) not in visited:
                    visited.add((child.digest_text, child.platform))
                    fresh.append(child)
            stack.extend(reversed(fresh))
            continue
        for leaf in children:
            _count(sizes, leaf)
        manifests.append(_status(node, children))
        problems.extend(leaf.problem for leaf in children if leaf.problem)
    return ImageSummary(
        image=image,
        media_type=root.child.media_type,
        size=sum(size for size, _ in sizes.values()),
        present_size=sum(size for size, here in sizes.values() if here),
        blobs=len(sizes),
        present=sum(here for _, here in sizes.values()),
        manifests=tuple(manifests),
        problems=tuple(problems),
        damaged=_damaged(corrupt, above),
    )


def _damaged(corrupt: Iterable[str], above: Mapping[str, Iterable[str]]) -> Mapping[str, int]:
    """How many of the ``corrupt`` blobs each blob is or leads to."""
    counts: dict[str, int] = {}
    for digest in corrupt:
        reached, stack = {digest}, [digest]
        while stack:
            fresh = set(above.get(stack.pop(), ())) - reached
            reached |= fresh
            stack.extend(fresh)
        for each in reached:
            counts[each] = counts.get(each, 0) + 1
    return counts


def _status(node: Node, leaves: tuple[Node, ...]) -> PlatformStatus:
    nodes = (node, *leaves)
    return PlatformStatus(
        platform=node.platform,
        manifest=node.child,
        present=sum(part.state is BlobState.PRESENT for part in nodes),
        total=len(nodes),
        problems=tuple(part.problem for part in nodes if part.problem),
        attestation=node.role == "attestation",
        corrupt=len({part.digest_text for part in nodes if part.state is BlobState.CORRUPT}),
    )


def _count(sizes: dict[str, tuple[int, bool]], node: Node) -> None:
    sizes[node.digest_text] = (node.size or 0, node.state is BlobState.PRESENT)
