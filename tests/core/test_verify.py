"""`verify` finds what happened to an archive or a store, and has no quarrel with sound ones."""

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import threading
from pathlib import Path

import pytest

from exporter_core import verify_location
from exporter_core.errors import (
    ArchiveError,
    Cancelled,
    DigestMismatch,
    MissingBlob,
    SizeMismatch,
)
from exporter_core.platforms import parse
from tests.core.helpers import NAME, exported, found, image_of, planned, sample
from tests.images import OCI_INDEX, OCI_LAYER, Member, StoreBuilder, hostile_members
from tests.memory import MemoryStore

# --- sound archives and stores ----------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["layout", "bare", "archive", "ours", "ours-v1"])
def test_sound_ones(form: str, tmp_path: Path) -> None:
    builder = sample()
    path = tmp_path / "store"
    if form == "layout":
        builder.write_layout(path)
    elif form == "bare":
        builder.write_bare(path)
    elif form == "archive":
        builder.write_archive(path)
    else:
        profile = "v1" if form == "ours-v1" else "oci"
        path.write_bytes(exported(MemoryStore.of(builder), profile=profile))
    told: list[tuple[str, int]] = []
    report = verify_location(path, on_blob=lambda digest, size: told.append((digest, size)))
    assert report.problems == ()
    assert report.ok
    assert report.images == 1
    if form != "ours-v1":  # which writes the shared layer twice
        assert sorted(told) == sorted((digest, len(data)) for digest, data in builder.blobs.items())
        assert (report.blobs, report.bytes) == (len(builder.blobs), sum(map(len, builder.blobs.values())))


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64"])
@pytest.mark.parametrize("profile", ["oci", "v1"])
def test_an_archive_of_one_platform_is_sound_and_says_what_it_lacks(
    platform: str, profile: str, tmp_path: Path
) -> None:
    store = MemoryStore.of(sample())
    path = tmp_path / "a.tar"
    wanted = (parse(platform if profile == "oci" else platform.replace("arm64", "arm64/v8")),)
    path.write_bytes(exported(store, platforms=wanted, profile=profile))
    report = verify_location(path)
    assert report.problems == ()
    assert any("not there" in note for note in report.notes)


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("prefix", ["", "./"])
def test_an_archive_of_another_program_is_sound(tar_format: int, prefix: str, tmp_path: Path) -> None:
    path = sample().write_archive(tmp_path / "a.tar", prefix=prefix, tar_format=tar_format)
    report = verify_location(path)
    assert report.problems == ()
    assert any("another program" in note for note in report.notes)


@pytest.mark.parametrize("format_name", ["gnu", "pax", "ustar", "v7"])
def test_a_layout_packed_by_tar_is_sound(format_name: str, tmp_path: Path) -> None:
    if shutil.which("tar") is None:
        pytest.skip("there is no tar")
    layout = sample().write_layout(tmp_path / "layout")
    command = ["tar", f"--format={format_name}", "-cf", str(tmp_path / "a.tar"), "-C", str(layout), "."]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip(f"this tar does not know {format_name}")
    assert verify_location(tmp_path / "a.tar").problems == ()


def test_an_archive_by_skopeo_is_sound(tmp_path: Path) -> None:
    if shutil.which("skopeo") is None:
        pytest.skip("skopeo is not installed")
    builder = StoreBuilder()
    builder.ref("1", builder.image())
    layout = builder.write_layout(tmp_path / "layout")
    source, target = f"oci:{layout}:1", f"oci-archive:{tmp_path / 'a.tar'}:sample:1"
    command = ["skopeo", "--insecure-policy", "copy", "--quiet", source, target]
    subprocess.run(command, check=True, capture_output=True)
    report = verify_location(tmp_path / "a.tar")
    assert report.problems == ()
    assert report.images == 1


def test_missing_foreign_layers_are_notes(tmp_path: Path) -> None:
    builder = StoreBuilder()
    foreign = builder.layer({"windows": "base"}, foreign=True, urls=["https://example.test/layer"])
    builder.name(NAME, builder.manifest(builder.config([foreign]), [foreign]))
    builder.drop(foreign)
    report = verify_location(builder.write_layout(tmp_path / "layout"))
    assert report.ok
    assert any(f"layer 1 of {NAME}" in note or "layer 1" in note for note in report.notes)


# --- harm to the content ----------------------------------------------------------------------------------

