"""What docker save of every age wrote becomes a store of OCI images; damaged and hostile ones say so."""

import bz2
import gzip
import json
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter_core import Descriptor, MalformedDescriptor, Store, open_store, verify_location
from exporter_core.cache import Room
from exporter_core.content import read_document
from exporter_core.digest import Digest
from exporter_core.errors import Cancelled, ContentError, MissingBlob, ShipglassError, StoreError
from exporter_core.graph import load_tree, summarise
from exporter_core.stores.docker_archive import DockerArchive
from exporter_core.stores.docker_archive.making import Making
from tests.core.helpers import exported, noise, planned
from tests.images import IMAGE_NAME, Json, Member, json_bytes, layer_tar, zstd_bytes
from tests.saved import (
    FORMS,
    HARD,
    LINK,
    SavedImage,
    docker_25,
    docker_110,
    hexes,
    legacy,
    modern,
    tar_bytes,
    write_folder,
    write_tar,
)

BASE, MORE = layer_tar({"etc/motd": "hello"}), layer_tar({"etc/more": "more"})
IMAGE = SavedImage(["a:1", "example.com:5000/team/b:2"], [BASE, MORE])
OTHER = SavedImage(["c:3"], [BASE], {"architecture": "arm", "os": "linux", "variant": "v7"})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "shipglass"


def write(tmp_path: Path, members: Sequence[Member], name: str = "a.tar") -> Path:
    return write_tar(tmp_path / name, members)


def document(store: Store, descriptor: Json) -> Any:
    found = read_document(store, Descriptor("", Digest.parse(descriptor["digest"]), descriptor["size"]))
    return json.loads(found)


def manifest(store: Store, row: int = 0) -> Json:
    target = store.images()[row].target
    assert isinstance(target, Descriptor)
    return json.loads(read_document(store, target))  # type: ignore[no-any-return]


def problem(store: Store, row: int = 0) -> ContentError:
    target = store.images()[row].target
    assert isinstance(target, MalformedDescriptor)
    return target.problem


