"""The bottom pane: the exports with a bar for each and for each blob, and what made one fail."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QSplitter,
    QStyle,
    QStyleOptionViewItem,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from gui.actions import Actions
from gui.models import DISPLAY, Index
from gui.models.jobs import BYTES, FRACTION, LEFT, PROGRESS, SPEED, STATE, TONE, WHAT, JobsModel
from gui.text import tr
from gui.theme import icon, tokens
from gui.widgets import FailureCard, NoteLabel, Pages, RowDelegate, heading, tool_button

_WIDTHS = {WHAT: 230, PROGRESS: 128, BYTES: 162, SPEED: 86, LEFT: 86, STATE: 152}


class JobsPane(QFrame):
    """``jobChosen`` when the current row is another, ``menuWanted`` with the place for its menu."""

    jobChosen = Signal()
    menuWanted = Signal(QPoint)

    def __init__(self, model: JobsModel, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = JobsView(model)
        self.failure = FailureCard("errorText")
        self.receipt = NoteLabel("circle-check", "ok")
        self.receipt.label.setObjectName("jobReceipt")
        self.receipt.setContentsMargins(12, 6, 12, 8)
        self.cancel = tool_button(actions["cancelJob"], words=True)
        self.cancel.setObjectName("jobCancel")
        self.pages = Pages(self.view)
        self.pages.show_placeholder(
            "download", tr("No exports yet"), tr("Choose an image and press Export… (Ctrl+E).")
        )
        self._lay_out(actions)
        self.view.selectionModel().currentChanged.connect(self.jobChosen)
        self.view.customContextMenuRequested.connect(self._menu)
        model.rowsInserted.connect(self._refresh)
        model.rowsRemoved.connect(self._refresh)

    def _lay_out(self, actions: Actions) -> None:
        bar = QFrame()
        bar.setProperty("bar", True)
        top = QHBoxLayout(bar)
        top.setContentsMargins(12, 4, 8, 4)
        top.setSpacing(4)
        top.addWidget(heading(tr("Jobs")))
        top.addStretch(1)
        top.addWidget(self.cancel)
        for name in ("retryJob", "revealJob", "openJob", "clearJobs"):
            top.addWidget(tool_button(actions[name], words=True))
        hide = QToolButton()
        hide.setIcon(icon("x"))
        hide.setToolTip(tr("Hide the jobs; they go on"))
        hide.setAccessibleName(tr("Hide the jobs"))
        hide.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._show_action = actions["showJobs"]
        hide.clicked.connect(self._hide)
        top.addWidget(hide)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.pages)
        holder = QWidget()
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(8, 8, 8, 8)
        inside.addWidget(self.failure)
        self._holder = holder
        self.splitter.addWidget(holder)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setCollapsible(0, False)
        holder.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(self.splitter, 1)
        layout.addWidget(self.receipt)

    def say(self, title: str, text: str) -> None:
        """Show why a job failed; an empty text takes the box away."""
        self.failure.say(title, text)
        if text and self._holder.isHidden():
            self._holder.show()
            self.splitter.setSizes([self.width() * 11 // 20, self.width() * 9 // 20])
        self._holder.setVisible(bool(text))
        for column in (SPEED, LEFT):  # they say nothing of a job that has failed
            self.view.setColumnHidden(column, bool(text))

    def select(self, row: int) -> None:
        """Make this export the current one."""
        index = self.view.model().index(row, 0)
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)

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


class JobsView(QTreeView):
    """The exports and their blobs."""

    def __init__(self, model: JobsModel) -> None:
        super().__init__()
        self.setObjectName("jobsView")
        self.setAccessibleName(tr("Exports"))
        self.setModel(model)
        self.setItemDelegate(JobDelegate(self))
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(False)
        self.setIconSize(QSize(16, 16))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        header.setSectionResizeMode(WHAT, QHeaderView.ResizeMode.Stretch)

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
