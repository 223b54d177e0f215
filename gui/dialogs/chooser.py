"""A line to type in and what fits it below: the command palette and quick open. Keyboard first."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QTextCharFormat, QTextLayout
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from gui.models import ROW, Index
from gui.models.choices import Choice, ChoicesModel, Finder
from gui.text import tr
from gui.theme import icon, scaled_font, tokens
from gui.widgets import muted

_MARGIN, _GAP, _ICON = 12, 9, 16
_WIDTH, _ROWS, _ROW_ROOM = 640, 11, 14
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_KEYS = Qt.Key
_TO_LIST = frozenset([_KEYS.Key_Up, _KEYS.Key_Down, _KEYS.Key_PageUp, _KEYS.Key_PageDown])


class Chooser(QDialog):
    """``chosen(value)`` after Enter or a click. ``name`` is its objectName; its parts are called after it."""

    chosen = Signal(object)

    def __init__(self, name: str, title: str, hint: str, nothing: str, find: Finder, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._find, self._nothing = find, nothing
        self.model = ChoicesModel(self)
        self.search = QLineEdit()
        self.search.setObjectName(f"{name}Search")
        self.search.setAccessibleName(title)
        self.search.setPlaceholderText(hint)
        self.search.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setFont(scaled_font(1.1))
        self.view = _ChoicesView(self.model)
        self.view.setObjectName(f"{name}List")
        self.view.setAccessibleName(tr("What fits"))
        self.reason = muted()
        self.reason.setObjectName(f"{name}Reason")
        self._lay_out()
        self.search.installEventFilter(self)
        self.search.textChanged.connect(self.refresh)
        self.view.clicked.connect(self._clicked)
        self.view.selectionModel().currentChanged.connect(self._explain)
        self.refresh()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 10)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.reason)
        row = QFontMetrics(self.font()).height() + _ROW_ROOM
        parent = self.parentWidget()
        width = min(_WIDTH, parent.width() - 40) if parent is not None else _WIDTH
        self.resize(max(width, 360), row * _ROWS + 110)

    # What is offered

    def refresh(self) -> None:
        """Look again for what was typed."""
        choices = self._find(self.search.text())
        self.model.show(choices)
        if choices:
            self.view.setCurrentIndex(self.model.index(0, 0))
            self.view.scrollToTop()
        self._explain()

    def _explain(self) -> None:
        """Below the list: why the current choice cannot be chosen, or what it is in full."""
        choice = self.model.choice(self.view.currentIndex())
        if choice is None:
            self.reason.setText(self._nothing)
        else:
            self.reason.setText(choice.reason or choice.more or tr("Enter chooses, Esc closes."))

    # Keys and clicks

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The line keeps the focus; what moves goes to the list."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _TO_LIST:
                self.view.keyPressEvent(event)
                return True
            current = self.model.choice(self.view.currentIndex())
            if event.key() == _KEYS.Key_Tab and current is not None and current.completion:
                self.search.setText(current.completion)
                return True
            if event.key() in (_KEYS.Key_Return, _KEYS.Key_Enter):
                self._take(self.view.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _clicked(self, index: QModelIndex) -> None:
        self._take(index)

    def _take(self, index: QModelIndex) -> None:
        choice = self.model.choice(index)
        if choice is not None and not choice.reason:
            self.accept()
            self.chosen.emit(choice.value)


class _ChoicesView(QListView):
    def __init__(self, model: ChoicesModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(_ChoiceDelegate(self))
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys also come from the line above."""
        super().keyPressEvent(event)


class _ChoiceDelegate(QStyledItemDelegate):
    """Icon, title with the typed letters in bold, detail in the quiet colour, and at the right the keys."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, option.fontMetrics.height() + _ROW_ROOM)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        choice = index.data(ROW)
        self.initStyleOption(option, index)
        option.text = ""
        option.features &= ~QStyleOptionViewItem.ViewItemFeature.HasDecoration
        option.state |= QStyle.StateFlag.State_Active
        option.widget.style().drawControl(
            QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget
        )
        if isinstance(choice, Choice):
            painter.save()
            selected = bool(option.state & QStyle.StateFlag.State_Selected)
            self._paint(painter, option.rect.adjusted(_MARGIN, 0, -_MARGIN, 0), choice, selected)
            painter.restore()

    def _paint(self, painter: QPainter, area: QRect, choice: Choice, selected: bool) -> None:
        colours = tokens()
        strong = colours.on_selection if selected else colours.text
        title = colours.muted if choice.reason else strong
        if choice.icon:
            place = QRect(area.left(), area.center().y() - _ICON // 2 + 1, _ICON, _ICON)
            icon(choice.icon, "muted").paint(painter, place)
        area.setLeft(area.left() + _ICON + _GAP)
        if choice.right:
            painter.setPen(QColor(colours.muted))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | _MIDDLE), choice.right)
            area.setRight(area.right() - painter.fontMetrics().horizontalAdvance(choice.right) - _GAP)
        used = _title(painter, area, choice, title)
        detail = " · ".join(part for part in (choice.detail, choice.reason) if part)
        area.setLeft(area.left() + used + _GAP)
        if detail and area.width() > 30:
            painter.setPen(QColor(colours.muted))
            shown = painter.fontMetrics().elidedText(detail, Qt.TextElideMode.ElideMiddle, area.width())
            painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | _MIDDLE), shown)


def _title(painter: QPainter, area: QRect, choice: Choice, colour: str) -> int:
    """Draw the title with the typed letters in bold; gives its width."""
    metrics = painter.fontMetrics()
    text = metrics.elidedText(choice.title, Qt.TextElideMode.ElideRight, area.width())
    layout = QTextLayout(text, painter.font())
    bold = QTextCharFormat()
    bold.setFontWeight(700)
    bold.setForeground(QColor(tokens().accent) if not choice.reason else QColor(colour))
    layout.setFormats([_range(at, bold) for at in choice.places if at < len(text)])
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(max(area.width(), 1) * 2)
    layout.endLayout()
    painter.setPen(QColor(colour))
    top = area.top() + (area.height() - line.height()) / 2
    layout.draw(painter, QRect(area.left(), round(top), 1, 1).topLeft().toPointF())
    return int(line.naturalTextWidth())


def _range(at: int, style: QTextCharFormat) -> QTextLayout.FormatRange:
    piece = QTextLayout.FormatRange()
    piece.start, piece.length, piece.format = at, 1, style
    return piece


def label_for(text: str, buddy: QWidget) -> QLabel:
    """A label that leads to ``buddy``."""
    label = QLabel(text)
    label.setBuddy(buddy)
    return label
