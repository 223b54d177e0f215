"""Media types: the constants, what each stands for, and the one docker→OCI table.

Sources: image-spec 1.1.1 ``media-types.md``, containerd 2.x ``core/images/mediatypes.go``. A media type is
compared as it is written; unknown ones are never an error (image-spec ``considerations.md``).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Kind = Literal["index", "manifest", "config", "layer", "other"]
"""What a descriptor of some media type points to."""

Compression = Literal["none", "gzip", "zstd", "unknown"]
"""How a layer's tar is packed; ``unknown`` wants a look at its first bytes."""

# OCI image-spec 1.1
OCI_DESCRIPTOR = "application/vnd.oci.descriptor.v1+json"
OCI_LAYOUT_HEADER = "application/vnd.oci.layout.header.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_GZIP = f"{OCI_LAYER}+gzip"
OCI_LAYER_ZSTD = f"{OCI_LAYER}+zstd"
OCI_NONDISTRIBUTABLE_LAYER = "application/vnd.oci.image.layer.nondistributable.v1.tar"
OCI_NONDISTRIBUTABLE_LAYER_GZIP = f"{OCI_NONDISTRIBUTABLE_LAYER}+gzip"
OCI_NONDISTRIBUTABLE_LAYER_ZSTD = f"{OCI_NONDISTRIBUTABLE_LAYER}+zstd"

# Docker image manifest version 2, schema 2 (and the one type of schema 1, which is no kind here)
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_PLUGIN_CONFIG = "application/vnd.docker.plugin.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_GZIP = f"{DOCKER_LAYER}.gzip"
DOCKER_LAYER_ZSTD = f"{DOCKER_LAYER}.zstd"
DOCKER_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar"
DOCKER_FOREIGN_LAYER_GZIP = f"{DOCKER_FOREIGN_LAYER}.gzip"
DOCKER_SCHEMA1_MANIFEST = "application/vnd.docker.distribution.manifest.v1+prettyjws"

# containerd
CHECKPOINT = "application/vnd.containerd.container.criu.checkpoint.criu.tar"
CHECKPOINT_PREDUMP = "application/vnd.containerd.container.criu.checkpoint.predump.tar"
CHECKPOINT_RESOURCE = "application/vnd.containerd.container.resource.tar"
CHECKPOINT_RW = "application/vnd.containerd.container.rw.tar"
CHECKPOINT_CONFIG = "application/vnd.containerd.container.checkpoint.config.v1+proto"
CHECKPOINT_OPTIONS = "application/vnd.containerd.container.checkpoint.options.v1+proto"
CHECKPOINT_RUNTIME_NAME = "application/vnd.containerd.container.checkpoint.runtime.name"
CHECKPOINT_RUNTIME_OPTIONS = "application/vnd.containerd.container.checkpoint.runtime.options+proto"
EROFS_LAYER = "application/vnd.erofs.layer.v1"

# Attestations
IN_TOTO = "application/vnd.in-toto+json"

DOCKER_TO_OCI: Mapping[str, str] = MappingProxyType(
    {
        DOCKER_LIST: OCI_INDEX,
        DOCKER_MANIFEST: OCI_MANIFEST,
        DOCKER_CONFIG: OCI_CONFIG,
        DOCKER_LAYER: OCI_LAYER,
        DOCKER_LAYER_GZIP: OCI_LAYER_GZIP,
        DOCKER_LAYER_ZSTD: OCI_LAYER_ZSTD,
        DOCKER_FOREIGN_LAYER: OCI_NONDISTRIBUTABLE_LAYER,
        DOCKER_FOREIGN_LAYER_GZIP: OCI_NONDISTRIBUTABLE_LAYER_GZIP,
    }
)
"""Each Docker type that has an OCI twin. A :data:`DOCKER_LAYER` may really be compressed: look at it."""

_KINDS: Mapping[str, Kind] = {
    OCI_INDEX: "index",
    DOCKER_LIST: "index",
    OCI_MANIFEST: "manifest",
    DOCKER_MANIFEST: "manifest",
    OCI_CONFIG: "config",
    DOCKER_CONFIG: "config",
}
_LAYER_PREFIX = "application/vnd.oci.image.layer."
_NONDISTRIBUTABLE_PREFIXES = (
    f"{_LAYER_PREFIX}nondistributable.",
    "application/vnd.docker.image.rootfs.foreign.",
)

