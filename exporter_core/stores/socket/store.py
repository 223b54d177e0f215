"""The store over containerd's socket: one namespace, names and blobs as the daemon tells them.

Blobs are read from the daemon's own folder where that can be done: sending them costs its processor twenty
times as much. Nothing is ever written, and nothing asks for a lease.
"""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar, cast

from exporter_core.content import DOCUMENT_LIMIT, BlobInfo, Image, embedded
from exporter_core.descriptor import Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import MissingBlob, StoreError, UnreadableBlob
from exporter_core.metadata import Blob, Container, Ingest, Lease, Namespace, Sandbox, Snapshot
from exporter_core.progress import breathe
from exporter_core.stores.files import DirectoryFiles
from exporter_core.stores.socket import containerd_pb2 as api
from exporter_core.stores.socket import values
from exporter_core.stores.socket.address import Address
from exporter_core.stores.socket.client import (
    PATIENCE,
    Answer,
    CallError,
    Client,
    in_words,
    store_error,
)
from exporter_core.stores.socket.events import changes
from exporter_core.stores.socket.others import check_reachable, other_daemon
from exporter_core.stores.socket.reading import SentBlob

_FIRST = 5.0  # seconds for the first call: what is no containerd may never answer
_CONTENT, _SNAPSHOTTER = "io.containerd.content.v1", "io.containerd.snapshotter.v1"
_SINGLE = 32  # blobs that are asked for one by one before all are listed
_FRESH = 1.0  # seconds that a list of all blobs is good for, or ten times as long as it took
Value = TypeVar("Value")


