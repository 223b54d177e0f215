"""Preferences, help pages, notifications, recent stores, the desktop's files: what a desktop program has."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSystemTrayIcon,
    QTextBrowser,
)  # fmt: skip

from exporter_core import __version__
from gui import app, text
from gui.actions import commands, plain
from gui.dialogs.quit import ask_quit
from gui.resources import folder
from gui.settings import Preferences, Settings
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import Driver
from tests.images import StoreBuilder

KEY = Qt.Key


# Preferences


def preferences(driver: Driver) -> Any:
    driver.keys(KEY.Key_Comma, Qt.KeyboardModifier.ControlModifier, to=driver.window)
    dialog = driver.child(QDialog, "preferencesDialog")
    driver.qtbot.waitExposed(dialog)
    return dialog


def choose(box: QComboBox, value: object) -> None:
    box.setFocus()
    at = box.findData(value)
    assert at >= 0
    while box.currentIndex() != at:
        QTest.keyClick(box, KEY.Key_Down if box.currentIndex() < at else KEY.Key_Up)


def test_preferences_are_used_and_kept(sample: Driver, tmp_path: Path) -> None:
    dialog = preferences(sample)
    choose(dialog.theme, "dark")
    choose(dialog.workers, 2)
    choose(dialog.limit, 32)
    dialog.folder.setFocus()
    QTest.keyClicks(dialog.folder, str(tmp_path))
    dialog.template.clear()
    QTest.keyClicks(dialog.template, "{digest}-{name}")
    QTest.keyClick(dialog.notify, KEY.Key_Space)
    sample.press(sample.child(QPushButton, "preferencesSave"))
    kept = Settings().preferences
    assert kept == Preferences("dark", 32, str(tmp_path), "{digest}-{name}", 2, False, True)
    assert sample.window.theme.dark and sample.action("themeDarkAction").isChecked()
    assert sample.window.jobs.workers == 2 and sample.window.session.document_limit == 32 << 20
    sample.wait_shown()
    store = sample.window.stores.current
    sample.wait(lambda: store.store is not None and store.store.document_limit == 32 << 20)
    sample.choose("edge")
    sample.open_dialog()
    assert re.fullmatch(rf"{tmp_path}/[0-9a-f]{{12}}-edge\.tar", sample.target.text())
    sample.dialog.reject()


def test_a_template_that_cannot_be_is_refused_with_the_reason(sample: Driver) -> None:
    dialog = preferences(sample)
    dialog.template.setText("{nonsense}")
    assert not dialog.save.isEnabled() and "{nonsense}" in dialog.problem.label.text()
    sample.press(dialog.defaults)
    assert dialog.save.isEnabled() and dialog.values() == Preferences()
    QTest.keyClick(dialog, KEY.Key_Escape)
    assert Settings().preferences == Preferences()


def test_odd_settings_are_the_default(config_dir: Path) -> None:
    config_dir.mkdir()
    (config_dir / "shipglass.ini").write_text(
        "[documents]\nlimit=many\n[export]\nworkers=9999\nname=\nnotify=perhaps\n"
    )
    found = Settings().preferences
    assert found.document_limit == 8 and found.workers == 64
    assert found.name_template == "{name}_{platform}" and not found.notify


def test_a_number_that_is_not_in_the_list_is_shown(sample: Driver) -> None:
    settings = sample.window.settings
    settings.preferences = Preferences(document_limit=20, workers=5)
    dialog = preferences(sample)
    assert dialog.limit.currentText() == "20.0 MiB" and dialog.workers.currentText() == "5"
    assert dialog.values() == settings.preferences
    dialog.reject()


# Help


def test_every_shortcut_is_on_the_page(sample: Driver) -> None:
    sample.keys(KEY.Key_F1, to=sample.window)
    dialog = sample.child(QDialog, "shortcutsDialog")
    sample.qtbot.waitExposed(dialog)
    page = sample.child(QTextBrowser, "shortcutsPage").toPlainText()
    for command in commands():
        keys = sample.action(f"{command.name}Action").shortcut().toString()
        if keys:
            assert plain(command.text).rstrip("…") in page and keys in page, command.name
    QTest.keyClicks(sample.child(QLineEdit, "shortcutsSearch"), "next pane")
    assert sample.child(QTextBrowser, "shortcutsPage").toPlainText().split() == ["VIEW", "Next", "pane", "F6"]
    QTest.keyClick(dialog, KEY.Key_Escape)


def test_about_says_versions_and_licences_and_copies_diagnostics(sample: Driver) -> None:
    sample.action("aboutAction").trigger()
    dialog = sample.child(QDialog, "aboutDialog")
    sample.qtbot.waitExposed(dialog)
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    for words in (__version__, "Apache License 2.0", "GNU LGPL version 3", "Lucide", "ISC", "PySide6"):
        assert words in said
    sample.press(sample.child(QPushButton, "aboutCopy"))
    for words in (f"Shipglass: {__version__}", "Python: 3.", "Screens: ", "Theme: ", "OCI layout"):
        assert words in sample.clipboard
    QTest.keyClick(dialog, KEY.Key_Escape)


# Notifications


class Tray:
    """What the desktop shows of us."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, there: bool = True) -> None:
        self.messages: list[tuple[str, str]] = []
        self.alerts = 0
        yes = staticmethod(lambda: there)
        monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", yes)
        monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", yes)
        monkeypatch.setattr(
            QSystemTrayIcon, "showMessage", lambda tray, title, text, *_: self.messages.append((title, text))
        )
        monkeypatch.setattr(QSystemTrayIcon, "show", lambda tray: None)
        monkeypatch.setattr(QApplication, "alert", staticmethod(self._alert))

    def _alert(self, window: object) -> None:
        self.alerts += 1


