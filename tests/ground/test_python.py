"""Which Python runs the set-up, and which the environment is made from."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.ground.conftest import CHECKOUT

Program = Callable[[str, str], Path]
TOO_OLD = '[ "$1" = -V ] && echo Python 3.9.2 && exit; exit 1'
REAL = f'echo "$(basename "$0")" >&2; exec "{sys.executable}" "$@"'


def choose(tmp_path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `.ci/python` where only the programs of the test are on the PATH."""
    folder = tmp_path / "checkout" / ".ci"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(CHECKOUT / ".ci" / "python", folder)
    (folder / "hello.py").write_text("import sys; print('hello', *sys.argv[1:])")
    environ["PATH"] = str(tmp_path / "bin")
    command = ["sh", str(folder / "python"), str(folder / "hello.py"), "a b", "c"]
    return subprocess.run(command, env=environ, capture_output=True, text=True)


def test_takes_the_first_that_is_new_enough(tmp_path: Path, program: Program) -> None:
    (tmp_path / "bin" / "basename").symlink_to(shutil.which("basename") or "")
    program("python3", TOO_OLD)
    program("python3.13", REAL)
    program("python3.12", REAL)
    done = choose(tmp_path)
    assert done.stdout == "hello a b c\n"
    assert set(done.stderr.split()) == {"python3.13"}


def test_the_one_asked_for_comes_first(tmp_path: Path, program: Program) -> None:
    (tmp_path / "bin" / "basename").symlink_to(shutil.which("basename") or "")
    program("python3", REAL)
    mine = program("mine", REAL)
    assert set(choose(tmp_path, PYTHON=str(mine)).stderr.split()) == {"mine"}


def test_says_what_it_found_and_what_to_do(tmp_path: Path, program: Program) -> None:
    program("python3", TOO_OLD)
    done = choose(tmp_path)
    assert done.returncode == 2
    assert "python3 is Python 3.9.2" in done.stderr
    assert "apt-get install python3" in done.stderr
    assert "make PYTHON=" in done.stderr


def answers(version: str, base: object, missing: str = "") -> str:
    return f"printf '%s\\n' '{version}' '{base}' '{missing}'"


def test_candidates_in_order_and_each_once(
    ci: SimpleNamespace, tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    program("python3", answers("3 9", "/usr/bin/python3.9"))
    program("python3.14", "exit 127")
    program("python3.13", answers("3 13", "/opt/x/python3.13"))
    program("python3.12", answers("3 12", "/opt/x/python3.13"))
    program("python3.11", answers("3 11", "/usr/bin/python3.11", "ensurepip"))
    found = ci.environment.find_candidates()
    assert [one.name for one in found] == ["python3", "python3.13", "python3.11"]
    assert [one.problem("window", True) for one in found] == [
        "python3 is Python 3.9; 3.11 or newer is needed",
        None,
        "python3.11 (Python 3.11) comes without ensurepip",
    ]
    monkeypatch.setenv("PYTHON", "python3.11")
    assert [one.name for one in ci.environment.find_candidates()] == ["python3.11"]
    monkeypatch.setenv("PYTHON", "nowhere")
    with pytest.raises(ci.say.Problem, match="PYTHON=nowhere cannot be run"):
        ci.environment._make("window", True)


def test_a_python_too_new_for_qt_still_does_headless(ci: SimpleNamespace) -> None:
    newer = ci.environment.Candidate("python3", (3, 15), "/usr/bin/python3", ())
    assert newer.problem("headless", True) is None
    assert "no package for it yet" in newer.problem("window", True)


def test_without_requirements_no_pip_is_needed(ci: SimpleNamespace) -> None:
    bare = ci.environment.Candidate("python3", (3, 11), "/usr/bin/python3", ("ensurepip",))
    assert bare.problem("headless", False) is None
    assert bare.problem("headless", True) is not None


def test_debian_package_that_completes_a_python(
    ci: SimpleNamespace, tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(ci.system, "has_apt", lambda: True)
    program("python3.13", answers("3 13", "/opt/own/python3.13", "ensurepip ssl"))
    assert ci.environment._mendable("window") is None
    program("python3.12", answers("3 12", "/usr/bin/python3.12-of-debian", "ensurepip"))
    monkeypatch.setattr(os.path, "samefile", lambda one, other: False)
    assert ci.environment._mendable("window").debian_package() == "python3.12-venv"
    program("python3", answers("3 12", "/opt/good/python3"))
    assert ci.environment._mendable("window") is None


def test_goes_on_to_the_next_where_making_fails(
    ci: SimpleNamespace, tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    broken = program("broken", "echo no room for pip; exit 1")
    program("python3", answers("3 12", broken))
    with pytest.raises(ci.say.Problem, match="failed to make one: no room for pip"):
        ci.environment._make("window", True)
    good = program("good", "exit 0")
    program("python3.11", answers("3 11", good))
    assert ci.environment._make("window", True) == str(good)
