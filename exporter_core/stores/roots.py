"""Images of blobs without names: the indexes and manifests that no other document refers to.

For content folders, layouts without ``index.json`` and roots whose metadata are bad. Each blob is looked at
once, 512 bytes of it unless it is JSON; a second look reads only what came meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import BinaryIO, TypeAlias

from exporter_core import mediatypes
from exporter_core.content import Image
from exporter_core.descriptor import Child, Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import Cancelled, ContentError, DigestError
from exporter_core.manifest import Index, Manifest, sniff_media_type
from exporter_core.progress import breathe

_Seen: TypeAlias = tuple[Descriptor | None, tuple[str, ...]]
_NO_DOCUMENT: _Seen = (None, ())
_BEGINNING = 512


class Roots:
    """Finds them; ``opener`` opens a blob, documents of more than ``limit`` bytes are none."""

    def __init__(self, opener: Callable[[Descriptor], BinaryIO], limit: int) -> None:
        self._open = opener
        self._limit = limit
        self._seen: dict[str, _Seen] = {}
        self._closed = False

    def images(
        self, names: Iterable[str], *, known: Iterable[str] = (), stop: Callable[[], bool] = lambda: False
    ) -> tuple[Image, ...]:
        """Those among the blobs ``names`` ("blobs/sha256/…"), in their order, named by their digest.

        What is in ``known`` (digest texts) is referred to already. Raises Cancelled where ``stop``, asked
        between blobs, is true, and once it is closed.
        """
        documents: list[Descriptor] = []
        inside = set(known)
        for name in names:
            breathe()
            if self._closed or stop():
                raise Cancelled("the look through the blobs was stopped")
            document, children = self._look(name)
            if document is not None:
                documents.append(document)
                inside.update(children)
        return tuple(
            Image(str(found.digest), found) for found in documents if str(found.digest) not in inside
        )

    def close(self) -> None:
        """End a look that is under way in another thread."""
        self._closed = True

    def _look(self, name: str) -> _Seen:
        seen = self._seen.get(name)
        if seen is None:
            try:
                seen = self._read(Digest.parse(name.removeprefix("blobs/").replace("/", ":", 1)))
            except DigestError:
                seen = _NO_DOCUMENT
            except (ContentError, OSError):
                return _NO_DOCUMENT  # it may be readable another time
            self._seen[name] = seen
        return seen

    def _read(self, digest: Digest) -> _Seen:
        """The blob as an index or manifest, with the digests it refers to. Raises ContentError, OSError."""
        with self._open(Descriptor("", digest, 0)) as blob:
            data = blob.read(_BEGINNING)
            if not data.lstrip().startswith(b"{"):
                return _NO_DOCUMENT
            while len(data) <= self._limit and (more := blob.read(self._limit + 1)):
                data += more
        if len(data) > self._limit:
            return _NO_DOCUMENT
        media_type = ""
        with suppress(ContentError):
            media_type = sniff_media_type(data, name=str(digest))
        document = Descriptor(media_type, digest, len(data))
        children: tuple[Child, ...] = ()
        with suppress(ContentError):
            if mediatypes.is_index(media_type):
                children = Index.parse(data, name=str(digest)).manifests
            elif mediatypes.is_manifest(media_type):
                manifest = Manifest.parse(data, name=str(digest))
                children = (manifest.config, *manifest.layers)
            else:
                return _NO_DOCUMENT
        return document, tuple(str(child.digest) for child in children if isinstance(child, Descriptor))
