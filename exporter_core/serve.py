"""A store for another process to read: frames (see ``wire``) from one pipe, answers into another.

The store is chosen by who starts this and by no frame: a client asks by digest, and by the names of
namespaces that the store lists. Nothing is ever written but the answers. It ends when its input ends.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import BinaryIO

from exporter_core import wire
from exporter_core.content import DOCUMENT_LIMIT, Store, page_buffer
from exporter_core.descriptor import Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import ShipglassError, StoreError, UnreadableBlob
from exporter_core.metadata import MetadataStore, SandboxStore
from exporter_core.stores import open_store
from exporter_core.stores.remote import is_remote
from exporter_core.wire import Garbled
from exporter_core.wire.problems import error_json
from exporter_core.wire.values import to_json

_LISTS = ("images", "namespaces", "blobs", "leases", "snapshots", "containers", "ingests", "sandboxes")
_LARGEST = 2**63 - 1


def serve(
    location: str, source: BinaryIO, sink: BinaryIO, *, document_limit: int = DOCUMENT_LIMIT
) -> ShipglassError | None:
    """Serve the store at ``location``, questions from ``source``, answers to the unbuffered ``sink``.

    Returns None when ``source`` ends or makes no sense any more, else what kept the store from being opened;
    the client has been told either.
    """
    output = _Output(sink)
    try:
        if is_remote(location):  # a helper of a helper would be started with the rights of this one
            raise StoreError(f"{location} is on no disk of this system", hint="Serve a path.")
        store = open_store(location, document_limit=document_limit)
    except ShipglassError as error:
        output.begin({"error": error_json(error)})
        return error
    server = _Server(store, output)
    output.begin(server.greeting(store))
    try:
        server.run(source)
    finally:
        server.close()
    return None


class _Gone(Exception):
    """The client reads no more, so its questions will end too."""


class _Output:
    """The answers' pipe, one frame at a time."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._lock = threading.Lock()

    def begin(self, header: Mapping[str, object]) -> None:
        """The magic line and the first frame."""
        with self._lock:
            wire.write_fully(self._sink.write, wire.MAGIC + b"\n" + wire.head(header))

    def put(self, header: Mapping[str, object], payload: memoryview | bytes = b"") -> None:
        """One frame. Raises _Gone where nobody reads any more."""
        start = wire.head(header, len(payload))
        try:
            with self._lock:
                wire.write_fully(self._sink.write, start)
                wire.write_fully(self._sink.write, payload)
        except (OSError, ValueError) as error:  # ValueError: the file was closed
            raise _Gone from error


