"""The well-known places: what is there, what may not be read, what hangs, what another engine keeps."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter_core import open_store
from exporter_core.cli import main
from exporter_core.errors import StoreError
from exporter_core.stores import discover as module
from exporter_core.stores.discover import Place, discover, well_known
from tests.bolt_writer import namespace, write_root
from tests.core.helpers import as_nobody
from tests.images import StoreBuilder

ROOT = Path(__file__).parents[2]


@pytest.fixture
def system() -> Iterator[Path]:
    """An empty file system with a short path (a socket's has 107 bytes at most) that anybody may enter."""
    path = Path(tempfile.mkdtemp(prefix="sg-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def filled(*names: str) -> StoreBuilder:
    builder = StoreBuilder()
    for name in names or ("docker.io/library/one:1",):
        builder.name(name, builder.image([{"etc/motd": name}]))
    return builder


def root_at(path: Path, *names: str, **spaces: StoreBuilder) -> Path:
    path.mkdir(parents=True)
    builder = filled(*names)
    others = {key.encode(): namespace(value) for key, value in spaces.items()}
    return write_root(builder, path, {b"default": namespace(builder), **others})


def listening(path: Path) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    found = socket.socket(socket.AF_UNIX)
    found.bind(str(path))
    return found


def there(system: Path, environ: dict[str, str] | None = None, **options: float) -> list[Place]:
    places = discover(environ or {}, str(system / "home"), system=str(system), **options)  # type: ignore[arg-type]
    return [place for place in places if place.exists]


def test_nothing_is_there(system: Path) -> None:
    assert there(system) == []
    paths = [place.location for place in well_known({}, "/home/me")]
    assert {
        "/var/lib/containerd",
        "/run/k3s/containerd/containerd.sock",
        "/home/me/.local/share/docker",
    } < set(paths)
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("var/lib/containerd", "containerd"),
        ("var/lib/rancher/k3s/agent/containerd", "k3s"),
        ("var/lib/rancher/rke2/agent/containerd", "RKE2"),
        ("var/snap/microk8s/common/var/lib/containerd", "MicroK8s"),
        ("var/lib/k0s/containerd", "k0s"),
        ("home/.local/share/containerd", "containerd (rootless)"),
    ],
)
def test_roots(path: str, title: str, system: Path) -> None:
    location = str(root_at(system / path, "a:1", "b:1", moby=filled("c:1")))
    assert there(system) == [
        Place(location, title, "containerd root", True, True, images=3, namespaces=("default", "moby"))
    ]
    assert len(open_store(location).images()) == 2


@pytest.mark.parametrize(
    ("path", "below", "title"),
    [
        ("var/lib/docker", "containerd/daemon", "Docker"),
        ("home/.local/share/docker", "containerd/daemon", "Docker (rootless)"),
    ],
)
def test_docker_s_image_store(path: str, below: str, title: str, system: Path) -> None:
    root_at(system / path / below)
    [place] = there(system)
    assert (place.location, place.title, place.images) == (str(system / path), title, 1)
    open_store(place.location).close()


def test_buildkit(system: Path) -> None:
    worker = system / "var/lib/buildkit/runc-overlayfs"
    filled().write_bare(worker / "content")
    (worker / "containerdmeta.db").write_bytes(b"x")
    [place] = there(system)
    assert (place.kind, place.readable, place.images) == ("BuildKit root", True, None)


def test_where_the_environment_and_settings_point(system: Path) -> None:
    root_at(system / "data/containerd")
    root_at(system / "mine")
    (system / "big/docker/image/overlay2").mkdir(parents=True)
    (system / "big/docker/image/overlay2/repositories.json").write_text('{"Repositories": {}}')
    (system / "etc/containerd").mkdir(parents=True)
    (system / "etc/docker").mkdir()
    config = f'root = "{system}/mine"\n[grpc]\naddress = "{system}/c.sock"\n'
    (system / "etc/containerd/config.toml").write_text(config)
    (system / "etc/docker/daemon.json").write_text(json.dumps({"data-root": f"{system}/big/docker"}))
    (system / "run/containerd-rootless").mkdir(parents=True)
    (system / "run/containerd-rootless/child_pid").write_text("42\n")
    sockets = [
        "c.sock",
        "mine.sock",
        "proc/42/root/run/containerd/containerd.sock",
        "run/docker/containerd/containerd.sock",
    ]
    open_sockets = [listening(system / name) for name in sockets]
    environ = {
        "CONTAINERD_ADDRESS": f"unix://{system}/mine.sock",
        "XDG_DATA_HOME": str(system / "data"),
        "XDG_RUNTIME_DIR": str(system / "run"),
    }
    found = {os.path.relpath(place.location, system): place for place in there(system, environ)}
    for one in open_sockets:
        one.close()
    assert set(found) == {"mine", "data/containerd", "big/docker", *sockets}
    assert all(found[name].readable and found[name].kind == "containerd socket" for name in sockets)
    assert found["mine"].title == "containerd" and "overlay2" in found["big/docker"].problem


@pytest.mark.parametrize(
    "text", ["[", "root = 3\ngrpc = 4\n", 'root = "relative"\n', "\xff", 'root = "a\\u0000b"']
)
def test_settings_that_say_nothing(text: str, system: Path) -> None:
    for path, data in (
        ("etc/containerd/config.toml", text.encode("latin-1")),
        ("etc/docker/daemon.json", b"["),
    ):
        (system / path).parent.mkdir(parents=True)
        (system / path).write_bytes(data)
    assert there(system, {"CONTAINERD_ADDRESS": "\0", "XDG_RUNTIME_DIR": "\0"}) == []


def test_settings_that_are_no_files(system: Path) -> None:
    (system / "etc/containerd").mkdir(parents=True)
    os.mkfifo(system / "etc/containerd/config.toml")
    (system / "run/containerd-rootless").mkdir(parents=True)
    os.mkfifo(system / "run/containerd-rootless/child_pid")
    assert there(system, {"XDG_RUNTIME_DIR": str(system / "run")}) == []


def test_what_others_keep_is_named_with_the_command(system: Path) -> None:
    podman = system / "var/lib/containers/storage"
    (podman / "overlay-images").mkdir(parents=True)
    (podman / "overlay-images/images.json").write_text('[{"names": ["docker.io/library/one:1"]}]')
    for name in (".docker/desktop", ".lima", ".rd"):
        (system / "home" / name).mkdir(parents=True)
    desktop = listening(system / "home/.docker/run/docker.sock")
    colima = listening(system / "home/.colima/default/containerd.sock")
    found = there(system)
    for one in (desktop, colima):
        one.close()
    assert [(place.title, place.kind, place.readable) for place in found] == [
        ("Podman", "another engine", False),
        ("Docker Desktop", "virtual machine", False),
        ("colima", "virtual machine", False),
        ("Lima", "virtual machine", False),
        ("Rancher Desktop", "virtual machine", False),
        ("colima", "containerd socket", True),
    ]
    assert "podman --root" in found[0].hint and "docker save" in found[1].hint
    assert "virtual machine" in found[1].problem


def test_one_store_by_two_names_is_told_once(system: Path) -> None:
    root_at(system / "var/lib/containerd")
    (system / "var/lib/k0s").mkdir()
    (system / "var/lib/k0s/containerd").symlink_to(system / "var/lib/containerd")
    assert [place.title for place in there(system)] == ["containerd"]


def test_folders_of_something_else_and_special_files(system: Path) -> None:
    for name in ("var/lib/containerd", "var/lib/docker", "run/containerd/containerd.sock"):
        (system / name).mkdir(parents=True)
    (system / "var/lib/k0s").mkdir()
    os.mkfifo(system / "var/lib/k0s/containerd")
    (system / "run/k0s").mkdir()
    os.mkfifo(system / "run/k0s/containerd.sock")
    assert there(system) == []


def test_metadata_that_are_none(system: Path) -> None:
    for path, kind in (("var/lib/containerd", "cut"), ("var/lib/k0s/containerd", "fifo")):
        metadata = root_at(system / path) / "io.containerd.metadata.v1.bolt" / "meta.db"
        if kind == "cut":
            metadata.write_bytes(metadata.read_bytes()[:5000])
        else:
            metadata.unlink()
            os.mkfifo(metadata)
    assert [(place.readable, place.images) for place in there(system)] == [(True, None), (True, None)]


def test_large_metadata_are_not_counted(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root_at(system / "var/lib/containerd")
    monkeypatch.setattr(module, "LARGEST_COUNTED", 1000)
    assert [(place.readable, place.images) for place in there(system)] == [(True, None)]


def test_what_may_not_be_read(system: Path) -> None:
    """A closed folder, closed metadata, a closed socket, a folder behind a closed one."""
    root_at(system / "var/lib/containerd").chmod(0o700)
    (root_at(system / "var/lib/k0s/containerd") / "io.containerd.metadata.v1.bolt/meta.db").chmod(0o600)
    root_at(system / "var/lib/rancher/k3s/agent/containerd")
    (system / "var/lib/rancher").chmod(0o700)
    closed = listening(system / "run/containerd/containerd.sock")
    (system / "run/containerd/containerd.sock").chmod(0o600)
    with as_nobody():
        found = there(system)
    closed.close()
    assert {place.title for place in found} >= {"containerd", "k0s", "k3s"} and len(found) >= 4
    assert all(place.exists and not place.readable and place.images is None for place in found)
    assert all("permission denied" in place.problem and place.hint for place in found)


def test_a_file_system_that_does_not_answer(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real look that blocks: the place is told as one that does not answer, the others are told as ever."""
    stuck = root_at(system / "var/lib/containerd")
    root_at(system / "var/lib/k0s/containerd")
    release, real = threading.Event(), os.stat

    def stat(path: str) -> os.stat_result:
        if path == str(stuck):
            release.wait(60)
        return real(path)

    monkeypatch.setattr(module.os, "stat", stat)
    try:
        found = there(system, deadline=0.3)
    finally:
        release.set()
    assert [(place.title, place.readable) for place in found] == [("containerd", False), ("k0s", True)]
    assert "did not answer within 0.3 s" in found[0].problem


# --- on the command line ----------------------------------------------------------------------------------


def told(system: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`shipglass stores` for a user whose home is in `system`; the machine's own places come too."""
    environ = {**os.environ, "HOME": str(system / "home"), "PYTHONPATH": str(ROOT)}
    for name in ("XDG_DATA_HOME", "XDG_RUNTIME_DIR", "CONTAINERD_ADDRESS"):
        environ.pop(name, None)
    command = [sys.executable, "-m", "exporter_core", "stores", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ)
    assert done.returncode == 0, done.stderr
    return done


def test_stores(system: Path) -> None:
    location = str(root_at(system / "home/.local/share/containerd", "a:1", "b:1"))
    (system / "home/.lima").mkdir()
    done = told(system)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["PLACE", "WHOSE", "KIND", "IMAGES", "NAMESPACES"]
    assert [location, "containerd", "(rootless)", "containerd", "root", "2", "default"] in lines
    assert "lima's: its images lie inside a virtual machine" in done.stderr and "docker save" in done.stderr
    rows = {row["location"]: row for row in json.loads(told(system, "--json").stdout)}
    assert rows[location] == {
        "location": location,
        "title": "containerd (rootless)",
        "kind": "containerd root",
        "readable": True,
        "images": 2,
        "namespaces": ["default"],
        "problem": None,
        "hint": None,
    }


def test_no_stores(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = (Place("/var/lib/containerd", "containerd"), Place("/home/me/.lima", "Lima"))
    monkeypatch.setattr(module, "discover", lambda *_, **__: nothing)
    assert main(["stores"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "no container store was found; looked for: /var/lib/containerd, /home/me/.lima\n"
    assert main(["stores", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_what_is_no_store_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x" * 2000)
    for path in (tmp_path, tmp_path / "file", tmp_path / "nothing"):
        with pytest.raises(StoreError) as caught:
            open_store(path)
        assert "OCI layout" in caught.value.hint and "shipglass stores" in caught.value.hint
