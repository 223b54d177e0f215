"""DockerArchive: the store that a ``docker save`` becomes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from exporter_core.content import BlobInfo, Image, embedded
from exporter_core.descriptor import Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import MissingBlob, UnreadableBlob
from exporter_core.stores.docker_archive.making import Making
from exporter_core.stores.files import Files


@dataclass(frozen=True, slots=True)
class Odd:
    """What is odd about the archive beside its files; ``damage`` is what means that something is broken."""

    notes: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()


class DockerArchive:
    """The images that ``making`` found in ``files``; ``kind`` and ``location`` say what it is and where."""

    def __init__(self, files: Files, making: Making, *, location: str, kind: str, odd: Odd) -> None:
        self.location = location
        self.kind = kind
        self.document_limit = making.document_limit
        self._files = files
        self._blobs = making.blobs
        self._images = tuple(making.images)
        self.notes = (*files.notes, *odd.notes, *odd.damage, *dict.fromkeys(making.notes))
        self.damage: tuple[str, ...] = (*files.damage, *odd.damage)
        """Those of the notes that mean something is broken, and not just unusual."""

    def images(self) -> tuple[Image, ...]:
        """See Store: one for each name, in the archive's order."""
        return self._images

    def info(self, digest: Digest) -> BlobInfo | None:
        """See Store. Raises UnreadableBlob where the folder cannot be asked."""
        blob = self._blobs.get(digest)
        if blob is None:
            return None
        if blob.data is not None:
            return BlobInfo(len(blob.data), f"made of {self.location}")
        try:
            size = self._files.size(blob.name)
        except OSError as error:
            raise UnreadableBlob(str(digest), reason=error.strerror or str(error)) from error
        return None if size is None else BlobInfo(size, self._files.place(blob.name))

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """See Provider; content embedded in the descriptor serves where the blob is missing."""
        blob = self._blobs.get(descriptor.digest)
        data = embedded(descriptor) if blob is None else blob.data
        if data is not None:
            return io.BytesIO(data)
        place = self._files.place(blob.name) if blob else self.location
        try:
            if blob is not None:
                return self._files.open(blob.name)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise UnreadableBlob(str(descriptor.digest), reason=error.strerror or str(error)) from error
        raise MissingBlob(str(descriptor.digest), place=place)

    def blob_names(self) -> Iterator[str]:
        """The names that its blobs have in a layout, ``blobs/<algorithm>/<encoded>``."""
        return iter(sorted(digest.path for digest in self._blobs))

    def close(self) -> None:
        """See Store."""
        self._files.close()
