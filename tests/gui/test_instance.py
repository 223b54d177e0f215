"""A second start hands its stores over; a socket that is left over harms nobody."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gui.instance import Instance, _request, address
from tests.gui.conftest import Open
from tests.gui.driving import texts
from tests.images import StoreBuilder

QtNetwork = pytest.importorskip("PySide6.QtNetwork", reason="QtNetwork needs a library that is not there")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    instance = Instance(tmp_path / "config")
    assert not instance.hand_over([])
    assert instance.listening
    yield instance
    instance.close()


def start(folder: Path, *locations: str, seconds: float = 30) -> subprocess.Popen[str]:
    """Another process that hands over, and says whether it could."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom PySide6.QtCore import QCoreApplication\n"
        "from gui.instance import Instance\napp = QCoreApplication([])\n"
        "print(Instance(Path(sys.argv[1])).hand_over(sys.argv[2:]))"
    )
    command = [sys.executable, "-c", code, str(folder), *locations]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def wait_for(qtbot: QtBot, process: subprocess.Popen[str]) -> str:
    """Its answer, with the event loop running meanwhile."""
    qtbot.waitUntil(lambda: process.poll() is not None, timeout=20_000)
    return process.communicate()[0].strip()


def test_a_second_start_hands_over(first: Instance, tmp_path: Path, qtbot: QtBot) -> None:
    asked: list[list[str]] = []
    first.asked.connect(asked.append)
    assert wait_for(qtbot, start(tmp_path / "config", "/a b/ü", "/c")) == "True"
    assert asked == [["/a b/ü", "/c"]]
    assert wait_for(qtbot, start(tmp_path / "config")) == "True"
    assert asked[1:] == [[]]


def test_other_settings_are_another_program(first: Instance, tmp_path: Path, qtbot: QtBot) -> None:
    assert wait_for(qtbot, start(tmp_path / "other", "/x")) == "False"
    assert address(tmp_path / "config") != address(tmp_path / "other")
    assert len(address(tmp_path / "config")) < 100


def test_the_socket_is_the_users_alone(first: Instance, tmp_path: Path) -> None:
    if os.name == "posix":
        assert os.stat(address(tmp_path / "config")).st_mode & 0o077 == 0


@pytest.mark.skipif(os.name != "posix", reason="sockets are files")
def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    import socket

    place = address(tmp_path / "config")
    left = socket.socket(socket.AF_UNIX)
    left.bind(place)
    left.close()
    assert os.path.exists(place)
    instance = Instance(tmp_path / "config")
    assert not instance.hand_over(["/x"]) and instance.listening
    instance.close()


@pytest.mark.skipif(os.name != "posix", reason="sockets are files")
def test_one_that_hangs_does_not_hold_us_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr("gui.instance._ANSWER_MS", 100)
    place = address(tmp_path / "config")
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(place)
        hung.listen()
        instance = Instance(tmp_path / "config")
        assert not instance.hand_over(["/x"])
        assert not instance.listening, "a running program must not be robbed of its socket"
    os.unlink(place)


@pytest.mark.parametrize(
    "line", [b"", b"nonsense", b"[]", b'{"open": 1, "tokens": {}}', b'{"open": []}', b"[" * 100_000]
)
def test_rubbish_is_no_request(line: bytes) -> None:
    assert _request(line) is None


def test_rubbish_on_the_socket_harms_nobody(first: Instance, tmp_path: Path, qtbot: QtBot) -> None:
    asked: list[object] = []
    first.asked.connect(asked.append)
    for data in (b"nonsense\n", b"x" * (2 << 20), b""):
        socket = QtNetwork.QLocalSocket()
        socket.connectToServer(address(tmp_path / "config"))
        assert socket.waitForConnected(1000)
        socket.write(data)
        socket.flush()
        qtbot.wait(30)
        socket.abort()
    assert wait_for(qtbot, start(tmp_path / "config", "/still/there")) == "True"
    assert asked == [["/still/there"]]


def test_only_known_tokens_reach_the_environment() -> None:
    line = b'{"open": ["/a"], "tokens": {"XDG_ACTIVATION_TOKEN": "t", "LD_PRELOAD": "evil"}}'
    assert _request(line) == (["/a"], {"XDG_ACTIVATION_TOKEN": "t"})


def test_without_qtnetwork_every_start_has_its_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PySide6.QtNetwork", None)
    monkeypatch.delattr("PySide6.QtNetwork")
    instance = Instance(tmp_path / "config")
    assert not instance.hand_over(["/x"]) and not instance.listening


def test_the_window_opens_what_is_handed_over(
    open_window: Open, builder: StoreBuilder, tmp_path: Path
) -> None:
    builder.name("docker.io/library/handed:1", builder.image())
    driver = open_window()
    driver.window.showMinimized()
    driver.window.take_over([str(builder.write_layout(tmp_path / "handed"))])
    driver.wait(lambda: "docker.io/library/handed:1" in texts(driver.images))
    assert not driver.window.isMinimized()


def test_the_program_itself(tmp_path: Path, builder: StoreBuilder) -> None:
    """Two real starts: the second ends at once, its store is in the first one's log; --new-window stays."""
    builder.name("docker.io/library/handed:1", builder.image())
    store = builder.write_layout(tmp_path / "handed")
    environ = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "SHIPGLASS_CONFIG_DIR": str(tmp_path / "both")}
    command = [sys.executable, "-m", "gui"]
    log = tmp_path / "both" / "state" / "shipglass.log"

    def logged(words: str) -> bool:
        return log.is_file() and words in log.read_text()

    first = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL)
    try:
        assert _eventually(lambda: logged("sample-store: OCI layout"))
        second = subprocess.run([*command, str(store)], cwd=ROOT, env=environ, timeout=30)
        assert second.returncode == 0
        assert _eventually(lambda: logged("handed: OCI layout"))
        other = subprocess.Popen([*command, "--new-window"], cwd=ROOT, env=environ, stderr=subprocess.DEVNULL)
        try:
            folder = tmp_path / "both" / "state"
            assert _eventually(lambda: any(folder.glob("*-faults.log")))
            assert other.poll() is None
        finally:
            other.kill()
            other.wait()
        if os.name == "posix":
            first.terminate()
            assert first.wait(20) == 0, "asked to end, it ends in order"
            assert (tmp_path / "both" / "shipglass.ini").is_file()
    finally:
        first.kill()
        first.wait()


def _eventually(condition: object, seconds: float = 20) -> bool:
    assert callable(condition)
    pause = threading.Event()
    for _ in range(int(seconds * 20)):
        if condition():
            return True
        pause.wait(0.05)
    return False
