"""The connection to containerd: calls with deadlines, streams that are waited for in turns, errors in words.

The only file that knows grpc. Each call is bound to a time in which something must come, so a daemon that
hangs (or is stopped) is an error after that time and not a wait for ever.
"""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote

from exporter_core.errors import ShipglassError, StoreError

PATIENCE = 20.0
"""Seconds in which a daemon must answer, or send the next part of an answer."""
LARGEST = 64 << 20
"""Bytes of the largest message that is taken; a list of 10,000 images has some five million."""
_AHEAD = 2  # messages of a stream that are taken before they are asked for; of a blob each has 1 MiB
_TURN = 0.1
_ENDED = ("Stream removed", "Connection reset", "Socket closed")  # how grpc may tell a lost connection
_LESS = 10  # how much less patience there is with a daemon that has just let us wait in vain

Answer = TypeVar("Answer")


@contextmanager
def _quiet() -> Iterator[None]:
    """grpc writes to standard error unless told not to before it starts; the environment stays as it was."""
    known = "GRPC_VERBOSITY" in os.environ
    if not known:
        os.environ["GRPC_VERBOSITY"] = "NONE"
    try:
        yield
    finally:
        if not known:
            del os.environ["GRPC_VERBOSITY"]


with _quiet():
    import grpc

