"""The window on a message bus of its own: light and dark, notifications, the file manager."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtDBus import QDBusConnection
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QPlainTextEdit, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from gui.features import plain_bus
from gui.features.notifications import Note, Notifications
from gui.features.plain_bus import SIGNAL, pack, unpack
from tests.gui.conftest import SAMPLE, Open
from tests.gui.desktop import Desktop, Screen, need
from tests.gui.driving import Driver

LIGHT, DARK, NEITHER = 2, 1, 0
NOTE = Note("Export done", "a <b> & c → out.tar", True, "/tmp/out.tar")


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """One for all tests: QtDBus keeps its first connection for as long as the process lives."""
    desktop = Desktop(tmp_path_factory.mktemp("bus"), "portal", "notifications", "files")
    yield desktop
    desktop.close()


@pytest.fixture
def desktop(private: Desktop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", private.address)
    private.say(f"scheme {LIGHT}")
    private.calls.clear()
    yield private


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    """A bus that nobody serves."""
    desktop = Desktop(tmp_path)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", desktop.address)
    yield desktop
    desktop.close()


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """No window of the program has the focus; the offscreen platform cannot take it away."""
    monkeypatch.setattr(QApplication, "activeWindow", staticmethod(lambda: None))


@pytest.fixture
def tray(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles that a tray was given."""
    titles: list[str] = []
    for name in ("isSystemTrayAvailable", "supportsMessages"):
        monkeypatch.setattr(QSystemTrayIcon, name, staticmethod(lambda: True))
    monkeypatch.setattr(QSystemTrayIcon, "show", lambda tray: None)
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda tray, title, *_: titles.append(title))
    return titles


def export(driver: Driver, path: Path, state: str = "done") -> None:
    driver.choose("edge")
    driver.export(path)
    driver.wait_job(state)


# Light and dark


def picture(driver: Driver) -> QImage:
    """The window as soon as it has stopped to change."""
    seen = [QImage()]

    def still() -> bool:
        seen.append(driver.window.grab().toImage())
        return seen[-2] == seen[-1]

    driver.wait(still)
    return seen[-1]


def settled(driver: Driver) -> bool:
    """Whether all that is seen has been filled in."""
    matrix, json = driver.child(QAbstractItemView, "matrixView"), driver.child(QPlainTextEdit, "jsonView")
    status = driver.child(QLabel, "storeStatus").text()
    return " blobs " in status and matrix.model().rowCount() > 0 and "mediaType" in json.toPlainText()


def test_everything_follows_the_desktop_at_once(desktop: Desktop, open_window: Open) -> None:
    def shown() -> Driver:
        driver = open_window(SAMPLE)
        driver.choose("harbor")
        for name in ("showMatrixAction", "showJsonAction"):
            driver.action(name).trigger()
        driver.wait(lambda: settled(driver))
        return driver

    driver = shown()
    driver.wait(lambda: len(desktop.asked("Read")) == 1)
    light = picture(driver)
    desktop.say(f"scheme {DARK}")
    driver.wait(lambda: driver.window.theme.dark)
    dark = picture(driver)
    desktop.say(f"scheme {NEITHER}")
    driver.wait(lambda: not driver.window.theme.dark)
    assert picture(driver) == light
    driver.window.close()
    desktop.say(f"scheme {DARK}")
    again = shown()
    again.wait(lambda: again.window.theme.dark)
    assert picture(again) == dark, "as if it had been started so"


def test_who_chose_a_theme_keeps_it(desktop: Desktop, sample: Driver) -> None:
    theme = sample.window.theme
    desktop.say(f"scheme {DARK}")
    sample.wait(lambda: theme.dark)
    sample.action("themeLightAction").trigger()
    assert not theme.dark
    with sample.qtbot.waitSignal(theme._portal.changed):
        desktop.say(f"scheme {LIGHT}")
    with sample.qtbot.waitSignal(theme._portal.changed):
        desktop.say(f"scheme {DARK}")
    assert not theme.dark
    sample.action("themeSystemAction").trigger()
    assert theme.dark


@pytest.mark.parametrize("name", ["GNOME", "KDE"])
def test_the_program_follows_in_a_real_session(tmp_path: Path, name: str) -> None:
    """On a screen of its own; Qt hears the desktop itself on GNOME, and then forgets which font was whose."""
    need("Xvfb", "import")
    private = Desktop(tmp_path, "portal")
    try:
        private.say(f"scheme {LIGHT}")
        screen = Screen(private, tmp_path)
        program = screen.run(XDG_CURRENT_DESKTOP=name)
        light = screen.shown(dark=False)
        private.say(f"scheme {DARK}")
        screen.shown(dark=True)
        private.say(f"scheme {LIGHT}")
        assert screen.shown(dark=False) == light
        program.terminate()
        assert program.wait(10) == 0
    finally:
        private.close()


# Notifications


def test_the_desktop_tells_of_an_export_once(
    desktop: Desktop, sample: Driver, away: None, tray: list[str], tmp_path: Path
) -> None:
    export(sample, tmp_path / "out.tar")
    sample.wait(lambda: len(desktop.asked("Notify")) == 1)
    (told,) = desktop.asked("Notify")
    assert (told["app"], told["title"], told["text"]) == ("Shipglass", "Export done", "edge → out.tar")
    assert told["icon"].startswith("file:") and told["timeout"] == -1
    assert told["actions"][::2] == ["default", "reveal"]
    assert told["hints"]["desktop-entry"] == "io.shipglass.Shipglass"
    assert told["types"]["urgency"] == "Byte" and tray == []


