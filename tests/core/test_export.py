"""Carrying out a plan where all is well: the same bytes to every target, atomically, with true progress."""

import errno
import hashlib
import io
import os
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from exporter_core import ExportPlan, Phase, State, new_progress, open_store, run_export
from exporter_core.errors import PlanError, TargetError, UsageError
from exporter_core.export import CHUNK
from tests.core.helpers import HOST, exported, image_of, layer, listing, planned
from tests.images import StoreBuilder
from tests.memory import MemoryStore

SIZES = (5000, 0, CHUNK, 2 * CHUNK + 77, 512, 1)


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return image_of(*SIZES)


@pytest.fixture(scope="module")
def plan(store: MemoryStore) -> ExportPlan:
    return planned(store)


@pytest.fixture(scope="module")
def expected(store: MemoryStore, plan: ExportPlan) -> bytes:
    return exported(store, plan)


# --- the same bytes everywhere ----------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [None, 0, 1, 2, 3, 64])
def test_any_number_of_workers_gives_the_same_bytes(
    workers: int | None, store: MemoryStore, plan: ExportPlan, expected: bytes, tmp_path: Path
) -> None:
    run_export(plan, store, tmp_path / "a.tar", workers=workers)
    assert (tmp_path / "a.tar").read_bytes() == expected
    assert store.unclosed == 0


def test_workers_write_a_blob_twice_where_profile_v1_does(tmp_path: Path) -> None:
    builder = StoreBuilder()
    one = builder.layer({"a": "a" * 3000})
    builder.root(builder.manifest(builder.config([one] * 3), [one] * 3))
    store = MemoryStore.of(builder)
    plan = planned(store, profile="v1")
    run_export(plan, store, tmp_path / "a.tar", workers=3)
    assert (tmp_path / "a.tar").read_bytes() == exported(store, plan)
    assert [entry.name for entry in plan.entries].count("blobs/" + one["digest"].replace(":", "/")) == 3


@pytest.mark.parametrize("workers", [1, 4])
def test_without_pwrite(
    workers: int,
    store: MemoryStore,
    plan: ExportPlan,
    expected: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "pwrite")
    run_export(plan, store, tmp_path / "a.tar", workers=workers, checksum=True)
    assert (tmp_path / "a.tar").read_bytes() == expected