def export_unseen(driver: Driver, path: Path, monkeypatch: pytest.MonkeyPatch, *, active: bool) -> None:
    window = driver.window if active else None
    monkeypatch.setattr(QApplication, "activeWindow", staticmethod(lambda: window))
    driver.choose("edge")
    driver.export(path)
    driver.wait_job("done")


def test_an_export_that_ends_unseen_is_told(
    sample: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray = Tray(monkeypatch)
    export_unseen(sample, tmp_path / "out.tar", monkeypatch, active=False)
    sample.wait(lambda: tray.messages == [("Export done", "edge → out.tar")])
    assert tray.alerts == 1 and "Export done" in sample.window.statusBar().currentMessage()
    sample.window.showMinimized()
    sample.window.desk.notify._clicked()
    assert not sample.window.isMinimized()


def test_without_a_tray_the_taskbar_is_asked(
    sample: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray = Tray(monkeypatch, there=False)
    export_unseen(sample, tmp_path / "out.tar", monkeypatch, active=False)
    sample.wait(lambda: tray.alerts == 1)
    assert tray.messages == []


def test_one_that_was_watched_is_not_told(
    sample: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray = Tray(monkeypatch)
    export_unseen(sample, tmp_path / "out.tar", monkeypatch, active=True)
    assert tray.messages == [] and tray.alerts == 0


def test_a_long_one_that_was_watched_is_said_in_the_status_bar(
    sample: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray = Tray(monkeypatch)
    monkeypatch.setattr("gui.features.notify.LONG_S", 0.0)
    export_unseen(sample, tmp_path / "out.tar", monkeypatch, active=True)
    sample.wait(lambda: "Export done" in sample.window.statusBar().currentMessage())
    assert tray.messages == []


def test_who_wants_no_notification_gets_none(
    sample: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray = Tray(monkeypatch)
    sample.window.settings.preferences = Preferences(notify=False)
    export_unseen(sample, tmp_path / "out.tar", monkeypatch, active=False)
    assert tray.messages == [] and tray.alerts == 0


def test_return_keeps_the_exports_running(sample: Driver) -> None:
    stop = ask_quit(sample.window, 1)
    stops: list[bool] = []
    stop.clicked.connect(stops.append)
    box = stop.window()
    sample.qtbot.waitExposed(box)
    QTest.keyClick(box, KEY.Key_Return)
    assert not box.isVisible() and stops == []


# What comes back


def test_a_window_from_a_larger_screen_fits_the_one_there_is(open_window: Open) -> None:
    driver = open_window(SAMPLE)
    driver.window.setGeometry(QRect(5000, 4000, 6000, 5000))
    driver.window.close()
    again = app.build([str(SAMPLE)])
    screen = QGuiApplication.primaryScreen().availableGeometry()
    assert screen.intersects(again.geometry())
    assert again.width() <= screen.width() and again.height() <= screen.height()
    again.close()
    again.deleteLater()


def test_recent_stores_in_the_menu(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/mine:1", builder.image())
    place = builder.write_layout(tmp_path / "a & b")
    driver = open_window(place)
    driver.window.stores.open(str(SAMPLE))
    driver.wait(lambda: len(driver.window.settings.recent) == 2)
    menu = driver.window.stores.recent.menu
    menu.aboutToShow.emit()
    actions = [action for action in menu.actions() if action.data()]
    assert [action.data() for action in actions] == [str(SAMPLE), str(place)]
    assert "a && b" in actions[1].text()
    actions[1].trigger()
    driver.wait(lambda: driver.window.settings.recent[0] == str(place))


# The desktop's files


def desktop_entry() -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(folder() / f"{app.ID}.desktop", encoding="utf-8")
    return parser


def test_one_name_for_the_desktop(qapp: QApplication) -> None:
    app.application()
    assert qapp.desktopFileName() == app.ID
    entry = desktop_entry()["Desktop Entry"]
    assert entry["Icon"] == entry["StartupWMClass"] == app.ID and entry["Exec"] == "shipglass %F"
    root = ElementTree.parse(folder() / f"{app.ID}.metainfo.xml").getroot()
    assert root.findtext("id") == app.ID and root.findtext("launchable") == f"{app.ID}.desktop"
    assert root.findtext("project_license") == "Apache-2.0"
    release = root.find("releases/release")
    assert release is not None and release.get("version") == __version__


def test_the_desktop_entry_opens_another_window() -> None:
    assert desktop_entry()["Desktop Action new-window"]["Exec"] == f"shipglass {app.NEW_WINDOW}"


@pytest.mark.parametrize(
    ("program", "args", "file"),
    [
        ("desktop-file-validate", [], f"{app.ID}.desktop"),
        ("appstreamcli", ["validate", "--no-net"], f"{app.ID}.metainfo.xml"),
    ],
)
def test_the_desktops_own_tools_agree(program: str, args: list[str], file: str) -> None:
    tool = shutil.which(program)
    if tool is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([tool, *args, str(folder() / file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "error" not in done.stdout.lower(), done.stdout + done.stderr


# Plurals and scales


def test_plurals_are_of_the_language(qapp: QApplication) -> None:
    from PySide6.QtCore import QTranslator

    class Polish(QTranslator):
        def isEmpty(self) -> bool:
            return False

        def translate(self, context: str, source: str, disambiguation: Any = None, n: int = -1) -> str:  # type: ignore[override]
            if source != "{n} images":
                return ""
            few = n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14)
            return "{n} obraz" if n == 1 else "{n} obrazy" if few else "{n} obrazów"

    assert [text.plural(n, "{n} image", "{n} images") for n in (0, 1, 2)] == [
        "0 images",
        "1 image",
        "2 images",
    ]
    translator = Polish()
    qapp.installTranslator(translator)
    try:
        words = [text.plural(n, "{n} image", "{n} images") for n in (1, 3, 5, 22)]
        assert words == ["1 obraz", "3 obrazy", "5 obrazów", "22 obrazy"]
    finally:
        qapp.removeTranslator(translator)


_SCALED = """
import sys
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from gui import app
window = app.build([sys.argv[1]])
window.resize(1300, 800)
window.show()
QTest.qWait(800)
for name in sys.argv[2:]:
    window.commands[name].trigger()
    QTest.qWait(150)
cut = []
for top in QApplication.topLevelWidgets():
    for button in top.findChildren(QAbstractButton):
        if button.isVisible() and button.text() and button.width() < button.minimumSizeHint().width():
            cut.append(button.text())
print(round(window.devicePixelRatioF(), 2), window.grab().width(), cut)
for top in QApplication.topLevelWidgets():
    if top is not window and top.isVisible():
        top.close()
window.close()
"""


@pytest.mark.parametrize("scale", ["1", "1.25", "1.5", "2"])
def test_nothing_is_cut_at_any_scale(scale: str, tmp_path: Path) -> None:
    environ = {
        "QT_SCALE_FACTOR": scale,
        "QT_QPA_PLATFORM": "offscreen",
        "SHIPGLASS_CONFIG_DIR": str(tmp_path),
    }

    command = [sys.executable, "-c", _SCALED, str(SAMPLE), "showJobs", "preferences", "showLog"]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=root, env={**os.environ, **environ}, timeout=60
    )
    assert done.stdout.split(maxsplit=2)[2].strip() == "[]", done.stdout + done.stderr
    assert float(done.stdout.split()[0]) == float(scale)


def test_a_run_that_was_killed_is_said(sample: Driver) -> None:
    sample.window.desk.help.tell_of_last_run("Fatal Python error: Aborted")
    assert "Show log" in sample.window.statusBar().currentMessage()
    sample.action("showLogAction").trigger()
    view = sample.child(QPlainTextEdit, "logView")
    assert "Fatal Python error" in view.toPlainText()
    sample.child(QDialog, "logDialog").close()
