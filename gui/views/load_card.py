"""What can be done with an archive that was written: the commands that load it, its digest."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from exporter_core.commands import Command
from gui.actions import Actions
from gui.text import tr
from gui.theme import fixed_font, icon
from gui.widgets import ElidedLabel, heading, tool_button


class LoadCard(QScrollArea):
    """``copied(words)`` says what went to the clipboard."""

    copied = Signal(str)

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setObjectName("loadCommands")
        self.setAccessibleName(tr("What loads the archive"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.name = ElidedLabel()
        self.name.setProperty("muted", True)
        self.digest = _line(tr("SHA-256 of the archive"))
        self.digest.setObjectName("archiveDigest")
        self.copy_digest = self._copy_button(self.digest, tr("Copy the SHA-256"))
        self.hash = tool_button(actions["hashJob"], words=True)
        self.hash.setProperty("boxed", True)
        self.hash.setObjectName("jobHash")
        self._shown: tuple[object, ...] = ()
        self._rows = QGridLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(8)
        self._rows.setVerticalSpacing(4)
        self._rows.setColumnStretch(1, 1)
        self._lay_out()

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setProperty("plain", True)
        self._digest_row = QWidget()
        digest = QHBoxLayout(self._digest_row)
        digest.setContentsMargins(0, 0, 0, 0)
        digest.setSpacing(8)
        digest.addWidget(_label(tr("SHA-256")))
        digest.addWidget(self.digest, 1)
        digest.addWidget(self.copy_digest)
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(6)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(heading(tr("Load it")))
        top.addWidget(self.name, 1)
        top.addWidget(self.hash)
        layout.addLayout(top)
        layout.addWidget(self._digest_row)
        layout.addLayout(self._rows)
        layout.addStretch(1)
        self.setWidget(inside)

    def show_archive(self, name: str, commands: Sequence[Command], sha256: str) -> None:
        """Show the archive ``name``."""
        self.name.setText(name)
        self._digest_row.setVisible(bool(sha256))
        self.hash.setVisible(not sha256)
        text = f"sha256:{sha256}" if sha256 else ""
        if self.digest.text() != text:
            self.digest.setText(text)
            self.digest.setCursorPosition(0)
        if self._shown != tuple(commands):
            self._shown = tuple(commands)
            self._fill(commands)

    def _fill(self, commands: Sequence[Command]) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for row, command in enumerate(commands):
            line = _line(f"{command.program}, {tr(command.purpose)}")
            line.setText(command.line)
            line.setCursorPosition(0)
            line.setToolTip(command.line)
            self._rows.addWidget(_label(_sentence(tr(command.purpose))), row, 0)
            self._rows.addWidget(line, row, 1)
            name = tr("Copy the command of {program}", program=command.program)
            self._rows.addWidget(self._copy_button(line, name), row, 2)

    def _copy_button(self, line: QLineEdit, name: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon("copy"))
        button.setToolTip(name)
        button.setAccessibleName(name)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setProperty("line", line)
        button.clicked.connect(self._copy)
        return button

    def _copy(self) -> None:
        line = self.sender().property("line")
        assert isinstance(line, QLineEdit)
        QGuiApplication.clipboard().setText(line.text())
        self.copied.emit(tr("Copied: {text}", text=line.text()))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _line(name: str) -> QLineEdit:
    line = QLineEdit()
    line.setReadOnly(True)
    line.setAccessibleName(name)
    line.setFont(fixed_font(0.9))
    return line


def _label(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("muted", True)
    label.setMinimumWidth(120)
    return label
