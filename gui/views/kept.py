"""Kept by: why a blob is still in its namespace, below who uses it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from exporter_core.kept import Reason
from gui.models.kept import KEEPER, KeptModel
from gui.text import plural, tr
from gui.widgets import ElidedLabel, Pages, RowView

_KEEPER_SHARE = 0.42  # of the width


class KeptPane(QFrame):
    """The reasons of one blob, or why there are none."""

    def __init__(self, model: KeptModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.words = ElidedLabel()
        self.words.setObjectName("keptByWords")
        head = QFrame()
        head.setProperty("bar", True)
        inside = QVBoxLayout(head)
        inside.setContentsMargins(12, 7, 12, 7)
        inside.addWidget(self.words)
        self.view = KeptView(model, "keptByView", tr("What keeps this blob"))
        self.pages = Pages(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(head)
        layout.addWidget(self.pages, 1)

    def show_reasons(self, reasons: Sequence[Reason], namespace: str) -> None:
        """What keeps the blob in ``namespace``; nothing, where a collection would take it."""
        self.model.show(reasons)
        if reasons:
            ways = plural(len(reasons), "{n} way", "{n} ways")
            self.words.setText(tr("Kept in {namespace} by {ways}", namespace=namespace, ways=ways))
            self.pages.show_view()
            return
        text = tr("No image, lease, container, snapshot or label leads to it: a collection would take it.")
        self.show_placeholder("trash", tr("Nothing keeps it"), text)
        self.words.setText(tr("Not kept in {namespace}", namespace=namespace))

    def show_unknown(self, namespace: str) -> None:
        """The namespace does not record the blob, and nothing in it refers to it."""
        self.words.setText(tr("Not kept in {namespace}", namespace=namespace))
        self.show_placeholder("inbox", tr("Not recorded"), tr("The namespace knows no such blob."))

    def show_reading(self, namespace: str) -> None:
        """The namespace is being read."""
        self.words.setText(tr("What keeps it in {namespace}", namespace=namespace))
        self.show_placeholder("loader-circle", tr("Looking what keeps this…"))

    def show_placeholder(self, symbol: str, title: str, text: str = "", tint: str = "muted") -> None:
        """There is nothing to show, and why."""
        self.model.show(())
        self.pages.show_placeholder(symbol, title, text, tint)


class KeptView(RowView):
    """The rows; the keeper's column has its share of the width."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setColumnWidth(KEEPER, round(self.viewport().width() * _KEEPER_SHARE))
