"""One window for each user: a second start hands its stores to the first and ends. No network.

A local socket in the user's runtime folder, open to that user alone; a lock file keeps two starts apart.
Where QtNetwork cannot be loaded or no socket can be made, each start has a window of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile, QObject, Signal

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

_CONNECT_MS, _ANSWER_MS, _LOCK_MS = 300, 2000, 3000
_MOST = 1 << 20  # bytes of a request
_TAKEN = b"taken\n"
_TOKENS = ("XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID")
"""What a desktop gives the second start so that it may raise the first one's window."""


class Instance(QObject):
    """``asked(locations)``: another start handed these over, and wants the window in front."""

    asked = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        """``folder`` is that of the settings: programs with other settings are other programs."""
        super().__init__(parent)
        self._address = address(folder)
        self._server: QLocalServer | None = None
        self._buffers: dict[QLocalSocket, bytearray] = {}

    def hand_over(self, locations: Sequence[str]) -> bool:
        """Give ``locations`` to a running instance; False where there is none, which makes this the one."""
        try:
            from PySide6 import QtNetwork  # noqa: F401
        except ImportError:
            return False
        lock = QLockFile(f"{self._address}.lock")
        locked = lock.tryLock(_LOCK_MS)
        try:
            answer = self._send(locations)
            if answer == "nobody":
                self._listen()
            return answer == "taken"
        finally:
            if locked:
                lock.unlock()

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for socket in list(self._buffers):
            socket.abort()
        self._buffers.clear()

    @property
    def listening(self) -> bool:
        """Whether this is the instance that others find."""
        return self._server is not None

    # The second start

    def _send(self, locations: Sequence[str]) -> str:
        """``taken``; ``nobody`` listens; ``silent``: somebody does and does not answer."""
        from PySide6.QtNetwork import QLocalSocket

        if not _is_mine(self._address):
            return "silent"
        socket = QLocalSocket()
        socket.connectToServer(self._address)
        if not socket.waitForConnected(_CONNECT_MS):
            return "nobody"
        tokens = {name: os.environ[name] for name in _TOKENS if os.environ.get(name)}
        socket.write(json.dumps({"open": list(locations), "tokens": tokens}).encode() + b"\n")
        socket.flush()
        answer = b""
        while not answer.endswith(b"\n") and socket.waitForReadyRead(_ANSWER_MS):
            answer += socket.readAll().data()
        socket.abort()
        return "taken" if answer == _TAKEN else "silent"

    # The first one

    def _listen(self) -> None:
        from PySide6.QtNetwork import QLocalServer

        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        QLocalServer.removeServer(self._address)  # nobody answered: it is left over from a crash
        if not server.listen(self._address):
            return
        server.newConnection.connect(self._connected)
        self._server = server

    def _connected(self) -> None:
        while self._server is not None and (socket := self._server.nextPendingConnection()):
            self._buffers[socket] = bytearray()
            socket.readyRead.connect(self._read)
            socket.disconnected.connect(self._gone)

    def _read(self) -> None:
        for socket, buffer in list(self._buffers.items()):
            buffer += socket.readAll().data()
            if len(buffer) > _MOST:
                socket.abort()
            elif b"\n" in buffer:
                request = _request(bytes(buffer).partition(b"\n")[0])
                buffer.clear()
                if request is not None:
                    self._take(socket, *request)
                else:
                    socket.abort()

    def _take(self, socket: QLocalSocket, locations: list[str], tokens: dict[str, str]) -> None:
        socket.write(_TAKEN)
        socket.flush()
        os.environ.update(tokens)  # Qt takes it from there when the window is raised
        self.asked.emit(locations)

    def _gone(self) -> None:
        unconnected = [s for s in self._buffers if s.state() is s.LocalSocketState.UnconnectedState]
        for socket in unconnected:
            del self._buffers[socket]
            socket.deleteLater()


def address(folder: Path) -> str:
    """Where the instance with the settings in ``folder`` listens; a socket's path has 107 bytes at most."""
    who = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    key = hashlib.sha256(f"{who}\0{os.path.abspath(folder)}".encode()).hexdigest()[:16]
    if os.name == "nt":
        return f"shipglass-{key}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    usable = os.path.isdir(runtime) and os.access(runtime, os.W_OK) and len(runtime) < 60
    return os.path.join(runtime if usable else tempfile.gettempdir(), f"shipglass-{key}")


def _is_mine(path: str) -> bool:
    """Whether this user made the socket, or there is none; a stranger's in /tmp is not talked to."""
    try:
        return os.name == "nt" or os.lstat(path).st_uid == os.getuid()
    except OSError:
        return True


def _request(line: bytes) -> tuple[list[str], dict[str, str]] | None:
    try:
        value = json.loads(line)
        locations = [str(item) for item in value["open"]]
        tokens = {name: str(text) for name, text in value["tokens"].items() if name in _TOKENS}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return locations, tokens
