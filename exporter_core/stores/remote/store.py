"""The store that a helper serves, as a store like any other: what is asked of it is asked over the pipe."""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Callable, Iterator
from time import sleep
from typing import BinaryIO, TypeVar, cast

from exporter_core import wire
from exporter_core.content import BlobInfo, Image, embedded
from exporter_core.descriptor import Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import MissingBlob, StoreError, UnreadableBlob
from exporter_core.metadata import Blob, Container, Ingest, Lease, Namespace, Sandbox, Snapshot
from exporter_core.stores.remote.address import Address
from exporter_core.stores.remote.connection import Connection
from exporter_core.wire import Garbled
from exporter_core.wire.values import parse, parse_all

T = TypeVar("T")
_TURN = 0.25  # seconds between two looks whether to stop


def opened(
    connection: Connection, greeting: dict[str, object], address: Address, document_limit: int
) -> RemoteStore:
    """The store of which the helper said ``greeting``, with metadata where it has them. Raises StoreError."""
    kinds = {"": RemoteStore, "metadata": RemoteRoot, "sandboxes": RemoteSandboxRoot}
    try:
        kind = kinds.get(wire.text(greeting, "has"))
        if kind is None:
            raise Garbled("a store of a kind that is not known here")
        return kind(connection, greeting, address, document_limit)
    except Garbled as error:
        connection.release()
        raise connection.senseless(str(error)) from error


class RemoteStore:
    """A Store behind a helper. Each of its methods may be called in any thread, and may raise StoreError."""

    def __init__(
        self, connection: Connection, greeting: dict[str, object], address: Address, document_limit: int
    ) -> None:
        self._connection, self._address = connection, address
        self._number = wire.number(greeting, "store", most=2**31)
        self._namespace = wire.text(greeting, "namespace")
        self._closing = threading.Lock()
        self._closed = False
        self.location = address.location
        self.kind = wire.text(greeting, "kind", most=100)
        self.notes = _notes(greeting.get("notes"))
        self.document_limit = document_limit

    def images(self) -> tuple[Image, ...]:
        """See Store; the notes are as of then."""
        found = self._list(Image, "images")
        try:
            self.notes = _notes(self._document("notes"))
        except Garbled as error:
            raise self._connection.senseless(str(error)) from error
        return found

    def info(self, digest: Digest) -> BlobInfo | None:
        """See Store."""
        if len(str(digest)) > wire.ASK_LIMIT // 2:
            return None
        value = self._document("info", digest=str(digest))
        try:
            return None if value is None else parse(BlobInfo, value)
        except Garbled as error:
            raise self._connection.senseless(str(error)) from error

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """See Provider; content embedded in the descriptor serves where the blob is missing."""
        try:
            return cast(BinaryIO, RemoteBlob(self._connection, self._number, descriptor.digest))
        except MissingBlob:
            data = embedded(descriptor)
            if data is None:
                raise
            return io.BytesIO(data)

    def close(self) -> None:
        """See Store: the helper ends with the last store that uses it."""
        with self._closing:
            closed, self._closed = self._closed, True
        if closed:
            return
        try:
            if self._number:  # the first one ends with the helper
                self._document("close")
        except StoreError:
            pass  # the helper is gone, and the store with it
        self._connection.release()

    def _document(self, ask: str, **fields: object) -> object:
        return self._connection.document(ask, store=self._number, **fields)

    def _list(self, kind: type[T], ask: str) -> tuple[T, ...]:
        value = self._document(ask)
        try:
            return parse_all(kind, value)
        except Garbled as error:
            raise self._connection.senseless(str(error)) from error


