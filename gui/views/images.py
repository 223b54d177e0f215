"""The left pane: a filter box and the images of the open stores, two lines each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from gui.actions import Actions
from gui.models import ROW, VALUE, Index
from gui.models.images import ImagesModel
from gui.models.rows import ImageRow
from gui.text import size, tr
from gui.theme import icon, scaled_font, tokens
from gui.widgets import ElidedLabel, FailureCard, Pages, tool_button

_MARGIN, _GAP, _ICON, _INDENT = 10, 8, 16, 14


class ImagesPane(QFrame):
    """``chosen(list of (key, row), current)`` tells the selection, ``filtered(text)`` the words wanted,
    ``folded(key)`` that a heading was opened or closed, ``menuWanted(position)`` that of the images.
    """

    chosen = Signal(object, object)
    filtered = Signal(str)
    folded = Signal(object)
    menuWanted = Signal(QPoint)

    def __init__(self, model: ImagesModel, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.title = ElidedLabel(tr("No store"))
        self.title.setProperty("heading", True)
        self.filter = FilterBox()
        self.filter.setObjectName("imagesFilter")
        self.filter.setPlaceholderText(tr("Filter by name, digest or platform"))
        self.filter.setAccessibleName(tr("Filter images"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setAcceptDrops(False)
        self.filter.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.filter.textChanged.connect(self.filtered)
        self.view = ImagesView(model)
        self.filter.left.connect(self.view.enter)
        self.pages = Pages(self.view)
        self.failure = FailureCard("storeErrorText", dismissable=True)
        self.failure.copy_button.hide()
        self._lay_out(actions)
        self.view.selectionModel().selectionChanged.connect(self._tell)
        self.view.selectionModel().currentChanged.connect(self._tell)
        self.view.folded.connect(self.folded)
        self.view.customContextMenuRequested.connect(self._menu)

    def _lay_out(self, actions: Actions) -> None:
        bar = QFrame()
        bar.setProperty("bar", True)
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        for name in ("openFolder", "openFile", "reload"):
            top.addWidget(tool_button(actions[name]))
        inside = QVBoxLayout(bar)
        inside.setContentsMargins(12, 7, 8, 9)
        inside.setSpacing(6)
        inside.addLayout(top)
        inside.addWidget(self.filter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        framed = QVBoxLayout()
        framed.setContentsMargins(8, 0, 8, 0)
        framed.addWidget(self.failure)
        layout.addLayout(framed)
        layout.addWidget(self.pages, 1)

    def restore(self, chosen: Iterable[tuple[object, int]], current: tuple[object, int] | None) -> None:
        """Select these images again after the rows were made anew."""
        selection = self.view.selectionModel()
        flag = QItemSelectionModel.SelectionFlag
        rows = [self.model.position(*item) for item in chosen]
        if current is not None and (at := self.model.position(*current)) >= 0:
            selection.setCurrentIndex(self.model.index(at, 0), flag.NoUpdate)
        for at in rows:
            if at >= 0:
                selection.select(self.model.index(at, 0), flag.Select | flag.Rows)

    def select(self, key: object, row: int) -> None:
        """Select this image alone and bring it into view."""
        at = self.model.position(key, row)
        if at >= 0:
            self.view.setCurrentIndex(self.model.index(at, 0))
            self.view.scrollTo(self.model.index(at, 0))

    def _tell(self) -> None:
        indexes = self.view.selectionModel().selectedRows()
        images = [index.data(VALUE) for index in indexes if index.data(VALUE)]
        current = self.view.currentIndex().data(VALUE)
        self.chosen.emit(images, current)

    def _menu(self, position: QPoint) -> None:
        row = self.view.indexAt(position).data(ROW)
        if isinstance(row, ImageRow) and row.is_image:
            self.menuWanted.emit(self.view.viewport().mapToGlobal(position))


class FilterBox(QLineEdit):
    """``left`` when Down or Enter leads to the list; Escape empties it."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class ImagesView(QListView):
    """The list; headings open and close by click, Enter, Left and Right."""

    folded = Signal(object)

    def __init__(self, model: ImagesModel) -> None:
        super().__init__()
        self.setObjectName("imagesView")
        self.setAccessibleName(tr("Images"))
        self.setModel(model)
        self.setItemDelegate(ImageDelegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Paint anew. All rows are of one height, and QListView would lay out every one of them again."""
        QAbstractItemView.dataChanged(self, first, last, roles)
        self.viewport().update()

    def enter(self) -> None:
        """Take the focus, with an image selected."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self.selectionModel().hasSelection():
            model = self.model()
            rows = (model.index(at, 0) for at in range(model.rowCount()))
            first = next((index for index in rows if index.data(VALUE)), None)
            if first is not None:
                self.setCurrentIndex(first)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._fold(self.indexAt(event.position().toPoint()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().data(ROW)
        keys = Qt.Key
        if isinstance(row, ImageRow) and row.can_fold:
            wanted = {
                keys.Key_Left: False,
                keys.Key_Right: True,
                keys.Key_Return: row.folded,
                keys.Key_Space: row.folded,
            }
            if event.key() in wanted:
                if wanted[keys(event.key())] == row.folded:
                    self._fold(self.currentIndex())
                return
        super().keyPressEvent(event)

    def _fold(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, ImageRow) and row.can_fold:
            self.folded.emit(row.key)


class ImageDelegate(QStyledItemDelegate):
    """Paints a row: badge, short name and size, then the rest of the name in the quiet colour."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        line = option.fontMetrics.height()
        return QSize(120, line + QFontMetrics(scaled_font(0.9)).height() + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        self.initStyleOption(option, index)
        row = index.data(ROW)
        option.text = ""
        option.icon = icon("circle")
        option.features &= ~QStyleOptionViewItem.ViewItemFeature.HasDecoration
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        painter.save()
        area = option.rect.adjusted(_MARGIN + row.depth * _INDENT, 6, -_MARGIN, -6)
        if row.is_heading:
            self._paint_heading(painter, area, row)
        else:
            self._paint_image(painter, option, area, row)
        painter.restore()

    def _paint_image(
        self, painter: QPainter, option: QStyleOptionViewItem, area: QRect, row: ImageRow
    ) -> None:
        colours = tokens()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        active = bool(option.state & QStyle.StateFlag.State_Active) and option.widget.hasFocus()
        strong = colours.on_selection if selected and active else colours.text
        if row.badge:
            symbol = icon(row.badge.icon, row.badge.tint)
            symbol.paint(painter, QRect(area.left(), area.top() + 1, _ICON, _ICON))
        area.setLeft(area.left() + _ICON + _GAP)
        right = _text(
            painter, area, size(row.size) if row.size is not None else "", colours.muted, 0.9, right=True
        )
        title = area.adjusted(0, 0, -right - (_GAP if right else 0), 0)
        _text(painter, title, row.title, colours.muted if row.referrer else strong, 1.0)
        below = area.adjusted(0, QFontMetrics(scaled_font(1.0)).height() + 2, 0, 0)
        tint = row.badge.tint if row.badge and row.badge.tint in ("warn", "bad") else "muted"
        self._paint_details(painter, below, row, getattr(colours, tint))

    def _paint_details(self, painter: QPainter, area: QRect, row: ImageRow, colour: str) -> None:
        """The words whole, and of the rest what there is room for."""
        words = f" · {row.words}" if row.words and row.detail else row.words
        room = QFontMetrics(scaled_font(0.9)).horizontalAdvance(words) + 2
        used = _text(
            painter, area.adjusted(0, 0, -min(room, area.width()), 0), row.detail, tokens().muted, 0.9
        )
        _text(painter, area.adjusted(used, 0, 2, 0), words, colour, 0.9)

    def _paint_heading(self, painter: QPainter, area: QRect, row: ImageRow) -> None:
        colours = tokens()
        if row.can_fold:
            symbol = icon("chevron-right" if row.folded else "chevron-down", "muted")
            symbol.paint(painter, QRect(area.left() - 2, area.top() + 1, _ICON, _ICON))
        area.setLeft(area.left() + _ICON + _GAP)
        _text(
            painter,
            area,
            row.title,
            colours.muted if row.kind == "message" else colours.text,
            1.0,
            bold=row.kind in ("store", "namespace"),
        )
        below = area.adjusted(0, QFontMetrics(scaled_font(1.0)).height() + 2, 0, 0)
        _text(painter, below, row.detail, colours.muted, 0.9)


def _text(
    painter: QPainter,
    area: QRect,
    text: str,
    colour: str,
    scale: float,
    *,
    right: bool = False,
    bold: bool = False,
) -> int:
    """Draw one line at the top of ``area``, shortened in the middle; gives its width."""
    font = scaled_font(scale, bold=bold)
    painter.setFont(font)
    painter.setPen(colour)
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, area.width())
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(area, int(side | Qt.AlignmentFlag.AlignTop), shown)
    return metrics.horizontalAdvance(shown)
