"""open_store finds out what a location is, and says what to do where it is nothing it can open."""

import io
import os
import shutil
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from exporter_core import Store, open_store
from exporter_core.errors import StoreError
from exporter_core.stores import absolute, is_path
from tests.core.helpers import NAME, as_nobody, open_folder
from tests.images import Member, StoreBuilder


@pytest.fixture
def builder() -> StoreBuilder:
    builder = StoreBuilder()
    builder.name(NAME, builder.multi_platform())
    return builder


def names(store: Store) -> list[str]:
    with closing(store):
        return [image.name for image in store.images()]


# --- what can be opened -----------------------------------------------------------------------------------


def test_it_finds_out_what_it_is(builder: StoreBuilder, tmp_path: Path) -> None:
    made = {
        "OCI layout": builder.write_layout(tmp_path / "layout"),
        "content directory": builder.write_bare(tmp_path / "bare"),
        "OCI archive": builder.write_archive(tmp_path / "a.tar"),
    }
    for kind, path in made.items():
        with closing(open_store(path)) as store:
            assert (store.kind, store.location) == (kind, str(path))
            assert store.notes == ()


@pytest.mark.parametrize("spelling", ["str", "path", "file-url", "escaped-url", "relative", "slash", "home"])
def test_how_a_location_may_be_spelled(
    spelling: str, builder: StoreBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = builder.write_layout(tmp_path / "a lay%C3out")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    location: Any = {
        "str": str(path),
        "path": path,
        "file-url": path.as_uri(),
        "escaped-url": f"file://{str(path).replace('%', '%25').replace(' ', '%20')}",
        "relative": path.name,
        "slash": f"{path}/",
        "home": f"~/{path.name}",
    }[spelling]
    with closing(open_store(location)) as store:
        assert store.location == str(path)
        assert names(store) == [NAME]


def test_a_link_to_a_store(builder: StoreBuilder, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(builder.write_layout(tmp_path / "layout"))
    (tmp_path / "link.tar").symlink_to(builder.write_archive(tmp_path / "a.tar"))
    assert names(open_store(tmp_path / "link")) == names(open_store(tmp_path / "link.tar")) == [NAME]


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("prefix", ["", "./"])
def test_archives_of_all_formats(tar_format: int, prefix: str, builder: StoreBuilder, tmp_path: Path) -> None:
    path = builder.write_archive(tmp_path / "a.tar", prefix=prefix, tar_format=tar_format)
    assert names(open_store(path)) == [NAME]


def test_an_archive_whose_first_member_is_an_extended_header(builder: StoreBuilder, tmp_path: Path) -> None:
    path = builder.write_archive(tmp_path / "a.tar", before=[Member("x" * 300, b"long name")])
    assert names(open_store(path)) == [NAME]


def test_a_docker_save_of_today_is_a_layout(builder: StoreBuilder, tmp_path: Path) -> None:
    """Docker 25 and later write index.json and blobs beside their manifest.json."""
    path = builder.write_archive(tmp_path / "a.tar", after=[Member("manifest.json", b"[]")])
    assert names(open_store(path)) == [NAME]


def test_a_layout_without_its_mark_is_opened_with_a_note(builder: StoreBuilder, tmp_path: Path) -> None:
    path = builder.write_layout(tmp_path / "layout")
    (path / "oci-layout").unlink()
    with closing(open_store(path)) as store:
        assert any("oci-layout" in note for note in store.notes)
        assert names(store) == [NAME]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"imageLayoutVersion":"2.0.0"}', '{"imageLayoutVersion":1}', "{}"]
)
def test_an_odd_mark_is_a_note(text: str, builder: StoreBuilder, tmp_path: Path) -> None:
    path = builder.write_layout(tmp_path / "layout")
    (path / "oci-layout").write_text(text)
    with closing(open_store(path)) as store:
        (note,) = store.notes
        assert "oci-layout" in note


def test_stray_files_do_not_matter(builder: StoreBuilder, tmp_path: Path) -> None:
    path = builder.write_layout(tmp_path / "layout")
    (path / "ingest").mkdir()
    (path / "blobs" / "sha256" / ".tmp-123").write_bytes(b"half a blob")
    (path / "README").write_text("hello")
    assert names(open_store(path)) == [NAME]


