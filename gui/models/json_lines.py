"""The lines of a readable JSON document and how they lie in each other: what folds, and each place's jq path.

Worked out from the text alone, once, off the GUI thread; nothing is parsed into objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from exporter_core.progress import breathe

LONGEST = 4096
"""Characters of a line; a longer one is shown as several, of which all but the first are ``soft``."""
_KEY = re.compile(r'\s*("[^"\\]*(?:\\.[^"\\]*)*")\s*:\s*', re.DOTALL)
_WORD = re.compile(r'"[A-Za-z_][A-Za-z0-9_]*"')
_DIGEST = re.compile(r'"((?:sha256|sha384|sha512):[0-9a-f]{64,128})"')
_TURN = 2500  # lines between two breaths


@dataclass(frozen=True, slots=True, eq=False)
class JsonLines:
    """``texts`` of the lines; of each the line of the bracket around it (``parents``, -1 for none) and its
    place among that one's children (``ordinals``); ``ends``: line of an opening bracket → of its closing one.
    """

    texts: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    ordinals: list[int] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)
    soft: frozenset[int] = frozenset()

    def path(self, line: int) -> str:
        """The place of the line for jq: ``.manifests[2].digest``; "" where there is no outline."""
        if not 0 <= line < len(self.parents):
            return ""
        steps: list[str] = []
        line = self._opener(line)
        while (parent := self.parents[line]) >= 0:
            if self.texts[parent].endswith("["):
                steps.append(f"[{self.ordinals[line]}]")
            else:
                key = self.key(line)
                steps.append(f".{key[1:-1]}" if _WORD.fullmatch(key) else f"[{key}]")
            line = parent
        path = "".join(reversed(steps))
        return path if path.startswith(".") else f".{path}"

    def key(self, line: int) -> str:
        """The key that stands in the line, as it is written (with its quotes), else ""."""
        match = _KEY.match(self.texts[self._first(line)])
        return match[1] if match else ""

    def value(self, line: int) -> str:
        """The value that stands in the line or begins there: a string without its quotes and escapes kept."""
        first = self._opener(self._first(line))
        last = self.ends.get(first, first)
        while last + 1 in self.soft:
            last += 1
        texts = self.texts[first : last + 1]
        whole = self.join(range(first, last + 1), texts)
        indent = len(whole) - len(whole.lstrip(" "))
        key = _KEY.match(whole)
        body = whole[key.end() if key else indent :].rstrip(",")
        body = body.replace(f"\n{' ' * indent}", "\n")
        return body[1:-1] if len(body) > 1 and body[0] == '"' == body[-1] else body

    def digest(self, line: int) -> str:
        """The digest in the line, or beside the media type in it, in the same object; else ""."""
        found = _DIGEST.search(self.texts[line])
        if found:
            return found[1]
        if not self.parents or self.key(line) != '"mediaType"':
            return ""
        return next((match[1] for match in self._siblings(line) if match), "")

    def around(self, line: int) -> list[int]:
        """The lines of the brackets around the line, the innermost first."""
        lines: list[int] = []
        while self.parents and (line := self.parents[line]) >= 0:
            lines.append(line)
        return lines

    def children(self, line: int) -> int:
        """How many values the bracket in the line holds."""
        last = self.ends[line] - 1
        while last > line and self.parents[last] != line:
            last = self.parents[last]
        return self.ordinals[last] + 1 if last > line else 0

    def find(self, words: str, most: int) -> list[tuple[int, int]]:
        """(line, column) of the first ``most`` places of ``words``, whatever their case; one may reach over
        the end of a piece into the next.
        """
        places: list[tuple[int, int]] = []
        for first, text in self._whole():
            for at in _places(_lower(text), _lower(words)):
                if len(places) == most:
                    return places
                places.append((first + at // LONGEST, at % LONGEST) if len(text) > LONGEST else (first, at))
        return places

    def found(self, line: int, words: str) -> list[tuple[int, int]]:
        """(start, end) of what :meth:`find` finds in this line or piece, and of what reaches into it."""
        text, reach = self.texts[line], len(words) - 1
        before = self.texts[line - 1][-reach:] if reach > 0 and line in self.soft else ""
        after = self.texts[line + 1][:reach] if reach > 0 and line + 1 in self.soft else ""
        found = _places(_lower(before + text + after), _lower(words))
        spans = ((at - len(before), at - len(before) + len(words)) for at in found)
        return [(max(start, 0), min(end, len(text))) for start, end in spans if start < len(text) and end > 0]

    def _whole(self) -> Iterator[tuple[int, str]]:
        """The lines as they are, long ones in one, each with the number of its first piece."""
        line, last = 0, len(self.texts)
        while line < last:
            end = line + 1
            while end in self.soft:
                end += 1
            yield line, self.texts[line] if end == line + 1 else "".join(self.texts[line:end])
            line = end

    def join(self, lines: range, texts: list[str]) -> str:
        """These lines as one text, the pieces of long lines put together again."""
        parts: list[str] = []
        for line, text in zip(lines, texts, strict=True):
            parts.append(text if line == lines.start or line in self.soft else f"\n{text}")
        return "".join(parts)

    def _first(self, line: int) -> int:
        while line in self.soft:
            line -= 1
        return line

    def _opener(self, line: int) -> int:
        """The line of the opening bracket, for that of a closing one."""
        if self.texts[line].lstrip(" ")[:1] in ("}", "]"):
            return next((first for first, last in self.ends.items() if last == line), line)
        return line

    def _siblings(self, line: int) -> Iterator[re.Match[str] | None]:
        """What looks like a digest in the object of the line, and is its ``digest``."""
        parent = self.parents[line]
        for other in range(parent + 1, self.ends.get(parent, len(self.texts))):
            if self.parents[other] == parent and self.key(other) == '"digest"':
                yield _DIGEST.search(self.texts[other])


def _places(text: str, words: str) -> Iterator[int]:
    """Where ``words`` stand in ``text``, none overlapping another."""
    at = text.find(words) if words else -1
    while at >= 0:
        yield at
        at = text.find(words, at + len(words))


def _lower(text: str) -> str:
    """In small letters, as long as before: a letter whose small form is longer stays as it is."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def plain(text: str) -> JsonLines:
    """``text`` as lines without an outline."""
    texts, soft = _split(text)
    return JsonLines(texts, soft=soft)


