"""Prove an archive or a store: hash every blob, follow every reference, check what frames it.

In an archive with our own framing (Shipglass's or containerd's) every byte counts: headers, padding, the end
and the documents the exporter wrote are compared with what it would write. An archive that another tool made
is checked for what it holds, and a note says that its framing was not. What no digest covers and nothing
repeats (an annotation, say) only the archive's own SHA-256 can prove: pass the one an export reported.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

from exporter_core.content import DOCUMENT_LIMIT, Store
from exporter_core.descriptor import Descriptor
from exporter_core.errors import ContentError, ShipglassError
from exporter_core.metadata import MetadataStore
from exporter_core.stores import open_store
from exporter_core.stores.archive import TarFiles
from exporter_core.stores.layout import LayoutStore
from exporter_core.verify.archive import ArchiveCheck, check_whole_file
from exporter_core.verify.documents import DocumentCheck
from exporter_core.verify.findings import Findings, OnBlob, digest_of, read_into


@runtime_checkable
class BlobLister(Store, Protocol):
    """A store that can list its blobs, needed or not: layouts, archives of all kinds, ``dir:`` folders."""

    @property
    def damage(self) -> tuple[str, ...]:
        """Those of its notes that mean something is broken."""
        ...

    def blob_names(self) -> Iterator[str]:
        """The names that its blobs have in a layout, ``blobs/<algorithm>/<encoded>``."""
        ...


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was found: ``blobs`` hashed, their ``bytes``, ``images`` followed, every problem, and notes."""

    location: str
    kind: str
    blobs: int
    bytes: int
    images: int
    problems: tuple[ShipglassError, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify_location(
    location: str | os.PathLike[str],
    *,
    sha256: str = "",
    on_blob: OnBlob | None = None,
    cancel: threading.Event | None = None,
    document_limit: int = DOCUMENT_LIMIT,
    terminal: bool = False,
) -> VerifyReport:
    """Read everything at ``location`` (an archive or a store) and report what is wrong with it.

    ``sha256`` is what the whole archive file should hash to, where that is known; ``terminal`` as for
    ``open_store``. Raises StoreError where it cannot be opened at all, Cancelled when ``cancel`` is set.
    """
    store = open_store(location, document_limit=document_limit, terminal=terminal, cancel=cancel)
    found = Findings(on_blob, cancel or threading.Event())
    framed = False
    try:
        if isinstance(store, BlobLister):
            for damage in store.damage:
                found.wrong(damage)
            if sha256 and os.path.isfile(store.location):
                check_whole_file(store.location, sha256, found)
            files = store.files if isinstance(store, LayoutStore) else None
            if isinstance(files, TarFiles):
                archive = ArchiveCheck(files, found)
                archive.run()
                framed = archive.framed
            else:
                _hash_blobs(store, store.blob_names(), found)
        elif isinstance(store, MetadataStore):
            _hash_blobs(store, ("blobs/" + blob.digest.replace(":", "/", 1) for blob in store.blobs()), found)
        documents = DocumentCheck(store, found, framed=framed)
        documents.run()
    finally:
        store.close()
    return VerifyReport(
        location=store.location,
        kind=store.kind,
        blobs=found.blobs,
        bytes=found.bytes,
        images=documents.images,
        problems=tuple(found.problems),
        notes=tuple(dict.fromkeys([*store.notes, *found.notes])),
    )


def _hash_blobs(store: Store, names: Iterable[str], found: Findings) -> None:
    """Hash every blob of a folder or a daemon."""
    for name in names:
        digest = digest_of(name)
        if digest is None:
            found.notes.append(f"{name} is not named by a digest; it was left out")
            continue
        try:
            with store.open(Descriptor("", digest, 0)) as blob:
                found.hash_blob(digest, partial(read_into, blob))
        except ContentError as error:
            found.problems.append(error)


__all__ = ["OnBlob", "VerifyReport", "verify_location"]
