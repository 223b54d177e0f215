"""What a store records besides the content: of an image, of a blob, and the leases that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from exporter_core import Descriptor, Image, Node, Store
from exporter_core.content import BlobInfo
from exporter_core.errors import ContentError
from exporter_core.metadata import Lease, MetadataStore
from gui.text import moment, tr


def image_record(image: Image) -> Iterator[tuple[str, str]]:
    """(what, value) of its name's own record; nothing in a store that keeps none."""
    if image.namespace:
        yield tr("Namespace"), image.namespace
    if image.created:
        yield tr("Named"), _time(image.created)
    if image.updated and image.updated != image.created:
        yield tr("Updated"), _time(image.updated)


def blob_record(store: Store, node: Node) -> BlobInfo | None:
    """What the store knows of the node's blob, or None."""
    with suppress(ContentError):
        return store.info(node.child.digest) if isinstance(node.child, Descriptor) else None
    return None


def lease_words(store: Store, node: Node, image: Image | None) -> Iterator[tuple[str, str]]:
    """(name, what it holds and since when) of each lease that names the blob, or the image at its root.

    What leases keep by way of labels is told by what keeps a blob, not here.
    """
    if not isinstance(store, MetadataStore):
        return
    with suppress(ContentError):
        for lease in store.leases():
            held = _held(lease, node, image)
            if held:
                yield lease.name, tr("{held}, since {time}", held=held, time=_time(lease.created))


def _held(lease: Lease, node: Node, image: Image | None) -> str:
    if node.digest_text in lease.content:
        return tr("this blob")
    at_root = image is not None and image.digest_text == node.digest_text
    return tr("the image") if image is not None and at_root and image.name in lease.images else ""


def _time(when: datetime | None) -> str:
    return moment(when.isoformat()) if when else tr("an unknown time")
