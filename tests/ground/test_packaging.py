"""What is installed: the wheel's contents, and that pins, ranges and names agree."""

import importlib.util
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.ground.conftest import CHECKOUT

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]


@pytest.fixture
def wheel(ci: SimpleNamespace, tmp_path: Path) -> Iterator[Path]:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed")
    yield ci.wheel.build(str(tmp_path))


def test_the_wheel_holds_the_program_and_nothing_else(ci: SimpleNamespace, wheel: Path) -> None:
    assert ci.wheel.problems(wheel) == []
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("tests/test_x.py", "")
    assert ci.wheel.problems(wheel) == ["does not belong there: tests/test_x.py"]


def test_the_source_archive_holds_what_the_wheel_leaves_out(ci: SimpleNamespace, tmp_path: Path) -> None:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed")
    with tarfile.open(ci.wheel.build(str(tmp_path), "sdist")) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"resources/make_sample.py", "resources/screenshots/json.png", ".ci/wheel.py", "Makefile"} <= names
    assert {name.replace("gui/_resources", "resources") for name in ci.wheel.expected()} <= names


def test_the_wheel_runs_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "unpacked"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    command = [sys.executable, "-m", "exporter_core", "images", "gui/_resources/sample-store", "--json"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [image for image in json.loads(done.stdout) if image["complete"]]


def requirements() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(text) for group in (PROJECT["dependencies"], *extras) for text in group]


def test_every_requirement_is_pinned_inside_its_range() -> None:
    lines = (CHECKOUT / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"==[^*,]+", str(pin.specifier)) and pin.url is None for pin in pins)
    pinned = {canonicalize_name(pin.name): str(pin.specifier)[2:] for pin in pins}
    assert len(pinned) == len(pins)
    for wanted in requirements():
        assert wanted.specifier.contains(pinned[canonicalize_name(wanted.name)]), wanted


def test_a_plain_install_gets_the_window() -> None:
    qt = next(wanted for wanted in requirements() if wanted.name == "PySide6-Essentials")
    assert str(qt.specifier) in (">=6.8,<6.12", "<6.12,>=6.8")
    assert PROJECT["requires-python"] == ">=3.11"
    assert PROJECT["scripts"] == {"shipglass": "gui.__main__:main"}
