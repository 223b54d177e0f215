"""The graph of an image: children of a descriptor, the tree of nodes a person browses, and how complete
each platform is. Reads documents only, never layers; decides nothing about exports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter_core.lazy import attributes

if TYPE_CHECKING:
    from exporter_core.graph.documents import (
        attestations,
        config_platform,
        identified,
        read_children,
        read_image_document,
    )
    from exporter_core.graph.find import find_image
    from exporter_core.graph.history import Step, history_steps
    from exporter_core.graph.matrix import Cell, CellState, Matrix, Row, completeness_matrix
    from exporter_core.graph.nodes import Node, distrusted, expand, load_tree, root_node, walk
    from exporter_core.graph.paths import nodes_along, path_near, path_of
    from exporter_core.graph.referrers import referrers_of
    from exporter_core.graph.states import BlobState, blob_state
    from exporter_core.graph.summary import ImageSummary, PlatformStatus, summarise

__all__ = [
    "BlobState",
    "Cell",
    "CellState",
    "ImageSummary",
    "Matrix",
    "Node",
    "PlatformStatus",
    "Row",
    "Step",
    "attestations",
    "blob_state",
    "completeness_matrix",
    "config_platform",
    "distrusted",
    "expand",
    "find_image",
    "history_steps",
    "identified",
    "load_tree",
    "nodes_along",
    "path_near",
    "path_of",
    "read_children",
    "read_image_document",
    "referrers_of",
    "root_node",
    "summarise",
    "walk",
]

__getattr__ = attributes(
    __name__,
    {
        "documents": (
            "attestations",
            "config_platform",
            "identified",
            "read_children",
            "read_image_document",
        ),
        "find": ("find_image",),
        "history": ("Step", "history_steps"),
        "matrix": ("Cell", "CellState", "Matrix", "Row", "completeness_matrix"),
        "nodes": ("Node", "distrusted", "expand", "load_tree", "root_node", "walk"),
        "paths": ("nodes_along", "path_near", "path_of"),
        "referrers": ("referrers_of",),
        "states": ("BlobState", "blob_state"),
        "summary": ("ImageSummary", "PlatformStatus", "summarise"),
    },
)
