"""The matrix: what is there of each platform, blob by blob, and why an export of one would fail."""

from __future__ import annotations

from PySide6.QtCore import QMargins, QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QPlainTextEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from exporter_core.graph import Cell, CellState, Matrix, Row
from gui.models import ROW, VALUE, Index
from gui.models.completeness import Badge
from gui.models.failure import problems_failure
from gui.models.matrix import MatrixModel, cell_badge, matrix_words, row_badge
from gui.text import tr
from gui.theme import icon, tokens
from gui.widgets import ElidedLabel, NoteLabel, Pages, muted, plain_button
from gui.widgets.cards import IconLabel
from gui.widgets.flow import FlowLayout

_CELL = QSize(34, 30)
_WIDE = 72  # of a column with a word at its head
_LAYER_WIDE = 60
_NAMES_MOST = 230


class MatrixPane(QFrame):
    """``cellChosen(path)`` when a cell is clicked or entered, ``treeWanted`` at a double click,
    ``exportWanted(platform)`` for the button.
    """

    cellChosen = Signal(object)
    treeWanted = Signal()
    exportWanted = Signal(object)

    def __init__(self, model: MatrixModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.view = MatrixView(model)
        self.words = ElidedLabel()
        self.words.setObjectName("matrixWords")
        self.broken = NoteLabel("circle-x", "bad")
        self._make_detail()
        whole = QWidget()
        self._lay_out(whole)
        self.pages = Pages(whole)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self.view.selectionModel().currentChanged.connect(self._current_changed)
        self.view.chosen.connect(self._chosen)
        self.view.doubleClicked.connect(self.treeWanted)
        self.view.verticalHeader().sectionClicked.connect(self._row_clicked)

    def _make_detail(self) -> None:
        self.symbol = IconLabel("info", "muted", 16)
        self.about = ElidedLabel()
        self.about.setProperty("heading", True)
        self.about.setObjectName("matrixRowWords")
        self.export = plain_button(tr("Export this platform…"), "download")
        self.export.setObjectName("matrixExport")
        self.export.clicked.connect(self._export)
        self.problems = QPlainTextEdit()
        self.problems.setObjectName("matrixProblems")
        self.problems.setAccessibleName(tr("Why an export of this platform would fail"))
        self.problems.setReadOnly(True)
        self.problems.setTabChangesFocus(True)
        self.problems.document().setDocumentMargin(0)
        self.problems.setFixedHeight(126)
        self.problems.setFrameShape(QFrame.Shape.NoFrame)

    def _lay_out(self, whole: QWidget) -> None:
        top = QVBoxLayout()
        top.setContentsMargins(14, 9, 14, 7)
        top.addWidget(self.words)
        top.addWidget(self.broken)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.symbol)
        line.addWidget(self.about, 1)
        line.addWidget(self.export)
        self.detail = QFrame()
        self.detail.setProperty("foot", True)
        below = QVBoxLayout(self.detail)
        below.setContentsMargins(14, 9, 12, 9)
        below.setSpacing(6)
        below.addLayout(line)
        inset = QHBoxLayout()
        inset.setContentsMargins(23, 0, 0, 0)  # below the words, not below the symbol
        inset.addWidget(self.problems)
        below.addLayout(inset)
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.view, 1)
        layout.addWidget(_legend())
        layout.addWidget(self.detail)

    # What the feature shows

    def show_matrix(self, matrix: Matrix) -> None:
        """Show it, or say why there is nothing to show."""
        self.model.show(matrix)
        self.view.fit()
        problems = [node.problem for node in matrix.broken if node.problem is not None]
        if not matrix.rows:
            self._show_no_rows(matrix)
            return
        self.words.setText(matrix_words(matrix))
        self.broken.say("\n".join(str(problem) for problem in problems[:3]))
        self.pages.show_view()
        self._say(None)

    def _show_no_rows(self, matrix: Matrix) -> None:
        problems = [node.problem for node in matrix.broken if node.problem is not None]
        if problems:
            failure = problems_failure(problems)
            self.pages.show_placeholder("circle-x", failure.title, failure.text, "bad")
            return
        text = tr("The matrix shows what is there of each platform; this has no manifest that runs anywhere.")
        self.pages.show_placeholder("grid-3x3", tr("No platforms"), text)

    def show_nothing(self) -> None:
        """No image is selected."""
        self.model.show(None)
        text = tr("Choose an image on the left to see what is there of each of its platforms.")
        self.pages.show_placeholder("grid-3x3", tr("No image selected"), text)

    def clear(self) -> None:
        """Another image is on its way."""
        self.model.show(None)
        self.words.setText("")
        self.broken.say("")
        self._say(None)
        self.pages.show_view()

    def show_loading(self) -> None:
        """It takes its time."""
        text = tr("Looking for every blob of every platform.")
        self.pages.show_placeholder("loader-circle", tr("Loading…"), text)

    def show_error(self, title: str, text: str) -> None:
        """It could not be worked out."""
        self.model.show(None)
        self.pages.show_placeholder("circle-x", title, text, "bad")

    def show_place(self, path: tuple[int, ...]) -> None:
        """Let the cell of the node at ``path`` be the current one."""
        index = self.model.find(path)
        if index.isValid() and index != self.view.currentIndex():
            self.view.setCurrentIndex(index)

    # What the user does

    def _current_changed(self, current: QModelIndex) -> None:
        self._say(self.model.row(current))

    def _chosen(self, index: QModelIndex) -> None:
        cell = index.data(VALUE)
        if isinstance(cell, Cell):
            self.cellChosen.emit(cell.path)

    def _row_clicked(self, row: int) -> None:
        self._chosen(self.model.index(row, 0))

    def _export(self) -> None:
        row = self.model.row(self.view.currentIndex())
        if row is not None and row.platform is not None:
            self.exportWanted.emit(row.platform)

    def _say(self, row: Row | None) -> None:
        self.detail.setVisible(row is not None)
        if row is None:
            return
        badge = row_badge(row)
        self.symbol.use(badge.icon, badge.tint)
        self.about.setText(f"{row.name} — {badge.text}")
        self.export.setEnabled(row.platform is not None)
        self.problems.setVisible(bool(row.problems))
        text = problems_failure(row.problems).text if row.problems else ""
        if text != self.problems.toPlainText():
            self.problems.setPlainText(text)


