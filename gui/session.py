"""The open stores, what is selected in them, and what is known of it; asks the core through the pool."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from exporter_core import (
    DOCUMENT_LIMIT,
    Image,
    ImageSummary,
    PlatformStatus,
    ShipglassError,
    Store,
    open_store,
    summarise,
)  # fmt: skip
from exporter_core.content import DistrustedStore
from exporter_core.errors import DigestMismatch
from exporter_core.platforms import host_platform, ordered
from gui.jobs import Lookup, Pool, Stream
from gui.models.catalogue import Catalogue


@dataclass(slots=True, eq=False, weakref_slot=True)
class OpenStore:
    """A store in the window. Neither ``store`` nor ``error``: it is still being opened.

    Its ``catalogue`` fills up with summaries in the background.
    """

    location: str
    store: Store | None = None
    catalogue: Catalogue = field(default_factory=Catalogue)
    error: BaseException | None = None
    corrupt: dict[str, DigestMismatch] = field(default_factory=dict)
    """By digest: the blobs that were found to be corrupt since the store was opened."""

    @property
    def wary(self) -> Store | None:
        """The store, knowing of its corrupt blobs: to be asked for trees, summaries and plans."""
        return DistrustedStore(self.store, self.corrupt) if self.store and self.corrupt else self.store

    @property
    def images(self) -> tuple[Image, ...]:
        """Its images in its own order."""
        return self.catalogue.images

    @property
    def opening(self) -> bool:
        """Whether its answer is still to come."""
        return self.store is None and self.error is None

    @property
    def title(self) -> str:
        """A short name for it."""
        return Path(self.location).name or self.location


@dataclass(frozen=True, slots=True)
class Chosen:
    """One image of an open store, by its row."""

    opened: OpenStore
    row: int

    @property
    def image(self) -> Image:
        """The image."""
        return self.opened.images[self.row]

    @property
    def summary(self) -> ImageSummary | None:
        """What is known of it, if it has been walked already."""
        return self.opened.catalogue.summaries.get(self.row)


def first_platform(platforms: Sequence[PlatformStatus]) -> PlatformStatus | None:
    """Where the picker starts: the host's best match, else the first complete one, else the first."""
    host = host_platform()
    matcher = ordered(host, host=host)
    matching = [status for status in platforms if status.platform and matcher.matches(status.platform)]
    complete = [status for status in platforms if status.complete]
    return next(iter([*matching, *complete, *platforms]), None)


