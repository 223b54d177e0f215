"""The graph of an image: children of a descriptor, the tree of nodes a person browses, and how complete
each platform is. Reads documents only, never layers; decides nothing about exports.
"""

from exporter_core.graph.documents import (
    attestations,
    config_platform,
    identified,
    read_children,
    read_image_document,
)
from exporter_core.graph.find import find_image
from exporter_core.graph.nodes import BlobState, Node, blob_state, expand, load_tree, root_node
from exporter_core.graph.summary import ImageSummary, PlatformStatus, summarise

__all__ = [
    "BlobState",
    "ImageSummary",
    "Node",
    "PlatformStatus",
    "attestations",
    "blob_state",
    "config_platform",
    "expand",
    "find_image",
    "identified",
    "load_tree",
    "read_children",
    "read_image_document",
    "root_node",
    "summarise",
]
