"""A private desktop: a message bus of its own, a process with its services, a screen. Never the user's."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PYTHON = "/usr/bin/python3"
_CALM = 5  # pictures that are the same
ROOT = Path(__file__).parents[2]
_START_S = 10.0


def need(*programs: str) -> None:
    """Skip the test where one of ``programs`` is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def until(condition: Callable[[], Any], seconds: float = _START_S) -> bool:
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return bool(found)


class Desktop:
    """The bus at ``address``, with the services ``names``; ``calls`` is what they were asked."""

    def __init__(self, folder: Path, *names: str) -> None:
        need("dbus-daemon", PYTHON)
        if names and subprocess.run([PYTHON, "-c", "import dbus, gi"], capture_output=True).returncode:
            pytest.skip("python3-dbus or python3-gi is not installed")
        self.calls: list[dict[str, Any]] = []
        self.processes: list[subprocess.Popen[str]] = []
        self._daemon = self.start(
            "dbus-daemon", "--session", "--nofork", "--print-address", f"--address=unix:path={folder}/bus",
            env=dict(os.environ),
        )  # fmt: skip
        assert self._daemon.stdout is not None
        self.address = self._daemon.stdout.readline().strip()
        self._services: subprocess.Popen[str] | None = None
        if names:
            self._serve(names)

    def start(self, *words: str, env: dict[str, str]) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            words, env=env, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )
        self.processes.append(process)
        return process

    def _serve(self, names: tuple[str, ...]) -> None:
        env = dict(os.environ, DBUS_SESSION_BUS_ADDRESS=self.address)
        self._services = self.start(
            PYTHON, str(Path(__file__).with_name("desktop_service.py")), *names, env=env
        )
        threading.Thread(target=self._read, args=(self._services,), daemon=True).start()
        assert until(lambda: self.calls), "the services have not started"

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.calls.append(json.loads(line))

    def say(self, words: str) -> None:
        """Have a service do something; see ``desktop_service``."""
        assert self._services is not None and self._services.stdin is not None
        self._services.stdin.write(words + "\n")
        self._services.stdin.flush()

    def asked(self, call: str) -> list[dict[str, Any]]:
        return [one for one in self.calls if one["call"] == call]

    def stop_bus(self) -> None:
        self._daemon.kill()
        self._daemon.wait()

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


class Screen:
    """An X server without a screen, on which the program runs as ``python -m gui``."""

    def __init__(self, desktop: Desktop, folder: Path) -> None:
        need("Xvfb", "import")
        self._desktop = desktop
        server = desktop.start(
            "Xvfb", "-displayfd", "1", "-screen", "0", "1200x700x24", "-nolisten", "tcp", env=dict(os.environ)
        )
        assert server.stdout is not None
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("QT_", "XDG_"))}
        homes = ("HOME", "SHIPGLASS_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
        self._env = kept | {name: str(folder / name.lower()) for name in homes}
        self._env["XDG_RUNTIME_DIR"] = str(folder)
        self._env["DBUS_SESSION_BUS_ADDRESS"] = desktop.address
        self._env["DISPLAY"] = ":" + server.stdout.readline().strip()

    def run(self, **env: str) -> "subprocess.Popen[str]":
        store = str(ROOT / "resources" / "sample-store")
        return self._desktop.start(sys.executable, "-m", "gui", store, env=self._env | env)

    def shown(self, *, dark: bool) -> bytes:
        """The pixels as soon as the window is light or dark, and has stopped to change."""
        seen = [b""]

        def still() -> bool:
            words = ["import", "-window", "root", "-depth", "8", "gray:-"]
            seen.append(subprocess.run(words, env=self._env, capture_output=True, check=True).stdout)
            mean = sum(seen[-1][::97]) / len(seen[-1][::97])
            calm = len(seen) > _CALM and len(set(seen[-_CALM:])) == 1
            return calm and (15 < mean < 80 if dark else mean > 180)

        assert until(still, 20), "the window did not follow"
        return seen[-1]
