"""Values over the pipe: plain dataclasses by the types of their fields, images with their descriptors."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Hashable, Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar, cast

from exporter_core.content import Image
from exporter_core.descriptor import Child, Descriptor, MalformedDescriptor
from exporter_core.errors import ContentError
from exporter_core.manifest import descriptor_json, parse_descriptor
from exporter_core.manifest.descriptors import parse_platform, platform_json
from exporter_core.manifest.fields import fields, mapping, text
from exporter_core.wire import Garbled
from exporter_core.wire.problems import error_json, parse_error

T = TypeVar("T")


def to_json(value: object) -> object:
    """A dataclass of text, numbers, times, mappings and tuples, or an Image, as JSON."""
    if isinstance(value, Image):
        return {name: _image_field(name, getattr(value, name)) for name in _names(Image)}
    if dataclasses.is_dataclass(value):
        return {name: to_json(getattr(value, name)) for name in _names(type(value))}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return [to_json(item) for item in value] if isinstance(value, tuple) else value


def parse(kind: type[T], value: object) -> T:
    """The ``kind`` (Lease, say) in parsed JSON. Raises Garbled where a field is of another type."""
    if not isinstance(value, dict):
        raise Garbled(f"a {kind.__name__} is no JSON object")
    made: dict[str, object] = {}
    for name, wanted in _types(cast(Hashable, kind)).items():
        if kind is Image and name == "target":
            made[name] = _target(value.get(name))
        else:
            made[name] = _parsed(wanted, value.get(name), name)
    return kind(**made)


def parse_all(kind: type[T], value: object) -> tuple[T, ...]:
    """An array of them. Raises Garbled."""
    if not isinstance(value, list):
        raise Garbled("what should be a list is none")
    return tuple(parse(kind, item) for item in value)


def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@cache
def _types(kind: Hashable) -> Mapping[str, Any]:
    hints = typing.get_type_hints(kind, localns={"datetime": datetime, "Child": object})
    return {name: hints[name] for name in _names(cast(type, kind))}


def _parsed(wanted: Any, value: object, name: str) -> object:
    """``value`` as the type ``wanted``: of the few that our values have."""
    if isinstance(wanted, types.UnionType):
        return None if value is None else _parsed(typing.get_args(wanted)[0], value, name)
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is datetime and isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise Garbled(f"{name} is no time") from error
    if wanted in (str, int) and type(value) is wanted:
        return value
    if origin is tuple and isinstance(value, list):
        if inner[-1] is not Ellipsis and len(value) != len(inner):
            raise Garbled(f"{name} has {len(value)} parts and not {len(inner)}")
        return tuple(_parsed(inner[0], item, name) for item in value)
    is_mapping = origin not in (None, tuple) and isinstance(value, dict)
    if is_mapping and all(type(item) is str for item in cast(dict[str, object], value).values()):
        return MappingProxyType(cast(dict[str, str], value))
    raise Garbled(f"{name} is not what it should be")


def _image_field(name: str, value: object) -> object:
    return _target_json(cast(Child, value)) if name == "target" else to_json(value)


def _target_json(target: Child) -> dict[str, object]:
    if isinstance(target, Descriptor):
        return {"descriptor": {**descriptor_json(target, v1=False), **target.extra}}
    return {
        "malformed": target.raw,
        "problem": error_json(target.problem),
        "mediaType": target.media_type,
        "digest": target.digest_text,
        "platform": None if target.platform is None else platform_json(target.platform),
        "annotations": dict(target.annotations),
    }


def _target(value: object) -> Child:
    if not isinstance(value, dict):
        raise Garbled("a target is no JSON object")
    if "descriptor" in value:
        return parse_descriptor(value["descriptor"], where="target")
    problem = parse_error(value.get("problem"))
    if not isinstance(problem, ContentError):
        raise Garbled("a problem of a descriptor is not one of content")
    try:
        platform = value.get("platform")
        return MalformedDescriptor(
            problem=problem,
            media_type=text(value, "mediaType"),
            digest_text=text(value, "digest"),
            platform=None if platform is None else parse_platform(fields(value, "platform"), ""),
            annotations=mapping(value, "annotations"),
            raw=value.get("malformed"),
        )
    except ContentError as error:
        raise Garbled(str(error)) from error
