"""What belongs to a node and stands elsewhere: its base image, its attestations, its signatures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from exporter_core import Descriptor, Image, Manifest, Node, Store, mediatypes
from exporter_core.errors import ContentError
from exporter_core.graph import read_image_document, referrers_of
from exporter_core.graph.documents import REFERENCE_DIGEST
from exporter_core.humanize import short_digest
from gui.text import tr

BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"
_PREDICATE = "in-toto.io/predicate-type"


def base_of(*annotations: Mapping[str, str]) -> tuple[str, str]:
    """(name, digest) of the base image by the first of these that tell; "" for what none tells."""
    name = next((each[BASE_NAME] for each in annotations if BASE_NAME in each), "")
    digest = next((each[BASE_DIGEST] for each in annotations if BASE_DIGEST in each), "")
    return name, digest


def attestations_of(store: Store, node: Node, parent: Node | None) -> Iterator[tuple[str, str]]:
    """(what it attests, digest) of each attestation beside ``node`` that speaks of it."""
    for sibling in (parent.children or ()) if parent is not None else ():
        about = sibling.child.annotations.get(REFERENCE_DIGEST, "")
        if sibling.role == "attestation" and about == node.digest_text:
            yield ", ".join(_predicates(store, sibling)) or tr("of an unknown kind"), sibling.digest_text


def attested_by(node: Node) -> str:
    """The digest of the manifest that this attestation speaks of, or ""."""
    return node.child.annotations.get(REFERENCE_DIGEST, "") if node.role == "attestation" else ""


def referrer_words(store: Store, images: Sequence[Image], digest: str) -> Iterator[tuple[str, str, str]]:
    """(kind, name, digest) of the images that are listed because they belong to ``digest``."""
    for image in referrers_of(store, images, digest):
        target = image.target
        artifact = target.artifact_type if isinstance(target, Descriptor) else ""
        kind = mediatypes.describe(artifact) if artifact else tr("index of referrers")
        name = image.name if image.name != image.digest_text else short_digest(image.name)
        yield kind[:1].upper() + kind[1:], name, image.digest_text


def _predicates(store: Store, attestation: Node) -> list[str]:
    document = None
    if isinstance(attestation.child, Descriptor):
        with suppress(ContentError):
            document = read_image_document(store, attestation.child, limit=store.document_limit)
    if not isinstance(document, Manifest):
        return []
    kinds = (layer.annotations.get(_PREDICATE, "") for layer in document.layers)
    return list(dict.fromkeys(_predicate_words(kind) for kind in kinds if kind))


def _predicate_words(kind: str) -> str:
    known = {
        "spdx.dev": "SPDX SBOM",
        "cyclonedx.org": "CycloneDX SBOM",
        "slsa.dev/provenance": "SLSA provenance",
    }
    return next((words for part, words in known.items() if part in kind), kind)
