"""Index, Manifest and ImageConfig: bytes → frozen values (image-spec ``image-index.md``, ``manifest.md``,
``config.md``), and descriptors to and from JSON.

A descriptor that is malformed does not spoil its document: it becomes a MalformedDescriptor. Errors say
where they are: ``manifests[3].digest``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from exporter_core import gojson, mediatypes
from exporter_core.descriptor import EMPTY, Child, Descriptor, MalformedDescriptor, nothing
from exporter_core.digest import Digest
from exporter_core.errors import ContentError, DigestError, MalformedDocument
from exporter_core.gojson import Shape
from exporter_core.platforms import Platform

_DESCRIPTOR = Shape("mediaType", "digest", "size", "urls", "annotations", "platform", "data", "artifactType")
_PLATFORM = Shape("architecture", "os", "os.version", "os.features", "variant")
_INDEX = Shape("schemaVersion", "mediaType", "artifactType", "manifests", "subject", "annotations")
_MANIFEST = Shape("schemaVersion", "mediaType", "artifactType", "config", "layers", "subject", "annotations")
_CONFIG = Shape(
    "created", "author", "architecture", "os", "os.version", "os.features", "variant", "config", "rootfs",
    "history",
)  # fmt: skip
_RUN = Shape(
    "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal"
)
_ROOTFS = Shape("type", "diff_ids")
_HISTORY = Shape("created", "author", "created_by", "comment", "empty_layer")
_HINT = "The document is damaged or hostile: fetch the image again from where it came."


@dataclass(frozen=True, slots=True)
class Index:
    """An image index or Docker manifest list; ``manifests`` in the document's order."""

    manifests: tuple[Child, ...]
    media_type: str = ""
    artifact_type: str = ""
    subject: Child | None = None
    annotations: Mapping[str, str] = field(default_factory=nothing, hash=False)
    extra: Mapping[str, object] = field(default_factory=nothing, repr=False)

    @classmethod
    def parse(cls, data: bytes, *, name: str = "index") -> Index:
        """The index in ``data``. Raises MalformedDocument; ``name`` (a digest, say) is what it names."""
        known, extra = _document(data, _INDEX, name)
        with _blame(name):
            return cls(
                manifests=_children(known, "manifests"),
                media_type=_text(known, "mediaType"),
                artifact_type=_text(known, "artifactType"),
                subject=_subject(known),
                annotations=_texts(known, "annotations"),
                extra=MappingProxyType(extra),
            )


