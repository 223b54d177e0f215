"""What stands behind each target of the Makefile: `tasks.py run | test | check | bench | fmt`."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import environment
import system
from environment import ROOT
from say import Problem, say

SAMPLE_STORE = ROOT / "resources" / "sample-store"
NO_COMPLETE_IMAGE = 4


def arguments() -> list[str]:
    """ARGS as a list: one existing path with spaces counts as one word, quoted or not."""
    text = os.environ.get("ARGS", "").strip()
    if not text or os.path.exists(text):
        return [text] if text else []
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Problem(f"ARGS={text} has an open quote ({error}).") from error


def run() -> int:
    """Open the window, or without a display do the main job without it."""
    reason = headless_reason()
    if reason is None:
        python = environment.ensure("window", system.window_libraries(dict(os.environ)))
        become([str(python), "-m", "gui", *arguments()])
    say(f"no display ({reason}): going without a window and without Qt")
    python = environment.ensure("headless", {})
    return export_and_verify(str(python), arguments())


def test() -> int:
    """The whole test suite, offscreen."""
    python = environment.ensure("test", system.QT_LIBRARIES, tools=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # pytest-cov needs sqlite3 as soon as it is loaded; some Pythons are built without it.
    find = "import importlib.util as u, sys; sys.exit(u.find_spec('_sqlite3') is None)"
    without = [] if succeeds([str(python), "-c", find]) else ["-p", "no:pytest_cov"]
    become([str(python), "-m", "pytest", *without, *arguments()])


def check() -> int:
    """All checks, also after one has failed, so that one run shows all that is wrong."""
    python = str(environment.ensure("test", {}))
    lint_imports = "import sys; from importlinter.cli import lint_imports_command as main; sys.exit(main())"
    scripts = [str(path) for path in sorted((ROOT / ".ci").glob("*.py"))]
    checks = {
        "format": [python, "-m", "ruff", "format", "--check", "."],
        "lint": [python, "-m", "ruff", "check", "."],
        "types": [python, "-m", "mypy"],
        "types of the scripts": [python, "-m", "mypy", "--explicit-package-bases", *scripts],
        "imports": [python, "-c", lint_imports, "--no-logo", "--no-cache"],
        "wheel": [python, ".ci/wheel.py"],
    }
    failed = []
    for name, command in checks.items():
        print(f"-- {name}", flush=True)
        if not succeeds(command):
            failed.append(name)
    if failed:
        say(f"failed: {', '.join(failed)}" + (" (`make fmt` mends format)" if "format" in failed else ""))
    return 1 if failed else 0


def fmt() -> int:
    """Rewrite the code; what the linter cannot mend it prints."""
    python = str(environment.ensure("test", {}))
    fixed = succeeds([python, "-m", "ruff", "check", "--fix", "."])
    return 0 if succeeds([python, "-m", "ruff", "format", "."]) and fixed else 1


def bench() -> int:
    """Every script in bench/ whose name does not begin with an underscore, in order."""
    scripts = sorted((ROOT / "bench").glob("[!_]*.py"))
    if not scripts:
        raise Problem("bench/ holds no script.", 1)
    python = str(environment.ensure("test", system.QT_LIBRARIES))
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    failed = []
    for script in scripts:
        print(f"-- {script.stem}", flush=True)
        if not succeeds([python, "-m", f"bench.{script.stem}", *arguments()]):
            failed.append(script.stem)
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def headless_reason() -> str | None:
    """Why no window can open; only Linux goes without one."""
    if not sys.platform.startswith("linux"):
        return None
    command = [sys.executable, "-ESs", str(Path(__file__).with_name("display.py"))]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=10)
    except subprocess.TimeoutExpired:
        return "the display does not answer"
    return done.stdout.strip() or "the display could not be asked" if done.returncode else None


def export_and_verify(python: str, words: list[str]) -> int:
    """Export one image of a store, verify the archive, and print its path: alone on stdout."""
    store = words[0] if words else str(SAMPLE_STORE)
    core = [python, "-m", "exporter_core"]
    listed = in_checkout([*core, "images", store, "--json"], subprocess.PIPE)
    if listed.returncode:
        return listed.returncode
    name = words[1] if len(words) > 1 else first_complete(store, json.loads(listed.stdout))
    archive = archive_path(name)
    for command in (
        ["export", store, name, "-o", str(archive), "--all-platforms", "--force"],
        ["verify", str(archive)],
    ):
        say(shlex.join(["shipglass", *command]))
        code = relay([*core, *command])
        if code:
            return code
    print(archive, flush=True)
    return 0


def first_complete(store: str, images: list[dict[str, Any]]) -> str:
    """The name of the first image of which all is there; signatures and the like come last."""
    complete = [image for image in images if image["complete"]]
    if not complete:
        raise Problem(f"{store} holds no complete image to export.", NO_COMPLETE_IMAGE)
    name: str = min(complete, key=lambda image: bool(image.get("referrer")))["name"]
    return name


def archive_path(image: str) -> Path:
    """Where the archive goes: build/ in the checkout, one file for each image name."""
    folder = ROOT / "build"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise Problem(f"{folder} cannot be made: {error.strerror}.", 6) from error
    return folder / (re.sub(r"[^A-Za-z0-9.-]+", "_", image).strip("._") + ".tar")


def in_checkout(command: list[str], stdout: int | None) -> subprocess.CompletedProcess[bytes]:
    """Run a command from the checkout, where `-m` finds the code."""
    return subprocess.run(command, cwd=ROOT, env=environment.child_environment(), stdout=stdout)


def relay(command: list[str]) -> int:
    """Run a command through a pipe, where it prints a line for each blob, and pass its lines on to stderr."""
    environ = environment.child_environment()
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
        return process.wait()


def succeeds(command: list[str]) -> bool:
    """Run a command and let it say what it has to."""
    return in_checkout(command, None).returncode == 0


def become(command: list[str]) -> NoReturn:
    """Replace this process, so that signals and the exit code are the command's own."""
    os.chdir(ROOT)
    os.execve(command[0], command, environment.child_environment())


def main() -> int:
    """Run one task by name."""
    tasks = {"run": run, "test": test, "check": check, "bench": bench, "fmt": fmt}
    try:
        return tasks[sys.argv[1]]()
    except Problem as problem:
        say(str(problem))
        return problem.code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
