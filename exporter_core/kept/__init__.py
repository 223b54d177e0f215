"""Why a blob or snapshot is still there, as containerd's own collector sees it; what a collection would take;
which snapshot is which layer unpacked; what an image has alone and what it shares. Nothing is collected here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter_core.lazy import attributes

if TYPE_CHECKING:
    from exporter_core.kept.index import MOST, Garbage, KeptIndex, Link, Reason, Thing, build_kept
    from exporter_core.kept.layers import Unpacked, chain_ids, unpacked
    from exporter_core.kept.rules import NEWEST, Kind, Version
    from exporter_core.kept.sums import ImageSize, Sizes, sizes

__all__ = [
    "MOST",
    "NEWEST",
    "Garbage",
    "ImageSize",
    "KeptIndex",
    "Kind",
    "Link",
    "Reason",
    "Sizes",
    "Thing",
    "Unpacked",
    "Version",
    "build_kept",
    "chain_ids",
    "sizes",
    "unpacked",
]

_HOMES = {
    "index": ("MOST", "Garbage", "KeptIndex", "Link", "Reason", "Thing", "build_kept"),
    "layers": ("Unpacked", "chain_ids", "unpacked"),
    "rules": ("NEWEST", "Kind", "Version"),
    "sums": ("ImageSize", "Sizes", "sizes"),
}
__getattr__ = attributes(__name__, _HOMES)
