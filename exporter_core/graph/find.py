"""From what a person typed to an image of a store."""

from __future__ import annotations

from exporter_core import reference
from exporter_core.content import (
    Image,
    Store,
)
from exporter_core.descriptor import Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import (
    DigestError,
    ImageNotFound,
    InvalidReference,
    UsageError,
)
from exporter_core.graph.documents import identified


def find_image(store: Store, text: str) -> Image:
    """The image of ``store`` that ``text`` means: a full or familiar name, or a digest or its beginning.

    The digest of any index or manifest in the store will do, listed or not. Raises ImageNotFound where there
    is none and UsageError where there are several.
    """
    images = store.images()
    named = [image for image in images if image.name == text]
    named = named or [image for image in images if _same_name(image.name, text)]
    found = named or [image for image in images if _begins(image, text)]
    if len({image.digest_text for image in found}) > 1:
        shown = ", ".join(f"{image.name} ({image.digest_text})" for image in found[:5])
        shown += ", …" if len(found) > 5 else ""
        raise UsageError(f"{text} could mean {len(found)} images: {shown}", hint="Give the whole digest.")
    if found:
        return found[0]
    unlisted = _unlisted(store, text)
    if unlisted is None:
        raise ImageNotFound(f"no image {text} in {store.location}", hint=_suggestion(images, text))
    return unlisted


def _suggestion(images: tuple[Image, ...], text: str) -> str:
    """What may have been meant, else what there is."""
    from difflib import get_close_matches

    names = [image.name for image in images if image.name != image.digest_text]
    close = [name for name in names if text in name]
    if not close:  # a typo: compare with the short forms too, which are what people type
        spelled = {form: name for name in names for form in (name, _short(name), _short(name).split(":")[0])}
        close = [spelled[form] for form in get_close_matches(text, spelled, n=3)]
    if close:
        return f"Did you mean {' or '.join(list(dict.fromkeys(close))[:3])}?"
    if not names:
        return "The store names no images; a document of it can be named by its digest."
    return f"It holds {', '.join(names[:5])}{' …' if len(names) > 5 else ''}."


def _short(name: str) -> str:
    """The name without registry and folders: ``base:nested``."""
    return name.partition("@")[0].rpartition("/")[2]


def _same_name(name: str, text: str) -> bool:
    try:
        return reference.familiar(name) == reference.familiar(text)
    except InvalidReference:
        return False


def _begins(image: Image, text: str) -> bool:
    digest = image.digest_text
    return len(text) >= 4 and (digest.startswith(text) or digest.partition(":")[2].startswith(text))


def _unlisted(store: Store, text: str) -> Image | None:
    """The document with the digest ``text``, as an image; None where there is none."""
    try:
        digest = Digest.parse(text)
    except DigestError:
        return None
    info = store.info(digest)
    if info is None:
        return None
    found = identified(store, Descriptor("", digest, info.size), limit=store.document_limit)
    return Image(text, found)
