"""Where the archive goes: files old and new, links, pipes, devices, full disks, folders that vanish."""

import errno
import hashlib
import io
import os
import shutil
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exporter_core import Phase, new_progress, run_export
from exporter_core.errors import TargetError
from exporter_core.export import check_target
from tests.core.helpers import as_nobody, exported, image_of, layer, listing, open_folder, planned

# --- the target -------------------------------------------------------------------------------------------


def test_an_existing_file_is_kept_unless_told_otherwise(tmp_path: Path) -> None:
    store = image_of(100)
    target = tmp_path / "a.tar"
    target.write_bytes(b"older")
    with pytest.raises(TargetError) as caught:
        run_export(planned(store), store, target)
    assert "exists" in str(caught.value) and "--force" in caught.value.hint
    assert target.read_bytes() == b"older"
    assert listing(tmp_path) == ["a.tar"]
    run_export(planned(store), store, target, overwrite=True)
    assert target.read_bytes() == exported(store)
    assert listing(tmp_path) == ["a.tar"]


def test_the_older_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target, link = tmp_path / "a.tar", tmp_path / "link"
    target.write_bytes(b"older")
    os.link(target, link)
    seen: list[bytes] = []
    store = image_of(100, 200)
    plan = planned(store)
    store.on_read = lambda digest, count: seen.append(target.read_bytes())
    run_export(plan, store, target, overwrite=True)
    assert seen and set(seen) == {b"older"}
    assert target.read_bytes() == exported(store, plan)
    assert link.read_bytes() == b"older"


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "a.tar"
    store = image_of(100)
    plan = planned(store)
    store.on_read = lambda digest, count: target.write_bytes(b"theirs")  # type: ignore[assignment, return-value]
    with pytest.raises(TargetError):
        run_export(plan, store, target)
    assert target.read_bytes() == b"theirs"
    assert listing(tmp_path) == ["a.tar"]


def test_the_temporary_file_is_hidden_and_beside_the_target(tmp_path: Path) -> None:
    store = image_of(100)
    plan = planned(store)
    seen: set[str] = set()
    store.on_read = lambda digest, count: seen.update(listing(tmp_path))
    run_export(plan, store, tmp_path / "a.tar")
    (name,) = seen
    assert name.startswith(".") and "a.tar" in name
    assert listing(tmp_path) == ["a.tar"]


ODD_NAMES = {
    "longest": "a" * 255,
    "long-umlauts": "ü" * 127,
    "dash": "-",
    "blank-and-newline": "a b\nc",
    "no-utf8": "\udce4.tar",
}


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=list(ODD_NAMES))
def test_odd_file_names(name: str, tmp_path: Path) -> None:
    store = image_of(100)
    report = run_export(planned(store), store, tmp_path / name)
    assert listing(tmp_path) == [name]
    assert report.output == str(tmp_path / name)


