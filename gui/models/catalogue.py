"""What the list needs to know of a store's images to filter and sort them at once, worked out beforehand.

Made in the pool when a store is opened; then 100,000 images are filtered and sorted at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from exporter_core import Image, ImageSummary
from exporter_core.humanize import short_digest
from exporter_core.progress import breathe
from gui.text import tr

_DIGEST_LENGTH = 60  # a name that is longer than this and has no "/" is a digest


def split_name(name: str) -> tuple[str, str]:
    """(``harbor-web:2.4``, ``docker.io/library``): what tells images apart, and the rest of the name."""
    base, at, digest = name.partition("@")
    if not at and ":" in name and "/" not in name and len(name) > _DIGEST_LENGTH:
        return short_digest(name), tr("no name")
    rest, _, last = base.rpartition("/")
    return (f"{last}@{short_digest(digest, 8)}" if at else last), rest


class Catalogue:
    """The images of a store and, as they become known, their summaries; rows are places in ``images``.

    ``plain`` and ``referrers`` are the rows of the images themselves and of what belongs to them;
    ``incomplete`` counts the images of which something is missing or wrong, ``corrupt`` those that hold a
    corrupt blob; none counts as both.
    """

    def __init__(self, images: Sequence[Image] = ()) -> None:
        self.images = tuple(images)
        self.summaries: dict[int, ImageSummary] = {}
        self.incomplete = self.corrupt = 0
        self._texts: list[str] = []
        self._platforms: dict[int, str] = {}
        names: list[tuple[str, str]] = []
        for image in self.images:
            breathe()
            self._texts.append(f"{image.name} {image.digest_text}".lower())
            names.append(split_name(image.name))
        self._ranks = [0] * len(names)
        for rank, row in enumerate(sorted(range(len(names)), key=names.__getitem__)):
            self._ranks[row] = rank
        self.referrers = [row for row, image in enumerate(self.images) if image.is_referrer]
        belonging = set(self.referrers)
        self.plain = [row for row in range(len(self.images)) if row not in belonging]

    def learn(self, row: int, summary: ImageSummary) -> None:
        """Take in what is now known of an image."""
        before = self.summaries.get(row)
        for known, change in ((before, -1), (summary, 1)):
            if known is not None and not known.complete:
                self.corrupt += change * bool(known.corrupt)
                self.incomplete += change * (not known.corrupt)
        self.summaries[row] = summary
        self._platforms[row] = " ".join(status.name for status in summary.platforms).lower()

    def rows(self, words: str = "", order: str = "store", *, referrers: bool = False) -> list[int]:
        """The rows in whose name, digest or platforms all ``words`` occur.

        ``order`` is ``store`` (as in ``images``), ``name`` or ``size`` (the largest first).
        """
        rows = self.referrers if referrers else self.plain
        for word in words.lower().split():
            texts, platforms = self._texts, self._platforms
            rows = [row for row in rows if word in texts[row] or word in platforms.get(row, "")]
        if order == "name":
            return sorted(rows, key=self._ranks.__getitem__)
        if order == "size":
            return sorted(rows, key=self._negative_size)
        return list(rows)

    def _negative_size(self, row: int) -> int:
        summary = self.summaries.get(row)
        return 1 if summary is None else -summary.size
