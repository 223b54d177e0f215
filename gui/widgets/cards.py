"""Boxes that say what is wrong, and lines that say what is worth knowing."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QTextOption
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QTextEdit, QToolButton, QVBoxLayout, QWidget

from gui.text import tr
from gui.theme import icon
from gui.widgets.buttons import plain_button
from gui.widgets.labels import heading, muted

_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


class IconLabel(QLabel):
    """An icon as a label; follows the theme because it paints the icon anew."""

    def __init__(self, name: str, tint: str, side: int = 18, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self.setFixedSize(side, side)
        self.use(name, tint)

    def use(self, name: str, tint: str) -> None:
        """Show another icon."""
        self._icon = icon(name, tint)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._icon.paint(painter, self.rect())


class ErrorText(QTextEdit):
    """Plain text to read and select; breaks a digest where the line ends, scrolls where it is long."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("What went wrong"))
        self.setReadOnly(True)
        self.setTextInteractionFlags(_SELECTABLE)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.document().setDocumentMargin(0)

    def text(self) -> str:
        """All of it."""
        return self.toPlainText()

    def sizeHint(self) -> QSize:
        """As tall as the text, within reason."""
        lines = self.toPlainText().count("\n") + 2
        return QSize(420, min(10, lines) * self.fontMetrics().lineSpacing() + 6)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 2 * self.fontMetrics().lineSpacing())


class FailureCard(QFrame):
    """A red box: what went wrong, all of it, selectable, with a button that copies it.

    ``error_name`` becomes the objectName of what holds the text. Hidden while there is nothing.
    """

    def __init__(self, error_name: str, parent: QWidget | None = None, *, dismissable: bool = False) -> None:
        super().__init__(parent)
        self.setProperty("card", "bad")
        self.title = heading()
        self.title.setWordWrap(True)
        self.text = ErrorText()
        self.text.setObjectName(error_name)
        self.dismiss = QToolButton()
        self.dismiss.setIcon(icon("x"))
        self.dismiss.setToolTip(tr("Take this message away"))
        self.dismiss.setAccessibleName(tr("Take this message away"))
        self.dismiss.clicked.connect(self.hide)
        self.dismiss.setVisible(dismissable)
        self.copy_button = plain_button(tr("Copy"), "copy")
        self.copy_button.setToolTip(tr("Copy the whole message"))
        self.copy_button.clicked.connect(self._copy)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(IconLabel("circle-x", "bad"), 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.title, 1)
        top.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.dismiss, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 10, 10)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.text, 1)

    def say(self, title: str, text: str) -> None:
        """Show a failure; an empty ``text`` hides the box."""
        self.title.setText(title)
        self.text.setPlainText(text)
        self.setVisible(bool(text))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.title.text()}\n{self.text.text()}")


class NoteLabel(QWidget):
    """A quiet line with an icon; hidden while there is nothing to say."""

    def __init__(self, icon_name: str = "info", tint: str = "muted", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = muted()
        self.label.setTextInteractionFlags(_SELECTABLE)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(IconLabel(icon_name, tint, 16), 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.label, 1)
        self.hide()

    def say(self, text: str) -> None:
        """Show ``text``, or nothing."""
        self.label.setText(text)
        self.setVisible(bool(text))
