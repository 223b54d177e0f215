"""The probe for a display, against sockets that behave as X servers and compositors do."""

import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.ground.conftest import CHECKOUT

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux goes without a display"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: the address of a socket has room for 107 bytes."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
def serve() -> Iterator[Callable[[socket.socket, Callable[[bytes], bytes]], None]]:
    """Answer each connection's first message until the test ends."""
    listeners: list[tuple[socket.socket, threading.Thread]] = []

    def start(listener: socket.socket, answer: Callable[[bytes], bytes]) -> None:
        def loop() -> None:
            while True:
                client, _ = listener.accept()
                with client:
                    message = client.recv(4096)
                    if message == b"stop":
                        return
                    client.sendall(answer(message))

        listener.listen()
        thread = threading.Thread(target=loop)
        thread.start()
        listeners.append((listener, thread))

    yield start
    for listener, thread in listeners:
        with socket.socket(listener.family) as stopper:
            stopper.connect(listener.getsockname())
            stopper.sendall(b"stop")
        thread.join()
        listener.close()


def unix_listener(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    return listener


def authority(number: bytes, cookie: bytes) -> bytes:
    fields = (b"host", number, b"MIT-MAGIC-COOKIE-1", cookie)
    return b"\x01\x00" + b"".join(struct.pack(">H", len(field)) + field for field in fields)


def test_no_variable(ci: SimpleNamespace) -> None:
    assert ci.display.display_problem({}) == "neither DISPLAY nor WAYLAND_DISPLAY is set"
    assert ci.display.display_problem({"DISPLAY": "", "WAYLAND_DISPLAY": ""}) is not None


def test_wayland(ci: SimpleNamespace, folder: Path) -> None:
    environ = {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(folder)}
    assert "does not answer" in ci.display.display_problem(environ)
    with unix_listener(folder / "wayland-7") as listener:
        listener.listen()
        assert ci.display.display_problem(environ) is None
        assert ci.display.display_problem({"WAYLAND_DISPLAY": str(folder / "wayland-7")}) is None
        del environ["XDG_RUNTIME_DIR"]
        assert "XDG_RUNTIME_DIR" in ci.display.display_problem(environ)


def test_x11_that_lets_in(ci: SimpleNamespace, folder: Path, serve: Callable[..., None]) -> None:
    serve(unix_listener(folder / "x:3"), lambda _: b"\x01")
    assert ci.display.display_problem({"DISPLAY": f"{folder}/x:3.0"}) is None


def test_x11_that_wants_a_cookie(ci: SimpleNamespace, folder: Path, serve: Callable[..., None]) -> None:
    serve(unix_listener(folder / "x:3"), lambda message: b"\x01" if b"secret-3" in message else b"\x00")
    environ = {"DISPLAY": f"{folder}/x:3", "XAUTHORITY": str(folder / "cookies")}
    assert "refuses" in ci.display.display_problem(environ)
    (folder / "cookies").write_bytes(authority(b"4", b"secret-3"))
    assert "refuses" in ci.display.display_problem(environ)
    (folder / "cookies").write_bytes(authority(b"3", b"other") + authority(b"3", b"secret-3"))
    assert ci.display.display_problem(environ) is None
    (folder / "cookies").write_bytes(authority(b"3", b"secret-3")[:-5])
    assert "refuses" in ci.display.display_problem(environ)


def test_x11_that_hangs(ci: SimpleNamespace, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ci.display, "TIMEOUT", 0.05)
    with unix_listener(folder / "x:3") as listener:
        listener.listen()
        assert "timed out" in ci.display.display_problem({"DISPLAY": f"{folder}/x:3"})


def test_x11_over_tcp(ci: SimpleNamespace, serve: Callable[..., None]) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    number = listener.getsockname()[1] - 6000
    serve(listener, lambda _: b"\x01")
    assert ci.display.display_problem({"DISPLAY": f"127.0.0.1:{number}"}) is None


def test_one_that_answers_is_enough(ci: SimpleNamespace, folder: Path, serve: Callable[..., None]) -> None:
    serve(unix_listener(folder / "x:3"), lambda _: b"\x01")
    environ = {"WAYLAND_DISPLAY": str(folder / "gone"), "DISPLAY": f"{folder}/x:3"}
    assert ci.display.display_problem(environ) is None


@pytest.mark.parametrize("name", ["nonsense", ":", ":x", "host"])
def test_no_display_name(ci: SimpleNamespace, name: str) -> None:
    assert "no display name" in ci.display.display_problem({"DISPLAY": name})


def test_as_a_program() -> None:
    command = [sys.executable, "-ESs", str(CHECKOUT / ".ci" / "display.py")]
    done = subprocess.run(command, env={"DISPLAY": ":x"}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "DISPLAY=:x is no display name\n")


def test_the_task_takes_its_word(ci: SimpleNamespace, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":x")
    assert ci.tasks.headless_reason() == "DISPLAY=:x is no display name"
    with unix_listener(folder / "wl") as listener:
        listener.listen()
        monkeypatch.setenv("WAYLAND_DISPLAY", str(folder / "wl"))
        assert ci.tasks.headless_reason() is None
