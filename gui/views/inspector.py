"""The right pane: what is selected, first as a person reads it, then as it stands in the store."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QGuiApplication, QTextOption
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.models.json_text import JsonText
from gui.models.overview import Details
from gui.text import tr
from gui.theme import fixed_font
from gui.views.json_colours import JsonColours
from gui.views.overview import OverviewView
from gui.widgets import ElidedLabel, Pages, plain_button

_COLOURED_MOST = 64 * 1024


class Inspector(QTabWidget):
    """Tabs over one node's Details; ``copied(text)`` says what went to the clipboard."""

    copied = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspector")
        self.setAccessibleName(tr("Inspector"))
        self.setDocumentMode(True)
        self.tabBar().setDrawBase(False)
        self.overview = OverviewView()
        self.overview.setObjectName("overviewView")
        self.overview.anchorClicked.connect(self._link)
        self.pages = Pages(self.overview)
        self.json = JsonView()
        self.json.copied.connect(self.copied)
        self.addTab(self.pages, tr("Overview"))
        self.addTab(self.json, tr("JSON"))
        self.show_nothing()

    def show_details(self, details: Details) -> None:
        """Show this node."""
        self.overview.show_details(details)
        self.json.show_text(details.json)
        self.pages.show_view()

    def show_nothing(self) -> None:
        """Nothing is selected."""
        text = tr("Choose an image on the left, then a row of its structure, to see what it is.")
        self.pages.show_placeholder("info", tr("Nothing selected"), text)
        self.json.show_text(JsonText("", ""))

    def show_loading(self) -> None:
        """The node is being read."""
        self.pages.show_placeholder("loader-circle", tr("Loading…"))

    def show_error(self, title: str, text: str) -> None:
        """The node could not be looked at."""
        self.pages.show_placeholder("circle-x", title, text, "bad")

    def _link(self, url: QUrl) -> None:
        text = self.overview.follow(url)
        if text:
            QGuiApplication.clipboard().setText(text)
            self.copied.emit(text)


class JsonView(QWidget):
    """A document, pretty or raw."""

    copied = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._shown = JsonText("", "")
        self.note = ElidedLabel()
        self.note.setProperty("muted", True)
        self.raw = QToolButton()
        self.raw.setObjectName("jsonRaw")
        self.raw.setProperty("boxed", True)
        self.raw.setText(tr("Raw bytes"))
        self.raw.setToolTip(tr("Show the bytes as they are stored"))
        self.raw.setCheckable(True)
        self.raw.toggled.connect(self._refresh)
        copy = plain_button(tr("Copy"), "copy")
        copy.setToolTip(tr("Copy the document as shown"))
        copy.clicked.connect(self._copy)
        self.text = QPlainTextEdit()
        self.text.setObjectName("jsonView")
        self.text.setAccessibleName(tr("Document"))
        self.text.setReadOnly(True)
        self.text.setFont(fixed_font(0.95))
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setUndoRedoEnabled(False)
        self.text.setAcceptDrops(False)
        self.text.setTabChangesFocus(True)
        self._colours = JsonColours(self.text.document())
        self._lay_out(copy)

    def _lay_out(self, copy: QWidget) -> None:
        bar = QFrame()
        bar.setProperty("bar", True)
        top = QHBoxLayout(bar)
        top.setContentsMargins(12, 6, 8, 6)
        top.addWidget(self.note, 1)
        top.addWidget(self.raw)
        top.addWidget(copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(self.text, 1)

    def show_text(self, shown: JsonText) -> None:
        """Show this document from its start."""
        if shown != self._shown:
            self._shown = shown
            self._refresh()

    def _refresh(self) -> None:
        text = self._shown.raw if self.raw.isChecked() else self._shown.pretty
        self._colours.enabled = len(text) <= _COLOURED_MOST
        self.note.setText(self._shown.note)
        self.text.setPlainText(text)

    def _copy(self) -> None:
        text = self.text.toPlainText()
        QGuiApplication.clipboard().setText(text)
        self.copied.emit(text)
