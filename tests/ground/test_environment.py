"""What the environment holds, when it is made anew, and what is asked of the system."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest

NO_LIBRARY = "libnothing-of-that-name.so.9"
LIBRARIES = {"libc.so.6": "libc6", NO_LIBRARY: "libnothing9"}


@pytest.fixture
def stamp(ci: SimpleNamespace) -> SimpleNamespace:
    """An environment filled for a window, as its stamp tells."""
    environment = ci.environment
    key = environment.current_key(sys.version)
    made = environment.Stamp("window", key, sys._base_executable, sys.version, str(environment.ENV))
    environment.STAMP.parent.mkdir()
    write_stamp(ci, made)
    return made


def write_stamp(ci: SimpleNamespace, stamp: object) -> None:
    ci.environment.STAMP.write_text(json.dumps(asdict(stamp)))  # type: ignore[call-overload]


def served(ci: SimpleNamespace, filling: str) -> bool:
    stamp = ci.environment.read_stamp()
    return stamp is not None and stamp.serves(filling)


def test_only_the_window_gets_qt(ci: SimpleNamespace) -> None:
    wanted = ci.environment.wanted
    assert not [name for name in wanted("headless") if "side6" in name.lower()]
    assert [name for name in wanted("window") if name.startswith("PySide6-Essentials")]
    assert {"PySide6", "pytest", "ruff"} <= {name.split("-")[0].split(">")[0] for name in wanted("test")}


def test_a_stamp_serves_what_it_holds_and_less(ci: SimpleNamespace, stamp: object) -> None:
    assert [served(ci, filling) for filling in ("headless", "window", "test")] == [True, True, False]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_file_makes_it_stale(ci: SimpleNamespace, stamp: object, name: str) -> None:
    path = ci.environment.ROOT / name
    path.write_text(path.read_text() + "\n")
    assert not served(ci, "headless")
    assert ci.environment.read_stamp() is not None, "packages can still be added to it"


def test_a_moved_or_broken_environment_is_not_trusted(
    ci: SimpleNamespace, stamp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as moved:
        moved.setattr(ci.environment, "ENV", ci.environment.ROOT / "elsewhere")
        assert ci.environment.read_stamp() is None
    assert ci.environment.read_stamp() is not None
    ci.environment.STAMP.write_text("{half")
    assert ci.environment.read_stamp() is None


def test_another_python_asked_for(
    ci: SimpleNamespace, stamp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON", sys.executable)
    assert served(ci, "window")
    monkeypatch.setenv("PYTHON", "/nowhere/python3")
    assert not served(ci, "window")


def test_a_python_that_is_gone(ci: SimpleNamespace, stamp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ci.environment, "PYTHON", Path("/nowhere/python3"))
    assert ci.environment.read_stamp() is None


def test_a_current_environment_starts_nothing(
    ci: SimpleNamespace, stamp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("a set-up was started")

    monkeypatch.setattr(ci.environment, "quietly", forbidden)
    monkeypatch.setattr(ci.system, "quietly", forbidden)
    assert ci.environment.ensure("window", {}) == ci.environment.PYTHON


def test_packages_are_added_to_an_older_environment(
    ci: SimpleNamespace, stamp: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(ci.environment, "quietly", lambda command, *_: commands.append(command))
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: False, write=len, flush=bool))
    ci.environment.ensure("test", {})
    assert [command[2] for command in commands] == ["pip", "pip", "pip"]
    assert commands[2][4:7] == ["--no-deps", "--no-build-isolation", "-e"]
    assert served(ci, "test")


def test_a_failed_install_leaves_no_stamp(
    ci: SimpleNamespace, stamp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        ci.environment, "quietly", lambda *_: "no route to host" if "install" in _[0] else None
    )
    with pytest.raises(ci.say.Problem, match=r"no route to host[^$]*https_proxy"):
        ci.environment.ensure("test", {})
    assert not ci.environment.STAMP.exists()


def test_what_would_lead_python_away_is_dropped(ci: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("LC_ALL", "C")
    environ = ci.environment.child_environment()
    assert not {"PYTHONHOME", "PYTHONPATH", "PIP_TARGET"} & set(environ)
    if sys.platform.startswith("linux"):
        assert environ["LC_ALL"] == "C.UTF-8"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="libraries are probed on Linux only")
class TestSystem:
    def test_libraries_are_really_loaded(self, ci: SimpleNamespace) -> None:
        assert ci.system.missing_libraries(LIBRARIES) == [NO_LIBRARY]

    def test_the_display_decides_what_is_needed(self, ci: SimpleNamespace) -> None:
        assert "libxcb.so.1" in ci.system.window_libraries({"DISPLAY": ":0"})
        only_wayland = ci.system.window_libraries({"WAYLAND_DISPLAY": "wayland-0"})
        assert "libwayland-client.so.0" in only_wayland
        assert "libxcb.so.1" not in only_wayland

    def test_a_user_gets_one_command(
        self, ci: SimpleNamespace, stamp: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ci.system, "is_root", lambda: False)
        monkeypatch.setattr(ci.system, "has_apt", lambda: True)
        with pytest.raises(ci.say.Problem) as caught:
            ci.environment.ensure("window", LIBRARIES)
        assert caught.value.code == 2
        commands = [line.strip() for line in str(caught.value).splitlines() if "apt-get" in line]
        install = "apt-get install -y --no-install-recommends libnothing9"
        assert commands == [f"sudo sh -c 'apt-get update && {install}'"]

    def test_root_gets_it_installed(
        self, ci: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        commands: list[list[str]] = []
        monkeypatch.setattr(ci.system, "is_root", lambda: True)
        monkeypatch.setattr(ci.system, "quietly", lambda command, *_: commands.append(command))
        ci.system.require(["libb", "liba", "libb"], "Qt cannot load them")
        assert "update" in commands[0]
        assert "install" in commands[1]
        assert commands[1][-2:] == ["liba", "libb"]
        assert "installing as root" in capsys.readouterr().err

    def test_a_failed_install_is_told(self, ci: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ci.system, "is_root", lambda: True)
        monkeypatch.setattr(ci.system, "quietly", lambda *_: "E: no network")
        with pytest.raises(ci.say.Problem, match="E: no network"):
            ci.system.require(["liba"], "Qt cannot load it")

    def test_another_distribution_gets_the_names(
        self, ci: SimpleNamespace, stamp: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ci.system, "has_apt", lambda: False)
        with pytest.raises(ci.say.Problem, match=NO_LIBRARY.replace(".", r"\.")):
            ci.environment.ensure("window", LIBRARIES)

    def test_tools_are_offered_once(
        self,
        ci: SimpleNamespace,
        stamp: object,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(ci.system, "is_root", lambda: False)
        monkeypatch.setenv("PATH", "/nowhere")
        ci.environment.ensure("window", {}, tools=True)
        assert "not found: ctr, skopeo, umoci" in capsys.readouterr().err
        ci.environment.ensure("window", {}, tools=True)
        assert capsys.readouterr().err == ""
