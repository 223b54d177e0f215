"""A blob that goes bad: a typed error that names it, nothing left behind, an older file untouched."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from exporter_core import Phase, State, Store, new_progress, open_store, run_export
from exporter_core.errors import (
    Cancelled,
    ContentError,
    DigestMismatch,
    MissingBlob,
    ShipglassError,
    SizeMismatch,
    UnreadableBlob,
)
from tests.core.helpers import (
    NAME,
    exported,
    image_of,
    layer,
    listing,
    noise,
    planned,
)
from tests.images import OCI_LAYER, StoreBuilder
from tests.memory import Knobs, MemoryStore, Watched

SIZE = 30_000
DATA = noise(SIZE, 1)
FLIPPED = bytes([DATA[0] ^ 1]) + DATA[1:]

FAULTS: dict[str, tuple[Knobs, type[ContentError], dict[str, Any]]] = {
    "corrupt": (Knobs(data=FLIPPED), DigestMismatch, {"size": SIZE}),
    "shorter": (Knobs(data=DATA[:-1]), SizeMismatch, {"expected": SIZE, "actual": SIZE - 1}),
    "empty": (Knobs(data=b""), SizeMismatch, {"expected": SIZE, "actual": 0}),
    "longer": (Knobs(data=DATA + b"x"), SizeMismatch, {"expected": SIZE, "actual": None}),
    "vanished": (Knobs(vanish=True), MissingBlob, {}),
    "gone-as-oserror": (Knobs(open_error=FileNotFoundError(2, "gone")), UnreadableBlob, {"reason": "gone"}),
    "no-permission": (
        Knobs(open_error=PermissionError(errno.EACCES, "Permission denied")),
        UnreadableBlob,
        {"reason": "Permission denied"},
    ),
    "read-error-first": (Knobs(fail_at=0), UnreadableBlob, {"reason": "Input/output error"}),
    "read-error-later": (Knobs(fail_at=20_001), UnreadableBlob, {"reason": "Input/output error"}),
    "read-error-at-the-end": (Knobs(fail_at=SIZE), UnreadableBlob, {"reason": "Input/output error"}),
}


def harmed(knobs: Knobs) -> MemoryStore:
    """Four layers, the second of which (its content is DATA) misbehaves."""
    store = image_of(5000, SIZE, 40_000, 100, chunk=10_000)
    store.knobs[layer(store, 2)] = knobs
    return store


@pytest.mark.parametrize(("knobs", "kind", "fields"), FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("older", [True, False], ids=["older-file", "new-file"])
def test_a_bad_blob(
    knobs: Knobs,
    kind: type[ContentError],
    fields: dict[str, Any],
    workers: int,
    older: bool,
    tmp_path: Path,
) -> None:
    store = harmed(knobs)
    target = tmp_path / "a.tar"
    if older:
        target.write_bytes(b"older")
    plan = planned(store)
    assert not plan.problems
    progress = new_progress(plan)
    with pytest.raises(ContentError) as caught:
        run_export(plan, store, target, progress=progress, workers=workers, overwrite=older)
    assert listing(tmp_path) == (["a.tar"] if older else [])
    assert not older or target.read_bytes() == b"older"
    assert store.unclosed == 0
    error = caught.value
    assert type(error) is kind
    assert {name: getattr(error, name) for name in fields} == fields
    assert error.exit_code == 4
    assert error.digest == layer(store, 2)
    assert error.owner == f"layer 2 of linux/amd64 of {NAME}"
    assert error.digest in str(error) and error.owner in str(error) and error.hint
    assert progress.phase is Phase.FAILED
    failed = [step for step in progress.journal if step.state is State.FAILED]
    assert [plan.blobs[step.index].owner for step in failed] == [error.owner]
    assert failed[0].reason == str(error)
    assert State.COPYING not in progress.states


@pytest.mark.parametrize(("knobs", "kind"), [(f[0], f[1]) for f in FAULTS.values()], ids=list(FAULTS))
def test_a_bad_blob_on_the_way_to_a_stream(knobs: Knobs, kind: type[ContentError]) -> None:
    store = harmed(knobs)
    with pytest.raises(kind) as caught:
        exported(store)
    assert caught.value.owner == f"layer 2 of linux/amd64 of {NAME}"
    assert store.unclosed == 0


def test_both_digests_and_sizes_are_told() -> None:
    with pytest.raises(DigestMismatch) as caught:
        exported(harmed(Knobs(data=FLIPPED)))
    actual = f"sha256:{hashlib.sha256(FLIPPED).hexdigest()}"
    assert (caught.value.expected, caught.value.actual) == (
        f"sha256:{hashlib.sha256(DATA).hexdigest()}",
        actual,
    )
    assert actual in str(caught.value)
    with pytest.raises(SizeMismatch) as short:
        exported(harmed(Knobs(data=DATA[:123])))
    assert "123" in str(short.value) and str(SIZE) in str(short.value)


@pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
def test_other_algorithms_are_verified_as_well(algorithm: str) -> None:
    builder = StoreBuilder()
    bad = builder.blob(noise(100), OCI_LAYER, algorithm)
    builder.root(builder.manifest(builder.config([bad]), [bad]))
    builder.flip(bad)
    with pytest.raises(DigestMismatch) as caught:
        exported(MemoryStore.of(builder))
    assert caught.value.actual.startswith(f"{algorithm}:")


def test_a_bug_in_a_provider_leaves_nothing_either(tmp_path: Path) -> None:
    store = image_of(5000, 6000)

    def crash(digest: str, count: int) -> None:
        raise ZeroDivisionError

    plan = planned(store)
    store.on_read = crash
    progress = new_progress(plan)
    with pytest.raises(ZeroDivisionError):
        run_export(plan, store, tmp_path / "a.tar", progress=progress)
    assert listing(tmp_path) == []
    assert progress.phase is Phase.FAILED
    assert store.unclosed == 0


# --- real files that change under the copy ----------------------------------------------------------------


@pytest.fixture(params=["layout", "archive"])
def real(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Path]]:
    """A store on disk, and the file in which its layer lies."""
    builder = StoreBuilder()
    only = builder.blob(noise(100_000), OCI_LAYER)
    builder.name(NAME, builder.manifest(builder.config([only]), [only]))
    if request.param == "layout":
        path = builder.write_layout(tmp_path / "store")
        file = path / "blobs" / only["digest"].replace(":", "/")
    else:
        path = file = builder.write_archive(tmp_path / "store")
    with closing(open_store(path)) as store:
        yield store, file


def run_with(store: Store, at: int, action: Any, folder: Path) -> None:
    """Export to `folder`; before read `at` of those of 10,000 bytes `action()` happens."""

    def on_read(digest: str, count: int) -> None:
        if count == at:
            action()

    plan = planned(store)
    run_export(plan, Watched(store, on_read, 10_000), folder / "a.tar", workers=1)  # type: ignore[arg-type]


def test_a_file_cut_short_during_the_copy(real: tuple[Store, Path], tmp_path: Path) -> None:
    store, file = real
    (tmp_path / "out").mkdir()
    with pytest.raises(ContentError):  # of an archive any blob may be hit, or its content wrong
        run_with(store, 4, lambda: os.truncate(file, 20_000), tmp_path / "out")
    assert listing(tmp_path / "out") == []


def test_a_file_that_grows_during_the_copy(tmp_path: Path) -> None:
    builder = StoreBuilder()
    only = builder.blob(noise(100_000), OCI_LAYER)
    builder.name(NAME, builder.manifest(builder.config([only]), [only]))
    path = builder.write_layout(tmp_path / "store")
    file = path / "blobs" / only["digest"].replace(":", "/")
    (tmp_path / "out").mkdir()

    def grow() -> None:
        with open(file, "ab") as end:
            end.write(b"more")

    with closing(open_store(path)) as store, pytest.raises(SizeMismatch) as caught:
        run_with(store, 4, grow, tmp_path / "out")
    assert caught.value.digest == only["digest"]
    assert listing(tmp_path / "out") == []


def test_a_file_that_vanishes_before_it_is_opened(tmp_path: Path) -> None:
    builder = StoreBuilder()
    layers = [builder.blob(noise(100_000, n), OCI_LAYER) for n in range(2)]
    builder.name(NAME, builder.manifest(builder.config(layers), layers))
    path = builder.write_layout(tmp_path / "store")
    (tmp_path / "out").mkdir()
    folder = path / "blobs" / "sha256"
    with closing(open_store(path)) as store, pytest.raises(MissingBlob) as caught:
        run_with(store, 1, lambda: shutil.rmtree(folder), tmp_path / "out")
    assert caught.value.owner
    assert listing(tmp_path / "out") == []


def test_a_failure_is_told_and_not_the_stop_it_causes(tmp_path: Path) -> None:
    """Workers that stop because another failed must not make it look like a cancel."""
    store = image_of(*[50_000] * 6, chunk=1000)
    store.knobs[layer(store, 6)] = Knobs(fail_at=1000)
    for _ in range(5):
        with pytest.raises(ShipglassError) as caught:
            run_export(planned(store), store, tmp_path / "a.tar", workers=6)
        assert not isinstance(caught.value, Cancelled)
    assert listing(tmp_path) == []
