"""containerd's metadata, schema v1: from buckets to values (Go: ``core/metadata/buckets.go``).

``v1/NAMESPACE/{labels,images,content/{blob,ingests},leases,snapshots,containers,sandboxes}``. What is
malformed in one object hides no other: a time that is none is None, a target that is none a
MalformedDescriptor.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from exporter_core.content import Image
from exporter_core.descriptor import EMPTY
from exporter_core.manifest import parse_descriptor
from exporter_core.metadata import Blob, Container, Ingest, Lease, Namespace, Sandbox, Snapshot
from exporter_core.progress import breathe
from exporter_core.stores.bolt import Bucket

_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)
_SECONDS = struct.Struct(">qI")


class NamespaceBucket:
    """Everything of one namespace, read as it is asked for. Every method may raise StoreError."""

    def __init__(self, name: str, bucket: Bucket) -> None:
        self.name = name
        self._bucket = bucket
        self._blobs = bucket.bucket(b"content", b"blob")
        self._images: tuple[Image, ...] | None = None

    def namespace(self) -> Namespace:
        """Its name and labels."""
        return Namespace(self.name, _labels(self._bucket.bucket(b"labels")))

    def images(self) -> tuple[Image, ...]:
        """In the order of their names, as containerd lists them; read once."""
        if self._images is None:
            self._images = tuple(_image(name, found, self.name) for name, found in self._objects(b"images"))
        return self._images

    def blob(self, digest: str) -> Blob | None:
        """What is recorded of one blob."""
        found = self._blobs.bucket(digest.encode()) if self._blobs else None
        return None if found is None else _blob(digest, found)

    def has_blob(self, digest: str) -> bool:
        """Whether the blob is one of this namespace's."""
        return self._blobs is not None and self._blobs.bucket(digest.encode()) is not None

    def blobs(self) -> Iterator[Blob]:
        """All blobs, in the order of their digests."""
        for digest, found in self._objects(b"content", b"blob"):
            yield _blob(digest, found)

    def leases(self) -> Iterator[Lease]:
        """All leases with what they hold."""
        for name, found in self._objects(b"leases"):
            snapshots = found.bucket(b"snapshots")
            yield Lease(
                name,
                created=go_time(found.get(b"createdat")),
                labels=_labels(found.bucket(b"labels")),
                content=_keys(found.bucket(b"content")),
                snapshots=tuple(
                    (text(snapshotter), key)
                    for snapshotter, held in (snapshots.buckets() if snapshots else ())
                    for key in _keys(held)
                ),
                ingests=_keys(found.bucket(b"ingests")),
                images=_keys(found.bucket(b"images")),
            )

    def snapshots(self) -> Iterator[Snapshot]:
        """All snapshots, one snapshotter's after another's."""
        snapshotters = self._bucket.bucket(b"snapshots")
        for snapshotter, _ in snapshotters.buckets() if snapshotters else ():
            for key, found in self._objects(b"snapshots", snapshotter):
                yield Snapshot(
                    text(snapshotter),
                    key,
                    name=text(found.get(b"name")),
                    parent=text(found.get(b"parent")),
                    created=go_time(found.get(b"createdat")),
                    updated=go_time(found.get(b"updatedat")),
                    labels=_labels(found.bucket(b"labels")),
                    children=_keys(found.bucket(b"children")),
                )

    def containers(self) -> Iterator[Container]:
        """All containers."""
        for name, found in self._objects(b"containers"):
            runtime = found.bucket(b"runtime")
            yield Container(
                name,
                image=text(found.get(b"image")),
                snapshotter=text(found.get(b"snapshotter")),
                snapshot=text(found.get(b"snapshotKey")),
                runtime=text(runtime.get(b"name")) if runtime else "",
                created=go_time(found.get(b"createdat")),
                updated=go_time(found.get(b"updatedat")),
                labels=_labels(found.bucket(b"labels")),
            )

    def sandboxes(self) -> Iterator[Sandbox]:
        """All sandboxes."""
        for name, found in self._objects(b"sandboxes"):
            yield Sandbox(name, _labels(found.bucket(b"labels")))

    def ingests(self) -> Iterator[Ingest]:
        """What is under way, without how far it is."""
        for ref, found in self._objects(b"content", b"ingests"):
            yield Ingest(
                ref,
                text(found.get(b"ref")),
                0,
                expected=text(found.get(b"expected")),
                expires=go_time(found.get(b"expireat")),
            )

    def _objects(self, *path: bytes) -> Iterator[tuple[str, Bucket]]:
        found = self._bucket.bucket(*path)
        for key, value in found.buckets() if found else ():
            breathe()
            yield text(key), value


