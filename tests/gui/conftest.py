"""The window under test: isolated settings, and nothing left alive when a test ends."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui import app
from gui.jobs import running_jobs
from gui.window import MainWindow
from tests.gui.driving import Driver
from tests.images import StoreBuilder

SAMPLE = Path(__file__).parents[2] / "resources" / "sample-store"

Open = Callable[..., Driver]


@pytest.fixture(autouse=True)
def config_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of this test alone."""
    folder = tmp_path / "config"
    monkeypatch.setenv("SHIPGLASS_CONFIG_DIR", str(folder))
    return folder


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication) -> Iterator[None]:
    """No job, thread, window or dialog outlives a test."""
    before = set(threading.enumerate())
    yield
    # What was closed goes now, whole: Python must not take apart a window that Qt is still to delete.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert running_jobs() == 0
    assert [t for t in threading.enumerate() if t not in before and not t.daemon] == []
    assert [t for t in threading.enumerate() if t.name.startswith("export-")] == []
    assert [w for w in QApplication.topLevelWidgets() if w.isVisible()] == []


@pytest.fixture
def open_window(qtbot: QtBot) -> Iterator[Open]:
    """Builds and shows the window; waits until its store's images are listed and the first is shown."""
    held = []  # qtbot holds it weakly: it must not be collected before it is closed

    def open_(*locations: Path | str, wait: bool = True) -> Driver:
        window: MainWindow = app.build([str(location) for location in locations])
        qtbot.addWidget(window)
        held.append(window)
        window.resize(1300, 800)
        window.show()
        qtbot.waitExposed(window)
        driver = Driver(qtbot, window)
        if wait:
            driver.wait_shown()
        return driver

    yield open_
    held.clear()


@pytest.fixture
def sample(open_window: Open) -> Driver:
    """The window on the sample store."""
    return open_window(SAMPLE)


@pytest.fixture
def builder() -> StoreBuilder:
    return StoreBuilder()
