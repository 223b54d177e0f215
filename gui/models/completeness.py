"""How complete something is, in a symbol, a colour and words: the one answer for list, tree and picker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exporter_core import BlobState, ImageSummary, Node, PlatformStatus, ShipglassError
from exporter_core.errors import DigestMismatch
from gui.text import number, plural, tr


@dataclass(frozen=True, slots=True)
class Badge:
    """``icon`` and ``tint`` (a field of Tokens) for the eye, ``text`` in words for everyone."""

    icon: str
    tint: str
    text: str


def blob_badge(state: BlobState) -> Badge:
    """What the store has of a blob."""
    return {
        BlobState.PRESENT: Badge("circle-check", "ok", tr("present")),
        BlobState.MISSING: Badge("circle-dashed", "warn", tr("missing")),
        BlobState.WRONG_SIZE: Badge("circle-not-equal", "bad", tr("wrong size")),
        BlobState.UNREADABLE: Badge("circle-x", "bad", tr("unreadable")),
        BlobState.CORRUPT: Badge("octagon-alert", "bad", tr("corrupt")),
        BlobState.UNVERIFIABLE: Badge("circle-alert", "bad", tr("cannot be verified")),
        BlobState.MALFORMED: Badge("circle-x", "bad", tr("malformed")),
    }[state]


def broken_badge() -> Badge:
    """A document that is there and cannot be used."""
    return Badge("circle-x", "bad", tr("unusable"))


def corrupt_badge(n: int, also: str = "") -> Badge:
    """``1 blob corrupt``, of something that holds so many of them, and what ``also`` is to be said of it."""
    words = plural(n, "{n} blob corrupt", "{n} blobs corrupt")
    return Badge("octagon-alert", "bad", f"{words}, {also}" if also else words)


def _otherwise_whole(problems: Iterable[ShipglassError]) -> bool:
    return all(isinstance(problem, DigestMismatch) for problem in problems)


def node_badge(node: Node, status: PlatformStatus | None, corrupt: int) -> Badge:
    """Of a row of the tree; ``status`` where it is a manifest, ``corrupt`` blobs at or below it."""
    if status is not None and node.state is BlobState.PRESENT:
        return platform_badge(status)
    if corrupt and node.state is BlobState.PRESENT:
        return corrupt_badge(corrupt)
    if node.state is BlobState.PRESENT and node.problem is not None:
        return broken_badge()
    return blob_badge(node.state)


def platform_badge(status: PlatformStatus) -> Badge:
    """``complete, 9 of 9``, ``3 of 7 present``, ``1 blob corrupt``."""
    counts = {"present": number(status.present), "total": number(status.total)}
    if status.corrupt:
        also = "" if _otherwise_whole(status.problems) else tr("{present} of {total} present", **counts)
        return corrupt_badge(status.corrupt, also)
    if status.complete:
        return Badge("circle-check", "ok", tr("complete, {present} of {total}", **counts))
    if status.present == 0:
        return Badge("circle", "muted", tr("nothing of {total} present", **counts))
    if status.present == status.total:
        return broken_badge()
    return Badge("circle-dashed", "warn", tr("{present} of {total} present", **counts))


def all_badge(summary: ImageSummary) -> Badge:
    """Of all platforms together, by blobs."""
    counts = {"present": number(summary.present), "total": number(summary.blobs)}
    if summary.corrupt:
        also = "" if _otherwise_whole(summary.problems) else tr("{present} of {total} present", **counts)
        return corrupt_badge(summary.corrupt, also)
    if summary.complete:
        return Badge("circle-check", "ok", tr("complete, {present} of {total}", **counts))
    if summary.present == summary.blobs:
        return broken_badge()
    return Badge("circle-dashed", "warn", tr("{present} of {total} present", **counts))


def image_badge(summary: ImageSummary | None) -> Badge:
    """Of an image in the list."""
    if summary is None:
        return Badge("loader-circle", "muted", tr("not looked at yet"))
    if summary.corrupt:
        return corrupt_badge(summary.corrupt)
    if not any(status.complete or 0 < status.present < status.total for status in summary.manifests):
        return Badge("circle-x", "bad", tr("broken"))
    if summary.complete:
        return Badge("circle-check", "ok", tr("complete"))
    whole = sum(status.complete for status in summary.platforms)
    if len(summary.platforms) < 2:
        return Badge("circle-dashed", "warn", tr("incomplete"))
    text = tr("{whole} of {n} platforms complete", whole=number(whole), n=number(len(summary.platforms)))
    return Badge("circle-dashed", "warn", text)


def platform_words(summary: ImageSummary) -> str:
    """``4 platforms``, or the name of the only one."""
    named = [status for status in summary.platforms if status.platform is not None]
    if len(named) == 1:
        return named[0].name
    return plural(len(named), "{n} platform", "{n} platforms") if named else ""
