"""OCI image layout and bare content directory: ``blobs/<alg>/<hex>`` and, in a layout, ``index.json``
(image-spec ``image-layout.md``). One code over a directory and over a tar archive.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO

from exporter_core import gojson
from exporter_core.content import DOCUMENT_LIMIT, BlobInfo, Image, embedded, image_name, read_up_to
from exporter_core.descriptor import Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import ContentError, DocumentTooLarge, MissingBlob, StoreError, UnreadableBlob
from exporter_core.manifest import Index
from exporter_core.stores.files import Files
from exporter_core.stores.roots import Roots

INDEX, LAYOUT = "index.json", "oci-layout"


class LayoutStore:
    """A store over ``files``; ``kind`` and ``location`` say what it is and where.

    A store without ``index.json`` is bare: it has blobs and no names; its images are what nothing refers to.
    """

    def __init__(
        self, files: Files, *, location: str, kind: str, document_limit: int = DOCUMENT_LIMIT
    ) -> None:
        self.location = location
        self.kind = kind
        self.document_limit = document_limit
        self._files = files
        self._roots = Roots(partial(LayoutStore.open, self), document_limit)
        layout_notes = self._layout_notes()
        self.notes = files.notes + layout_notes
        self.damage: tuple[str, ...] = files.damage + layout_notes
        """Those of the notes that mean something is broken, and not just unusual."""

    @property
    def files(self) -> Files:
        """Where it lies: a folder, or an archive."""
        return self._files

    def images(self) -> tuple[Image, ...]:
        """See Store: what ``index.json`` lists, in its order; of a bare store see ``unreferenced``."""
        size = self._size(INDEX)
        return self.unreferenced() if size is None else self._listed(size)

    def unreferenced(self, *, stop: Callable[[], bool] = lambda: False) -> tuple[Image, ...]:
        """The indexes and manifests that nothing refers to, named by their digest, in its order.

        Looks at every blob once, and again only at what came since. Raises Cancelled where ``stop``, asked
        between blobs, is true and where the store was closed; StoreError where ``index.json`` is unusable.
        """
        size = self._size(INDEX)
        known = () if size is None else tuple(image.digest_text for image in self._listed(size))
        return self._roots.images(self.blob_names(), known=known, stop=stop)

    def _listed(self, size: int) -> tuple[Image, ...]:
        """What ``index.json``, of ``size`` bytes, lists."""
        if size > self.document_limit:
            raise DocumentTooLarge(self._files.place(INDEX), size=size, limit=self.document_limit)
        try:
            index = Index.parse(self._read(INDEX, self.document_limit), name=self._files.place(INDEX))
        except ContentError as error:
            raise StoreError(f"the store's {error}", hint=error.hint) from error
        return tuple(Image(image_name(child), child) for child in index.manifests)

    def info(self, digest: Digest) -> BlobInfo | None:
        """See Store. Raises UnreadableBlob where the store cannot be asked."""
        try:
            size = self._files.size(digest.path)
        except OSError as error:
            raise UnreadableBlob(str(digest), reason=_reason(error)) from error
        return None if size is None else BlobInfo(size, self._files.place(digest.path))

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """See Provider; content embedded in the descriptor serves where the blob is missing."""
        digest = descriptor.digest
        try:
            return self._files.open(digest.path)
        except OSError as error:
            if not _missing(error):
                raise UnreadableBlob(str(digest), reason=_reason(error)) from error
        data = embedded(descriptor)
        if data is None:
            raise MissingBlob(str(digest), place=self._files.place(digest.path))
        return io.BytesIO(data)

    def blob_names(self) -> Iterator[str]:
        """The names of all files that lie where blobs do, ``blobs/<something>/<something>``."""
        for algorithm in sorted(self._files.folders("blobs")):
            for name in sorted(self._files.names(f"blobs/{algorithm}")):
                yield f"blobs/{algorithm}/{name}"

    def has_file(self, name: str) -> bool:
        """Whether there is a file ``name`` beside the blobs. Raises StoreError."""
        return self._size(name) is not None

    def read_file(self, name: str) -> bytes:
        """The file ``name`` beside the blobs, of at most ``document_limit`` bytes. Raises StoreError."""
        return self._read(name, self.document_limit)

    def close(self) -> None:
        """See Store."""
        self._roots.close()
        self._files.close()

    def _size(self, name: str) -> int | None:
        try:
            return self._files.size(name)
        except OSError as error:
            raise unreadable(self._files.place(name), error) from error

    def _read(self, name: str, limit: int) -> bytes:
        try:
            with self._files.open(name) as file:
                return read_up_to(file, limit)
        except OSError as error:
            raise unreadable(self._files.place(name), error) from error

    def _layout_notes(self) -> tuple[str, ...]:
        if self._size(INDEX) is None:
            return ()
        if self._size(LAYOUT) is None:
            return (f"there is no {LAYOUT} file, which an OCI layout must have",)
        try:
            document = gojson.loads(self._read(LAYOUT, 4096), name=LAYOUT)
        except ContentError as error:
            return (str(error),)
        version = document.get("imageLayoutVersion") if isinstance(document, dict) else None
        if not isinstance(version, str) or not version.startswith("1."):
            return (f"{LAYOUT} names version {version!r}; this program knows 1.0.0",)
        return ()


def _missing(error: OSError) -> bool:
    return error.errno in (None, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def unreadable(place: str, error: OSError) -> StoreError:
    """The StoreError for an operating system's refusal to read ``place``."""
    hint = "Check the path and the disk."
    if isinstance(error, PermissionError):
        hint = "Run as a user who may read it (containerd's own root belongs to root), or copy it first."
    return StoreError(f"{place} cannot be read: {_reason(error)}", hint=hint)
