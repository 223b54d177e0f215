"""The right pane: what is selected, first as a person reads it, then as it stands in the store."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QTabWidget, QWidget

from gui.models.history import HistoryModel
from gui.models.overview import Details
from gui.models.usage import UsageModel
from gui.text import tr
from gui.views.history import HistoryPane
from gui.views.json_view import JsonView
from gui.views.overview import OverviewView
from gui.views.usage import UsagePane
from gui.widgets import Pages

OVERVIEW, JSON, CONFIG, HISTORY, USED_BY = range(5)
"""The tabs."""


class Inspector(QTabWidget):
    """Tabs over one node; those that do not apply to it are disabled, and come back to the front when they
    apply again. ``copied(text)``: went to the clipboard; ``digestWanted(digest)``: where a link leads.
    """

    copied = Signal(str)
    digestWanted = Signal(str)

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
        self.config = JsonView("configView")
        self.history = HistoryPane(HistoryModel(self))
        self.used_by = UsagePane(UsageModel(self))
        for widget, title in (
            (self.pages, tr("Overview")),
            (self.json, tr("JSON")),
            (self.config, tr("Config")),
            (self.history, tr("History")),
            (self.used_by, tr("Used by")),
        ):
            self.addTab(widget, title)
        for view in (self.json, self.config):
            view.copied.connect(self.copied)
            view.linkFollowed.connect(self.digestWanted)
        self._wanted = OVERVIEW
        self._settling = False
        self.currentChanged.connect(self._tab_changed)
        # Queued: the page comes to the front only after the signal.
        self.tabBarClicked.connect(self._tab_clicked, Qt.ConnectionType.QueuedConnection)
        self.show_nothing()

    # Tabs

    def want(self, tab: int) -> None:
        """Bring the tab to the front now, or as soon as it applies."""
        self._wanted = tab
        self._settle()

    def offer(self, *tabs: int) -> None:
        """Just these of Config, History and Used by apply to what is selected."""
        self._settling = True
        for tab in (CONFIG, HISTORY, USED_BY):
            self.setTabEnabled(tab, tab in tabs)
        self._settling = False
        self._settle()

    @property
    def document(self) -> JsonView:
        """The document at the front, else that of the node."""
        return self.config if self.currentIndex() == CONFIG else self.json

    def _settle(self) -> None:
        self._settling = True
        self.setCurrentIndex(self._wanted if self.isTabEnabled(self._wanted) else OVERVIEW)
        self._settling = False

    def _tab_changed(self, tab: int) -> None:
        if not self._settling:
            self._wanted = tab

    def _tab_clicked(self, tab: int) -> None:
        """Who clicks on a document wants the keys there, Ctrl+F above all."""
        view = self.widget(tab)
        if isinstance(view, JsonView) and tab == self.currentIndex():
            view.text.setFocus(Qt.FocusReason.MouseFocusReason)

    def event(self, event: QEvent) -> bool:
        """Ctrl+F is for the document at the front while anything in the inspector has the keys."""
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and self._finds(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+F finds in the document."""
        view = self.currentWidget()
        if isinstance(view, JsonView) and self._finds(event):
            view.open_find()
        else:
            super().keyPressEvent(event)

    def _finds(self, event: QKeyEvent) -> bool:
        return isinstance(self.currentWidget(), JsonView) and event.matches(QKeySequence.StandardKey.Find)

    # What is selected

    def show_details(self, details: Details) -> None:
        """Show this node."""
        self.overview.show_details(details)
        self.json.show_text(details.json)
        self.pages.show_view()

    def show_nothing(self) -> None:
        """Nothing is selected."""
        text = tr("Choose an image on the left, then a row of its structure, to see what it is.")
        self.pages.show_placeholder("info", tr("Nothing selected"), text)
        self.json.show_placeholder("file-json", tr("Nothing selected"), text)
        self.offer()

    def show_loading(self) -> None:
        """The node is being read."""
        self.pages.show_placeholder("loader-circle", tr("Loading…"))
        self.json.show_placeholder("loader-circle", tr("Loading…"))

    def show_error(self, title: str, text: str) -> None:
        """The node could not be looked at."""
        self.pages.show_placeholder("circle-x", title, text, "bad")
        self.json.show_placeholder("circle-x", title, text, "bad")

    def _link(self, url: QUrl) -> None:
        kind, text = self.overview.follow(url)
        if kind == "copy":
            QGuiApplication.clipboard().setText(text)
            self.copied.emit(text)
        elif kind == "go":
            self.digestWanted.emit(text)
