"""JSON as Go's encoding/json reads and writes it; nothing about images.

Reading: keys of a struct match without regard to letter case, of several equal keys the last scalar wins,
``null`` leaves a field as it was, bytes that are no UTF-8 become U+FFFD, data after the value is an error.
Go merges a second object or array into the first; nobody means that, so here it is an error.
Writing: compact, ``<``, ``>``, ``&``, U+2028 and U+2029 escaped, everything else as UTF-8.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable
from typing import NoReturn

from exporter_core.errors import MalformedDocument

INT64_MAX = 2**63 - 1
_LONGEST_NUMBER = 40  # digits; a longer integer fits no field, and int() of a huge one takes for ever


class _Repeated(dict[str, object]):
    """A JSON object in which a key stood more than once: as a mapping the last wins, ``pairs`` has all."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def loads(data: bytes, *, name: str) -> object:
    """The value in ``data`` as Python objects. Raises MalformedDocument naming ``name`` and the place."""
    text = data.decode("utf-8", "shipglass.go")
    if "\\u" in text:
        return _loads(text, name, surrogates=True)
    return _loads(text, name, surrogates=False)


def _loads(text: str, name: str, *, surrogates: bool) -> object:
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise _not_json(name, "it is nested too deeply") from None
    except ValueError as error:
        raise _not_json(name, str(error)) from None
    return without_surrogates(value) if surrogates else value


def _not_json(name: str, reason: str) -> MalformedDocument:
    return MalformedDocument(
        f"{name} is not JSON: {reason}",
        hint="The document is damaged: fetch the image again from where it came.",
        digest=name if ":" in name else "",
    )


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    plain = dict(pairs)
    return plain if len(plain) == len(pairs) else _Repeated(pairs)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float("inf")


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON value")


_SURROGATE = re.compile("[\ud800-\udfff]")


def without_surrogates(value: object) -> object:
    """``value`` with U+FFFD for every half of a surrogate pair, as Go has it."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [without_surrogates(item) for item in value]
    if isinstance(value, _Repeated):
        return _Repeated([(_SURROGATE.sub("\ufffd", k), without_surrogates(v)) for k, v in value.pairs])
    if isinstance(value, dict):
        return {_SURROGATE.sub("\ufffd", k): without_surrogates(v) for k, v in value.items()}
    return value


def _replace_one_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "\ufffd", error.start + 1


codecs.register_error("shipglass.go", _replace_one_byte)

# The two runes outside ASCII that fold to an ASCII letter under Unicode's simple folding.
_FOLDS = {0x17F: "s", 0x212A: "k"}


def _fold(key: str) -> str:
    return (key if key.isascii() else key.translate(_FOLDS)).lower()


def pairs(value: dict[str, object]) -> Iterable[tuple[str, object]]:
    """The keys and values of an object in order, those too that a later one of the same key replaces."""
    return value.pairs if isinstance(value, _Repeated) else value.items()


class Shape:
    """The fields that one kind of object has: ``names`` as Go's struct tags spell them."""

    def __init__(self, *names: str) -> None:
        self._names = frozenset(names)
        self._folded = {_fold(name): name for name in names}

    def spelling(self, key: str) -> str | None:
        """The field that ``key`` means, or None."""
        return key if key in self._names else self._folded.get(_fold(key))

    def split(self, value: dict[str, object], where: str) -> tuple[dict[str, object], dict[str, object]]:
        """(known, other) fields of the object ``value``; known ones under their own spelling, no nulls.

        Raises MalformedDocument where an object or array stands twice.
        """
        known: dict[str, object] = {}
        other: dict[str, object] = {}
        for key, item in pairs(value):
            name = self.spelling(key)
            if name is None:
                other[key] = item
            elif name in known:
                self._again(known, name, item, where)
            elif item is not None:
                known[name] = item
        return known, other

    def _again(self, known: dict[str, object], name: str, item: object, where: str) -> None:
        before = known[name]
        if item is None:
            if isinstance(before, list | dict):
                del known[name]
        elif isinstance(before, list | dict) or type(item) is not type(before):
            raise MalformedDocument(
                f"{name} stands twice",
                where=where,
                hint="Two readers could understand this document differently: fetch the image again.",
            )
        else:
            known[name] = item


_ESCAPED = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def dumps(value: object) -> bytes:
    """``value`` as Go's json.Marshal writes it; the caller has put the keys in Go's order."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPED)
    return _SURROGATE.sub("\ufffd", text).encode()
