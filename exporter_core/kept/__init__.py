"""Why a blob or snapshot is still there, as containerd's own collector sees it; what a collection would take;
which snapshot is which layer unpacked; what an image has alone and what it shares. Nothing is collected here.
"""

from __future__ import annotations

from exporter_core.kept.index import Garbage, KeptIndex, Link, Reason, Thing, build_kept
from exporter_core.kept.layers import Unpacked, chain_ids, unpacked
from exporter_core.kept.rules import NEWEST, Kind, Version
from exporter_core.kept.sizes import ImageSize, Sizes, sizes

__all__ = [
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
