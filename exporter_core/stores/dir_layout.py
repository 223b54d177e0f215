"""skopeo's ``dir:`` layout: ``version``, one manifest or index as ``manifest.json``, blobs by bare name.

Go: ``directory/directory_transport.go`` of containers/image: a SHA-256 blob's name is its hexadecimal digits,
another's ``<algorithm>-<digits>``; the manifests of an index are ``<digits>.manifest.json``.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import BinaryIO

from exporter_core import gojson
from exporter_core.content import BlobInfo, Image, embedded, image_name, read_up_to
from exporter_core.descriptor import Descriptor
from exporter_core.digest import HEX_LENGTHS, Digest
from exporter_core.errors import (
    ContentError,
    DigestError,
    DocumentTooLarge,
    MissingBlob,
    StoreError,
    UnreadableBlob,
)
from exporter_core.manifest import sniff_media_type
from exporter_core.stores.files import Files

VERSION, MANIFEST = "version", "manifest.json"
_VERSION_TEXT = b"Directory Transport Version: "
_HINT = "Copy the image there again: skopeo copy … dir:FOLDER."


def is_dir_layout(files: Files) -> bool:
    """Whether ``version`` says that skopeo wrote this, or manifest.json is one (docker's is a list)."""
    if files.size(MANIFEST) is None:
        return False
    if _version(files).startswith(_VERSION_TEXT):
        return True
    with files.open(MANIFEST) as file:
        return read_up_to(file, 64).lstrip().startswith(b"{")


def _version(files: Files) -> bytes:
    if files.size(VERSION) is None:
        return b""
    with files.open(VERSION) as file:
        return read_up_to(file, 64).strip()


class DirLayout:
    """A store of one image, which has no name but its digest. Raises StoreError, OSError."""

    kind = "dir layout"

    def __init__(self, files: Files, *, location: str, document_limit: int) -> None:
        self.location = location
        self.document_limit = document_limit
        self._files = files
        self._root = self._read_root()
        notes = list(files.notes)
        if not _version(files).startswith(_VERSION_TEXT + b"1."):
            notes.append("there is no version file that says 1.x, which a dir: layout must have")
        self.notes = tuple(notes)
        self.damage: tuple[str, ...] = files.damage

    def _read_root(self) -> Descriptor:
        place = self._files.place(MANIFEST)
        size = self._files.size(MANIFEST) or 0
        if size > self.document_limit:
            raise StoreError(str(DocumentTooLarge(place, size=size, limit=self.document_limit)), hint=_HINT)
        with self._files.open(MANIFEST) as file:
            data = read_up_to(file, self.document_limit)
        try:
            gojson.loads(data, name=place)
            media_type = sniff_media_type(data, name=place)
        except ContentError as error:
            raise StoreError(f"the store's {error}", hint=_HINT) from error
        digest = Digest("sha256", hashlib.sha256(data, usedforsecurity=False).hexdigest())
        return Descriptor(media_type, digest, len(data))

    def images(self) -> tuple[Image, ...]:
        """See Store."""
        return (Image(image_name(self._root), self._root),)

    def info(self, digest: Digest) -> BlobInfo | None:
        """See Store. Raises UnreadableBlob where the folder cannot be asked."""
        try:
            for name in self._names(digest):
                size = self._files.size(name)
                if size is not None:
                    return BlobInfo(size, self._files.place(name))
        except OSError as error:
            raise UnreadableBlob(str(digest), reason=error.strerror or str(error)) from error
        return None

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """See Provider; content embedded in the descriptor serves where the blob is missing."""
        digest = descriptor.digest
        names = self._names(digest)
        try:
            for name in names:
                if self._files.size(name) is not None:
                    return self._files.open(name)
        except OSError as error:
            raise UnreadableBlob(str(digest), reason=error.strerror or str(error)) from error
        data = embedded(descriptor)
        if data is None:
            raise MissingBlob(str(digest), place=self._files.place(names[0]))
        return io.BytesIO(data)

    def _names(self, digest: Digest) -> tuple[str, ...]:
        """The files that may hold the blob."""
        if digest == self._root.digest:
            return (MANIFEST,)
        plain = digest.algorithm == "sha256"
        name = digest.encoded if plain else f"{digest.algorithm}-{digest.encoded}"
        return (name, f"{name}.manifest.json")

    def blob_names(self) -> Iterator[str]:
        """The names that its blobs have in a layout, ``blobs/<algorithm>/<encoded>``."""
        yield self._root.digest.path
        for name in sorted(self._files.names("")):
            digest = _digest(name.removesuffix(".manifest.json"))
            if digest is not None and digest != self._root.digest:
                yield digest.path

    def close(self) -> None:
        """See Store."""
        self._files.close()


def _digest(name: str) -> Digest | None:
    """The digest that the file's name spells; None where it is no blob's."""
    algorithm, dash, encoded = name.rpartition("-")
    if not dash:
        algorithm = "sha256"
    try:
        return Digest.parse(f"{algorithm}:{encoded}") if algorithm in HEX_LENGTHS else None
    except DigestError:
        return None
