"""containerd's root on disk, its daemon off or on: names from ``meta.db``, blobs from the content folder.

Also roots that embed it: Docker's image store, k3s, MicroK8s, rootless nerdctl, BuildKit. One namespace is
shown as containerd itself would: a blob on disk that another namespace alone has is not there. Where the
metadata cannot be used, all content on disk is, and the images are the documents that nothing refers to.
"""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO
from urllib.parse import quote

from exporter_core.content import DOCUMENT_LIMIT, BlobInfo, Image, embedded
from exporter_core.descriptor import Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import MissingBlob, StoreError
from exporter_core.metadata import Blob, Container, Ingest, Lease, Namespace, Sandbox, Snapshot
from exporter_core.stores.bolt import BusyDatabase, Reading, read_stable
from exporter_core.stores.containerd_schema import NamespaceBucket, text_time
from exporter_core.stores.files import DirectoryFiles
from exporter_core.stores.layout import LayoutStore, unreadable
from exporter_core.stores.watching import changes_seen, newest_transaction

METADATA, CONTENT = "io.containerd.metadata.v1.bolt", "io.containerd.content.v1.content"
_BUILDKIT = "containerdmeta.db"
_BELOW = ("", "daemon", os.path.join("containerd", "daemon"))
_AGAIN = 1.0  # seconds between two looks for blobs that came meanwhile


@dataclass(frozen=True, slots=True)
class RootPlace:
    """Where a root keeps its metadata (a file) and its content (a folder with ``blobs`` and ``ingest``)."""

    metadata: str
    content: str
    kind: str = "containerd root"


def find_root(path: str) -> RootPlace | None:
    """The root at the folder ``path``, right in it or where Docker and BuildKit have theirs, or None."""
    for below in _BELOW:
        base = os.path.join(path, below) if below else path
        place = RootPlace(os.path.join(base, METADATA, "meta.db"), os.path.join(base, CONTENT))
        if os.path.isdir(place.content) or os.path.isfile(place.metadata):
            return place
    with suppress(OSError):
        workers = sorted(name for name in os.listdir(path) if name.startswith("runc-"))
        for base in (path, *(os.path.join(path, name) for name in workers)):
            if os.path.isfile(os.path.join(base, _BUILDKIT)):
                metadata, content = os.path.join(base, _BUILDKIT), os.path.join(base, "content")
                return RootPlace(metadata, content, "BuildKit root")
    return None


def forbidden(path: str, location: str = "") -> StoreError:
    """The StoreError where the system does not let us read ``path`` (part of ``location``, where given)."""
    place = location or path
    return StoreError(
        f"{path} cannot be read: permission denied",
        hint="It belongs to another user, most likely root. Have it read as root (open "
        f"sudo:{place}, in a desktop pkexec:{place}), run as one who may read it, copy it to where you may "
        "(sudo cp -a), or have its folders opened to a group of yours.",
    )


@dataclass(frozen=True, slots=True)
class _View:
    """The metadata as of one transaction; ``damage`` says why there is none."""

    reading: Reading | None = None
    namespaces: tuple[NamespaceBucket, ...] = ()
    shown: NamespaceBucket | None = None
    damage: str = ""


