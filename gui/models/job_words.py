"""An export and its parts in words: title, state, speed, time left. No Qt model in here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from exporter_core import Entry, ExportPlan, Phase, State
from gui.job_list import ExportJob, JobState, Part
from gui.models.catalogue import split_name
from gui.models.completeness import Badge
from gui.text import duration, percent, plural, rate, size, tr

_SORTED_MOST = 20_000


def reading_order(blobs: Sequence[Entry]) -> list[int]:
    """Indexes of the blobs as a person lists them: an image, its manifests, their config and layers.

    The archive's own order, by digest, where there are too many to sort beside a running export.
    """
    indexes = list(range(len(blobs)))
    if len(indexes) > _SORTED_MOST:
        return indexes
    return sorted(indexes, key=lambda i: _reading_key(blobs[i].owner))


def _reading_key(owner: str) -> list[tuple[bool, str, int]]:
    key = []
    for part in reversed(owner.split(" of ")):
        word, _, digits = part.rpartition(" ")
        whole = (word, int(digits)) if digits.isdigit() else (part, 0)
        key.append((part == "attestation", *whole))
    return key


# Titles


def images_title(plan: ExportPlan) -> str:
    """``harbor-web:2.4``, or ``3 images``."""
    images = plan.images
    if len(images) > 1:
        return plural(len(images), "{n} image", "{n} images")
    return split_name(images[0].name)[0] if images else ""


def part_title(part: Part) -> str:
    """``harbor-web:2.4 → harbor-web.tar``."""
    return f"{images_title(part.plan)} → {Path(part.request.path).name}"


def export_title(export: ExportJob) -> str:
    """``harbor-web:2.4 → harbor-web.tar``; ``3 images → 3 files in archives``."""
    if len(export.parts) == 1:
        return part_title(export.parts[0])
    count = len(export.parts)
    folder = Path(export.request.path).parent.name or "/"
    files = plural(count, "{n} file", "{n} files")
    images = plural(count, "{n} image", "{n} images")
    return f"{images} → {tr('{files} in {folder}', files=files, folder=folder)}"


def blob_title(entry: Entry, plan: ExportPlan) -> str:
    """Whose blob it is, without the image's name where there is only one image."""
    images = plan.images
    if len(images) == 1:
        if entry.owner == images[0].name:
            return tr("root")
        return entry.owner.removesuffix(f" of {images[0].name}")
    return entry.owner


# States


def job_badge(export: ExportJob) -> Badge:
    """The state of an export."""
    if export.cancel.is_set() and export.active:
        return Badge("circle-stop", "warn", tr("cancelling…"))
    if export.state is JobState.RUNNING:
        return Badge("play", "accent", phase_words(export.progress.phase))
    if export.state is JobState.PAUSED:
        return Badge("pause", "warn", tr("paused"))
    if export.state is JobState.WAITING and export.job is not None:
        return Badge("circle-dashed", "muted", tr("waiting to go on"))
    return _STATES[export.state]()


def part_badge(part: Part) -> Badge:
    """The state of one file of an export."""
    if part.state is JobState.RUNNING:
        return Badge("play", "accent", phase_words(part.progress.phase))
    if part.state is JobState.DONE and part.progress.phase is Phase.CHECKSUM:
        return _STATES[JobState.HASHING]()
    return _STATES[part.state]()


def phase_words(phase: Phase) -> str:
    """What a running export is at."""
    if phase is Phase.FLUSHING:
        return tr("writing to disk…")
    return tr("computing the SHA-256…") if phase is Phase.CHECKSUM else tr("copying")


_STATES = {
    JobState.PLANNING: lambda: Badge("search", "muted", tr("planning…")),
    JobState.WAITING: lambda: Badge("circle-dashed", "muted", tr("waiting")),
    JobState.HASHING: lambda: Badge("play", "accent", tr("computing the SHA-256…")),
    JobState.DONE: lambda: Badge("circle-check", "ok", tr("done and verified")),
    JobState.FAILED: lambda: Badge("circle-x", "bad", tr("failed")),
    JobState.CANCELLED: lambda: Badge("circle-slash", "muted", tr("cancelled")),
}


def blob_badge(state: State, ended: bool = False) -> Badge:
    """The state of one blob of an export; of one that has ``ended`` nothing waits any more."""
    if ended and state is State.WAITING:
        return Badge("circle", "muted", tr("not copied"))
    return {
        State.WAITING: Badge("circle", "muted", tr("waiting")),
        State.COPYING: Badge("play", "accent", tr("copying")),
        State.VERIFIED: Badge("circle-check", "ok", tr("verified")),
        State.FAILED: Badge("circle-x", "bad", tr("failed")),
        State.CANCELLED: Badge("circle-slash", "muted", tr("cancelled")),
    }[state]


def tone(state: JobState) -> str:
    """The colour of the bar."""
    return {
        JobState.DONE: "ok",
        JobState.FAILED: "bad",
        JobState.CANCELLED: "muted",
        JobState.PAUSED: "warn",
    }.get(state, "accent")


# Numbers


def part_fraction(part: Part) -> float:
    """How far one file is; of the pass over the archive while its digest is computed."""
    progress = part.progress
    if progress.phase is Phase.CHECKSUM and part.plan.total:
        return progress.checksummed / part.plan.total
    return 1.0 if part.state is JobState.DONE else progress.fraction


def job_fraction(export: ExportJob) -> float:
    """How far the whole is."""
    parts = export.parts
    if len(parts) == 1:
        return part_fraction(parts[0])
    if export.state is JobState.HASHING:
        written = export.written
        total = sum(part.plan.total for part in written) or 1
        return sum(part.plan.total if part.sha256 else part.progress.checksummed for part in written) / total
    return 1.0 if export.state is JobState.DONE else export.progress.fraction


def speed_words(export: ExportJob, speed: float) -> str:
    """``48.2 MiB/s``: of the last seconds, or of the whole once it is done."""
    if export.state is JobState.RUNNING:
        return rate(speed) if speed else ""
    if export.state is JobState.DONE and export.progress.seconds > 0:
        return rate(export.progress.total / export.progress.seconds)
    return ""


def left_words(export: ExportJob, speed: float) -> str:
    """``4 s`` left, ``took 12 s``; what a paused one keeps."""
    progress = export.progress
    if export.state is JobState.DONE:
        return tr("took {time}", time=duration(progress.seconds))
    if export.state is not JobState.RUNNING or speed <= 0:
        return ""
    return duration((progress.total - progress.bytes_done) / speed)


def part_time_words(part: Part) -> str:
    """``took 12 s``."""
    return tr("took {time}", time=duration(part.report.seconds)) if part.report else ""


def copied_words(done: int, total: int) -> str:
    """``1.2 MiB of 3.0 MiB``."""
    return tr("{done} of {total}", done=size(done), total=size(total))


def blob_percent(done: int, total: int) -> str:
    """``71 %``; nothing for a blob of no bytes."""
    return percent(done / total) if total else ""
