"""Walks over everything a window shows: the window, each dialog in turn, each widget and action in them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QMenu, QWidget

from tests.gui.driving import Driver

DIALOGS: dict[str, str] = {
    "exportAction": "exportDialog",
    "preferencesAction": "preferencesDialog",
    "paletteAction": "palette",
    "quickOpenAction": "quickOpen",
    "shortcutsAction": "shortcutsDialog",
    "showLogAction": "logDialog",
    "aboutAction": "aboutDialog",
}


def in_front(driver: Driver, root: QWidget) -> QWidget:
    """``root`` with the keyboard."""
    root.activateWindow()
    driver.wait(root.isActiveWindow)
    return root


def scenes(driver: Driver, tmp_path: Path) -> Iterator[tuple[str, QWidget]]:
    """The window with an image and an export that was done, then each dialog, open."""
    driver.choose("harbor-web")
    driver.export(tmp_path / "walked.tar")
    driver.wait_job("done")
    yield "window", in_front(driver, driver.window)
    for action, name in DIALOGS.items():
        with open_dialog(driver, name, driver.action(action).trigger) as dialog:
            yield name, in_front(driver, dialog)

    def crash() -> None:
        driver.window.desk.help.show_crash("ValueError: odd", "Traceback …")

    with open_dialog(driver, "crashDialog", crash) as dialog:
        yield "crashDialog", in_front(driver, dialog)


@contextmanager
def open_dialog(driver: Driver, name: str, open_: Callable[[], None]) -> Iterator[QDialog]:
    open_()
    dialog = driver.child(QDialog, name)
    driver.qtbot.waitExposed(dialog)
    if name == "exportDialog":
        driver.wait(driver.start.isEnabled)
    try:
        yield dialog
    finally:
        dialog.close()
    driver.wait(lambda: driver.window.findChild(QDialog, name) is None)


def widgets(root: QWidget) -> Iterator[QWidget]:
    """``root`` and all below it that can be seen, dialogs of their own left out."""
    for widget in (root, *root.findChildren(QWidget)):
        if widget.window() is root and widget.isVisible():
            yield widget


def actions(root: QWidget) -> Iterator[QAction]:
    """Every action of the window's registry and of its menus."""
    for menu in root.findChildren(QMenu):
        menu.aboutToShow.emit()
        yield from menu.actions()
