"""Holding a run between two chunks: a gate that its reads pass, and the store that leads through it.

The core knows nothing of it: a run whose store does not answer waits, with its temporary file in place.
"""

from __future__ import annotations

import io
import threading
from typing import Any, BinaryIO, cast

from exporter_core import Descriptor, Store

_TURN = 0.04  # seconds between two looks at the cancel


class Gate:
    """Open at first; while it is shut, whoever passes waits, until it is opened or ``cancel`` is set."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()

    def shut(self) -> None:
        """Hold everybody."""
        self._open.clear()

    def open(self) -> None:
        """Let everybody go on."""
        self._open.set()

    def wait(self, cancel: threading.Event) -> None:
        """Return at once while the gate is open."""
        while not self._open.is_set() and not cancel.is_set():
            self._open.wait(_TURN)


class HeldStore:
    """A store whose blobs can be held by a gate."""

    def __init__(self, store: Store, gate: Gate, cancel: threading.Event) -> None:
        self._store, self._gate, self._cancel = store, gate, cancel

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """The blob, to be read as the gate allows."""
        return cast(BinaryIO, _HeldBlob(self._store.open(descriptor), self._gate, self._cancel))


class _HeldBlob(io.RawIOBase):
    def __init__(self, blob: BinaryIO, gate: Gate, cancel: threading.Event) -> None:
        self._blob, self._gate, self._cancel = blob, gate, cancel
        self._into = getattr(blob, "readinto", None)

    def readable(self) -> bool:
        return True

    def poll(self, seconds: float) -> bool:
        """The blob's own: whether a read would not wait, were it not for the gate."""
        poll = getattr(self._blob, "poll", None)
        return poll is None or bool(poll(seconds))

    def readinto(self, buffer: Any) -> int:
        self._gate.wait(self._cancel)
        if self._into is not None:
            return int(self._into(buffer) or 0)
        data = self._blob.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._blob.close()
        super().close()