def test_the_location_may_vanish_after_opening(builder: StoreBuilder, tmp_path: Path) -> None:
    path = builder.write_layout(tmp_path / "layout")
    with closing(open_store(path)) as store:
        shutil.rmtree(path)
        assert store.images() == ()


def test_an_archive_is_read_in_place(builder: StoreBuilder, tmp_path: Path) -> None:
    path = builder.write_archive(tmp_path / "a.tar")
    before = os.listdir(tmp_path)
    with closing(open_store(path)) as store:
        path.unlink()
        assert names(store) == [NAME]
    assert os.listdir(tmp_path) == [name for name in before if name != "a.tar"]


# --- what is refused, and with which hint -----------------------------------------------------------------


def refused(location: object) -> StoreError:
    with pytest.raises(StoreError) as caught:
        open_store(location)  # type: ignore[arg-type]
    error = caught.value
    assert error.exit_code == 3 and error.hint
    return error


@pytest.mark.parametrize("location", ["", "\0", "/nowhere/at/all", "file:", "file:///nowhere", "http://x/y"])
def test_nothing_there(location: str) -> None:
    assert refused(location)


def test_an_empty_folder(tmp_path: Path) -> None:
    error = refused(tmp_path)
    assert str(tmp_path) in str(error)
    assert "OCI layout" in error.hint and "tar" in error.hint


def test_any_other_folder(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("x")
    assert "OCI layout" in refused(tmp_path).hint


def test_the_root_of_containerd(tmp_path: Path) -> None:
    content = tmp_path / "io.containerd.content.v1.content"
    (content / "blobs" / "sha256").mkdir(parents=True)
    (tmp_path / "io.containerd.metadata.v1.bolt").mkdir()
    assert open_store(tmp_path).kind == "containerd root"
    assert open_store(content).kind == "content directory"


def test_the_folder_of_blobs(builder: StoreBuilder, tmp_path: Path) -> None:
    path = builder.write_layout(tmp_path / "layout")
    assert str(path) in refused(path / "blobs").hint
    assert refused(path / "blobs" / "sha256")


NO_TARS = {
    "empty": b"",
    "short": b"x" * 100,
    "text": b"hello\n" * 200,
    "zeros": bytes(10240),
    "zip": b"PK\x03\x04" + bytes(600),
    "elf": b"\x7fELF" + bytes(range(256)) * 3,
}


@pytest.mark.parametrize("content", NO_TARS.values(), ids=list(NO_TARS))
def test_a_file_that_is_no_tar(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    error = refused(tmp_path / "file")
    assert "not a tar" in str(error)


def tar_of(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_any_other_tar(tmp_path: Path) -> None:
    assert "without index.json" in str(refused(tar_of(tmp_path / "a.tar", {"hello": b"world"})))


def test_special_files_hang_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe")
    assert refused(os.devnull)
    assert refused("/dev/zero")


def test_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert refused(tmp_path / "loop")


@pytest.mark.parametrize("what", ["folder", "archive", "index"])
def test_no_permission(what: str, builder: StoreBuilder) -> None:
    with open_folder() as folder:
        path = (
            builder.write_archive(folder / "a.tar")
            if what == "archive"
            else builder.write_layout(folder / "l")
        )
        closed = path / "index.json" if what == "index" else path
        closed.chmod(0)
        with as_nobody():
            with pytest.raises(StoreError) as caught:
                open_store(path).images()
            assert "ermission denied" in str(caught.value)
            assert "user" in caught.value.hint
        closed.chmod(0o755)


@pytest.mark.parametrize(
    "location",
    [
        "sudo:/var/lib/containerd",
        "pkexec:/var/lib/containerd",
        "ssh://user@host/var/lib/containerd?namespace=k8s.io",
        "containerd:///run/containerd/containerd.sock?namespace=k8s.io",
        "unix:/run/containerd/containerd.sock",
        "file:///srv/layout",
        "containerd-root:/var/lib/containerd",
    ],
)
def test_a_location_that_is_no_path_stays_as_it_is(location: str) -> None:
    assert absolute(location) == location and not is_path(location)


def test_a_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert absolute("root?namespace=x") == f"{tmp_path}/root?namespace=x"
    assert absolute("~/layout") == "/home/somebody/layout"
