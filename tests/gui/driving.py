"""Drives the window as a hand would: by real clicks and keys on what is visible."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextBrowser,
    QTextEdit,
    QTreeView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.window import MainWindow

W = TypeVar("W", bound=QWidget)
LEFT = Qt.MouseButton.LeftButton


def indexes(view: QAbstractItemView, parent: QModelIndex | None = None) -> Iterator[QModelIndex]:
    """The first column of every row, parents before children."""
    model = view.model()
    above = QModelIndex() if parent is None else parent
    for row in range(model.rowCount(above)):
        index = model.index(row, 0, above)
        yield index
        yield from indexes(view, index)


def texts(view: QAbstractItemView) -> list[str]:
    return [str(index.data()) for index in indexes(view)]


def row_text(index: QModelIndex) -> list[str]:
    return [str(index.siblingAtColumn(c).data() or "") for c in range(index.model().columnCount())]


class Driver:
    """The window, found by its stable objectNames only."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot = qtbot
        self.window = window

    # Finding

    def child(self, kind: type[W], name: str) -> W:
        found = self.window.findChild(kind, name)
        assert found is not None, name
        return found

    @property
    def images(self) -> QAbstractItemView:
        return self.child(QAbstractItemView, "imagesView")

    @property
    def structure(self) -> QTreeView:
        return self.child(QTreeView, "structureView")

    @property
    def picker(self) -> QComboBox:
        return self.child(QComboBox, "platformPicker")

    @property
    def jobs(self) -> QTreeView:
        return self.child(QTreeView, "jobsView")

    @property
    def filter(self) -> QLineEdit:
        return self.child(QLineEdit, "imagesFilter")

    @property
    def dialog(self) -> QDialog:
        return self.child(QDialog, "exportDialog")

    @property
    def target(self) -> QLineEdit:
        return self.child(QLineEdit, "exportTarget")

    @property
    def start(self) -> QAbstractButton:
        return self.child(QAbstractButton, "exportStart")

    @property
    def cancel(self) -> QAbstractButton:
        return self.child(QAbstractButton, "jobCancel")

    @property
    def error(self) -> QTextEdit:
        return self.child(QTextEdit, "errorText")

    @property
    def overview(self) -> str:
        return self.child(QTextBrowser, "overviewView").toPlainText()

    @property
    def json(self) -> str:
        return self.child(QPlainTextEdit, "jsonView").toPlainText()

    @property
    def clipboard(self) -> str:
        return QApplication.clipboard().text()

    def action(self, name: str) -> QAction:
        found = self.window.findChild(QAction, name)
        assert found is not None, name
        return found

    def index(self, view: QAbstractItemView, text: str) -> QModelIndex:
        found = next((index for index in indexes(view) if text in str(index.data())), None)
        assert found is not None, f"{text!r} is not among {texts(view)}"
        return found

    # Waiting

    def wait(self, condition: Any, timeout: int = 5000) -> None:
        self.qtbot.waitUntil(condition, timeout=timeout)

    def wait_shown(self) -> None:
        """Until an image is shown with its platforms, and the inspector has caught up."""
        self.wait(lambda: self.picker.count() > 0 and "Digest" in self.overview)

    # Acting

    def click(self, view: QAbstractItemView, index: QModelIndex, modifier: Any = None) -> None:
        view.scrollTo(index)
        area = view.visualRect(index)
        assert area.isValid(), f"{index.data()!r} is not visible"
        place = QPoint(min(area.left() + 40, area.right()), area.center().y())
        QTest.mouseClick(view.viewport(), LEFT, modifier or Qt.KeyboardModifier.NoModifier, place)

    def press(self, button: QWidget) -> None:
        assert button.isVisible() and button.isEnabled(), button.objectName()
        QTest.mouseClick(button, LEFT)

    def keys(self, key: Any, modifier: Any = None, to: QWidget | None = None) -> None:
        target = to or QApplication.focusWidget()
        assert target is not None
        QTest.keyClick(target, key, modifier or Qt.KeyboardModifier.NoModifier)

    def choose(self, name: str) -> None:
        """Click the image whose name holds ``name``, and wait until it is shown."""
        index = self.index(self.images, name)
        full = str(index.data())
        self.click(self.images, index)
        self.wait(lambda: self.picker.count() > 0 and self._shows(full))

    def _shows(self, name: str) -> bool:
        root = self.structure.model().index(0, 0)
        return root.isValid() and name in root.data(Qt.ItemDataRole.ToolTipRole)

    def pick(self, platform: str) -> None:
        """Pick a platform with the keyboard."""
        picker = self.picker
        at = picker.findText(platform, Qt.MatchFlag.MatchContains)
        assert at >= 0, [picker.itemText(i) for i in range(picker.count())]
        picker.setFocus()
        while picker.currentIndex() != at:
            self.keys(Qt.Key.Key_Down if picker.currentIndex() < at else Qt.Key.Key_Up, to=picker)

    def open_dialog(self) -> None:
        self.action("exportAction").trigger()
        self.qtbot.waitExposed(self.dialog)

    def export(self, path: Path) -> None:
        """Through the dialog: type the path, press Export once the plan is there."""
        self.open_dialog()
        self.target.setFocus()
        self.target.selectAll()
        QTest.keyClicks(self.target, str(path))
        self.wait_planned()
        self.press(self.start)

    def wait_planned(self) -> None:
        """Until the dialog has an answer that lets Export be pressed."""
        reason = self.child(QLabel, "exportReason")
        self.wait(lambda: self.start.isEnabled() and not reason.text())

    def job_state(self, row: int = 0) -> str:
        model = self.jobs.model()
        if model.rowCount() <= row:
            return ""
        return str(model.index(row, model.columnCount() - 1).data())

    def wait_job(self, state: str, timeout: int = 20000) -> None:
        self.wait(lambda: state in self.job_state(), timeout)