class Session(QObject):
    """Signals: a store's state ``changed`` or it was ``closed``; images ``summarised`` (store, rows); the
    ``selected`` image changed (Chosen or None); ``loading`` when an opening takes its time;
    ``blobFailed`` (store) when one of its blobs turned out to be corrupt.
    """

    changed = Signal(object)
    closed = Signal(object)
    loading = Signal(object)
    summarised = Signal(object, object)
    selected = Signal(object)
    blobFailed = Signal(object)

    def __init__(self, pool: Pool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pool = pool
        self.stores: list[OpenStore] = []
        self.chosen: tuple[Chosen, ...] = ()
        self.current: Chosen | None = None
        self.document_limit = DOCUMENT_LIMIT
        self._opener = Lookup(pool, self, priority=2)
        self._opener.answered.connect(self._opened)
        self._opener.failed.connect(self._failed)
        self._opener.late.connect(self.loading)
        self._glance = Lookup(pool, self, priority=2)
        self._glance.answered.connect(self._glanced)
        self._streams: dict[OpenStore, Stream] = {}
        self._parted: list[Store] = []
        self.in_use: Callable[[Store], bool] = lambda store: False
        """Whether an export still reads from a store; it is not closed before."""

    # Stores

    def open(self, location: str) -> OpenStore:
        """Open ``location`` in the pool; one that is open already is read again."""
        known = next((item for item in self.stores if item.location == location), None)
        if known is not None:
            self.reload(known)
            return known
        opened = OpenStore(location)
        self.stores.append(opened)
        self.changed.emit(opened)
        self._opener.ask(partial(_open, location, self.document_limit), opened)
        return opened

    def reload(self, opened: OpenStore) -> None:
        """Read the store again from its place."""
        self._stop_stream(opened)
        opened.error = None
        opened.corrupt = {}
        self._opener.ask(partial(_open, opened.location, self.document_limit), opened)
        self.changed.emit(opened)

    def close(self, opened: OpenStore) -> None:
        """Take the store from the window; it is let go of as soon as no export reads from it."""
        if opened not in self.stores:
            return
        self._opener.forget(opened)
        self._stop_stream(opened)
        self.stores.remove(opened)
        if self.current and self.current.opened is opened:
            self.select(())
        self._part(opened.store)
        self.closed.emit(opened)

    def tell_corrupt(self, store: Store, error: DigestMismatch) -> None:
        """Reading a blob of ``store`` showed that it is corrupt: remember it until the store is opened again,
        and look again at every image, for any may hold it.
        """
        for opened in self.stores:
            if opened.store is store and error.digest not in opened.corrupt:
                opened.corrupt[error.digest] = error
                self.blobFailed.emit(opened)
                if self.current is not None and self.current.opened is opened:
                    self.glance(self.current)
                self._stop_stream(opened)
                self._summarise(opened)

    def sweep(self) -> None:
        """Close the stores that were taken away and that nothing reads from any more."""
        for store in [store for store in self._parted if not self.in_use(store)]:
            self._parted.remove(store)
            store.close()

    def stop(self) -> None:
        """Stop all that runs in the background."""
        for opened in list(self._streams):
            self._stop_stream(opened)
        self._opener.forget_all()
        self._glance.forget_all()

    def shut_down(self) -> None:
        """Close every store; nothing may run any more."""
        for opened in self.stores:
            self._part(opened.store)
            opened.store = None

    def _part(self, store: Store | None) -> None:
        if store is not None:
            self._parted.append(store)
            self.sweep()

    # Selection

    def select(self, chosen: Sequence[Chosen], current: Chosen | None = None) -> None:
        """Choose images; ``current`` (else the first) is the one to look at."""
        current = current if current in chosen else next(iter(chosen), None)
        self.chosen = tuple(item for item in chosen if current and item.opened is current.opened)
        if current == self.current:
            return
        self.current = current
        self.selected.emit(current)
        if current is not None and current.summary is None:
            self.glance(current)

    def glance(self, chosen: Chosen) -> None:
        """Summarise this image before all others."""
        store = chosen.opened.wary
        if store is not None:
            self._glance.ask(partial(_summary, store, chosen.image, self.pool.closing.is_set), chosen)

    # Answers

    def _opened(self, opened: object, answer: object) -> None:
        assert isinstance(opened, OpenStore) and isinstance(answer, tuple)
        before = opened.store
        opened.store, opened.catalogue = answer
        self._part(before)
        self.changed.emit(opened)
        self._summarise(opened)

    def _failed(self, opened: object, error: object) -> None:
        assert isinstance(opened, OpenStore) and isinstance(error, BaseException)
        opened.error = error
        self._part(opened.store)
        opened.store, opened.catalogue = None, Catalogue()
        if self.current and self.current.opened is opened:
            self.select(())
        self.changed.emit(opened)

    def _summarise(self, opened: OpenStore) -> None:
        stream = Stream(self.pool, self)
        self._streams[opened] = stream
        stream.arrived.connect(self._summaries)
        again = bool(opened.corrupt)
        stream.start(partial(_summaries, opened, tuple(opened.images), again))

    def _summaries(self, fresh: object) -> None:
        assert isinstance(fresh, list)
        opened = fresh[0][0]
        if opened in self.stores:
            for _, row, summary in fresh:
                opened.catalogue.learn(row, summary)
            self.summarised.emit(opened, [row for _, row, _ in fresh])

    def _glanced(self, chosen: object, summary: object) -> None:
        assert isinstance(chosen, Chosen) and isinstance(summary, ImageSummary)
        opened = chosen.opened
        if chosen.row < len(opened.images) and opened.images[chosen.row] is summary.image:
            opened.catalogue.learn(chosen.row, summary)
            self.summarised.emit(opened, [chosen.row])

    def _stop_stream(self, opened: OpenStore) -> None:
        stream = self._streams.pop(opened, None)
        if stream is not None:
            stream.stop()
            stream.deleteLater()


def _open(location: str, limit: int) -> tuple[Store, Catalogue]:
    """In the pool: the store and its images; closed again where it cannot list them."""
    store = open_store(location, document_limit=limit)
    try:
        return store, Catalogue(store.images())
    except BaseException:
        with suppress(OSError):
            store.close()
        raise


def _summaries(
    opened: OpenStore, images: Sequence[Image], again: bool, stop: Callable[[], bool]
) -> Iterator[tuple[OpenStore, int, ImageSummary]]:
    """In the pool: the summary of each image in turn; ``again`` also of those whose damage has changed."""
    store = opened.wary
    assert store is not None
    for row, image in enumerate(images):
        known = opened.catalogue.summaries.get(row)
        if known is None or again:
            summary = _summary(store, image, stop)
            if known is None or known.damaged != summary.damaged:
                yield opened, row, summary
        if stop():
            return


def _summary(store: Store, image: Image, stop: Callable[[], bool]) -> ImageSummary:
    """In the pool: the summary; one that says so where the walk itself broke (a store that went away)."""
    try:
        return summarise(store, image, stop=stop)
    except Exception as error:
        problem = error if isinstance(error, ShipglassError) else ShipglassError(f"{image.name}: {error}")
        return ImageSummary(image, image.target.media_type, 0, 0, 0, 0, (), (problem,))
