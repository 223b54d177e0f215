"""JSON made readable without being parsed: every character stays, only the blanks between tokens change.

So the document shown is the exact one (key order, doubled keys, numbers as written), nothing large is held in
one C call, and what is no JSON passes through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import islice

from exporter_core.progress import breathe
from gui.models.json_lines import JsonLines, outlined, plain

SHOWN_MOST = 2 * 1024 * 1024
"""Bytes of a document that are shown; the rest is cut, with a note."""
_TURN = 4000  # tokens between two breaths


@dataclass(frozen=True, slots=True)
class JsonText:
    """A document to show: ``pretty`` and ``raw``, and ``note`` where something is to be said about it.

    ``lines`` is the pretty form line by line with its outline, ``raw_lines`` the raw one.
    """

    pretty: str
    raw: str
    note: str = ""
    lines: JsonLines = field(default_factory=JsonLines, compare=False, repr=False)
    raw_lines: JsonLines = field(default_factory=JsonLines, compare=False, repr=False)


def json_text(data: bytes, note: str = "") -> JsonText:
    """``data`` in both forms; bytes that are no UTF-8 show as replacement characters."""
    raw = data.decode("utf-8", errors="replace")
    shown = pretty(raw)
    return JsonText(shown, raw, note, outlined(shown), plain(raw))


def pretty(text: str) -> str:
    """``text`` with one value a line, indented by two."""
    return "".join(_pieces(text)).strip("\n")


@cache
def _token() -> re.Pattern[str]:
    return re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    add = pieces.append
    depth, line = 0, "\n"
    opened = False  # the first content of a bracket is still to come
    matches = _token().finditer(text)
    while tokens := [match[0] for match in islice(matches, _TURN)]:
        breathe(50)
        for token in tokens:
            if token == ":":
                add(": ")
            elif token in "}]":
                depth = max(0, depth - 1)
                line = f"\n{'  ' * depth}"
                add(token if opened else line + token)
                opened = False
            elif token == ",":
                add(f",{line}")
                opened = False
            else:
                add(line + token if opened else token)
                opened = token in "{["
                if opened:
                    depth += 1
                    line = f"\n{'  ' * depth}"
    return pieces
