"""Rows for what a namespace has besides images: blobs that nothing refers to, and those under way."""

from __future__ import annotations

from collections.abc import Iterator

from exporter_core.humanize import short_digest
from exporter_core.kept import Garbage
from exporter_core.metadata import Ingest
from gui.models.kept import Kept
from gui.models.rows import ImageRow
from gui.text import number, percent, plural, size, tr

_MOST = 500  # rows of one kind


def blob_rows(owner: object, kept: Kept, folded: frozenset[object], depth: int) -> Iterator[ImageRow]:
    """Of the store ``owner``. What nothing refers to is closed until its key is among ``folded``."""
    garbage = kept.garbage
    if garbage.blobs:
        key, title = (owner, "loose"), tr("Not referenced")
        closed = key not in folded
        yield ImageRow("group", key, -1, title, title, _sum(garbage), folded=closed, depth=depth)
        if not closed:
            yield from _loose_rows(owner, garbage, depth)
    if kept.ingests:
        key, title = (owner, "ingests"), tr("Under way")
        closed = key in folded
        total = plural(len(kept.ingests), "{n} blob", "{n} blobs")
        yield ImageRow("group", key, -1, title, title, total, folded=closed, depth=depth)
        if not closed:
            yield from (_ingest_row(owner, ingest, depth) for ingest in kept.ingests[:_MOST])


def _sum(garbage: Garbage) -> str:
    """``3 blobs, 12 MiB``, and how much of it no other namespace has."""
    total = plural(len(garbage.blobs), "{n} blob", "{n} blobs")
    if garbage.freed == garbage.bytes:
        return tr("{blobs}, {size}", blobs=total, size=size(garbage.bytes))
    return tr(
        "{blobs}, {size}, {own} here alone", blobs=total, size=size(garbage.bytes), own=size(garbage.freed)
    )


def _loose_rows(owner: object, garbage: Garbage, depth: int) -> Iterator[ImageRow]:
    """The largest first."""
    largest = sorted(garbage.blobs.items(), key=lambda item: (-item[1], item[0]))
    for digest, length in largest[:_MOST]:
        words = tr("another namespace has it too") if digest in garbage.elsewhere else ""
        title = short_digest(digest)
        yield ImageRow("loose", owner, -1, digest, title, words, size=length, depth=depth)
    if len(largest) > _MOST:
        text = tr("and {n} smaller ones", n=number(len(largest) - _MOST))
        yield ImageRow("message", owner, -1, text, text, "", depth=depth)


def _ingest_row(owner: object, ingest: Ingest, depth: int) -> ImageRow:
    """How far it is, where its length is known."""
    far = tr("{size} so far", size=size(ingest.received))
    if ingest.total:
        share = percent(min(ingest.received / ingest.total, 1))
        far = tr(
            "{done} of {total}, {share}", done=size(ingest.received), total=size(ingest.total), share=share
        )
    return ImageRow("ingest", owner, -1, ingest.ref, ingest.ref, far, depth=depth)
