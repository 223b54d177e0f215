"""What answers at a socket if it is not containerd: named, with what to do instead.

Nothing is asked of a daemon that containerd would mind: this is looked at only after the first call failed.
"""

from __future__ import annotations

import errno
import os
import socket
from contextlib import closing, suppress

from exporter_core.errors import StoreError
from exporter_core.stores.socket import containerd_pb2 as api
from exporter_core.stores.socket.address import DEFAULT
from exporter_core.stores.socket.client import CallError, Client

_LONGEST = 107  # bytes of a socket's path (unix(7))
_WAIT = 3.0
_PING = b"GET /_ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_EXPECTED = f"containerd's socket is {DEFAULT}, k3s has /run/k3s/containerd/containerd.sock."


def check_reachable(path: str) -> None:
    """Connect once and hang up. Raises StoreError that says why it cannot be."""
    if len(os.fsencode(path)) > _LONGEST:
        hint = f"Make a short link and open that: ln -s {path} /tmp/containerd.sock"
        raise StoreError(f"{path} is too long for a socket's path ({_LONGEST} bytes)", hint=hint)
    try:
        _connected(path).close()
    except OSError as error:
        raise _unreachable(path, error) from error


def other_daemon(client: Client, error: CallError) -> StoreError | None:
    """What is behind the socket, None if it seems to be containerd; ``error`` is of the first call."""
    path = client.path
    if path.endswith(".ttrpc"):
        hint = f"That of grpc is beside it: {path.removesuffix('.ttrpc')}"
        return StoreError(f"{path} is containerd's ttrpc socket, which knows no images", hint=hint)
    if error.code == "UNIMPLEMENTED":
        return _other_grpc(client)
    if error.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN"):
        return _http(path, min(_WAIT, client.patience))
    return None


def _connected(path: str, wait: float = _WAIT) -> socket.socket:
    if not hasattr(socket, "AF_UNIX"):
        raise OSError(errno.EAFNOSUPPORT, "this system has no such sockets")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(wait)
        made.connect(path)
    except BaseException:
        made.close()
        raise
    return made


def _unreachable(path: str, error: OSError) -> StoreError:
    if isinstance(error, PermissionError):
        return StoreError(
            f"{path} may not be used: permission denied",
            hint=f"Who may use containerd's socket may do all that root may, so it belongs to root. "
            f"Have it read as root (open sudo:{path}, in a desktop pkexec:{path}), or have containerd give "
            "it to a group of yours: [grpc] gid = NUMBER in /etc/containerd/config.toml.",
        )
    if isinstance(error, FileNotFoundError):
        return StoreError(f"there is nothing at {path}", hint=f"Is containerd running? {_EXPECTED}")
    if isinstance(error, ConnectionRefusedError):
        return StoreError(
            f"nobody listens at {path}",
            hint="Its daemon has ended and left the socket behind: start it (systemctl start containerd), "
            "or open its root folder, which needs no daemon (/var/lib/containerd).",
        )
    if isinstance(error, TimeoutError | BlockingIOError):
        return StoreError(
            f"the daemon at {path} takes no connection",
            hint="It may be stopped or overloaded: see systemctl status containerd, and try again.",
        )
    return StoreError(f"{path} cannot be used: {error.strerror or error}", hint=_EXPECTED)


def _other_grpc(client: Client) -> StoreError:
    """A daemon that speaks grpc and knows no containerd."""
    path = client.path
    with suppress(CallError):
        client.call("moby.buildkit.v1.Control/Info", api.Empty(), api.Empty, wait=_WAIT)
        return StoreError(
            f"{path} is BuildKit's socket, which hands out no images",
            hint="Open its root folder (/var/lib/buildkit), or let it write an archive: "
            "buildctl build --output type=oci,dest=image.tar …",
        )
    with suppress(CallError):
        found = client.call("runtime.v1.RuntimeService/Version", api.Empty(), api.VersionResponse, wait=_WAIT)
        return StoreError(
            f"{path} is the socket of {found.revision or 'a CRI runtime'}, which hands out no blobs",
            hint="Its images lie in containers-storage: make an archive and open that: "
            "skopeo copy containers-storage:NAME oci-archive:image.tar",
        )
    return StoreError(f"{path} is the socket of a daemon that is not containerd", hint=_EXPECTED)


def _http(path: str, wait: float) -> StoreError | None:
    """A daemon that speaks HTTP/1: Docker, Podman and others."""
    answer = _ping(path, wait).lower()
    if not answer.startswith(b"http/1"):
        return None
    if b"\nlibpod-api-version:" in answer or b"\nserver: libpod" in answer:
        return StoreError(
            f"{path} is Podman's socket, which hands out no blobs",
            hint="Make an archive and open that: podman save --format oci-archive --output image.tar NAME",
        )
    if b"\nserver: docker/" in answer or b"\napi-version:" in answer:
        return StoreError(
            f"{path} is Docker's socket, which hands out no blobs",
            hint=f"Open containerd's ({DEFAULT}?namespace=moby, if Docker keeps its images there), "
            "or make an archive and open that: docker save --output image.tar NAME",
        )
    return StoreError(f"{path} is the socket of a web server, not of containerd", hint=_EXPECTED)


def _ping(path: str, wait: float) -> bytes:
    """The beginning of the answer to an HTTP/1 request, if it comes within ``wait`` seconds."""
    answer = b""
    with suppress(OSError), closing(_connected(path, wait)) as made:
        made.sendall(_PING)
        while len(answer) < 4096 and (more := made.recv(4096)):
            answer += more
    return answer
