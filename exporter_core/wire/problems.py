"""Errors over the pipe: by the name of their class and their fields; never pickled."""

from __future__ import annotations

from exporter_core import errors
from exporter_core.errors import ContentError, PlanError, ShipglassError, StoreError
from exporter_core.wire import Garbled

_LONGEST = 16 * 1024  # characters of a message or a field
_FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "MalformedDocument": {"where": (str,)},
    "DocumentTooLarge": {"size": (int,), "limit": (int,)},
    "MissingBlob": {"place": (str,)},
    "SizeMismatch": {"expected": (int,), "actual": (int, type(None))},
    "DigestMismatch": {"expected": (str,), "actual": (str,), "size": (int,)},
    "UnreadableBlob": {"reason": (str,)},
}
_CLASSES: dict[str, type[ShipglassError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, ShipglassError) and kind is not PlanError
}


def error_json(error: Exception) -> dict[str, object]:
    """``error`` as JSON; one that is not of our tree becomes a StoreError that tells it."""
    if not isinstance(error, ShipglassError) or type(error).__name__ not in _CLASSES:
        error = StoreError(f"the store cannot be read: {type(error).__name__}: {error}")
    kind = type(error).__name__
    names = (*_common(type(error)), *_FIELDS.get(kind, {}))
    out: dict[str, object] = {"type": kind}
    for name in names:
        value = getattr(error, name)
        out[name] = value[:_LONGEST] if isinstance(value, str) else value
    return out


def parse_error(value: object) -> ShipglassError:
    """The error in parsed JSON, of the same class and with the same fields. Raises Garbled."""
    if not isinstance(value, dict):
        raise Garbled("an error is no JSON object")
    kind = _CLASSES.get(str(value.get("type")))
    if kind is None:
        raise Garbled("an error is of no class that is known here")
    error = kind.__new__(kind)
    wanted: dict[str, tuple[type, ...]] = dict.fromkeys(_common(kind), (str,))
    for name, types in (wanted | _FIELDS.get(kind.__name__, {})).items():
        field = value.get(name)
        if type(field) not in types or (isinstance(field, str) and len(field) > _LONGEST):
            raise Garbled(f"an error's {name} is not what it should be")
        setattr(error, name, field)
    Exception.__init__(error, error.message)
    return error


def _common(kind: type[ShipglassError]) -> tuple[str, ...]:
    return ("message", "hint", "digest", "owner") if issubclass(kind, ContentError) else ("message", "hint")
