"""The well-known places and sockets of container stores that exist on this machine. No scan of the disk.

Each place is looked at in a thread of its own with a deadline: a file system that answers no more holds up
nobody. Sockets are only looked at: connecting would wake a daemon that starts on demand, or wait for one that
hangs. What another engine keeps, or a virtual machine, is named with the command that makes an archive.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from exporter_core import gojson
from exporter_core.errors import ContentError, StoreError
from exporter_core.stores.bolt import read_stable
from exporter_core.stores.containerd_root import RootPlace, find_root, forbidden
from exporter_core.stores.engines import other_engine
from exporter_core.stores.files import open_at_once

DEADLINE = 1.0
"""Seconds that a place may take to answer."""
LARGEST_COUNTED = 64 << 20
"""Bytes of the largest metadata that are read to count images."""
_SETTINGS = 1 << 20
SOCKET, FOLDER, MACHINE = "containerd socket", "folder", "virtual machine"

_SYSTEM = (
    ("containerd", "var/lib/containerd", "run/containerd/containerd.sock"),
    ("Docker", "var/lib/docker", "run/docker/containerd/containerd.sock"),
    ("Docker (snap)", "var/snap/docker/common/var-lib-docker", ""),
    ("k3s", "var/lib/rancher/k3s/agent/containerd", "run/k3s/containerd/containerd.sock"),
    ("RKE2", "var/lib/rancher/rke2/agent/containerd", ""),
    (
        "MicroK8s",
        "var/snap/microk8s/common/var/lib/containerd",
        "var/snap/microk8s/common/run/containerd.sock",
    ),
    ("k0s", "var/lib/k0s/containerd", "run/k0s/containerd.sock"),
    ("BuildKit", "var/lib/buildkit", ""),
    ("Podman", "var/lib/containers/storage", ""),
)
_OF_USER = (  # below $XDG_DATA_HOME, $XDG_RUNTIME_DIR
    ("containerd (rootless)", "containerd", ""),
    ("Docker (rootless)", "docker", "docker/containerd/containerd.sock"),
    ("BuildKit (rootless)", "buildkit", ""),
    ("Podman (rootless)", "containers/storage", ""),
)
_MACHINES = (  # below the home folder: what shows that the engine is there
    ("Docker Desktop", ".docker/desktop"),
    ("Docker Desktop", ".docker/run/docker.sock"),
    ("Docker Desktop", "Library/Containers/com.docker.docker"),
    ("colima", ".colima/default"),
    ("Lima", ".lima"),
    ("Rancher Desktop", ".rd"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store may be: ``location`` is what ``open_store`` takes, ``title`` whose it is.

    ``kind`` is "containerd root", "BuildKit root", "containerd socket", "another engine", "virtual machine",
    or "folder" where no more is known of it. ``readable`` says whether it can be opened as things are;
    where not, ``problem`` and ``hint`` say why and what to do. ``images`` are counted over all
    ``namespaces``, None where that is not cheap.
    """

    location: str
    title: str
    kind: str = FOLDER
    exists: bool = False
    readable: bool = False
    images: int | None = None
    namespaces: tuple[str, ...] = ()
    problem: str = ""
    hint: str = ""


def discover(
    environ: Mapping[str, str], home: str, *, system: str = "/", deadline: float = DEADLINE
) -> tuple[Place, ...]:
    """What was looked for, in the order of :func:`well_known`, with what is there; see ``exists``.

    ``environ`` and ``home`` are the user's, ``system`` the root of the file system. Takes at most
    ``deadline`` seconds for each place that does not answer. Never raises.
    """
    seen: set[object] = set()
    found = []
    for place in well_known(environ, home, system=system):
        answer, identity = _in_time(place, deadline)
        same = answer.title if answer.exists and answer.kind == MACHINE else identity
        if same is None or same not in seen:
            found.append(answer)
        seen.add(same)
    return tuple(found)


def well_known(environ: Mapping[str, str], home: str, *, system: str = "/") -> tuple[Place, ...]:
    """The places that are looked for, each path once; of these, only small settings files are read."""
    by_path: dict[str, Place] = {}
    for title, kind, path in _candidates(environ, home, system):
        if os.path.isabs(path):
            path = os.path.normpath(path)
            by_path.setdefault(path, Place(path, title, kind))
    return tuple(by_path.values())


def _candidates(environ: Mapping[str, str], home: str, system: str) -> Iterator[tuple[str, str, str]]:
    """Title, kind (socket or folder) and path; those that somebody set come first."""
    address = environ.get("CONTAINERD_ADDRESS", "").removeprefix("unix://")
    yield "CONTAINERD_ADDRESS", SOCKET, address
    yield from _configured(system)
    yield from _pairs(_SYSTEM, system, system)
    data = environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    yield from _pairs(_OF_USER, data, runtime)
    if runtime:
        pid = _small(os.path.join(runtime, "containerd-rootless", "child_pid"), 32).strip()
        if pid.isdigit():
            path = f"proc/{pid.decode()}/root/run/containerd/containerd.sock"
            yield "containerd (rootless)", SOCKET, os.path.join(system, path)
    yield from ((title, MACHINE, os.path.join(home, path)) for title, path in _MACHINES)
    yield "colima", SOCKET, os.path.join(home, ".colima", "default", "containerd.sock")


