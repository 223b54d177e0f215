"""Descriptors and platforms from parsed JSON, and back as Go's structs marshal them."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from types import MappingProxyType

from exporter_core import gojson
from exporter_core.descriptor import EMPTY, Child, Descriptor, MalformedDescriptor
from exporter_core.digest import Digest
from exporter_core.errors import ContentError, DigestError, MalformedDocument
from exporter_core.gojson import Shape
from exporter_core.manifest.fields import HINT, fields, mapping, text, texts, wrong
from exporter_core.platforms import Platform

_DESCRIPTOR = Shape("mediaType", "digest", "size", "urls", "annotations", "platform", "data", "artifactType")
_PLATFORM = Shape("architecture", "os", "os.version", "os.features", "variant")


def parse_descriptor(value: object, *, where: str) -> Child:
    """The descriptor in parsed JSON, or a MalformedDescriptor that says what is wrong at ``where``."""
    raw: dict[str, object] = value if isinstance(value, dict) else {}
    try:
        if value is None:
            raise MalformedDocument("is missing", where=where, hint=HINT)
        if not isinstance(value, dict):
            raise wrong(where, "an object", value)
        return _descriptor(value, where)
    except ContentError as problem:
        return _malformed(raw, where, problem)


def _descriptor(value: dict[str, object], where: str) -> Descriptor:
    known, extra = _DESCRIPTOR.split(value, where)
    dot = where + "."
    return Descriptor(
        media_type=text(known, "mediaType", dot),
        digest=_digest(known, dot),
        size=_size(known, dot),
        urls=texts(known, "urls", dot),
        annotations=mapping(known, "annotations", dot),
        platform=parse_platform(fields(known, "platform", dot), dot + "platform.")
        if "platform" in known
        else None,
        data=_data(known, extra),
        artifact_type=_artifact_type(known, extra),
        extra=MappingProxyType(extra) if extra else EMPTY,
    )


def _malformed(raw: dict[str, object], where: str, problem: ContentError) -> MalformedDescriptor:
    """What can still be told of a descriptor that is not one."""

    def told(key: str) -> str:
        item = raw.get(key)
        return item if isinstance(item, str) else ""

    platform, annotations = None, EMPTY
    with suppress(ContentError):
        annotations = mapping(raw, "annotations")
    with suppress(ContentError):
        platform = parse_platform(fields(raw, "platform"), "") if raw.get("platform") is not None else None
    if not problem.message.startswith(where):
        problem.message = f"{where}: {problem.message}"
    return MalformedDescriptor(
        problem=problem,
        media_type=told("mediaType"),
        digest_text=told("digest"),
        platform=platform,
        annotations=annotations,
        raw=raw,
    )


def _digest(known: dict[str, object], dot: str) -> Digest:
    spelled = text(known, "digest", dot)
    if not spelled:
        raise MalformedDocument("is missing", where=dot + "digest", hint=HINT)
    try:
        return Digest.parse(spelled)
    except DigestError as error:
        error.message = f"{dot}digest: {error.message}"
        raise


def _size(known: dict[str, object], dot: str) -> int:
    value = known.get("size", 0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(dot + "size", "a whole number of bytes", value)
    if not 0 <= value <= gojson.INT64_MAX:
        raise MalformedDocument(f"{value} is no size", where=dot + "size", hint=HINT)
    return value


def _data(known: dict[str, object], extra: dict[str, object]) -> bytes | None:
    """Embedded content; what does not decode is kept as an unknown field, since it binds nobody."""
    encoded = known.get("data")
    if isinstance(encoded, str):
        try:
            return base64.b64decode(encoded.replace("\r", "").replace("\n", ""), validate=True)
        except (binascii.Error, ValueError):
            pass
    if encoded is not None:
        extra["data"] = encoded
    return None


def _artifact_type(known: dict[str, object], extra: dict[str, object]) -> str:
    value = known.get("artifactType", "")
    if isinstance(value, str):
        return value
    extra["artifactType"] = value
    return ""


def parse_platform(value: dict[str, object], dot: str) -> Platform:
    """The platform in parsed JSON, as written. Raises MalformedDocument naming ``dot`` and the field."""
    known, _ = _PLATFORM.split(value, dot.rstrip("."))
    return Platform(
        architecture=text(known, "architecture", dot),
        os=text(known, "os", dot),
        variant=text(known, "variant", dot),
        os_version=text(known, "os.version", dot),
        os_features=texts(known, "os.features", dot),
    )


def descriptor_json(descriptor: Descriptor, *, v1: bool) -> dict[str, object]:
    """The descriptor as Go's struct marshals: image-spec 1.0.1's (``v1``) or 1.1's field order and fields."""
    out: dict[str, object] = {}
    if descriptor.media_type or not v1:
        out["mediaType"] = descriptor.media_type
    out["digest"] = str(descriptor.digest)
    out["size"] = descriptor.size
    if descriptor.urls:
        out["urls"] = list(descriptor.urls)
    if descriptor.annotations:
        out["annotations"] = dict(sorted(descriptor.annotations.items()))
    if descriptor.data and not v1:
        out["data"] = base64.b64encode(descriptor.data).decode()
    if descriptor.platform is not None:
        out["platform"] = platform_json(descriptor.platform)
    if descriptor.artifact_type and not v1:
        out["artifactType"] = descriptor.artifact_type
    return out


def platform_json(platform: Platform) -> dict[str, object]:
    """The platform as Go's struct marshals; the first two fields always stand."""
    out: dict[str, object] = {"architecture": platform.architecture, "os": platform.os}
    if platform.os_version:
        out["os.version"] = platform.os_version
    if platform.os_features:
        out["os.features"] = list(platform.os_features)
    if platform.variant:
        out["variant"] = platform.variant
    return out
