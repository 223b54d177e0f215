"""The command line as a process: its streams, a terminal, signals, what it imports."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from resources import make_sample
from tests import images
from tests.images import StoreBuilder

ROOT = Path(make_sample.__file__).parents[1]
SAMPLE = str(ROOT / "resources" / "sample-store")
WEB = "docker.io/library/harbor-web:2.4"
BIG = "docker.io/library/big:1"
COMMAND = [sys.executable, "-m", "exporter_core"]

posix = pytest.mark.skipif(os.name != "posix", reason="signals and pseudo-terminals are POSIX's")


def run(*words: object, **options: object) -> subprocess.CompletedProcess[bytes]:
    options = {"capture_output": True, "cwd": ROOT, "timeout": 60, **options}
    return subprocess.run([*COMMAND, *map(str, words)], check=False, **options)  # type: ignore[call-overload]


def in_terminal(*words: object, columns: int = 80, stdout: bool = True) -> tuple[int, bytes, str]:
    """Runs on a pseudo-terminal (stderr alone if not `stdout`): code, what was piped, what was shown."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm"},
        stdout=theirs if stdout else subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown: list[bytes] = []
    reader = threading.Thread(target=lambda: shown.extend(_all_of(ours)))
    reader.start()
    out, _ = process.communicate(timeout=60)
    reader.join()
    os.close(ours)
    return process.returncode, out or b"", b"".join(shown).decode()


