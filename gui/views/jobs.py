"""The bottom pane: the exports with a bar for each and for each blob, what came of them, earlier ones."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QStyle,
    QStyleOptionViewItem,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from gui.actions import Actions
from gui.models import DISPLAY, Index
from gui.models.jobs import BYTES, FRACTION, LEFT, PROGRESS, SPEED, STATE, TONE, WHAT, JobsModel
from gui.models.past import PastModel
from gui.models.results import ResultsModel
from gui.text import tr
from gui.theme import icon, tokens
from gui.views.job_detail import JobDetail
from gui.views.past import PastPane
from gui.widgets import NoteLabel, Pages, RowDelegate, RowView, tool_button

_BUTTONS = ("retryJob", "revealJob", "openJob", "clearJobs")
_NARROWEST = 420
_WIDE = 980  # with less the buttons have no words
_WIDTHS = {WHAT: 230, PROGRESS: 128, BYTES: 162, SPEED: 86, LEFT: 86, STATE: 152}


class JobsPane(QFrame):
    """``jobChosen`` when the current row is another, ``menuWanted`` with the place for its menu.

    Two tabs: the exports of this session with what is to be said of the current one, and earlier ones.
    """

    jobChosen = Signal()
    menuWanted = Signal(QPoint)

    def __init__(
        self,
        model: JobsModel,
        results: ResultsModel,
        past: PastModel,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.view = JobsView(model)
        self.detail = JobDetail(results, actions)
        self.failure = self.detail.failure
        self.past = PastPane(past)
        self.receipt = NoteLabel("circle-check", "ok")
        self.receipt.label.setObjectName("jobReceipt")
        self.held = NoteLabel("pause", "warn")
        self.held.label.setObjectName("jobHeld")
        for note in (self.receipt, self.held):
            note.setContentsMargins(12, 6, 12, 8)
        self.cancel = tool_button(actions["cancelJob"], words=True)
        self.cancel.setObjectName("jobCancel")
        self.pause = tool_button(actions["pauseJob"], words=True)
        self.pause.setObjectName("jobPause")
        self.resume = tool_button(actions["resumeJob"], words=True)
        self.resume.setObjectName("jobResume")
        self.resume.hide()
        others = (tool_button(actions[name], words=True) for name in _BUTTONS)
        self._buttons = [self.cancel, self.pause, self.resume, *others]
        self.pages = Pages(self.view)
        self._show_action = actions["showJobs"]
        for name in ("moveJobUp", "moveJobDown", "removeJob"):
            self.view.addAction(actions[name])
        self._lay_out()
        self.view.selectionModel().currentChanged.connect(self.jobChosen)
        self.view.customContextMenuRequested.connect(self._menu)
        model.rowsInserted.connect(self._refresh)
        model.rowsRemoved.connect(self._refresh)
        self._refresh()

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.pages)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setCollapsible(0, False)
        self.detail.hide()
        exports = QWidget()
        inside = QVBoxLayout(exports)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self.splitter, 1)
        inside.addWidget(self.receipt)
        inside.addWidget(self.held)
        self._stack = QStackedWidget()
        self._stack.addWidget(exports)
        self._stack.addWidget(self.past)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar())
        layout.addWidget(self._stack, 1)

    def _bar(self) -> QFrame:
        self.tabs = QTabBar()
        self.tabs.setObjectName("jobsTabs")
        self.tabs.setAccessibleName(tr("Exports"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        for words in (tr("Jobs"), tr("History")):
            self.tabs.addTab(words)
        self.tabs.currentChanged.connect(self._turn)
        bar = QFrame()
        bar.setProperty("bar", True)
        bar.setMinimumWidth(_NARROWEST)  # or the words of the buttons would keep the window wide
        top = QHBoxLayout(bar)
        top.setContentsMargins(4, 2, 8, 0)
        top.setSpacing(4)
        top.addWidget(self.tabs)
        top.addStretch(1)
        for button in self._buttons:
            top.addWidget(button)
        hide = QToolButton()
        hide.setIcon(icon("x"))
        hide.setToolTip(tr("Hide the jobs; they go on"))
        hide.setAccessibleName(tr("Hide the jobs"))
        hide.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        hide.clicked.connect(self._hide)
        top.addWidget(hide)
        return bar

    def show_detail(self, pages: set[int], first: int, *, fresh: bool) -> None:
        """Show these pages beside the exports, ``first`` to begin with where they are ``fresh``."""
        self.detail.offer(pages, first, fresh=fresh)
        if pages and self.detail.isHidden():
            self.detail.show()
            self.splitter.setSizes([self.width() * 11 // 20, self.width() * 9 // 20])
        self.detail.setVisible(bool(pages))
        for column in (SPEED, LEFT):  # they say little of a job that has ended
            self.view.setColumnHidden(column, bool(pages))

    def show_paused(self, paused: bool) -> None:
        """One button pauses and lets go on."""
        self.pause.setVisible(not paused and not self.on_past)
        self.resume.setVisible(paused and not self.on_past)

    def select(self, row: int) -> None:
        """Make this export the current one."""
        index = self.view.model().index(row, 0)
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)

    @property
    def on_past(self) -> bool:
        """Whether the earlier exports are shown."""
        return self.tabs.currentIndex() == 1

    def turn_to(self, past: bool) -> None:
        """Show the earlier exports, or those of this session."""
        self.tabs.setCurrentIndex(int(past))
        (self.past.view if past else self.view).setFocus(Qt.FocusReason.OtherFocusReason)

    def _turn(self, page: int) -> None:
        self._stack.setCurrentIndex(page)
        for button in self._buttons:
            button.setVisible(page == 0)
        self.jobChosen.emit()

    def _hide(self) -> None:
        self._show_action.setChecked(False)

    def _refresh(self) -> None:
        if self.view.model().rowCount():
            self.pages.show_view()
        else:
            self.pages.show_placeholder(
                "download", tr("No exports yet"), tr("Choose an image and press Export… (Ctrl+E).")
            )

    def _menu(self, position: QPoint) -> None:
        if self.view.indexAt(position).isValid():
            self.menuWanted.emit(self.view.viewport().mapToGlobal(position))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        style = Qt.ToolButtonStyle
        words = style.ToolButtonTextBesideIcon if self.width() >= _WIDE else style.ToolButtonIconOnly
        for button in self._buttons:
            button.setToolButtonStyle(words)


class JobsView(RowView):
    """The exports and their blobs."""

    def __init__(self, model: JobsModel) -> None:
        super().__init__(model, "jobsView", tr("Exports"), flat=False, widths=_WIDTHS, stretched=(WHAT,))
        self.setItemDelegate(JobDelegate(self))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)

    def current(self) -> QModelIndex:
        """The current row."""
        return self.currentIndex()


class JobDelegate(RowDelegate):
    """Paints the bars; the rest as usual."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        if index.column() != PROGRESS:
            super().paint(painter, option, index)
            return
        self.initStyleOption(option, index)
        option.text = ""
        option.widget.style().drawControl(
            QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget
        )
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_bar(painter, option, index)
        painter.restore()

    def _paint_bar(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours = tokens()
        words = str(index.data(DISPLAY))
        room = option.fontMetrics.horizontalAdvance("100 %") + 10
        area = QRectF(option.rect).adjusted(6, 0, -room - 4, 0)
        area.setTop(option.rect.center().y() - 3)
        area.setHeight(7)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.border))
        painter.drawRoundedRect(area, 3.5, 3.5)
        fraction = int(index.data(FRACTION) or 0) / 1000
        if fraction > 0 and area.width() > 0:
            filled = QRectF(area)
            filled.setWidth(max(7.0, area.width() * fraction))
            painter.setBrush(QColor(getattr(colours, str(index.data(TONE)))))
            painter.drawRoundedRect(filled, 3.5, 3.5)
        painter.setPen(QColor(colours.text))
        place = option.rect.adjusted(0, 0, -6, 0)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), words)
