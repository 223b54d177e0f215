"""Of the Export… dialog: one archive or one for each image, and what those are called."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from gui.dialogs.rows import row
from gui.models.file_name import FIELDS, template_problem
from gui.models.targets import FILE, IMAGE, SIZE, STATE, TargetsModel
from gui.text import plural, tr
from gui.widgets import NamesDelegate, NoteLabel, RowView, muted

_WIDTHS = {IMAGE: 150, SIZE: 76, STATE: 168}
_ROWS_SHOWN = 5


class FilesBox(QWidget):
    """``changed`` after any input. Hidden where there is one image only."""

    changed = Signal()

    def __init__(self, images: int) -> None:
        super().__init__()
        self.together = QRadioButton(plural(images, "&One archive", "&One archive with all {n} images"))
        self.together.setObjectName("exportTogether")
        self.together.setChecked(True)
        self.each = QRadioButton(tr("One file for each &image"))
        self.each.setObjectName("exportEach")
        group = QButtonGroup(self)
        group.addButton(self.together)
        group.addButton(self.each)
        self.template = QLineEdit()
        self.template.setObjectName("exportTemplate")
        self.template.setAccessibleName(tr("Template of the file names"))
        self.hint = muted(tr("Fields: {fields}", fields=", ".join(f"{{{name}}}" for name in FIELDS)))
        self.problem = NoteLabel("circle-alert", "bad")
        self.problem.label.setObjectName("exportNamesProblem")
        self.model = TargetsModel(self)
        self.preview = TargetsView(self.model)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(row(self.together))
        layout.addWidget(row(self.each))
        self._names = QWidget()
        names = QVBoxLayout(self._names)
        names.setContentsMargins(22, 0, 0, 0)
        names.setSpacing(6)
        for widget in (self.template, self.hint, self.preview, self.problem):
            names.addWidget(widget)
        layout.addWidget(self._names)
        self.setVisible(images > 1)
        self._names.hide()
        self.each.toggled.connect(self._toggled)
        self.template.textChanged.connect(self.changed)
        self.model.modelReset.connect(self._fit)

    @property
    def template_problem(self) -> str:
        """Why the template cannot be used; "" if it can."""
        return template_problem(self.template.text().strip())

    def _toggled(self, each: bool) -> None:
        self._names.setVisible(each)
        self._fit()
        self.changed.emit()

    def _fit(self) -> None:
        rows = min(max(self.model.rowCount(), 1), _ROWS_SHOWN)
        self.preview.ensurePolished()
        height = self.preview.sizeHintForRow(0) if self.model.rowCount() else 28
        frame = 2 * self.preview.frameWidth() + 2
        self.preview.setFixedHeight(self.preview.header().sizeHint().height() + rows * height + frame)


class TargetsView(RowView):
    """What is to be written where."""

    def __init__(self, model: TargetsModel) -> None:
        super().__init__(model, "exportPreview", tr("Files to be written"), widths=_WIDTHS, stretched=(FILE,))
        self.setProperty("framed", True)
        self.setItemDelegate(NamesDelegate(STATE, self))
        self.setAllColumnsShowFocus(True)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