def test_following_it_raises_the_window_or_shows_the_file(
    desktop: Desktop, sample: Driver, away: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "")
    export(sample, tmp_path / "a b.tar")
    sample.window.showMinimized()
    sample.wait(lambda: len(sample.window.desk.notify._desktop._shown) == 1)
    number = desktop.asked("Notify")[0]["id"]
    desktop.say(f"invoke {number} reveal")
    sample.wait(lambda: len(desktop.asked("ShowItems")) == 1)
    assert desktop.asked("ShowItems")[0]["uris"] == [(tmp_path / "a b.tar").as_uri()]
    assert sample.window.isMinimized()
    desktop.say(f"invoke {number + 1} default")  # somebody else's
    desktop.say(f"token {number} abc")
    desktop.say(f"invoke {number} default")
    sample.wait(lambda: not sample.window.isMinimized())
    desktop.say(f"close {number}")
    sample.wait(lambda: not sample.window.desk.notify._desktop._shown)


def test_a_failure_is_told_and_offers_no_file(
    desktop: Desktop, sample: Driver, away: None, tmp_path: Path
) -> None:
    sample.choose("broken-job")
    sample.export(tmp_path / "out.tar")
    sample.wait_job("failed")
    sample.wait(lambda: len(desktop.asked("Notify")) == 1)
    (told,) = desktop.asked("Notify")
    assert told["title"] == "Export failed" and told["actions"][::2] == ["default"]


def test_what_is_watched_is_not_told(
    desktop: Desktop, sample: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QApplication, "activeWindow", staticmethod(lambda: sample.window))
    export(sample, tmp_path / "out.tar")
    assert desktop.asked("Notify") == [] and sample.window.desk.notify._desktop._bus is None


def test_without_the_service_the_tray_tells(
    silent: Desktop, qtbot: QtBot, sample: Driver, away: None, tray: list[str], tmp_path: Path
) -> None:
    export(sample, tmp_path / "out.tar")
    sample.wait(lambda: tray == ["Export done"])


def test_a_bus_that_goes_away_leaves_the_tray(silent: Desktop, qtbot: QtBot) -> None:
    notifications = Notifications()
    refused: list[Note] = []
    notifications.refused.connect(refused.append)
    assert notifications.show(NOTE)
    qtbot.waitUntil(lambda: refused == [NOTE])
    silent.stop_bus()
    qtbot.waitUntil(lambda: notifications._bus is None)
    assert not notifications.show(NOTE)
    notifications.close()


@pytest.mark.parametrize(
    "address", ["unix:path=/nowhere/bus", "tcp:host=localhost,port=1", "nonsense", "disabled:"]
)
def test_an_address_without_a_bus(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    assert not Notifications().show(NOTE)


def test_a_desktop_that_never_answers(silent: Desktop, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gui.features.notifications._WAIT_MS", 50)
    monkeypatch.setattr(Notifications, "_arrived", lambda self, message: None)
    notifications = Notifications()
    with qtbot.waitSignal(notifications.refused) as refused:
        assert notifications.show(NOTE)
    assert refused.args == [NOTE]
    notifications.close()


# The plain bus


def message(member: str, order: str = "<") -> bytearray:
    """A signal of two values, u and s."""
    body = bytearray()
    for kind, value in (("u", 7), ("s", "key")):
        pack(body, kind, value)
    out = bytearray(b"l\4\1\1" + len(body).to_bytes(4, "little") + b"\1\0\0\0")
    pack(out, "a(yv)", [(3, ("s", member)), (8, ("g", "us"))])
    out += bytes(-len(out) % 8) + body
    return out


def test_a_message_in_pieces() -> None:
    whole = message("ActionInvoked") + message("Other")
    buffer = bytearray()
    found = []
    for byte in whole:
        buffer.append(byte)
        found += [one] if (one := unpack(buffer)) else []
    assert [(one.kind, one.member, one.values) for one in found] == [
        (SIGNAL, "ActionInvoked", (7, "key")), (SIGNAL, "Other", (7, "key")),
    ]  # fmt: skip
    assert not buffer


@pytest.mark.parametrize("harm", ["length", "type", "text"])
def test_what_is_no_message_is_refused(harm: str) -> None:
    data = message("ActionInvoked")
    if harm == "length":
        data[4:8] = b"\xff\xff\xff\x7f"
    elif harm == "type":
        data[18] = ord("x")
    else:
        data[24:28] = b"\xff\xff\xff\xff"
    with pytest.raises((ValueError, IndexError)):
        unpack(data)


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    for told, found in (
        ("unix:path=/tmp/a%20b,guid=12", b"/tmp/a b"),
        ("tcp:host=x;unix:abstract=/tmp/x", b"\0/tmp/x"),
        ("unix:runtime=yes", "/run/user/7/bus"),
        ("", b"/run/user/7/bus"),
    ):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", told)
        assert plain_bus._address() == found


def test_the_user_s_own_bus_is_not_used(desktop: Desktop) -> None:
    bus = QDBusConnection.sessionBus()
    assert (
        bus.isConnected()
        and "org.freedesktop.portal.Desktop" in bus.interface().registeredServiceNames().value()
    )
