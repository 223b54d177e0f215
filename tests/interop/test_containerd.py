"""containerd itself: it reads what we write, and writes what we would have written."""

import json
import threading
from contextlib import closing
from pathlib import Path

import pytest

from exporter_core import BlobState, load_tree, open_store, verify_location
from exporter_core.graph import Node
from tests.images import StoreBuilder
from tests.interop.programs import (
    SAMPLE,
    Containerd,
    Listed,
    blob_digests,
    descriptor_of,
    export,
    find,
    members,
    read_json,
)

WEB = "docker.io/library/harbor-web:2.4"
LEGACY = "docker.io/library/legacy-api:1.9"
NESTED = "registry.example.com/platform/base:nested"
ZSTD = "ghcr.io/example/zstd-tool:0.3"
SPARSE = "docker.io/library/sparse-cache:7"
PINNED = next(
    root["annotations"]["io.containerd.image.name"]
    for root in json.loads((SAMPLE / "index.json").read_bytes())["manifests"]
    if "pinned" in str(root.get("annotations"))
)
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def platforms_of(name: str) -> set[str]:
    """The platforms in an image's indexes, as `ctr images ls` lists them: without os.version."""
    with closing(open_store(SAMPLE)) as store:
        nodes = [load_tree(store, find(SAMPLE, name))]
    found = set()
    while nodes:
        node = nodes.pop()
        nodes.extend(node.children or ())
        platform = node.platform
        if platform is not None and node.role in ("manifest", "attestation"):
            parts = [platform.os, platform.architecture, platform.variant]
            found.add("/".join(part for part in parts if part))
    return found


def expected(name: str) -> Listed:
    root = descriptor_of(find(SAMPLE, name))
    return Listed(name, root.media_type, str(root.digest), tuple(sorted(platforms_of(name))))


def listed(containerd: Containerd) -> list[Listed]:
    return sorted(
        (
            Listed(row.name, row.media_type, row.digest, tuple(sorted(row.platforms)))
            for row in containerd.images()
        ),
        key=lambda row: row.name,
    )


# containerd reads ours


@pytest.mark.parametrize("profile", ["oci", "v1"])
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(WEB, id="multi-platform"),
        pytest.param(LEGACY, id="docker schema 2"),
        pytest.param(NESTED, id="nested index"),
        pytest.param(ZSTD, id="zstd, single manifest"),
        pytest.param(PINNED, id="tag and digest"),
    ],
)
def test_ctr_imports_all_platforms(namespace: Containerd, tmp_path: Path, name: str, profile: str) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [name], profile=profile)
    namespace.load(archive, "--all-platforms")
    assert listed(namespace) == [expected(name)]
    assert blob_digests(archive) <= namespace.blobs()


@pytest.mark.parametrize("profile", ["oci", "v1"])
@pytest.mark.parametrize("name", [WEB, LEGACY], ids=["oci", "docker"])
def test_ctr_imports_one_platform(namespace: Containerd, tmp_path: Path, name: str, profile: str) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [name], "linux/amd64", profile=profile)
    namespace.load(archive, "--platform", "linux/amd64")
    assert listed(namespace) == [expected(name)]
    checked = namespace.ctr("images", "check").stdout.decode()
    assert "complete (" in checked
    assert blob_digests(archive) <= namespace.blobs()


def test_ctr_imports_two_platforms(namespace: Containerd, tmp_path: Path) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [WEB], "linux/arm64", "linux/arm/v7")
    namespace.load(archive, "--platform", "linux/arm/v7")
    assert listed(namespace) == [expected(WEB)]
    one = export(SAMPLE, tmp_path / "one.tar", [WEB], "linux/arm/v7")
    assert blob_digests(one) <= namespace.blobs()


def test_ctr_imports_several_images(namespace: Containerd, tmp_path: Path) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [WEB, LEGACY, ZSTD])
    namespace.load(archive, "--all-platforms")
    assert listed(namespace) == sorted(map(expected, [WEB, LEGACY, ZSTD]), key=lambda row: row.name)


def test_ctr_imports_a_name_that_is_a_tag(namespace: Containerd, tmp_path: Path) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", ["edge"])
    namespace.load(archive, "--base-name", "example.com/tool")
    assert [row.name for row in namespace.images()] == ["example.com/tool:edge"]