def refused(path: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        open_store(path)
    assert caught.value.hint
    return caught.value


# --- every age --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", [False, True], ids=["archive", "folder"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_a_valid_image(form: str, folder: bool, tmp_path: Path) -> None:
    members = FORMS[form]([IMAGE, OTHER])
    path = write_folder(tmp_path / "f", members) if folder else write(tmp_path, members)
    with closing(open_store(path)) as store:
        names = [image.name for image in store.images()]
        b = "docker.io/library/example.com:5000" if form == "docker-25" else "example.com:5000"
        assert names == ["docker.io/library/a:1", f"{b}/team/b:2", "docker.io/library/c:3"]
        first, second, third = (image.target for image in store.images())
        assert first.digest_text == second.digest_text != third.digest_text
        made = manifest(store)
        assert made["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
        assert [layer["digest"] for layer in made["layers"]] == IMAGE.diff_ids
        assert [layer["size"] for layer in made["layers"]] == [len(BASE), len(MORE)]
        config = document(store, made["config"])
        assert config["rootfs"]["diff_ids"] == IMAGE.diff_ids
        if form != "legacy":
            assert made["config"]["digest"] == f"sha256:{hexes(IMAGE.config)}"
        summary = summarise(store, store.images()[2])
        assert [str(platform.platform) for platform in summary.platforms] == ["linux/arm/v7"]
        (tmp_path / "out.tar").write_bytes(exported(store))
    assert verify_location(path).problems == ()
    report = verify_location(tmp_path / "out.tar")
    assert (report.problems, report.images) == ((), 3)
    assert report.blobs == 2 + 2 * 2  # the layer that both have is there once


def test_it_says_what_it_is(tmp_path: Path) -> None:
    for form, word in {"modern": "manifest.json", "legacy": "older than 1.10"}.items():
        with closing(open_store(write(tmp_path, FORMS[form]([IMAGE])))) as store:
            assert store.kind == "Docker archive"
            assert any(word in note for note in store.notes)
    with closing(open_store(write_folder(tmp_path / "f", modern([IMAGE])))) as store:
        assert store.kind == "docker save folder"
    with closing(open_store(write(tmp_path, docker_25([IMAGE])))) as store:
        assert (store.kind, store.notes) == ("OCI archive", ())
    with closing(open_store(write(tmp_path, docker_25([IMAGE], null=True)))) as store:
        assert store.kind == "Docker archive"
        assert any("lists no image" in note for note in store.notes)


def test_a_name_is_an_annotation_too(tmp_path: Path) -> None:
    """containerd 2018's profile adds no name of its own."""
    with closing(open_store(write(tmp_path, modern([IMAGE])))) as store:
        assert store.images()[0].target.annotations[IMAGE_NAME] == "docker.io/library/a:1"


@pytest.mark.parametrize("names", [None, []])
def test_an_image_without_a_name_is_called_by_its_digest(names: list[str] | None, tmp_path: Path) -> None:
    with closing(open_store(write(tmp_path, modern([SavedImage(names, [BASE])])))) as store:
        (image,) = store.images()
        assert image.name == image.target.digest_text


def test_a_name_that_is_none_stays_with_a_note(tmp_path: Path) -> None:
    with closing(open_store(write(tmp_path, modern([SavedImage(["not a name", "b"], [BASE])])))) as store:
        assert [image.name for image in store.images()] == ["not a name", "docker.io/library/b:latest"]
        assert any("not a name" in note for note in store.notes)


def test_keys_in_lower_case_and_names_with_dots(tmp_path: Path) -> None:
    members = modern([IMAGE])
    rows = json.loads(members[-1].data)
    rows = [{key[0].lower() + key[1:]: value for key, value in row.items()} for row in rows]
    rows[0]["layers"] = [f"./{name}" for name in rows[0]["layers"]]
    members[-1] = replace(members[-1], data=json_bytes(rows))
    members = [replace(member, name=f"./{member.name}") for member in members]
    path = write(tmp_path, members)
    with closing(open_store(path)) as store:
        assert len(store.images()) == 2
    assert verify_location(path).ok


@pytest.mark.parametrize(
    ("pack", "suffix"), [(gzip.compress, "+gzip"), (zstd_bytes, "+zstd")], ids=["gzip", "zstd"]
)
@pytest.mark.parametrize("form", ["modern", "docker-1.10", "legacy"])
def test_compressed_layers_keep_their_bytes(form: str, pack: Any, suffix: str, tmp_path: Path) -> None:
    stored = [pack(BASE), pack(MORE)]
    image = replace(IMAGE, stored=stored)
    path = write(tmp_path, FORMS[form]([image]))
    with closing(open_store(path)) as store:
        made = manifest(store)
        assert [layer["digest"][7:] for layer in made["layers"]] == [hexes(data) for data in stored]
        assert {layer["mediaType"] for layer in made["layers"]} == {
            f"application/vnd.oci.image.layer.v1.tar{suffix}"
        }
        assert document(store, made["config"])["rootfs"]["diff_ids"] == image.diff_ids
    assert verify_location(path).ok


def test_a_layer_that_oci_does_not_know_spoils_its_image_alone(tmp_path: Path) -> None:
    spoiled = SavedImage(["a:1"], [BASE], stored=[bz2.compress(BASE)])
    path = write(tmp_path, modern([spoiled, SavedImage(["b:1"], [MORE])]))
    with closing(open_store(path)) as store:
        assert "bzip2" in str(problem(store))
        assert len(manifest(store, 1)["layers"]) == 1


# --- older than 1.10 --------------------------------------------------------------------------------------


def test_config_and_history_are_made_as_docker_makes_them(tmp_path: Path) -> None:
    """To the byte: Docker 20.10 gives the same image ID (tests/interop/test_archives.py asks it)."""
    with closing(open_store(write(tmp_path, legacy([IMAGE])))) as store:
        made = manifest(store)["config"]
        raw = read_document(store, Descriptor("", Digest.parse(made["digest"]), made["size"]))
    history = (
        b'[{"created":"2015-03-01T10:00:00.12Z","created_by":"/bin/sh -c step \\u003c0\\u003e"},'
        b'{"created":"2015-03-02T10:00:00.12Z","author":"somebody",'
        b'"created_by":"/bin/sh -c step \\u003c1\\u003e"}]'
    )
    diff_ids = json_bytes(IMAGE.diff_ids)
    assert raw == (
        b'{"architecture":"amd64","author":"somebody","config":{"Cmd":["/x"],"Env":null},'
        b'"container_config":{"Cmd":["/bin/sh","-c","step \\u003c1\\u003e"]},'
        b'"created":"2015-03-02T10:00:00.120000000Z","docker_version":"1.9.1","history":' + history + b","
        b'"os":"linux","rootfs":{"type":"layers","diff_ids":' + diff_ids + b"}}"
    )


def test_without_repositories_the_last_layers_are_the_images(tmp_path: Path) -> None:
    path = write(tmp_path, legacy([SavedImage(None, [BASE, MORE]), SavedImage(None, [MORE])]))
    with closing(open_store(path)) as store:
        assert len(store.images()) == 2
        assert {len(manifest(store, row)["layers"]) for row in (0, 1)} == {1, 2}


def changed(members: list[Member], ending: str, change: Any) -> list[Member]:
    return [
        replace(one, data=json_bytes(change(json.loads(one.data)))) if one.name.endswith(ending) else one
        for one in members
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: {**d, "parent": d["id"]}, "circle"),
        (lambda d: {**d, "parent": "0" * 64}, "no file"),
        (lambda d: {**d, "parent": "../../etc"}, "no image ID"),
        (lambda d: {**d, "container_config": 7}, "container_config"),
        (lambda d: [d], "an object"),
    ],
    ids=["circle", "no-parent", "parent-elsewhere", "wrong-type", "no-object"],
)
def test_an_old_document_that_is_wrong_is_told(change: Any, words: str, tmp_path: Path) -> None:
    path = write(tmp_path, changed(legacy([SavedImage(["a:1"], [BASE])]), "/json", change))
    with closing(open_store(path)) as store:
        assert [image.name for image in store.images()] == ["docker.io/library/a:1"]
        assert words in str(problem(store))
    assert not verify_location(path).ok