class ContainerdSocket:
    """A MetadataStore over a socket, of one namespace: the one named, else ``default``, else the first.

    ``patience``: seconds in which the daemon must answer. Raises StoreError where nothing, something else or
    a daemon that does not answer is at the socket, where it may not be used and where there is no such
    namespace.
    """

    def __init__(
        self, address: Address, *, document_limit: int = DOCUMENT_LIMIT, patience: float = PATIENCE
    ) -> None:
        self.kind = "containerd socket"
        self.document_limit = document_limit
        self._address = address
        check_reachable(address.path)
        self._client = Client(address.path, patience=patience)
        try:
            self.version = self._greet()
            self.namespace = self._chosen(address.namespace)
            self.notes = self._choice()
            self._plugins = self._all_plugins()
        except BaseException:
            self._client.close()
            raise
        self.location = address.location(address.namespace)
        self._files = self._content_folder()
        self._known = _Known(self._list_infos)
        self._sizes: dict[str, int] = {}

    # --- as every store

    def images(self) -> tuple[Image, ...]:
        """See Store: the namespace's images, in the order of their names."""
        found = self._ask("images.v1.Images/List", api.Filters(), api.ListImagesResponse).images
        return tuple(values.image(one, self.namespace) for one in _sorted(found, "name"))

    def info(self, digest: Digest) -> BlobInfo | None:
        """See Store: size and labels as the namespace has them, the file if it can be read."""
        try:
            many = self._known.wanted()
            found = self._known.blobs().get(str(digest)) if many else self._info(digest)
        except CallError as error:
            raise self._unreadable(digest, error) from None
        if found is None:
            self._sizes.pop(str(digest), None)
            return None
        self._sizes[str(digest)] = found.size
        return BlobInfo(found.size, self._place(digest, found.size), found.labels)

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """See Provider: from disk if the blob is there with the right size, else as the daemon sends it.

        A blob that was looked up before is not looked up again: an export opens what its plan has seen, and a
        cancel need not wait for an answer. If it has gone since, reading raises MissingBlob.
        """
        digest = descriptor.digest
        if str(digest) in self._sizes or self.info(digest) is not None:
            on_disk = self._open_on_disk(digest, self._sizes[str(digest)])
            return on_disk or cast(BinaryIO, SentBlob(self._client, self.namespace, str(digest)))
        data = embedded(descriptor)
        if data is None:
            raise MissingBlob(str(digest), place=self._place(digest, -1))
        return io.BytesIO(data)

    def close(self) -> None:
        """See Store."""
        self._client.close()

    # --- what containerd has besides

    def namespaces(self) -> tuple[Namespace, ...]:
        """See MetadataStore."""
        request = api.Filters()
        return values.namespaces(
            self._ask("namespaces.v1.Namespaces/List", request, api.ListNamespacesResponse).namespaces
        )

    def in_namespace(self, name: str) -> ContainerdSocket:
        """The same socket, namespace ``name``. Raises StoreError where there is none of that name."""
        address = Address(self._address.path, name, self._address.plain)
        return ContainerdSocket(address, document_limit=self.document_limit, patience=self._client.patience)

    def blobs(self) -> Iterator[Blob]:
        """See MetadataStore. Raises StoreError."""
        try:
            yield from sorted(self._list_infos(), key=lambda blob: blob.digest)
        except CallError as error:
            raise store_error(error, self._client) from None

    def leases(self) -> tuple[Lease, ...]:
        """See MetadataStore."""
        found = self._ask("leases.v1.Leases/List", api.Filters(), api.ListLeasesResponse).leases
        return tuple(lease for one in _sorted(found, "id") if (lease := self._lease(one)) is not None)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """See MetadataStore: of every snapshotter that is loaded."""
        names = sorted(plugin.id for plugin in self._plugins if plugin.type == _SNAPSHOTTER)
        return tuple(snapshot for name in names for snapshot in self._snapshots(name))

    def containers(self) -> tuple[Container, ...]:
        """See MetadataStore."""
        found = self._all("containers.v1.Containers/ListStream", api.Filters(), api.ListContainerMessage)
        return tuple(values.container(one) for one in _sorted((part.container for part in found), "id"))

    def sandboxes(self) -> tuple[Sandbox, ...]:
        """All of the namespace; none before containerd 1.7."""
        try:
            found = self._call("sandbox.v1.Store/List", api.Filters(), api.StoreListResponse).list
        except CallError as error:
            if error.code == "UNIMPLEMENTED":
                return ()
            raise store_error(error, self._client) from None
        return tuple(values.sandbox(one) for one in _sorted(found, "sandbox_id"))

    def ingests(self) -> tuple[Ingest, ...]:
        """See MetadataStore."""
        found = self._ask("content.v1.Content/ListStatuses", api.Filters(), api.ListStatusesResponse)
        return tuple(values.ingest(one) for one in _sorted(found.statuses, "ref"))

    def changes(self, stop: Callable[[], bool]) -> Iterator[None]:
        """See MetadataStore: the daemon's events; leases, of which it tells nothing, are looked at."""
        for _ in changes(self._client, self.namespace, stop):
            self._known.forget()
            yield None

    # --- calls

    def _call(self, method: str, request: Any, answer: type[Answer]) -> Answer:
        return self._client.call(method, request, answer, namespace=self.namespace)

    def _ask(self, method: str, request: Any, answer: type[Answer]) -> Answer:
        try:
            return self._call(method, request, answer)
        except CallError as error:
            raise store_error(error, self._client) from None

    def _all(self, method: str, request: Any, answer: type[Answer]) -> list[Answer]:
        try:
            with closing(self._client.stream(method, request, answer, namespace=self.namespace)) as stream:
                return list(stream)
        except CallError as error:
            raise store_error(error, self._client) from None

    def _info(self, digest: Digest) -> Blob | None:
        """What the namespace records of the blob. Raises CallError."""
        try:
            request = api.InfoRequest(digest=str(digest))
            return values.blob(self._call("content.v1.Content/Info", request, api.InfoResponse).info)
        except CallError as error:
            if error.code in ("NOT_FOUND", "INVALID_ARGUMENT"):  # the latter: digests that it cannot have
                return None
            raise

    def _list_infos(self) -> Iterator[Blob]:
        """All blobs, in the daemon's order. Raises CallError."""
        stream = self._client.stream(
            "content.v1.Content/List", api.Filters(), api.ListContentResponse, namespace=self.namespace
        )
        for part in stream:
            for one in part.info:
                breathe()
                yield values.blob(one)

    def _lease(self, found: api.Lease) -> Lease | None:
        """The lease with what it holds; None where it ended meanwhile."""
        request = api.ListResourcesRequest(id=found.id)
        try:
            held = self._call("leases.v1.Leases/ListResources", request, api.ListResourcesResponse)
        except CallError as error:
            if error.code == "NOT_FOUND":
                return None
            raise store_error(error, self._client) from None
        return values.lease(found, held.resources)

    def _snapshots(self, snapshotter: str) -> tuple[Snapshot, ...]:
        request = api.ListSnapshotsRequest(snapshotter=snapshotter)
        parts = self._all("snapshots.v1.Snapshots/List", request, api.ListSnapshotsResponse)
        return values.snapshots(snapshotter, (one for part in parts for one in part.info))

    def _unreadable(self, digest: Digest, error: CallError) -> UnreadableBlob:
        reason, hint = in_words(error, self._client.path)
        found = UnreadableBlob(str(digest), reason=reason)
        found.hint = hint
        return found

    # --- opening

    def _greet(self) -> str:
        """The daemon's version. Raises StoreError, naming what is there instead."""
        client, wait = self._client, min(_FIRST, self._client.patience)
        try:
            answer = client.call("version.v1.Version/Version", api.Empty(), api.VersionResponse, wait=wait)
        except CallError as error:
            raise other_daemon(client, error) or store_error(error, client) from None
        return answer.version.removeprefix("v")

    def _chosen(self, asked: str) -> str:
        self.namespace = asked
        names = [found.name for found in self.namespaces()]
        if asked and asked not in names:
            hint = f"There are: {', '.join(names) or 'none'}."
            raise StoreError(f"{self._address.plain}: there is no namespace {asked}", hint=hint)
        return asked or ("default" if "default" in names or not names else names[0])

    def _choice(self) -> tuple[str, ...]:
        others = [found.name for found in self.namespaces() if found.name != self.namespace]
        if self._address.namespace or not others:
            return ()
        return (f"namespace {self.namespace} is shown; others: {', '.join(others)} (?namespace=NAME)",)

    def _all_plugins(self) -> tuple[api.Plugin, ...]:
        """The plugins that work."""
        request = api.Filters(filters=[f"type=={_CONTENT}", f"type=={_SNAPSHOTTER}"])
        found = self._ask("introspection.v1.Introspection/Plugins", request, api.PluginsResponse).plugins
        return tuple(plugin for plugin in found if not plugin.HasField("init_err"))

    # --- the daemon's folder, if it is on this machine and may be read

    def _content_folder(self) -> DirectoryFiles | None:
        for plugin in self._plugins:
            root = plugin.exports.get("root", "") if plugin.type == _CONTENT else ""
            if os.path.isabs(root):
                return DirectoryFiles(root)
        return None

    def _place(self, digest: Digest, size: int) -> str:
        """Where the blob is, to show to a person."""
        with suppress(OSError):
            if self._files is not None and self._files.size(digest.path) == size:
                return self._files.place(digest.path)
        return f"{self._address.plain}: {digest}"

    def _open_on_disk(self, digest: Digest, size: int) -> BinaryIO | None:
        """None where there is no such file of that size: the daemon may be another machine's."""
        if self._files is None:
            return None
        with suppress(OSError):
            file = self._files.open(digest.path)
            if os.fstat(file.fileno()).st_size == size:
                return file
            file.close()
        return None


@dataclass(slots=True)
class _Known:
    """All blobs of a namespace, listed anew when the list is old: ten thousand single questions take long."""

    load: Callable[[], Iterator[Blob]]
    _asked: int = 0
    _until: float = 0.0
    _blobs: dict[str, Blob] | None = None
    _lock: Any = None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def wanted(self) -> bool:
        """Whether so much was asked that a list is cheaper."""
        self._asked += 1
        return self._asked > _SINGLE

    def blobs(self) -> dict[str, Blob]:
        """By digest, at most about a second old. Raises CallError."""
        with self._lock:
            start = time.monotonic()
            if self._blobs is None or start > self._until:
                self._blobs = {blob.digest: blob for blob in self.load()}
                end = time.monotonic()
                self._until = end + max(_FRESH, 10 * (end - start))
            return self._blobs

    def forget(self) -> None:
        """What is known is old now."""
        self._until = 0.0


def _sorted(found: Iterable[Value], key: str) -> list[Value]:
    """In the order of the field ``key``, as the daemon's database has them."""
    return sorted(found, key=lambda one: cast(str, getattr(one, key)).encode())
