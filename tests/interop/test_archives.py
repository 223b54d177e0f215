"""Archives that skopeo, podman and Docker really write become stores; what we export of them they read.

Digests of configs and layers stay what they are: an image keeps its ID on the whole way round.
"""

import gzip
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter_core import Digest, open_store, verify_location
from exporter_core.commands import blob_commands, image_commands
from tests.images import layer_tar
from tests.interop.programs import (
    SAMPLE,
    Containerd,
    Json,
    as_descriptor,
    call,
    descriptor_of,
    export,
    needed,
    read_blob,
    skopeo,
)
from tests.saved import SavedImage, docker_25, docker_110, legacy, modern, write_tar

WEB, LEGACY = "docker.io/library/harbor-web:2.4", "docker.io/library/legacy-api:1.9"
NAME = "docker.io/library/made:1"
MADE = SavedImage(["made:1"], [layer_tar({"etc/motd": "hello"}), layer_tar({"etc/more": "more"})])


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def sample(name: str) -> str:
    return f"oci:{SAMPLE}:{name.rpartition(':')[2]}"


def manifest(path: Path, row: int = 0) -> tuple[str, Json]:
    """The digest and document of an image's manifest in a store."""
    with closing(open_store(path)) as store:
        target = descriptor_of(store.images()[row])
        with store.open(target) as blob:
            return str(target.digest), json.loads(blob.read())


def diff_ids(path: Path) -> list[str]:
    config = manifest(path)[1]["config"]
    archive = export_all(path, path.parent / f"{path.name}.config.tar")
    return list(json.loads(read_blob(archive, config["digest"]))["rootfs"]["diff_ids"])


def export_all(path: Path, target: Path) -> Path:
    with closing(open_store(path)) as store:
        roots = [descriptor_of(image) for image in store.images()]
        named = [image.name for image in store.images()]
    exported = export(path, target, [one for one in named if "/" in one] or roots)
    assert verify_location(exported).problems == ()
    return exported


# --- skopeo -----------------------------------------------------------------------------------------------


@pytest.fixture
def from_skopeo(tmp_path: Path) -> Path:
    needed("skopeo")
    path = tmp_path / "skopeo.tar"
    skopeo("copy", sample(WEB), f"docker-archive:{path}:example.com/team/web:2.4")
    return path


def test_skopeos_docker_archive(from_skopeo: Path, tmp_path: Path) -> None:
    raw = json.loads(skopeo("inspect", "--raw", f"docker-archive:{from_skopeo}").stdout)
    _, made = manifest(from_skopeo)
    assert made["config"]["digest"] == raw["config"]["digest"]
    assert [layer["digest"] for layer in made["layers"]] == [layer["digest"] for layer in raw["layers"]]
    archive = export_all(from_skopeo, tmp_path / "ours.tar")
    for source in (f"oci-archive:{archive}:2.4", f"docker-archive:{archive}"):
        read = json.loads(skopeo("inspect", "--raw", source).stdout)
        assert read["config"]["digest"] == raw["config"]["digest"]
    skopeo("copy", f"oci-archive:{archive}:2.4", f"oci:{tmp_path / 'copied'}:x")


def test_the_commands_to_copy_really_run(from_skopeo: Path, tmp_path: Path) -> None:
    needed("jq", "tar")
    skopeo("copy", sample(WEB), f"dir:{tmp_path / 'dir'}")
    for path in (from_skopeo, tmp_path / "dir"):
        with closing(open_store(path)) as store:
            image = store.images()[0]
            made = manifest(path)[1]
            commands = list(image_commands(store.location, store.kind, image))
            for value in (made["config"], made["layers"][0]):
                info = store.info(Digest.parse(value["digest"]))
                assert info is not None
                commands += blob_commands(store.location, store.kind, as_descriptor(value), info.place)
        lines = [command.line for command in commands if command.program not in ("shipglass", "ctr")]
        assert len(lines) >= 5
        for line in lines:
            done = subprocess.run(["sh", "-ec", line], cwd=tmp_path, capture_output=True, check=False)
            assert done.returncode == 0 or b"policy.json" in done.stderr, (line, done.stderr)
            (tmp_path / "image.tar").unlink(missing_ok=True)