# --- links ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [LINK, HARD], ids=["symbolic", "hard"])
@pytest.mark.parametrize("after", [True, False])
def test_a_linked_layer_is_followed_inside(kind: bytes, after: bool, tmp_path: Path) -> None:
    members = docker_110([SavedImage(["a:1"], [BASE])])
    place = next(n for n, member in enumerate(members) if member.name.endswith("layer.tar"))
    layer = members[place]
    moved = replace(layer, name="elsewhere/real.tar")
    between = Member("elsewhere/link", kind=LINK, link="./real.tar")
    target = "../elsewhere/link" if kind == LINK else "elsewhere/real.tar"
    members[place] = Member(layer.name, kind=kind, link=target)
    path = write(tmp_path, [*members, moved, between] if after else [moved, between, *members])
    with closing(open_store(path)) as store:
        assert not any("left out" in note for note in store.notes)
    assert verify_location(path).ok


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd", "layer.tar", "nowhere", "../.."])
def test_a_link_that_leaves_or_ends_nowhere_is_left_out(target: str, tmp_path: Path) -> None:
    members = docker_110([SavedImage(["a:1"], [BASE])])
    place = next(n for n, member in enumerate(members) if member.name.endswith("layer.tar"))
    members[place] = Member(members[place].name, kind=LINK, link=target)
    path = write(tmp_path, members)
    with closing(open_store(path)) as store:
        assert any("left out" in note for note in store.notes)
        assert any("not in the archive" in note for note in store.notes)
        assert [type(one) for one in planned(store).problems] == [MissingBlob]
    assert not verify_location(path).ok


