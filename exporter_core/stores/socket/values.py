"""containerd's answers as this program's values; nothing is asked here.

What is malformed in one object hides no other: a target that is none is a MalformedDescriptor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from exporter_core.content import Image
from exporter_core.descriptor import EMPTY
from exporter_core.manifest import parse_descriptor
from exporter_core.metadata import Blob, Container, Ingest, Lease, Namespace, Sandbox, Snapshot
from exporter_core.stores.socket import containerd_pb2 as api

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_ONE = -62135596800  # seconds: Go's zero time


def image(found: api.Image, namespace: str) -> Image:
    """An image of ``namespace``."""
    fields: dict[str, object] = {}
    if found.HasField("target"):
        target = found.target
        fields = {"mediaType": target.media_type, "digest": target.digest, "size": target.size}
        if target.annotations:
            fields["annotations"] = dict(target.annotations)
    return Image(
        found.name,
        parse_descriptor(fields, where=f"image {found.name}: target"),
        _labels(found.labels),
        namespace=namespace,
        created=_time(found.created_at),
        updated=_time(found.updated_at),
    )


def blob(found: api.ContentInfo) -> Blob:
    """What a namespace records of a blob."""
    return Blob(
        found.digest,
        found.size,
        created=_time(found.created_at),
        updated=_time(found.updated_at),
        labels=_labels(found.labels),
    )


def namespaces(found: Iterable[api.Namespace]) -> tuple[Namespace, ...]:
    """In the order of their names."""
    return tuple(Namespace(one.name, _labels(one.labels)) for one in sorted(found, key=lambda one: one.name))


def lease(found: api.Lease, resources: Iterable[api.Resource]) -> Lease:
    """A lease with what it holds (types: ``core/metadata/leases.go``)."""
    held: dict[str, list[str]] = {"content": [], "ingests": [], "images": []}
    snapshots: list[tuple[str, str]] = []
    for resource in resources:
        kind, _, snapshotter = resource.type.partition("/")
        if kind == "snapshots":
            snapshots.append((snapshotter, resource.id))
        else:
            held.setdefault(kind, []).append(resource.id)
    return Lease(
        found.id,
        created=_time(found.created_at),
        labels=_labels(found.labels),
        content=tuple(sorted(held["content"])),
        snapshots=tuple(sorted(snapshots)),
        ingests=tuple(sorted(held["ingests"])),
        images=tuple(sorted(held["images"])),
    )


def snapshots(snapshotter: str, found: Iterable[api.SnapshotInfo]) -> tuple[Snapshot, ...]:
    """In the order of their keys, each with its children; what the snapshotter calls them is not told."""
    made = [
        Snapshot(
            snapshotter,
            one.name,
            parent=one.parent,
            created=_time(one.created_at),
            updated=_time(one.updated_at),
            labels=_labels(one.labels),
        )
        for one in sorted(found, key=lambda one: one.name)
    ]
    children: dict[str, list[str]] = {}
    for snapshot in made:
        children.setdefault(snapshot.parent, []).append(snapshot.key)
    return tuple(replace(snapshot, children=tuple(children.get(snapshot.key, ()))) for snapshot in made)


def container(found: api.Container) -> Container:
    """As far as images go."""
    return Container(
        found.id,
        image=found.image,
        snapshotter=found.snapshotter,
        snapshot=found.snapshot_key,
        runtime=found.runtime.name,
        created=_time(found.created_at),
        updated=_time(found.updated_at),
        labels=_labels(found.labels),
    )


def sandbox(found: api.Sandbox) -> Sandbox:
    """As far as its labels keep something."""
    return Sandbox(found.sandbox_id, _labels(found.labels))


def ingest(found: api.IngestStatus) -> Ingest:
    """A blob under way; where it lies is not told."""
    return Ingest(
        found.ref,
        "",
        found.offset,
        total=max(found.total, 0),
        expected=found.expected,
        started=_time(found.started_at),
        updated=_time(found.updated_at),
    )


def _labels(found: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(sorted(found.items()))) if found else EMPTY


def _time(found: api.Timestamp) -> datetime | None:
    """The moment in UTC, cut to microseconds; None for Go's zero time and where there is none."""
    if found.seconds == _YEAR_ONE or (not found.seconds and not found.nanos):
        return None
    try:
        return _EPOCH + timedelta(0, found.seconds, found.nanos // 1000)
    except OverflowError:
        return None