@pytest.mark.parametrize("options", [[], ["--all"], ["--format", "v2s2"]], ids=["one", "all", "v2s2"])
def test_skopeos_dir(options: list[str], tmp_path: Path) -> None:
    needed("skopeo")
    path = tmp_path / "dir"
    skopeo("copy", *options, sample(WEB), f"dir:{path}")
    assert verify_location(path).problems == ()
    digest, _ = manifest(path)
    with closing(open_store(path)) as store:
        assert (store.kind, store.notes) == ("dir layout", ())
    archive = export_all(path, tmp_path / "ours.tar")
    raw = skopeo("inspect", "--raw", f"oci-archive:{archive}").stdout
    assert raw == read_blob(archive, digest) == (path / "manifest.json").read_bytes()


def test_an_archive_of_each_age_reaches_containerd(namespace: Containerd, tmp_path: Path) -> None:
    for form in (modern, docker_110, docker_25, legacy):
        image = SavedImage([f"{form.__name__.replace('_', '-')}:1"], MADE.layers)
        path = write_tar(tmp_path / f"{form.__name__}.tar", form([image]))
        digest, made = manifest(path)
        namespace.load(export_all(path, tmp_path / f"{form.__name__}-ours.tar"))
        listed = {row.name: row.digest for row in namespace.images()}
        assert listed[f"docker.io/library/{image.names[0]}"] == digest  # type: ignore[index]
        held = namespace.blobs()
        assert {made["config"]["digest"], *image.diff_ids} <= held
        content = json.loads(namespace.ctr("content", "get", made["config"]["digest"]).stdout)
        assert content["rootfs"]["diff_ids"] == image.diff_ids


@pytest.mark.parametrize("program", ["gzip", "zstd", "xz", "bzip2"])
def test_what_the_programs_compress(program: str, tmp_path: Path) -> None:
    needed(program)
    if program in ("xz", "bzip2"):
        pytest.importorskip({"xz": "lzma", "bzip2": "bz2"}[program])
    plain = write_tar(tmp_path / "a.tar", docker_110([MADE]))
    call(program, "--keep", plain)
    (path,) = set(tmp_path.glob("a.tar.*"))
    assert manifest(path) == manifest(plain)
    assert verify_location(path).ok


# --- podman -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Podman:
    """podman with storage of its own."""

    root: Path

    def __call__(self, *words: object) -> bytes:
        places = [
            f"--root={self.root / 'root'}",
            f"--runroot={self.root / 'run'}",
            f"--tmpdir={self.root / 't'}",
        ]
        return call("podman", *places, "--storage-driver=vfs", *words).stdout


