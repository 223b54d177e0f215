"""The open stores, what is selected in them, and what is known of it; asks the core through the pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby

from PySide6.QtCore import QObject, Signal

from exporter_core import DOCUMENT_LIMIT, ImageSummary, Store
from exporter_core.errors import DigestMismatch
from gui.jobs import Lookup, Pool, Stream
from gui.models.catalogue import Catalogue
from gui.models.opened import (
    Chosen,
    OpenStore,
    Reading,
    find_again,
    first_platform,
    moved,
    moved_from,
    namespace_of,
    read_stores,
    regrouped,
    summaries,
    summary_of,
)  # fmt: skip

__all__ = ["Chosen", "OpenStore", "Session", "first_platform"]


class Session(QObject):
    """Signals: a store's state ``changed`` or it was ``closed``; images ``summarised`` (store, rows); the
    ``selected`` image changed (Chosen or None); ``loading`` when an opening takes its time;
    ``blobFailed`` (store) when one of its blobs turned out to be corrupt; ``settled`` (store) when every
    image of it has been summarised; ``renewed`` (store) when its store has changed while it was open.
    """

    changed = Signal(object)
    closed = Signal(object)
    loading = Signal(object)
    summarised = Signal(object, object)
    selected = Signal(object)
    blobFailed = Signal(object)
    settled = Signal(object)
    renewed = Signal(object)

    def __init__(self, pool: Pool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pool = pool
        self.stores: list[OpenStore] = []
        self.chosen: tuple[Chosen, ...] = ()
        self.scattered = False
        """Whether images of several stores or namespaces are selected: ``chosen`` holds those of one."""
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

    def open(self, location: str, *, reopened: bool = False) -> OpenStore:
        """Open ``location`` in the pool, or read it again if it is open; ``reopened`` as in OpenStore."""
        known = self.find(location)
        if known is not None:
            self.reload(known)
            return known
        opened = OpenStore(location, reopened=reopened)
        self.stores.append(opened)
        self.changed.emit(opened)
        self._opener.ask(partial(read_stores, location, self.document_limit), opened)
        return opened

    def find(self, location: str) -> OpenStore | None:
        """The open store at ``location``."""
        return next((item for item in self.stores if item.is_at(location)), None)

    def group(self, opened: OpenStore) -> list[OpenStore]:
        """All namespaces that were opened with this one, their leader first; else it alone."""
        return [item for item in self.stores if item.leader is opened.leader]

    def reload(self, opened: OpenStore) -> None:
        """Read the store again from its place, with all its namespaces."""
        leader = opened.leader
        self._stop_stream(leader)
        for item in self.group(leader):
            item.error, item.corrupt = None, {}
        self._opener.ask(partial(read_stores, leader.location, self.document_limit), leader)
        self.changed.emit(leader)

    def renew(self, opened: OpenStore, catalogue: Catalogue | None) -> None:
        """Its store has changed: show these images (None: the same). What is selected stays."""
        before, known = opened.catalogue, self.current
        if catalogue is not None:
            opened.catalogue = catalogue
            chosen = moved(self.chosen, opened, before)
            current = next(iter(moved([known] if known else [], opened, before)), None)
            if known is None or (current and current.image is moved_from(known, opened, before)):
                self.chosen, self.current = tuple(chosen), current
            else:
                self.select(())
                self.select(chosen, current)
        if catalogue is not None or opened.catalogue.incomplete:
            self._stop_stream(opened.leader)
            self._summarise(opened.leader)
        self.renewed.emit(opened)

    def close(self, opened: OpenStore) -> None:
        """Take the store from the window, with all its namespaces; it is let go of as soon as no export
        reads from it.
        """
        self._opener.forget(opened.leader)
        self._stop_stream(opened.leader)
        self._drop(self.group(opened))

    def _drop(self, gone: Sequence[OpenStore]) -> None:
        self.stores = [item for item in self.stores if item not in gone]
        if self.current and self.current.opened in gone:
            self.select(())
        for item in gone:
            self._part(item.store)
            self.closed.emit(item)

    def tell_corrupt(self, store: Store, error: DigestMismatch) -> None:
        """Reading a blob of ``store`` showed that it is corrupt: remember it until the store is opened again,
        and look again at every image, for any may hold it, in every namespace.
        """
        found = next((item for item in self.stores if item.store is store), None)
        if found is None or error.digest in found.corrupt:
            return
        for opened in self.group(found):
            opened.corrupt[error.digest] = error
            self.blobFailed.emit(opened)
            if self.current is not None and self.current.opened is opened:
                self.glance(self.current)
        self._stop_stream(found.leader)
        self._summarise(found.leader)

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
        self.scattered = len({item.opened for item in chosen}) > 1
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
            self._glance.ask(partial(summary_of, store, chosen.image, self.pool.closing.is_set), chosen)

    # Answers

    def _opened(self, opened: object, answer: object) -> None:
        assert isinstance(opened, OpenStore) and isinstance(answer, list)
        before = self.group(opened)
        after = regrouped(before, answer)
        at = self.stores.index(opened)
        self.stores[at : at + len(before)] = after
        looked_at = self.current if self.current and self.current.opened in before else None
        sought = (namespace_of(looked_at.opened), looked_at.image.name) if looked_at else None
        for item, reading in zip(after, answer, strict=True):
            self._read(item, reading)
        if sought is not None:
            self.current = find_again(after, *sought)  # whoever shows it does so anew as it changes
            self.chosen = (self.current,) if self.current else ()
            if self.current is None:
                self.selected.emit(None)
        self._drop([item for item in before if item not in after])
        for item in after:
            self.changed.emit(item)
        self._summarise(opened)

    def _read(self, opened: OpenStore, reading: Reading) -> None:
        before = opened.store
        opened.store, opened.catalogue, opened.namespace = reading.store, reading.catalogue, reading.namespace
        opened.kept = opened.sums = None
        self._part(before)

    def _failed(self, opened: object, error: object) -> None:
        assert isinstance(opened, OpenStore) and isinstance(error, BaseException)
        opened.error, opened.namespace = error, ""
        self._part(opened.store)
        opened.store, opened.catalogue = None, Catalogue()
        if self.current and self.current.opened is opened:
            self.select(())
        self._drop(self.group(opened)[1:])
        self.changed.emit(opened)

    def _summarise(self, leader: OpenStore) -> None:
        """One after the other, so that looking at something else finds a free thread."""
        stream = Stream(self.pool, self)
        self._streams[leader] = stream
        stream.arrived.connect(self._summaries)
        stream.ended.connect(partial(self._settle, leader))
        stream.start(partial(summaries, self.group(leader), bool(leader.corrupt)))

    def _summaries(self, fresh: object) -> None:
        assert isinstance(fresh, list)
        for opened, some in groupby(fresh, key=lambda item: item[0]):
            if opened in self.stores:
                rows = []
                for _, row, summary in some:
                    opened.catalogue.learn(row, summary)
                    rows.append(row)
                self.summarised.emit(opened, rows)

    def _settle(self, leader: OpenStore) -> None:
        for opened in self.group(leader):
            self.settled.emit(opened)

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
