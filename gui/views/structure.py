"""The middle pane: which platform, how complete it is, and the tree of the image."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from exporter_core import ImageSummary, PlatformStatus
from gui.actions import Actions, plain
from gui.models import USER
from gui.models.completeness import all_badge, platform_badge
from gui.models.tree import DIGEST, LABEL, SIZE, STATE, TYPE, TreeModel
from gui.text import tr
from gui.theme import icon
from gui.widgets import Pages, RowView, action_button, tool_button

STATUS = USER + 1
"""Role of the picker's items: the PlatformStatus (None: all). ``currentData()`` is the Platform."""
_NARROWEST = 290
_ROOM = 160  # for margins, and for the picker to say more than its least
_MOST = 500  # platforms to pick from; more are no image that anybody made, and are in the tree
_WIDTHS = {LABEL: 236, STATE: 128, SIZE: 72, TYPE: 128, DIGEST: 84}


class StructurePane(QFrame):
    """``platformChosen(PlatformStatus or None)``; ``nodeChosen``; ``menuWanted(position)``."""

    platformChosen = Signal(object)
    nodeChosen = Signal()
    menuWanted = Signal(QPoint)

    def __init__(self, model: TreeModel, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.picker = QComboBox()
        self.picker.setObjectName("platformPicker")
        self.picker.setAccessibleName(tr("Platform"))
        self.picker.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.picker.setMinimumContentsLength(9)
        self.picker.setMaxVisibleItems(20)
        self.picker.view().setIconSize(QSize(16, 16))
        self.picker.setEnabled(False)
        self.picker.currentIndexChanged.connect(self._picked)
        self.all_button = QToolButton()
        self.all_button.setProperty("boxed", True)
        self.all_button.setText(tr("All"))
        self.all_button.setToolTip(actions["allPlatforms"].toolTip())
        self.all_button.setAccessibleName(tr("All platforms"))
        self.all_button.setCheckable(True)
        self.all_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.all_button.setEnabled(False)
        self.all_button.clicked.connect(actions["allPlatforms"].trigger)
        self.export_button = action_button(actions["export"], primary=True)
        self.export_button.setText(plain(actions["export"].text()))  # Alt+E is the Edit menu's
        self.view = StructureView(model)
        self.pages = Pages(self.view)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("middleTabs")
        self.tabs.setAccessibleName(tr("Ways to look at the image"))
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setProperty("compact", True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self.pages, tr("Tree"))
        self._lay_out([tool_button(actions[name]) for name in ("goBack", "goForward")])
        self.view.selectionModel().currentChanged.connect(self.nodeChosen)
        self.view.customContextMenuRequested.connect(self._menu)

    def _lay_out(self, ways: Sequence[QToolButton]) -> None:
        label = QLabel(tr("&Platform"))
        label.setBuddy(self.picker)
        self._ways, self._platform = QWidget(), QWidget()
        for box, widgets in ((self._ways, ways), (self._platform, (label, self.picker, self.all_button))):
            inside = QHBoxLayout(box)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.setSpacing(8)
            for widget in widgets:
                inside.addWidget(widget, 1 if widget is self.picker else 0)
        self._bar = QFrame()
        self._bar.setProperty("bar", True)
        self._bar.setMinimumWidth(_NARROWEST)
        self._rows = QGridLayout(self._bar)
        self._rows.setContentsMargins(12, 9, 12, 9)
        self._rows.setHorizontalSpacing(16)
        self._rows.setVerticalSpacing(7)
        self._rows.setColumnStretch(1, 1)
        self._rows.addWidget(self._ways, 0, 0)
        self._rows.addWidget(self.export_button, 0, 2)
        self._arrange(narrow=False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(self.tabs, 1)

    def _arrange(self, *, narrow: bool) -> None:
        """The platform in a line of its own, or between the others."""
        place = (1, 0, 1, 3) if narrow else (0, 1, 1, 1)
        self._rows.addWidget(self._platform, *place)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for all in one line, the platform goes below."""
        super().resizeEvent(event)
        parts = (self._ways, self._platform, self.export_button)
        needed = sum(part.minimumSizeHint().width() for part in parts) + _ROOM
        self._arrange(narrow=self.width() < needed)

    # What the feature shows

    def show_platforms(self, summary: ImageSummary | None, chosen: PlatformStatus | None) -> None:
        """The platforms of an image with ``chosen`` picked (None: all); without a summary, none yet."""
        self.picker.blockSignals(True)
        self.picker.clear()
        if summary is not None:
            self._add(tr("All platforms"), all_badge(summary), None)
            for status in summary.platforms[:_MOST]:
                self._add(status.name, platform_badge(status), status)
            self._pick(chosen)
        self.picker.blockSignals(False)
        popup = self.picker.view()
        popup.setMinimumWidth(popup.sizeHintForColumn(0) + 2 * popup.frameWidth())
        self._say_picked()
        known = self.picker.count() > 0
        self.picker.setEnabled(known)
        self.all_button.setEnabled(known)
        self.all_button.setChecked(known and self.picker.currentIndex() == 0)

    def _add(self, name: str, badge: object, status: PlatformStatus | None) -> None:
        from gui.models.completeness import Badge

        assert isinstance(badge, Badge)
        self.picker.addItem(
            icon(badge.icon, badge.tint), f"{name} — {badge.text}", status.platform if status else None
        )
        self.picker.setItemData(self.picker.count() - 1, status, STATUS)

    def _pick(self, chosen: PlatformStatus | None) -> None:
        for at in range(self.picker.count()):
            if self.picker.itemData(at, STATUS) == chosen:
                self.picker.setCurrentIndex(at)

    def _picked(self, at: int) -> None:
        self.all_button.setChecked(at == 0)
        self._say_picked()
        if at >= 0:
            self.platformChosen.emit(self.picker.itemData(at, STATUS))

    def _say_picked(self) -> None:
        """In full, for there may be no room for it, and what it is good for."""
        rule = tr("What Export… starts with. A row of another platform in tree or matrix chooses that one.")
        picked = self.picker.currentText()
        self.picker.setToolTip(f"{picked}\n{rule}" if picked else rule)

    def choose_all(self) -> None:
        """Pick "All platforms", or what was the first choice where that is picked already."""
        self.picker.setCurrentIndex(0)
        self.all_button.setChecked(True)

    def _menu(self, position: QPoint) -> None:
        if self.view.indexAt(position).isValid():
            self.menuWanted.emit(self.view.viewport().mapToGlobal(position))


def picker_items(picker: QComboBox) -> Sequence[str]:
    """The texts of a picker's items."""
    model = picker.model()
    assert isinstance(model, QStandardItemModel)
    return [picker.itemText(at) for at in range(picker.count())]


class StructureView(RowView):
    """The tree."""

    def __init__(self, model: TreeModel) -> None:
        super().__init__(model, "structureView", tr("Structure of the image"), flat=False, widths=_WIDTHS)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.header().setMinimumSectionSize(48)
