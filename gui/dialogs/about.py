"""About: which version of what, under which licence."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import QLibraryInfo, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from exporter_core import __version__
from gui.resources import icon_file
from gui.text import tr
from gui.theme import scaled_font
from gui.widgets import muted, plain_button


def versions() -> str:
    """Lines for a report of a fault."""
    qt = QLibraryInfo.version().toString()
    try:
        pyside = version("PySide6_Essentials")
    except PackageNotFoundError:
        pyside = "?"
    return (
        f"Shipglass {__version__}\nPython {platform.python_version()}\nQt {qt}, PySide6 {pyside}\n"
        f"{platform.platform()}, {QGuiApplication.platformName()}"
    )


class AboutDialog(QDialog):
    """What it is, what it is made of."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("aboutDialog")
        self.setWindowTitle(tr("About Shipglass"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        picture = QLabel()
        picture.setPixmap(QIcon(str(icon_file("shipglass"))).pixmap(QSize(72, 72), self.devicePixelRatioF()))
        name = QLabel("Shipglass")
        name.setFont(scaled_font(1.5, bold=True))
        facts = QLabel(versions())
        facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = QVBoxLayout()
        words.setSpacing(8)
        words.addWidget(name)
        words.addWidget(
            muted(tr("Looks into container image stores, read-only, and exports images to a tar."))
        )
        words.addWidget(facts)
        words.addWidget(
            muted(
                tr("Shipglass: Apache License 2.0. Qt and PySide6: GNU LGPL version 3. Icons: Lucide, ISC.")
            )
        )
        words.addLayout(self._buttons())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(20)
        layout.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words)
        self.setMinimumWidth(460)

    def _buttons(self) -> QHBoxLayout:
        copy = plain_button(tr("&Copy versions"), "copy")
        copy.clicked.connect(self._copy)
        close = plain_button(tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        close.setFocus()
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(copy)
        row.addWidget(close)
        return row

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(versions())
