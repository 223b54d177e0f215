"""Shipglass's core: open a local container content store, see what an image really is, export it to a tar.

In one breath::

    with closing(open_store("layout")) as store:
        image = store.images()[0]
        plan = plan_export(store, [image], ExportOptions(all_platforms=True))
        report = run_export(plan, store, "image.tar")

No Qt, no printing, no environment variables. Errors are in :mod:`exporter_core.errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter_core.lazy import attributes

__version__ = "0.1.0"

if TYPE_CHECKING:
    from exporter_core.content import DOCUMENT_LIMIT, BlobInfo, Image, InfoProvider, Provider, Store
    from exporter_core.descriptor import Descriptor, MalformedDescriptor
    from exporter_core.digest import Digest
    from exporter_core.errors import ShipglassError
    from exporter_core.export import ExportReport, V1Exporter, new_progress, run_export
    from exporter_core.graph import (
        BlobState,
        ImageSummary,
        Node,
        PlatformStatus,
        expand,
        load_tree,
        root_node,
        summarise,
    )
    from exporter_core.manifest import ImageConfig, Index, Manifest
    from exporter_core.plan import Entry, ExportOptions, ExportPlan, plan_export
    from exporter_core.platforms import Platform
    from exporter_core.progress import Phase, Progress, State
    from exporter_core.stores import open_store
    from exporter_core.verify import VerifyReport, verify_location

__all__ = [
    "DOCUMENT_LIMIT",
    "BlobInfo",
    "BlobState",
    "Descriptor",
    "Digest",
    "Entry",
    "ExportOptions",
    "ExportPlan",
    "ExportReport",
    "Image",
    "ImageConfig",
    "ImageSummary",
    "Index",
    "InfoProvider",
    "MalformedDescriptor",
    "Manifest",
    "Node",
    "Phase",
    "Platform",
    "PlatformStatus",
    "Progress",
    "Provider",
    "ShipglassError",
    "State",
    "Store",
    "V1Exporter",
    "VerifyReport",
    "expand",
    "load_tree",
    "new_progress",
    "open_store",
    "plan_export",
    "root_node",
    "run_export",
    "summarise",
    "verify_location",
]

_HOMES = {
    "content": ("BlobInfo", "DOCUMENT_LIMIT", "Image", "InfoProvider", "Provider", "Store"),
    "descriptor": ("Descriptor", "MalformedDescriptor"),
    "digest": ("Digest",),
    "errors": ("ShipglassError",),
    "export": ("ExportReport", "V1Exporter", "new_progress", "run_export"),
    "graph": (
        "BlobState",
        "ImageSummary",
        "Node",
        "PlatformStatus",
        "expand",
        "load_tree",
        "root_node",
        "summarise",
    ),
    "manifest": ("ImageConfig", "Index", "Manifest"),
    "plan": ("Entry", "ExportOptions", "ExportPlan", "plan_export"),
    "platforms": ("Platform",),
    "progress": ("Phase", "Progress", "State"),
    "stores": ("open_store",),
    "verify": ("VerifyReport", "verify_location"),
}
__getattr__ = attributes(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
