"""What a pane shows instead of its view: empty, loading, broken; never a blank."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from gui.widgets.cards import IconLabel
from gui.widgets.labels import muted

_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


class Placeholder(QWidget):
    """An icon, a heading, a sentence, and buttons that lead on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = IconLabel("inbox", "muted", 40)
        self.title = QLabel()
        self.title.setProperty("heading", True)
        self.text = muted()
        self.text.setTextInteractionFlags(_SELECTABLE)
        self._buttons = QVBoxLayout()
        self._buttons.setSpacing(6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(10)
        layout.addStretch(2)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (self.title, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            layout.addWidget(label)
        layout.addLayout(self._buttons)
        layout.setAlignment(self._buttons, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def say(self, icon: str, title: str, text: str = "", tint: str = "muted") -> None:
        """Show this."""
        self._icon.use(icon, tint)
        self.title.setText(title)
        self.text.setText(text)
        self.text.setVisible(bool(text))

    def offer(self, buttons: Sequence[QWidget]) -> None:
        """Put these buttons below the text; they stay until others come."""
        while (item := self._buttons.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for button in buttons:
            self._buttons.addWidget(button)


class Pages(QWidget):
    """A view, or a placeholder in its stead."""

    def __init__(self, view: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self.placeholder = Placeholder()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(view)
        self._stack.addWidget(self.placeholder)

    def show_view(self) -> None:
        """The view itself."""
        self._stack.setCurrentWidget(self.view)

    def show_placeholder(
        self, icon: str, title: str, text: str = "", tint: str = "muted", buttons: Sequence[QWidget] = ()
    ) -> None:
        """Something to read instead."""
        self.placeholder.say(icon, title, text, tint)
        self.placeholder.offer(buttons)
        self._stack.setCurrentWidget(self.placeholder)

    @property
    def shows_view(self) -> bool:
        """Whether the view is what is seen."""
        return self._stack.currentWidget() is self.view