HARM = {
    "flipped": (lambda b, d: b.flip(d), DigestMismatch),
    "truncated": (lambda b, d: b.truncate(d), DigestMismatch),
    "lengthened": (lambda b, d: b.lengthen(d), DigestMismatch),
    "dropped": (lambda b, d: b.drop(d), MissingBlob),
}


@pytest.mark.parametrize("archive", [True, False], ids=["archive", "layout"])
@pytest.mark.parametrize(("harm", "kind"), HARM.values(), ids=list(HARM))
@pytest.mark.parametrize("which", ["layer", "config", "manifest"])
def test_a_harmed_blob_is_found(
    archive: bool, harm: object, kind: type[Exception], which: str, tmp_path: Path
) -> None:
    builder = StoreBuilder()
    layer = builder.layer({"a": "b"})
    config = builder.config([layer])
    manifest = builder.manifest(config, [layer])
    builder.name(NAME, manifest)
    target = {"layer": layer, "config": config, "manifest": manifest}[which]
    harm(builder, target)  # type: ignore[operator]
    path = tmp_path / "store"
    (builder.write_archive if archive else builder.write_layout)(path)
    report = verify_location(path)
    told = [problem for problem in report.problems if getattr(problem, "digest", "") == target["digest"]]
    assert told and {type(problem) for problem in told} <= {kind, SizeMismatch}
    assert {type(problem) for problem in report.problems} <= {kind, SizeMismatch}


def test_an_unlisted_corrupt_blob_is_found(tmp_path: Path) -> None:
    builder = sample()
    stray = builder.blob(b"nobody refers to this", OCI_LAYER)
    builder.flip(stray)
    (problem,) = verify_location(builder.write_layout(tmp_path / "layout")).problems
    assert isinstance(problem, DigestMismatch)


def test_hostile_members_are_problems_and_nothing_is_written(tmp_path: Path) -> None:
    builder = sample()
    (tmp_path / "in").mkdir()
    for member in hostile_members():
        path = builder.write_archive(tmp_path / "in" / "a.tar", after=[member])
        assert not verify_location(path).ok, member
    assert [p.name for p in tmp_path.iterdir()] == ["in"]
    assert [p.name for p in (tmp_path / "in").iterdir()] == ["a.tar"]


def test_a_cycle_and_deep_nesting_come_to_an_end(tmp_path: Path) -> None:
    builder = StoreBuilder()
    builder.root(builder.cycle(3))
    assert not verify_location(builder.write_layout(tmp_path / "cycle")).ok
    deep = StoreBuilder()
    deep.root(deep.deep_index(deep.image(), 300))
    verify_location(deep.write_layout(tmp_path / "deep"))


def test_cancel(tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        verify_location(sample().write_layout(tmp_path / "layout"), cancel=cancel)


def test_members_taken_away(tmp_path: Path) -> None:
    """Only what an archive may do without is not missed: a platform, and Docker's manifest.json."""
    store = MemoryStore.of(sample())
    plan = planned(store)
    data = exported(store, plan)
    ends = [entry.offset for entry in plan.entries[1:]] + [plan.total - 1024]
    allowed = {"manifest.json"} | {
        entry.name
        for entry in plan.entries
        if entry.owner.startswith("linux/") and "layer" not in entry.owner
    }
    for entry, end in zip(plan.entries, ends, strict=True):
        if not entry.is_directory and entry.name not in allowed:
            (tmp_path / "a.tar").write_bytes(data[: entry.offset] + data[end:])
            assert found(tmp_path / "a.tar"), entry.name


def test_a_second_index_of_the_same_name_is_found(tmp_path: Path) -> None:
    """Two readers could see two images in such an archive."""
    path = sample().write_archive(tmp_path / "a.tar", after=[Member("index.json", b'{"manifests":[]}')])
    report = verify_location(path)
    assert not report.ok or any("index.json" in note for note in report.notes)


def test_an_archive_that_lists_nothing(tmp_path: Path) -> None:
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).encode()
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name, body in (("index.json", index), ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')):
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    report = verify_location(tmp_path / "a.tar")
    assert (report.blobs, report.images) == (0, 0)


def test_a_wrong_sum_names_both(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(exported(image_of(100)))
    (problem,) = verify_location(path, sha256="0" * 64).problems
    assert isinstance(problem, ArchiveError)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in str(problem) and "0" * 64 in str(problem)
    assert problem.hint
