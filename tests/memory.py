"""A store in memory with knobs and a record, for what no folder does on demand.

`MemoryStore` follows the same contract as the real stores (tests/core/test_store_contract.py runs it too).
What each blob does is set in `knobs`; what was asked of the store stands in `opened` and `reads`.
`Watched` puts a hook into the reads of any other store.
"""

import errno
import io
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from exporter_core import BlobInfo, Descriptor, Digest, Image
from exporter_core.content import DOCUMENT_LIMIT, embedded, image_name
from exporter_core.errors import MissingBlob, UnreadableBlob
from exporter_core.manifest import Index
from tests.images import Json, StoreBuilder, json_bytes

OnRead = Callable[[str, int], None]
"""Called before each read of a blob with its digest and how many reads of any blob came before."""


@dataclass(slots=True)
class Knobs:
    """How one blob misbehaves. `data` replaces what is read; `info` keeps telling of the blob as it was."""

    data: bytes | None = None
    delay: float = 0.0  # seconds before each read
    fail_at: int | None = None  # an I/O error once this many bytes have been read
    vanish: bool = False  # there for info(), gone for open()
    unreadable: bool = False  # info() and open() are refused
    open_error: OSError | None = None  # raised by open() as it is


@dataclass(slots=True)
class MemoryStore:
    """Blobs by digest text and what index.json would list; `chunk` is the most that one read gives."""

    blobs: dict[str, bytes]
    roots: list[Json] = field(default_factory=list)
    knobs: dict[str, Knobs] = field(default_factory=dict)
    labels: dict[str, Mapping[str, str]] = field(default_factory=dict)
    chunk: int = 1 << 20
    on_read: OnRead | None = None
    document_limit: int = DOCUMENT_LIMIT
    location: str = "memory"
    kind: str = "memory"
    notes: tuple[str, ...] = ()
    opened: list[str] = field(default_factory=list)
    reads: list[tuple[str, int]] = field(default_factory=list)  # (digest, bytes given)
    unclosed: int = 0  # blobs that are open now
    closed: bool = False

    @classmethod
    def of(cls, builder: StoreBuilder, **fields: object) -> "MemoryStore":
        return cls(dict(builder.blobs), list(builder.roots), **fields)  # type: ignore[arg-type]

    def images(self) -> tuple[Image, ...]:
        index = Index.parse(json_bytes({"schemaVersion": 2, "manifests": self.roots}))
        return tuple(Image(image_name(child), child) for child in index.manifests)

    def info(self, digest: Digest) -> BlobInfo | None:
        text = str(digest)
        if self._knobs(text).unreadable:
            raise UnreadableBlob(text, reason="Permission denied")
        data = self.blobs.get(text)
        return None if data is None else BlobInfo(len(data), f"memory:{text}", self.labels.get(text, {}))

    def open(self, descriptor: Descriptor) -> BinaryIO:
        text = str(descriptor.digest)
        self.opened.append(text)
        knobs = self._knobs(text)
        if knobs.open_error is not None:
            raise knobs.open_error
        if knobs.unreadable:
            raise UnreadableBlob(text, reason="Permission denied")
        data = self.blobs.get(text)
        if data is None:
            data = embedded(descriptor)
        if data is None or knobs.vanish:
            raise MissingBlob(text, place=f"memory:{text}")
        self.unclosed += 1
        return cast(BinaryIO, _Blob(self, text, data if knobs.data is None else knobs.data, knobs))

    def close(self) -> None:
        self.closed = True

    def _knobs(self, digest: str) -> Knobs:
        return self.knobs.get(digest) or Knobs()


class _Blob(io.RawIOBase):
    def __init__(self, store: MemoryStore, digest: str, data: bytes, knobs: Knobs) -> None:
        self._store, self._digest, self._data, self._knobs = store, digest, data, knobs
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        store, knobs = self._store, self._knobs
        if store.on_read is not None:
            store.on_read(self._digest, len(store.reads))
        if knobs.delay:
            time.sleep(knobs.delay)
        view = memoryview(buffer)  # type: ignore[arg-type]
        end = min(len(view), store.chunk)
        if knobs.fail_at is not None:
            if self._position >= knobs.fail_at:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            end = min(end, knobs.fail_at - self._position)
        piece = self._data[self._position : self._position + end]
        view[: len(piece)] = piece
        self._position += len(piece)
        store.reads.append((self._digest, len(piece)))
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._store.unclosed -= 1
        super().close()


class OnlyOpens:
    """The least that a provider can be: `open` and nothing else."""

    def __init__(self, store: object) -> None:
        self.open = store.open  # type: ignore[attr-defined]


class Watched:
    """Another store whose blobs give at most `chunk` bytes a read and call `on_read` before each."""

    def __init__(self, store: object, on_read: OnRead, chunk: int = 1 << 20) -> None:
        self._store, self._on_read, self._chunk = store, on_read, chunk
        self.reads = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def info(self, digest: Digest) -> BlobInfo | None:
        return self._store.info(digest)  # type: ignore[attr-defined, no-any-return]

    def open(self, descriptor: Descriptor) -> BinaryIO:
        blob = self._store.open(descriptor)  # type: ignore[attr-defined]
        return cast(BinaryIO, _WatchedBlob(self, blob, str(descriptor.digest)))

    def before_read(self, digest: str) -> int:
        self._on_read(digest, self.reads)
        self.reads += 1
        return self._chunk


class _WatchedBlob(io.RawIOBase):
    def __init__(self, watched: Watched, blob: BinaryIO, digest: str) -> None:
        self._watched, self._blob, self._digest = watched, blob, digest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        most = self._watched.before_read(self._digest)
        view = memoryview(buffer)[:most]  # type: ignore[arg-type]
        return self._blob.readinto(view) or 0  # type: ignore[attr-defined, no-any-return]

    def close(self) -> None:
        self._blob.close()
        super().close()