_OPTIONS = (
    ("grpc.max_receive_message_length", LARGEST),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class CallError(ShipglassError):
    """A call that failed: ``code`` is grpc's name for it ("NOT_FOUND"), ``details`` what the daemon says.

    Of "DEADLINE_EXCEEDED" the details are the seconds that were waited.
    """

    def __init__(self, code: str, details: str) -> None:
        super().__init__(f"{code}: {details}")
        self.code = code
        self.details = details


class Client:
    """A connection to the socket at ``path``, made when the first call needs it, and made again after a loss.

    Many threads may use it at once. Calls name a method as "images.v1.Images/List".
    """

    def __init__(self, path: str, *, patience: float = PATIENCE) -> None:
        self.path = path
        self.patience = patience
        self._silent = False  # the last call was not answered: a tree asks thousands of times
        self._lost = False  # the daemon was gone: grpc refuses calls for a while, also when it is back
        with _quiet():
            self._channel = grpc.insecure_channel("unix:" + quote(path), options=_OPTIONS)

    def call(
        self,
        method: str,
        request: Any,
        answer: type[Answer],
        *,
        namespace: str = "",
        wait: float = 0.0,
    ) -> Answer:
        """The answer, within ``wait`` seconds (else the client's patience). Raises CallError."""
        make = self._channel.unary_unary(_path(method), _written, _reader(answer))
        seconds = (wait or self.patience) / (_LESS if self._silent else 1)
        try:
            answered = make(
                request, timeout=seconds, metadata=_metadata(namespace), wait_for_ready=self._is_back()
            )
        except grpc.RpcError as error:
            raise self._failed(error, seconds) from None
        except ValueError as error:  # the channel is closed
            raise CallError("CANCELLED", str(error)) from None
        self._silent = self._lost = False
        return cast(Answer, answered)

    def stream(
        self, method: str, request: Any, answer: type[Answer], *, namespace: str = ""
    ) -> Stream[Answer]:
        """The answers as they come, to be closed in the end. Raises CallError, as taking them does."""
        make = self._channel.unary_stream(_path(method), _written, _reader(answer))
        try:
            call = make(request, metadata=_metadata(namespace), wait_for_ready=self._is_back())
        except ValueError as error:
            raise CallError("CANCELLED", str(error)) from None
        return Stream(call, self.patience, self._failed)

    def close(self) -> None:
        """End all calls."""
        self._channel.close()

    def _is_back(self) -> bool:
        """Whether a daemon that was gone takes connections again."""
        if not self._lost:
            return False
        with suppress(OSError), socket.socket(socket.AF_UNIX) as made:
            made.settimeout(_TURN)
            made.connect(self.path)
            return True
        return False

    def _failed(self, error: Any, seconds: float) -> CallError:
        """The error of a call that had ``seconds``, remembered for the next."""
        found = _call_error(error, seconds)
        self._silent = found.code == "DEADLINE_EXCEEDED"
        self._lost = self._lost or found.code == "UNAVAILABLE"
        return found


class Stream(Generic[Answer]):
    """The answers of one call, taken ahead by a thread of its own: a wait for them can be cut short."""

    def __init__(self, call: Any, patience: float, failed: Callable[[Any, float], CallError]) -> None:
        self._call = call
        self._failed = failed
        self._patience = patience
        self._came: queue.Queue[Answer | CallError | None] = queue.Queue(_AHEAD)
        self._peeked: list[Answer | CallError | None] = []
        self._closed = threading.Event()
        self._silent_since = time.monotonic()
        threading.Thread(target=self._pump, name="containerd-stream", daemon=True).start()

    def poll(self, seconds: float) -> bool:
        """Whether taking the next answer would not wait, after at most ``seconds``."""
        return self.ready(seconds) or time.monotonic() - self._silent_since >= self._patience

    def ready(self, seconds: float) -> bool:
        """Whether something came, after at most ``seconds``; silence is no error here."""
        if not self._peeked:
            with suppress(queue.Empty):
                self._peeked.append(self._came.get(timeout=seconds))
        return bool(self._peeked)

    def take(self) -> Answer | None:
        """The next answer, None after the last. Raises CallError, also where none came in the patience."""
        while not self.poll(_TURN):
            pass
        if not self._peeked:
            self.close()
            raise CallError("DEADLINE_EXCEEDED", f"{self._patience:g}")
        self._silent_since = time.monotonic()
        answer = self._peeked[0]
        if answer is not None and not isinstance(answer, CallError):
            self._peeked.clear()
            return answer
        if answer is None:
            return None
        raise answer

    def __iter__(self) -> Iterator[Answer]:
        """All answers; closes in the end."""
        try:
            while (answer := self.take()) is not None:
                yield answer
        finally:
            self.close()

    def close(self) -> None:
        """Tell the daemon that nothing more is wanted."""
        self._closed.set()
        self._call.cancel()

    def _pump(self) -> None:
        try:
            for answer in self._call:
                if not self._put(answer):
                    return
            self._put(None)
        except grpc.RpcError as error:
            self._put(self._failed(error, self._patience))

    def _put(self, answer: Answer | CallError | None) -> bool:
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._came.put(answer, timeout=_TURN)
                return True
        return False


def _path(method: str) -> str:
    return f"/{method}" if method.startswith(("moby.", "runtime.")) else f"/containerd.services.{method}"


def _metadata(namespace: str) -> tuple[tuple[str, str], ...]:
    return (("containerd-namespace", namespace),) if namespace else ()


def _written(request: Any) -> bytes:
    return cast(bytes, request.SerializeToString())


def _reader(answer: type[Answer]) -> Callable[[bytes], Answer]:
    return cast(Callable[[bytes], Answer], answer.FromString)  # type: ignore[attr-defined]


def _call_error(error: Any, seconds: float) -> CallError:
    code = error.code().name
    if code in ("UNKNOWN", "INTERNAL") and any(word in (error.details() or "") for word in _ENDED):
        code = "UNAVAILABLE"
    return CallError(code, f"{seconds:g}" if code == "DEADLINE_EXCEEDED" else error.details() or "")


def in_words(error: CallError, path: str) -> tuple[str, str]:
    """What happened and what to do about it, for a person."""
    if error.code == "DEADLINE_EXCEEDED":
        return (
            f"the daemon at {path} has not answered for {error.details} seconds",
            "It may be stopped or overloaded: see systemctl status containerd, and try again.",
        )
    if error.code == "UNAVAILABLE":
        return (
            f"the daemon at {path} is gone or refuses to talk",
            "Start it again (systemctl start containerd), then try again.",
        )
    if error.code == "RESOURCE_EXHAUSTED":
        return (
            f"the daemon at {path} has an answer that is too long: {error.details}",
            f"At most {LARGEST >> 20} MiB are taken, and no more than max_send_message_size in containerd's "
            "config.toml. Open its root folder instead (/var/lib/containerd).",
        )
    if error.code == "CANCELLED":
        return f"the store at {path} was closed", "Open it again."
    return f"the daemon at {path} says: {error.details or error.code}", "Its log tells more."


def store_error(error: CallError, client: Client) -> StoreError:
    """The StoreError for a call that failed."""
    message, hint = in_words(error, client.path)
    return StoreError(message, hint=hint)
