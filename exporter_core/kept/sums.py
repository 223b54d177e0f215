"""What each image has alone and what it shares, in bytes; sums over all. Reads documents, never layers."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from exporter_core.content import Image, Store
from exporter_core.errors import Cancelled
from exporter_core.graph import BlobState, walk


@dataclass(frozen=True, slots=True)
class ImageSize:
    """Bytes of the distinct blobs that the store has of an image: ``total``, and ``unique`` to it."""

    total: int
    unique: int

    @property
    def shared(self) -> int:
        """Bytes that another image has too, be it only another name of the same content."""
        return self.total - self.unique


@dataclass(frozen=True, slots=True)
class Sizes:
    """Over all images: each one's size, how many distinct ``blobs`` they have, of how many ``bytes``, and how
    many of these more than one image has.
    """

    images: Mapping[Image, ImageSize]
    blobs: int
    bytes: int
    shared: int


def sizes(
    store: Store, images: Iterable[Image] | None = None, *, stop: Callable[[], bool] = lambda: False
) -> Sizes:
    """Walk ``images`` (None: all of the store), each distinct target once, and count what is there.

    Raises StoreError where the store's own index is unusable, Cancelled where ``stop``, asked between nodes,
    is true; never for bad content of an image.
    """
    named: dict[tuple[str, str], list[Image]] = {}
    for image in store.images() if images is None else images:
        named.setdefault((image.digest_text, image.target.media_type), []).append(image)
    present: dict[str, int] = {}
    of_target = {key: _blobs(store, same[0], present, stop) for key, same in named.items()}
    users: Counter[str] = Counter()
    for key, blobs in of_target.items():
        for digest in blobs:
            users[digest] += len(named[key])
    return Sizes(
        {image: _size(of_target[key], present, users) for key, same in named.items() for image in same},
        blobs=len(users),
        bytes=sum(present[digest] for digest in users),
        shared=sum(present[digest] for digest, count in users.items() if count > 1),
    )


def _blobs(store: Store, image: Image, present: dict[str, int], stop: Callable[[], bool]) -> frozenset[str]:
    """The digests of what is there of the image; their sizes go to ``present``."""
    found = []
    for node in walk(store, image):
        if stop():
            raise Cancelled("the sums were stopped")
        if node.state is BlobState.PRESENT:
            digest = sys.intern(node.digest_text)
            present.setdefault(digest, node.size or 0)
            found.append(digest)
    return frozenset(found)


def _size(blobs: frozenset[str], present: Mapping[str, int], users: Mapping[str, int]) -> ImageSize:
    return ImageSize(
        sum(present[digest] for digest in blobs),
        sum(present[digest] for digest in blobs if users[digest] == 1),
    )
