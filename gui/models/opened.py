"""An open store and a chosen image of one; and what is read of a store in the pool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from exporter_core import Image, ImageSummary, PlatformStatus, ShipglassError, Store, open_store, summarise
from exporter_core.content import DistrustedStore
from exporter_core.errors import DigestMismatch
from exporter_core.kept import Sizes
from exporter_core.metadata import MetadataStore
from exporter_core.platforms import host_platform, ordered
from gui.models.catalogue import Catalogue
from gui.models.kept import Kept


@dataclass(slots=True, eq=False, weakref_slot=True)
class OpenStore:
    """A store in the window. Neither ``store`` nor ``error``: it is still being opened.

    Its ``catalogue`` fills up with summaries in the background. Of a place with several namespaces each is
    an OpenStore: the ``leader`` of all but the first is the first, which has the location that was opened.
    """

    location: str
    store: Store | None = None
    catalogue: Catalogue = field(default_factory=Catalogue)
    error: BaseException | None = None
    corrupt: dict[str, DigestMismatch] = field(default_factory=dict)
    """By digest: the blobs that were found to be corrupt since the store was opened."""
    followed: OpenStore | None = None
    namespace: str = ""
    """Which one of several this is; "" where there are not several."""
    reopened: bool = False
    """Whether it was opened beside another as the program started, and nobody asked to see it now."""
    kept: Kept | None = None
    """What keeps its blobs, once that is known; None for a store without such metadata."""
    sums: Sizes | None = None
    """How much all its images have, once that is known."""

    @property
    def leader(self) -> OpenStore:
        """Whom it is opened, read again and closed with; most lead themselves alone."""
        return self.followed or self

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
    def place(self) -> str:
        """A short name for where it is, whatever the namespace."""
        return Path(self.leader.location).name or self.leader.location

    @property
    def title(self) -> str:
        """A short name for it, as no other of the same place has."""
        return f"{self.place} · {self.namespace}" if self.namespace else self.place

    def is_at(self, location: str) -> bool:
        """Whether ``location`` leads here, be it by naming the namespace."""
        return location == self.location or (self.store is not None and location == self.store.location)


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


@dataclass(frozen=True, slots=True)
class Reading:
    """A store as it was just read; ``namespace`` as in OpenStore."""

    store: Store
    catalogue: Catalogue
    namespace: str = ""


def first_platform(platforms: Sequence[PlatformStatus]) -> PlatformStatus | None:
    """Where the picker starts: the host's best match, else the first complete one, else the first."""
    host = host_platform()
    matcher = ordered(host, host=host)
    matching = [status for status in platforms if status.platform and matcher.matches(status.platform)]
    complete = [status for status in platforms if status.complete]
    return next(iter([*matching, *complete, *platforms]), None)


def regrouped(group: Sequence[OpenStore], readings: Sequence[Reading]) -> list[OpenStore]:
    """The open stores that ``readings`` belong to, in their order: of ``group``, led by its first, or new."""
    leader = group[0]
    known = {item.namespace: item for item in group[1:]}
    others = (
        known.get(reading.namespace)
        or OpenStore(reading.store.location, followed=leader, namespace=reading.namespace)
        for reading in readings[1:]
    )
    return [leader, *others]


def moved(chosen: Iterable[Chosen], opened: OpenStore, before: Catalogue) -> list[Chosen]:
    """Where these are now that ``opened`` has another catalogue than ``before``; what is gone is left out."""
    rows = {image.name: row for row, image in enumerate(opened.images)}
    found = []
    for item in chosen:
        row = rows.get(before.images[item.row].name) if item.opened is opened else item.row
        if row is not None:
            found.append(Chosen(item.opened, row))
    return found


def moved_from(item: Chosen, opened: OpenStore, before: Catalogue) -> Image:
    """The image it stood for when ``opened`` had the catalogue ``before``."""
    return before.images[item.row] if item.opened is opened else item.image


def namespace_of(opened: OpenStore) -> str:
    """The namespace it shows, be there others or not; "" for a store that has none."""
    return opened.store.namespace if isinstance(opened.store, MetadataStore) else ""


def find_again(group: Iterable[OpenStore], namespace: str, name: str) -> Chosen | None:
    """The image called ``name`` in that one of ``group`` that shows ``namespace``."""
    for opened in group:
        if namespace_of(opened) == namespace:
            rows = (row for row, image in enumerate(opened.images) if image.name == name)
            return next((Chosen(opened, row) for row in rows), None)
    return None