def _all_of(terminal: int) -> Iterator[bytes]:
    try:
        while data := os.read(terminal, 65536):
            yield data
    except OSError:  # the other end was closed
        return


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A layout with an image of 300 MB: an export takes long enough to be met in the middle."""
    path = tmp_path_factory.mktemp("big")
    images.big_layout(path, [150_000_000, 150_000_000])
    return path


# Streams


@pytest.mark.parametrize("profile", ["oci", "v1"])
def test_stdout_is_the_archive_and_nothing_else(tmp_path: Path, profile: str) -> None:
    words = ["export", SAMPLE, WEB, "--all-platforms", "--profile", profile, "-o"]
    run(*words, tmp_path / "image.tar")
    piped = run(*words, "-")
    assert piped.returncode == 0
    assert piped.stdout == (tmp_path / "image.tar").read_bytes()
    assert run(*words, "-", "--json", "--checksum").stdout == piped.stdout


def test_json_beside_an_archive_on_stdout_is_the_last_line_of_stderr() -> None:
    done = run("export", SAMPLE, WEB, "--all-platforms", "-o", "-", "--json", "--checksum")
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["output"] == "-"
    assert told["bytes"] == len(done.stdout)
    assert told["sha256"] == hashlib.sha256(done.stdout).hexdigest()
    quiet = run("export", SAMPLE, WEB, "--all-platforms", "-o", "-", "--json", "-q")
    assert json.loads(quiet.stderr)["bytes"] == len(quiet.stdout)


def test_progress_is_a_line_for_each_blob(tmp_path: Path) -> None:
    done = run("export", SAMPLE, WEB, "--all-platforms", "-o", tmp_path / "image.tar")
    *lines, last = done.stderr.decode().splitlines()
    plan = json.loads(run("export", SAMPLE, WEB, "--all-platforms", "--plan", "--json").stdout)
    blobs = {entry["name"] for entry in plan["entries"] if entry["digest"]}
    assert done.stdout == b""
    assert {line.split()[2] for line in lines} == blobs
    assert [line.split()[1] for line in lines] == [f"{i}/{len(blobs)}" for i in range(1, len(blobs) + 1)]
    assert all(line.startswith("verified ") for line in lines)
    assert "\x1b" not in done.stderr.decode()
    assert last.startswith(f"wrote {tmp_path / 'image.tar'}: ")


def test_quiet_is_silent(tmp_path: Path) -> None:
    done = run("export", SAMPLE, WEB, "--platform", "linux/amd64", "-q", "-o", tmp_path / "image.tar")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_failing_blob_is_told_and_explained(tmp_path: Path) -> None:
    done = run("export", SAMPLE, "registry.example.com/team/broken-job:1", "-o", tmp_path / "image.tar")
    assert done.returncode == 4
    assert b"failed " in done.stderr
    assert b"is corrupt: its 5376 bytes hash to sha256:" in done.stderr
    assert list(tmp_path.iterdir()) == []


SHELL = f"{sys.executable} -m exporter_core"


@posix
@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        pytest.param("images {store} >&-", 6, "standard output is closed", id="text, closed"),
        pytest.param("export {store} edge -o - >&-", 6, "standard output is closed", id="archive, closed"),
        pytest.param("export {store} edge -q -o {out}/x.tar >&-", 0, "", id="file, closed"),
        pytest.param("images nowhere 2>&-", 3, "", id="stderr closed"),
        pytest.param("images {store} > /dev/full", 6, "No space left", id="text, full"),
        pytest.param("export {store} edge -q -o - > /dev/full", 6, "The disk is full", id="archive, full"),
        pytest.param("export {store} edge -q -o /dev/full", 6, "The disk is full", id="device"),
        pytest.param("export {store} edge -o {out} --json >&-", 6, "", id="report, closed"),
    ],
)
def test_a_stream_that_takes_nothing(tmp_path: Path, command: str, code: int, says: str) -> None:
    line = f"{SHELL} " + command.format(store=SAMPLE, out=tmp_path)
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    assert says in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@posix
@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["images", SAMPLE], "", id="text"),
        pytest.param(
            ["export", SAMPLE, WEB, "--all-platforms", "-q", "-o", "-"], "Broken pipe", id="archive"
        ),
    ],
)
def test_a_reader_that_ends_early(words: Sequence[str], says: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run(*words, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert done.returncode == 6
    assert says in done.stderr.decode()
    assert done.stderr.count(b"\n") == (2 if says else 0)


@posix
@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no /dev/fd")
def test_a_pipe_by_its_path() -> None:
    words = ["export", SAMPLE, WEB, "--all-platforms", "-q", "-o"]
    assert run(*words, "/dev/stdout").stdout == run(*words, "-").stdout


@posix
def test_a_named_pipe_is_written_in_order(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    words = ["export", SAMPLE, WEB, "--all-platforms", "-q", "-o"]
    with subprocess.Popen([*COMMAND, *words, str(pipe)], cwd=ROOT) as process:
        data = pipe.read_bytes()
    assert process.returncode == 0
    assert data == run(*words, "-").stdout


@pytest.mark.parametrize("command", [["images", SAMPLE], ["tree", SAMPLE, "sparse-cache:7"]])
def test_a_poor_encoding_is_no_error(command: list[str]) -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = run(*command, env=env)
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert b"\\u" not in done.stdout


EVIL = "docker.io/library/evil:\x1b[31mred\x07\x9b\n\u202espoofed"


@pytest.mark.parametrize("command", ["images", "tree", "export", "plan", "verify"])
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_control_characters_of_names_are_not_printed_raw(tmp_path: Path, command: str, as_json: bool) -> None:
    builder = StoreBuilder()
    layer = builder.layer({"a": "x"})
    root = builder.manifest(builder.config([layer]), [layer])
    builder.root(root, **{images.IMAGE_NAME: EVIL})
    builder.flip(layer)
    store = builder.write_layout(tmp_path / "store")
    more = {"tree": [root["digest"]], "export": [EVIL, "-o", tmp_path / "x"], "plan": [EVIL, "--plan"]}
    word = "export" if command == "plan" else command
    done = run(word, store, *more.get(command, []), *(["--json"] if as_json else []))
    shown = (done.stdout + done.stderr).decode()
    assert re.findall(r"[^\n -~●○◐✗│├└─…]", shown) == []
    assert not any(line.startswith("spoofed") for line in shown.splitlines())


# A terminal


@posix
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_images_table_fits_the_terminal(columns: int) -> None:
    code, _, shown = in_terminal("images", SAMPLE, columns=columns)
    lines = shown.splitlines()
    assert code == 0
    assert len(lines) == 12
    assert all(len(line) <= max(columns, 70) for line in lines)
    assert "PLATFORMS" in lines[0]
    digits = lines[1].split()[1]
    assert run("tree", SAMPLE, digits).returncode == 0  # what the table shows can be asked for


@posix
def test_the_tree_fits_the_terminal() -> None:
    code, _, shown = in_terminal("tree", SAMPLE, WEB, columns=60)
    assert code == 0
    assert all(len(line) <= 60 for line in shown.splitlines())


@posix
@pytest.mark.parametrize("columns", [1, 20, 40, 80, 200])
def test_the_bar_fits_the_terminal_and_goes_away(tmp_path: Path, big: Path, columns: int) -> None:
    words = ("export", big, BIG, "-o", tmp_path / "image.tar", "--checksum")
    code, _, shown = in_terminal(*words, columns=columns, stdout=False)
    assert code == 0
    bar, _, rest = shown.rpartition("\r\x1b[K")
    drawn = bar.split("\r\x1b[K")
    assert len(drawn) > 2
    assert all(len(line) < max(columns, 2) and "\n" not in line for line in drawn)
    assert re.fullmatch(r"wrote [^\n]*\r\n", rest)
    if columns >= 80:
        assert any(re.search(r"█+░* +\d+%  \d/4 blobs  [\d.]+ \wiB/s", line) for line in drawn)


@posix
def test_an_archive_is_not_written_to_a_terminal() -> None:
    code, _, shown = in_terminal("export", SAMPLE, WEB, "-o", "-")
    assert code == 2
    assert "the archive would go to the terminal" in shown
    assert "blobs/" not in shown


@posix
def test_an_archive_in_a_pipe_leaves_the_bar_to_the_terminal(big: Path) -> None:
    code, out, shown = in_terminal("export", big, BIG, "-o", "-", stdout=False)
    assert code == 0
    assert len(out) > 300_000_000
    assert "█" in shown
    assert shown.endswith("\r\n")


@posix
def test_an_error_on_a_terminal_starts_its_own_line(tmp_path: Path) -> None:
    words = ("export", SAMPLE, "registry.example.com/team/broken-job:1", "-o", tmp_path / "x")
    code, _, shown = in_terminal(*words, stdout=False)
    assert code == 4
    assert "\r\x1b[Kshipglass: " in shown


# Signals


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
@pytest.mark.parametrize("to_file", [True, False], ids=["file", "pipe"])
def test_a_signal_in_the_middle_leaves_nothing(
    tmp_path: Path, big: Path, number: signal.Signals, to_file: bool
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    target = str(out / "image.tar") if to_file else "-"
    words = [*COMMAND, "export", str(big), BIG, "-o", target, "--checksum"]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _wait_until_it_writes(process, out if to_file else None)
    started = time.monotonic()
    process.send_signal(number)
    if to_file:
        _, err = process.communicate(timeout=20)
    else:  # nobody reads on: the signal must end the blocked write too
        assert process.wait(timeout=20) == 130
        _, err = process.communicate()
    assert process.returncode == 130
    assert err.splitlines()[-1].startswith(b"shipglass: ")
    assert b"cancelled" in err
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err
    assert list(out.iterdir()) == []
    assert time.monotonic() - started < 5


@posix
def test_a_signal_that_the_caller_ignores_is_ignored(tmp_path: Path, big: Path) -> None:
    """As under nohup: the terminal may be closed."""
    words = [*COMMAND, "export", str(big), BIG, "-q", "-o", str(tmp_path / "image.tar")]
    process = subprocess.Popen(["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *words], cwd=ROOT)
    _wait_until_it_writes(process, tmp_path)
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=60) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["image.tar"]


def _wait_until_it_writes(process: subprocess.Popen[bytes], folder: Path | None) -> None:
    if folder is None:
        assert process.stdout is not None
        process.stdout.read(1 << 20)
        return
    for _ in range(20_000):
        if any(path.stat().st_size for path in folder.iterdir()):
            return
        assert process.poll() is None
        time.sleep(0.0005)
    raise AssertionError("it wrote nothing")


# The program


def test_version_and_help() -> None:
    assert re.fullmatch(r"shipglass \S.*\n", run("--version").stdout.decode())
    shown = run("--help").stdout.decode()
    assert all(word in shown for word in ("images", "tree", "export", "verify", "Exit codes"))
    for command in ("images", "tree", "export", "verify"):
        done = run(command, "--help")
        assert done.returncode == 0
        assert f"usage: shipglass {command}" in done.stdout.decode()
        assert b"--json" in done.stdout


BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        assert name.split(".")[0] not in ("PySide6", "shiboken6", "gui"), f"{name} was imported"

sys.meta_path.insert(0, Blocker())
"""


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["images", SAMPLE], id="images"),
        pytest.param(["tree", SAMPLE, WEB], id="tree"),
        pytest.param(
            ["export", SAMPLE, WEB, "-q", "--platform", "linux/amd64", "-o", os.devnull], id="export"
        ),
        pytest.param(["verify", SAMPLE, "--json"], id="verify"),
    ],
)
def test_the_core_imports_no_qt(words: list[str]) -> None:
    code = f"{BLOCKER}\nimport runpy; sys.argv = {['shipglass', *words]!r}\n"
    code += "runpy.run_module('exporter_core', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert done.returncode in (0, 4), done.stderr.decode()
    assert b"was imported" not in done.stderr


def test_the_program_itself_takes_command_words_without_qt() -> None:
    if not (ROOT / "gui" / "__main__.py").exists():
        pytest.skip("gui/__main__.py is not there yet")
    code = BLOCKER.replace('"gui"', '"none"')
    code += f"from gui.__main__ import main; sys.exit(main(['images', {SAMPLE!r}, '--json']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == run("images", SAMPLE, "--json").stdout
