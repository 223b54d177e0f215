"""What an export's thread does: write its files one after the other; or hash those that are written."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from dataclasses import replace

from exporter_core import ExportReport, Phase, run_export
from exporter_core.content import page_buffer
from exporter_core.errors import Cancelled, TargetError
from gui.job_list.gate import Gate, HeldStore
from gui.job_list.values import JobState, Part

_CHUNK = 1 << 20


def export_workers() -> int:
    """Threads that copy: one core is left to the window."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores - 1, 8))


def write_parts(parts: Sequence[Part], gate: Gate, cancel: threading.Event, workers: int) -> None:
    """Write each file that waits; one that fails does not keep the others from being written.

    Raises Cancelled.
    """
    for part in parts:
        if part.state is not JobState.WAITING:
            continue
        gate.wait(cancel)
        if cancel.is_set():
            raise Cancelled
        part.state = JobState.RUNNING
        try:
            part.report = _write(part, gate, cancel, workers)
        except Cancelled:
            part.state = JobState.CANCELLED
            raise
        except BaseException as error:
            part.error = error
            part.state = JobState.FAILED
        else:
            part.state = JobState.DONE


def _write(part: Part, gate: Gate, cancel: threading.Event, workers: int) -> ExportReport:
    request = part.request
    return run_export(
        part.plan, HeldStore(request.store, gate, cancel), request.path, progress=part.progress,
        cancel=cancel, workers=workers, overwrite=request.overwrite, checksum=request.checksum,
    )  # fmt: skip


def hash_parts(parts: Sequence[Part], cancel: threading.Event) -> None:
    """Read each written file once for its SHA-256, for its report. Raises Cancelled, TargetError."""
    for part in parts:
        report = part.report
        if report is not None and not report.sha256:
            part.report = replace(report, sha256=_sha256(part, cancel))


def _sha256(part: Part, cancel: threading.Event) -> str:
    path, progress = part.request.path, part.progress
    digest = hashlib.sha256(usedforsecurity=False)
    buffer = page_buffer(_CHUNK)
    progress.checksummed = 0
    progress.phase = Phase.CHECKSUM
    try:
        with open(path, "rb", buffering=0) as file:
            while got := file.readinto(buffer):
                if cancel.is_set():
                    raise Cancelled
                digest.update(buffer[:got])
                progress.checksummed += got
    except OSError as error:
        raise TargetError(
            f"{path} cannot be read: {error.strerror or error}",
            hint="It was moved or deleted after it was written: export it again.",
        ) from error
    finally:
        progress.phase = Phase.DONE
    if part.report is not None and progress.checksummed != part.report.bytes:
        raise TargetError(
            f"{path} has {progress.checksummed} bytes now, {part.report.bytes} were written",
            hint="Another program has changed it: export it again.",
        )
    return digest.hexdigest()
