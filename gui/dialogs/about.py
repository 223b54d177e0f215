"""About: which version of what, under which licence, and what a report of a fault needs to say."""

from __future__ import annotations

import locale
import platform
from collections.abc import Sequence
from html import escape
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import QLibraryInfo, QLocale, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from exporter_core import __version__
from gui.resources import icon_file
from gui.text import tr
from gui.theme import scaled_font
from gui.widgets import heading, muted, plain_button

_LICENCES = (
    ("Shipglass", "Apache License 2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
    ("Qt, PySide6", "GNU LGPL version 3", "https://www.gnu.org/licenses/lgpl-3.0.html"),
    ("Lucide", "ISC License", "https://lucide.dev/license"),
)


def _versions() -> list[tuple[str, str]]:
    try:
        pyside = version("PySide6_Essentials")
    except PackageNotFoundError:
        pyside = "?"
    return [
        ("Shipglass", __version__),
        ("Python", platform.python_version()),
        ("Qt", QLibraryInfo.version().toString()),
        ("PySide6", pyside),
        (tr("Platform"), f"{platform.platform()}, {QGuiApplication.platformName()}"),
    ]


def versions() -> str:
    """Lines for a report of a fault."""
    return "\n".join(f"{name}: {value}" for name, value in _versions())


def diagnostics(more: Sequence[str] = ()) -> str:
    """The versions, the screens, the language, and ``more`` lines."""
    screens = (
        f"{screen.name()} {screen.size().width()}×{screen.size().height()} at {screen.devicePixelRatio():g}"
        for screen in QGuiApplication.screens()
    )
    encoding = locale.getpreferredencoding(False)
    lines = [
        versions(),
        f"Screens: {', '.join(screens)}",
        f"Style and font: {QGuiApplication.font().toString().partition(',')[0]}",
        f"Locale: {QLocale().name()}, {encoding}",
        *more,
    ]
    return "\n".join(lines)


class AboutDialog(QDialog):
    """What it is, what it is made of; ``details`` goes to the clipboard."""

    def __init__(self, details: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("aboutDialog")
        self.setWindowTitle(tr("About Shipglass"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._details = details
        picture = QLabel()
        picture.setPixmap(QIcon(str(icon_file("shipglass"))).pixmap(QSize(72, 72), self.devicePixelRatioF()))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(20)
        layout.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(self._words())
        self.setMinimumWidth(520)
        self.close_button.setFocus()

    def _words(self) -> QVBoxLayout:
        name = QLabel("Shipglass")
        name.setFont(scaled_font(1.5, bold=True))
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(name)
        what = tr("Looks into container image stores, read-only, and exports images to a tar.")
        words.addWidget(muted(what))
        words.addSpacing(10)
        words.addWidget(heading(tr("Versions")))
        words.addLayout(_table([(key, _selectable(value)) for key, value in _versions()]))
        words.addSpacing(10)
        words.addWidget(heading(tr("Licences")))
        words.addLayout(_table([(what, _link(licence, url)) for what, licence, url in _LICENCES]))
        note = tr("Qt and PySide6 are used as they are and can be replaced; icons are by Lucide.")
        words.addWidget(muted(note))
        words.addSpacing(10)
        words.addLayout(self._buttons())
        return words

    def _buttons(self) -> QHBoxLayout:
        copy = plain_button(tr("&Copy diagnostics"), "copy")
        copy.setObjectName("aboutCopy")
        copy.setToolTip(tr("Versions, screens, settings and the last warnings, for a report"))
        copy.clicked.connect(self._copy)
        self.close_button = close = plain_button(tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(copy)
        row.addWidget(close)
        return row

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)


def _table(rows: Sequence[tuple[str, QLabel]]) -> QFormLayout:
    form = QFormLayout()
    form.setHorizontalSpacing(18)
    form.setVerticalSpacing(3)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    for key, value in rows:
        label = QLabel(key)
        label.setProperty("muted", True)
        label.setMinimumWidth(90)
        form.addRow(label, value)
    return form


def _selectable(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _link(text: str, url: str) -> QLabel:
    label = QLabel(f'<a href="{escape(url)}">{escape(text)}</a>')
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
    label.setOpenExternalLinks(True)
    label.setProperty("link", True)
    label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
    label.setToolTip(url)
    label.setAccessibleName(text)
    return label
