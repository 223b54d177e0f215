"""Back and forward through what was looked at: a history with a cursor. No Qt; it moves nothing itself."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

MOST = 200
"""Places that are remembered; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node that was looked at: ``path`` leads to it from the root of ``image`` in ``store``.

    ``store`` and ``image`` are whatever tells them apart.
    """

    store: Hashable
    image: Hashable
    path: tuple[int, ...] = ()


class Navigation:
    """The places in the order they were visited. A visit after going back forgets what lay ahead."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._at = -1

    @property
    def current(self) -> Place | None:
        """Where we are."""
        return self._places[self._at] if self._at >= 0 else None

    @property
    def can_go_back(self) -> bool:
        """Whether there is a place behind."""
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether there is a place ahead."""
        return self._at + 1 < len(self._places)

    def visit(self, place: Place, *, replace: bool = False) -> None:
        """Be at ``place`` now; ``replace`` puts it where the current one was. The same place counts once."""
        if place == self.current:
            return
        if replace and self._at >= 0:
            self._places[self._at] = place
            if self._at > 0 and self._places[self._at - 1] == place:
                del self._places[self._at]
                self._at -= 1
            return
        del self._places[self._at + 1 :]
        self._places.append(place)
        del self._places[:-MOST]
        self._at = len(self._places) - 1

    def back(self) -> Place | None:
        """One place back; None where there is none."""
        return self._step(-1) if self.can_go_back else None

    def forward(self) -> Place | None:
        """One place forward; None where there is none."""
        return self._step(1) if self.can_go_forward else None

    def forget(self, store: Hashable, image: Hashable | None = None) -> None:
        """Take every place of ``store`` (of ``image`` alone, if given) out of the history."""
        kept: list[Place] = []
        at = -1
        for number, place in enumerate(self._places):
            gone = place.store == store and image in (None, place.image)
            if not gone and (not kept or kept[-1] != place):
                kept.append(place)
            if number <= self._at:
                at = len(kept) - 1
        self._places, self._at = kept, max(at, 0) if kept else -1

    def _step(self, step: int) -> Place:
        self._at += step
        return self._places[self._at]