@dataclass(frozen=True, slots=True)
class Manifest:
    """An image manifest of OCI or Docker schema 2; ``layers`` from the base up."""

    config: Child
    layers: tuple[Child, ...]
    media_type: str = ""
    artifact_type: str = ""
    subject: Child | None = None
    annotations: Mapping[str, str] = field(default_factory=nothing, hash=False)
    extra: Mapping[str, object] = field(default_factory=nothing, repr=False)

    @classmethod
    def parse(cls, data: bytes, *, name: str = "manifest") -> Manifest:
        """The manifest in ``data``. Raises MalformedDocument; ``name`` is what it names."""
        known, extra = _document(data, _MANIFEST, name)
        with _blame(name):
            return cls(
                config=parse_descriptor(known.get("config"), where="config"),
                layers=_children(known, "layers"),
                media_type=_text(known, "mediaType"),
                artifact_type=_text(known, "artifactType"),
                subject=_subject(known),
                annotations=_texts(known, "annotations"),
                extra=MappingProxyType(extra),
            )


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One step of how the image was made; ``empty_layer`` means that it made no layer."""

    created: str = ""
    author: str = ""
    created_by: str = ""
    comment: str = ""
    empty_layer: bool = False


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """An image configuration: what runs, as whom, where, and the layers' diff IDs from the base up.

    ``env``, ``entrypoint`` and ``cmd`` as written; ``ports`` and ``volumes`` are the keys of their objects.
    """

    platform: Platform
    created: str = ""
    author: str = ""
    user: str = ""
    working_dir: str = ""
    stop_signal: str = ""
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=nothing, hash=False)
    diff_ids: tuple[str, ...] = ()
    history: tuple[HistoryEntry, ...] = ()

    @classmethod
    def parse(cls, data: bytes, *, name: str = "config") -> ImageConfig:
        """The configuration in ``data``. Raises MalformedDocument; ``name`` is what it names."""
        known, _ = _document(data, _CONFIG, name)
        with _blame(name):
            run, _ = _RUN.split(_object(known, "config"), "config")
            rootfs, _ = _ROOTFS.split(_object(known, "rootfs"), "rootfs")
            return cls(
                platform=_platform({k: v for k, v in known.items() if k in _PLATFORM_FIELDS}, ""),
                created=_text(known, "created"),
                author=_text(known, "author"),
                user=_text(run, "User", "config."),
                working_dir=_text(run, "WorkingDir", "config."),
                stop_signal=_text(run, "StopSignal", "config."),
                env=_list_of_text(run, "Env", "config."),
                entrypoint=_list_of_text(run, "Entrypoint", "config."),
                cmd=_list_of_text(run, "Cmd", "config."),
                ports=tuple(_object(run, "ExposedPorts", "config.")),
                volumes=tuple(_object(run, "Volumes", "config.")),
                labels=_texts(run, "Labels", "config."),
                diff_ids=_list_of_text(rootfs, "diff_ids", "rootfs."),
                history=tuple(
                    _history(item, f"history[{i}]") for i, item in enumerate(_list(known, "history"))
                ),
            )


_PLATFORM_FIELDS = frozenset(["architecture", "os", "os.version", "os.features", "variant"])


_SNIFF = Shape("mediaType", "config", "layers", "manifests")


def sniff_media_type(data: bytes, *, name: str) -> str:
    """The media type a document gives itself, else that of an OCI index or manifest by its shape, else ""."""
    value = gojson.loads(data, name=name)
    if not isinstance(value, dict):
        return ""
    known = {_SNIFF.spelling(key): item for key, item in value.items()}
    own = known.get("mediaType")
    if isinstance(own, str) and own:
        return own
    if "manifests" in known:
        return mediatypes.OCI_INDEX
    return mediatypes.OCI_MANIFEST if "config" in known and "layers" in known else ""


_OTHERS = Shape("config", "layers", "manifests", "fsLayers")


def contradiction(document: Index | Manifest) -> str:
    """How the document contradicts the type its descriptor gave it, or "".

    The check of containerd's ``validateMediaType`` (core/images/image.go) against documents that two
    readers would understand differently.
    """
    others = {_OTHERS.spelling(key) for key in document.extra}
    if "fsLayers" in others:
        return "it is a Docker schema 1 manifest, which is not supported"
    if isinstance(document, Manifest) and ("manifests" in others or mediatypes.is_index(document.media_type)):
        return "its descriptor says manifest, but it is an index"
    if isinstance(document, Index) and (
        others & {"config", "layers"} or mediatypes.is_manifest(document.media_type)
    ):
        return "its descriptor says index, but it is a manifest"
    return ""


def parse_descriptor(value: object, *, where: str) -> Child:
    """The descriptor in parsed JSON, or a MalformedDescriptor that says what is wrong at ``where``."""
    raw: dict[str, object] = value if isinstance(value, dict) else {}
    try:
        if value is None:
            raise MalformedDocument("is missing", where=where, hint=_HINT)
        if not isinstance(value, dict):
            raise _wrong(where, "an object", value)
        return _descriptor(value, where)
    except ContentError as problem:
        return _malformed(raw, where, problem)


def _descriptor(value: dict[str, object], where: str) -> Descriptor:
    known, extra = _DESCRIPTOR.split(value, where)
    dot = where + "."
    return Descriptor(
        media_type=_text(known, "mediaType", dot),
        digest=_digest(known, dot),
        size=_size(known, dot),
        urls=_list_of_text(known, "urls", dot),
        annotations=_texts(known, "annotations", dot),
        platform=_platform(_object(known, "platform", dot), dot + "platform.")
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
        annotations = _texts(raw, "annotations")
    with suppress(ContentError):
        platform = _platform(_object(raw, "platform"), "") if "platform" in raw else None
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
    text = _text(known, "digest", dot)
    if not text:
        raise MalformedDocument("is missing", where=dot + "digest", hint=_HINT)
    try:
        return Digest.parse(text)
    except DigestError as error:
        error.message = f"{dot}digest: {error.message}"
        raise


def _size(known: dict[str, object], dot: str) -> int:
    value = known.get("size", 0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(dot + "size", "a whole number of bytes", value)
    if not 0 <= value <= gojson.INT64_MAX:
        raise MalformedDocument(f"{value} is no size", where=dot + "size", hint=_HINT)
    return value


def _data(known: dict[str, object], extra: dict[str, object]) -> bytes | None:
    """Embedded content; what does not decode is kept as an unknown field, since it binds nobody."""
    text = known.get("data")
    if isinstance(text, str):
        try:
            return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
        except (binascii.Error, ValueError):
            pass
    if text is not None:
        extra["data"] = text
    return None


def _artifact_type(known: dict[str, object], extra: dict[str, object]) -> str:
    value = known.get("artifactType", "")
    if isinstance(value, str):
        return value
    extra["artifactType"] = value
    return ""


def _platform(value: dict[str, object], dot: str) -> Platform:
    known, _ = _PLATFORM.split(value, dot.rstrip("."))
    return Platform(
        architecture=_text(known, "architecture", dot),
        os=_text(known, "os", dot),
        variant=_text(known, "variant", dot),
        os_version=_text(known, "os.version", dot),
        os_features=_list_of_text(known, "os.features", dot),
    )


def _history(item: object, where: str) -> HistoryEntry:
    if not isinstance(item, dict):
        raise _wrong(where, "an object", item)
    known, _ = _HISTORY.split(item, where)
    dot = where + "."
    return HistoryEntry(
        created=_text(known, "created", dot),
        author=_text(known, "author", dot),
        created_by=_text(known, "created_by", dot),
        comment=_text(known, "comment", dot),
        empty_layer=known.get("empty_layer") is True,
    )


def _document(data: bytes, shape: Shape, name: str) -> tuple[dict[str, object], dict[str, object]]:
    value = gojson.loads(data, name=name)
    with _blame(name):
        if not isinstance(value, dict):
            raise _wrong("", "an object", value)
        known, extra = shape.split(value, "")
        version = known.get("schemaVersion", 2)
        whole = isinstance(version, int) and not isinstance(version, bool)
        if not whole or not -gojson.INT64_MAX <= version <= gojson.INT64_MAX:  # type: ignore[operator]
            raise _wrong("schemaVersion", "a whole number", version)
        return known, extra


class _blame:
    """Names the document in an error that rises inside."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, ContentError) and self.name not in error.message:
            error.message = f"{self.name}: {error.message}"
            error.digest = error.digest or (self.name if ":" in self.name else "")