# By the type without its +suffixes; EROFS is no packed tar and has none.
_COMPRESSIONS: Mapping[str, Compression] = {
    OCI_LAYER: "none",
    OCI_NONDISTRIBUTABLE_LAYER: "none",
    DOCKER_LAYER: "unknown",
    DOCKER_FOREIGN_LAYER: "unknown",
    DOCKER_LAYER_GZIP: "gzip",
    DOCKER_FOREIGN_LAYER_GZIP: "gzip",
    DOCKER_LAYER_ZSTD: "zstd",
}
_NAMES: Mapping[str, str] = {
    "": "no media type",
    OCI_INDEX: "OCI image index",
    OCI_MANIFEST: "OCI image manifest",
    OCI_CONFIG: "OCI image config",
    OCI_EMPTY: "empty value",
    OCI_DESCRIPTOR: "OCI descriptor",
    OCI_LAYOUT_HEADER: "OCI layout header",
    DOCKER_LIST: "Docker manifest list",
    DOCKER_MANIFEST: "Docker image manifest",
    DOCKER_CONFIG: "Docker image config",
    DOCKER_PLUGIN_CONFIG: "Docker plugin config",
    DOCKER_SCHEMA1_MANIFEST: "Docker image manifest (schema 1)",
    CHECKPOINT: "checkpoint",
    CHECKPOINT_PREDUMP: "checkpoint pre-dump",
    CHECKPOINT_RESOURCE: "checkpoint resources",
    CHECKPOINT_RW: "checkpoint writable layer",
    CHECKPOINT_CONFIG: "checkpoint config",
    CHECKPOINT_OPTIONS: "checkpoint options",
    CHECKPOINT_RUNTIME_NAME: "checkpoint runtime name",
    CHECKPOINT_RUNTIME_OPTIONS: "checkpoint runtime options",
    EROFS_LAYER: "EROFS layer",
    IN_TOTO: "in-toto attestation",
    "application/vnd.dsse.envelope.v1+json": "signed attestation",
    "application/vnd.dev.cosign.simplesigning.v1+json": "Cosign signature",
    "application/vnd.dev.sigstore.bundle.v0.3+json": "Sigstore bundle",
    "application/vnd.cncf.notary.signature": "Notary signature",
    "application/spdx+json": "SPDX document",
    "application/vnd.cyclonedx+json": "CycloneDX document",
    "application/vnd.cncf.helm.config.v1+json": "Helm chart config",
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip": "Helm chart",
    "application/vnd.wasm.config.v0+json": "Wasm config",
    "application/wasm": "Wasm module",
}


def kind(media_type: str) -> Kind:
    """What the type stands for; ``other`` for everything that is no part of an image."""
    return "layer" if is_layer(media_type) else _KINDS.get(media_type, "other")


def is_index(media_type: str) -> bool:
    """Whether it is an OCI index or a Docker manifest list."""
    return kind(media_type) == "index"


def is_manifest(media_type: str) -> bool:
    """Whether it is an image manifest, OCI's or Docker's schema 2."""
    return kind(media_type) == "manifest"


def is_config(media_type: str) -> bool:
    """Whether it is the config of a runnable image, OCI's or Docker's."""
    return kind(media_type) == "config"


def is_layer(media_type: str) -> bool:
    """Whether it is a layer of a file system, wrapped in suffixes or not (containerd: ``IsLayerType``)."""
    base = media_type.partition("+")[0]
    return media_type.startswith(_LAYER_PREFIX) or base in _COMPRESSIONS or base == EROFS_LAYER


def is_nondistributable(media_type: str) -> bool:
    """Whether it is a layer that registries may not hand out (containerd: ``IsNonDistributable``)."""
    return media_type.startswith(_NONDISTRIBUTABLE_PREFIXES)


def compression(media_type: str) -> Compression | None:
    """How the layer's tar is packed, as its type claims; None for what is no tar layer.

    Docker's plain type may hide a compressed tar, and suffixes nobody knows anything: ``unknown``.
    Source: containerd's ``DiffCompression``.
    """
    base, *suffixes = media_type.split("+")
    packed = _COMPRESSIONS.get(base)
    if packed is None or not suffixes:
        return packed
    if packed == "none" and "zstd" in suffixes:
        return "zstd"
    return "gzip" if packed == "none" and "gzip" in suffixes else "unknown"


def describe(media_type: str) -> str:
    """A short name for people: ``OCI image index``, ``gzip layer``; the type itself where it is unknown."""
    known = _NAMES.get(media_type)
    packed = compression(media_type)
    if known or packed is None:
        return known or media_type
    words = {"none": ["uncompressed"], "unknown": []}.get(packed, [packed])
    if "encrypted" in media_type.split("+"):
        words.insert(0, "encrypted")
    if is_nondistributable(media_type):
        words.insert(0, "non-distributable")
    return " ".join([*words, "layer"])
