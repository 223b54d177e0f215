"""Preferences: what the user may choose once and for all."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from gui.models.file_name import FIELDS, example, template_problem
from gui.settings import Preferences
from gui.text import number, size, tr
from gui.theme import MODES
from gui.widgets import NoteLabel, heading, muted, plain_button

_LIMITS = (1, 4, 8, 16, 32, 64, 128, 256)  # MiB
_WORKERS = (1, 2, 3, 4, 6, 8, 12, 16, 32, 64)
_AT_ONCE = (1, 2, 3, 4, 8)


class PreferencesDialog(QDialog):
    """``chosen(Preferences)`` when the answers are to be used; ``browseWanted`` asks for the folder."""

    chosen = Signal(object)
    browseWanted = Signal()

    def __init__(self, now: Preferences, automatic: int, parent: QWidget | None = None) -> None:
        """``now`` is filled in; ``automatic`` threads copy when the number is left to us."""
        super().__init__(parent)
        self.setObjectName("preferencesDialog")
        self.setWindowTitle(tr("Preferences"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._make_general()
        self._make_exports(automatic)
        self._lay_out()
        self.show_values(now)
        self.theme.setFocus()

    # Making it

    def _make_general(self) -> None:
        self.theme = QComboBox()
        self.theme.setObjectName("preferencesTheme")
        for mode, words in zip(MODES, (tr("As the system"), tr("Light"), tr("Dark")), strict=True):
            self.theme.addItem(words, mode)
        self.limit = _numbers("preferencesLimit", {n: size(n << 20) for n in _LIMITS})
        self.limit.setToolTip(tr("A larger index, manifest or config is not read, only named"))
        self.confirm = QCheckBox(tr("&Ask before quitting while exports run"))
        self.reopen = QCheckBox(tr("&Open again all stores that were open"))
        self.reopen.setObjectName("preferencesReopen")
        self.reopen.setToolTip(tr("Else only the one that was opened last"))

    def _make_exports(self, automatic: int) -> None:
        self.folder = QLineEdit()
        self.folder.setObjectName("preferencesFolder")
        self.folder.setPlaceholderText(tr("Where the last export went"))
        self.folder.setClearButtonEnabled(True)
        self.browse = plain_button(tr("&Browse…"), "folder-open")
        self.browse.clicked.connect(self.browseWanted)
        self.template = QLineEdit()
        self.template.setObjectName("preferencesTemplate")
        self.template.textChanged.connect(self._check)
        self.template_note = muted()
        self.template_note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.problem = NoteLabel("circle-alert", "bad")
        words = {n: number(n) for n in _WORKERS}
        self.workers = _numbers(
            "preferencesWorkers", {0: tr("Automatic ({n})", n=number(automatic)), **words}
        )
        self.workers.setToolTip(tr("Threads that read and verify blobs at once"))
        self.at_once = _numbers("preferencesAtOnce", {n: number(n) for n in _AT_ONCE})
        self.at_once.setToolTip(tr("The others wait for their turn"))
        self.notify = QCheckBox(tr("&Notify me when an export ends while I am elsewhere"))

    def _lay_out(self) -> None:
        general = _form()
        general.addRow(_label(tr("&Theme"), self.theme), _narrow(self.theme))
        general.addRow(_label(tr("&Largest document"), self.limit), _narrow(self.limit))
        general.addRow("", self.reopen)
        general.addRow("", self.confirm)
        folder = QHBoxLayout()
        folder.setSpacing(8)
        folder.addWidget(self.folder, 1)
        folder.addWidget(self.browse)
        exports = _form()
        exports.addRow(_label(tr("&Folder"), self.folder), folder)
        exports.addRow(_label(tr("File na&me"), self.template), self.template)
        exports.addRow("", self.template_note)
        exports.addRow("", self.problem)
        exports.addRow(_label(tr("&Copying threads"), self.workers), _narrow(self.workers))
        exports.addRow(_label(tr("E&xports at once"), self.at_once), _narrow(self.at_once))
        exports.addRow("", self.notify)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(heading(tr("General")))
        layout.addLayout(general)
        layout.addSpacing(8)
        layout.addWidget(heading(tr("Exports")))
        layout.addLayout(exports)
        layout.addStretch(1)
        layout.addSpacing(6)
        layout.addLayout(self._buttons())
        self.setMinimumWidth(560)

    def _buttons(self) -> QHBoxLayout:
        self.defaults = plain_button(tr("&Defaults"))
        self.defaults.clicked.connect(self._reset)
        cancel = plain_button(tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self.save = plain_button(tr("&Save"))
        self.save.setObjectName("preferencesSave")
        self.save.setProperty("primary", True)
        self.save.setDefault(True)
        self.save.clicked.connect(self._save)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.defaults)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.save)
        return row

    # What is filled in

    def show_values(self, values: Preferences) -> None:
        """Fill in ``values``."""
        self.theme.setCurrentIndex(max(0, self.theme.findData(values.theme)))
        _choose(self.limit, values.document_limit, size(values.limit))
        self.confirm.setChecked(values.confirm_quit)
        self.reopen.setChecked(values.reopen_all)
        self.folder.setText(values.folder)
        self.template.setText(values.name_template)
        _choose(self.workers, values.workers, number(values.workers))
        _choose(self.at_once, values.at_once, number(values.at_once))
        self.notify.setChecked(values.notify)

    def values(self) -> Preferences:
        """The answers."""
        return Preferences(
            theme=str(self.theme.currentData()),
            document_limit=int(self.limit.currentData()),
            folder=self.folder.text().strip(),
            name_template=self.template.text().strip(),
            workers=int(self.workers.currentData()),
            at_once=int(self.at_once.currentData()),
            notify=self.notify.isChecked(),
            confirm_quit=self.confirm.isChecked(),
            reopen_all=self.reopen.isChecked(),
        )

    def _check(self) -> None:
        template = self.template.text().strip()
        problem = template_problem(template)
        self.problem.say(problem)
        self.template_note.setVisible(not problem)
        fields = ", ".join(f"{{{name}}}" for name in FIELDS)
        self.template_note.setText(
            tr("For example {example}.", example=example(template))
            + "\n"
            + tr("Fields: {fields}", fields=fields)
            if not problem
            else ""
        )
        self.save.setEnabled(not problem)
        self.save.setToolTip(problem)

    def _reset(self) -> None:
        self.show_values(Preferences())

    def _save(self) -> None:
        self.accept()
        self.chosen.emit(self.values())


def _numbers(name: str, items: dict[int, str]) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    for value, words in items.items():
        box.addItem(words, value)
    return box


def _choose(box: QComboBox, value: int, words: str) -> None:
    """Choose ``value``, which a settings file may name though the list does not."""
    if box.findData(value) < 0:
        box.addItem(words, value)
    box.setCurrentIndex(box.findData(value))


def _form() -> QFormLayout:
    form = QFormLayout()
    form.setHorizontalSpacing(14)
    form.setVerticalSpacing(9)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return form


def _label(text: str, buddy: QWidget) -> QLabel:
    label = QLabel(text)
    label.setBuddy(buddy)
    label.setMinimumWidth(130)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    buddy.setAccessibleName(text.replace("&", ""))
    return label


def _narrow(widget: QWidget) -> QHBoxLayout:
    widget.setMinimumWidth(170)
    row = QHBoxLayout()
    row.addWidget(widget)
    row.addStretch(1)
    return row
