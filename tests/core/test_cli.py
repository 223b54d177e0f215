"""The command line in-process: its JSON contracts, its text, how images are named."""

import hashlib
import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from exporter_core.cli import main
from resources import make_sample
from tests import images
from tests.images import StoreBuilder

SAMPLE = str(Path(make_sample.__file__).parent / "sample-store")
WEB = "docker.io/library/harbor-web:2.4"
NAME = "registry.example.com/team/app:1"

Json = Any


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    """Runs the command line: (exit code, stdout, stderr)."""

    def run(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(word) for word in words])
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def run_json(run):
    """Runs a command that must succeed, with --json: what it prints."""

    def run_json(*words: object) -> Json:
        code, out, err = run(*words, "--json")
        assert code == 0, err
        return json.loads(out)

    return run_json


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A layout with one image of two platforms."""
    builder = StoreBuilder()
    builder.name(NAME, builder.multi_platform())
    return builder.write_layout(tmp_path / "store")


def names(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        return tar.getnames()


# images


def test_images_json_has_the_promised_keys_and_the_stores_order(run_json) -> None:
    told = run_json("images", SAMPLE)
    index = json.loads((Path(SAMPLE) / "index.json").read_bytes())
    assert [image["digest"] for image in told] == [root["digest"] for root in index["manifests"]]
    for image in told:
        assert {"name", "digest", "mediaType", "size", "platforms", "complete"} <= set(image)
    assert [image["mediaType"] for image in told] == [root["mediaType"] for root in index["manifests"]]


def test_images_json_of_a_multi_platform_image(run_json) -> None:
    web = next(image for image in run_json("images", SAMPLE) if image["name"] == WEB)
    assert web["platforms"] == [
        "linux/amd64",
        "linux/arm64/v8",
        "linux/arm/v7",
        "windows(10.0.20348.2582)/amd64",
    ]
    assert web["complete"] is True
    assert web["incompletePlatforms"] == []
    assert web["problems"] == []


def test_images_json_size_counts_each_blob_once(run_json, store: Path) -> None:
    [image] = run_json("images", store)
    blobs = [path.stat().st_size for path in (store / "blobs" / "sha256").iterdir()]
    assert image["size"] == image["presentSize"] == sum(blobs)
    assert image["blobs"] == image["present"] == len(blobs)


def test_images_json_tells_what_is_incomplete(run_json) -> None:
    sparse = next(image for image in run_json("images", SAMPLE) if "sparse" in image["name"])
    assert sparse["complete"] is False
    assert sparse["incompletePlatforms"] == ["linux/arm64/v8"]
    assert sparse["presentSize"] < sparse["size"]
    assert {problem["kind"] for problem in sparse["problems"]} == {"MissingBlob"}
    assert all(problem["hint"] and problem["exitCode"] == 4 for problem in sparse["problems"])


def test_images_json_names_what_has_no_name_by_its_digest(run_json) -> None:
    signatures = [image for image in run_json("images", SAMPLE) if image["referrer"]]
    assert len(signatures) == 2
    assert all(image["name"] == image["digest"] and image["platforms"] == [] for image in signatures)


def test_images_json_of_an_empty_store_is_an_empty_list(run_json, tmp_path: Path) -> None:
    assert run_json("images", StoreBuilder().write_layout(tmp_path / "store")) == []


def test_images_json_lists_a_malformed_descriptor(run_json, tmp_path: Path) -> None:
    builder = StoreBuilder()
    builder.name(NAME, images.altered(builder.image(), digest="sha256:zz"))
    [image] = run_json("images", builder.write_layout(tmp_path / "store"))
    assert (image["name"], image["digest"], image["complete"]) == (NAME, "sha256:zz", False)


def test_images_text_is_a_table_in_which_nothing_is_cut(run) -> None:
    code, out, err = run("images", SAMPLE)
    lines = out.splitlines()
    assert code == 0
    assert err == ""
    assert lines[0].split() == ["NAME", "DIGEST", "SIZE", "PLATFORMS"]
    column = lines[0].index("DIGEST")
    for line, root in zip(
        lines[1:], json.loads(Path(SAMPLE, "index.json").read_bytes())["manifests"], strict=True
    ):
        assert line[column:].startswith(root["digest"] + " ")
    assert "…" not in out
    assert "linux/amd64, ◐ linux/arm64/v8 (incomplete)" in out
    assert "Sigstore bundle" in out


# names


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(WEB, id="full"),
        pytest.param("harbor-web:2.4", id="familiar"),
        pytest.param("docker.io/harbor-web:2.4", id="half-familiar"),
        pytest.param("library/harbor-web:2.4", id="library"),
        pytest.param("sha256:831fc1c9e36bd1ba7244892903a5ddaae51f2ac256bd683595b79146ac9f327c", id="digest"),
        pytest.param("sha256:831fc", id="prefix"),
        pytest.param("831fc1c9e36b", id="hex"),
    ],
)
def test_an_image_has_many_names(run_json, text: str) -> None:
    assert run_json("tree", SAMPLE, text)["digest"].startswith("sha256:831fc1c9e36b")


def test_a_manifest_inside_an_image_can_be_named_by_its_digest(run_json) -> None:
    web = run_json("tree", SAMPLE, WEB)
    child = web["children"][0]["digest"]
    assert run_json("tree", SAMPLE, child)["digest"] == child


def test_a_name_without_tag_means_latest(run_json, tmp_path: Path) -> None:
    builder = StoreBuilder()
    builder.name("docker.io/library/app:latest", builder.image())
    assert run_json("tree", builder.write_layout(tmp_path / "store"), "app")["role"] == "manifest"


def test_a_tag_alone_names_an_image(run_json) -> None:
    assert run_json("tree", SAMPLE, "edge")["role"] == "manifest"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("harbor-web:2.5", WEB, id="typo in the tag"),
        pytest.param("harbor-web", WEB, id="no tag"),
        pytest.param("docker.io/library/harbour-web:2.4", WEB, id="typo"),
        pytest.param("harbour-web:2.4", WEB, id="typo in a short name"),
        pytest.param("broken-job", "registry.example.com/team/broken-job:1", id="part"),
    ],
)
def test_a_wrong_name_gets_a_suggestion(run, text: str, meant: str) -> None:
    code, out, err = run("tree", SAMPLE, text)
    assert (code, out) == (4, "")
    assert f"no image {text} in " in err
    assert f"Did you mean {meant}" in err


# tree


def test_tree_json_is_the_whole_tree(run_json, store: Path) -> None:
    root = run_json("tree", store, NAME)
    assert set(root) == {
        "role", "label", "digest", "mediaType", "size", "platform", "state", "problem", "children",
    }  # fmt: skip
    assert (root["role"], root["state"], root["problem"]) == ("index", "present", None)
    assert [child["platform"] for child in root["children"]] == ["linux/amd64", "linux/arm64/v8"]
    assert [leaf["role"] for leaf in root["children"][0]["children"]] == ["config", "layer", "layer"]


def test_tree_text_draws_the_branches(run, store: Path) -> None:
    code, out, _ = run("tree", store, NAME)
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == NAME
    assert [re.split(r"(?<=\w)  ", line)[0] for line in lines[1:]] == [
        "● index",
        "├── ● manifest linux/amd64",
        "│   ├── ● config",
        "│   ├── ● layer 1/2",
        "│   └── ● layer 2/2",
        "└── ● manifest linux/arm64/v8",
        "    ├── ● config",
        "    ├── ● layer 1/2",
        "    └── ● layer 2/2",
    ]
    root = json.loads((store / "index.json").read_bytes())["manifests"][0]
    assert root["digest"] in lines[1]


def test_tree_text_says_each_state_in_a_word_too(run, tmp_path: Path) -> None:
    builder = StoreBuilder()
    gone, short, fine = (builder.layer({"f": str(i)}) for i in range(3))
    odd = images.altered(fine, digest="blake3:" + "ab" * 32)
    bad = images.altered(fine, digest="sha256:zz")
    builder.name(NAME, builder.manifest(builder.config([]), [gone, short, odd, bad, fine]))
    builder.drop(gone)
    builder.truncate(short)
    code, out, _ = run("tree", builder.write_layout(tmp_path / "store"), NAME)
    assert code == 0
    told = [line[4:].split("  ")[:2] for line in out.splitlines() if "layer " in line[:12]]
    assert told[0] == ["○ layer 1/5", "missing"]
    assert told[1] == ["◐ layer 2/5", "wrong size"]
    assert told[3] == ["✗ layer 4/5", "malformed"]
    assert told[4][0] == "● layer 5/5"
    assert f"{short['size'] - 1} bytes" in out


# export


def test_export_json_is_exactly_the_contract(run, store: Path, tmp_path: Path) -> None:
    target = tmp_path / "image.tar"
    code, out, _ = run("export", store, NAME, "--all-platforms", "-o", target, "--json")
    told = json.loads(out)
    assert code == 0
    assert set(told) == {"output", "bytes", "blobs", "seconds"}
    assert told["output"] == str(target)
    assert told["bytes"] == target.stat().st_size
    assert told["blobs"] == sum(name.count("/") == 2 for name in names(target))
    assert isinstance(told["seconds"], float)


def test_export_json_has_the_sum_only_when_asked(run, store: Path, tmp_path: Path) -> None:
    target = tmp_path / "image.tar"
    _, out, _ = run("export", store, NAME, "--all-platforms", "-o", target, "--json", "--checksum")
    told = json.loads(out)
    assert set(told) == {"output", "bytes", "blobs", "seconds", "sha256"}
    assert told["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()


@pytest.mark.parametrize("quiet", [(), ("-q",)], ids=["", "quiet"])
def test_export_checksum_prints_what_sha256sum_reads(run, store: Path, tmp_path: Path, quiet) -> None:
    target = tmp_path / "image.tar"
    code, out, _ = run("export", store, NAME, "--all-platforms", "-o", target, "--checksum", *quiet)
    assert code == 0
    assert out == f"{hashlib.sha256(target.read_bytes()).hexdigest()}  {target}\n"


def test_each_note_of_a_plan_has_its_kind(run_json) -> None:
    plan = run_json("export", SAMPLE, WEB, "--plan", "--platform", "linux/amd64")
    assert plan["noteKinds"] == ["lists-left-out"]
    assert "its index still lists platforms" in plan["notes"][0]


def test_export_plan_json_is_the_archive_to_be(run_json, store: Path, tmp_path: Path) -> None:
    plan = run_json("export", store, NAME, "--all-platforms", "--plan")
    assert {"bytes", "entries", "problems"} <= set(plan)
    assert plan["problems"] == []
    target = tmp_path / "image.tar"
    run_json("export", store, NAME, "--all-platforms", "-o", target)
    assert plan["bytes"] == target.stat().st_size
    with tarfile.open(target) as tar:
        members = [(m.name, m.mode, m.size) for m in tar]
    assert [(e["name"].rstrip("/"), e["mode"], e["size"]) for e in plan["entries"]] == members
    for entry in plan["entries"]:
        assert set(entry) == {"name", "mode", "size", "digest"}
        is_blob = entry["name"].count("/") == 2 and not entry["name"].endswith("/")
        assert entry["digest"] == (entry["name"][6:].replace("/", ":") if is_blob else None)


def test_export_plan_tells_every_problem_at_once_and_writes_nothing(run, tmp_path: Path) -> None:
    target = tmp_path / "image.tar"
    words = ("export", SAMPLE, "sparse-cache:7", "--all-platforms", "--plan", "-o", target)
    code, out, _ = run(*words, "--json")
    problems = json.loads(out)["problems"]
    assert code == 4
    assert [problem["kind"] for problem in problems] == ["MissingBlob", "MissingBlob"]
    owners = [problem["owner"] for problem in problems]
    image = "docker.io/library/sparse-cache:7"
    assert owners == [f"layer 1 of linux/arm64/v8 of {image}", f"layer 2 of linux/arm64/v8 of {image}"]
    code, out, err = run(*words)
    assert code == 4
    assert err.count("problem: ") == 2
    assert err.count("Fetch the whole image again") == 1  # a hint that two share is said once
    assert not target.exists()


def test_export_plan_text_ends_with_the_exact_size(run, store: Path) -> None:
    code, out, _ = run("export", store, NAME, "--all-platforms", "--plan")
    *rows, last = out.splitlines()
    assert code == 0
    assert last.split()[1] == "bytes"
    assert last.endswith(f"in {len(rows)} entries")
    assert rows[0].split() == ["0755", "0", "blobs/"]


def test_export_options_may_stand_anywhere(run, tmp_path: Path) -> None:
    one, two = tmp_path / "1.tar", tmp_path / "2.tar"
    platform = ("--platform", "linux/amd64")
    assert run("export", SAMPLE, WEB, "legacy-api:1.9", "-o", one, *platform)[0] == 0
    assert run("export", "-q", *platform, SAMPLE, WEB, "-o", two, "legacy-api:1.9")[0] == 0
    assert one.read_bytes() == two.read_bytes()


def test_export_profiles_and_what_may_be_left_out(run, store: Path, tmp_path: Path) -> None:
    def members(*options: str) -> list[str]:
        target = tmp_path / "image.tar"
        assert run("export", store, NAME, "-o", target, "--all-platforms", "--force", *options)[0] == 0
        return names(target)

    assert {"manifest.json", "index.json", "oci-layout"} <= set(members())
    assert "manifest.json" not in members("--no-docker-manifest")
    assert "manifest.json" not in members("--profile", "v1")


def test_export_skips_what_may_not_be_distributed(run, tmp_path: Path) -> None:
    builder = StoreBuilder()
    foreign = builder.layer({"f": "x"}, foreign=True)
    builder.name(NAME, builder.manifest(builder.config([foreign]), [foreign]))
    builder.drop(foreign)
    store, target = builder.write_layout(tmp_path / "store"), tmp_path / "image.tar"
    code, _, err = run("export", store, NAME, "-o", target)
    assert code == 4
    assert "--skip-non-distributable" in err
    assert run("export", store, NAME, "-o", target, "--skip-non-distributable")[0] == 0


def test_export_force_replaces_a_file(run, store: Path, tmp_path: Path) -> None:
    target = tmp_path / "image.tar"
    target.write_bytes(b"old")
    assert run("export", store, NAME, "-o", target, "--all-platforms", "--force")[0] == 0
    assert target.stat().st_size > 1000


@pytest.mark.parametrize("form", ["inline", "file"])
@pytest.mark.parametrize("kind", ["layout", "bare"])
@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
def test_export_by_descriptor(run, tmp_path: Path, form: str, kind: str, typed: bool) -> None:
    builder = StoreBuilder()
    root = {**builder.multi_platform(), "annotations": images.name_annotations(NAME)}
    argument = json.dumps(root if typed else images.altered(root, mediaType=None))
    if form == "file":
        (tmp_path / "root.json").write_text(argument)
        argument = f"@{tmp_path / 'root.json'}"
    write = builder.write_bare if kind == "bare" else builder.write_layout
    target = tmp_path / "image.tar"
    store = write(tmp_path / "store")
    code, _, err = run("export", store, "--descriptor", argument, "--all-platforms", "-o", target)
    assert code == 0, err
    with tarfile.open(target) as tar:
        index = json.load(tar.extractfile("index.json") or io.BytesIO())
        docker = json.load(tar.extractfile("manifest.json") or io.BytesIO())
    [listed] = index["manifests"]
    assert (listed["mediaType"], listed["digest"]) == (images.OCI_INDEX, root["digest"])
    assert listed["annotations"] == root["annotations"]
    assert docker[0]["RepoTags"] == [NAME]


# verify


def test_verify_json_of_a_good_archive(run, run_json, store: Path, tmp_path: Path) -> None:
    target = tmp_path / "image.tar"
    told = run_json("export", store, NAME, "--all-platforms", "-o", target, "--checksum")
    report = run_json("verify", target, "--sha256", told["sha256"])
    assert report["ok"] is True
    assert (report["blobs"], report["images"], report["problems"]) == (told["blobs"], 1, [])
    assert report["kind"] == "OCI archive"
    code, _, err = run("verify", target, "--sha256", "0" * 64)
    assert code == 4
    assert "the archive's SHA-256 is " in err


def test_verify_of_the_sample_store_finds_what_is_wrong_in_it(run) -> None:
    code, out, err = run("verify", SAMPLE, "--json")
    report = json.loads(out)
    assert code == 4
    assert err == ""
    assert report["ok"] is False
    assert [p["kind"] for p in report["problems"]] == ["DigestMismatch", "MissingBlob", "MissingBlob"]


def test_verify_text_tells_each_blob_and_the_verdict(run, store: Path) -> None:
    code, out, err = run("verify", store)
    blobs = len(list((store / "blobs" / "sha256").iterdir()))
    assert code == 0
    assert err.count("hashed sha256:") == blobs
    assert out.startswith(f"verified {store}: {blobs} blobs, ")
    assert run("verify", store, "-q") == (0, "", "")
