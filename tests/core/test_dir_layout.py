"""Folders of skopeo's dir: transport."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from exporter_core import Descriptor, open_store, verify_location
from exporter_core.errors import PlanError, StoreError
from tests.core.helpers import exported, planned
from tests.images import Json, StoreBuilder
from tests.saved import write_dir


def one_image() -> tuple[StoreBuilder, Json]:
    builder = StoreBuilder()
    return builder, builder.root(builder.image([{"a": "1"}, {"b": "2"}]))


def test_one_image(tmp_path: Path) -> None:
    builder, root = one_image()
    path = write_dir(builder, tmp_path / "d")
    with closing(open_store(path)) as store:
        assert (store.kind, store.notes) == ("dir layout", ())
        (image,) = store.images()
        assert image.name == root["digest"]
        assert isinstance(image.target, Descriptor)
        assert (image.target.media_type, image.target.size) == (root["mediaType"], root["size"])
        (tmp_path / "out.tar").write_bytes(exported(store))
    report = verify_location(path)
    assert (report.problems, report.blobs, report.images) == ((), 4, 1)
    assert verify_location(tmp_path / "out.tar").blobs == 4


def test_several_platforms(tmp_path: Path) -> None:
    builder = StoreBuilder()
    root = builder.root(builder.multi_platform())
    path = write_dir(builder, tmp_path / "d")
    with closing(open_store(path)) as store:
        assert store.images()[0].name == root["digest"]
        (tmp_path / "out.tar").write_bytes(exported(store))
    assert verify_location(path).problems == ()
    assert verify_location(tmp_path / "out.tar").blobs == len(builder.blobs)


def test_a_blob_that_is_missing_or_another(tmp_path: Path) -> None:
    builder, _ = one_image()
    path = write_dir(builder, tmp_path / "d")
    layer = json.loads((path / "manifest.json").read_bytes())["layers"][0]["digest"][7:]
    (path / layer).write_bytes(b"x" * (path / layer).stat().st_size)
    assert [type(one).__name__ for one in verify_location(path).problems] == ["DigestMismatch"]
    (path / layer).unlink()
    (path / layer).symlink_to("/etc/passwd")
    with closing(open_store(path)) as store, pytest.raises(PlanError, match="layer 1"):
        planned(store).raise_for_problems()
    assert not verify_location(path).ok


@pytest.mark.parametrize("text", [b"", b"{", b"{} x"])
def test_a_manifest_that_is_none(text: bytes, tmp_path: Path) -> None:
    builder, _ = one_image()
    path = write_dir(builder, tmp_path / "d")
    (path / "manifest.json").write_bytes(text)
    with pytest.raises(StoreError, match=r"manifest\.json") as caught:
        open_store(path)
    assert caught.value.hint


def test_without_its_version_it_opens_with_a_note(tmp_path: Path) -> None:
    builder, _ = one_image()
    path = write_dir(builder, tmp_path / "d")
    (path / "version").unlink()
    with closing(open_store(path)) as store:
        assert any("version" in note for note in store.notes)
        assert exported(store)
    with pytest.raises(StoreError, match="at most 100 are read"):
        open_store(path, document_limit=100)
