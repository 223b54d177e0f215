"""The plan of an export: every decision, no output.

``plan_export`` walks the images as the chosen profile does, and says exactly what the archive will hold:
names, modes, sizes, offsets, total bytes, and all that stands against it. It reads documents only.

Profile ``v1`` is containerd's V1Exporter (images/oci/exporter.go, 2018): no de-duplication, its filter, its
JSON. Profile ``oci`` is containerd 2.x's ``archive.Export`` (core/images/archive/exporter.go) with Docker's
``manifest.json``, deterministic for several images, nested indexes filtered as well.

"""

from __future__ import annotations

from collections.abc import Sequence

from exporter_core.content import Image, Provider
from exporter_core.descriptor import Descriptor
from exporter_core.errors import UsageError
from exporter_core.plan.notes import Note, NoteKind
from exporter_core.plan.oci import OciPlanner, docker_row, oci_index
from exporter_core.plan.planner import LAYOUT_DOCUMENT, Planner
from exporter_core.plan.v1 import V1Planner, v1_index
from exporter_core.plan.values import Entry, ExportOptions, ExportPlan, Profile


def plan_export(
    provider: Provider,
    images: Sequence[Image | Descriptor],
    options: ExportOptions | None = None,
) -> ExportPlan:
    """Plan the export of ``images`` from ``provider`` into one archive; nothing is written.

    A bare Descriptor exports as it stands: its annotations are its names. Everything foreseeable ends up in
    ``problems``. Raises UsageError only for a request that makes no sense.
    """
    options = options or ExportOptions()
    if not images:
        raise UsageError("no image was chosen", hint="Name at least one image.")
    if options.profile == "v1" and len(images) > 1:
        raise UsageError(
            "profile v1 writes exactly one image",
            hint="Export the images one by one, or with profile oci.",
        )
    wanted = tuple(_as_image(image) for image in images)
    planner: Planner = (V1Planner if options.profile == "v1" else OciPlanner)(provider, options)
    for image in wanted:
        planner.add(image)
    return planner.finish(wanted)


def _as_image(image: Image | Descriptor) -> Image:
    return image if isinstance(image, Image) else Image("", image)


__all__ = [
    "LAYOUT_DOCUMENT",
    "Entry",
    "ExportOptions",
    "ExportPlan",
    "Note",
    "NoteKind",
    "Profile",
    "docker_row",
    "oci_index",
    "plan_export",
    "v1_index",
]
