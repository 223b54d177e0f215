"""An image at a glance: its size, its platforms, how complete each is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
    config, layers), ``problems`` for the rest. ``attestation`` marks one that only speaks of another.
    """

    platform: Platform | None
    manifest: Child
    present: int
    total: int
    problems: tuple[ShipglassError, ...] = ()
    attestation: bool = False

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
    """

    image: Image
    media_type: str
    size: int
    present_size: int
    blobs: int
    present: int
    manifests: tuple[PlatformStatus, ...]
    problems: tuple[ShipglassError, ...]

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
    manifests: list[PlatformStatus] = []
    problems: list[ShipglassError] = []
    root = root_node(store, image)
    stack = [root]
    visited: set[tuple[str, Platform | None]] = set()
    while stack and not stop():
        node = expand(store, stack.pop())
        breathe()
        _count(sizes, node)
        if node.problem:
            problems.append(node.problem)
        if node.role == "index":
            fresh = []
            for child in node.children or ():
                if (child.digest_text, child.platform) not in visited:
                    visited.add((child.digest_text, child.platform))
                    fresh.append(child)
            stack.extend(reversed(fresh))
            continue
        leaves = node.children or ()
        for leaf in leaves:
            _count(sizes, leaf)
        manifests.append(_status(node, leaves))
        problems.extend(leaf.problem for leaf in leaves if leaf.problem)
    return ImageSummary(
        image=image,
        media_type=root.child.media_type,
        size=sum(size for size, _ in sizes.values()),
        present_size=sum(size for size, here in sizes.values() if here),
        blobs=len(sizes),
        present=sum(here for _, here in sizes.values()),
        manifests=tuple(manifests),
        problems=tuple(problems),
    )


def _status(node: Node, leaves: tuple[Node, ...]) -> PlatformStatus:
    nodes = (node, *leaves)
    return PlatformStatus(
        platform=node.platform,
        manifest=node.child,
        present=sum(part.state is BlobState.PRESENT for part in nodes),
        total=len(nodes),
        problems=tuple(part.problem for part in nodes if part.problem),
        attestation=node.role == "attestation",
    )


def _count(sizes: dict[str, tuple[int, bool]], node: Node) -> None:
    sizes[node.digest_text] = (node.size or 0, node.state is BlobState.PRESENT)
