"""skopeo reads our archives, as OCI's and as Docker's (as `docker load` would), and we read its own."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from exporter_core import ExportOptions, open_store, plan_export, run_export, verify_location
from exporter_core.commands import load_commands
from exporter_core.graph import find_image
from exporter_core.platforms import parse
from tests.images import StoreBuilder
from tests.interop.programs import (
    SAMPLE,
    as_descriptor,
    blob_digests,
    descriptor_of,
    export,
    find,
    needed,
    read_blob,
    read_json,
    skopeo,
)

WEB = "docker.io/library/harbor-web:2.4"
LEGACY = "docker.io/library/legacy-api:1.9"
NESTED = "registry.example.com/platform/base:nested"
ZSTD = "ghcr.io/example/zstd-tool:0.3"

NAMES = [
    pytest.param(WEB, id="multi-platform"),
    pytest.param(LEGACY, id="docker schema 2"),
    pytest.param(NESTED, id="nested index"),
    pytest.param(ZSTD, id="zstd, single manifest"),
]


@pytest.fixture(autouse=True)
def _skopeo() -> None:
    needed("skopeo")


def reference(archive: Path, name: str) -> str:
    """The image in the archive, by its tag where skopeo can: it looks Docker's own types up by no name."""
    tag = "" if name == LEGACY else ":" + name.rpartition(":")[2]
    return f"oci-archive:{archive}{tag}"


# As an OCI archive


@pytest.mark.parametrize("profile", ["oci", "v1"])
@pytest.mark.parametrize("name", NAMES)
def test_an_image_is_found_by_its_tag(tmp_path: Path, name: str, profile: str) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [name], profile=profile)
    raw = skopeo("inspect", "--raw", reference(archive, name)).stdout
    assert raw == read_blob(archive, str(descriptor_of(find(SAMPLE, name)).digest))
    assert b"choose an image" not in raw


def test_each_of_several_images_is_found_by_its_tag(tmp_path: Path) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [WEB, LEGACY, "edge"])
    for name in (WEB, "edge"):
        raw = skopeo("inspect", "--raw", reference(archive, name)).stdout
        assert raw == read_blob(archive, str(descriptor_of(find(SAMPLE, name)).digest))


def test_inspect_shows_the_platform(tmp_path: Path) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [WEB], "linux/amd64")
    shown = json.loads(skopeo("inspect", f"oci-archive:{archive}:2.4").stdout)
    assert (shown["Os"], shown["Architecture"]) == ("linux", "amd64")
    assert set(shown["Layers"]) <= blob_digests(archive)


@pytest.mark.parametrize("name", [WEB, LEGACY], ids=["oci", "docker"])
def test_copying_everything_checks_every_blob(tmp_path: Path, name: str) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [name])
    skopeo("copy", "--all", "--quiet", reference(archive, name), f"dir:{tmp_path / 'dir'}")
    copied = {f"sha256:{path.name}" for path in (tmp_path / "dir").iterdir() if len(path.name) == 64}
    manifests = len(list((tmp_path / "dir").glob("*.manifest.json"))) + 1
    assert copied <= blob_digests(archive)
    assert len(copied) + manifests == len(blob_digests(archive))


# As docker save's archive


@pytest.mark.parametrize("name", NAMES)
def test_docker_reads_the_names(tmp_path: Path, name: str) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [name])
    tags = json.loads(skopeo("list-tags", f"docker-archive:{archive}").stdout)["Tags"]
    assert tags == [name.removeprefix("docker.io/library/")]


def test_docker_reads_the_names_of_several_images(tmp_path: Path) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [WEB, LEGACY, NESTED])
    tags = json.loads(skopeo("list-tags", f"docker-archive:{archive}").stdout)["Tags"]
    assert tags == ["harbor-web:2.4", "legacy-api:1.9", NESTED]


@pytest.mark.parametrize("name", NAMES)
def test_docker_reads_the_image(tmp_path: Path, name: str) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [name])
    familiar = name.removeprefix("docker.io/library/")
    config = skopeo("inspect", "--config", "--raw", f"docker-archive:{archive}:{familiar}").stdout
    row = read_json(archive, "manifest.json")[0]
    assert config == read_blob(archive, row["Config"][6:].replace("/", ":"))
    assert json.loads(config)["architecture"] == "amd64"


@pytest.mark.parametrize(
    ("platform", "shown"),
    [
        pytest.param("linux/amd64", ("linux", "amd64"), id="amd64"),
        pytest.param("linux/arm64", ("linux", "arm64"), id="arm64"),
        pytest.param("linux/arm/v7", ("linux", "arm"), id="arm"),
        pytest.param("windows/amd64", ("windows", "amd64"), id="windows"),
    ],
)
def test_docker_reads_the_platform_that_was_chosen(
    tmp_path: Path, platform: str, shown: tuple[str, str]
) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [WEB], platform)
    config = json.loads(skopeo("inspect", "--config", "--raw", f"docker-archive:{archive}").stdout)
    assert (config["os"], config["architecture"]) == shown


