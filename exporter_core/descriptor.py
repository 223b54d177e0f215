"""Descriptor: what refers to a blob (image-spec ``descriptor.md``), and its stand-in where malformed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias

from exporter_core.digest import Digest
from exporter_core.errors import ContentError
from exporter_core.platforms import Platform

EMPTY: Mapping[str, str] = MappingProxyType({})


def nothing() -> Mapping[str, str]:
    """The empty mapping, as a default."""
    return EMPTY


IMAGE_NAME = "io.containerd.image.name"
"""Annotation: the full image name (containerd)."""
REF_NAME = "org.opencontainers.image.ref.name"
"""Annotation: the tag, or the name where there is no tag (image-spec ``annotations.md``)."""
MANIFEST_SUBJECT = "io.containerd.manifest.subject"
"""Annotation in an index: the digest this entry is a referrer of (containerd)."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A blob by media type, digest and size (bytes), with all that stood beside them.

    ``platform`` is as written, not normalised; ``data`` the embedded content; ``extra`` every field this
    program does not know, as parsed JSON. Equality looks at all of it, the hash at the identity alone.
    """

    media_type: str
    digest: Digest
    size: int
    urls: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=nothing, hash=False)
    platform: Platform | None = None
    data: bytes | None = field(default=None, hash=False, repr=False)
    artifact_type: str = ""
    extra: Mapping[str, object] = field(default_factory=nothing, hash=False, repr=False)

    @property
    def digest_text(self) -> str:
        """The digest as text, as a malformed descriptor has what stands for it."""
        return str(self.digest)

    def annotated(self, **more: str) -> Descriptor:
        """This descriptor with ``more`` added to its annotations (a later value wins)."""
        return replace(self, annotations=MappingProxyType({**self.annotations, **more}))

    def with_annotations(self, annotations: Mapping[str, str]) -> Descriptor:
        """This descriptor with just these annotations."""
        return replace(self, annotations=MappingProxyType(dict(annotations)))


@dataclass(frozen=True, slots=True)
class MalformedDescriptor:
    """Stands where a descriptor should: ``problem`` says what is wrong with it and where.

    ``digest_text`` is what stood for its digest ("" if nothing); ``raw`` the parsed JSON value.
    """

    problem: ContentError = field(hash=False)
    media_type: str = ""
    digest_text: str = ""
    platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=nothing, hash=False)
    raw: object = field(default=None, hash=False, repr=False)


Child: TypeAlias = Descriptor | MalformedDescriptor
"""What a document lists: a descriptor, or what stands where one is malformed."""
