"""Making OCI images of an archive that has none: layers named by their digests, manifests around them.

An uncompressed layer is named by the diff ID that the config claims: that is its digest, opening takes no
time, and a layer that is another is found when it is copied or verified, as every digest is. What nothing
names (a compressed layer, a layer of before 2016) is hashed once, and its digest kept in the cache.
"""

from __future__ import annotations

import hashlib
import posixpath
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from exporter_core import gojson, mediatypes
from exporter_core.cache import Room
from exporter_core.compression import Unpacking, packing
from exporter_core.content import Image, image_name, page_buffer, read_up_to
from exporter_core.descriptor import IMAGE_NAME, REF_NAME, Child, Descriptor, MalformedDescriptor
from exporter_core.digest import Digest
from exporter_core.errors import (
    ArchiveError,
    Cancelled,
    ContentError,
    DocumentTooLarge,
    InvalidReference,
    MalformedDocument,
)
from exporter_core.manifest import ImageConfig
from exporter_core.reference import oci_reference_name, parse_normalized
from exporter_core.stores.files import Files

HINT = "The archive is damaged or incomplete: save the image again."
_TYPES = {
    None: mediatypes.OCI_LAYER,
    "gzip": mediatypes.OCI_LAYER_GZIP,
    "zstd": mediatypes.OCI_LAYER_ZSTD,
}
_KEPT = 16 << 20  # bytes of digests in the cache
_WORTH_KEEPING = 4 << 20  # bytes; what is smaller is hashed sooner than looked up
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Blob:
    """Where a blob is: the file ``name``, or ``data`` that were made of it."""

    name: str
    data: bytes | None = None