def namespaces_of(group: Iterable[OpenStore]) -> frozenset[str]:
    """The namespaces that are open, where all are; none where one was asked for."""
    asked = any("?namespace=" in opened.leader.location for opened in group)
    stores = [] if asked else [opened.store for opened in group]
    return frozenset(store.namespace for store in stores if isinstance(store, MetadataStore))


# In the pool


def read_stores(location: str, limit: int) -> list[Reading]:
    """The store with its images; one for each namespace where no one was asked for and there are several.

    The namespace that containerd starts with comes first. Closed again where one cannot list them.
    """
    stores: list[Store] = [open_store(location, document_limit=limit)]
    try:
        names = _namespaces(stores[0])
        if names:
            plain = stores[0]
            assert isinstance(plain, MetadataStore)
            stores.extend(map(plain.in_namespace, names))
            stores.remove(plain)
            with suppress(OSError):
                plain.close()
        named = zip(stores, names or ("",), strict=True)
        return [Reading(store, Catalogue(store.images()), name) for store, name in named]
    except BaseException:
        for store in stores:
            with suppress(OSError):
                store.close()
        raise


def _namespaces(store: Store) -> tuple[str, ...]:
    """All to be shown one by one, the one that ``store`` shows first; none where it alone is to be seen."""
    if not isinstance(store, MetadataStore) or "?namespace=" in store.location:
        return ()
    others = [found.name for found in store.namespaces() if found.name != store.namespace]
    return (store.namespace, *others) if others else ()


@dataclass(frozen=True, slots=True)
class Change:
    """What is new in a store since its catalogue ``of``: another ``catalogue``, or None where the images are
    the same and only what belongs to them may have changed; or there are other namespaces.
    """

    of: Catalogue
    catalogue: Catalogue | None = None
    regrouped: bool = False


def read_again(
    store: MetadataStore, known: Catalogue, shown: frozenset[str], *, quietly: bool
) -> Change | None:
    """The change since ``known``; what is known of the images that stayed is kept. ``shown`` are all the
    namespaces there were, none where one was asked for. None where ``quietly`` and the images are the same.
    Raises StoreError.
    """
    names = {found.name for found in store.namespaces()} if shown else set()
    if names and names != shown:
        return Change(known, regrouped=True)
    before = {image.name: row for row, image in enumerate(known.images)}
    images, rows = [], []
    for image in store.images():
        row = before.get(image.name)
        stayed = row is not None and known.images[row] == image
        images.append(known.images[row] if stayed and row is not None else image)
        rows.append(row if stayed else None)
    if rows == list(range(len(known.images))):
        return None if quietly else Change(known)
    fresh = Catalogue(images)
    for at, row in enumerate(rows):
        if row is not None and (summary := known.summaries.get(row)) is not None:
            fresh.learn(at, summary)
    return Change(known, fresh)


Summary = tuple[OpenStore, int, ImageSummary]


def summaries(group: Sequence[OpenStore], again: bool, stop: Callable[[], bool]) -> Iterator[Summary]:
    """The summary of each image in turn; of one that is known only where it has changed: if it was not
    whole, and with ``again`` in any case.
    """
    lists = [(opened, opened.wary, opened.catalogue) for opened in group]
    for opened, store, catalogue in lists:
        assert store is not None
        for row, image in enumerate(catalogue.images):
            known = catalogue.summaries.get(row)
            if known is None or again or not known.complete:
                summary = summary_of(store, image, stop)
                if known is None or _told(known) != _told(summary):
                    yield opened, row, summary
            if stop():
                return


def _told(summary: ImageSummary) -> tuple[object, ...]:
    """What makes a difference to who looks; errors are never the same twice, their words are."""
    problems = tuple(str(problem) for problem in summary.problems)
    return summary.complete, summary.size, summary.present, dict(summary.damaged), problems


def summary_of(store: Store, image: Image, stop: Callable[[], bool]) -> ImageSummary:
    """The summary; one that says so where the walk itself broke (a store that went away)."""
    try:
        return summarise(store, image, stop=stop)
    except Exception as error:
        problem = error if isinstance(error, ShipglassError) else ShipglassError(f"{image.name}: {error}")
        return ImageSummary(image, image.target.media_type, 0, 0, 0, 0, (), (problem,))