@pytest.mark.parametrize("missing", [["preadv"], ["preadv", "pread"]], ids=lambda names: "-".join(names))
def test_without_pread_an_archive_is_read_by_several_threads(
    missing: list[str], expected: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.tar").write_bytes(expected)
    for name in missing:
        monkeypatch.delattr(os, name)
    with closing(open_store(tmp_path / "in.tar")) as store:
        run_export(planned(store), store, tmp_path / "out.tar", workers=4)
    assert (tmp_path / "out.tar").read_bytes() == expected


@pytest.mark.parametrize("missing", ["sched_getaffinity", "link", "O_DIRECTORY", "O_CLOEXEC"])
def test_without_what_only_some_systems_have(
    missing: str,
    store: MemoryStore,
    plan: ExportPlan,
    expected: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, missing)
    run_export(plan, store, tmp_path / "a.tar")
    assert (tmp_path / "a.tar").read_bytes() == expected
    assert listing(tmp_path) == ["a.tar"]


def test_a_file_system_without_hard_links(
    store: MemoryStore,
    plan: ExportPlan,
    expected: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    run_export(plan, store, tmp_path / "a.tar")
    assert (tmp_path / "a.tar").read_bytes() == expected
    assert listing(tmp_path) == ["a.tar"]


def test_writes_that_take_only_a_part(
    store: MemoryStore,
    plan: ExportPlan,
    expected: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real(fd, data[:70_001], offset))
    run_export(plan, store, tmp_path / "a.tar", workers=2)
    assert (tmp_path / "a.tar").read_bytes() == expected


@pytest.mark.parametrize("chunk", [1, 511, 513, 4096])
def test_reads_that_give_only_a_part(chunk: int, tmp_path: Path) -> None:
    store = image_of(3000, 700)
    expected = exported(store)
    store.chunk = chunk
    assert exported(store) == expected
    run_export(planned(store), store, tmp_path / "a.tar", workers=2)
    assert (tmp_path / "a.tar").read_bytes() == expected


# --- streams ----------------------------------------------------------------------------------------------


class Nibbling(io.RawIOBase):
    """Takes a few bytes at each write, as a raw socket may."""

    def __init__(self, most: int) -> None:
        self.taken, self.most = bytearray(), most

    def write(self, data: object, /) -> int:
        piece = bytes(memoryview(data)[: self.most])  # type: ignore[arg-type]
        self.taken += piece
        return len(piece)


class Silent:
    """Takes all and returns None, and has nothing beside `write` and `flush`."""

    def __init__(self) -> None:
        self.taken = bytearray()

    def write(self, data: object) -> None:
        self.taken += memoryview(data)  # type: ignore[arg-type]

    def flush(self) -> None:
        pass


def test_streams_that_take_only_a_part_or_say_nothing() -> None:
    store = image_of(3000, 0, 700)
    expected = exported(store)
    for stream in (Nibbling(7), Nibbling(1000), Silent()):
        run_export(planned(store), store, stream)  # type: ignore[arg-type]
        assert bytes(stream.taken) == expected


def test_an_existing_position_of_a_stream_is_respected(store: MemoryStore, expected: bytes) -> None:
    stream = io.BytesIO(b"before")
    stream.seek(6)
    run_export(planned(store), store, stream)
    assert stream.getvalue() == b"before" + expected


def test_a_stream_stays_open(tmp_path: Path) -> None:
    store = image_of(10)
    with open(tmp_path / "two.tar", "wb") as file:
        run_export(planned(store), store, file)
        run_export(planned(store), store, file)
    assert (tmp_path / "two.tar").read_bytes() == exported(store) * 2


def test_a_pipe_that_does_not_block_gets_every_byte() -> None:
    """Or an error; what must not be is an archive with holes and no word."""
    store = image_of(300_000)
    expected = exported(store)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    got = bytearray()

    def drain() -> None:
        with open(reading, "rb", buffering=0) as end:
            while piece := end.read(1000):
                got.extend(piece)

    thread = threading.Thread(target=drain)
    thread.start()
    refused = False
    with open(writing, "wb", buffering=0) as stream:
        try:
            run_export(planned(store), store, stream)
        except TargetError:
            refused = True
    thread.join()
    assert refused or bytes(got) == expected


# --- what it tells ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("to_path", [True, False], ids=["path", "stream"])
@pytest.mark.parametrize("checksum", [True, False], ids=["checksum", "plain"])
def test_the_report(
    to_path: bool,
    checksum: bool,
    store: MemoryStore,
    plan: ExportPlan,
    expected: bytes,
    tmp_path: Path,
) -> None:
    target = tmp_path / "a.tar" if to_path else io.BytesIO()
    report = run_export(plan, store, target, checksum=checksum)
    assert report.output == (str(target) if to_path else "")
    assert report.bytes == len(expected) == plan.total
    assert report.blobs == len(SIZES) + 2
    assert 0 < report.seconds < 60
    assert report.sha256 == (hashlib.sha256(expected).hexdigest() if checksum else "")


@pytest.mark.parametrize("to_path", [True, False], ids=["path", "stream"])
def test_the_progress_of_a_run(to_path: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = image_of(50_000, 0, 70_000, chunk=20_000)
    plan = planned(store)
    progress = new_progress(plan)
    assert progress.sizes == tuple(entry.size for entry in plan.blobs)
    assert (progress.phase, progress.seconds, progress.bytes_done) == (Phase.WAITING, 0.0, 0)
    phases: list[Phase] = []
    fractions: list[float] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        phases.append(progress.phase)
        real(fd)

    def on_read(digest: str, count: int) -> None:
        phases.append(progress.phase)
        fractions.append(progress.fraction)

    store.on_read = on_read
    monkeypatch.setattr(os, "fsync", fsync)
    target = tmp_path / "a.tar" if to_path else io.BytesIO()
    report = run_export(plan, store, target, progress=progress, workers=2, checksum=True)
    time.sleep(0.01)
    assert progress.seconds == report.seconds, "the clock has stopped"
    told = list(dict.fromkeys(phases))
    assert told[:2] == ([Phase.COPYING, Phase.FLUSHING] if to_path else [Phase.COPYING])
    assert progress.phase is Phase.DONE
    assert progress.done == list(progress.sizes)
    assert progress.fraction == 1.0
    assert fractions[0] == 0.0 and len(set(fractions)) > 3
    assert progress.checksummed == (plan.total if to_path else 0)
    assert 0 < progress.seconds < 60
    journal, cursor = progress.since(0)
    assert progress.since(cursor) == ([], cursor)
    for number in range(len(plan.blobs)):
        mine = [step for step in journal if step.index == number]
        assert [step.state for step in mine] == [State.COPYING, State.VERIFIED]
        assert mine[0].at <= mine[1].at
    assert set(progress.states) == {State.VERIFIED}


def test_a_plan_with_problems_is_refused_before_the_target_exists(tmp_path: Path) -> None:
    store = image_of(100, 200)
    del store.blobs[layer(store, 1)], store.blobs[layer(store, 1)]
    with pytest.raises(PlanError) as caught:
        run_export(planned(store), store, tmp_path / "a.tar")
    assert len(caught.value.problems) == 2
    assert caught.value.exit_code == 4
    assert listing(tmp_path) == []


def test_no_image_is_a_usage_error() -> None:
    store = MemoryStore({})
    with pytest.raises(UsageError):
        planned(store, host=HOST)
