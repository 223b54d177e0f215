"""Index, Manifest and ImageConfig: bytes → frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from exporter_core import gojson, mediatypes
from exporter_core.descriptor import Child, nothing
from exporter_core.errors import ContentError
from exporter_core.gojson import Shape
from exporter_core.manifest.descriptors import parse_descriptor, parse_platform
from exporter_core.manifest.fields import fields, items, mapping, text, texts, wrong
from exporter_core.platforms import Platform

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
                media_type=text(known, "mediaType"),
                artifact_type=text(known, "artifactType"),
                subject=_subject(known),
                annotations=mapping(known, "annotations"),
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
                media_type=text(known, "mediaType"),
                artifact_type=text(known, "artifactType"),
                subject=_subject(known),
                annotations=mapping(known, "annotations"),
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
            run, _ = _RUN.split(fields(known, "config"), "config")
            rootfs, _ = _ROOTFS.split(fields(known, "rootfs"), "rootfs")
            return cls(
                platform=parse_platform({k: v for k, v in known.items() if k in _PLATFORM_FIELDS}, ""),
                created=text(known, "created"),
                author=text(known, "author"),
                user=text(run, "User", "config."),
                working_dir=text(run, "WorkingDir", "config."),
                stop_signal=text(run, "StopSignal", "config."),
                env=texts(run, "Env", "config."),
                entrypoint=texts(run, "Entrypoint", "config."),
                cmd=texts(run, "Cmd", "config."),
                ports=tuple(fields(run, "ExposedPorts", "config.")),
                volumes=tuple(fields(run, "Volumes", "config.")),
                labels=mapping(run, "Labels", "config."),
                diff_ids=texts(rootfs, "diff_ids", "rootfs."),
                history=tuple(
                    _history(item, f"history[{i}]") for i, item in enumerate(items(known, "history"))
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


def _history(item: object, where: str) -> HistoryEntry:
    if not isinstance(item, dict):
        raise wrong(where, "an object", item)
    known, _ = _HISTORY.split(item, where)
    dot = where + "."
    return HistoryEntry(
        created=text(known, "created", dot),
        author=text(known, "author", dot),
        created_by=text(known, "created_by", dot),
        comment=text(known, "comment", dot),
        empty_layer=known.get("empty_layer") is True,
    )


def _document(data: bytes, shape: Shape, name: str) -> tuple[dict[str, object], dict[str, object]]:
    value = gojson.loads(data, name=name)
    with _blame(name):
        if not isinstance(value, dict):
            raise wrong("", "an object", value)
        known, extra = shape.split(value, "")
        version = known.get("schemaVersion", 2)
        whole = isinstance(version, int) and not isinstance(version, bool)
        if not whole or not -gojson.INT64_MAX - 1 <= version <= gojson.INT64_MAX:  # type: ignore[operator]
            raise wrong("schemaVersion", "a whole number", version)
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


def _children(known: dict[str, object], key: str) -> tuple[Child, ...]:
    return tuple(parse_descriptor(item, where=f"{key}[{i}]") for i, item in enumerate(items(known, key)))


def _subject(known: dict[str, object]) -> Child | None:
    return parse_descriptor(known["subject"], where="subject") if "subject" in known else None
