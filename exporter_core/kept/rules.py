"""containerd's labels for its collector: from labels to references (Go: ``core/metadata/gc.go``).

What a daemon understands has grown: 1.6 has ``gc.root``, ``gc.ref.content``, ``gc.ref.snapshot``, ``gc.flat``
and leases' ``gc.expire``; 1.7 sandboxes; 2.0 ``gc.ref.image`` and images' ``gc.expire``; 2.2 back references;
2.3 conditions. What comes later than the ``version`` asked for is no reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

Version: TypeAlias = tuple[int, int]
"""A containerd's major and minor number."""

NEWEST: Version = (2, 3)
SANDBOXES: Version = (1, 7)
EXPIRING_IMAGES: Version = (2, 0)
_BACK_REFERENCES: Version = (2, 2)


class Kind(StrEnum):
    """What can keep another thing, or be kept."""

    IMAGE = "image"
    LEASE = "lease"
    CONTAINER = "container"
    SANDBOX = "sandbox"
    CONTENT = "content"
    SNAPSHOT = "snapshot"
    INGEST = "ingest"


Key: TypeAlias = tuple[Kind, str]
"""A kind and a name; a snapshot's is ``snapshotter/key``."""

_GC = "containerd.io/gc."
ROOT, FLAT, EXPIRE = _GC + "root", _GC + "flat", _GC + "expire"
_USED_AT = _GC + "cond.value-usedat"
_CONDITION = _GC + "cond.snapshot"
_FORWARD = (
    (_GC + "ref.content", Kind.CONTENT, (1, 0)),
    (_GC + "ref.snapshot.", Kind.SNAPSHOT, (1, 0)),
    (_GC + "ref.image", Kind.IMAGE, (2, 0)),
)
_BACK = (
    (_GC + "bref.content", Kind.CONTENT, _BACK_REFERENCES),
    (_GC + "bref.snapshot.", Kind.SNAPSHOT, _BACK_REFERENCES),
    (_GC + "bref.image", Kind.IMAGE, _BACK_REFERENCES),
    (_GC + "bref.container", Kind.CONTAINER, _BACK_REFERENCES),
)
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)([.,]\d+)?(Z|[+-]\d\d:\d\d)")
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def forward(labels: Mapping[str, str], version: Version = NEWEST) -> Iterator[tuple[str, Key]]:
    """What the bearer of ``labels`` keeps, with the label that says so."""
    return _references(labels, _FORWARD, version)


def back(labels: Mapping[str, str], version: Version = NEWEST) -> Iterator[tuple[str, Key]]:
    """What keeps the bearer of ``labels``, with the label that says so."""
    return _references(labels, _BACK, version)


def root_label(labels: Mapping[str, str], version: Version = NEWEST) -> str:
    """The label that makes its bearer (a blob or a snapshot) a root, whatever its value; "" for none.

    From 2.2 on any label that begins with it does.
    """
    if ROOT in labels:
        return ROOT
    if version < _BACK_REFERENCES:
        return ""
    return next((label for label in labels if label.startswith(ROOT)), "")


def expired(labels: Mapping[str, str], now: datetime) -> bool:
    """Whether ``gc.expire`` is a moment before ``now``; what is no RFC 3339 time is ignored, as there."""
    moment = _moment(labels.get(EXPIRE, ""))
    return moment is not None and now > moment


def conditional(
    labels: Mapping[str, str], used: Mapping[str, datetime], now: datetime, version: Version = NEWEST
) -> Iterator[tuple[str, Key]]:
    """The snapshots that keep the bearer of ``labels`` by a condition that holds at ``now``.

    ``used`` is when each snapshot (``snapshotter/key``) says it was used last (``gc.cond.value-usedat``).
    """
    if version < NEWEST:
        return
    for label, value in labels.items():
        if not label.startswith(_CONDITION):
            continue
        conditions, mark, key = value.partition("|")
        name = label.removeprefix(_CONDITION).lstrip("./").partition("/")[0] + "/" + key
        moment = used.get(name)
        if mark and moment is not None and any(_holds(part, now - moment) for part in conditions.split(",")):
            yield label, (Kind.SNAPSHOT, name)


def used_at(labels: Mapping[str, str]) -> datetime | None:
    """When the snapshot with ``labels`` says it was used last."""
    return _moment(labels.get(_USED_AT, ""))


def _references(
    labels: Mapping[str, str], handlers: tuple[tuple[str, Kind, Version], ...], version: Version
) -> Iterator[tuple[str, Key]]:
    for label, value in labels.items():
        if not label.startswith(_GC):
            continue
        for prefix, kind, since in handlers:
            if since > version or not label.startswith(prefix):
                continue
            rest = label[len(prefix) :]
            if kind is Kind.SNAPSHOT:
                yield label, (kind, f"{rest.partition('/')[0]}/{value}")
            elif not rest or rest[0] in "./":
                yield label, (kind, value)


def _holds(condition: str, since: timedelta) -> bool:
    """Whether ``usedat<24h`` or ``usedat>24h`` is true; no other condition is known, nor is equality."""
    found = re.fullmatch(r"usedat([<>])([^=].*)", condition)
    limit = _duration(found[2]) if found else None
    if found is None or limit is None:
        return False
    return since < limit if found[1] == "<" else since > limit


def _duration(text: str) -> timedelta | None:
    """Go's ``time.ParseDuration``, to the microsecond; None for what it refuses."""
    sign = -1 if text.startswith("-") else 1
    text = text[1:] if text[:1] in ("-", "+") else text
    if text == "0":
        return timedelta()
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    try:
        return sign * timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
    except OverflowError:
        return None


def _moment(text: str) -> datetime | None:
    found = _RFC3339.fullmatch(text)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[1] + found[3]).astimezone(UTC) + _fraction(found[2])
    except (ValueError, OverflowError):
        return None


def _fraction(text: str | None) -> timedelta:
    return timedelta(microseconds=int((text or ".0")[1:7].ljust(6, "0")))
