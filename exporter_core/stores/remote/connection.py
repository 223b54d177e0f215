"""One helper, many questions at a time from any thread; the other side of ``serve``."""

from __future__ import annotations

import io
import queue
import threading
from contextlib import suppress

from exporter_core import gojson, wire
from exporter_core.content import page_buffer
from exporter_core.errors import ContentError, ShipglassError, StoreError
from exporter_core.stores.remote.address import Address
from exporter_core.stores.remote.helper import Helper
from exporter_core.stores.remote.parcel import parcel
from exporter_core.wire import Garbled
from exporter_core.wire.problems import parse_error

_LARGE = 64 * 1024  # bytes from which on a chunk's memory is worth keeping for the next
_KEPT = 16  # such pieces of memory


class Stream:
    """The answer to one question, chunk by chunk; for one thread."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection = connection
        self.number = number
        self.allowed = wire.WINDOW + 1  # a blob's first chunk only says that it is open
        self._chunks: queue.SimpleQueue[memoryview | ShipglassError | None] = queue.SimpleQueue()
        self._held: list[memoryview | ShipglassError | None] = []  # at most one: the next
        self.stopped = False

    def put(self, chunk: memoryview | ShipglassError | None) -> None:
        """Hand on what came: a chunk, an error, or None for the end."""
        self._chunks.put(chunk)

    def chunk(self, timeout: float | None = None) -> memoryview | None:
        """The next chunk, None at the end. Raises the error that came instead; queue.Empty."""
        if not self.poll(timeout):
            raise queue.Empty
        found = self._held.pop()
        if isinstance(found, ShipglassError):
            self._chunks.put(found)
            raise found.with_traceback(None)
        if found is None:
            self._chunks.put(None)
        return found

    def poll(self, timeout: float | None = None) -> bool:
        """Whether the next chunk is there, after at most ``timeout`` seconds (None: as long as it takes)."""
        if not self._held:
            try:
                self._held.append(self._chunks.get(timeout=timeout))
            except queue.Empty:
                return False
        return True

    def done(self, chunk: memoryview) -> None:
        """The chunk was used, its memory may be filled again; another may come."""
        self._connection.done(self, chunk)

    def stop(self) -> None:
        """Nothing more is wanted."""
        if not self.stopped:
            self.stopped = True
            self._connection.stop(self.number)


class Connection:
    """A helper that serves; ``greeting`` is what it said of its store.

    Raises StoreError where there is no helper to be had, and what kept the helper from opening the store.
    """

    def __init__(self, address: Address, *, document_limit: int, terminal: bool) -> None:
        self._address = address
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._streams: dict[int, Stream] = {}
        self._next = 1
        self._users = 1
        self._dead: StoreError | None = None
        self._spare: list[memoryview] = []
        code = parcel()
        self._helper = Helper(address, document_limit=document_limit, terminal=terminal)
        self._source = io.BufferedReader(self._helper.stdout, _LARGE)  # type: ignore[type-var]  # it is raw
        try:
            self.greeting = self._greeted(code)
        except BaseException:
            self._helper.end()
            self._helper.release()
            raise
        self._reader = threading.Thread(target=self._read, name="shipglass-remote", daemon=True)
        self._reader.start()

    def ask(self, ask: str, **fields: object) -> Stream:
        """Ask; the answer comes as a stream. Raises StoreError where the helper is gone."""
        with self._lock:
            if self._dead is not None:
                raise self._gone()
            if len(self._streams) >= wire.STREAMS:
                raise StoreError(f"{self._address.location}: over {wire.STREAMS} blobs are open at a time")
            stream = self._streams[self._next] = Stream(self, self._next)
            self._next += 1
        self._send({"id": stream.number, "ask": ask, **fields})
        return stream

    def document(self, ask: str, **fields: object) -> object:
        """The whole answer as parsed JSON. Raises what the store raised, StoreError."""
        stream = self.ask(ask, **fields)
        parts, size = [], 0
        while (chunk := stream.chunk()) is not None:
            size += len(chunk)
            if size > wire.ANSWER_LIMIT:
                stream.stop()
                raise self.senseless(f"an answer has more than {wire.ANSWER_LIMIT} bytes")
            parts.append(bytes(chunk))
            stream.done(chunk)
        try:
            return gojson.loads(b"".join(parts), name="the answer")
        except ContentError as error:
            raise self.senseless(str(error)) from error

    def senseless(self, reason: str) -> StoreError:
        """The StoreError for an answer that is not one."""
        return StoreError(
            f"{self._address.location}: the helper's answer makes no sense: {reason}",
            hint="Open the store again; if that does not help, its host may not be what it should be.",
        )

    def share(self) -> None:
        """One more store uses it."""
        with self._lock:
            self._users += 1

    def release(self) -> None:
        """One store less uses it; the last one ends the helper."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
            self._dead = self._dead or StoreError(f"{self._address.location} is closed")
        self._helper.end()
        self._reader.join(10)
        self._helper.release()

    # --- for its streams

    def done(self, stream: Stream, chunk: memoryview) -> None:
        """Take the chunk's memory back, and allow another to come."""
        self._keep(chunk)
        with self._lock:
            stream.allowed += 1
            open_still = stream.number in self._streams
        if open_still:
            self._send({"id": stream.number, "more": 1})

    def stop(self, number: int) -> None:
        """Say that no more is wanted; what comes until its end is thrown away."""
        with self._lock:
            open_still = number in self._streams
        if open_still:
            self._send({"id": number, "stop": True})

    # --- the pipes

    def _greeted(self, code: bytes) -> dict[str, object]:
        """Send the core, and hear what is served."""
        with suppress(OSError):  # why it does not listen shows in what it says
            wire.write_fully(self._helper.stdin.write, code)
        try:
            wire.find_magic(self._source)
            frame = wire.read_head(self._source, payload_limit=0)
            if frame is None:
                raise Garbled("it ended before it said what it serves")
            if "error" in frame[0]:
                raise parse_error(frame[0]["error"])
        except (Garbled, OSError) as error:
            raise self._helper.failure(str(error)) from error
        return frame[0]

    def _send(self, header: dict[str, object]) -> None:
        frame = wire.head(header)
        with (
            suppress(OSError, ValueError),
            self._sending,
        ):  # the reader will say that it is gone
            wire.write_fully(self._helper.stdin.write, frame)

    def _read(self) -> None:
        """In a thread of its own: hand on what comes, until nothing does."""
        reason = "it ended"
        try:
            while (frame := wire.read_head(self._source)) is not None:
                self._take(*frame)
        except (Garbled, OSError, ValueError) as error:
            reason = str(error)
        with self._lock:
            closed = self._dead is not None
        failure = StoreError("") if closed else self._helper.failure(reason)
        with self._lock:
            self._dead = self._dead or failure
            streams = list(self._streams.values())
            self._streams.clear()
            for stream in streams:
                stream.put(self._gone())

    def _take(self, header: dict[str, object], payload: int) -> None:
        number = wire.number(header, "id", most=self._next)
        with self._lock:
            stream = self._streams.get(number)
            if stream is None:
                raise Garbled("an answer to no question")
            if "end" in header or "error" in header:
                error = parse_error(header["error"]) if "error" in header else None
                if payload:
                    raise Garbled("an end with a payload")
                del self._streams[number]
                stream.put(error)
                return
            stream.allowed -= 1
            if stream.allowed < 0:
                raise Garbled("more was sent than allowed")
        chunk = self._memory(payload)
        wire.fill(self._source, chunk)
        if stream.stopped:
            self._keep(chunk)
        else:
            stream.put(chunk)

    def _memory(self, size: int) -> memoryview:
        if size < _LARGE:
            return memoryview(bytearray(size))
        with self._lock:
            room = self._spare.pop() if self._spare else page_buffer(wire.CHUNK)
        return room[:size]

    def _keep(self, chunk: memoryview) -> None:
        with self._lock:
            if len(chunk.obj) == wire.CHUNK and len(self._spare) < _KEPT:  # type: ignore[arg-type]  # an mmap
                self._spare.append(memoryview(chunk.obj))

    def _gone(self) -> StoreError:
        """A fresh copy of what ended it: an error is raised in one thread only."""
        assert self._dead is not None
        return StoreError(self._dead.message, hint=self._dead.hint)
