"""The helper process: the command that starts it, and what to say where it does not start.

What runs as root is a Python that only root can alter, without site packages, environment or folder of the
caller's, and the sources of the program that asks, through the pipe.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from urllib.parse import quote

from exporter_core.errors import StoreError
from exporter_core.stores.remote.address import Address
from exporter_core.stores.remote.parcel import FIRST

_SAID_LIMIT = 4096  # bytes of a helper's last words that are kept
_INSTALL = "Install it, or run shipglass as a user who may read the store."
_PYTHONS = ("/usr/bin/python3", "/usr/local/bin/python3")
_OPTIONS = {"pkexec": "--disable-internal-agent", "sudo": "--"}
_DEAF = ("/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh")
"""Before a command at our terminal: Ctrl+C is for us, who let the helper end."""
_SSH = ("-T", "-x", "-a", "-oClearAllForwardings=yes", "-oConnectTimeout=20", "-oServerAliveInterval=15")


def command(address: Address, document_limit: int) -> list[str]:
    """The command line of the helper. Raises StoreError where this system lacks what it takes."""
    program = shutil.which(address.tool)
    if program is None:
        raise StoreError(f"{address.location}: there is no {address.tool} on this system", hint=_INSTALL)
    words = [quote(address.served, safe="/"), str(document_limit)]
    if address.tool in _OPTIONS:
        python = _trusted_python(address)
        return [program, _OPTIONS[address.tool], python, "-I", "-S", "-c", FIRST, *words]
    remote = f"{'sudo -n -- ' if address.root else ''}python3 -I -S -c '{FIRST}' {' '.join(words)}"
    port = [f"-p{address.port}"] if address.port else []
    user = [f"-l{address.user}"] if address.user else []
    return [program, *_SSH, *port, *user, "--", address.host, remote]


def _trusted_python(address: Address) -> str:
    """A Python that nobody but root can put something else in the place of."""
    for path in (os.path.realpath(sys.executable), *map(os.path.realpath, _PYTHONS)):
        if _belongs_to_root(path):
            return path
    raise StoreError(
        f"{address.location}: there is no python3 here that belongs to root alone",
        hint="Install the system's python3 (3.11 or newer): one that others can alter is not run as root.",
    )


def _belongs_to_root(path: str) -> bool:
    try:
        while True:
            status = os.stat(path)
            others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not status.st_mode & stat.S_ISVTX
            if status.st_uid != 0 or others:
                return False
            if path == os.path.dirname(path):
                return True
            path = os.path.dirname(path)
    except OSError:
        return False


class Helper:
    """A running helper: ``stdin`` and ``stdout`` are its pipes. Raises StoreError."""

    def __init__(self, address: Address, *, document_limit: int, terminal: bool) -> None:
        self._address = address
        self._said: deque[bytes] = deque(maxlen=_SAID_LIMIT // 64)
        line = command(address, document_limit)
        if terminal and os.name == "posix":
            line = [*_DEAF, *line]
        try:
            self._process = subprocess.Popen(
                line,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd="/",
                start_new_session=not terminal,  # without a terminal of its own nothing can ask there
                pipesize=1 << 20,
            )
        except OSError as error:
            raise StoreError(
                f"{address.location}: {address.tool} cannot be started: {error.strerror}"
            ) from error
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self.stdin, self.stdout = self._process.stdin, self._process.stdout
        self._stderr = self._process.stderr
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def end(self) -> None:
        """Let it end: it does when its input ends."""
        with suppress(OSError):
            self.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            with suppress(OSError):  # root's processes are not ours to kill; the pipes close all the same
                self._process.kill()
                self._process.wait(5)

    def release(self) -> None:
        """Close what is left of the pipes, once nobody reads them."""
        self._listener.join(5)
        self.stdout.close()
        self._stderr.close()

    def failure(self, reason: str) -> StoreError:
        """The StoreError for a helper that ended or talks nonsense; it is ended here."""
        self.end()
        self._listener.join(5)
        return explained(self._address, self._process.returncode, b"".join(self._said), reason)

    def _listen(self) -> None:
        with suppress(OSError, ValueError):
            while piece := self._stderr.read(64):
                self._said.append(piece)


def explained(address: Address, code: int | None, said: bytes, reason: str) -> StoreError:
    """Why a helper that ended with ``code`` after it ``said`` something was of no use, and what to do."""
    words = "".join(c if c.isprintable() else " " for c in said.decode(errors="replace").replace("\n", "; "))
    words = words.strip(" ;")
    message, hint = _known(address, code, words) or (f"the helper failed: {reason}", "")
    told = f" ({words})" if words else ""
    return StoreError(f"{address.location}: {message}{told}", hint=hint)


def _known(address: Address, code: int | None, words: str) -> tuple[str, str] | None:
    """What happened and what to do, of the failures that have a name."""
    low, place = words.lower(), address.host or "this system"
    if "shipglass-boot: python" in words:
        return f"python3 on {place} is too old", "The helper needs Python 3.11 or newer there."
    if address.tool == "pkexec" and code == 126:
        return "the authentication was cancelled", "Open it again and give the password."
    if address.tool == "pkexec" and code == 127:
        return (
            "pkexec did not get the right to read it",
            "A polkit agent of the desktop must be running; without one, use sudo: in a terminal.",
        )
    if address.tool == "ssh" and code == 255:
        return f"ssh cannot reach {address.authority}", _ssh_hint(address, low)
    if "python3" in low and ("not found" in low or "no such file" in low):
        return f"there is no python3 on {place}", "The helper needs Python 3.11 or newer there."
    if "sudo" in low and "not found" in low:
        return (
            f"there is no sudo on {place}",
            "Leave sudo=1 out and log in as one who may read it.",
        )
    if "password" in low or "terminal is required" in low:
        return "sudo did not get the right password", _sudo_hint(address)
    if "not allowed" in low or "not in the sudoers" in low or "may not run" in low:
        return f"sudo is not allowed to this user on {place}", "Ask who looks after the system for the right."
    return None


def _sudo_hint(address: Address) -> str:
    if address.tool == "ssh":
        return "Over ssh sudo cannot ask for one: have a NOPASSWD rule made there, or log in as another."
    return "Use it in a terminal (shipglass images LOCATION), set SUDO_ASKPASS, or use pkexec: in a desktop."


def _ssh_hint(address: Address, low: str) -> str:
    target = (f"{address.user}@" if address.user else "") + address.host
    port = f" -p {address.port}" if address.port else ""
    if "host key verification failed" in low:
        return f"Log in once by hand to see and keep the host's key: ssh{port} {target}"
    if "permission denied" in low:
        return f"Copy your key there (ssh-copy-id{port} {target}), or load it (ssh-add)."
    return f"Try it by hand: ssh{port} {target}"
