"""How much a store holds in all: asked of the core when every image has been looked at, told when known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from exporter_core import Image, Store
from exporter_core.kept import Sizes, sizes
from gui.features.reading import PerReading
from gui.session import OpenStore, Session
from gui.text import plural, size, tr


class Sums(QObject):
    """``known(store)`` when its ``sums`` are there. What cannot be summed up has none."""

    known = Signal(object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._question = PerReading(session, self)
        self._question.answered.connect(self._answered)
        session.settled.connect(self._settled)

    def _settled(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        if opened.store is not None and opened.images and not self._question.asked(opened):
            self._question.ask(opened, partial(_sums, opened.store, opened.images))

    def _answered(self, opened: object, sums: object) -> None:
        assert isinstance(opened, OpenStore) and isinstance(sums, Sizes)
        opened.sums = sums
        self.known.emit(opened)


def sum_words(sums: Sizes) -> list[str]:
    """``412 blobs`` and ``3.1 GiB (1.9 GiB shared)``."""
    total = size(sums.bytes)
    if sums.shared:
        total = tr("{size} ({shared} shared)", size=total, shared=size(sums.shared))
    return [plural(sums.blobs, "{n} blob", "{n} blobs"), total]


def _sums(store: Store, images: tuple[Image, ...], stop: Callable[[], bool]) -> Sizes:
    """In the pool: the sums alone, for of each image nobody asks."""
    return replace(sizes(store, images, stop=stop), images={})