class MatrixView(QTableView):
    """The table; ``chosen(index)`` by click or Enter."""

    chosen = Signal(QModelIndex)

    def __init__(self, model: MatrixModel) -> None:
        super().__init__()
        self.setObjectName("matrixView")
        self.setAccessibleName(tr("Matrix of platforms and blobs"))
        self.setModel(model)
        self._model = model
        self.setItemDelegate(CellDelegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.clicked.connect(self.chosen)
        across, down = self.horizontalHeader(), self.verticalHeader()
        for header, side in ((across, _CELL.width()), (down, _CELL.height())):
            header.setMinimumSectionSize(24)
            header.setDefaultSectionSize(side)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setHighlightSections(False)
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        down.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        down.setMaximumWidth(_NAMES_MOST)
        down.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        down.setResizeContentsPrecision(200)
        down.setSectionsClickable(True)

    def fit(self) -> None:
        """Columns with a word at their head are wide enough for it."""
        across = self.horizontalHeader()
        for column in range(self._model.columnCount()):
            if self._model.is_layer(column):
                across.resizeSection(column, _LAYER_WIDE if self._model.few_layers else _CELL.width())
            else:
                across.resizeSection(column, max(_WIDE, across.sectionSizeHint(column) + 4))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.currentIndex())
            return
        super().keyPressEvent(event)


class CellDelegate(QStyledItemDelegate):
    """A tile with the state's symbol; what is wrong stands out by its ground and border too."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        badge = index.data(ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(option.rect, tokens().colour("base"))
        tile = option.rect.adjusted(2, 2, -2, -2)
        current = bool(option.state & QStyle.StateFlag.State_Selected)
        if isinstance(badge, Badge):
            self._tile(painter, tile, badge, bool(option.state & QStyle.StateFlag.State_MouseOver))
            side = 16
            place = QRect(0, 0, side, side)
            place.moveCenter(tile.center())
            icon(badge.icon, badge.tint).paint(painter, place)
        if current:
            colours = tokens()
            pen = QPen(QColor(colours.accent if option.widget.hasFocus() else colours.control_border), 2)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(tile, 5, 5)
        painter.restore()

    def _tile(self, painter: QPainter, tile: QRect, badge: Badge, hovered: bool) -> None:
        colours = tokens()
        ground, border = colours.colour(badge.tint), colours.colour(badge.tint)
        quiet = badge.tint in ("ok", "muted")
        ground.setAlpha((24 if quiet else 40) + (24 if hovered else 0))
        border.setAlpha(0 if quiet and not hovered else 150)
        painter.setPen(QPen(border, 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(tile, 5, 5)


def _legend() -> QWidget:
    """What the symbols mean."""
    box = QFrame()
    layout = FlowLayout(box, QMargins(14, 6, 14, 8), QSize(14, 4))
    for state in CellState:
        badge = cell_badge(state)
        word = muted(badge.text)
        word.setWordWrap(False)
        pair = QWidget()
        inside = QHBoxLayout(pair)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(5)
        inside.addWidget(IconLabel(badge.icon, badge.tint, 14))
        inside.addWidget(word)
        layout.addWidget(pair)
    return box