class RemoteRoot(RemoteStore):
    """A MetadataStore behind a helper."""

    @property
    def namespace(self) -> str:
        """The namespace that is shown."""
        return self._namespace

    def namespaces(self) -> tuple[Namespace, ...]:
        """See MetadataStore, as all that follows."""
        return self._list(Namespace, "namespaces")

    def in_namespace(self, name: str) -> RemoteRoot:
        """Another namespace through the same helper. Raises StoreError where there is none of that name."""
        greeting = self._document("namespace", name=name)
        if not isinstance(greeting, dict):
            raise self._connection.senseless("a store is no JSON object")
        self._connection.share()
        store = opened(self._connection, greeting, self._address.in_namespace(name), self.document_limit)
        return cast(RemoteRoot, store)

    def blobs(self) -> Iterator[Blob]:
        """What the namespace records of its blobs."""
        return iter(self._list(Blob, "blobs"))

    def leases(self) -> tuple[Lease, ...]:
        """What else keeps blobs and snapshots."""
        return self._list(Lease, "leases")

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Of every snapshotter."""
        return self._list(Snapshot, "snapshots")

    def containers(self) -> tuple[Container, ...]:
        """With the image each was made from."""
        return self._list(Container, "containers")

    def ingests(self) -> tuple[Ingest, ...]:
        """What is being written at this moment."""
        return self._list(Ingest, "ingests")

    def changes(self, stop: Callable[[], bool]) -> Iterator[None]:
        """See MetadataStore; where the helper is gone there are no more."""
        while not stop():
            try:
                yield from self._changes(stop)
            except StoreError:
                sleep(_TURN)

    def _changes(self, stop: Callable[[], bool]) -> Iterator[None]:
        stream = self._connection.ask("changes", store=self._number)
        try:
            while not stop():
                try:
                    chunk = stream.chunk(_TURN)
                except queue.Empty:
                    continue
                if chunk is None:
                    raise StoreError("the helper watches no more")
                stream.done(chunk)
                yield
        finally:
            stream.stop()


class RemoteSandboxRoot(RemoteRoot):
    """A SandboxStore behind a helper."""

    def sandboxes(self) -> tuple[Sandbox, ...]:
        """All of the namespace."""
        return self._list(Sandbox, "sandboxes")


class RemoteBlob(io.RawIOBase):
    """A blob, chunks of it asked for ahead. Raises MissingBlob, UnreadableBlob; reading, UnreadableBlob."""

    def __init__(self, connection: Connection, store: int, digest: Digest) -> None:
        super().__init__()
        self._connection, self._store, self._digest = connection, store, digest
        self._position = 0
        self._ask(0)

    def _ask(self, offset: int) -> None:
        digest = str(self._digest)
        if len(digest) > wire.ASK_LIMIT // 2:  # no store can have it, and no question can hold it
            raise MissingBlob(digest)
        self._stream = self._connection.ask("read", store=self._store, digest=digest, offset=offset)
        self._chunk = self._rest = memoryview(b"")
        first = self._stream.chunk()
        if first is None or len(first):
            self._stream.stop()
            raise UnreadableBlob(digest, reason="the helper does not say that it is open")

    def readinto(self, buffer: object, /) -> int:
        """As a raw file: at least one byte, 0 at the end."""
        if not self._rest and not self._next():
            return 0
        room = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # RawIOBase hands on a buffer
        length = min(len(room), len(self._rest))
        room[:length] = self._rest[:length]
        self._rest = self._rest[length:]
        self._position += length
        return length

    def poll(self, seconds: float) -> bool:
        """Whether a read would not wait, after at most so long."""
        return bool(self._rest) or self._stream.poll(seconds)

    def _next(self) -> bool:
        """Whether there is another chunk; the one before is given back."""
        try:
            if self._chunk:
                self._stream.done(self._chunk)
            self._chunk = self._rest = memoryview(b"")
            chunk = self._stream.chunk()
        except StoreError as error:
            unreadable = UnreadableBlob(str(self._digest), reason=error.message)
            unreadable.hint = error.hint or unreadable.hint
            raise unreadable from error
        if chunk is not None:
            self._chunk = self._rest = chunk
        return chunk is not None and bool(chunk)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Forwards and backwards, from the start or from where it is."""
        return True

    def tell(self) -> int:
        """Bytes from the start."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go on reading at ``offset``; its end is not known beforehand."""
        if whence not in (io.SEEK_SET, io.SEEK_CUR):
            raise io.UnsupportedOperation("a blob behind a helper has no known end")
        target = offset + (self._position if whence == io.SEEK_CUR else 0)
        if target < 0:
            raise ValueError("before the start")
        ahead = target - self._position
        if 0 <= ahead <= len(self._rest):
            self._rest = self._rest[ahead:]
        else:
            self._stream.stop()
            self._ask(target)
        self._position = target
        return target

    def close(self) -> None:
        """Nothing more is read."""
        if not self.closed:
            self._stream.stop()
        super().close()


def _notes(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 100 or any(type(note) is not str for note in value):
        raise Garbled("the notes are not what they should be")
    return tuple(note[:2000] for note in value)
