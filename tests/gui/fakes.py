"""Stores with knobs."""

import io
import threading
from typing import Any, BinaryIO

from exporter_core import Descriptor, Store


class SlowBlob(io.RawIOBase):
    """Gives a few bytes at a time, each only after ``gate`` was opened or ``pause`` seconds went by."""

    def __init__(self, inner: BinaryIO, gate: threading.Event, pause: float) -> None:
        self._inner, self._gate, self._pause = inner, gate, pause

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._gate.wait(self._pause)
        return self._inner.readinto(memoryview(buffer)[:512])  # type: ignore[attr-defined,no-any-return]

    def close(self) -> None:
        self._inner.close()
        super().close()


class SlowStore:
    """A store whose layers trickle until ``gate`` is set; documents come at once."""

    def __init__(self, inner: Store, pause: float = 0.05) -> None:
        self._inner = inner
        self.gate = threading.Event()
        self._pause = pause

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def open(self, descriptor: Descriptor) -> BinaryIO:
        blob = self._inner.open(descriptor)
        if "layer" not in descriptor.media_type:
            return blob
        return SlowBlob(blob, self.gate, self._pause)  # type: ignore[return-value]


class StuckStore:
    """A store whose documents come only when ``gate`` is opened."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.gate = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def open(self, descriptor: Descriptor) -> BinaryIO:
        self.gate.wait(10)
        return self._inner.open(descriptor)
