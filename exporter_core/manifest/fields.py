"""Typed looks at the fields of parsed JSON; errors say where the field is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exporter_core import gojson
from exporter_core.descriptor import EMPTY
from exporter_core.errors import MalformedDocument

HINT = "The document is damaged or hostile: fetch the image again from where it came."


def wrong(where: str, wanted: str, value: object) -> MalformedDocument:
    """The error for ``value`` at ``where``, which should be ``wanted`` ("a string")."""
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    found = kinds.get(type(value)) or (
        f"the number {value}" if isinstance(value, int | float) else "something else"
    )
    return MalformedDocument(f"should be {wanted}, is {found}", where=where, hint=HINT)


def text(known: dict[str, object], key: str, dot: str = "") -> str:
    """The string at ``key``, "" where there is none. Raises MalformedDocument, as all of these."""
    value = known.get(key, "")
    if not isinstance(value, str):
        raise wrong(dot + key, "a string", value)
    return value


def items(known: dict[str, object], key: str, dot: str = "") -> list[object]:
    """The array at ``key``; empty where there is none."""
    value = known.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(dot + key, "an array", value)
    return value


def texts(known: dict[str, object], key: str, dot: str = "") -> tuple[str, ...]:
    """The array of strings at ``key``."""
    listed = items(known, key, dot)
    for i, item in enumerate(listed):
        if item is not None and not isinstance(item, str):
            raise wrong(f"{dot}{key}[{i}]", "a string", item)
    return tuple(item if isinstance(item, str) else "" for item in listed)


def fields(known: dict[str, object], key: str, dot: str = "") -> dict[str, object]:
    """The object at ``key``; empty where there is none."""
    value = known.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong(dot + key, "an object", value)
    return value


def mapping(known: dict[str, object], key: str, dot: str = "") -> Mapping[str, str]:
    """The object of strings at ``key``; ``null`` in it is ""."""
    value = fields(known, key, dot)
    if not value:
        return EMPTY
    for name, item in gojson.pairs(value):
        if item is not None and not isinstance(item, str):
            raise wrong(f"{dot}{key}[{name!r}]", "a string", item)
    return MappingProxyType({name: item if isinstance(item, str) else "" for name, item in value.items()})