def _image(name: str, found: Bucket, namespace: str) -> Image:
    target = found.bucket(b"target")
    fields: dict[str, object] = {}
    if target is not None:
        fields = {
            "mediaType": text(target.get(b"mediatype")),
            "digest": text(target.get(b"digest")),
            "size": varint(target.get(b"size") or b""),
        }
    annotations = _labels(found.bucket(b"annotations"))
    if annotations:
        fields["annotations"] = dict(annotations)
    return Image(
        name,
        parse_descriptor(fields, where=f"image {name}: target"),
        _labels(found.bucket(b"labels")),
        namespace=namespace,
        created=go_time(found.get(b"createdat")),
        updated=go_time(found.get(b"updatedat")),
    )


def _blob(digest: str, found: Bucket) -> Blob:
    """One pass over the blob's bucket: there may be a hundred thousand."""
    get = found.fields().get
    size, created, updated, labels = get(b"size"), get(b"createdat"), get(b"updatedat"), get(b"labels")
    return Blob(
        digest,
        varint(size) if isinstance(size, bytes) else 0,
        go_time(created) if isinstance(created, bytes) else None,
        go_time(updated) if isinstance(updated, bytes) else None,
        _labels(labels) if isinstance(labels, Bucket) else EMPTY,
    )


def _labels(bucket: Bucket | None) -> Mapping[str, str]:
    if bucket is None:
        return EMPTY
    fields = bucket.fields()
    try:
        found = {key.decode(): value.decode() for key, value in fields.items() if isinstance(value, bytes)}
    except UnicodeDecodeError:
        found = {text(key): text(value) for key, value in fields.items() if isinstance(value, bytes)}
    return MappingProxyType(found) if found else EMPTY


def _keys(bucket: Bucket | None) -> tuple[str, ...]:
    return tuple(text(key) for key, _ in bucket.items()) if bucket else ()


def text(data: bytes | None) -> str:
    """``data`` as text; what is not UTF-8 is replaced."""
    return (data or b"").decode(errors="replace")


def varint(data: bytes) -> int:
    """A signed number as Go's ``binary.PutVarint`` writes it (zig-zag); 0 where it is none."""
    number = 0
    for position, byte in enumerate(data[:10]):
        number |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return number >> 1 if number & 1 == 0 else ~(number >> 1)
    return 0


def go_time(data: bytes | None) -> datetime | None:
    """The moment in Go's ``time.MarshalBinary``, in UTC; None for Go's zero time and where it is none.

    Version (1 or 2), 8 bytes of seconds since the year 1, 4 of nanoseconds, 2 of the zone's minutes (and one
    of its seconds in version 2). The nanoseconds are cut to microseconds.
    """
    if data is None or len(data) not in (15, 16) or data[0] not in (1, 2):
        return None
    seconds, nanoseconds = _SECONDS.unpack_from(data, 1)
    try:
        moment = _YEAR_ONE + timedelta(0, seconds, nanoseconds // 1000)
    except OverflowError:
        return None
    return None if seconds == nanoseconds == 0 else moment


def text_time(data: bytes) -> datetime | None:
    """The moment in RFC 3339, in UTC, as beside an ingest; None where it is none."""
    try:
        moment = datetime.fromisoformat(data.decode().strip())
        return moment.astimezone(UTC) if moment.tzinfo and moment.year > 1 else None
    except (ValueError, OverflowError):
        return None
