"""The bundled sample store has what its README promises, read by the standard library alone."""

import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resources import make_sample
from tests import images

STORE = Path(make_sample.__file__).parent / "sample-store"
README = STORE.parent / "README.md"
MADE_WITH_ZLIB = "1.2.13"  # another zlib may compress differently: the same store under other digests
WEB = "docker.io/library/harbor-web:2.4"

Json = dict[str, Any]


def blob_path(store: Path, descriptor: Json) -> Path:
    digest: str = descriptor["digest"]
    return store / "blobs" / digest.replace(":", "/")


def read(descriptor: Json, store: Path = STORE) -> Any:
    return json.loads(blob_path(store, descriptor).read_bytes())


def roots(store: Path = STORE) -> list[Json]:
    found: list[Json] = json.loads((store / "index.json").read_bytes())["manifests"]
    return found


def image(name: str) -> Json:
    """The root of an image by its name, of which a part from the start is enough."""
    named = [
        root for root in roots() if root.get("annotations", {}).get(images.IMAGE_NAME, "").startswith(name)
    ]
    assert len(named) == 1
    return named[0]


def platforms(index: Json) -> list[str]:
    """os/architecture[/variant] of an index's entries, without attestations."""
    given = [child["platform"] for child in read(index)["manifests"]]
    parts = [[p["os"], p["architecture"], *([p["variant"]] if "variant" in p else [])] for p in given]
    return ["/".join(part) for part in parts if part[0] != "unknown"]


def children(descriptor: Json, store: Path) -> list[Json]:
    """What a descriptor leads to, by its media type; nothing where the document is not there."""
    if descriptor["mediaType"] in (images.OCI_INDEX, images.DOCKER_LIST):
        return list(read(descriptor, store)["manifests"])
    if descriptor["mediaType"] in (images.OCI_MANIFEST, images.DOCKER_MANIFEST):
        manifest = read(descriptor, store)
        return [manifest["config"], *manifest["layers"]]
    return []


def walk(descriptors: list[Json], store: Path = STORE) -> Iterator[Json]:
    for descriptor in descriptors:
        yield descriptor
        yield from walk(children(descriptor, store), store)


def layer_names(layer: Json) -> list[str]:
    data = gzip.decompress(blob_path(STORE, layer).read_bytes())
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return tar.getnames()


def verifies(descriptor: Json) -> bool:
    data = blob_path(STORE, descriptor).read_bytes()
    assert len(data) == descriptor["size"]
    return images.digest_of(data) == str(descriptor["digest"])


def damaged() -> Json:
    layer: Json = read(image("registry.example.com/team/broken-job:1"))["layers"][1]
    return layer


def missing() -> set[str]:
    arm = read(image("docker.io/library/sparse-cache:7"))["manifests"][1]
    return {layer["digest"] for layer in read(arm)["layers"]}


# the store as a whole


