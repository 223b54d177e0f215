"""The collector's graph of one namespace while it is read: nodes, roots, references. No answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeAlias, TypeVar

from exporter_core.content import Image
from exporter_core.errors import Cancelled
from exporter_core.kept import rules
from exporter_core.kept.rules import Kind, Version
from exporter_core.metadata import Lease, MetadataStore, SandboxStore, Snapshot
from exporter_core.progress import breathe

Node: TypeAlias = tuple[Kind, str, bool]
"""A kind, a name (a snapshot's: ``snapshotter/key``), and whether it is flat: keeps nothing but parents."""

_T = TypeVar("_T")


def steps(things: Iterable[_T], stop: Callable[[], bool]) -> Iterator[_T]:
    """``things``, with a turn for other threads now and then. Raises Cancelled where ``stop`` is true."""
    for thing in things:
        breathe()
        if stop():
            raise Cancelled("the look at what is kept was stopped")
        yield thing


class Graph:
    """``roots`` are nodes with what makes them so; ``keepers`` lead from a node to those that refer to it,
    with the label or relation; ``reached`` is what a collection leaves, once :meth:`mark` has run.
    """

    def __init__(self, namespace: str, version: Version, now: datetime, stop: Callable[[], bool]) -> None:
        self.namespace = namespace
        self._version, self._now, self._stop = version, now, stop
        self.roots: dict[Node, str] = {}
        self.keepers: dict[Node, list[tuple[Node, str]]] = {}
        self.reached: set[Node] = set()
        self.blobs: dict[str, int] = {}
        self.snapshots: dict[str, str] = {}  # snapshotter/key → that of its parent, or ""
        self.ingests: list[str] = []
        self.expired_leases: list[str] = []
        self.expired_images: list[str] = []
        self._targets: dict[str, str] = {}  # image → digest
        self._used: dict[str, datetime] = {}
        self._kept: dict[Node, list[Node]] = {}

    def read(self, store: MetadataStore) -> None:
        """Everything of the namespace; snapshots and images before those that ask for them."""
        for snapshot in self._steps(store.snapshots()):
            self._snapshot(snapshot)
        for image in self._steps(store.images()):
            self._image(image)
        for blob in self._steps(store.blobs()):
            self.blobs[blob.digest] = blob.size
            if blob.labels:
                node = (Kind.CONTENT, blob.digest, False)
                self._labelled(node, blob.labels)
                self._rooted(node, blob.labels)
        for container in self._steps(store.containers()):
            node = (Kind.CONTAINER, container.name, False)
            self.roots[node] = "container"
            if container.snapshotter:
                self._refer(
                    node, (Kind.SNAPSHOT, f"{container.snapshotter}/{container.snapshot}"), "snapshot"
                )
            self._labelled(node, container.labels)
        self._others(store)

    def mark(self) -> None:
        """Fill ``reached``."""
        waiting = list(self.roots)
        self.reached = set(waiting)
        while waiting:
            for kept in self._steps(self._kept.get(waiting.pop(), ())):
                if kept not in self.reached:
                    self.reached.add(kept)
                    waiting.append(kept)
        self._kept.clear()  # whoever asks why goes the other way

    def _others(self, store: MetadataStore) -> None:
        for ingest in self._steps(store.ingests()):
            node = (Kind.INGEST, ingest.ref, False)
            self.ingests.append(ingest.ref)
            if ingest.expires is not None and self._now <= ingest.expires:
                self.roots[node] = "under way"
            if ingest.expected:
                self._refer(node, (Kind.CONTENT, ingest.expected), "expected")
        for lease in self._steps(store.leases()):
            if rules.expired(lease.labels, self._now):
                self.expired_leases.append(lease.name)
            else:
                self._lease(lease)
        if isinstance(store, SandboxStore) and self._version >= rules.SANDBOXES:
            for sandbox in self._steps(store.sandboxes()):
                node = (Kind.SANDBOX, sandbox.name, False)
                self.roots[node] = "sandbox"
                self._forward(node, sandbox.labels)

    def _steps(self, things: Iterable[_T]) -> Iterator[_T]:
        return steps(things, self._stop)

    def _refer(self, keeper: Node, kept: tuple[Kind, str], how: str, *, flat: bool = False) -> None:
        node = (*kept, flat)
        self.keepers.setdefault(node, []).append((keeper, sys.intern(how)))
        self._kept.setdefault(keeper, []).append(node)

    def _snapshot(self, snapshot: Snapshot) -> None:
        name = f"{snapshot.snapshotter}/{snapshot.key}"
        node = (Kind.SNAPSHOT, name, False)
        self.snapshots[name] = parent = snapshot.parent and f"{snapshot.snapshotter}/{snapshot.parent}"
        if parent:
            self._refer(node, (Kind.SNAPSHOT, parent), "parent")
        self._labelled(node, snapshot.labels)
        self._rooted(node, snapshot.labels)
        used = rules.used_at(snapshot.labels)
        if used is not None:
            self._used[name] = used

    def _image(self, image: Image) -> None:
        node = (Kind.IMAGE, image.name, False)
        self._targets[image.name] = digest = image.digest_text
        self._refer(node, (Kind.CONTENT, digest), "target")
        self._labelled(node, image.labels)
        if self._version >= rules.EXPIRING_IMAGES and rules.expired(image.labels, self._now):
            self.expired_images.append(image.name)
        else:
            self.roots[node] = "image"

    def _lease(self, lease: Lease) -> None:
        """Flat leases keep what they name, parents of snapshots and targets of images: nothing by labels."""
        node, flat = (Kind.LEASE, lease.name, False), rules.FLAT in lease.labels
        self.roots[node] = "lease"
        for digest in lease.content:
            self._refer(node, (Kind.CONTENT, digest), "lease", flat=flat)
        for ref in lease.ingests:
            self._refer(node, (Kind.INGEST, ref), "lease")
        for image in lease.images:
            self._refer(node, (Kind.IMAGE, image), "lease", flat=flat)
            if flat and image in self._targets:
                held = (Kind.IMAGE, image, True)
                self._refer(held, (Kind.CONTENT, self._targets[image]), "target", flat=True)
        for snapshotter, key in lease.snapshots:
            self._refer(node, (Kind.SNAPSHOT, f"{snapshotter}/{key}"), "lease", flat=flat)
            if flat:
                self._flat_parents(f"{snapshotter}/{key}")

    def _flat_parents(self, name: str) -> None:
        while parent := self.snapshots.get(name, ""):
            node = (Kind.SNAPSHOT, name, True)
            if node in self._kept:
                return
            self._refer(node, (Kind.SNAPSHOT, parent), "parent", flat=True)
            name = parent

    def _rooted(self, node: Node, labels: Mapping[str, str]) -> None:
        label = rules.root_label(labels, self._version)
        if label:
            self.roots[node] = label

    def _labelled(self, node: Node, labels: Mapping[str, str]) -> None:
        """References in both directions; conditions need the snapshots that were read before."""
        if not labels:
            return
        self._forward(node, labels)
        for label, keeper in rules.back(labels, self._version):
            self._refer((*keeper, False), node[:2], label)
        if node[0] in (Kind.CONTENT, Kind.IMAGE):
            for label, keeper in rules.conditional(labels, self._used, self._now, self._version):
                self._refer((*keeper, False), node[:2], label)

    def _forward(self, node: Node, labels: Mapping[str, str]) -> None:
        for label, kept in rules.forward(labels, self._version):
            self._refer(node, kept, label)
