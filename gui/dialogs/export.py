"""The Export… dialog: which platforms, what form, where to; and what stands against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QRadioButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from exporter_core import ExportOptions, Image, ImageSummary, Platform
from gui.dialogs.export_files import FilesBox
from gui.dialogs.rows import CommandText, column, label, row
from gui.models.catalogue import split_name
from gui.models.failure import Failure
from gui.models.platforms import PlatformRow, PlatformsModel, first_missing, missing_words, platform_rows
from gui.text import plural, tr
from gui.theme import icon, scaled_font
from gui.widgets import ElidedLabel, FailureCard, NoteLabel, RowDelegate, muted, plain_button
from gui.widgets.cards import ErrorText

_IMAGES_SHOWN = 4
_MISSING_LINES = 7
_GAP = 30  # pixels of height that may be left empty


@dataclass(frozen=True, slots=True)
class ExportForm:
    """What is filled in: the core's options, the path as typed, whether to hash the archive at the end.

    With ``each`` the path is a folder, and ``template`` names a file in it for each image.
    """

    options: ExportOptions
    path: str
    checksum: bool
    each: bool = False
    template: str = ""


class ExportDialog(QDialog):
    """``changed`` after any input, ``eachToggled`` when it is a folder or a file again, ``lastWanted`` to
    fill in what was chosen last time, ``browseWanted`` for the button, ``startWanted`` for Export.
    """

    changed = Signal()
    eachToggled = Signal()
    lastWanted = Signal()
    browseWanted = Signal()
    startWanted = Signal()

    def __init__(self, images: Sequence[Image], store: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("exportDialog")
        self.setWindowTitle(tr("Export"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(680)
        self._fitted = 0  # the height that it gave itself
        self._images = len(images)
        self.files = FilesBox(len(images))
        self.platforms = PlatformsModel(self)
        self.platforms.ticked.connect(self._ticked)
        self._make_platforms()
        self._make_missing()
        self._make_options()
        self._make_target()
        self._make_answers()
        self._names = QWidget()
        self._lay_out(_header(images, store, self._names))
        self.target.setFocus()

    # Making it

    def _make_platforms(self) -> None:
        self.everything = QRadioButton(tr("Ever&ything: all platforms and attestations"))
        self.everything.setObjectName("exportEverything")
        self.some = QRadioButton(tr("O&nly these platforms:"))
        self.some.setObjectName("exportSome")
        group = QButtonGroup(self)
        group.addButton(self.everything)
        group.addButton(self.some)
        self.everything.setChecked(True)
        self.everything.toggled.connect(self._scope)
        self.ticks = QListView()
        self.ticks.setObjectName("exportPlatforms")
        self.ticks.setAccessibleName(tr("Platforms to export"))
        self.ticks.setProperty("framed", True)
        self.ticks.setModel(self.platforms)
        self.ticks.setIconSize(QSize(16, 16))
        self.ticks.setItemDelegate(RowDelegate(self.ticks))
        self.ticks.setUniformItemSizes(True)
        self.looking = muted(tr("Looking which platforms there are…"))

    def _make_missing(self) -> None:
        self.missing_button = QToolButton()
        self.missing_button.setObjectName("exportMissingButton")
        self.missing_button.setText(tr("W&hat is missing, and why"))
        self.missing_button.setIcon(icon("chevron-right"))
        self.missing_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.missing_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.missing_button.clicked.connect(self._toggle_missing)
        self.missing = ErrorText()
        self.missing.setObjectName("exportMissing")
        self.missing.setAccessibleName(tr("What is missing of each platform"))
        self.missing.document().setDocumentMargin(6)
        self.missing.setFixedHeight(_MISSING_LINES * self.missing.fontMetrics().lineSpacing() + 12)
        self.first_missing = NoteLabel("triangle-alert", "warn")
        self.first_missing.label.setObjectName("exportFirstMissing")
        self.missing_button.hide()
        self.missing.hide()

    def _make_options(self) -> None:
        self.profile = QComboBox()
        self.profile.setObjectName("exportProfile")
        self.profile.setAccessibleName(tr("Format"))
        self.profile.addItem(tr("OCI archive — ctr, docker load, podman, skopeo"), "oci")
        self._offer_profiles()
        self.profile.currentIndexChanged.connect(self._profile_changed)
        self.docker = QCheckBox(tr("Add Docker's &manifest.json"))
        self.docker.setToolTip(tr("Older docker load needs it; it costs a few hundred bytes"))
        self.docker.setChecked(True)
        self.skip = QCheckBox(tr("&Leave out layers that may not be distributed"))
        self.skip.setToolTip(tr("Windows base layers that registries do not hand out"))
        self.checksum = QCheckBox(tr("Compute the archive's &SHA-256 when it is written"))
        self.checksum.setToolTip(tr("Reads the finished file once more"))
        for box in (self.docker, self.skip, self.checksum):
            box.toggled.connect(self.changed)

    def _make_target(self) -> None:
        self.target = QLineEdit()
        self.target.setObjectName("exportTarget")
        self.target.setAccessibleName(tr("File to write"))
        self.target.setPlaceholderText(tr("File to write, for example ~/image.tar"))
        self.target.textChanged.connect(self.changed)
        self.browse = plain_button(tr("&Browse…"), "folder-open")
        self.browse.clicked.connect(self.browseWanted)
        self.replaces = NoteLabel("info", "warn")
        self.replaces.label.setObjectName("exportReplaces")
        self.files.changed.connect(self.changed)
        self.files.each.toggled.connect(self._each_toggled)

    def _make_answers(self) -> None:
        self.facts = QLabel()
        self.facts.setObjectName("exportFacts")
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.facts.setWordWrap(True)
        self.facts.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.notes = NoteLabel("triangle-alert", "warn")
        self.failure = FailureCard("errorText")
        self.command = CommandText()
        self.command.setObjectName("exportCommand")
        self.command.setAccessibleName(tr("Equivalent command line"))
        self.copy_command = plain_button(tr("&Copy"), "copy")
        self.copy_command.setToolTip(tr("Copy the command line"))
        self.copy_command.clicked.connect(self._copy_command)
        self.reason = muted()
        self.reason.setObjectName("exportReason")
        self.start = plain_button(tr("Export"))
        self.start.setObjectName("exportStart")
        self.start.setProperty("primary", True)
        self.start.setDefault(True)
        self.start.setEnabled(False)
        self.start.clicked.connect(self.startWanted)
        self.cancel = plain_button(tr("Cancel"))
        self.cancel.clicked.connect(self.reject)
        self.last = plain_button(tr("Same as l&ast time"), "history")
        self.last.setObjectName("exportLast")
        self.last.setToolTip(tr("Fill in what was chosen for the last export"))
        self.last.clicked.connect(self.lastWanted)

    def _lay_out(self, header: QWidget) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(12)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        missing = column(self.first_missing, self.missing_button, self.missing)
        platforms = column(self.everything, self.some, self.looking, self.ticks, missing)
        form.addRow(tr("Platforms"), platforms)
        if self._images > 1:
            form.addRow(tr("Files"), self.files)
        form.addRow(label(tr("&Format"), self.profile), column(self.profile, self.docker, self.skip))
        where = column(row(self.target, self.browse), self.replaces, self.checksum)
        form.addRow(label(tr("W&rite to"), self.target), where)
        form.addRow(tr("Size"), self.facts)
        form.addRow(label(tr("Command"), self.command), row(self.command, self.copy_command))
        buttons = QHBoxLayout()
        buttons.addWidget(self.last)
        buttons.addWidget(self.reason, 1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.start)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(14)
        layout.addWidget(header)
        layout.addLayout(form)
        layout.addWidget(self.notes)
        layout.addWidget(self.failure, 1)
        layout.addStretch(0)
        layout.addLayout(buttons)
        self.setTabOrder(self.cancel, self.start)

    # What is filled in

    def form(self) -> ExportForm:
        """The answers."""
        everything = self.everything.isChecked()
        profile = "v1" if self.profile.currentData() == "v1" else "oci"
        options = ExportOptions(
            platforms=None if everything else self.platforms.chosen(),
            all_platforms=everything,
            profile="v1" if profile == "v1" else "oci",
            docker_manifest=self.docker.isChecked(),
            skip_nondistributable=self.skip.isChecked(),
        )
        each = self.files.each.isChecked()
        template = self.files.template.text().strip() if each else ""
        return ExportForm(options, self.target.text().strip(), self.checksum.isChecked(), each, template)

    def fill(self, form: ExportForm) -> None:
        """Fill in what does not hang on the images: the format, one file or several, the SHA-256."""
        self.files.each.setChecked(form.each and self._images > 1)
        self.profile.setCurrentIndex(max(0, self.profile.findData(form.options.profile)))
        self.docker.setChecked(form.options.docker_manifest)
        self.skip.setChecked(form.options.skip_nondistributable)
        self.checksum.setChecked(form.checksum)

    # What is shown

    def show_platforms(self, summaries: Sequence[ImageSummary], ticks: Sequence[Platform]) -> None:
        """The platforms of the images; with ``ticks`` only those are to be exported, else everything."""
        rows = platform_rows(summaries)
        self._show_rows(rows, ticks or [row.platform for row in rows])
        self.looking.hide()
        self.some.setEnabled(bool(rows))
        self.ticks.setVisible(bool(rows))
        self.ticks.ensurePolished()
        height = self.ticks.sizeHintForRow(0) if rows else 0
        most = 5 if self._images == 1 else 3
        self.ticks.setFixedHeight(height * min(max(len(rows), 1), most) + 2 * self.ticks.frameWidth() + 4)
        self.some.setChecked(bool(ticks))
        self.everything.setChecked(not ticks)
        self._scope()

    def tell_platforms(self, summaries: Sequence[ImageSummary]) -> None:
        """More is known of the same platforms; what is ticked stays."""
        self._show_rows(platform_rows(summaries), self.platforms.chosen())

    def _show_rows(self, rows: list[PlatformRow], ticks: Sequence[Platform]) -> None:
        self.platforms.show(rows, ticks, self._images)
        missing = missing_words(rows)
        self.missing.setPlainText(missing)
        self.first_missing.say(first_missing(rows))
        self.missing_button.setVisible(bool(missing))

    def show_answer(self, facts: str, notes: str, failure: Failure | None, reason: str, command: str) -> None:
        """The plan's answer; a ``reason`` keeps Export from being pressed."""
        self.facts.setText(facts)
        self.notes.say(notes)
        self.failure.say(failure.title if failure else "", failure.text if failure else "")
        reasons = bool(self.first_missing.label.text())
        self.first_missing.setVisible(reasons and failure is None)  # else the failure says it, and more
        self.reason.setText(reason)
        self.start.setEnabled(not reason)
        self.start.setToolTip(reason)
        if self.command.text() != command:
            self.command.setPlainText(command)
        self._fit()

    def show_waiting(self, reason: str) -> None:
        """An answer is on its way; Export may be pressed already, and then waits for it."""
        self.reason.setText(reason)
        self.start.setEnabled(True)
        self.start.setToolTip("")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.target.selectAll()

    def retire(self) -> None:
        """Give up every name: Qt deletes the dialog a moment later, and a new one may be open by then."""
        for child in (self, *self.findChildren(QWidget)):
            child.setObjectName("")

    def _fit(self) -> None:
        """Grow for what is to be said; shrink for the first answer, and when much is not said any more, as
        long as nobody has made the window larger by hand.
        """
        layout = self.layout()
        if layout is None:
            return
        layout.activate()
        wanted = layout.totalHeightForWidth(self.width()) if layout.hasHeightForWidth() else 0
        wanted = min(
            max(wanted, layout.totalMinimumSize().height()), self.screen().availableSize().height() - 60
        )
        gap = self.height() - wanted
        own = abs(self.height() - self._fitted) <= _GAP
        if gap < 0 or self._fitted == 0 or (gap > _GAP and own):
            self.resize(self.width(), wanted)
            self._fitted = self.height()

    def _scope(self) -> None:
        self.ticks.setEnabled(self.some.isChecked())
        self.changed.emit()

    def _ticked(self) -> None:
        self.changed.emit()

    def _toggle_missing(self) -> None:
        shown = self.missing.isHidden()
        self.missing_button.setIcon(icon("chevron-down" if shown else "chevron-right"))
        self.missing.setVisible(shown)
        self._fit()

    def _each_toggled(self, each: bool) -> None:
        words = tr("Folder to write to") if each else tr("File to write")
        example = tr("for example ~/images") if each else tr("for example ~/image.tar")
        self.target.setAccessibleName(words)
        self.target.setPlaceholderText(f"{words}, {example}")
        self._offer_profiles()
        self._names.setVisible(not each)  # the files below name them, too
        self.eachToggled.emit()
        self._fit()

    def _offer_profiles(self) -> None:
        """V1 archives hold one image."""
        at = self.profile.findData("v1")
        fits = self._images == 1 or self.files.each.isChecked()
        if fits and at < 0:
            self.profile.addItem(tr("As containerd's V1Exporter of 2018 wrote it"), "v1")
        elif not fits and at >= 0:
            self.profile.removeItem(at)

    def _profile_changed(self) -> None:
        oci = self.profile.currentData() == "oci"
        self.docker.setEnabled(oci)
        self.skip.setEnabled(oci)
        self.changed.emit()

    def _copy_command(self) -> None:
        QGuiApplication.clipboard().setText(self.command.text())


def _header(images: Sequence[Image], store: str, names_box: QWidget) -> QWidget:
    """Title, the names in ``names_box``, the store."""
    names = [image.name for image in images]
    title = QLabel()
    title.setTextFormat(Qt.TextFormat.PlainText)
    title.setFont(scaled_font(1.25, bold=True))
    one = len(names) == 1
    what = split_name(names[0])[0] if one else plural(len(names), "{n} image", "{n} images")
    title.setText(tr("Export {what}", what=what))
    lines = [names[0]] if one else names[:_IMAGES_SHOWN]
    box = QFrame()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(2)
    layout.addWidget(title)
    layout.addWidget(names_box)
    inside = QVBoxLayout(names_box)
    inside.setContentsMargins(0, 0, 0, 0)
    inside.setSpacing(2)
    for line in lines:
        shown = ElidedLabel(line)
        shown.setProperty("muted", True)
        inside.addWidget(shown)
    if len(names) > len(lines):
        inside.addWidget(muted(plural(len(names) - len(lines), "and {n} more", "and {n} more")))
    layout.addWidget(muted(tr("from {store}", store=store)))
    return box
