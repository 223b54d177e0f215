"""A small client of the session's message bus, for what PySide's QtDBus cannot send.

QtDBus writes each Python number as a signed one, and ``Notify`` takes an unsigned. What lives here is what
such calls and their signals need; all else asks through QtDBus. Nothing waits: what is sent fits into the
socket's buffer, what comes is read when it is there.
Source: D-Bus Specification, "Authentication Protocol", "Message Protocol" and "Server Addresses".
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QObject, QSocketNotifier, Signal

REPLY, ERROR, SIGNAL = 2, 3, 4
_BUS, _BUS_PLACE = "org.freedesktop.DBus", "/org/freedesktop/DBus"
_MOST = 1 << 20  # bytes of a message that is read
_CHUNK = 1 << 16
_PATH, _INTERFACE, _MEMBER, _REPLY_TO, _DESTINATION, _SIGNATURE = 1, 2, 3, 5, 6, 8


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message: REPLY or ERROR to the call ``reply_to``, or SIGNAL ``member``; its leading plain values."""

    kind: int
    member: str
    reply_to: int
    values: tuple[int | str, ...]


class PlainBus(QObject):
    """A connection of its own. ``arrived(Incoming)``; ``lost`` when it is closed by the other side."""

    arrived = Signal(object)
    lost = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        """Raises OSError where there is no bus that can be talked to."""
        super().__init__(parent)
        self._serial = 0
        self._in = bytearray()
        self._welcome = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.setblocking(False)
            self._socket.connect(_address())
            who = str(os.getuid()).encode().hex()
            self._socket.sendall(f"\0AUTH EXTERNAL {who}\r\nBEGIN\r\n".encode())
            self.call(_BUS, _BUS_PLACE, _BUS, "Hello")
        except OSError:
            self._socket.close()
            raise
        self._notifier = QSocketNotifier(self._socket.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._readable)

    def call(
        self, service: str, place: str, interface: str, member: str, kinds: Sequence[str] = (), *values: Any
    ) -> int:
        """Send a call with ``values`` of the D-Bus types ``kinds``; gives its serial. Raises OSError."""
        self._serial += 1
        fields = [
            (_PATH, ("o", place)), (_DESTINATION, ("s", service)),
            (_INTERFACE, ("s", interface)), (_MEMBER, ("s", member)),
        ]  # fmt: skip
        if kinds:
            fields.append((_SIGNATURE, ("g", "".join(kinds))))
        body = bytearray()
        for kind, value in zip(kinds, values, strict=True):
            pack(body, kind, value)
        message = bytearray(b"l\1\0\1" + struct.pack("<II", len(body), self._serial))
        pack(message, "a(yv)", fields)
        _align(message, 8)
        self._socket.sendall(bytes(message + body))
        return self._serial

    def listen(self, service: str, interface: str) -> None:
        """Have the signals of ``interface`` of ``service`` sent here. Raises OSError."""
        rule = f"type='signal',sender='{service}',interface='{interface}'"
        self.call(_BUS, _BUS_PLACE, _BUS, "AddMatch", ["s"], rule)

    def close(self) -> None:
        """Leave the bus; nothing arrives any more."""
        self._notifier.setEnabled(False)
        self._socket.close()

    def _readable(self) -> None:
        try:
            chunk = self._socket.recv(_CHUNK)
            self._in += chunk
            messages = self._messages() if chunk else []
        except BlockingIOError:
            return
        except (OSError, ValueError, struct.error, IndexError):
            chunk, messages = b"", []
        for message in messages:
            self.arrived.emit(message)
        if not chunk:
            self.close()
            self.lost.emit()

    def _messages(self) -> list[Incoming]:
        if not self._welcome:
            line, end, rest = bytes(self._in).partition(b"\r\n")
            if not end:
                return []
            if not line.startswith(b"OK "):
                raise ValueError("the bus does not know this user")
            self._in, self._welcome = bytearray(rest), True
        return list(iter(lambda: unpack(self._in), None))


# Writing


