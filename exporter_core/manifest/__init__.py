"""Index, Manifest and ImageConfig: bytes → frozen values (image-spec ``image-index.md``, ``manifest.md``,
``config.md``), and descriptors to and from JSON.

A descriptor that is malformed does not spoil its document: it becomes a MalformedDescriptor. Errors say
where they are: ``manifests[3].digest``.
"""

from exporter_core.manifest.descriptors import descriptor_json, parse_descriptor, platform_json
from exporter_core.manifest.documents import (
    HistoryEntry,
    ImageConfig,
    Index,
    Manifest,
    contradiction,
    sniff_media_type,
)

__all__ = [
    "HistoryEntry",
    "ImageConfig",
    "Index",
    "Manifest",
    "contradiction",
    "descriptor_json",
    "parse_descriptor",
    "platform_json",
    "sniff_media_type",
]
