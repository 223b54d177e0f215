"""umoci unpacks our archives' images into the files they should hold, and we read its layouts."""

import tarfile
from pathlib import Path
from typing import Any

import pytest

from exporter_core import verify_location
from tests.images import OPAQUE, WHITEOUT, StoreBuilder, file, symlink
from tests.interop.programs import SAMPLE, call, export, find, needed, read_json

LOWER = {
    "etc/motd": "first\n",
    "etc/old": "to be deleted\n",
    "srv/www/index.html": "old\n",
    "bin/run": file("#!/bin/sh\n", 0o755),
    "bin/again": symlink("run"),
}
UPPER = {"etc/motd": "second\n", "etc/old": WHITEOUT, "srv/www": OPAQUE, "srv/www/new.html": "new\n"}
EXPECTED = {
    "etc/motd": b"second\n",
    "srv/www/new.html": b"new\n",
    "bin/run": b"#!/bin/sh\n",
}

# Debian 12's Python 3.11.2 knows no filters yet, later ones want one to be named.
SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


@pytest.fixture(autouse=True)
def _umoci() -> None:
    needed("umoci")


def unpacked(archive: Path, folder: Path, tag: str) -> Path:
    """The root file system that umoci makes of an image in the archive."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "layout", **SAFELY)
    call("umoci", "unpack", "--rootless", "--image", f"{folder / 'layout'}:{tag}", folder / "bundle")
    return folder / "bundle" / "rootfs"


@pytest.mark.parametrize("profile", ["oci", "v1"])
@pytest.mark.parametrize("compression", ["gzip", ""], ids=["gzip", "plain"])
@pytest.mark.parametrize("kind", ["manifest", "index"])
def test_the_files_come_out(tmp_path: Path, kind: str, compression: str, profile: str) -> None:
    builder = StoreBuilder()
    root = builder.image([LOWER, UPPER], compression=compression)
    builder.name(
        "docker.io/library/app:1", builder.index([(root, "linux/amd64")]) if kind == "index" else root
    )
    store = builder.write_layout(tmp_path / "store")
    archive = export(store, tmp_path / "image.tar", ["app:1"], "linux/amd64", profile=profile)
    files = unpacked(archive, tmp_path, "1")
    found = {str(path.relative_to(files)): path for path in files.rglob("*") if not path.is_dir()}
    assert {name: path.read_bytes() for name, path in found.items() if not path.is_symlink()} == EXPECTED
    assert str(found["bin/again"].readlink()) == "run"
    assert found["bin/run"].stat().st_mode & 0o777 == 0o755


def test_the_samples_edge(tmp_path: Path) -> None:
    files = unpacked(export(SAMPLE, tmp_path / "image.tar", ["edge"]), tmp_path, "edge")
    assert {"os-release", "motd", "passwd"} <= {path.name for path in (files / "etc").iterdir()}


def test_umoci_lists_the_tags(tmp_path: Path) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", ["harbor-web:2.4", "legacy-api:1.9", "edge"])
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path / "layout", **SAFELY)
    listed = call("umoci", "ls", "--layout", tmp_path / "layout").stdout.decode().split()
    assert sorted(listed) == ["1.9", "2.4", "edge"]


def test_a_layout_of_umoci_is_a_store(tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    (tmp_path / "note").write_text("hello\n")
    call("umoci", "init", "--layout", layout)
    call("umoci", "new", "--image", f"{layout}:made")
    call("umoci", "insert", "--rootless", "--image", f"{layout}:made", tmp_path / "note", "/etc/note")
    assert verify_location(layout).problems == ()
    archive = export(layout, tmp_path / "image.tar", [find(layout, "made").name])
    assert [row["RepoTags"] for row in read_json(archive, "manifest.json")] == [None]
    assert verify_location(archive).problems == ()
    files = unpacked(archive, tmp_path / "back", "made")
    assert (files / "etc" / "note").read_text() == "hello\n"
