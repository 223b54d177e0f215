"""The exports of earlier days: one JSON object a line, in a file of the state folder that never grows large.

A line that cannot be read is passed over, an old file is cut to its newer half. Writing fails silently: no
export shall fail because of its own history.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from exporter_core import ExportOptions
from exporter_core.errors import ShipglassError
from exporter_core.platforms import parse
from gui.job_list.values import ENDED, ExportJob, JobState
from gui.settings import state_folder

FILE_LIMIT = 512 * 1024
"""Bytes after which the older half is dropped."""
_LINE_LIMIT = 64 * 1024  # a longer line would crowd out the others
_TEXT_LIMIT = 2000
_STATES = {state.value for state in ENDED}


@dataclass(frozen=True, slots=True)
class Record:
    """An export that has ended: ``state`` is done, failed or cancelled, ``time`` when (RFC 3339, UTC).

    ``targets`` are its files, one for each of ``images`` where there are several, which ``template``
    named. ``bytes`` and ``seconds`` are of what was written, ``sha256`` of a single file.
    """

    time: str
    state: str
    store: str
    images: tuple[str, ...]
    targets: tuple[str, ...]
    platforms: tuple[str, ...] = ()
    all_platforms: bool = False
    profile: str = "oci"
    docker_manifest: bool = True
    skip_nondistributable: bool = False
    checksum: bool = False
    template: str = ""
    bytes: int = 0
    seconds: float = 0.0
    sha256: str = ""
    error: str = ""

    @property
    def options(self) -> ExportOptions:
        """What was asked of the core; platforms that do not parse are left out."""
        platforms = []
        for text in self.platforms:
            with suppress(ShipglassError):
                platforms.append(parse(text))
        return ExportOptions(
            platforms=tuple(platforms) or None,
            all_platforms=self.all_platforms,
            profile="v1" if self.profile == "v1" else "oci",
            docker_manifest=self.docker_manifest,
            skip_nondistributable=self.skip_nondistributable,
        )


def record_of(export: ExportJob) -> Record:
    """What is to be remembered of an export that has just ended."""
    options, reports = export.plan.options, [part.report for part in export.parts if part.report]
    return Record(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        state=export.state.value,
        store=export.request.store.location,
        images=tuple(image.name for part in export.parts for image in part.plan.images),
        targets=tuple(part.request.path for part in export.parts),
        platforms=tuple(map(str, options.platforms or ())),
        all_platforms=options.all_platforms,
        profile=options.profile,
        docker_manifest=options.docker_manifest,
        skip_nondistributable=options.skip_nondistributable,
        checksum=export.request.checksum,
        template=export.request.template,
        bytes=sum(report.bytes for report in reports),
        seconds=round(export.progress.seconds, 3),
        sha256=reports[0].sha256 if len(export.parts) == 1 and reports else "",
        error=str(export.error or "")[:_TEXT_LIMIT] if export.state is JobState.FAILED else "",
    )


class Past:
    """The file. The newest record comes first."""

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or state_folder()) / "exports.jsonl"

    def add(self, record: Record) -> None:
        """Append a record."""
        line = json.dumps(asdict(record), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        if len(line) > _LINE_LIMIT:
            return
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "ab") as file:
                file.write(line)
                size = file.tell()
            if size > FILE_LIMIT:
                self._cut()

    def records(self) -> list[Record]:
        """All that can be read."""
        return list(_parsed(reversed(self._lines())))

    def clear(self) -> None:
        """Forget everything."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _lines(self) -> list[bytes]:
        try:
            with open(self.path, "rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 2 * FILE_LIMIT))
                return file.read().split(b"\n")
        except OSError:
            return []

    def _cut(self) -> None:
        lines = [line for line in self._lines() if line]
        kept, room = len(lines), FILE_LIMIT // 2
        while kept and room >= len(lines[kept - 1]) + 1:
            kept -= 1
            room -= len(lines[kept]) + 1
        fresh = self.path.with_suffix(f".{os.getpid()}.new")
        fresh.write_bytes(b"".join(line + b"\n" for line in lines[kept:]))
        os.replace(fresh, self.path)


def _parsed(lines: Iterator[bytes]) -> Iterator[Record]:
    for line in lines:
        with suppress(ValueError, RecursionError):
            record = _record(json.loads(line)) if line.strip() else None
            if record is not None:
                yield record


def _record(value: object) -> Record | None:
    """The record that a line stands for; None where it is none."""
    if not isinstance(value, dict):
        return None
    known: dict[str, object] = {}
    for item in fields(Record):
        if item.name in value:
            given = _taken(value[item.name], str(item.type))
            if given is None:
                return None
            known[item.name] = given
    needed = {"time", "state", "store", "images", "targets"}
    if not needed <= known.keys() or known["state"] not in _STATES or not known["targets"]:
        return None
    return Record(**known)  # type: ignore[arg-type]


def _taken(value: object, kind: str) -> object:
    """``value`` where it is of the field's kind, else None."""
    if kind.startswith("tuple"):
        whole = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return tuple(value) if whole else None  # type: ignore[arg-type]
    if kind == "bool":
        return value if isinstance(value, bool) else None
    if kind == "str":
        return value if isinstance(value, str) else None
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1 << 62
    return (int(value) if kind == "int" else float(value)) if number else None  # type: ignore[call-overload, arg-type]
