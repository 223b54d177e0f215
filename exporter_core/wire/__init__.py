"""What goes over the pipe between a store's helper process (``serve``) and the store that talks to it.

A frame is two lengths (four bytes each, big-endian), a header (a JSON object) and a payload (bytes). The
helper says :data:`MAGIC` on a line of its own, then what it serves. Then the client asks, under a number::

    {"id": 7, "ask": "read", "store": 0, "digest": "sha256:…", "offset": 0}
    {"id": 7, "more": 1}        another chunk may come
    {"id": 7, "stop": true}     nothing more is wanted

and is answered with any number of chunks, as many as it allowed, and one end::

    {"id": 7} and a payload     a chunk
    {"id": 7, "end": true}      or {"id": 7, "error": {…}}: that was all

Many questions may be open at a time. A blob comes as its bytes, everything else as one JSON document. Each
side trusts the other with nothing: every length has a bound, every field a type. Values are in ``values``,
errors in ``problems``.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from typing import BinaryIO

from exporter_core import gojson
from exporter_core.errors import ContentError

MAGIC = b"shipglass-serve 1"
"""The line before the first frame; the number changes with the protocol."""
CHUNK = 1 << 20
"""Bytes of the largest payload."""
HEADER_LIMIT = 256 * 1024
"""Bytes of the largest header of an answer."""
ASK_LIMIT = 16 * 1024
"""Bytes of the largest header of a question; a question has no payload."""
WINDOW = 4
"""Chunks of one answer that may be under way."""
BABBLE_LIMIT = 256 * 1024
"""Bytes that a login shell may say before the magic line."""
ANSWER_LIMIT = 256 * 1024 * 1024
"""Bytes of the largest JSON document: a namespace's blobs, say, some 500,000 of them."""
STREAMS = 256
"""Questions that may be open at a time."""
STORES = 64
"""Stores (namespaces) that may be open at a time."""
_PREFIX = struct.Struct(">II")


class Garbled(Exception):
    """The other side does not keep to the protocol; the connection is of no use any more."""


def head(header: Mapping[str, object], payload: int = 0) -> bytes:
    """The beginning of a frame, up to its payload of ``payload`` bytes."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return _PREFIX.pack(len(text), payload) + text


def read_head(
    source: BinaryIO, *, header_limit: int = HEADER_LIMIT, payload_limit: int = CHUNK
) -> tuple[dict[str, object], int] | None:
    """The next frame's header and the length of the payload that follows; None at the end.

    Raises Garbled where a length is over its limit, the frame is cut short or the header is no JSON object.
    """
    prefix = read_fully(source, _PREFIX.size)
    if not prefix:
        return None
    if len(prefix) < _PREFIX.size:
        raise Garbled("a frame was cut short")
    length, payload = _PREFIX.unpack(prefix)
    if length > header_limit or payload > payload_limit:
        raise Garbled(f"a frame of {length} and {payload} bytes is too large")
    text = read_fully(source, length)
    if len(text) < length:
        raise Garbled("a frame was cut short")
    try:
        header = gojson.loads(text, name="the header")
    except ContentError as error:
        raise Garbled(str(error)) from error
    if not isinstance(header, dict):
        raise Garbled("a header is no JSON object")
    return header, payload


def read_fully(source: BinaryIO, length: int) -> bytes:
    """The next ``length`` bytes, fewer only at the end."""
    data = source.read(length) or b""
    while len(data) < length and (more := source.read(length - len(data))):
        data += more
    return data


def fill(source: BinaryIO, room: memoryview) -> None:
    """Read until ``room`` is full. Raises Garbled at the end."""
    done = 0
    while done < len(room):
        got = source.readinto(room[done:])  # type: ignore[attr-defined]  # every binary file has it
        if not got:
            raise Garbled("a frame was cut short")
        done += got


def find_magic(source: BinaryIO) -> None:
    """Skip what comes before the magic line. Raises Garbled where there is none within bounds."""
    seen = 0
    while seen < BABBLE_LIMIT:
        line = source.readline(4096)
        if not line:
            raise Garbled("it ended before it answered")
        if line.rstrip(b"\r\n").endswith(MAGIC) and line.endswith(b"\n"):  # a banner may lack its newline
            return
        seen += len(line)
    raise Garbled("it says much, and nothing that belongs to the protocol")


def number(header: Mapping[str, object], key: str, *, most: int, otherwise: int | None = None) -> int:
    """The whole number at ``key``, 0 to ``most``. Raises Garbled."""
    value = header.get(key, otherwise)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Garbled(f"{key} is no number from 0 to {most}")
    return value


def text(header: Mapping[str, object], key: str, *, most: int = ASK_LIMIT) -> str:
    """The string at ``key``, of at most ``most`` characters; "" where there is none. Raises Garbled."""
    value = header.get(key, "")
    if not isinstance(value, str) or len(value) > most:
        raise Garbled(f"{key} is no text of at most {most} characters")
    return value


def write_fully(write: Callable[[bytes | memoryview], int | None], data: bytes | memoryview) -> None:
    """Write all of ``data`` to an unbuffered file's ``write``."""
    rest = memoryview(data)
    while rest:
        rest = rest[write(rest) or 0 :]
