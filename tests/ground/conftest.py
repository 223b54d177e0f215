"""The set-up scripts as modules, and a copy of the checkout's ground to run them in."""

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
# Windows has no make; there the program is installed with pip.
collect_ignore_glob = ["test_*.py"] if os.name == "nt" else []
SCRIPTS = ("say", "display", "system", "environment", "tasks", "wheel")


@pytest.fixture
def ci(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """Fresh modules whose environment is below tmp_path and whose configuration may be rewritten there."""
    monkeypatch.syspath_prepend(str(CHECKOUT / ".ci"))
    modules = SimpleNamespace(**{name: importlib.import_module(name) for name in SCRIPTS})
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(CHECKOUT / name, tmp_path)
    monkeypatch.setattr(modules.environment, "ROOT", tmp_path)
    monkeypatch.setattr(modules.environment, "ENV", tmp_path / "env")
    monkeypatch.setattr(modules.environment, "STAMP", tmp_path / "env" / "stamp.json")
    monkeypatch.setattr(modules.environment, "TOOLS_OFFERED", tmp_path / "env" / "tools-offered")
    monkeypatch.setattr(modules.environment, "PYTHON", Path(sys.executable))
    for name in ("PYTHON", "ARGS"):
        monkeypatch.delenv(name, raising=False)
    yield modules
    for name in SCRIPTS:
        sys.modules.pop(name, None)


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write an executable shell script into tmp_path/bin; the folder starts with only `sh` and `dirname`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "dirname"):
        (folder / name).symlink_to(shutil.which(name) or "")

    def write(name: str, body: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a headless `make run` needs of the checkout, in a folder with a space in its name."""
    root = tmp_path / "a clone"
    hide = shutil.ignore_patterns("__pycache__")
    for name in (".ci", "exporter_core", "resources"):
        shutil.copytree(CHECKOUT / name, root / name, ignore=hide)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(CHECKOUT / name, root)
    return root


def run_make(root: Path, target: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Call make as a user without a display does."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "ARGS", "PYTHON", "MAKEFLAGS", "MAKELEVEL")
    environ = {name: value for name, value in os.environ.items() if name not in hidden}
    words = [f"{name}={value}" for name, value in variables.items()]
    return subprocess.run(["make", target, *words], cwd=root, env=environ, capture_output=True, text=True)
