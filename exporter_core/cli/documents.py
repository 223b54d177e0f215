"""What each command prints with ``--json``. Keys are a contract: they are added, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exporter_core.errors import ShipglassError
from exporter_core.export import ExportReport
from exporter_core.plan import ExportPlan

if TYPE_CHECKING:
    from exporter_core.graph import ImageSummary, Node
    from exporter_core.stores.discover import Place
    from exporter_core.verify import VerifyReport


def image(summary: ImageSummary) -> dict[str, Any]:
    """An element of ``images --json``. ``platforms`` are those that may be asked for."""
    named = [status for status in summary.platforms if status.platform is not None]
    return {
        "name": summary.image.name,
        "digest": summary.image.digest_text,
        "mediaType": summary.media_type,
        "size": summary.size,
        "presentSize": summary.present_size,
        "blobs": summary.blobs,
        "present": summary.present,
        "platforms": list(dict.fromkeys(status.name for status in named)),
        "incompletePlatforms": list(dict.fromkeys(s.name for s in named if not s.complete)),
        "complete": summary.complete,
        "referrer": summary.image.is_referrer,
        "problems": [problem(error) for error in summary.problems],
    }


def node(value: Node) -> dict[str, Any]:
    """``tree --json``: a node and all below it."""
    return {
        "role": value.role,
        "label": value.label,
        "digest": value.digest_text,
        "mediaType": value.child.media_type,
        "size": value.size,
        "platform": None if value.platform is None else str(value.platform),
        "state": value.state.value,
        "problem": None if value.problem is None else problem(value.problem),
        "children": [node(child) for child in value.children or ()],
    }


def plan(value: ExportPlan) -> dict[str, Any]:
    """``export --plan --json``."""
    return {
        "bytes": value.total,
        "entries": [
            {
                "name": entry.name,
                "mode": entry.mode,
                "size": entry.size,
                "digest": str(entry.descriptor.digest) if entry.descriptor else None,
            }
            for entry in value.entries
        ],
        "problems": [problem(error) for error in value.problems],
        "notes": [str(note) for note in value.notes],
        "noteKinds": [note.kind.value for note in value.notes],
    }


def problem(error: ShipglassError) -> dict[str, Any]:
    """What is wrong, whose it is, what to do, and the exit code it would mean."""
    return {
        "kind": type(error).__name__,
        "message": str(error),
        "hint": error.hint,
        "digest": getattr(error, "digest", "") or None,
        "owner": getattr(error, "owner", "") or None,
        "exitCode": error.exit_code,
    }


def exported(output: str, report: ExportReport) -> dict[str, Any]:
    """``export --json``; ``sha256`` only where it was asked for."""
    told: dict[str, Any] = {
        "output": output,
        "bytes": report.bytes,
        "blobs": report.blobs,
        "seconds": round(report.seconds, 6),
    }
    return {**told, "sha256": report.sha256} if report.sha256 else told


def verified(report: VerifyReport) -> dict[str, Any]:
    """``verify --json``."""
    return {
        "ok": report.ok,
        "location": report.location,
        "kind": report.kind,
        "blobs": report.blobs,
        "bytes": report.bytes,
        "images": report.images,
        "problems": [problem(error) for error in report.problems],
        "notes": list(report.notes),
    }


def place(value: Place) -> dict[str, Any]:
    """An element of ``stores --json``: a place that exists."""
    return {
        "location": value.location,
        "title": value.title,
        "kind": value.kind,
        "readable": value.readable,
        "images": value.images,
        "namespaces": list(value.namespaces),
        "problem": value.problem or None,
        "hint": value.hint or None,
    }
