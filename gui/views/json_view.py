"""A document with its tools: pretty or raw, find, the jq path of the place, copying, folding."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from gui.models.json_lines import JsonLines
from gui.models.json_text import JsonText
from gui.text import tr
from gui.theme import fixed_font
from gui.views.json_edit import JsonEdit
from gui.views.json_find import MOST, FindBar
from gui.widgets import ElidedLabel, Pages, icon_button


class JsonView(QWidget):
    """``copied(text)`` says what went to the clipboard, ``linkFollowed(digest)`` which link was clicked."""

    copied = Signal(str)
    linkFollowed = Signal(str)

    def __init__(self, name: str = "jsonView") -> None:
        super().__init__()
        self._shown = JsonText("", "")
        self._places: list[tuple[int, int]] = []
        self._at = 0
        self.note = ElidedLabel()
        self.note.setProperty("muted", True)
        self.raw = QToolButton()
        self.raw.setObjectName(name.replace("View", "Raw"))
        self.raw.setProperty("boxed", True)
        self.raw.setText(tr("Raw bytes"))
        self.raw.setToolTip(tr("Show the bytes as they are stored"))
        self.raw.setCheckable(True)
        self.raw.toggled.connect(self._refresh)
        self.text = JsonEdit(name)
        self.finder = FindBar(name.replace("View", "Find"))
        self.path = ElidedLabel()
        self.path.setObjectName(name.replace("View", "Path"))
        self.path.setFont(fixed_font(0.92))
        self.find_button = icon_button("search", tr("Find in the document (Ctrl+F)"), self.open_find)
        self.copy_button = icon_button("copy", tr("Copy the document as shown"), self.copy_document)
        self.path_button = icon_button(
            "copy", tr("Copy the jq path of this place (Ctrl+Alt+C)"), self.copy_path
        )
        self.pages = Pages(self._body())
        self._lay_out()
        self._connect()

    def _body(self) -> QWidget:
        body, bar, self.foot = QWidget(), QFrame(), QFrame()
        bar.setProperty("bar", True)
        self.foot.setProperty("foot", True)
        top, low, layout = QHBoxLayout(bar), QHBoxLayout(self.foot), QVBoxLayout(body)
        top.setContentsMargins(12, 6, 8, 6)
        top.setSpacing(6)
        top.addWidget(self.note, 1)
        top.addWidget(self.find_button)
        top.addWidget(self.raw)
        top.addWidget(self.copy_button)
        low.setContentsMargins(12, 3, 8, 3)
        low.addWidget(self.path, 1)
        low.addWidget(self.path_button)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (bar, self.finder):
            layout.addWidget(widget)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.foot)
        return body

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)

    def _connect(self) -> None:
        self.text.linkFollowed.connect(self.linkFollowed)
        self.text.placeChanged.connect(self._show_path)
        self.text.findWanted.connect(self.open_find)
        self.text.menuWanted.connect(self._menu)
        self.finder.wanted.connect(self._search)
        self.finder.step.connect(self._step)
        self.finder.left.connect(self.close_find)
        for keys, step in (("F3", 1), ("Shift+F3", -1)):
            shortcut = QShortcut(keys, self.text)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(self._forward if step > 0 else self._backward)

    # What is shown

    def show_text(self, shown: JsonText) -> None:
        """Show this document from its start."""
        if shown != self._shown:
            self._shown = shown
            self._refresh()
        self.pages.show_view()

    def show_placeholder(self, symbol: str, title: str, text: str = "", tint: str = "muted") -> None:
        """There is no document to show, and why."""
        self._shown = JsonText("", "")
        self.text.show_lines(JsonLines())
        self.pages.show_placeholder(symbol, title, text, tint)

    def _refresh(self) -> None:
        raw = self.raw.isChecked()
        self.note.setText(self._shown.note)
        self.foot.setVisible(not raw)
        self.text.show_lines(self._shown.raw_lines if raw else self._shown.lines)
        self._show_path(self.text.line)
        if self.finder.isVisible():
            self._search(self.finder.words.text())

    def _show_path(self, line: int) -> None:
        path = self.text.lines.path(line)
        self.path.setText(path)
        self.path_button.setEnabled(bool(path))

    # Finding

    def open_find(self) -> None:
        """Ask what to find; what is selected is proposed."""
        chosen = self.text.chosen
        self.finder.open(chosen if 0 < len(chosen) < 200 and "\n" not in chosen else "")
        self._search(self.finder.words.text())

    def close_find(self) -> None:
        """Back to the text."""
        self.finder.hide()
        self.text.mark("")
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _search(self, words: str) -> None:
        """Find every place of ``words``, whatever their case; the first at or after the cursor is shown."""
        self._places = self.text.lines.find(words, MOST)
        line = self.text.line
        self._at = next((i for i, place in enumerate(self._places) if place[0] >= line), 0)
        self.text.mark(words)
        self._show_place()

    def _step(self, step: int) -> None:
        if self._places:
            self._at = (self._at + step) % len(self._places)
            self._show_place()

    def _forward(self) -> None:
        self._step(1)

    def _backward(self) -> None:
        self._step(-1)

    def _show_place(self) -> None:
        self.finder.say(self._at, self._places)
        if self._places:
            line, start = self._places[self._at]
            self.text.go_to(line, start, len(self.finder.words.text()))

    # Copying

    def copy_document(self) -> None:
        """The whole document, exactly."""
        self._copy(self._shown.raw if self.raw.isChecked() else self._shown.pretty)

    def copy_path(self) -> None:
        """The jq path of the place of the cursor."""
        self._copy(self.text.lines.path(self.text.line))

    def _copy_value(self) -> None:
        if self.text.line >= 0:
            self._copy(self.text.lines.value(self.text.line))

    def _copy(self, text: str) -> None:
        if text:
            QGuiApplication.clipboard().setText(text)
            self.copied.emit(text)

    # The menu

    def _menu(self, position: QPoint, line: int) -> None:
        """What can be done at this line."""
        if line >= 0 and not self.text.textCursor().hasSelection():
            self._to_line(line)
        menu = QMenu(self)
        menu.setObjectName("jsonMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        digest = self.text.lines.digest(line) if line >= 0 else ""
        outline = bool(self.text.lines.path(line))
        folds = self.text.can_fold(line)
        chosen = self.text.textCursor().hasSelection()
        for text, slot, enabled in (
            (tr("&Copy"), self.text.copy, chosen),
            (tr("Copy &value"), self._copy_value, outline),
            (tr("Copy &jq path"), self.copy_path, outline),
            ("", None, True),
            (tr("&Go to what it names"), self._follow, bool(digest)),
            (tr("&Find…"), self.open_find, True),
            ("", None, True),
            (tr("Fold or &unfold"), self._toggle, folds),
            (tr("Fold &all"), self.text.fold_all, outline),
            (tr("Unfold a&ll"), self.text.unfold_all, outline),
        ):
            if slot is None:
                menu.addSeparator()
                continue
            action = QAction(text, menu)
            action.setEnabled(enabled)
            action.triggered.connect(slot)
            menu.addAction(action)
        menu.popup(position)

    def _to_line(self, line: int) -> None:
        cursor = self.text.textCursor()
        cursor.setPosition(self.text.block_of(line).position())
        self.text.setTextCursor(cursor)

    def _follow(self) -> None:
        digest = self.text.lines.digest(self.text.line)
        if digest:
            self.linkFollowed.emit(digest)

    def _toggle(self) -> None:
        self.text.toggle(self.text.line)
