"""Is there a display that lets us in? Answers without Qt: a reason why not, or nothing and exit code 0.

Run as a program, in a process of its own, because a dead X server may keep a connection hanging.
"""

import os
import socket
import struct
import sys
from pathlib import Path

TIMEOUT = 2.0


def wayland_problem(environ: dict[str, str]) -> str | None:
    """Why the compositor named by WAYLAND_DISPLAY cannot be reached."""
    name = environ["WAYLAND_DISPLAY"]
    path = os.path.join(environ.get("XDG_RUNTIME_DIR", ""), name)
    if not os.path.isabs(path):
        return f"WAYLAND_DISPLAY={name} needs XDG_RUNTIME_DIR, which is not set"
    try:
        _connect_unix(path).close()
    except OSError as error:
        return f"WAYLAND_DISPLAY={name} does not answer ({error.strerror or error})"
    return None


def x11_problem(environ: dict[str, str]) -> str | None:
    """Why the X server named by DISPLAY cannot be used: nobody answers, or it refuses us."""
    name = environ["DISPLAY"]
    try:
        host, number = _split(name)
    except ValueError:
        return f"DISPLAY={name} is no display name"
    try:
        refused = _refused(host, number, environ)
    except OSError as error:
        return f"DISPLAY={name} does not answer ({error.strerror or error})"
    return f"DISPLAY={name} refuses the connection (no valid X authority)" if refused else None


def display_problem(environ: dict[str, str]) -> str | None:
    """None where a window can open; else why it cannot."""
    tried = []
    for variable, problem in (("WAYLAND_DISPLAY", wayland_problem), ("DISPLAY", x11_problem)):
        if environ.get(variable):
            reason = problem(environ)
            if reason is None:
                return None
            tried.append(reason)
    return "; ".join(tried) or "neither DISPLAY nor WAYLAND_DISPLAY is set"


def _split(name: str) -> tuple[str, int]:
    """`host:number.screen`; an absolute path before the colon is a socket (macOS)."""
    host, colon, rest = name.rpartition(":")
    if not colon:
        raise ValueError(name)
    return host.removesuffix(":"), int(rest.split(".")[0])


def _refused(host: str, number: int, environ: dict[str, str]) -> bool:
    for cookie in [*_cookies(number, environ), b""]:
        with _connect_x11(host, number) as server:
            if _greet(server, cookie):
                return False
    return True


def _connect_x11(host: str, number: int) -> socket.socket:
    if host.startswith("/"):
        return _connect_unix(f"{host}:{number}")
    if host not in ("", "unix"):
        return socket.create_connection((host.strip("[]"), 6000 + number), TIMEOUT)
    path = str(Path("/tmp") / ".X11-unix" / f"X{number}")
    try:
        return _connect_unix("\0" + path)
    except OSError:
        return _connect_unix(path)


def _connect_unix(path: str) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(TIMEOUT)
    try:
        client.connect(path)
    except OSError:
        client.close()
        raise
    return client


def _greet(server: socket.socket, cookie: bytes) -> bool:
    """The first exchange of the X protocol: True where the server lets us in."""
    scheme = b"MIT-MAGIC-COOKIE-1" if cookie else b""
    padded = [text + bytes(-len(text) % 4) for text in (scheme, cookie)]
    server.sendall(struct.pack("<cxHHHHxx", b"l", 11, 0, len(scheme), len(cookie)) + b"".join(padded))
    return server.recv(1) == b"\x01"


def _cookies(number: int, environ: dict[str, str]) -> list[bytes]:
    """The cookies for this display in the X authority file, whatever the host they name."""
    path = environ.get("XAUTHORITY") or os.path.join(environ.get("HOME", ""), ".Xauthority")
    try:
        data = Path(path).read_bytes()
    except OSError:
        return []
    found = []
    at = 0
    while at + 2 <= len(data):
        at += 2
        fields = []
        for _ in range(4):
            size = int.from_bytes(data[at : at + 2], "big")
            fields.append(data[at + 2 : at + 2 + size])
            at += 2 + size
        _, display, scheme, cookie = fields
        if scheme == b"MIT-MAGIC-COOKIE-1" and display in (b"", str(number).encode()):
            found.append(cookie)
    return found


if __name__ == "__main__":
    answer = display_problem(dict(os.environ))
    print(answer or "")
    sys.exit(answer is not None)
