"""Why something of a namespace is still there, and what a collection would take.

The collector's own graph (Go: ``core/metadata/gc.go``): things, what makes some of them roots, references.
These never leave their namespace; a blob's file goes when no namespace records it any more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from exporter_core.kept.graph import Graph, Node, steps
from exporter_core.kept.rules import NEWEST, Kind, Version
from exporter_core.metadata import MetadataStore
from exporter_core.progress import breathe

MOST = 100
"""Reasons that are told of one thing unless asked otherwise."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A blob (``name`` is its digest), image, lease, container, sandbox, ingest, or a snapshot by its key."""

    kind: Kind
    name: str
    snapshotter: str = ""

    def __str__(self) -> str:
        where = f"{self.snapshotter} " if self.snapshotter else ""
        what = "blob" if self.kind is Kind.CONTENT else str(self.kind)
        return f"{where}{what} {self.name}"


@dataclass(frozen=True, slots=True)
class Link:
    """A ``thing`` that is kept, and ``how``: by which label or relation ("target", "parent", "snapshot",
    "lease", "expected") what stands before it keeps it; of a root, what makes it one.
    """

    thing: Thing
    how: str


@dataclass(frozen=True, slots=True)
class Reason:
    """The shortest way from one root to the thing asked for, both included."""

    links: tuple[Link, ...]

    @property
    def root(self) -> Thing:
        """What keeps it."""
        return self.links[0].thing


@dataclass(frozen=True, slots=True)
class Garbage:
    """What a collection would take out of the namespace, in the order of names.

    ``blobs`` are digest → bytes, ``elsewhere`` those of them that another namespace has too. ``leases`` and
    ``images`` are those that have expired. Bytes of snapshots are not in the metadata.
    """

    blobs: Mapping[str, int]
    snapshots: tuple[Thing, ...] = ()
    leases: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    ingests: tuple[str, ...] = ()
    elsewhere: frozenset[str] = frozenset()

    @property
    def bytes(self) -> int:
        """Of all its blobs."""
        return sum(self.blobs.values())

    @property
    def freed(self) -> int:
        """Bytes that the disk would gain by its blobs: those of no other namespace."""
        return sum(size for digest, size in self.blobs.items() if digest not in self.elsewhere)


class KeptIndex:
    """What keeps what in one namespace, as of one moment. Made by :func:`build_kept`."""

    def __init__(self, graph: Graph, elsewhere: frozenset[str]) -> None:
        self._graph = graph
        self._elsewhere = elsewhere
        self.namespace = graph.namespace

    @property
    def blobs(self) -> Mapping[str, int]:
        """Every blob that the namespace records: digest → bytes."""
        return self._graph.blobs

    @property
    def roots(self) -> tuple[Link, ...]:
        """What is kept for its own sake, and what makes it so."""
        return tuple(Link(_thing(node), how) for node, how in self._graph.roots.items())

    def keeps(self, name: str, kind: Kind = Kind.CONTENT) -> bool:
        """Whether a collection would leave it; a snapshot's ``name`` is ``snapshotter/key``."""
        return any((kind, name, flat) in self._graph.reached for flat in (False, True))

    def why(self, name: str, kind: Kind = Kind.CONTENT, *, most: int = MOST) -> tuple[Reason, ...]:
        """What keeps it: for each root the shortest way, shorter ones first, at most ``most`` of them.

        Nothing for what a collection would take. A blob that is recorded nowhere may be kept too: then it
        is missing.
        """
        ahead: dict[Node, tuple[Node, str] | None] = {(kind, name, flat): None for flat in (False, True)}
        waiting = deque(ahead)
        found: list[Reason] = []
        while waiting and len(found) < most:
            node = waiting.popleft()
            breathe()
            if node in self._graph.roots:
                found.append(self._reason(node, ahead))
            for keeper, how in self._graph.keepers.get(node, ()):
                if keeper not in ahead:
                    ahead[keeper] = (node, how)
                    waiting.append(keeper)
        return tuple(found)

    def garbage(self) -> Garbage:
        """What a collection would take, were it to run at that moment."""
        graph = self._graph
        return Garbage(
            {digest: size for digest, size in graph.blobs.items() if not self.keeps(digest)},
            snapshots=tuple(
                _thing((Kind.SNAPSHOT, name, False))
                for name in graph.snapshots
                if not self.keeps(name, Kind.SNAPSHOT)
            ),
            leases=tuple(graph.expired_leases),
            images=tuple(name for name in graph.expired_images if not self.keeps(name, Kind.IMAGE)),
            ingests=tuple(name for name in graph.ingests if not self.keeps(name, Kind.INGEST)),
            elsewhere=self._elsewhere,
        )

    def _reason(self, node: Node, ahead: Mapping[Node, tuple[Node, str] | None]) -> Reason:
        links = [Link(_thing(node), self._graph.roots[node])]
        step = ahead[node]
        while step is not None:
            links.append(Link(_thing(step[0]), step[1]))
            step = ahead[step[0]]
        return Reason(tuple(links))


def build_kept(
    store: MetadataStore,
    *,
    version: Version = NEWEST,
    now: datetime | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> KeptIndex:
    """Read the namespace's metadata once, as the collector of containerd ``version`` does at ``now``.

    Where something would be collected, the other namespaces are asked whether they have it too. Raises
    StoreError, and Cancelled where ``stop``, asked between things, is true.
    """
    graph = Graph(store.namespace, version, now or datetime.now(UTC), stop)
    graph.read(store)
    graph.mark()
    loose = {digest for digest in graph.blobs if (Kind.CONTENT, digest, False) not in graph.reached}
    return KeptIndex(graph, _elsewhere(store, loose, stop) if loose else frozenset())


def _elsewhere(store: MetadataStore, digests: set[str], stop: Callable[[], bool]) -> frozenset[str]:
    """Those of ``digests`` that another namespace records or is fetching."""
    found: set[str] = set()
    for namespace in store.namespaces():
        if namespace.name != store.namespace:
            with closing(store.in_namespace(namespace.name)) as other:
                found.update(blob.digest for blob in steps(other.blobs(), stop))
                found.update(ingest.expected for ingest in other.ingests())
            found &= digests
    return frozenset(found)


def _thing(node: Node) -> Thing:
    kind, name, _ = node
    if kind is not Kind.SNAPSHOT:
        return Thing(kind, name)
    snapshotter, _, key = name.partition("/")
    return Thing(kind, key, snapshotter)