class _Stream:
    """One question: how many chunks may still come, and whether they are still wanted."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.stopped = threading.Event()
        self._credit = threading.Semaphore(wire.WINDOW)

    def more(self, chunks: int) -> None:
        """Allow ``chunks`` more."""
        self._credit.release(chunks)

    def stop(self) -> None:
        """Nothing more is wanted."""
        self.stopped.set()
        self._credit.release()

    def wait(self) -> bool:
        """Wait until a chunk may go; whether it is wanted."""
        self._credit.acquire()
        return not self.stopped.is_set()


class _Server:
    """What one client asked for: its stores, its open questions."""

    def __init__(self, store: Store, output: _Output) -> None:
        self._stores: dict[int, Store] = {0: store}
        self._next_store = 1
        self._streams: dict[int, _Stream] = {}
        self._lock = threading.Lock()
        self._output = output

    def greeting(self, store: Store, number: int = 0) -> dict[str, object]:
        """What the client must know of a store."""
        has = "sandboxes" if isinstance(store, SandboxStore) else "metadata"
        metadata = isinstance(store, MetadataStore)
        return {
            "store": number,
            "kind": store.kind,
            "notes": list(store.notes)[:100],
            "has": has if metadata else "",
            "namespace": store.namespace if isinstance(store, MetadataStore) else "",
        }

    def run(self, source: BinaryIO) -> None:
        """Take frames until there are no more, or one that makes no sense."""
        with suppress(Garbled, OSError):
            while (frame := wire.read_head(source, header_limit=wire.ASK_LIMIT, payload_limit=0)) is not None:
                self._take(frame[0])

    def close(self) -> None:
        """Stop everything."""
        with self._lock:
            streams, stores = list(self._streams.values()), list(self._stores.values())
        for stream in streams:
            stream.stop()
        for store in stores:
            store.close()

    def _take(self, header: dict[str, object]) -> None:
        number = wire.number(header, "id", most=_LARGEST)
        with self._lock:
            stream = self._streams.get(number)
        if "ask" not in header:
            if stream is not None:  # else it ended meanwhile
                _steer(stream, header)
            return
        if stream is not None or len(self._streams) >= wire.STREAMS:
            raise Garbled("too many questions at a time, or two under one number")
        stream = _Stream(number)
        with self._lock:
            self._streams[number] = stream
        threading.Thread(target=self._answer, args=(stream, header), daemon=True).start()

    def _answer(self, stream: _Stream, header: dict[str, object]) -> None:
        """In a thread of its own: all chunks and the end."""
        end: dict[str, object] = {"id": stream.number, "end": True}
        try:
            self._chunks(stream, header)
        except _Gone:
            return
        except Exception as error:  # whatever it is, the client shall hear of it
            end = {"id": stream.number, "error": error_json(error)}
        with self._lock:
            del self._streams[stream.number]
        with suppress(_Gone):
            self._output.put(end)

    def _chunks(self, stream: _Stream, header: dict[str, object]) -> None:
        ask = wire.text(header, "ask", most=32)
        with self._lock:
            store = self._stores.get(wire.number(header, "store", most=_LARGEST, otherwise=0))
        if store is None:
            raise StoreError("the store is closed")
        if ask == "read":
            self._read(stream, store, header)
        elif ask == "changes":
            self._changes(stream, store)
        else:
            self._document(stream, self._value(ask, store, header))

    def _value(self, ask: str, store: Store, header: dict[str, object]) -> object:
        """What is answered with one JSON document."""
        if ask == "info":
            return to_json(store.info(Digest.parse(wire.text(header, "digest"))))
        if ask in _LISTS and (ask == "images" or isinstance(store, MetadataStore)):
            values: Iterable[object] = getattr(store, ask, tuple)()
            return [to_json(value) for value in values]
        if ask == "notes":
            return list(store.notes)[:100]
        if ask == "namespace" and isinstance(store, MetadataStore):
            return self._opened(store, wire.text(header, "name"))
        if ask == "close":
            self._closed(wire.number(header, "store", most=_LARGEST, otherwise=0))
            return None
        raise StoreError(f"the helper does not know the question {ask!r}")

    def _opened(self, store: MetadataStore, name: str) -> object:
        names = [found.name for found in store.namespaces()]
        if name not in names:
            raise StoreError(
                f"there is no namespace {name}", hint=f"There are: {', '.join(names) or 'none'}."
            )
        with self._lock:
            if len(self._stores) >= wire.STORES:
                raise StoreError("too many namespaces are open at a time")
            number, self._next_store = self._next_store, self._next_store + 1
            self._stores[number] = made = store.in_namespace(name)
        return self.greeting(made, number)

    def _closed(self, number: int) -> None:
        with self._lock:
            store = self._stores.pop(number)
        store.close()

    def _document(self, stream: _Stream, value: object) -> None:
        data = json.dumps(value, separators=(",", ":")).encode()
        if len(data) > wire.ANSWER_LIMIT:
            raise StoreError(f"the answer would have {len(data)} bytes; at most {wire.ANSWER_LIMIT} are sent")
        for start in range(0, len(data), wire.CHUNK):
            if not stream.wait():
                return
            self._output.put({"id": stream.number}, memoryview(data)[start : start + wire.CHUNK])

    def _changes(self, stream: _Stream, store: Store) -> None:
        if not isinstance(store, MetadataStore):
            raise StoreError("the store tells no changes")
        for _ in store.changes(stream.stopped.is_set):
            if not stream.wait():
                return
            self._output.put({"id": stream.number})

    def _read(self, stream: _Stream, store: Store, header: dict[str, object]) -> None:
        """An empty chunk once the blob is open, then its bytes."""
        digest = Digest.parse(wire.text(header, "digest"))
        offset = wire.number(header, "offset", most=_LARGEST, otherwise=0)
        with store.open(Descriptor("", digest, 0)) as blob:
            self._output.put({"id": stream.number})
            for chunk in _pieces(blob, digest, offset, stream):
                self._output.put({"id": stream.number}, chunk)


def _steer(stream: _Stream, header: dict[str, object]) -> None:
    if "stop" in header:
        stream.stop()
    else:
        stream.more(wire.number(header, "more", most=wire.WINDOW) or 1)


def _pieces(blob: BinaryIO, digest: Digest, offset: int, stream: _Stream) -> Iterator[memoryview]:
    """The blob from ``offset`` on, as long as it is wanted. Raises UnreadableBlob."""
    read: Callable[[memoryview], int | None] = blob.readinto  # type: ignore[attr-defined]
    room = page_buffer(wire.CHUNK)
    try:
        if offset:
            blob.seek(offset)
        while stream.wait() and (got := read(room)):
            yield room[:got]
    except OSError as error:
        raise UnreadableBlob(str(digest), reason=error.strerror or str(error)) from error


def serve_stdio(location: str, *, document_limit: int = DOCUMENT_LIMIT) -> int:
    """:func:`serve` over standard input and output; the exit code."""
    sink: BinaryIO = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)  # python -u has no buffer
    error = serve(location, sys.stdin.buffer, sink, document_limit=document_limit)
    return 0 if error is None else error.exit_code