def test_ctr_refuses_the_rest_of_a_part(namespace: Containerd, tmp_path: Path) -> None:
    """The note that our plan bears: with --all-platforms, an index must be whole."""
    archive = export(SAMPLE, tmp_path / "image.tar", [WEB], "linux/amd64")
    assert b"not found" in namespace.load(archive, "--all-platforms", check=False).stderr


def test_ctr_and_sha512(namespace: Containerd, tmp_path: Path) -> None:
    """ctr 1.6 keeps every blob under its SHA-256 and then misses it; where it reads sha512, all is there."""
    builder = StoreBuilder()
    layers = [builder.layer({"etc/motd": "long\n"}, algorithm="sha512")]
    root = builder.manifest(builder.config(layers, algorithm="sha512"), layers, algorithm="sha512")
    builder.name("docker.io/library/long:1", root)
    archive = export(builder.write_layout(tmp_path / "store"), tmp_path / "image.tar", ["long:1"])
    done = namespace.load(archive, check=False)
    if done.returncode:
        assert f"content digest {root['digest']}: not found" in done.stderr.decode()
    else:
        assert blob_digests(archive) <= namespace.blobs()


# Ours is what containerd writes


EXPORTS = [
    pytest.param(WEB, ["--all-platforms"], [], {}, id="multi-platform"),
    pytest.param(WEB, ["--platform", "linux/amd64"], ["linux/amd64"], {}, id="one platform"),
    pytest.param(WEB, ["--platform", "linux/arm/v7"], ["linux/arm/v7"], {}, id="another platform"),
    pytest.param(
        WEB,
        ["--all-platforms", "--skip-manifest-json"],
        [],
        {"docker_manifest": False},
        id="no manifest.json",
    ),
    pytest.param(LEGACY, ["--all-platforms"], [], {}, id="docker schema 2"),
    pytest.param(LEGACY, ["--platform", "linux/arm64"], ["linux/arm64"], {}, id="docker, one platform"),
    pytest.param(ZSTD, ["--all-platforms"], [], {}, id="single manifest"),
    pytest.param(
        ZSTD, ["--platform", "linux/amd64"], ["linux/amd64"], {}, id="single manifest, its platform"
    ),
    pytest.param(PINNED, ["--all-platforms"], [], {}, id="tag and digest"),
    pytest.param(
        NESTED, ["--all-platforms", "--skip-manifest-json"], [], {"docker_manifest": False}, id="nested index"
    ),
]


@pytest.mark.parametrize(("name", "theirs", "platforms", "options"), EXPORTS)
def test_the_same_bytes(
    namespace: Containerd, tmp_path: Path, name: str, theirs: list[str], platforms: list[str], options: dict
) -> None:
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [name]), "--all-platforms")
    namespace.save(tmp_path / "theirs.tar", [name], *theirs)
    root = descriptor_of(find(SAMPLE, name))
    export(namespace.content, tmp_path / "ours.tar", [root], *platforms, **options)
    assert_same_but_for_the_index_type(tmp_path / "ours.tar", tmp_path / "theirs.tar")


def assert_same_but_for_the_index_type(ours: Path, theirs: Path) -> None:
    """containerd 2 writes the same bytes; before, index.json had no mediaType, and that is all."""
    if "mediaType" in read_json(theirs, "index.json"):
        assert ours.read_bytes() == theirs.read_bytes()
        return
    index = read_json(ours, "index.json")
    assert index.pop("mediaType") == INDEX_TYPE
    assert index == read_json(theirs, "index.json")
    mine, other = cut_out(ours, "index.json"), cut_out(theirs, "index.json")
    assert mine == other


