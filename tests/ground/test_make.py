"""The one door: `make run` without a display, the continuous run, and what the documents say of them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.ground.conftest import CHECKOUT, run_make

TARGETS = {"help", "run", "test", "check", "bench", "fmt"}
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux goes without a display")
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@linux
@needs_make
def test_run_without_a_display(clone: Path) -> None:
    first = run_make(clone, "run")
    assert first.returncode == 0, first.stderr
    archive = Path(first.stdout.rstrip("\n").splitlines()[-1])
    assert archive.is_absolute()
    assert archive.is_file()
    assert "no display" in first.stderr
    assert "making an environment" in first.stderr
    assert not list((clone / ".cache" / "env").rglob("PySide6*"))
    second = run_make(clone, "run", ARGS=str(clone / "resources" / "sample-store"))
    assert second.stdout.splitlines()[-1] == str(archive)
    assert "making an environment" not in second.stderr


@linux
@needs_make
def test_run_with_a_store_that_is_not_there(clone: Path) -> None:
    done = run_make(clone, "run", ARGS="/nowhere/a store")
    assert done.returncode != 0
    assert "/nowhere/a" in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  ", []),
        ("/a /b", ["/a", "/b"]),
        ("'/a b' c", ["/a b", "c"]),
        ("/nowhere/$HOME", ["/nowhere/$HOME"]),
    ],
)
def test_args_as_words(
    ci: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, text: str, words: list[str]
) -> None:
    monkeypatch.setenv("ARGS", text)
    assert ci.tasks.arguments() == words


def test_args_as_one_path(ci: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = tmp_path / "it's a store"
    store.mkdir()
    monkeypatch.setenv("ARGS", str(store))
    assert ci.tasks.arguments() == [str(store)]
    monkeypatch.setenv("ARGS", str(store) + "s")
    with pytest.raises(ci.say.Problem, match="open quote"):
        ci.tasks.arguments()


def test_the_archive_has_a_plain_name(
    ci: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ci.tasks, "ROOT", tmp_path)
    assert (
        ci.tasks.archive_path("docker.io/a/b:1@sha256:ff") == tmp_path / "build/docker.io_a_b_1_sha256_ff.tar"
    )
    assert ci.tasks.archive_path("../../etc").parent == tmp_path / "build"


def run_ci(
    tmp_path: Path, program: Callable[[str, str], Path], make: str
) -> subprocess.CompletedProcess[str]:
    program("make", make)
    environ = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    command = ["bash", str(CHECKOUT / ".ci" / "run")]
    return subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("make", "code", "last"),
    [
        ("exit 0", 0, "== make test and make check passed"),
        ('[ "$1" != test ]', 1, "== failed: test"),
        ('[ "$1" != check ]', 1, "== failed: check"),
        ("exit 1", 1, "== failed: test check"),
    ],
)
def test_the_continuous_run(
    tmp_path: Path, program: Callable[[str, str], Path], make: str, code: int, last: str
) -> None:
    done = run_ci(tmp_path, program, make)
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[-1]) == (code, last)
    assert lines[:2] == ["== make test", "== make check"]


def test_targets_and_their_help() -> None:
    text = (CHECKOUT / "Makefile").read_text()
    assert set(re.findall(r"^([a-z]+): ## ", text, re.M)) == TARGETS
    phony = re.search(r"^\.PHONY: (.*)$", text, re.M)
    assert phony and set(phony[1].split()) == TARGETS


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_documents_name_only_what_is_there(name: str) -> None:
    text = (CHECKOUT / name).read_text()
    assert set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)", text, re.M)) > set()
    named = {one or other for one, other in re.findall(r"^make ([a-z]+)|`make ([a-z]+)", text, re.M)}
    assert named <= TARGETS
    for target in re.findall(r"\]\(([A-Za-z][^):#]*)\)", text):
        assert (CHECKOUT / target).exists(), target


def test_the_sample_is_the_first_complete_image(ci: SimpleNamespace) -> None:
    images = [
        {"name": "half", "complete": False, "referrer": False},
        {"name": "signature", "complete": True, "referrer": True},
        {"name": "whole", "complete": True, "referrer": False},
        {"name": "other", "complete": True, "referrer": False},
    ]
    assert ci.tasks.first_complete("store", images) == "whole"
    assert ci.tasks.first_complete("store", images[:2]) == "signature"
    with pytest.raises(ci.say.Problem, match="store holds no complete image") as caught:
        ci.tasks.first_complete("store", images[:1])
    assert caught.value.code == 4