@pytest.fixture
def podman() -> Iterator[Podman]:
    needed("podman")
    if os.geteuid() != 0:
        pytest.skip("podman's vfs storage is used as root")
    root = Path(tempfile.mkdtemp(prefix="sg-"))
    try:
        yield Podman(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def test_what_podman_saves(podman: Podman, tmp_path: Path) -> None:
    (tmp_path / "base.tar").write_bytes(MADE.layers[0])
    podman("import", "--quiet", tmp_path / "base.tar", "example.com/base:1")
    told = json.loads(podman("inspect", "example.com/base:1"))[0]
    kinds = {
        "docker-archive": "Docker archive",
        "oci-archive": "OCI archive",
        "docker-dir": "dir layout",
        "oci-dir": "OCI layout",
    }
    for form, kind in kinds.items():
        path = tmp_path / form
        podman("save", "--quiet", "--format", form, "--output", path, "example.com/base:1")
        with closing(open_store(path)) as store:
            assert store.kind == kind, form
        assert verify_location(path).problems == (), form
        assert diff_ids(path) == told["RootFS"]["Layers"], form
        if form == "docker-archive":
            assert manifest(path)[1]["config"]["digest"] == f"sha256:{told['Id']}"
            archive = export_all(path, tmp_path / "ours.tar")
            podman("rmi", "--all", "--force")
            podman("load", "--quiet", "--input", archive)
            assert json.loads(podman("inspect", "example.com/base:1"))[0]["Id"] == told["Id"]


# --- Docker -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Docker:
    """A Docker of the tests' own."""

    root: Path

    def __call__(self, *words: object) -> str:
        return call("docker", "--host", f"unix://{self.root / 's'}", *words).stdout.decode()

    def ids(self) -> dict[str, str]:
        """The ID of each image by its name."""
        rows = self("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}").split("\n")
        return dict(row.rsplit(" ", 1) for row in rows if row)  # type: ignore[misc]


@pytest.fixture(scope="module")
def docker() -> Iterator[Docker]:
    needed("docker", "dockerd", "containerd")
    if os.geteuid() != 0:
        pytest.skip("dockerd runs as root only")
    root = Path(tempfile.mkdtemp(prefix="sg-"))
    places = {"data-root": "d", "exec-root": "x", "pidfile": "p"}
    words = [f"--{option}={root / name}" for option, name in places.items()]
    words += ["--bridge=none", "--iptables=false", "--storage-driver=vfs", f"--host=unix://{root / 's'}"]
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(["dockerd", *words], stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(150):
            if process.poll() is not None or (root / "s").exists():
                break
            time.sleep(0.1)
        if process.poll() is not None or not (root / "s").exists():
            pytest.skip(f"dockerd does not start here: {(root / 'log').read_text(errors='replace')[-1000:]}")
        yield Docker(root)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def built(docker: Docker, tmp_path: Path) -> Iterator[Docker]:
    """Two images that share a layer, and two names of the second."""
    docker("load", "--input", write_tar(tmp_path / "load.tar", modern([MADE])))
    docker("tag", "made:1", "example.com:5000/team/made:2")
    yield docker
    docker("rmi", "--force", *docker("images", "--quiet").split())


@pytest.mark.parametrize("compressed", [False, True])
def test_what_docker_saves(compressed: bool, built: Docker, tmp_path: Path) -> None:
    path = tmp_path / "saved.tar"
    built("save", "--output", path, "made:1", "example.com:5000/team/made:2")
    if compressed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    before = built.ids()
    assert verify_location(path).problems == ()
    with closing(open_store(path)) as store:
        assert [image.name for image in store.images()] == [NAME, "example.com:5000/team/made:2"]
    assert manifest(path)[1]["config"]["digest"] == before["made:1"]
    archive = export_all(path, tmp_path / "ours.tar")
    built("rmi", "--force", before["made:1"])
    built("load", "--input", archive)
    assert built.ids() == before


def test_older_images_have_the_id_that_docker_gives_them(docker: Docker, tmp_path: Path) -> None:
    """Docker 20.10 still reads the form of before 1.10; what it makes of it we make, to the byte."""
    path = write_tar(tmp_path / "old.tar", legacy([MADE]))
    made = manifest(path)[1]
    try:
        loaded = docker("load", "--input", path)
    except AssertionError as error:
        pytest.skip(f"this Docker does not read that form any more: {error}")
    assert docker.ids()["made:1"] == made["config"]["digest"], loaded
    docker("rmi", "--force", "made:1")
    docker("load", "--input", export_all(path, tmp_path / "ours.tar"))
    assert docker.ids()["made:1"] == made["config"]["digest"]
    docker("rmi", "--force", "made:1")


def test_docker_takes_our_export_of_each_age(docker: Docker, tmp_path: Path) -> None:
    for form in (modern, docker_110, docker_25, legacy):
        path = write_tar(tmp_path / "a.tar", form([MADE]))
        docker("load", "--input", export_all(path, tmp_path / "ours.tar"))
        assert docker.ids()["made:1"] == manifest(path)[1]["config"]["digest"], form
        docker("rmi", "--force", "made:1")
