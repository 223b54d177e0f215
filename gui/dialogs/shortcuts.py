"""Keyboard shortcuts: all keys of the program on one page, made from the registry of actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QTextBrowser, QVBoxLayout, QWidget

from gui.text import tr
from gui.theme import icon, tokens
from gui.widgets import plain_button


@dataclass(frozen=True, slots=True)
class Keys:
    """One line: what is done, and the keys that do it."""

    group: str
    what: str
    keys: str


def keys_of_views() -> tuple[Keys, ...]:
    """The keys that belong to a pane and not to a command."""
    anywhere, lists, boxes = tr("Everywhere"), tr("Lists and trees"), tr("Filter box")
    return (
        Keys(anywhere, tr("Next or previous control"), "Tab, Shift+Tab"),
        Keys(anywhere, tr("Menus"), tr("Alt and the underlined letter")),
        Keys(anywhere, tr("Close a dialog"), "Esc"),
        Keys(lists, tr("Several images"), "Shift+↑ ↓, Ctrl+Space"),
        Keys(lists, tr("Open or close a row"), "→, ←"),
        Keys(lists, tr("Tick a platform"), tr("Space")),
        Keys(lists, tr("Context menu"), tr("Menu key, Shift+F10")),
        Keys(boxes, tr("To the list"), "↓, Enter"),
        Keys(boxes, tr("Empty it"), "Esc"),
    )


class ShortcutsDialog(QDialog):
    """A page that can be searched and copied."""

    def __init__(self, lines: Sequence[Keys], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcutsDialog")
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._lines = [*lines, *keys_of_views()]
        self.search = QLineEdit()
        self.search.setObjectName("shortcutsSearch")
        self.search.setAccessibleName(tr("Filter shortcuts"))
        self.search.setPlaceholderText(tr("Filter by command or key"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._render)
        self.page = QTextBrowser()
        self.page.setObjectName("shortcutsPage")
        self.page.setAccessibleName(tr("Keyboard shortcuts"))
        self.page.setOpenLinks(False)
        self.page.document().setDocumentMargin(4)
        copy = plain_button(tr("&Copy"), "copy")
        copy.clicked.connect(self._copy)
        close = plain_button(tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(self.search)
        layout.addWidget(self.page, 1)
        layout.addLayout(buttons)
        self.resize(560, 620)
        self._render()

    def shown(self) -> list[Keys]:
        """The lines that fit what was typed."""
        words = self.search.text().lower().split()
        return [
            line
            for line in self._lines
            if all(word in f"{line.group} {line.what} {line.keys}".lower() for word in words)
        ]

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._render()

    def _render(self) -> None:
        colours = tokens()
        parts = [
            f"<style>h3{{color:{colours.muted};font-size:small;font-weight:600;margin:12px 0 3px 0}} "
            f"td.k{{color:{colours.accent}}}</style>"
        ]
        group = None
        for line in self.shown():
            if line.group != group:
                parts.append("</table>" if group is not None else "")
                parts.append(f"<h3>{escape(line.group.upper())}</h3><table width='100%' cellpadding='3'>")
                group = line.group
            parts.append(
                f"<tr><td width='60%'>{escape(line.what)}</td><td class='k'>{escape(line.keys)}</td></tr>"
            )
        if group is None:
            parts.append(f"<p style='color:{colours.muted}'>{escape(tr('No command or key fits.'))}</p>")
        self.page.setHtml("".join(parts))

    def _copy(self) -> None:
        lines = (f"{line.group}\t{line.what}\t{line.keys}" for line in self.shown())
        QGuiApplication.clipboard().setText("\n".join(lines))
