"""Which images of a store belong to another one: signatures, SBOMs, indexes of referrers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from exporter_core.content import Image
from exporter_core.descriptor import Descriptor
from exporter_core.errors import ContentError
from exporter_core.graph.documents import read_image_document
from exporter_core.graph.nodes import Documents


def referrers_of(
    store: Documents, images: Iterable[Image], digest: str, *, most: int = 200
) -> Iterator[Image]:
    """Those of ``images`` that are listed because they belong to ``digest``, in their order.

    By containerd's annotation, by the name ``sha256-HEX`` (distribution-spec, referrers tag schema), or by
    the ``subject`` of the document (image-spec ``manifest.md``), for which at most ``most`` are read. Never
    raises for bad content: what cannot be read belongs to nothing.
    """
    tag = digest.replace(":", "-")
    for image in images:
        if image.subject == digest or (tag in image.name and image.name != digest):
            yield image
        elif image.is_referrer and not image.subject and most > 0:
            most -= 1
            if _subject(store, image) == digest:
                yield image


def _subject(store: Documents, image: Image) -> str:
    if isinstance(image.target, Descriptor):
        with suppress(ContentError):
            document = read_image_document(store, image.target, limit=store.document_limit)
            subject = document.subject if document is not None else None
            return subject.digest_text if isinstance(subject, Descriptor) else ""
    return ""
