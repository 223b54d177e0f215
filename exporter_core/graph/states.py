"""What a store has of a blob, told without reading it."""

from __future__ import annotations

from enum import Enum

from exporter_core import mediatypes
from exporter_core.content import BlobInfo, InfoProvider, Store, embedded
from exporter_core.descriptor import Child, Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import (
    ContentError,
    DigestError,
    DigestMismatch,
    MissingBlob,
    SizeMismatch,
)


class BlobState(Enum):
    """What the store has of a blob, told without reading it; CORRUPT is what somebody found by reading."""

    PRESENT = "present"
    MISSING = "missing"
    WRONG_SIZE = "wrong size"
    UNREADABLE = "unreadable"
    CORRUPT = "corrupt"
    UNVERIFIABLE = "unverifiable"
    MALFORMED = "malformed"


def blob_state(store: InfoProvider, child: Child) -> tuple[BlobState, ContentError | None]:
    """What ``store`` has of the blob, and the error that an export of it would meet (None if PRESENT)."""
    if not isinstance(child, Descriptor):
        return BlobState.MALFORMED, child.problem
    name = str(child.digest)
    try:
        info = store.info(child.digest)
        if info is None:
            if embedded(child) is not None:
                return BlobState.PRESENT, None
            return BlobState.MISSING, MissingBlob(name, hint=_foreign_hint(child))
        if info.size != child.size:
            return BlobState.WRONG_SIZE, SizeMismatch(name, expected=child.size, actual=info.size)
        if not child.digest.verifiable:
            child.digest.new_hash()  # says why
    except DigestError as error:
        return BlobState.UNVERIFIABLE, error
    except DigestMismatch as error:
        return BlobState.CORRUPT, error
    except ContentError as error:
        return BlobState.UNREADABLE, error
    return BlobState.PRESENT, None


def _foreign_hint(child: Descriptor) -> str:
    if not mediatypes.is_nondistributable(child.media_type):
        return ""
    return "This layer is not distributed with images: leave such layers out (--skip-non-distributable)."


_NOT_ASKED = BlobInfo(-1)


class AskedOnce:
    """``store``, asked once for what it has of each blob, however often an image lists the blob.

    For one look at an image: what changes in the store meanwhile is not seen.
    """

    def __init__(self, store: Store) -> None:
        self.document_limit = store.document_limit
        self.open = store.open
        self._store = store
        self._known: dict[Digest, BlobInfo | None] = {}

    def info(self, digest: Digest) -> BlobInfo | None:
        """See Store; an error is not remembered, for each belongs to one owner."""
        known = self._known.get(digest, _NOT_ASKED)
        if known is _NOT_ASKED:
            known = self._known[digest] = self._store.info(digest)
        return known
