"""A fault in the program: what happened, all of it, to copy; the program goes on if it can."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from gui.text import plural, tr
from gui.theme import fixed_font, scaled_font
from gui.widgets import muted, plain_button
from gui.widgets.cards import IconLabel


class CrashDialog(QDialog):
    """``logWanted`` and ``quitWanted`` are the ways out beside going on."""

    logWanted = Signal()
    quitWanted = Signal()

    def __init__(self, title: str, details: str, versions: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("crashDialog")
        self.setWindowTitle(tr("A fault in Shipglass"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._versions = versions
        self._faults = 1
        self.title = QLabel(tr("Something went wrong inside Shipglass"))
        self.title.setFont(scaled_font(1.25, bold=True))
        self.title.setWordWrap(True)
        self.what = QLabel(title)
        self.what.setObjectName("crashText")
        self.what.setTextFormat(Qt.TextFormat.PlainText)
        self.what.setWordWrap(True)
        self.what.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.more = muted()
        self.more.hide()
        self.details = QPlainTextEdit(details.rstrip())
        self.details.setObjectName("crashDetails")
        self.details.setAccessibleName(tr("Details for a report"))
        self.details.setReadOnly(True)
        self.details.setFont(fixed_font(0.9))
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(14)
        top.addWidget(IconLabel("octagon-alert", "bad", 32), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(self.title)
        words.addWidget(self.what)
        words.addWidget(self.more)
        words.addWidget(
            muted(
                tr(
                    "Your stores are safe: Shipglass only reads them. You can go on; if anything looks odd, "
                    "start the program anew. Please report the details below."
                )
            )
        )
        top.addLayout(words, 1)
        copy = plain_button(tr("&Copy details"), "copy")
        copy.setObjectName("crashCopy")
        copy.clicked.connect(self._copy)
        log = plain_button(tr("Show &log"), "file-text")
        log.clicked.connect(self.logWanted)
        stop = plain_button(tr("&Quit"))
        stop.clicked.connect(self._quit)
        self.go_on = plain_button(tr("Go on"))
        self.go_on.setProperty("primary", True)
        self.go_on.setDefault(True)
        self.go_on.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        for button in (copy, log):
            buttons.addWidget(button)
        buttons.addStretch(1)
        for button in (stop, self.go_on):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(14)
        layout.addLayout(top)
        layout.addWidget(self.details, 1)
        layout.addLayout(buttons)
        self.resize(680, 430)
        self.go_on.setFocus()

    def add(self, details: str) -> None:
        """Another fault while the dialog is open: into the same one."""
        self._faults += 1
        self.more.setText(
            plural(self._faults - 1, "{n} more fault since, below.", "{n} more faults since, below.")
        )
        self.more.show()
        self.details.appendPlainText(f"\n{details.rstrip()}")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self._versions}\n\n{self.details.toPlainText()}\n")

    def _quit(self) -> None:
        self.accept()
        self.quitWanted.emit()