@pytest.mark.parametrize("name", [WEB, LEGACY, NESTED], ids=["oci", "docker", "nested"])
def test_docker_reads_every_layer(tmp_path: Path, name: str) -> None:
    """The copy unpacks each layer and holds it against the config's diff_ids."""
    archive = export(SAMPLE, tmp_path / "image.tar", [name])
    skopeo("copy", "--quiet", f"docker-archive:{archive}", f"dir:{tmp_path / 'dir'}")
    copied = json.loads((tmp_path / "dir" / "manifest.json").read_bytes())
    config = json.loads(read_blob(archive, copied["config"]["digest"]))
    assert [layer["digest"] for layer in copied["layers"]] == config["rootfs"]["diff_ids"]


def test_without_dockers_manifest_docker_finds_nothing(tmp_path: Path) -> None:
    archive = export(SAMPLE, tmp_path / "image.tar", [WEB], docker_manifest=False)
    assert b"manifest.json" in skopeo("list-tags", f"docker-archive:{archive}", check=False).stderr


@pytest.mark.parametrize("chosen", ["linux/arm/v7", "linux/arm64/v8", "windows(10.0.20348.2582)/amd64"])
def test_the_command_that_is_offered_for_one_platform_works(tmp_path: Path, chosen: str) -> None:
    """Without its flags skopeo looks for the platform of its own machine, and finds its blobs left out."""
    archive = tmp_path / "image.tar"
    with closing(open_store(SAMPLE)) as store:
        plan = plan_export(
            store, [find_image(store, WEB)], ExportOptions((parse(chosen),), host=parse("linux/amd64"))
        )
        run_export(plan, store, archive)
    line = next(c.line for c in load_commands(str(archive), plan) if c.program == "skopeo")
    words = line.replace("docker://REGISTRY/NAME:TAG", f"dir:{tmp_path / 'dir'}").split()
    skopeo(*words[1:])
    copied = json.loads((tmp_path / "dir" / "manifest.json").read_bytes())
    config = json.loads(read_blob(archive, copied["config"]["digest"]))
    assert (config["os"], config["architecture"]) == (parse(chosen).os, parse(chosen).architecture)
    plain = words[words.index("copy") :]
    assert b"no such file" in skopeo(*plain, check=False).stderr.lower()


# We read skopeo's


@pytest.mark.parametrize("kind", ["oci-archive", "oci"])
@pytest.mark.parametrize("name", [WEB, ZSTD], ids=["index", "manifest"])
def test_what_skopeo_wrote_is_a_store(tmp_path: Path, name: str, kind: str) -> None:
    ours = export(SAMPLE, tmp_path / "ours.tar", [name])
    theirs = tmp_path / "theirs"
    skopeo("copy", "--all", "--quiet", reference(ours, name), f"{kind}:{theirs}:copied")
    assert verify_location(theirs).problems == ()
    image = find(theirs, "copied")
    assert descriptor_of(image).digest == descriptor_of(find(SAMPLE, name)).digest
    again = export(theirs, tmp_path / "again.tar", ["copied"])
    assert blob_digests(again) == blob_digests(ours)
    for digest in blob_digests(ours):
        assert read_blob(again, digest) == read_blob(ours, digest)


def test_one_platform_that_skopeo_took(tmp_path: Path) -> None:
    ours = export(SAMPLE, tmp_path / "ours.tar", [WEB])
    theirs = tmp_path / "theirs.tar"
    skopeo("copy", "--quiet", f"oci-archive:{ours}:2.4", f"oci-archive:{theirs}:one")
    again = export(theirs, tmp_path / "again.tar", ["one"], "linux/amd64")
    [listed] = read_json(again, "index.json")["manifests"]
    assert as_descriptor(listed).digest == descriptor_of(find(theirs, "one")).digest
    assert json.loads(skopeo("inspect", f"oci-archive:{again}:one").stdout)["Architecture"] == "amd64"


def test_an_archive_through_skopeo_and_back_is_the_same(tmp_path: Path) -> None:
    """Index, manifests, configs and layers survive both programs, and under the same name every byte."""
    builder = StoreBuilder()
    builder.ref("there", builder.multi_platform())
    ours = export(builder.write_layout(tmp_path / "store"), tmp_path / "ours.tar", ["there"])
    theirs = tmp_path / "theirs.tar"
    skopeo("copy", "--all", "--quiet", f"oci-archive:{ours}:there", f"oci-archive:{theirs}:there")
    again = export(theirs, tmp_path / "again.tar", ["there"])
    assert again.read_bytes() == ours.read_bytes()