@pytest.mark.parametrize("form", ["modern", "legacy"])
def test_links_of_a_folder_do_not_leave_it(form: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(gzip.compress(b"secret"))
    image = SavedImage(["a:1"], [BASE])
    members = FORMS[form]([image])
    folder = write_folder(tmp_path / "f", members)
    name = f"{image.v1_ids()[0]}/layer.tar" if form == "legacy" else f"{image.diff_ids[0][7:]}.tar"
    layer = folder / name
    layer.unlink()
    layer.symlink_to(tmp_path / "secret")
    with closing(open_store(folder)) as store:
        target = store.images()[0].target
        if isinstance(target, Descriptor):
            assert load_tree(store, store.images()[0]).children[1].state.value == "missing"
        assert b"secret" not in b"".join(blob.data or b"" for blob in store._blobs.values())  # type: ignore[attr-defined]
    assert not verify_location(folder).ok


# --- wrong documents --------------------------------------------------------------------------------------

ROW = {"Config": "c", "RepoTags": ["a:1"], "Layers": ["l"]}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (7, "manifest.json[0]: should be an object"),
        ({**ROW, "Config": "/etc/passwd"}, "manifest.json[0].Config"),
        ({**ROW, "Config": "../c"}, "manifest.json[0].Config"),
        ({**ROW, "Config": ""}, "manifest.json[0].Config"),
        ({**ROW, "Config": "gone"}, "no file gone"),
        ({**ROW, "Config": 1}, "manifest.json[0].Config"),
        ({**ROW, "Layers": ["../l"]}, "manifest.json[0].Layers[0]"),
        ({**ROW, "Layers": []}, "lists 0 layers"),
        ({**ROW, "Layers": ["l", "l"]}, "lists 2 layers"),
        ({**ROW, "Layers": "l"}, "manifest.json[0].Layers"),
        ({**ROW, "RepoTags": [1]}, "manifest.json[0].RepoTags[0]"),
        ({**ROW, "Config": "l"}, "l is not JSON"),
    ],
)
def test_a_wrong_row_hides_no_other(row: object, words: str, tmp_path: Path) -> None:
    config = SavedImage(None, [BASE]).config
    good = {**ROW, "RepoTags": ["good:1"]}
    members = [Member("c", config), Member("l", BASE), Member("manifest.json", json_bytes([row, good]))]
    with closing(open_store(write(tmp_path, members))) as store:
        assert words in str(problem(store))
        assert store.images()[1].name == "docker.io/library/good:1"
        assert isinstance(store.images()[1].target, Descriptor)


@pytest.mark.parametrize("text", [b"", b"{", b"null", b'"x"', b"[" * 100_000])
def test_a_manifest_that_is_none_is_refused_by_name(text: bytes, tmp_path: Path) -> None:
    assert "manifest.json" in str(refused(write(tmp_path, [Member("x", b""), Member("manifest.json", text)])))


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"a": 1}'])
def test_repositories_that_are_none_are_refused_by_name(text: bytes, tmp_path: Path) -> None:
    members = [replace(m, data=text) if m.name == "repositories" else m for m in legacy([IMAGE])]
    assert "repositories" in str(refused(write(tmp_path, members)))


def test_documents_over_the_limit_are_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, modern([IMAGE]))
    with closing(open_store(path, document_limit=400)) as store:
        assert "at most 400 are read" in str(problem(store))
    with pytest.raises(StoreError, match="at most 100 are read"):
        open_store(path, document_limit=100)


def test_a_layer_that_is_another_is_found_when_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, modern([replace(IMAGE, stored=[BASE, MORE[:600] + b"x" + MORE[601:]])]))
    with closing(open_store(path)) as store, pytest.raises(ContentError, match=r"layer 2"):
        exported(store)
    report = verify_location(path)
    assert [type(one).__name__ for one in report.problems] == ["DigestMismatch"]


def test_an_archive_that_has_lost_its_index_is_damaged(tmp_path: Path) -> None:
    """It can still be read by manifest.json, and verify does not call it sound."""
    members = [member for member in docker_25([IMAGE]) if member.name != "index.json"]
    path = write(tmp_path, members)
    with closing(open_store(path)) as store:
        assert len(store.images()) == 2
    assert any("index.json" in str(one) for one in verify_location(path).problems)


