"""What tests/images.py builds is what it says: the other tests rest on it."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests import images
from tests.images import DIR, OPAQUE, WHITEOUT, Member, StoreBuilder, file, hardlink, symlink

Json = dict[str, Any]


def names(tar: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        return opened.getnames()


def untrue(store: StoreBuilder) -> list[str]:
    return [d for d, data in store.blobs.items() if images.digest_of(data, d.partition(":")[0]) != d]


def load(store: StoreBuilder, descriptor: Json) -> Any:
    return json.loads(store.blobs[descriptor["digest"]])


def test_a_layer_has_its_marks_links_and_parents() -> None:
    tar = images.layer_tar(
        {
            "etc/motd": b"hi",
            "etc/old": WHITEOUT,
            "srv/www": OPAQUE,
            "bin/sh": symlink("/bin/hello"),
            "bin/hello": file("#!", 0o755, 7, 8),
            "bin/again": hardlink("bin/hello"),
            "tmp": DIR,
        }
    )
    assert names(tar) == [
        *("etc", "etc/motd", "etc/.wh.old", "srv", "srv/www", "srv/www/.wh..wh..opq"),
        *("bin", "bin/sh", "bin/hello", "bin/again", "tmp"),
    ]
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        hello = opened.getmember("bin/hello")
        assert (hello.mode, hello.uid, hello.gid, hello.mtime) == (0o755, 7, 8, images.MTIME)
        assert opened.getmember("bin/sh").linkname == "/bin/hello"
        assert opened.getmember("bin/again").islnk()


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 200_000])
def test_compressed_data_comes_back(size: int) -> None:
    zstd = pytest.importorskip("backports.zstd")
    for data in (bytes(size), hashlib.shake_256(b"x").digest(size), b"ab" * (size // 2)):
        assert gzip.decompress(images.gzip_bytes(data)) == data
        assert zstd.decompress(images.zstd_plain(data)) == data
        assert zstd.decompress(images.zstd_bytes(data)) == data
    assert len(images.zstd_plain(bytes(size))) < 40


@pytest.mark.parametrize(
    ("compression", "docker", "foreign", "media_type"),
    [
        ("", False, False, "application/vnd.oci.image.layer.v1.tar"),
        ("gzip", False, False, "application/vnd.oci.image.layer.v1.tar+gzip"),
        ("zstd", False, True, "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"),
        ("gzip", True, False, "application/vnd.docker.image.rootfs.diff.tar.gzip"),
        ("gzip", True, True, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
    ],
)
def test_layers_have_their_media_types(
    compression: str, docker: bool, foreign: bool, media_type: str
) -> None:
    layer = StoreBuilder().layer({"a": "b"}, compression, docker=docker, foreign=foreign)
    assert layer["mediaType"] == media_type


def test_every_document_verifies_and_says_what_it_is() -> None:
    store = StoreBuilder()
    index = store.multi_platform(
        ["linux/amd64", {"os": "windows", "architecture": "amd64", "os.version": "10"}]
    )
    store.name("docker.io/library/x:1", index)
    store.name("docker.io/library/y:2", store.multi_platform(docker=True))
    store.root(store.index([store.attestation(load(store, index)["manifests"][0])], algorithm="sha512"))
    store.attach(store.referrer(index, "application/x", b"signed"), index)
    assert untrue(store) == []
    assert {digest.partition(":")[0] for digest in store.blobs} == {"sha256", "sha512"}
    first = load(store, index)["manifests"][0]
    manifest = load(store, first)
    config = load(store, manifest["config"])
    assert first["platform"] == {"architecture": "amd64", "os": "linux"}
    tars = [gzip.decompress(store.blobs[layer["digest"]]) for layer in manifest["layers"]]
    assert config["rootfs"]["diff_ids"] == [images.digest_of(tar) for tar in tars]
    assert len(config["history"]) == 2


def test_the_same_calls_give_the_same_bytes() -> None:
    one, other = StoreBuilder(), StoreBuilder()
    assert one.multi_platform() == other.multi_platform()
    assert one.blobs == other.blobs


def test_names_become_containerds_annotations() -> None:
    pinned = "example.com/a/b:1@sha256:" + "0" * 64
    assert images.name_annotations("docker.io/library/x:1")[images.REF_NAME] == "1"
    assert images.name_annotations(pinned)[images.REF_NAME] == "1@sha256:" + "0" * 64
    assert images.name_annotations("localhost:5000/x")[images.REF_NAME] == "localhost:5000/x"


def test_referrers_by_three_conventions() -> None:
    store = StoreBuilder()
    image = store.image()
    signature = store.referrer(image, "application/x-signature")
    assert load(store, signature)["subject"] == image
    assert store.attach(signature, image) == signature
    assert store.attach(signature, image, "containerd")["annotations"] == {
        images.MANIFEST_SUBJECT: image["digest"]
    }
    tagged = store.attach(signature, image, "tag")
    assert tagged["annotations"] == {images.REF_NAME: image["digest"].replace(":", "-")}


def test_harm_is_what_it_says() -> None:
    store = StoreBuilder()
    dropped, flipped, short, long = (store.blob(b"blob %d" % n, "text/plain") for n in range(4))
    store.drop(dropped)
    store.flip(flipped, at=0)
    store.truncate(short, by=2)
    store.lengthen(long, b"!!")
    assert dropped["digest"] not in store.blobs
    assert len(store.blobs[flipped["digest"]]) == flipped["size"]
    assert len(store.blobs[short["digest"]]) == short["size"] - 2
    assert len(store.blobs[long["digest"]]) == long["size"] + 2
    assert untrue(store) == [flipped["digest"], short["digest"], long["digest"]]
    assert images.altered(long, size=9, mediaType=None) == {"digest": long["digest"], "size": 9}


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_cycle_leads_back_to_its_start(length: int) -> None:
    store = StoreBuilder()
    start = at = store.cycle(length)
    for _ in range(length):
        at = load(store, at)["manifests"][0]
    assert at["digest"] == start["digest"]
    assert len(untrue(store)) == 1


def test_odd_documents() -> None:
    store = StoreBuilder()
    wide = load(store, store.wide_index(1000))["manifests"]
    assert len({child["digest"] for child in wide}) == 1000
    deep = store.deep_index(store.image(), 50)
    for _ in range(50):
        (deep,) = load(store, deep)["manifests"]
    assert deep["mediaType"] == images.OCI_MANIFEST
    twice = images.duplicate_key({"a": 1}, "a", 0)
    assert twice == b'{"a":0,"a":1}'


def test_a_layout_a_bare_store_and_an_archive_hold_the_same(tmp_path: Path) -> None:
    store = StoreBuilder()
    store.name("docker.io/library/x:1", store.multi_platform())
    layout = store.write_layout(tmp_path / "layout")
    bare = store.write_bare(tmp_path / "bare")
    archive = store.write_archive(tmp_path / "a.tar")
    assert (layout / "oci-layout").read_bytes() == images.LAYOUT_FILE
    assert sorted(path.name for path in bare.iterdir()) == ["blobs"]
    with tarfile.open(archive) as tar:
        for name, data in store.files().items():
            assert (layout / name).read_bytes() == data
            member = tar.extractfile(name)
            assert member is not None
            assert member.read() == data


def test_an_archive_takes_hostile_and_repeated_members(tmp_path: Path) -> None:
    store = StoreBuilder()
    root = store.root(store.image())
    path = store.write_archive(
        tmp_path / "a.tar",
        before=[Member("./index.json", b"{}")],
        after=images.hostile_members(root["digest"]),
        prefix="./",
    )
    listed = names(path.read_bytes())
    blob = "blobs/" + root["digest"].replace(":", "/")
    assert listed.count("./index.json") == 2
    assert {"../escaped", "/etc/shipglass-absolute", "./" + blob, blob} <= set(listed)


def test_a_big_layout_has_layers_of_exactly_these_sizes(tmp_path: Path) -> None:
    sizes = [2048, 2049, 70_001, 70_001, 300_000, 2_000_003]
    root = images.big_layout(tmp_path, sizes)
    blobs = tmp_path / "blobs" / "sha256"
    for path in blobs.iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    manifest = json.loads((blobs / root["digest"].removeprefix("sha256:")).read_bytes())
    assert [layer["size"] for layer in manifest["layers"]] == sizes
    assert len({layer["digest"] for layer in manifest["layers"]}) == len(sizes)
    config = json.loads((blobs / manifest["config"]["digest"].removeprefix("sha256:")).read_bytes())
    for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True):
        stored = blobs / layer["digest"].removeprefix("sha256:")
        assert stored.stat().st_size == layer["size"]
        tar = gzip.decompress(stored.read_bytes())
        assert images.digest_of(tar) == diff_id
        assert len(names(tar)) == 1