@pytest.mark.parametrize("exists", [True, False], ids=["to-a-file", "dangling"])
def test_a_symlinked_target_stays_a_link(exists: bool, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    real, link = tmp_path / "elsewhere" / "real.tar", tmp_path / "link.tar"
    if exists:
        real.write_bytes(b"older")
    link.symlink_to(Path("elsewhere") / "real.tar")
    store = image_of(100)
    run_export(planned(store), store, link, overwrite=exists)
    assert link.is_symlink()
    assert real.read_bytes() == exported(store)
    assert listing(tmp_path) == ["elsewhere", "link.tar"]
    assert listing(tmp_path / "elsewhere") == ["real.tar"]


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = image_of(100)
    run_export(planned(store), store, "a.tar")
    run_export(planned(store), store, Path("b.tar"))
    assert listing(tmp_path) == ["a.tar", "b.tar"]


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    store = image_of(100)
    run_export(planned(store), store, tmp_path / "a.tar")
    assert stat.S_IMODE((tmp_path / "a.tar").stat().st_mode) == 0o640


def test_a_device_takes_the_archive_and_stays(tmp_path: Path) -> None:
    store = image_of(100)
    report = run_export(planned(store), store, os.devnull, checksum=True)
    assert report.sha256 == hashlib.sha256(exported(store)).hexdigest()
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_a_named_pipe_takes_the_archive(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    thread.start()
    store = image_of(200_000)
    run_export(planned(store), store, tmp_path / "pipe")
    thread.join()
    assert got == [exported(store)]
    assert listing(tmp_path) == ["pipe"]


# --- refusals ---------------------------------------------------------------------------------------------


def test_the_target_folder_is_removed_meanwhile(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    store = image_of(5000)
    plan = planned(store)
    store.on_read = lambda digest, count: shutil.rmtree(folder, ignore_errors=True)
    with pytest.raises(TargetError) as caught:
        run_export(plan, store, folder / "a.tar")
    assert caught.value.exit_code == 6 and caught.value.hint
    assert not folder.exists()


TARGETS = {
    "no-folder": (lambda path: path / "none" / "a.tar", "no folder"),
    "file-as-folder": (lambda path: path / "file" / "a.tar", "no folder"),
    "a-folder": (lambda path: path / "folder", "is a folder"),
    "name-too-long": (lambda path: path / ("a" * 256), "too long"),
    "nul": (lambda path: str(path / "a") + "\0b", ""),
    "empty": (lambda path: "", ""),
}


@pytest.mark.parametrize(("make", "word"), TARGETS.values(), ids=list(TARGETS))
@pytest.mark.parametrize("overwrite", [True, False], ids=["overwrite", "new"])
def test_impossible_targets(make: Any, word: str, overwrite: bool, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    before = listing(tmp_path)
    store = image_of(100)
    with pytest.raises(TargetError) as caught:
        run_export(planned(store), store, make(tmp_path), overwrite=overwrite)
    assert word in str(caught.value)
    assert caught.value.hint
    assert listing(tmp_path) == before
    assert store.opened.count(layer(store, 1)) == 0


def test_a_socket_as_target_is_a_target_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the address of a socket has room for few characters
    store = image_of(100)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        with pytest.raises(TargetError):
            run_export(planned(store), store, tmp_path / "socket", overwrite=True)


def test_a_folder_that_may_not_be_written() -> None:
    store = image_of(5000)
    plan = planned(store)
    with open_folder() as folder:
        folder.chmod(0o555)
        with as_nobody(), pytest.raises(TargetError) as caught:
            run_export(plan, store, folder / "a.tar")
        assert "Permission denied" in str(caught.value) and caught.value.hint
        assert listing(folder) == []


def test_a_folder_that_may_not_be_written_is_known_before_the_first_byte() -> None:
    store = image_of(5000)
    with open_folder() as folder:
        check_target(str(folder / "a.tar"), 5000, store)
        for mode in (0o555, 0o666):  # no new files; no way in
            folder.chmod(mode)
            with as_nobody(), pytest.raises(TargetError, match=r"a\.tar: Permission denied") as caught:
                check_target(str(folder / "a.tar"), 5000, store, overwrite=True)
            assert "choose another folder" in caught.value.hint


def test_an_older_file_in_a_folder_that_may_not_be_written() -> None:
    store = image_of(5000)
    plan = planned(store)
    with open_folder() as folder:
        (folder / "a.tar").write_bytes(b"older")
        (folder / "a.tar").chmod(0o666)
        folder.chmod(0o555)
        with as_nobody(), pytest.raises(TargetError):
            run_export(plan, store, folder / "a.tar", overwrite=True)
        assert (folder / "a.tar").read_bytes() == b"older"
        assert listing(folder) == ["a.tar"]


def test_a_pipe_whose_reader_has_gone() -> None:
    store = image_of(300_000)
    plan = planned(store)
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb", buffering=0) as stream, pytest.raises(TargetError) as caught:
        run_export(plan, store, stream)
    assert "Broken pipe" in str(caught.value) and caught.value.hint
    assert store.unclosed == 0


class Failing(io.RawIOBase):
    """A stream that takes `room` bytes and then fails, on the last of all in `flush` if asked."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, data: object, /) -> int:
        size = memoryview(data).nbytes  # type: ignore[arg-type]
        self.room -= size
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return size


def test_a_stream_that_fails_at_any_byte() -> None:
    store = image_of(3000, 10)
    plan = planned(store)
    total = plan.total
    for room in sorted({*range(0, total, 97), *range(total - 1600, total, 200), total - 1}):
        with pytest.raises(TargetError) as caught:
            run_export(plan, store, Failing(room))  # type: ignore[arg-type]
        assert "disk is full" in caught.value.hint
    run_export(plan, store, Failing(total))  # type: ignore[arg-type]


def test_a_stream_that_fails_when_flushed() -> None:
    class FailsLast(io.BytesIO):
        def flush(self) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    store = image_of(10)
    with pytest.raises(TargetError):
        run_export(planned(store), store, FailsLast())


# --- a full disk ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["pwrite", "ftruncate", "fsync", "rename"])
@pytest.mark.parametrize(
    "code", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG], ids=errno.errorcode.get
)
@pytest.mark.parametrize("workers", [1, 3])
def test_the_system_refuses(
    call: str, code: int, workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["replace", "rename", "link"] if call == "rename" else [call]
    calls: list[int] = []

    def refuse(*args: object, **kwargs: object) -> None:
        calls.append(1)
        if call != "pwrite" or len(calls) > 6:
            raise OSError(code, os.strerror(code))
        return real(*args, **kwargs)  # type: ignore[no-any-return, operator]

    store = image_of(5000, 6000, 7000, 8000)
    plan = planned(store)
    target = tmp_path / "a.tar"
    target.write_bytes(b"older")
    real = os.pwrite
    for name in names:
        monkeypatch.setattr(os, name, refuse)
    progress = new_progress(plan)
    with pytest.raises(TargetError) as caught:
        run_export(plan, store, target, workers=workers, overwrite=True, progress=progress)
    assert calls
    assert os.strerror(code) in str(caught.value) and caught.value.hint
    assert listing(tmp_path) == ["a.tar"]
    assert target.read_bytes() == b"older"
    assert progress.phase is Phase.FAILED
    assert store.unclosed == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no small file system can be mounted here")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_too_little_space_is_told_before_the_first_byte(small_disk: Path) -> None:
    store = image_of(300_000)
    plan = planned(store)
    opened = len(store.opened)
    with pytest.raises(TargetError) as caught:
        run_export(plan, store, small_disk / "a.tar")
    assert str(plan.total) in str(caught.value)
    assert len(store.opened) == opened
    assert listing(small_disk) == []


@pytest.mark.parametrize("workers", [1, 3])
def test_a_disk_that_fills_up_meanwhile(small_disk: Path, workers: int) -> None:
    store = image_of(60_000, 60_000, 60_000, chunk=10_000)
    plan = planned(store)
    filler = small_disk / "filler"

    def fill(digest: str, count: int) -> None:
        if not filler.exists():
            with open(filler, "wb", buffering=0) as file:
                file.write(bytes(150_000))

    store.on_read = fill
    with pytest.raises(TargetError) as caught:
        run_export(plan, store, small_disk / "a.tar", workers=workers)
    assert "No space left" in str(caught.value)
    assert listing(small_disk) == ["filler"]