def pack(out: bytearray, kind: str, value: Any) -> None:
    """Append ``value`` as the D-Bus type ``kind``: one of ``y u i s o g v``, or an array of strings or pairs.

    A variant is a pair of type and value, a dictionary the pairs of its items.
    """
    if kind == "y":
        out.append(value)
    elif kind in "ui":
        _align(out, 4)
        out += struct.pack("<I" if kind == "u" else "<i", value)
    elif kind in "so":
        text = value.replace("\0", " ").encode("utf-8", "replace")
        pack(out, "u", len(text))
        out += text + b"\0"
    elif kind == "g":
        out += bytes([len(value)]) + value.encode() + b"\0"
    elif kind == "v":
        pack(out, "g", value[0])
        pack(out, *value)
    else:
        _pack_array(out, kind.removeprefix("a"), value)


def _pack_array(out: bytearray, element: str, items: Iterable[Any]) -> None:
    fields = element.strip("(){}")
    edge = 4 if fields == element else 8
    pack(out, "u", 0)
    at = len(out) - 4
    _align(out, edge)
    start = len(out)
    for item in items:
        _align(out, edge)
        for kind, part in zip(fields, item if edge == 8 else (item,), strict=True):
            pack(out, kind, part)
    struct.pack_into("<I", out, at, len(out) - start)


def _align(out: bytearray, edge: int) -> None:
    out += bytes(-len(out) % edge)


# Reading


def unpack(buffer: bytearray) -> Incoming | None:
    """Take the first message from ``buffer``; None while it is not whole.

    Raises ValueError, IndexError or struct.error for what is no message.
    """
    if len(buffer) < 16:
        return None
    reader = _Reader(buffer)
    reader.at = 4
    body, _, fields = reader.number(), reader.number(), reader.number()
    start = 16 + fields + -fields % 8
    if start + body > _MOST:
        raise ValueError("a message that is too long")
    if len(buffer) < start + body:
        return None
    found: dict[int, int | str] = {}
    while reader.at < 16 + fields:
        reader.align(8)
        code = reader.byte()
        found[code] = reader.value(reader.short())
    reader.at = start
    values = reader.plain(str(found.get(_SIGNATURE, "")))
    message = Incoming(buffer[1], str(found.get(_MEMBER, "")), int(found.get(_REPLY_TO, 0)), values)
    del buffer[: start + body]
    return message


class _Reader:
    """Reads values from ``data``, each where its type begins."""

    def __init__(self, data: bytearray) -> None:
        self._data = data
        self._number = "<I" if data[:1] == b"l" else ">I"
        self.at = 0

    def align(self, edge: int) -> None:
        self.at += -self.at % edge

    def byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def number(self) -> int:
        self.align(4)
        self.at += 4
        return int(struct.unpack_from(self._number, self._data, self.at - 4)[0])

    def short(self) -> str:
        return self._text(self.byte())

    def value(self, kind: str) -> int | str:
        if kind == "u":
            return self.number()
        if kind == "g":
            return self.short()
        if kind in ("s", "o"):
            return self._text(self.number())
        raise ValueError(f"the type {kind!r} is not read")

    def plain(self, kinds: str) -> tuple[int | str, ...]:
        """The values of ``kinds`` up to the first that is not plain."""
        values = []
        for kind in kinds:
            if kind not in "usog":
                break
            values.append(self.value(kind))
        return tuple(values)

    def _text(self, length: int) -> str:
        self.at += length + 1
        return bytes(self._data[self.at - length - 1 : self.at - 1]).decode()


def _address() -> str | bytes:
    """Where the session's bus listens, as a socket takes it. Raises OSError where there is none here."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    told = os.environ.get("DBUS_SESSION_BUS_ADDRESS") or f"unix:path={runtime}/bus"
    for one in told.split(";"):
        parts = dict(part.partition("=")[::2] for part in one.removeprefix("unix:").split(","))
        if not one.startswith("unix:"):
            continue
        if "path" in parts:
            return unquote_to_bytes(parts["path"])
        if "abstract" in parts:
            return b"\0" + unquote_to_bytes(parts["abstract"])
        if "runtime" in parts:
            return f"{runtime}/bus"
    raise OSError(f"no bus can be reached at {told!r}")