def _wrong(where: str, wanted: str, value: object) -> MalformedDocument:
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    found = kinds.get(type(value)) or (
        f"the number {value}" if isinstance(value, int | float) else "something else"
    )
    return MalformedDocument(f"should be {wanted}, is {found}", where=where, hint=_HINT)


def _text(known: dict[str, object], key: str, dot: str = "") -> str:
    value = known.get(key, "")
    if not isinstance(value, str):
        raise _wrong(dot + key, "a string", value)
    return value


def _list(known: dict[str, object], key: str, dot: str = "") -> list[object]:
    value = known.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(dot + key, "an array", value)
    return value


def _list_of_text(known: dict[str, object], key: str, dot: str = "") -> tuple[str, ...]:
    items = _list(known, key, dot)
    for i, item in enumerate(items):
        if item is not None and not isinstance(item, str):
            raise _wrong(f"{dot}{key}[{i}]", "a string", item)
    return tuple(item if isinstance(item, str) else "" for item in items)


def _object(known: dict[str, object], key: str, dot: str = "") -> dict[str, object]:
    value = known.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(dot + key, "an object", value)
    return value


def _texts(known: dict[str, object], key: str, dot: str = "") -> Mapping[str, str]:
    value = _object(known, key, dot)
    if not value:
        return EMPTY
    for name, item in gojson.pairs(value):
        if item is not None and not isinstance(item, str):
            raise _wrong(f"{dot}{key}[{name!r}]", "a string", item)
    return MappingProxyType({name: item if isinstance(item, str) else "" for name, item in value.items()})


def _children(known: dict[str, object], key: str) -> tuple[Child, ...]:
    return tuple(parse_descriptor(item, where=f"{key}[{i}]") for i, item in enumerate(_list(known, key)))


def _subject(known: dict[str, object]) -> Child | None:
    return parse_descriptor(known["subject"], where="subject") if "subject" in known else None


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
