"""Provider and Store: the seams to where blobs lie, and reading documents from them in safety.

A provider opens blobs; a store is a provider that also lists images and knows sizes. Both are handed the
whole descriptor, as containerd's ``content.Provider`` is, so that a store may use more than the digest.
The guarantees (size limit, size, digest) are written once, here and in ``export``; a provider gives none.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

from exporter_core.descriptor import IMAGE_NAME, MANIFEST_SUBJECT, REF_NAME, Child, Descriptor, nothing
from exporter_core.digest import Digest
from exporter_core.errors import DigestMismatch, DocumentTooLarge, SizeMismatch, UnreadableBlob

if TYPE_CHECKING:
    from datetime import datetime

DOCUMENT_LIMIT = 8 * 1024 * 1024
"""Bytes of the largest document (index, manifest, config) that is read unless asked otherwise."""


class Provider(Protocol):
    """Opens blobs. Python's face of containerd's ``content.Provider``."""

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """The blob from its first byte, unverified; the caller closes it.

        One that may let its reader wait has ``poll(seconds)`` too: whether a read would not wait, after at
        most so long. Who can be cancelled asks it first.

        Raises MissingBlob where it is not there, UnreadableBlob where it cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """A blob in a store: its ``size`` in bytes there, a ``place`` to show, the store's ``labels`` on it."""

    size: int
    place: str = ""
    labels: Mapping[str, str] = field(default_factory=nothing, hash=False)


@runtime_checkable
class InfoProvider(Provider, Protocol):
    """A provider that knows what it has."""

    def info(self, digest: Digest) -> BlobInfo | None:
        """What the store knows of the blob without reading it; None where it has none."""
        ...


@runtime_checkable
class Store(InfoProvider, Protocol):
    """A place that holds images, opened read-only."""

    @property
    def location(self) -> str:
        """What was opened, as the user would write it."""
        ...

    @property
    def kind(self) -> str:
        """What it is: "OCI layout", "content directory", "OCI archive" …"""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What is odd about it and does not stop us."""
        ...

    @property
    def document_limit(self) -> int:
        """Bytes of the largest document that is read from it."""
        ...

    def images(self) -> tuple[Image, ...]:
        """Its images in its own order. Raises StoreError or ContentError where its index is unusable."""
        ...

    def close(self) -> None:
        """Let go of it; blobs still open may fail from here on."""
        ...


class DistrustedStore:
    """A store some of whose blobs turned out to be ``corrupt``, each with the error (by digest) that said so.

    ``info`` raises that error for them, so all that asks a store what it has hears of the damage: trees,
    summaries, matrices, plans. Reading is the store's own affair.
    """

    def __init__(self, store: Store, corrupt: Mapping[str, DigestMismatch]) -> None:
        self._store, self._corrupt = store, dict(corrupt)

    @property
    def location(self) -> str:
        """The store's own."""
        return self._store.location

    @property
    def kind(self) -> str:
        """The store's own."""
        return self._store.kind

    @property
    def notes(self) -> tuple[str, ...]:
        """The store's own."""
        return self._store.notes

    @property
    def document_limit(self) -> int:
        """The store's own."""
        return self._store.document_limit

    def images(self) -> tuple[Image, ...]:
        """The store's own."""
        return self._store.images()

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """The store's own, whatever is known of the blob."""
        return self._store.open(descriptor)

    def info(self, digest: Digest) -> BlobInfo | None:
        """The store's own. Raises DigestMismatch where the blob is known to be corrupt."""
        known = self._corrupt.get(str(digest))
        if known is not None:
            error = DigestMismatch(known.digest, actual=known.actual, size=known.size)
            error.hint += " Then open the store again."
            raise error
        return self._store.info(digest)

    def close(self) -> None:
        """Nothing: who opened the store closes it."""


@dataclass(frozen=True, slots=True)
class Image:
    """A name in a store and what it stands for; ``labels`` are the store's own.

    ``name`` is the full name, else the tag, else the digest (see :func:`image_name`). ``namespace`` and the
    times are for stores that have them.
    """

    name: str
    target: Child
    labels: Mapping[str, str] = field(default_factory=nothing, hash=False)
    namespace: str = field(default="", kw_only=True)
    created: datetime | None = field(default=None, kw_only=True)
    updated: datetime | None = field(default=None, kw_only=True)

    @property
    def digest_text(self) -> str:
        """The digest of its root, or what stands in its place."""
        return self.target.digest_text

    @property
    def subject(self) -> str:
        """The digest text this is a referrer of, where its annotations say so, else ""."""
        return self.target.annotations.get(MANIFEST_SUBJECT, "")

    @property
    def is_referrer(self) -> bool:
        """Whether it is a signature, SBOM or the like that belongs to another image."""
        target = self.target
        return bool(self.subject) or (isinstance(target, Descriptor) and bool(target.artifact_type))


def image_name(target: Child) -> str:
    """What to call the image at ``target``: containerd's name annotation, else ref.name, else its digest."""
    annotations = target.annotations
    return annotations.get(IMAGE_NAME) or annotations.get(REF_NAME) or target.digest_text or "(malformed)"


def embedded(descriptor: Descriptor) -> bytes | None:
    """The descriptor's ``data`` where it really is the content (size and digest agree), else None."""
    data = descriptor.data
    if data is None or len(data) != descriptor.size or not descriptor.digest.verifiable:
        return None
    return data if descriptor.digest.of(data) == str(descriptor.digest) else None


def read_document(provider: Provider, descriptor: Descriptor, *, limit: int = DOCUMENT_LIMIT) -> bytes:
    """The whole blob, its size and digest verified.

    Raises DocumentTooLarge before reading, MissingBlob, UnreadableBlob, SizeMismatch, DigestMismatch or
    DigestError. Content embedded in the descriptor serves where it is right.
    """
    name = str(descriptor.digest)
    if descriptor.size > limit:
        raise DocumentTooLarge(name, size=descriptor.size, limit=limit)
    data = embedded(descriptor)
    if data is not None:
        return data
    descriptor.digest.new_hash()
    try:
        with provider.open(descriptor) as blob:
            data = read_up_to(blob, descriptor.size + 1)
    except OSError as error:
        raise UnreadableBlob(name, reason=error.strerror or str(error)) from error
    if len(data) != descriptor.size:
        actual = len(data) if len(data) < descriptor.size else None
        raise SizeMismatch(name, expected=descriptor.size, actual=actual)
    found = descriptor.digest.of(data)
    if found != name:
        raise DigestMismatch(name, actual=found, size=len(data))
    return data


def page_buffer(size: int) -> memoryview:
    """A fresh writable buffer of ``size`` bytes that begins on a page of memory.

    A bytearray begins 16 bytes behind one, and copying from the page cache to there takes twice as long
    (the processor takes its own stores for what it is about to load).
    """
    return memoryview(mmap.mmap(-1, size))


def read_up_to(blob: BinaryIO, length: int) -> bytes:
    """The next ``length`` bytes of ``blob``, fewer only at its end."""
    parts: list[bytes] = []
    while length > 0:
        part = blob.read(min(length, 1 << 20))
        if not part:
            break
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
