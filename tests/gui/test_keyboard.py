"""The whole main job by the keyboard alone, from the empty window to the archive in its folder."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QListView, QRadioButton

from exporter_core import verify_location
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import Driver, texts
from tests.gui.walking import in_front

KEY = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Hands:
    """On the keyboard; every key goes to whatever has the focus."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    @property
    def focus(self) -> str:
        """The objectName of what has the focus."""
        widget = QApplication.focusWidget()
        return widget.objectName() if widget is not None else ""

    def press(self, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
        together = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            together |= modifier
        widget = QApplication.focusWidget()
        assert widget is not None, "nothing has the focus"
        QTest.keyClick(widget, key, together)

    def type(self, words: str) -> None:
        widget = QApplication.focusWidget()
        assert widget is not None
        QTest.keyClicks(widget, words)

    def wait_focus(self, name: str) -> None:
        self._driver.wait(lambda: self.focus == name)


def back(driver: Driver) -> None:
    """A window manager gives the keyboard back to the window; the offscreen platform has none."""
    in_front(driver, driver.window)


@pytest.fixture
def no_mouse(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("this is a tour without a mouse")

    for name in ("mouseClick", "mousePress", "mouseMove", "mouseDClick"):
        monkeypatch.setattr(QTest, name, never)


def test_a_tour(no_mouse: None, open_window: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    revealed: list[QUrl] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", staticmethod(lambda url: bool(revealed.append(url)) or True)
    )
    store = shutil.copytree(SAMPLE, tmp_path / "my store")
    driver = open_window(SAMPLE)
    hands = Hands(driver)

    # Open a store by its path: Ctrl+P, the beginning, Tab, Enter.
    hands.press(KEY.Key_P, CTRL)
    hands.wait_focus("quickOpenSearch")
    hands.type(f"{tmp_path}/my")
    hands.press(KEY.Key_Tab)
    hands.press(KEY.Key_Return)
    driver.wait(lambda: str(store) in driver.window.windowTitle())
    assert len(driver.window.session.stores) == 2

    back(driver)

    # Find an image by the filter and choose it.
    hands.press(KEY.Key_F, CTRL)
    assert hands.focus == "imagesFilter"
    hands.type("legacy")
    driver.wait(lambda: sum("legacy-api" in text for text in texts(driver.images)) == 2)
    hands.press(KEY.Key_Down)
    assert hands.focus == "imagesView"
    hands.press(KEY.Key_End)
    driver.wait(lambda: "legacy-api" in str(driver.images.currentIndex().data()))
    driver.wait_shown()

    # F6 goes on to the structure; Shift+Tab from there leads to the platforms.
    hands.press(KEY.Key_F6)
    assert hands.focus == "structureView"
    for _ in range(8):
        if hands.focus == "platformPicker":
            break
        hands.press(KEY.Key_Tab, SHIFT)
    assert hands.focus == "platformPicker"
    while "arm64" not in driver.picker.currentText():
        before = driver.picker.currentIndex()
        hands.press(KEY.Key_Down)
        assert driver.picker.currentIndex() != before

    # Export: the platform is the chosen one; the target is typed.
    hands.press(KEY.Key_E, CTRL)
    hands.wait_focus("exportTarget")
    driver.wait(lambda: driver.child(QRadioButton, "exportSome").isChecked())
    hands.press(KEY.Key_A, CTRL)
    hands.type(str(tmp_path / "legacy.tar"))
    driver.wait(driver.start.isEnabled)
    hands.press(KEY.Key_Return)
    driver.wait(lambda: driver.window.findChild(QDialog, "exportDialog") is None)
    back(driver)
    driver.wait_job("done")

    # Show it in its folder, by the palette.
    hands.press(KEY.Key_P, CTRL, SHIFT)
    hands.wait_focus("paletteSearch")
    hands.type("show in folder")
    assert texts(driver.child(QListView, "paletteList"))[0] == "Show in folder"
    hands.press(KEY.Key_Return)
    driver.wait(lambda: [url.toLocalFile() for url in revealed] == [str(tmp_path)])
    report = verify_location(tmp_path / "legacy.tar")
    assert report.ok and report.images == 1 and "linux/amd64" in str(report.notes)


def test_f6_goes_round_all_panes(sample: Driver) -> None:
    hands = Hands(sample)
    sample.choose("harbor-web")
    sample.action("showJobsAction").trigger()
    sample.images.setFocus()
    seen = [hands.focus]
    for _ in range(4):
        hands.press(KEY.Key_F6)
        seen.append(hands.focus)
    assert seen[0] == seen[4] == "imagesView" and "structureView" in seen and len(set(seen[:4])) == 4
    hands.press(KEY.Key_F6, SHIFT)
    assert hands.focus == seen[3]


def test_every_dialog_closes_by_escape_and_gives_the_focus_back(sample: Driver) -> None:
    hands = Hands(sample)
    sample.choose("edge")
    sample.images.setFocus()
    for keys, name in (
        ((KEY.Key_P, CTRL), "quickOpen"),
        ((KEY.Key_P, CTRL, SHIFT), "palette"),
        ((KEY.Key_Comma, CTRL), "preferencesDialog"),
        ((KEY.Key_F1,), "shortcutsDialog"),
        ((KEY.Key_E, CTRL), "exportDialog"),
    ):
        hands.press(*keys)
        dialog = sample.child(QDialog, name)
        sample.wait(dialog.isActiveWindow)
        hands.press(KEY.Key_Escape)
        sample.wait(lambda name=name: sample.window.findChild(QDialog, name) is None)
        back(sample)
        sample.wait(lambda: hands.focus == "imagesView")


def test_the_default_button_of_a_dialog_is_enter(sample: Driver) -> None:
    hands = Hands(sample)
    sample.images.setFocus()
    hands.press(KEY.Key_Comma, CTRL)
    hands.wait_focus("preferencesTheme")
    hands.press(KEY.Key_Down)
    hands.press(KEY.Key_Return)
    sample.wait(lambda: sample.window.findChild(QDialog, "preferencesDialog") is None)
    assert sample.window.settings.preferences.theme == "light"
    assert sample.child(QLabel, "storeStatus").text()
