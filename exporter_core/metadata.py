"""What containerd's metadata tell besides names: values, and the protocol of a store that has them.

One such store shows one namespace; ``isinstance(store, MetadataStore)`` says whether a store is one. The
values are the same whether they come from ``meta.db`` on disk, from the daemon's socket or from a helper
process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from exporter_core.content import Store
from exporter_core.descriptor import nothing


@dataclass(frozen=True, slots=True)
class Namespace:
    """A part of a root that has names of its own; blobs may be shared between several."""

    name: str
    labels: Mapping[str, str] = field(default_factory=nothing, hash=False)


@dataclass(frozen=True, slots=True)
class Blob:
    """What a namespace records of a blob: ``digest`` as written, ``size`` in bytes, its labels."""

    digest: str
    size: int
    created: datetime | None = None
    updated: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=nothing, hash=False)


@dataclass(frozen=True, slots=True)
class Lease:
    """What is kept from being collected: digests, (snapshotter, key) pairs, ingests and images."""

    name: str
    created: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=nothing, hash=False)
    content: tuple[str, ...] = ()
    snapshots: tuple[tuple[str, str], ...] = ()
    ingests: tuple[str, ...] = ()
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot by its ``key``; ``name`` is what the snapshotter calls it, ``parent`` a key or ""."""

    snapshotter: str
    key: str
    name: str = ""
    parent: str = ""
    created: datetime | None = None
    updated: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=nothing, hash=False)
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Container:
    """A container, as far as images go."""

    name: str
    image: str = ""
    snapshotter: str = ""
    snapshot: str = ""
    runtime: str = ""
    created: datetime | None = None
    updated: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=nothing, hash=False)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox, as far as its labels keep something (since containerd 1.7)."""

    name: str
    labels: Mapping[str, str] = field(default_factory=nothing, hash=False)


@dataclass(frozen=True, slots=True)
class Ingest:
    """A blob under way: ``received`` of ``total`` bytes (0: not known), what it should become, or "".

    ``backend_ref`` is what the content store calls it, ``ref`` the namespace's own name.
    """

    ref: str
    backend_ref: str
    received: int
    total: int = 0
    expected: str = ""
    started: datetime | None = None
    updated: datetime | None = None
    expires: datetime | None = None
    place: str = ""


@runtime_checkable
class MetadataStore(Store, Protocol):
    """A store with containerd's metadata, of one namespace. Every method may raise StoreError."""

    @property
    def namespace(self) -> str:
        """The namespace that is shown; "" where there is none."""
        ...

    def namespaces(self) -> tuple[Namespace, ...]:
        """All that the place holds, in the order of their names."""
        ...

    def in_namespace(self, name: str) -> MetadataStore:
        """The same place, another namespace: a store of its own, closed on its own."""
        ...

    def blobs(self) -> Iterator[Blob]:
        """What the namespace records of its blobs, there or not, in the order of their digests."""
        ...

    def leases(self) -> tuple[Lease, ...]:
        """What else keeps blobs and snapshots."""
        ...

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Of every snapshotter."""
        ...

    def containers(self) -> tuple[Container, ...]:
        """With the image each was made from."""
        ...

    def ingests(self) -> tuple[Ingest, ...]:
        """What is being written at this moment."""
        ...

    def changes(self, stop: Callable[[], bool]) -> Iterator[None]:
        """One None at first and one each time that names, blobs, leases or snapshots may have changed since.

        For a thread of its own, which lists anew at each: it waits between them, for ever, and ends within a
        second after ``stop()`` is true (asked some times a second). Many changes at once give one None; what
        changes while the caller lists gives another. Raises nothing: where the place cannot be asked any more
        it waits, and gives a None once it can be again.
        """
        ...


@runtime_checkable
class SandboxStore(MetadataStore, Protocol):
    """A MetadataStore that knows sandboxes too."""

    def sandboxes(self) -> tuple[Sandbox, ...]:
        """All of the namespace."""
        ...