class ContainerdRoot(LayoutStore):
    """A MetadataStore on disk, of one namespace: the one named, else ``default``, else the first.

    Raises StoreError where the root may not be read, where its metadata are written to too fast and where
    there is no such namespace. Damaged metadata are a note (and ``damage``).
    """

    def __init__(
        self,
        place: RootPlace,
        *,
        location: str,
        namespace: str = "",
        document_limit: int = DOCUMENT_LIMIT,
        reading: Reading | None = None,
    ) -> None:
        """``reading`` is what another store over the same root has read already, if one has."""
        _check_content(place.content, location)
        super().__init__(
            DirectoryFiles(place.content), location=location, kind=place.kind, document_limit=document_limit
        )
        self._place = place
        self._asked = self._namespace = namespace
        self._refreshing = threading.Lock()
        self._looked = 0.0
        self._view = _View() if reading is None else self._parsed(reading)
        self._refresh()
        if namespace and not self._view.damage and self._view.shown is None:
            names = ", ".join(found.name for found in self._view.namespaces) or "none"
            raise StoreError(f"{location}: there is no namespace {namespace}", hint=f"There are: {names}.")

    # --- as every store

    def images(self) -> tuple[Image, ...]:
        """See Store: the namespace's images by name, or what nothing refers to where the metadata are bad."""
        view = self._refresh()
        if not view.damage:
            try:
                return view.shown.images() if view.shown else ()
            except StoreError as error:
                self._broken(error)
        return self.unreferenced()

    def info(self, digest: Digest) -> BlobInfo | None:
        """See Store: size and place on disk, the namespace's labels."""
        found = super().info(digest)
        if found is None:
            return None
        shown = self._shown_with(digest)
        if shown is None:
            return found if self._view.damage else None
        try:
            blob = shown.blob(str(digest))
        except StoreError as error:
            self._broken(error)
            return found
        return found if blob is None else replace(found, labels=blob.labels)

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """See Provider."""
        digest = descriptor.digest
        if self._shown_with(digest) is not None or self._view.damage:
            return super().open(descriptor)
        data = embedded(descriptor)
        if data is None:
            raise MissingBlob(str(digest), place=self._files.place(digest.path), hint=self._elsewhere(digest))
        return io.BytesIO(data)

    def blob_names(self) -> Iterator[str]:
        """The files of the namespace's blobs, of all blobs where the metadata are bad."""
        mine = None
        with suppress(StoreError):
            mine = {"blobs/" + blob.digest.replace(":", "/", 1) for blob in self.blobs()}
        for name in super().blob_names():
            if mine is None or self._view.damage or name in mine:
                yield name

    # --- what a root has besides

    @property
    def namespace(self) -> str:
        """The namespace that is shown; "" where there is none."""
        return self._namespace

    def namespaces(self) -> tuple[Namespace, ...]:
        """All of them. This and what follows: empty where the metadata are bad, else may raise StoreError."""
        return tuple(found.namespace() for found in self._refresh().namespaces)

    def in_namespace(self, name: str) -> ContainerdRoot:
        """The same root, namespace ``name``. Raises StoreError where there is none of that name."""
        location = f"{self._plain}?namespace={quote(name)}"
        return ContainerdRoot(
            self._place,
            location=location,
            namespace=name,
            document_limit=self.document_limit,
            reading=self._view.reading,
        )

    def blobs(self) -> Iterator[Blob]:
        """What the namespace records of its blobs, there or not."""
        return self._view.shown.blobs() if self._view.shown else iter(())

    def leases(self) -> tuple[Lease, ...]:
        """What else keeps blobs and snapshots."""
        return tuple(self._view.shown.leases()) if self._view.shown else ()

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Of every snapshotter."""
        return tuple(self._view.shown.snapshots()) if self._view.shown else ()

    def containers(self) -> tuple[Container, ...]:
        """With the image each was made from."""
        return tuple(self._view.shown.containers()) if self._view.shown else ()

    def sandboxes(self) -> tuple[Sandbox, ...]:
        """With the labels of each."""
        return tuple(self._view.shown.sandboxes()) if self._view.shown else ()

    def ingests(self) -> tuple[Ingest, ...]:
        """What is being written at this moment; of all namespaces where the metadata are bad."""
        view = self._refresh()
        on_disk = {found.backend_ref: found for found in self._ingests_on_disk()}
        if view.damage:
            return tuple(on_disk.values())
        known = view.shown.ingests() if view.shown else ()
        return tuple(
            replace(on_disk[item.backend_ref], ref=item.ref, expected=item.expected, expires=item.expires)
            for item in known
            if item.backend_ref in on_disk
        )

    def changes(self, stop: Callable[[], bool]) -> Iterator[None]:
        """See MetadataStore: the newest transaction is looked at once a second."""
        return changes_seen(lambda: newest_transaction(self._place.metadata), stop)

    # --- the metadata

    def _refresh(self) -> _View:
        """The view as of now; cheap where nothing changed."""
        with self._refreshing:
            self._looked = time.monotonic()
            reading = self._view.reading
            try:
                latest = read_stable(self._place.metadata, reading)
            except PermissionError as error:
                raise forbidden(self._place.metadata, self.location) from error
            except BusyDatabase:
                raise
            except FileNotFoundError:
                self._take(_View(damage=f"there is no {self._place.metadata}"))
            except (StoreError, OSError) as error:
                self._take(_View(damage=str(error)))
            else:
                if reading is None or latest.database is not reading.database:
                    self._take(self._parsed(latest))
                self._take(replace(self._view, reading=latest))
            return self._view

    def _parsed(self, reading: Reading) -> _View:
        """The view of a database that was just read."""
        try:
            schema = reading.database.root.bucket(b"v1")
            if schema is None:
                return _View(
                    reading, damage=f"{self._place.metadata} is not containerd's: it has no bucket v1"
                )
            found = tuple(
                NamespaceBucket(name.decode(errors="replace"), bucket) for name, bucket in schema.buckets()
            )
        except StoreError as error:
            return _View(reading, damage=str(error))
        by_name = {namespace.name: namespace for namespace in found}
        if not self._namespace and found:
            self._namespace = "default" if "default" in by_name else found[0].name
        return _View(reading, found, by_name.get(self._namespace))

    def _take(self, view: _View) -> None:
        self._view = view
        damage = (f"{view.damage}; all content on disk is shown, without names",) if view.damage else ()
        others = [found.name for found in view.namespaces if found is not view.shown]
        choice: tuple[str, ...] = ()
        if others and not self._asked:
            names = ", ".join(others)
            choice = (f"namespace {self._namespace} is shown; others: {names} (?namespace=NAME)",)
        late = (view.reading.note,) if view.reading and view.reading.note else ()
        self.damage = damage
        self.notes = (*damage, *late, *choice)

    def _broken(self, error: StoreError) -> None:
        """From here on the metadata are not trusted, until they change."""
        with self._refreshing:
            self._take(_View(self._view.reading, damage=str(error)))

    def _shown_with(self, digest: Digest) -> NamespaceBucket | None:
        """The namespace, if it has the blob; one that came meanwhile is found too."""
        for _ in range(2):
            shown = self._view.shown
            try:
                if shown is not None and shown.has_blob(str(digest)):
                    return shown
            except StoreError as error:
                self._broken(error)
            if self._view.damage or time.monotonic() - self._looked < _AGAIN:
                return None
            with suppress(StoreError):
                self._refresh()
        return None

    def _elsewhere(self, digest: Digest) -> str:
        """The hint for a blob that only other namespaces have; "" for one that none has."""
        with suppress(StoreError):
            names = [found.name for found in self._view.namespaces if found.has_blob(str(digest))]
            if names:
                place = f"{self._plain}?namespace={names[0]}"
                return f"Namespace {names[0]} has it: open {place}, or fetch the image again."
        return ""

    @property
    def _plain(self) -> str:
        return self.location.partition("?namespace=")[0]

    # --- the content folder

    def _ingests_on_disk(self) -> Iterator[Ingest]:
        for name in sorted(self._files.folders("ingest")):
            with suppress(OSError):  # it ended while we looked
                yield _ingest(self._files.place(f"ingest/{name}"))


def _check_content(content: str, location: str) -> None:
    """Raises StoreError where there is a content folder that may not be looked into."""
    try:
        for folder in (content, os.path.join(content, "blobs")):
            with os.scandir(folder):
                pass
    except PermissionError as error:
        raise forbidden(content, location) from error
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise unreadable(content, error) from error


def _ingest(folder: str) -> Ingest:
    """The ingest in ``folder`` (Go: ``plugins/content/local/store.go`` status). Raises OSError."""
    status = os.stat(os.path.join(folder, "data"))
    ref = _small(folder, "ref").decode(errors="replace")
    total = _small(folder, "total", b"0")
    updated = text_time(_small(folder, "updatedat", b""))
    written = datetime.fromtimestamp(status.st_mtime, UTC)
    return Ingest(
        ref,
        ref,
        status.st_size,
        total=int(total) if total.isdigit() else 0,
        started=text_time(_small(folder, "startedat", b"")),
        updated=max(updated, written) if updated else written,
        place=folder,
    )


def _small(folder: str, name: str, otherwise: bytes | None = None) -> bytes:
    try:
        with DirectoryFiles(folder).open(name) as file:
            return file.read(4096).strip()
    except FileNotFoundError:
        if otherwise is None:
            raise
        return otherwise
