"""Used by: which images and manifests of the store refer to a blob."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from exporter_core.humanize import short_digest
from exporter_core.usage import Use
from gui.models import VALUE
from gui.models.kept import KeptModel
from gui.models.usage import UsageModel, usage_words
from gui.text import number, plural, tr
from gui.views.kept import KeptPane
from gui.widgets import ElidedLabel, Pages, RowView

_IMAGE_SHARE = 0.42  # of the width


class UsagePane(QFrame):
    """``useWanted(Use)`` when a row is clicked or Enter is pressed. ``kept`` tells what keeps the blob."""

    useWanted = Signal(object)

    def __init__(self, model: UsageModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.view = UsageView(model)
        self.words = ElidedLabel()
        self.words.setObjectName("usedByWords")
        self.digest = ElidedLabel()
        self.digest.setProperty("muted", True)
        head = QFrame()
        head.setProperty("bar", True)
        inside = QVBoxLayout(head)
        inside.setContentsMargins(12, 7, 12, 7)
        inside.setSpacing(2)
        inside.addWidget(self.words)
        inside.addWidget(self.digest)
        body = QWidget()
        rows = QVBoxLayout(body)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(head)
        rows.addWidget(self.view, 1)
        self.pages = Pages(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.pages, 1)
        self.kept = KeptPane(KeptModel(self))
        self.kept.hide()
        layout.addWidget(self.kept, 1)
        self.view.clicked.connect(self._chosen)
        self.view.entered_.connect(self._chosen)

    def show_uses(
        self, digest: str, uses: Sequence[Use], images: int, here: tuple[object, tuple[int, ...]]
    ) -> None:
        """Who refers to ``digest`` among all ``images`` of the store."""
        self.model.show(uses, *here)
        if not uses:
            text = tr("No image of this store refers to {digest}.", digest=digest)
            self.pages.show_placeholder("link", tr("Not used"), text)
            return
        self.words.setText(usage_words(uses, images))
        self.digest.setText(short_digest(digest, 24))
        self.digest.setToolTip(digest)
        self.pages.show_view()

    def show_reading(self, done: int, images: int) -> None:
        """The index is being made."""
        text = tr("Reading {n} of {images}", n=number(done), images=plural(images, "{n} image", "{n} images"))
        self.pages.show_placeholder("loader-circle", tr("Looking who uses this…"), text)

    def show_placeholder(self, symbol: str, title: str, text: str = "", tint: str = "muted") -> None:
        """There is nothing to show, and why."""
        self.model.show(())
        self.pages.show_placeholder(symbol, title, text, tint)

    def _chosen(self, index: QModelIndex) -> None:
        use = index.data(VALUE)
        if isinstance(use, Use):
            self.useWanted.emit(use)


class UsageView(RowView):
    """The rows; the images have their share of the width."""

    def __init__(self, model: UsageModel) -> None:
        super().__init__(model, "usedByView", tr("What refers to this blob"))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setColumnWidth(0, round(self.viewport().width() * _IMAGE_SHARE))
