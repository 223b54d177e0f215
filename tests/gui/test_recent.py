"""Stores opened before: pinned, removed, on the first screen; those that were open come back at the start."""

import shutil
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QMenu, QMessageBox, QWidget

from gui.settings import Settings
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import LEFT, Driver
from tests.images import StoreBuilder

KEY, CTRL = Qt.Key, Qt.KeyboardModifier.ControlModifier


def store(folder: Path, name: str) -> Path:
    """A store of one image with that name."""
    builder = StoreBuilder()
    builder.name(f"docker.io/library/{name}:1", builder.image([{"n": name}]))
    return builder.write_layout(folder / name)


def close_all(driver: Driver) -> None:
    """By its key, until the first screen is there."""
    while driver.window.session.stores:
        driver.keys(KEY.Key_W, CTRL, to=driver.window)
    driver.wait(lambda: driver.window.images.pages.placeholder.isVisible())


def first_screen(driver: Driver) -> list[tuple[str, bool]]:
    """(location, whether it is pinned) of each row."""
    rows = [row for row in driver.window.findChildren(QWidget, "recentRow") if row.isVisible()]
    rows.sort(key=lambda row: row.y())
    return [
        (
            row.findChild(QAbstractButton, "recentOpen").toolTip(),
            row.findChild(QAbstractButton, "recentPin").toolTip().startswith("Unpin"),
        )
        for row in rows
    ]


def press(driver: Driver, location: Path, name: str) -> None:
    """A button of the row of a store."""
    for row in driver.window.findChildren(QWidget, "recentRow"):
        if row.isVisible() and row.findChild(QAbstractButton, "recentOpen").toolTip() == str(location):
            QTest.mouseClick(row.findChild(QAbstractButton, name), LEFT)
            return
    raise AssertionError(f"no row of {location}")


def shown_menu(driver: Driver) -> list[str]:
    menu = driver.window.stores.recent.menu
    menu.aboutToShow.emit()
    return [str(action.data()) for action in menu.actions() if action.data()]


def below(menu: QMenu, words: str) -> QMenu:
    return next(found for found in menu.findChildren(QMenu) if words in found.title())


def choose(driver: Driver, menu: QMenu, location: Path) -> None:
    """A click on the line of a store."""
    menu.popup(driver.window.mapToGlobal(driver.window.rect().center()))
    driver.wait(menu.isVisible)
    action = next(action for action in menu.actions() if action.data() == str(location))
    QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    menu.close()


def test_pinned_stores_stay_on_top_of_the_first_screen(open_window: Open, tmp_path: Path) -> None:
    one, two = store(tmp_path, "one"), store(tmp_path, "two")
    driver = open_window(one)
    driver.window.stores.open(str(two))
    driver.wait(lambda: len(driver.window.settings.recent) == 2)
    close_all(driver)
    assert first_screen(driver) == [(str(two), False), (str(one), False)]
    press(driver, one, "recentPin")
    driver.wait(lambda: first_screen(driver) == [(str(one), True), (str(two), False)])
    press(driver, two, "recentOpen")
    driver.wait_shown()
    close_all(driver)
    assert first_screen(driver) == [(str(one), True), (str(two), False)]
    press(driver, one, "recentPin")
    driver.wait(lambda: first_screen(driver) == [(str(two), False), (str(one), False)])
    press(driver, two, "recentRemove")
    driver.wait(lambda: first_screen(driver) == [(str(one), False)])
    driver.window.close()
    assert Settings().offered == [str(one)]


def test_pin_and_remove_in_the_menu(open_window: Open, tmp_path: Path) -> None:
    one, two = store(tmp_path, "one"), store(tmp_path, "two")
    driver = open_window(one)
    driver.window.stores.open(str(two))
    driver.wait(lambda: len(driver.window.settings.recent) == 2)
    menu = driver.window.stores.recent.menu
    assert shown_menu(driver) == [str(two), str(one)]
    choose(driver, below(menu, "Pin"), one)
    driver.wait(lambda: driver.window.settings.pinned == [str(one)])
    assert shown_menu(driver) == [str(one), str(two)]
    choose(driver, below(menu, "Remove"), two)
    driver.wait(lambda: shown_menu(driver) == [str(one)])
    choose(driver, below(menu, "Pin"), one)
    driver.wait(lambda: driver.window.settings.pinned == [])
    assert shown_menu(driver) == [str(one)]


def test_clearing_the_list_leaves_what_is_pinned(open_window: Open, tmp_path: Path) -> None:
    one = store(tmp_path, "one")
    driver = open_window(one)
    driver.window.stores.open(str(SAMPLE))
    driver.wait(lambda: len(driver.window.settings.recent) == 2)
    driver.window.stores.recent.pin(str(one), True)
    shown_menu(driver)
    driver.window.stores.recent.menu.actions()[-1].trigger()
    assert shown_menu(driver) == [str(one)]


def locations(driver: Driver) -> list[str]:
    return [opened.location for opened in driver.window.session.stores]


def test_all_open_stores_come_back_and_the_one_that_was_seen_is_seen(
    open_window: Open, tmp_path: Path
) -> None:
    stores = [store(tmp_path, name) for name in ("one", "two", "three")]
    first = open_window(*stores)
    first.wait(lambda: all(opened.images for opened in first.window.session.stores))
    first.choose("two:1")
    first.window.close()
    again = open_window()
    again.wait(lambda: all(opened.images for opened in again.window.session.stores))
    assert locations(again) == list(map(str, stores))
    again.wait(lambda: "two" in again.window.windowTitle())
    again.choose("one:1")
    again.keys(KEY.Key_W, CTRL, to=again.window)
    again.wait(lambda: locations(again) == list(map(str, stores[1:])))
    again.window.close()
    third = open_window()
    assert locations(third) == list(map(str, stores[1:]))


def test_a_store_that_is_gone_is_said_and_no_dialog_opens(open_window: Open, tmp_path: Path) -> None:
    stores = [store(tmp_path, name) for name in ("one", "two")]
    first = open_window(*stores)
    first.wait(lambda: all(opened.images for opened in first.window.session.stores))
    first.window.close()
    shutil.rmtree(stores[1])
    again = open_window()
    assert locations(again) == [str(stores[0])]
    card = again.window.images.failure
    assert card.isVisible() and card.title.text() == "Not there any more"
    assert str(stores[1]) in card.text.toPlainText()
    assert again.window.findChildren(QMessageBox) == []
    again.window.close()
    shutil.rmtree(stores[0])
    sample = open_window()
    assert locations(sample) == [str(SAMPLE)] and sample.window.images.failure.isVisible()


def test_only_the_last_store_comes_back_if_that_is_wanted(open_window: Open, tmp_path: Path) -> None:
    stores = [store(tmp_path, name) for name in ("one", "two")]
    first = open_window(*stores)
    first.wait(lambda: all(opened.images for opened in first.window.session.stores))
    first.choose("one:1")
    first.keys(KEY.Key_Comma, CTRL, to=first.window)
    box = first.child(QCheckBox, "preferencesReopen")
    assert box.isChecked()
    first.press(box)
    first.press(first.child(QAbstractButton, "preferencesSave"))
    first.wait(lambda: not first.window.settings.preferences.reopen_all)
    first.window.close()
    again = open_window()
    assert locations(again) == [str(stores[0])]
