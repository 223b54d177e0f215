"""Bad input on the command line: the exit code, what is said of it, and nothing left beside the target."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter_core.cli import main
from tests import images
from tests.images import StoreBuilder

NAME = "registry.example.com/team/app:1"
MANIFEST_V1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
USAGE, STORE, CONTENT, PLATFORM, TARGET = 2, 3, 4, 5, 6

Build = Callable[[StoreBuilder], object]
Make = Callable[[Path], Path]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "image.tar"


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str], target: Path):
    """Runs words that must fail with `code`: what it says. Nothing may be printed or left behind."""

    def fails(code: int, *words: object) -> str:
        before = {path: path.read_bytes() for path in target.parent.rglob("*") if path.is_file()}
        capsys.readouterr()
        assert main([str(word) for word in words]) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("shipglass: ")
        assert "Traceback" not in err
        assert {p: p.read_bytes() for p in target.parent.rglob("*") if p.is_file()} == before
        return err

    return fails


def good(path: Path) -> Path:
    """A layout with NAME, an image of two platforms, beside another one."""
    builder = StoreBuilder()
    builder.name(NAME, builder.multi_platform())
    builder.name("docker.io/library/other:1", builder.image([{"other": "x"}]))
    return builder.write_layout(path)


# What is given as STORE


def an_empty_folder(path: Path) -> Path:
    path.mkdir()
    return path


def a_text_file(path: Path) -> Path:
    path.write_text("hello\n" * 200)
    return path


def a_gzip_of_no_archive(path: Path) -> Path:
    path.write_bytes(gzip.compress(b"only a text\n" * 100))
    return path


def a_tar_of_something_else(path: Path) -> Path:
    path.write_bytes(images.layer_tar({"etc/motd": "hi"}))
    return path


def index(text: str) -> Make:
    """A layout whose index.json is `text`."""

    def make(path: Path) -> Path:
        (good(path) / "index.json").write_text(text)
        return path

    return make


def a_podman_storage(path: Path) -> Path:
    (path / "overlay-images").mkdir(parents=True)
    (path / "overlay-images" / "images.json").write_text("[]")
    return path


STORES = [
    pytest.param(lambda path: path, "there is nothing at ", id="missing"),
    pytest.param(an_empty_folder, "is not a content store", id="empty folder"),
    pytest.param(a_text_file, "is not a tar archive", id="text file"),
    pytest.param(lambda path: Path("/dev/null"), "is not a tar archive", id="device"),
    pytest.param(a_gzip_of_no_archive, "tar", id="gzip of no archive"),
    pytest.param(a_tar_of_something_else, "without index.json", id="another tar"),
    pytest.param(a_podman_storage, "podman --root ", id="podman's storage"),
    pytest.param(index("{"), "index.json is not JSON", id="index cut short"),
    pytest.param(index(""), "index.json is not JSON", id="index empty"),
    pytest.param(index("[]"), "index.json", id="index a list"),
    pytest.param(index('{"manifests": 7}'), "manifests", id="manifests a number"),
    pytest.param(index("[" * 100_000), "nested too deeply", id="index nested"),
    pytest.param(index('{"schemaVersion": 2, "manifests": []} x'), "index.json", id="data after the index"),
]


@pytest.mark.parametrize(("make", "says"), STORES)
@pytest.mark.parametrize("command", ["images", "tree", "export"])
def test_no_store(fails, tmp_path: Path, target: Path, command: str, make: Make, says: str) -> None:
    store = make(tmp_path / "store")
    words = {"tree": [NAME], "export": [NAME, "-o", target]}.get(command, [])
    err = fails(STORE, command, store, *words)
    assert says in err
    assert err.count("\n") == 2  # what, and what to do


@pytest.mark.parametrize(("make", "says"), STORES)
def test_verify_of_no_store(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, make: Make, says: str
) -> None:
    """A broken index is one problem among those that verify lists; the rest cannot be opened at all."""
    assert main(["verify", "-q", str(make(tmp_path / "store"))]) == STORE
    assert says in capsys.readouterr().err


# What is given as IMAGE and options


ARGUMENTS = [
    pytest.param(["nope"], CONTENT, "no image nope", id="unknown image"),
    pytest.param(["sha256:" + "0" * 64], CONTENT, "no image sha256:000", id="unknown digest"),
    pytest.param(["Not A Name"], CONTENT, "no image Not A Name", id="no name at all"),
    pytest.param([""], CONTENT, "no image", id="empty name"),
    pytest.param(["sha256"], USAGE, "could mean 2 images", id="ambiguous digest"),
    pytest.param([], USAGE, "no image was named", id="no image"),
    pytest.param([NAME, "--descriptor", "{}"], USAGE, "both images and a --descriptor", id="both"),
    pytest.param([NAME, "--descriptor", ""], USAGE, "both images and a --descriptor", id="both, one empty"),
    pytest.param([NAME, "--platform", "no/such/plat/form"], PLATFORM, "no/such/plat/form", id="four parts"),
    pytest.param([NAME, "--platform", ""], PLATFORM, "'' is not a platform", id="empty platform"),
    pytest.param([NAME, "--platform", "li nux"], PLATFORM, "'li nux'", id="platform with a space"),
    pytest.param([NAME, "--platform", "linux/amd64,linux/arm64"], PLATFORM, "once for each", id="a list"),
    pytest.param(
        [NAME, "--platform", "linux/s390x"], PLATFORM, "has no manifest for linux/s390x", id="absent"
    ),
    pytest.param(
        [NAME, "--platform", "linux/amd64", "--platform", "linux/s390x"],
        PLATFORM,
        "linux/s390x",
        id="one of two",
    ),
    pytest.param(
        [NAME, "--platform", "linux", "--all-platforms"], USAGE, "both --platform", id="some and all"
    ),
    pytest.param([NAME, "other:1", "--profile", "v1"], USAGE, "exactly one image", id="v1 of two"),
    pytest.param(["--descriptor", "{"], USAGE, "--descriptor is not JSON", id="descriptor cut short"),
    pytest.param(["--descriptor", ""], USAGE, "--descriptor is not JSON", id="descriptor empty"),
    pytest.param(["--descriptor", "[]"], USAGE, "is no JSON object", id="descriptor a list"),
    pytest.param(["--descriptor", "null"], USAGE, "is no JSON object", id="descriptor null"),
    pytest.param(["--descriptor", "[" * 9999], USAGE, "nested too deeply", id="descriptor nested"),
    pytest.param(
        ["--descriptor", "@/nowhere"], USAGE, "/nowhere cannot be read", id="descriptor file missing"
    ),
    pytest.param(["--descriptor", "@/"], USAGE, "cannot be read: Is a directory", id="descriptor a folder"),
    pytest.param(["--descriptor", "{}"], CONTENT, "digest: is missing", id="descriptor without digest"),
    pytest.param(
        ["--descriptor", '{"digest":"sha256:../../etc","size":1}'], CONTENT, "is not a digest", id="traversal"
    ),
    pytest.param(
        ["--descriptor", json.dumps({"digest": "sha256:" + "0" * 64, "size": 9})],
        CONTENT,
        "not in the store",
        id="absent root",
    ),
    pytest.param(["--descriptor", '{"digest":7}'], CONTENT, "digest", id="digest a number"),
    pytest.param(
        [NAME, "--document-limit", "100"], CONTENT, "at most 100 are read", id="document over the limit"
    ),
]


@pytest.mark.parametrize(("words", "code", "says"), ARGUMENTS)
def test_bad_request(fails, tmp_path: Path, target: Path, words: list[str], code: int, says: str) -> None:
    assert says in fails(code, "export", good(tmp_path / "store"), "-o", target, *words)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param([], "COMMAND", id="nothing"),
        pytest.param(["bogus"], "bogus", id="unknown command"),
        pytest.param(["images"], "STORE", id="no store"),
        pytest.param(["tree", "store"], "IMAGE", id="no image"),
        pytest.param(["export", "store", "x", "-o", "y", "--bogus"], "--bogus", id="unknown option"),
        pytest.param(["export", "store", "x", "-o"], "-o", id="no value"),
        pytest.param(["export", "store", "x", "-o", "y", "--profile", "v2"], "v2", id="unknown profile"),
        pytest.param(["images", "store", "--document-limit", "1e3"], "1e3", id="bad size"),
        pytest.param(["images", "store", "extra"], "extra", id="one too many"),
        pytest.param(["verify", "store", "--sha256", "zz"], "zz", id="bad sum"),
    ],
)
def test_usage(capsys: pytest.CaptureFixture[str], words: list[str], says: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    out, err = capsys.readouterr()
    assert stopped.value.code == USAGE
    assert out == ""
    assert says in err


def test_no_output_is_a_usage_error(fails, tmp_path: Path) -> None:
    assert "-o FILE" in fails(USAGE, "export", good(tmp_path / "store"), NAME)


def test_a_sum_is_of_an_archive(fails, tmp_path: Path) -> None:
    assert "is a folder" in fails(USAGE, "verify", good(tmp_path / "store"), "--sha256", "0" * 64)


# What the store holds


def layered(harm: Callable[[StoreBuilder, dict], object]) -> Build:
    """NAME with two layers, the second of which was harmed."""

    def build(builder: StoreBuilder) -> None:
        layers = [builder.layer({"a": "first"}), builder.layer({"b": "second"})]
        builder.name(NAME, builder.manifest(builder.config(layers), layers))
        harm(builder, layers[1])

    return build


def with_layer(**fields: object) -> Build:
    """NAME whose only layer's descriptor lies."""

    def build(builder: StoreBuilder) -> None:
        layer = builder.layer({"a": "first"})
        lie = images.altered(layer, **fields)
        builder.name(NAME, builder.manifest(builder.config([layer]), [lie]))

    return build