class Making:
    """What is read of ``files`` and made of it: ``blobs`` by digest, ``images`` in order, ``notes``."""

    def __init__(self, files: Files, *, document_limit: int, cancel: threading.Event | None = None) -> None:
        self.files = files
        self.document_limit = document_limit
        self.blobs: dict[Digest, Blob] = {}
        self.images: list[Image] = []
        self.notes: list[str] = []
        self._cancel = cancel
        self._configs: dict[str, tuple[Descriptor, tuple[str, ...]]] = {}
        self._layers: dict[tuple[str, Digest | None], Descriptor] = {}
        self._digests: dict[tuple[str, str], Digest] = {}
        self._buffer: memoryview | None = None

    def check(self) -> None:
        """Raise Cancelled if somebody asked to stop."""
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("opening the archive was cancelled")

    def document(self, name: str) -> bytes:
        """The file ``name``. Raises DocumentTooLarge, ArchiveError where it is missing or cut short."""
        size = self._present(name)
        if size > self.document_limit:
            raise DocumentTooLarge(self.files.place(name), size=size, limit=self.document_limit)
        with self.files.open(name) as file:
            return read_up_to(file, size)

    def config(self, name: str) -> tuple[Descriptor, tuple[str, ...]]:
        """The descriptor of the config in the file ``name``, and its diff IDs. Raises ContentError."""
        known = self._configs.get(name)
        if known is None:
            data = self.document(name)
            diff_ids = ImageConfig.parse(data, name=name).diff_ids
            known = self._configs[name] = (self._made(mediatypes.OCI_CONFIG, data, name), diff_ids)
        return known

    def made_config(self, data: bytes) -> Descriptor:
        """The descriptor of a config that no file holds."""
        return self._made(mediatypes.OCI_CONFIG, data, "")

    def layer(self, name: str, claimed: Digest | None) -> Descriptor:
        """The descriptor of the layer in the file ``name``; ``claimed`` is its diff ID by the config.

        Raises ArchiveError where it must be hashed and is missing or cut short, or OCI knows no such layer.
        """
        known = self._layers.get((name, claimed))
        if known is None:
            known = self._layers[name, claimed] = self._layer(name, claimed)
        return known

    def _layer(self, name: str, claimed: Digest | None) -> Descriptor:
        size = self.files.full_size(name)
        if size is None and claimed is not None:
            self.notes.append(f"layer {claimed} is not in the archive: there is no {name[:200]}")
            return Descriptor(mediatypes.OCI_LAYER, claimed, 0)
        packed = packing(self._start(name))
        media_type = _TYPES.get(packed)
        if media_type is None:
            raise ArchiveError(
                f"layer {name[:200]} is compressed with {packed}, for which OCI has no media type",
                hint="Load the archive with an engine and save it again.",
            )
        digest = claimed if claimed is not None and packed is None else self.digest(name)
        self.blobs.setdefault(digest, Blob(name))
        return Descriptor(media_type, digest, self.files.full_size(name) or 0)

    def digest(self, name: str) -> Digest:
        """The SHA-256 of the file as it is. Raises ArchiveError where it is missing or cut short."""
        return self._hashed(name, "")

    def diff_id(self, name: str) -> Digest:
        """The SHA-256 of the file unpacked, which is what a config calls a layer by. Raises ArchiveError."""
        return self._hashed(name, packing(self._start(name)) or "")

    def _hashed(self, name: str, packed: str) -> Digest:
        known = self._digests.get((name, packed))
        if known is None:
            known = self._digests[name, packed] = Digest("sha256", self._looked_up(name, packed))
        return known

    def _looked_up(self, name: str, packed: str) -> str:
        if self._present(name) < _WORTH_KEEPING:
            return self._hash(name, packed)
        key = self.files.key(name) + packed
        room = Room("digests", limit=_KEPT)
        kept = (room.read(key) or b"").decode("latin-1")
        if len(kept) != 64 or kept.strip("0123456789abcdef"):
            kept = self._hash(name, packed)
            room.keep(key, kept.encode())
        return kept

    def _hash(self, name: str, packed: str) -> str:
        running = hashlib.sha256(usedforsecurity=False)
        with self.files.open(name) as file:
            if packed:
                unpacking = Unpacking(file, packed, name=self.files.place(name))  # type: ignore[arg-type]
                for piece in unpacking.pieces():
                    self.check()
                    running.update(piece)
                return running.hexdigest()
            buffer = self._buffer = self._buffer or page_buffer(_CHUNK)
            while got := file.readinto(buffer):  # type: ignore[attr-defined]  # raw files have it
                self.check()
                running.update(buffer[:got])
        return running.hexdigest()

    def _start(self, name: str) -> bytes:
        if self.files.size(name) is None:
            raise _missing(name)
        with self.files.open(name) as file:
            return read_up_to(file, 8)

    def _present(self, name: str) -> int:
        """The size of the file ``name``. Raises ArchiveError where it is missing or cut short."""
        size, full = self.files.size(name), self.files.full_size(name)
        if size is None or full is None:
            raise _missing(name)
        if size < full:
            raise ArchiveError(f"{name[:200]} is cut short: {size} of its {full} bytes are there", hint=HINT)
        return size

    def manifest(self, config: Descriptor, layers: Sequence[Descriptor]) -> Descriptor:
        """A manifest for them, as skopeo and others write one; and its descriptor."""
        document = {
            "schemaVersion": 2,
            "mediaType": mediatypes.OCI_MANIFEST,
            "config": _plain(config),
            "layers": [_plain(layer) for layer in layers],
        }
        return self._made(mediatypes.OCI_MANIFEST, gojson.dumps(document), "")

    def _made(self, media_type: str, data: bytes, name: str) -> Descriptor:
        digest = Digest("sha256", hashlib.sha256(data, usedforsecurity=False).hexdigest())
        self.blobs.setdefault(digest, Blob(name, None if name else data))
        return Descriptor(media_type, digest, len(data))

    def add(self, target: Descriptor, names: Iterable[str]) -> None:
        """An image under each of ``names``; without any, it is called by its digest."""
        full = list(dict.fromkeys(self.full_name(name) for name in names if name))
        for name in full:
            annotations = {IMAGE_NAME: name, REF_NAME: oci_reference_name(name)}
            self.images.append(Image(name, target.with_annotations(annotations)))
        if not full:
            self.images.append(Image(image_name(target), target))

    def add_malformed(self, problem: ContentError, names: Sequence[str], raw: object) -> None:
        """What stands where an image should."""
        annotations: Mapping[str, str] = {IMAGE_NAME: self.full_name(names[0])} if names else {}
        child: Child = MalformedDescriptor(problem.owned_by(""), annotations=annotations, raw=raw)
        self.images.append(Image(image_name(child), child))

    def full_name(self, text: str) -> str:
        """The name with registry and tag; as it is, with a note, where it does not parse."""
        try:
            return str(parse_normalized(text).with_default_tag())
        except InvalidReference as error:
            self.notes.append(str(error))
            return text


def inside(name: str, where: str) -> str:
    """The name of a file of the archive, without dots. Raises MalformedDocument where it leads elsewhere."""
    plain = posixpath.normpath(name)
    if (
        not name
        or "\0" in name
        or "\\" in name
        or plain.startswith("/")
        or plain.split("/")[0] in ("..", ".")
    ):
        raise MalformedDocument(f"{name[:200]!r} names no file of the archive", where=where, hint=HINT)
    return plain


def _missing(name: str) -> ArchiveError:
    return ArchiveError(f"there is no file {name[:200]} in the archive", hint=HINT)


def _plain(descriptor: Descriptor) -> dict[str, object]:
    return {
        "mediaType": descriptor.media_type,
        "digest": str(descriptor.digest),
        "size": descriptor.size,
    }