def cut_out(archive: Path, name: str) -> tuple[bytes, bytes, bytes]:
    """The archive before the member, the member's header without size and checksum, the archive after it."""
    member = members(archive)[name]
    data = archive.read_bytes()
    header = data[member.offset : member.offset_data]
    after = member.offset_data + -(-member.size // 512) * 512
    return data[: member.offset], header[:124] + header[136:148] + header[156:], data[after:]


def test_several_images_differ_in_order_alone(namespace: Containerd, tmp_path: Path) -> None:
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [WEB, LEGACY, ZSTD]), "--all-platforms")
    namespace.save(tmp_path / "theirs.tar", [WEB, LEGACY, ZSTD], "--all-platforms")
    roots = [descriptor_of(find(SAMPLE, name)) for name in (WEB, LEGACY, ZSTD)]
    ours = export(namespace.content, tmp_path / "ours.tar", roots)
    theirs = tmp_path / "theirs.tar"
    assert list(members(ours)) == list(members(theirs))
    for document, key in (("index.json", "manifests"), ("manifest.json", None)):
        rows = [read_json(archive, document) for archive in (ours, theirs)]
        mine, other = (row[key] if key else row for row in rows)
        assert sorted(map(str, mine)) == sorted(map(str, other))


def test_ctr_cannot_write_dockers_manifest_of_a_nested_index(namespace: Containerd, tmp_path: Path) -> None:
    """We can; should theirs learn it, the bytes must be the same."""
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [NESTED]), "--all-platforms")
    done = namespace.save(tmp_path / "theirs.tar", [NESTED], "--all-platforms", check=False)
    ours = export(namespace.content, tmp_path / "ours.tar", [descriptor_of(find(SAMPLE, NESTED))])
    assert read_json(ours, "manifest.json")[0]["RepoTags"] == [NESTED]
    if done.returncode == 0:
        assert_same_but_for_the_index_type(ours, tmp_path / "theirs.tar")


# We read theirs


@pytest.mark.parametrize("name", [WEB, LEGACY, ZSTD, PINNED], ids=["oci", "docker", "single", "pinned"])
def test_an_archive_of_ctr_is_a_store(namespace: Containerd, tmp_path: Path, name: str) -> None:
    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [name]), "--all-platforms")
    theirs = tmp_path / "theirs.tar"
    namespace.save(theirs, [name], "--all-platforms")
    report = verify_location(theirs)
    assert report.problems == ()
    assert report.blobs == len(blob_digests(theirs))
    assert find(theirs, name) == find(SAMPLE, name)
    again = export(theirs, tmp_path / "again.tar", [name])
    assert again.read_bytes() == (tmp_path / "sample.tar").read_bytes()


def test_the_content_of_a_running_containerd(namespace: Containerd, tmp_path: Path) -> None:
    """Its folder opens as it is, also while blobs come in."""
    sparse = export(SAMPLE, tmp_path / "sparse.tar", [SPARSE], "linux/amd64")
    busy = threading.Event()

    def work() -> None:
        while not busy.is_set():
            namespace.load(sparse, "--platform", "linux/amd64")

    namespace.load(export(SAMPLE, tmp_path / "sample.tar", [WEB]), "--all-platforms")
    worker = threading.Thread(target=work)
    worker.start()
    try:
        root = descriptor_of(find(SAMPLE, WEB))
        with closing(open_store(namespace.content)) as store:
            assert store.kind == "content directory"
            assert store.images()  # the index.json of what was imported is a blob of its own
        for _ in range(5):
            ours = export(namespace.content, tmp_path / "ours.tar", [root])
            assert ours.read_bytes() == (tmp_path / "sample.tar").read_bytes()
    finally:
        busy.set()
        worker.join()


def test_what_was_pulled_for_one_platform_is_told_as_such(namespace: Containerd, tmp_path: Path) -> None:
    builder = StoreBuilder()
    builder.name("docker.io/library/part:1", builder.multi_platform(["linux/amd64", "linux/s390x"]))
    layout = builder.write_layout(tmp_path / "store")
    namespace.load(
        export(layout, tmp_path / "part.tar", ["part:1"], "linux/amd64"), "--platform", "linux/amd64"
    )
    root = find(layout, "part:1")
    with closing(open_store(namespace.content)) as store:
        amd64, s390x = load_tree(store, root).children or ()
    assert states(amd64) == {BlobState.PRESENT}
    assert states(s390x) == {BlobState.MISSING}


def states(node: Node) -> set[BlobState]:
    return {node.state, *(state for child in node.children or () for state in states(child))}
