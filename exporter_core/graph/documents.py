"""Reading the documents of an image: what a descriptor refers to. Verified, never layers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from exporter_core import mediatypes
from exporter_core.content import (
    DOCUMENT_LIMIT,
    Provider,
    read_document,
    read_up_to,
)
from exporter_core.descriptor import Child, Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import (
    ContentError,
    CyclicImage,
    DigestMismatch,
    MalformedDocument,
    SizeMismatch,
)
from exporter_core.manifest import ImageConfig, Index, Manifest, contradiction, sniff_media_type
from exporter_core.platforms import Platform

DEEPEST = 100
"""Levels that indexes may be nested; real images have two."""
REFERENCE_TYPE = "vnd.docker.reference.type"
REFERENCE_DIGEST = "vnd.docker.reference.digest"
"""Annotation of an attestation entry: the digest of the manifest that it speaks of (BuildKit)."""


def read_children(
    provider: Provider, descriptor: Descriptor, *, limit: int = DOCUMENT_LIMIT, strict: bool = True
) -> tuple[Child, ...]:
    """What the document at ``descriptor`` refers to, in its order: a manifest's config and layers, an
    index's manifests, nothing for any other media type (containerd ``images.Children``).

    ``strict`` refuses a document that contradicts its media type, as containerd 2.x does and the V1Exporter
    did not. Raises ContentError.
    """
    document = read_image_document(provider, descriptor, limit=limit)
    if document is None:
        return ()
    wrong = contradiction(document) if strict else ""
    if wrong:
        name = str(descriptor.digest)
        raise MalformedDocument(f"{name}: {wrong}", hint="Fetch the image again.", digest=name)
    return document.manifests if isinstance(document, Index) else (document.config, *document.layers)


def read_image_document(
    provider: Provider, descriptor: Descriptor, *, limit: int = DOCUMENT_LIMIT
) -> Index | Manifest | None:
    """The verified document at ``descriptor``; None where its media type is of neither index nor manifest.

    Raises ContentError.
    """
    shape: type[Index] | type[Manifest]
    if mediatypes.is_index(descriptor.media_type):
        shape = Index
    elif mediatypes.is_manifest(descriptor.media_type):
        shape = Manifest
    else:
        return None
    return shape.parse(read_document(provider, descriptor, limit=limit), name=str(descriptor.digest))


def too_deep(digest: str) -> MalformedDocument:
    """The problem of a document below more than DEEPEST others."""
    return MalformedDocument(
        f"{digest} is nested too deeply (more than {DEEPEST} levels)",
        hint="This is no image that a registry hands out: its store was tampered with.",
        digest=digest,
    )


def explained(
    error: ContentError, provider: Provider, descriptor: Descriptor, above: Collection[Digest], *, limit: int
) -> ContentError:
    """CyclicImage in place of a wrong size or digest, where the document names itself or one ``above`` it.

    No circle of true digests can be made, so a document that closes one never is what its digest says; the
    circle is what the user should hear of.
    """
    if not isinstance(error, DigestMismatch | SizeMismatch) or not mediatypes.is_index(descriptor.media_type):
        return error
    try:
        with provider.open(descriptor) as blob:
            index = Index.parse(read_up_to(blob, limit), name=str(descriptor.digest))
    except (ContentError, OSError):
        return error
    circle = {descriptor.digest, *above}
    closes = any(isinstance(child, Descriptor) and child.digest in circle for child in index.manifests)
    return CyclicImage(str(descriptor.digest)) if closes else error


def identified(provider: Provider, descriptor: Descriptor, *, limit: int = DOCUMENT_LIMIT) -> Descriptor:
    """The descriptor with its media type filled in from the document where it has none.

    Raises ContentError where the document cannot be read.
    """
    if descriptor.media_type:
        return descriptor
    data = read_document(provider, descriptor, limit=limit)
    return replace(descriptor, media_type=sniff_media_type(data, name=str(descriptor.digest)))


def attestations(children: Sequence[Child]) -> dict[int, str]:
    """Of an index's ``children``, which are BuildKit attestations: number → "attestation of PLATFORM"."""
    platforms = {
        str(child.digest): child.platform
        for child in children
        if isinstance(child, Descriptor) and child.platform is not None
    }
    found: dict[int, str] = {}
    for number, child in enumerate(children):
        if child.annotations.get(REFERENCE_TYPE) == "attestation-manifest":
            about = platforms.get(child.annotations.get(REFERENCE_DIGEST, ""))
            found[number] = f"attestation of {about}" if about is not None else "attestation"
    return found


def config_platform(provider: Provider, config: Child, *, limit: int = DOCUMENT_LIMIT) -> Platform | None:
    """The platform that a config blob names; None where it cannot be read or names none."""
    if not isinstance(config, Descriptor) or not mediatypes.is_config(config.media_type):
        return None
    try:
        data = read_document(provider, config, limit=limit)
        platform = ImageConfig.parse(data, name=str(config.digest)).platform
    except ContentError:
        return None
    return platform if platform.os or platform.architecture else None
