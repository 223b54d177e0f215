"""The cache: capped, private, whole files only, and two processes at once."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from exporter_core.cache import Room, Writing, cache_folder, file_key
from exporter_core.errors import Cancelled, StoreError


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room("things", limit=1000, folder=str(tmp_path))


def files(room: Room) -> set[str]:
    return set(os.listdir(room.path))


def test_what_is_kept_is_found_again(room: Room) -> None:
    assert room.read("a") is None
    room.keep("a", b"one")
    room.keep("a", b"two")  # the key says what it is: the first stays
    assert room.read("a") == b"one"
    assert Room("things", folder=str(Path(room.path).parent)).read("a") == b"one"
    assert Room("others", folder=str(Path(room.path).parent)).read("a") is None


def test_it_is_private(room: Room) -> None:
    room.keep("a", b"one")
    assert Path(room.path).stat().st_mode & 0o777 == 0o700
    assert Path(room.path, "a").stat().st_mode & 0o077 == 0
    os.chmod(room.path, 0o777)
    assert room.read("a") is None
    with pytest.raises(StoreError, match="others may write"):
        room.fill("b", lambda writing: None)


def test_a_link_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "things").symlink_to("elsewhere")
    with pytest.raises(StoreError):
        Room("things", folder=str(tmp_path)).fill("a", lambda writing: None)


def test_the_least_used_goes_first(room: Room) -> None:
    for number, key in enumerate("abcd"):
        room.keep(key, bytes(200))
        os.utime(Path(room.path, key), (number, number))
    assert room.read("a")  # used just now
    room.keep("e", bytes(300))
    assert files(room) == {"a", "d", "e"} or files(room) == {"a", "c", "d", "e"}
    assert sum(Path(room.path, name).stat().st_size for name in files(room)) <= 1000


def test_what_is_being_read_stays_readable(room: Room) -> None:
    room.keep("a", b"x" * 600)
    with room.open("a") as file:  # type: ignore[union-attr]
        room.keep("b", b"y" * 600)
        assert files(room) == {"b"}
        assert file.read() == b"x" * 600


def test_what_is_larger_than_the_room_is_refused_and_leaves_nothing(room: Room) -> None:
    def endless(writing: Writing) -> None:
        while True:
            writing.write(bytes(100))

    with pytest.raises(StoreError, match="no room for more than") as caught:
        room.fill("a", endless)
    assert caught.value.hint
    assert files(room) == set()


def test_a_failure_leaves_nothing_and_the_next_may_try(room: Room) -> None:
    def broken(writing: Writing) -> None:
        writing.write(b"half")
        raise ValueError

    with pytest.raises(ValueError):
        room.fill("a", broken)
    assert files(room) == set()
    with room.fill("a", lambda writing: writing.write(b"whole")) as file:
        assert file.read() == b"whole"


def test_two_threads_make_it_once(room: Room) -> None:
    made, read = [], []

    def slow(writing: Writing) -> None:
        made.append(1)
        for _ in range(5):
            writing.write(b"part")
            time.sleep(0.05)

    def work() -> None:
        with room.fill("a", slow) as file:
            read.append(file.read())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (made, read) == ([1], [b"part" * 5] * 4)
    assert files(room) == {"a"}


HOLD = """
import sys, time
from exporter_core.cache import Room
def write(writing):
    writing.write(b"half")
    print("writing", flush=True)
    sys.stdin.read()
    writing.write(b"whole")
Room("things", folder=sys.argv[1]).fill("a", write)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is locked there")
@pytest.mark.parametrize("dies", [True, False])
def test_another_process_is_waited_for_and_may_die(dies: bool, tmp_path: Path) -> None:
    room = Room("things", folder=str(tmp_path))
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdin is not None
        assert other.stdout.readline() == b"writing\n"

        def stop() -> None:
            raise Cancelled("no longer wanted")

        with pytest.raises(Cancelled):
            room.fill("a", lambda writing: None, stop)
        room.keep("b", b"")  # looks through the folder: a part with a writer is left alone
        assert files(room) == {"a.part", "b"}
        if dies:
            other.kill()
        else:
            other.stdin.close()
        other.wait()
    if dies:
        assert files(room) == {"a.part", "b"}
        room.keep("c", b"x")
        assert files(room) == {"b", "c"}
    with room.fill("a", lambda writing: writing.write(b"mine")) as file:
        assert file.read() == (b"mine" if dies else b"halfwhole")


def test_the_folder_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == str(tmp_path / "shipglass")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the standard says to ignore
    monkeypatch.setenv("HOME", str(tmp_path))
    if sys.platform == "linux":
        assert cache_folder() == str(tmp_path / ".cache" / "shipglass")


def test_a_changed_file_has_another_key(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    (tmp_path / "link").symlink_to(path)
    first = file_key(str(path), path.stat())
    assert file_key(str(tmp_path / "link"), path.stat()) == first
    assert file_key(str(path), path.stat(), "more") != first
    path.write_bytes(b"xy")
    assert file_key(str(path), path.stat()) != first
