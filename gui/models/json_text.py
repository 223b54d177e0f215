"""JSON made readable without being parsed: every character stays, only the blanks between tokens change.

So the document shown is the exact one (key order, doubled keys, numbers as written), nothing large is held in
one C call, and what is no JSON passes through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from exporter_core.progress import breathe

SHOWN_MOST = 512 * 1024
"""Bytes of a document that are shown; the rest is cut, with a note."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """A document to show: ``pretty`` and ``raw``, and ``note`` where something is to be said about it."""

    pretty: str
    raw: str
    note: str = ""


def json_text(data: bytes, note: str = "") -> JsonText:
    """``data`` in both forms; bytes that are no UTF-8 show as replacement characters."""
    raw = data.decode("utf-8", errors="replace")
    return JsonText(pretty(raw), raw, note)


def pretty(text: str) -> str:
    """``text`` with one value a line, indented by two."""
    return "".join(_pieces(text)).strip("\n")


@cache
def _token() -> re.Pattern[str]:
    return re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


def _pieces(text: str) -> Iterator[str]:
    depth = 0
    opened = ""  # a bracket whose first content is still to come
    for count, match in enumerate(_token().finditer(text)):
        breathe(count)
        token = match.group()
        if token in "}]":
            depth = max(0, depth - 1)
            yield token if opened else f"\n{'  ' * depth}{token}"
            opened = ""
            continue
        if opened:
            yield f"\n{'  ' * depth}"
            opened = ""
        if token in "{[":
            depth += 1
            opened = token
            yield token
        elif token == ",":
            yield f",\n{'  ' * depth}"
        else:
            yield ": " if token == ":" else token
