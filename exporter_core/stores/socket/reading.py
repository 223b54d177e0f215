"""A blob that the daemon sends: a raw stream over the parts of ``Content.Read``."""

from __future__ import annotations

import io
from typing import Any

from exporter_core.errors import ContentError, MissingBlob, UnreadableBlob
from exporter_core.stores.socket import containerd_pb2 as api
from exporter_core.stores.socket.client import CallError, Client, Stream, in_words


class SentBlob(io.RawIOBase):
    """A blob from its first byte. ``poll`` waits in turns, for readers that look at a cancel meanwhile.

    Reading raises MissingBlob where it is gone, UnreadableBlob where the daemon is, or falls silent.
    ``close`` ends the call.
    """

    def __init__(self, client: Client, namespace: str, digest: str) -> None:
        self._client, self._digest = client, digest
        request = api.ReadContentRequest(digest=digest)
        try:
            self._stream: Stream[api.ReadContentResponse] = client.stream(
                "content.v1.Content/Read", request, api.ReadContentResponse, namespace=namespace
            )
        except CallError as error:
            raise self._unreadable(error) from None
        self._part = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def poll(self, seconds: float) -> bool:
        """Whether a read would not wait, after at most ``seconds``."""
        return bool(self._part) or self._stream.poll(seconds)

    def readinto(self, buffer: Any, /) -> int:
        """See io.RawIOBase."""
        while not self._part:
            try:
                answer = self._stream.take()
            except CallError as error:
                raise self._unreadable(error) from None
            if answer is None:
                return 0
            self._part = memoryview(answer.data)
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._part))
        view[:size] = self._part[:size]
        self._part = self._part[size:]
        return size

    def close(self) -> None:
        """End the call; what was not read is not sent."""
        if not self.closed and hasattr(self, "_stream"):
            self._stream.close()
        super().close()

    def _unreadable(self, error: CallError) -> ContentError:
        if error.code == "NOT_FOUND":
            return MissingBlob(self._digest)
        reason, hint = in_words(error, self._client.path)
        found = UnreadableBlob(self._digest, reason=reason)
        found.hint = hint
        return found