def _pairs(
    table: tuple[tuple[str, str, str], ...], folders: str, sockets: str
) -> Iterator[tuple[str, str, str]]:
    for title, folder, socket in table:
        yield title, FOLDER, os.path.join(folders, folder)
        if socket and sockets:
            yield title, SOCKET, os.path.join(sockets, socket)


def _configured(system: str) -> Iterator[tuple[str, str, str]]:
    """What the settings of containerd and Docker name; settings that cannot be read name nothing."""
    path = os.path.join(system, "etc", "containerd", "config.toml")
    if os.path.isfile(path):
        import tomllib

        with suppress(ValueError):
            settings = tomllib.loads(_small(path, _SETTINGS).decode())
            grpc = settings.get("grpc")
            yield "containerd", FOLDER, _text(settings.get("root"))
            yield "containerd", SOCKET, _text(grpc.get("address") if isinstance(grpc, dict) else None)
    path = os.path.join(system, "etc", "docker", "daemon.json")
    if os.path.isfile(path):
        with suppress(ContentError):
            daemon = gojson.loads(_small(path, _SETTINGS), name=path)
            if isinstance(daemon, dict):
                yield "Docker", FOLDER, _text(daemon.get("data-root"))


def _text(value: object) -> str:
    return value if isinstance(value, str) and "\0" not in value else ""


def _small(path: str, most: int) -> bytes:
    """At most ``most`` bytes of an ordinary file; nothing where it is none or cannot be read."""
    with suppress(OSError, ValueError), open(path, "rb", buffering=0, opener=open_at_once) as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return file.read(most) or b""
    return b""


# --- looking at one place


def _in_time(place: Place, deadline: float) -> tuple[Place, tuple[int, int] | None]:
    """What is at the place and which file it is; that it does not answer, where it does not."""
    answers: list[tuple[Place, tuple[int, int] | None]] = []
    thread = threading.Thread(target=lambda: answers.append(_look(place)), name="discover", daemon=True)
    thread.start()
    thread.join(deadline)
    if answers:
        return answers[0]
    problem = f"it did not answer within {deadline:g} s"
    hint = "Its file system may be gone (a network mount, say)."
    return replace(place, exists=True, problem=problem, hint=hint), None


def _look(place: Place) -> tuple[Place, tuple[int, int] | None]:
    try:
        status = os.stat(place.location)
        if place.kind == MACHINE:
            return _refused(place, other_engine(place.location, ())), (status.st_dev, status.st_ino)
        look: Callable[[Place], Place] = _socket if place.kind == SOCKET else _folder
        wanted = stat.S_ISSOCK if place.kind == SOCKET else stat.S_ISDIR
        if not wanted(status.st_mode):
            return place, None
        return look(place), (status.st_dev, status.st_ino)
    except PermissionError:
        return _forbidden(place, place.location), None
    except (OSError, ValueError):
        return place, None


def _forbidden(place: Place, path: str) -> Place:
    if place.kind == SOCKET:
        hint = "It belongs to root or to a group: run as one who may use it."
        return replace(place, exists=True, problem=f"{path} cannot be used: permission denied", hint=hint)
    error = forbidden(path, place.location)
    return replace(place, exists=True, problem=error.message, hint=error.hint)


def _may(path: str, what: int) -> bool:
    return os.access(path, what, effective_ids=os.access in os.supports_effective_ids)


def _socket(place: Place) -> Place:
    if not _may(place.location, os.R_OK | os.W_OK):
        return _forbidden(place, place.location)
    return replace(place, exists=True, readable=True)


def _folder(place: Place) -> Place:
    """What ``open_store`` would make of the folder. Raises OSError."""
    names = os.listdir(place.location)
    root = find_root(place.location)
    if root is not None:
        return _root(replace(place, kind=root.kind, exists=True), root)
    return _refused(replace(place, kind="another engine"), other_engine(place.location, names))


def _refused(place: Place, refusal: StoreError | None) -> Place:
    if refusal is None:
        return place
    return replace(place, exists=True, problem=refusal.message, hint=refusal.hint)


def _root(place: Place, root: RootPlace) -> Place:
    for path in (root.metadata, root.content):
        if os.path.exists(path) and not _may(path, os.R_OK):
            return _forbidden(place, path)
    try:
        if os.path.getsize(root.metadata) > LARGEST_COUNTED:
            return replace(place, readable=True)
        schema = read_stable(root.metadata, attempts=2).database.root.bucket(b"v1")
        spaces = dict(schema.buckets()) if schema else {}
        images = [bucket.bucket(b"images") for bucket in spaces.values()]
        count = sum(sum(1 for _ in found.items()) for found in images if found is not None)
    except PermissionError:
        return _forbidden(place, root.metadata)
    except (StoreError, OSError):
        return replace(place, readable=True)  # opening it says what is wrong
    names = tuple(name.decode(errors="replace") for name in spaces)
    return replace(place, readable=True, images=count, namespaces=names)