def rooted(root: Callable[[StoreBuilder], dict]) -> Build:
    def build(builder: StoreBuilder) -> None:
        builder.name(NAME, root(builder))

    return build


def without_config(builder: StoreBuilder) -> dict:
    return builder.document(
        {"schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "layers": []}, images.OCI_MANIFEST
    )


def missing_root(builder: StoreBuilder) -> dict:
    root = builder.image()
    builder.drop(root)
    return root


def corrupt_root(builder: StoreBuilder) -> dict:
    root = builder.image()
    builder.flip(root)
    return root


def no_json(builder: StoreBuilder) -> dict:
    return builder.blob(b"not json", images.OCI_MANIFEST)


def too_large(builder: StoreBuilder) -> dict:
    return images.altered(builder.image(), size=1 << 40)


def schema_1(builder: StoreBuilder) -> dict:
    return builder.document({"schemaVersion": 1, "name": "x", "tag": "1", "fsLayers": []}, MANIFEST_V1)


LAYER_OWNER = "layer 2 of "
CONTENTS = [
    pytest.param(layered(StoreBuilder.drop), [LAYER_OWNER, NAME, "is not in the store"], id="missing layer"),
    pytest.param(
        layered(StoreBuilder.flip), [LAYER_OWNER, NAME, "is corrupt", "hash to sha256:"], id="corrupt layer"
    ),
    pytest.param(
        layered(StoreBuilder.truncate), [LAYER_OWNER, NAME, "its descriptor says"], id="short layer"
    ),
    pytest.param(layered(StoreBuilder.lengthen), [LAYER_OWNER, NAME, "its descriptor says"], id="long layer"),
    pytest.param(with_layer(digest="nocolon"), ["'nocolon' is not a digest"], id="digest without colon"),
    pytest.param(with_layer(digest="sha256:../../../etc/passwd"), ["is not a digest"], id="traversal"),
    pytest.param(with_layer(digest="sha256:" + "A" * 64), ["digest"], id="upper-case digest"),
    pytest.param(with_layer(digest="blake3:" + "ab" * 32), ["blake3"], id="unknown algorithm"),
    pytest.param(with_layer(digest=None), ["digest"], id="no digest"),
    pytest.param(with_layer(size=-1), ["-1"], id="negative size"),
    pytest.param(with_layer(size=10**30), ["size"], id="huge size"),
    pytest.param(with_layer(size="7"), ["size"], id="size as text"),
    pytest.param(with_layer(size=1 << 50), ["its descriptor says"], id="size too large"),
    pytest.param(rooted(without_config), ["config"], id="no config"),
    pytest.param(rooted(missing_root), [NAME, "is not in the store"], id="missing root"),
    pytest.param(rooted(corrupt_root), [NAME, "is corrupt"], id="corrupt root"),
    pytest.param(rooted(no_json), ["is not JSON"], id="no JSON"),
    pytest.param(rooted(too_large), ["at most 8388608 are read", "--document-limit"], id="too large"),
    pytest.param(rooted(lambda b: b.cycle(1)), ["sha256:"], id="index of itself"),
    pytest.param(rooted(lambda b: b.cycle(3)), ["sha256:"], id="cycle of three"),
    pytest.param(
        rooted(lambda b: images.altered(b.image(), digest="sha256:zz")), ["sha256:zz"], id="bad root digest"
    ),
]


@pytest.mark.parametrize(("build", "says"), CONTENTS)
@pytest.mark.parametrize("profile", ["oci", "v1"])
def test_bad_content(
    fails, tmp_path: Path, target: Path, build: Build, says: list[str], profile: str
) -> None:
    builder = StoreBuilder()
    build(builder)
    store = builder.write_layout(tmp_path / "store")
    err = fails(CONTENT, "export", store, NAME, "--all-platforms", "-q", "-o", target, "--profile", profile)
    for text in says:
        assert text in err


@pytest.mark.parametrize("command", ["images", "tree", "verify"])
@pytest.mark.parametrize("build", [pytest.param(p.values[0], id=p.id) for p in CONTENTS])
def test_bad_content_can_be_looked_at(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, build: Build, command: str
) -> None:
    builder = StoreBuilder()
    build(builder)
    store = str(builder.write_layout(tmp_path / "store"))
    name = [NAME] if command == "tree" else []
    assert main([command, store, *name]) in (0, CONTENT)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert main([command, store, *name, "--json"]) in (0, CONTENT)
    json.loads(capsys.readouterr().out)


def test_schema_1_is_copied_as_it_is_or_refused_with_its_name(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, target: Path
) -> None:
    builder = StoreBuilder()
    builder.name(NAME, schema_1(builder))
    store = builder.write_layout(tmp_path / "store")
    assert main(["export", str(store), NAME, "-q", "-o", str(target)]) in (0, CONTENT)
    assert [path.name for path in target.parent.iterdir()] in ([], [target.name])


# Where it should be written


def test_target_exists(fails, tmp_path: Path, target: Path) -> None:
    target.write_bytes(b"precious")
    err = fails(TARGET, "export", good(tmp_path / "store"), NAME, "--all-platforms", "-q", "-o", target)
    assert f"{target} exists already" in err
    assert "--force" in err


def test_target_survives_bad_content_even_when_forced(fails, tmp_path: Path, target: Path) -> None:
    builder = StoreBuilder()
    layered(StoreBuilder.flip)(builder)
    target.write_bytes(b"precious")
    fails(CONTENT, "export", builder.write_layout(tmp_path / "store"), NAME, "--force", "-q", "-o", target)
    assert target.read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        pytest.param("", "is a folder", id="folder"),
        pytest.param("missing/image.tar", "there is no folder ", id="missing folder"),
        pytest.param("file/image.tar", "there is no folder ", id="file as folder"),
        pytest.param("x" * 300, "File name too long", id="long name"),
    ],
)
def test_target_cannot_be(fails, tmp_path: Path, target: Path, name: str, says: str) -> None:
    (target.parent / "file").touch()
    path = target.parent / name
    assert says in fails(
        TARGET, "export", good(tmp_path / "store"), NAME, "--all-platforms", "-q", "-o", path
    )


def test_two_images_lacking_different_platforms_are_both_told(fails, tmp_path: Path, target: Path) -> None:
    builder = StoreBuilder()
    builder.name("docker.io/library/a:1", builder.multi_platform(["linux/arm64"]))
    builder.name("docker.io/library/b:1", builder.multi_platform(["linux/s390x"]))
    store = builder.write_layout(tmp_path / "store")
    err = fails(PLATFORM, "export", store, "a:1", "b:1", "--platform", "linux/ppc64le", "-o", target)
    assert "a:1 has no manifest for linux/ppc64le; it has linux/arm64" in err
    assert "b:1 has no manifest for linux/ppc64le; it has linux/s390x" in err
    assert err.count("Choose one of its platforms") == 1