def test_it_is_small_and_pure() -> None:
    files = [path for path in STORE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 300_000
    assert {path.name for path in STORE.iterdir()} == {"blobs", "index.json", "oci-layout"}
    assert json.loads((STORE / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}


def test_every_blob_is_there_and_true_but_for_the_two_promised_flaws() -> None:
    met = {descriptor["digest"]: descriptor for descriptor in walk(roots())}
    stored = {f"sha256:{path.name}" for path in (STORE / "blobs" / "sha256").iterdir()}
    assert set(met) - stored == missing()
    assert stored - set(met) == set()
    assert [digest for digest in sorted(stored) if not verifies(met[digest])] == [damaged()["digest"]]


def test_every_layer_has_its_diff_id_and_its_line_of_history() -> None:
    for descriptor in walk(roots()):
        if descriptor["mediaType"] not in (images.OCI_MANIFEST, images.DOCKER_MANIFEST):
            continue
        manifest = read(descriptor)
        config = read(manifest["config"])
        if config.get("os", "unknown") == "unknown":
            continue
        assert len(config["rootfs"]["diff_ids"]) == len(manifest["layers"])
        assert len([step for step in config["history"] if not step.get("empty_layer")]) == len(
            manifest["layers"]
        )
        for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True):
            if layer["mediaType"].endswith("gzip") and layer["digest"] not in missing() | {
                damaged()["digest"]
            }:
                tar = gzip.decompress(blob_path(STORE, layer).read_bytes())
                assert f"sha256:{hashlib.sha256(tar).hexdigest()}" == diff_id


def test_making_it_again_gives_the_same_store(tmp_path: Path) -> None:
    make_sample.main([str(tmp_path)])
    assert meaning(tmp_path) == meaning(STORE)
    if zlib.ZLIB_RUNTIME_VERSION == MADE_WITH_ZLIB:
        assert contents(tmp_path) == contents(STORE)


def contents(store: Path) -> dict[str, bytes]:
    return {str(path.relative_to(store)): path.read_bytes() for path in store.rglob("*") if path.is_file()}


def meaning(store: Path) -> list[str]:
    """The tree in the order of a walk, without what depends on how well a zlib compresses."""
    found = [normal((store / "index.json").read_bytes())]
    for descriptor in walk(roots(store), store):
        path = blob_path(store, descriptor)
        found.append(
            descriptor["mediaType"] + " " + (normal(path.read_bytes()) if path.exists() else "missing")
        )
    return found


def normal(data: bytes) -> str:
    if data[:2] == b"\x1f\x8b":
        try:
            return hashlib.sha256(gzip.decompress(data)).hexdigest()
        except (OSError, EOFError, zlib.error):
            return "damaged"
    text = re.sub(r"[0-9a-f]{64}", "HEX", data.decode(errors="replace"))
    text = re.sub(r'"(size|payload|sig)":("[^"]*"|\d+)', r'"\1":0', text)  # a payload holds a digest, too
    return text


# what each image shows


def test_the_readme_names_every_image() -> None:
    text = README.read_text(encoding="utf-8")
    for root in roots():
        annotations = root.get("annotations", {})
        assert annotations.get(images.IMAGE_NAME, "").partition("@")[0] in text
    assert {"icons", "make_sample.py"} <= {path.name for path in README.parent.iterdir()}


def test_harbor_web_has_four_platforms() -> None:
    index = image(WEB)
    assert index["mediaType"] == images.OCI_INDEX
    assert platforms(index) == ["linux/amd64", "linux/arm64/v8", "linux/arm/v7", "windows/amd64"]
    assert read(index)["manifests"][3]["platform"]["os.version"] == "10.0.20348.2582"
    for child in read(index)["manifests"][:4]:
        config = read(read(child)["config"])
        assert config["architecture"] == child["platform"]["architecture"]
        assert 3 <= len(read(child)["layers"]) <= 5
        assert any(step.get("empty_layer") for step in config["history"])
        assert {"Env", "Entrypoint", "ExposedPorts", "Labels"} <= set(config["config"])
        assert config["config"]["Labels"]["org.opencontainers.image.version"] == "2.4"


def test_harbor_web_deletes_files_and_empties_directories() -> None:
    for child in read(image(WEB))["manifests"][:4]:
        names = [name for layer in read(child)["layers"] for name in layer_names(layer)]
        bases = [name.rpartition("/")[2] for name in names]
        assert any(base.startswith(".wh.") and base != ".wh..wh..opq" for base in bases)
        if child["platform"]["os"] == "linux":
            assert ".wh..wh..opq" in bases
            assert {"etc/os-release", "bin/hello", "usr/share/doc/hello/README.md"} <= set(names)


def test_harbor_web_has_attestations_for_its_linux_platforms() -> None:
    manifests = read(image(WEB))["manifests"]
    linux = [child["digest"] for child in manifests if child["platform"]["os"] == "linux"]
    attestations = [child for child in manifests if child["platform"]["os"] == "unknown"]
    assert [a["annotations"]["vnd.docker.reference.digest"] for a in attestations] == linux
    for attestation in attestations:
        assert attestation["platform"] == {"architecture": "unknown", "os": "unknown"}
        assert attestation["annotations"]["vnd.docker.reference.type"] == "attestation-manifest"
        statements = [read(layer) for layer in read(attestation)["layers"]]
        assert [s["predicateType"] for s in statements] == [
            "https://spdx.dev/Document",
            "https://slsa.dev/provenance/v0.2",
        ]
        subject = attestation["annotations"]["vnd.docker.reference.digest"].removeprefix("sha256:")
        assert {s["subject"][0]["digest"]["sha256"] for s in statements} == {subject}


def test_two_signatures_by_two_conventions() -> None:
    web = image(WEB)
    by_subject, by_annotation = (root for root in roots() if "artifactType" in root)
    assert "annotations" not in by_subject
    assert read(by_subject)["subject"]["digest"] == web["digest"]
    assert read(by_subject)["artifactType"] == by_subject["artifactType"]
    amd64 = read(web)["manifests"][0]["digest"]
    assert by_annotation["annotations"] == {images.MANIFEST_SUBJECT: amd64}
    assert read(by_annotation)["subject"]["digest"] == amd64


def test_legacy_api_is_docker_schema_2_throughout() -> None:
    root = image("docker.io/library/legacy-api:1.9")
    assert root["mediaType"] == images.DOCKER_LIST
    assert platforms(root) == ["linux/amd64", "linux/arm64/v8"]
    kinds = {descriptor["mediaType"] for descriptor in walk([root])}
    assert kinds == {
        images.DOCKER_LIST,
        images.DOCKER_MANIFEST,
        images.DOCKER_CONFIG,
        images.DOCKER_LAYER + ".gzip",
    }


def test_base_is_nested_and_shared() -> None:
    inner = read(image("registry.example.com/platform/base:nested"))["manifests"]
    assert {child["mediaType"] for child in inner} == {images.OCI_INDEX}
    assert [platforms(child) for child in inner] == [
        ["linux/amd64", "linux/arm64/v8"],
        ["linux/ppc64le", "linux/s390x"],
    ]
    first = read(read(inner[0])["manifests"][0])["layers"][0]
    assert first in read(read(image(WEB))["manifests"][0])["layers"]


def test_zstd_tool_has_a_zstd_layer() -> None:
    layers = read(image("ghcr.io/example/zstd-tool:0.3"))["layers"]
    assert [layer["mediaType"].rpartition("+")[2] for layer in layers] == ["gzip", "zstd"]
    data = blob_path(STORE, layers[1]).read_bytes()
    assert data[:4] == b"\x28\xb5\x2f\xfd"
    zstd = pytest.importorskip("backports.zstd")
    with tarfile.open(fileobj=io.BytesIO(zstd.decompress(data))) as tar:
        assert "usr/bin/ztool" in tar.getnames()


def test_sparse_cache_lacks_the_layers_of_one_platform() -> None:
    amd64, arm64 = read(image("docker.io/library/sparse-cache:7"))["manifests"]
    assert all(blob_path(STORE, d).exists() for d in walk([amd64]))
    assert blob_path(STORE, read(arm64)["config"]).exists()
    assert not any(blob_path(STORE, layer).exists() for layer in read(arm64)["layers"])


def test_broken_job_differs_in_one_byte() -> None:
    stored = bytearray(blob_path(STORE, damaged()).read_bytes())
    stored[2048] ^= 0xFF
    assert f"sha256:{hashlib.sha256(stored).hexdigest()}" == damaged()["digest"]
    assert len(stored) == damaged()["size"]


def test_names_of_every_kind() -> None:
    pinned = image("registry.example.com/team/pinned:1.2@sha256:")
    annotations = pinned["annotations"]
    assert annotations[images.IMAGE_NAME] == f"registry.example.com/team/pinned:1.2@{pinned['digest']}"
    assert annotations[images.REF_NAME] == f"1.2@{pinned['digest']}"
    assert [
        root["annotations"] for root in roots() if list(root.get("annotations", {})) == [images.REF_NAME]
    ] == [{images.REF_NAME: "edge"}]
    nameless = [root for root in roots() if not root.keys() & {"annotations", "artifactType"}]
    assert len(nameless) == 1
    assert nameless[0]["mediaType"] == images.OCI_MANIFEST


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")
@pytest.mark.parametrize(
    "tag", ["2.4", "nested", "0.3", "7", "1", "edge"]
)  # skopeo's oci: takes no Docker types
def test_skopeo_reads_it(tag: str) -> None:
    command = ["skopeo", "inspect", "--raw", f"oci:{STORE}:{tag}"]
    shown = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    root = next(root for root in roots() if root.get("annotations", {}).get(images.REF_NAME) == tag)
    assert shown == blob_path(STORE, root).read_bytes()