def outlined(text: str) -> JsonLines:
    """The lines of ``text``, which has one value a line as ``pretty`` writes it."""
    texts, soft = _split(text)
    parents, ordinals, ends = [-1] * len(texts), [0] * len(texts), {}
    around: list[tuple[int, int]] = []  # the brackets that are open, with the count of children before
    top, count = -1, 0
    for line, shown in enumerate(texts):
        if not line % _TURN:
            breathe(50)
        body = shown.lstrip(" ")
        if line in soft:
            parents[line], ordinals[line] = parents[line - 1], ordinals[line - 1]
        elif body[:1] in ("}", "]"):
            if around:
                ends[top] = line
                parents[line], ordinals[line] = parents[top], ordinals[top]
                top, count = around.pop()
        else:
            parents[line], ordinals[line] = top, count
            count += 1
            if body[-1:] in ("{", "["):
                around.append((top, count))
                top, count = line, 0
    return JsonLines(texts, parents, ordinals, ends, soft)


def _split(text: str) -> tuple[list[str], frozenset[int]]:
    lines = text.split("\n")
    if max(map(len, lines)) <= LONGEST:
        return lines, frozenset()
    texts: list[str] = []
    soft: set[int] = set()
    for line in lines:
        pieces = [line[at : at + LONGEST] for at in range(0, len(line), LONGEST)] or [""]
        soft.update(range(len(texts) + 1, len(texts) + len(pieces)))
        texts += pieces
    return texts, frozenset(soft)