# --- cut short, and lies ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_cut_anywhere(form: str, tmp_path: Path) -> None:
    """An error that says where, or a store that verify finds wanting; never a sound image of half a file."""
    image = SavedImage(["a:1"], [layer_tar({"x": noise(1500)}), MORE])
    data = tar_bytes(FORMS[form]([image]))
    end = len(data.rstrip(b"\0"))
    path = tmp_path / "a.tar"
    for cut in [*range(1, 1024, 97), *range(1024, end, 301)]:
        path.write_bytes(data[:cut])
        try:
            report = verify_location(path)
        except ShipglassError as error:
            assert error.hint, cut
            if cut >= 512:
                assert "byte" in str(error) or "cut short" in str(error), (cut, str(error))
            continue
        assert any("byte" in str(one) for one in report.problems), cut
        with closing(open_store(path)) as store:
            for one in store.images() if isinstance(store, DockerArchive) else ():
                if isinstance(one.target, Descriptor):
                    layers = json.loads(read_document(store, one.target))["layers"]
                    assert {layer["digest"] for layer in layers} <= set(image.diff_ids), cut


def test_a_size_that_lies(tmp_path: Path) -> None:
    data = bytearray(tar_bytes(modern([IMAGE])))
    data[124:136] = b"77777777777\0"
    total = sum(data[:512]) - sum(data[148:156]) + 8 * 32
    data[148:156] = b"%06o\0 " % total
    (tmp_path / "a.tar").write_bytes(data)
    assert "cut short at byte" in str(refused(tmp_path / "a.tar"))


def test_sparse_members_are_named(tmp_path: Path) -> None:
    sparse = Member("l", b"x" * 512)
    pax = b"22 GNU.sparse.major=1\n" + b"18 GNU.sparse.name=l\n"[:0]
    tar = tar_bytes([Member("paxheader", pax, kind=b"x"), sparse, *modern([IMAGE])])
    (tmp_path / "a.tar").write_bytes(tar)
    with closing(open_store(tmp_path / "a.tar")) as store:
        assert any("--sparse" in note for note in store.notes)
        assert len(store.images()) == 2


# --- work that takes long ---------------------------------------------------------------------------------


def test_opening_reads_no_layer_that_the_config_names(tmp_path: Path) -> None:
    path = write(tmp_path, modern([IMAGE]))
    data = path.read_bytes()
    path.write_bytes(data.replace(BASE[512:1024], b"?" * 512))
    with closing(open_store(path)) as store:
        assert manifest(store)["layers"][0]["digest"] == IMAGE.diff_ids[0]
    assert not verify_location(path).ok


def test_a_digest_is_computed_once(tmp_path: Path, cache: Path) -> None:
    big = noise(5 << 20)
    path = write(tmp_path, legacy([SavedImage(["a:1"], [BASE, big])]))
    with closing(open_store(path)) as store:
        first = store.images()
    (kept,) = (cache / "digests").iterdir()
    assert kept.read_text() == hexes(big)
    kept.write_text("0" * 64)  # now what is kept can be told from what is computed
    with closing(open_store(path)) as store:
        assert store.images() != first
        assert manifest(store)["layers"][1]["digest"] == "sha256:" + "0" * 64
    kept.write_text("nonsense")
    with closing(open_store(path)) as store:
        assert store.images() == first


def test_a_layer_is_hashed_once_for_all_its_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    path = write(
        tmp_path, legacy([SavedImage([f"n:{n}"], [BASE, layer_tar({"n": str(n)})]) for n in range(5)])
    )
    hash_of = Making._hash
    monkeypatch.setattr(Making, "_hash", lambda self, *words: made.append(words[0]) or hash_of(self, *words))
    with closing(open_store(path)) as store:
        assert len(store.images()) == 5
    assert len(made) == len(set(made)) == 6


def test_without_a_cache_folder_it_is_computed_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    path = write(tmp_path, legacy([SavedImage(["a:1"], [noise(5 << 20)])]))
    assert verify_location(path).ok
    assert Room("digests").read("x") is None


@pytest.mark.parametrize("form", ["modern", "legacy"])
def test_opening_can_be_cancelled(form: str, tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        open_store(write(tmp_path, FORMS[form]([IMAGE])), cancel=cancel)
