"""Carry out a plan: copy, verify, and let no half-written file stand; decides nothing.

For a path: a temporary file beside it, written in parallel where the system has ``pwrite`` (offsets are
known from the plan), flushed to disk, renamed. For a stream: in order. Each blob's size and digest are
verified while it is copied. Whatever goes wrong, the temporary file is gone and an older file untouched.

"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from exporter_core.content import Provider
from exporter_core.descriptor import Descriptor
from exporter_core.errors import Cancelled
from exporter_core.export.copying import CHUNK, Run
from exporter_core.export.file import check_target, free_space, to_path
from exporter_core.export.stream import to_stream
from exporter_core.gojson import without_surrogates
from exporter_core.manifest import parse_descriptor
from exporter_core.plan import ExportOptions, ExportPlan, plan_export
from exporter_core.platforms import Platform, parse_v1
from exporter_core.progress import Phase, Progress


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written: ``output`` the path ("" for a stream), ``bytes`` of the archive, ``blobs`` copied,
    ``seconds`` it took, ``sha256`` of the archive where asked for, else "".
    """

    output: str
    bytes: int
    blobs: int
    seconds: float
    sha256: str = ""


def new_progress(plan: ExportPlan) -> Progress:
    """A Progress for a run of ``plan``: one counter for each of ``plan.blobs``."""
    return Progress([entry.size for entry in plan.blobs])


def run_export(
    plan: ExportPlan,
    provider: Provider,
    target: str | os.PathLike[str] | BinaryIO,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    checksum: bool = False,
) -> ExportReport:
    """Write the archive of ``plan`` to ``target``, a path or a binary stream; blobs come from ``provider``.

    ``progress`` (from :func:`new_progress`) is written as it goes; setting ``cancel`` stops it within one
    chunk. ``workers`` copy in parallel (None: one for each core). An existing file needs ``overwrite``.
    ``checksum`` reads the finished file once more for its SHA-256 (a stream is hashed as it goes).

    Raises PlanError where the plan has problems, ContentError, TargetError, Cancelled.
    """
    plan.raise_for_problems()
    run = Run(plan, provider, progress or new_progress(plan), cancel or threading.Event())
    run.progress.start()
    try:
        if isinstance(target, str | os.PathLike):
            output, digest = to_path(run, os.fspath(target), workers, overwrite, checksum)
        else:
            output, digest = "", to_stream(run, target, checksum)
    except Cancelled:
        run.progress.end(Phase.CANCELLED)
        raise
    except BaseException:
        run.progress.end(Phase.FAILED)
        raise
    run.progress.end(Phase.DONE)
    return ExportReport(output, plan.total, len(plan.blobs), run.progress.seconds, digest)


class V1Exporter:
    """containerd's V1Exporter (images/oci/exporter.go, 2018), byte for byte, over the same plan and copy."""

    def export(
        self,
        provider: Provider,
        descriptor: Descriptor | Mapping[str, object],
        writer: BinaryIO,
        platform: Platform | str | None = None,
    ) -> ExportReport:
        """Write the image at ``descriptor`` (a Descriptor, or one as parsed JSON) to ``writer`` as a tar.

        ``platform`` (None: the host's) filters every child as the exporter of 2018 did. Its annotations are
        the image's name; the exporter adds none. Raises PlanError before the first byte for everything
        foreseeable, ContentError and TargetError while copying, PlatformError for a platform that is none.
        """
        if isinstance(descriptor, Mapping):
            child = parse_descriptor(without_surrogates(dict(descriptor)), where="descriptor")
            if not isinstance(child, Descriptor):
                raise child.problem
            descriptor = child
        wanted = parse_v1(platform) if isinstance(platform, str) else platform
        options = ExportOptions(profile="v1", platforms=None if wanted is None else (wanted,))
        return run_export(plan_export(provider, [descriptor], options), provider, writer)


__all__ = ["CHUNK", "ExportReport", "V1Exporter", "check_target", "free_space", "new_progress", "run_export"]
