"""Beside the exports: what became of the one that is looked at, in up to three pages."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from gui.actions import Actions
from gui.models.results import FILE, IMAGE, SHA256, SIZE, STATE, TIME, ResultsModel
from gui.text import tr
from gui.views.load_card import LoadCard
from gui.widgets import FailureCard, NamesDelegate, RowView

RESULTS, FAILURE, LOAD = range(3)
_WIDTHS = {IMAGE: 120, FILE: 160, SIZE: 76, TIME: 64, SHA256: 116, STATE: 156}


class JobDetail(QWidget):
    """Pages: the files of an export of several, why it failed, how to load what was written."""

    def __init__(self, model: ResultsModel, actions: Actions) -> None:
        super().__init__()
        self.results = ResultsView(model)
        self.failure = FailureCard("errorText")
        self.load = LoadCard(actions)
        self.tabs = QTabBar()
        self.tabs.setObjectName("jobTabs")
        self.tabs.setAccessibleName(tr("About this export"))
        self.tabs.setProperty("compact", True)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        for words in (tr("Files"), tr("What went wrong"), tr("Load it")):
            self.tabs.addTab(words)
        self._stack = QStackedWidget()
        holder = QFrame()
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(8, 8, 8, 8)
        inside.addWidget(self.failure)
        for page in (self.results, holder, self.load):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tabs)
        layout.addWidget(self._stack, 1)
        self.tabs.currentChanged.connect(self._stack.setCurrentIndex)

    def offer(self, pages: set[int], first: int, *, fresh: bool) -> None:
        """Offer these pages; ``first`` comes to the front where they are ``fresh`` or it is needed there."""
        for page in range(self.tabs.count()):
            self.tabs.setTabVisible(page, page in pages)
        if pages and (fresh or self.tabs.currentIndex() not in pages):
            self.turn_to(first)
        self.tabs.setVisible(len(pages) > 1)

    def turn_to(self, page: int) -> None:
        """Bring a page to the front."""
        self.tabs.setCurrentIndex(page)
        self._stack.setCurrentIndex(page)


class ResultsView(RowView):
    """The table of files."""

    def __init__(self, model: ResultsModel) -> None:
        super().__init__(
            model, "resultTable", tr("Files of this export"), widths=_WIDTHS, stretched=(IMAGE, FILE)
        )
        self.setItemDelegate(NamesDelegate(STATE, self))
        self.setAllColumnsShowFocus(True)
        self.header().setMinimumSectionSize(48)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        model.dataChanged.connect(self._refresh)
        model.modelReset.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        """A column of nothing takes no room."""
        model = self.model()
        hashed = any(model.index(row, SHA256).data() for row in range(model.rowCount()))
        self.setColumnHidden(SHA256, not hashed)
