"""The history of an image: a row a step, and all of the selected one below."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QFrame, QSplitter, QTextBrowser, QVBoxLayout, QWidget

from gui.models import VALUE
from gui.models.history import LAYER, SIZE, WHAT, HistoryModel, Making, StepRow, step_details
from gui.text import tr
from gui.theme import fixed_font, tokens
from gui.widgets import NoteLabel, Pages, RowView


class HistoryPane(QFrame):
    """``layerWanted(number of the layer, from 1)`` when a step's layer is clicked or Enter is pressed."""

    layerWanted = Signal(int)

    def __init__(self, model: HistoryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.view = RowView(
            model,
            "historyView",
            tr("History of the image"),
            widths={LAYER: 56, SIZE: 74},
            stretched=(WHAT,),
        )
        self.note = NoteLabel("triangle-alert", "warn")
        self.note.setContentsMargins(12, 8, 12, 8)
        self.detail = QTextBrowser()
        self.detail.setObjectName("historyDetail")
        self.detail.setAccessibleName(tr("The selected step"))
        self.detail.setOpenLinks(False)
        self.detail.setFrameShape(QFrame.Shape.NoFrame)
        self.detail.document().setDocumentMargin(12)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        for widget, stretch in ((self.view, 3), (self.detail, 2)):
            split.addWidget(widget)
            split.setStretchFactor(split.count() - 1, stretch)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self.note)
        inside.addWidget(split, 1)
        self.pages = Pages(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self.view.selectionModel().currentChanged.connect(self._current_changed)
        self.view.entered_.connect(self._wanted)
        self.view.clicked.connect(self._clicked)

    def show_making(self, making: Making, digest: str) -> None:
        """Show the steps; that of the layer with ``digest`` is selected."""
        self.model.show(making.rows)
        self.note.say(making.note)
        if making.rows:
            index = self.model.find(digest)
            self.view.setCurrentIndex(index if index.isValid() else self.model.index(0, WHAT))
            self.pages.show_view()
        elif making.problem is not None:
            text = f"{making.problem}\n{making.problem.hint}".strip()
            self.pages.show_placeholder("circle-x", tr("The history cannot be read"), text, "bad")
        else:
            text = tr("Its configuration tells no steps, and there are no layers.")
            self.pages.show_placeholder("history", tr("No history"), text)

    def show_step(self, digest: str) -> None:
        """Select the step of the layer with ``digest``, if there is one."""
        index = self.model.find(digest)
        if index.isValid() and index.row() != self.view.currentIndex().row():
            self.view.setCurrentIndex(index)

    def show_placeholder(self, symbol: str, title: str, text: str = "", tint: str = "muted") -> None:
        """There is nothing to show, and why."""
        self.model.show(())
        self.pages.show_placeholder(symbol, title, text, tint)

    def _current_changed(self, index: QModelIndex) -> None:
        row = index.data(VALUE)
        self.detail.setHtml(_detail(row) if isinstance(row, StepRow) else "")

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() in (LAYER, SIZE):
            self._wanted(index)

    def _wanted(self, index: QModelIndex) -> None:
        row = index.data(VALUE)
        if isinstance(row, StepRow) and row.node is not None:
            self.layerWanted.emit(row.step.number)


def _detail(row: StepRow) -> str:
    """The step as a page of text."""
    colours, mono = tokens(), fixed_font().family()
    entry = row.step.entry
    command = entry.created_by if entry is not None and entry.created_by else row.command
    facts = "".join(
        f"<tr><td style='color:{colours.muted};padding-right:12px;white-space:nowrap'>{escape(label)}</td>"
        f"<td>{escape(value)}</td></tr>"
        for label, value in step_details(row)
    )
    text = escape(command).replace("\n", "<br>").replace("\t", "&nbsp;&nbsp;")
    step = f"<div style=\"font-family:'{mono}'\">{text}</div><br>"
    return f"{step}<table cellspacing='0' cellpadding='2'>{facts}</table>"
