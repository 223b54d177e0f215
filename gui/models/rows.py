"""A row of the list of images, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from gui.models.completeness import Badge


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One row: an image (``row`` is its place in its store), or a heading ("store", "namespace", "group",
    "message"), or a blob by itself: one that nothing refers to ("loose") or that is under way ("ingest").

    ``detail`` may be shortened where room is scarce, ``words`` may not; ``depth`` is how far it is indented.
    """

    kind: str
    key: object
    row: int
    name: str
    title: str
    detail: str
    words: str = ""
    size: int | None = None
    badge: Badge | None = None
    referrer: bool = False
    folded: bool = False
    depth: int = 0

    @property
    def is_image(self) -> bool:
        """Whether it stands for an image."""
        return self.kind == "image"

    @property
    def can_fold(self) -> bool:
        """Whether it opens and closes what is below it."""
        return self.kind in ("store", "namespace", "group")

    @property
    def is_heading(self) -> bool:
        """Whether it stands for what is below it, or for nothing."""
        return self.can_fold or self.kind == "message"
