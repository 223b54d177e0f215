"""What Docker saved before 1.10: ``<id>/json`` and ``<id>/layer.tar`` for each layer, and ``repositories``.

Config and history are made as Docker does when it loads such an archive (moby v20.10: ``legacyLoad`` of
``image/tarexport/load.go``, ``MakeConfigFromV1Config`` and ``HistoryFromConfig`` of ``image/v1``); for what
Docker 1.8.3 and later wrote the image has the very ID that Docker gives it. (Older documents Docker also
strips of fields that it does not know; here they are kept.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from exporter_core import gojson
from exporter_core.descriptor import Descriptor
from exporter_core.errors import ContentError, MalformedDocument
from exporter_core.gojson import Shape
from exporter_core.manifest.fields import fields, text, texts, wrong
from exporter_core.progress import breathe
from exporter_core.stores.docker_archive.making import HINT, Making
from exporter_core.stores.files import Files

_REPOSITORIES = "repositories"
_ID = re.compile("[0-9a-f]{64}")
_DEEPEST = 1000  # layers of one image; Docker allows 127
_V1 = Shape("parent", "created", "author", "comment", "container_config", "os", "architecture")
_RUN = Shape("Cmd")
_DROPPED = ("id", "parent", "Size", "parent_id", "layer_id", "throwaway")
_NO_TIME = "0001-01-01T00:00:00Z"


def is_legacy(files: Files) -> bool:
    """Whether there is a layer as Docker saved it before 1.10."""
    return any(True for _ in _ids(files))


def read_legacy(making: Making) -> None:
    """The images that ``repositories`` names, then those that nothing names or builds upon.

    Raises ContentError where ``repositories`` is unusable.
    """
    chains = _Chains(making)
    names = _names(making)
    for number, image_id in enumerate([*names, *chains.tops(names)]):
        breathe()
        making.check()
        try:
            making.add(chains.image(image_id), names.get(image_id, ()))
        except ContentError as error:
            making.add_malformed(error, names.get(image_id, ()), {"id": image_id, "number": number})
    making.notes.append(
        "saved by a Docker older than 1.10: configs and manifests were made of its layers, as by docker load"
    )


def _ids(files: Files) -> Iterator[str]:
    for name in files.folders(""):
        if _ID.fullmatch(name) and files.size(f"{name}/json") is not None:
            yield name


def _names(making: Making) -> dict[str, list[str]]:
    """The names of each image ID, as ``repositories`` has them: name → tag → ID."""
    found: dict[str, list[str]] = {}
    if making.files.size(_REPOSITORIES) is None:
        return found
    document = gojson.loads(making.document(_REPOSITORIES), name=_REPOSITORIES)
    if not isinstance(document, dict):
        raise wrong(_REPOSITORIES, "an object", document)
    for name, tags in document.items():
        if not isinstance(tags, dict):
            raise wrong(f"{_REPOSITORIES}[{name[:200]!r}]", "an object", tags)
        for tag, image_id in tags.items():
            found.setdefault(str(image_id)[:200], []).append(f"{name}:{tag}")
    return found


class _Chains:
    """Images by their old IDs; each layer's document names its parent."""

    def __init__(self, making: Making) -> None:
        self._making = making
        self._read: dict[str, tuple[dict[str, object], dict[str, object]]] = {}

    def tops(self, named: Mapping[str, object]) -> list[str]:
        """The IDs that no other builds upon and nothing names, in their order."""
        ids = sorted(_ids(self._making.files))
        parents = set()
        for one in ids:
            breathe()
            try:
                parents.add(text(self._document(one)[1], "parent"))
            except ContentError:
                continue  # it is told where it is used
        return [one for one in ids if one not in parents and one not in named]

    def image(self, image_id: str) -> Descriptor:
        """The manifest made for an image. Raises ContentError."""
        making = self._making
        diff_ids, history, layers = [], [], []
        for one in self._line(image_id):
            making.check()
            name = f"{one}/layer.tar"
            diff_id = making.diff_id(name)
            layers.append(making.layer(name, diff_id))
            diff_ids.append(str(diff_id))
            history.append(_history(self._document(one)[1]))
        config = _config(self._document(image_id), diff_ids, history)
        return making.manifest(making.made_config(config), layers)

    def _line(self, image_id: str) -> list[str]:
        """The IDs from the base up to ``image_id``."""
        line: dict[str, None] = {}
        one = image_id
        while one:
            if one in line or len(line) > _DEEPEST:
                raise MalformedDocument("its parents go round in a circle", where=f"{one}/json", hint=HINT)
            line[one] = None
            one = text(self._document(one)[1], "parent", f"{one}/json: ")
        return list(line)[::-1]

    def _document(self, image_id: str) -> tuple[dict[str, object], dict[str, object]]:
        """``<id>/json`` whole, and the fields of it that matter here."""
        found = self._read.get(image_id)
        if found is None:
            name = f"{image_id}/json"
            if not _ID.fullmatch(image_id):
                raise MalformedDocument(f"{image_id[:200]!r} is no image ID", hint=HINT)
            document = gojson.loads(self._making.document(name), name=name)
            if not isinstance(document, dict):
                raise wrong(name, "an object", document)
            found = self._read[image_id] = (document, _V1.split(document, name)[0])
        return found


def _history(known: dict[str, object]) -> dict[str, object]:
    """The step that made a layer, in the order in which Go writes its fields, without empty ones."""
    run, _ = _RUN.split(fields(known, "container_config"), "container_config")
    step: dict[str, object] = {"created": _time(text(known, "created"))}
    more = {
        "author": text(known, "author"),
        "created_by": " ".join(texts(run, "Cmd", "container_config.")),
        "comment": text(known, "comment"),
    }
    return step | {key: value for key, value in more.items() if value}


def _time(written: str) -> str:
    """The time as Go writes it again: without zeros at the end of a fraction."""
    whole, dot, rest = written.partition(".")
    if not dot:
        return written or _NO_TIME
    digits = rest.rstrip("Z")
    if not digits.isdigit():  # another zone: nobody wrote one
        return written
    fraction = digits.rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def _config(
    document: tuple[dict[str, object], dict[str, object]],
    diff_ids: Sequence[str],
    history: Sequence[object],
) -> bytes:
    """The config as Docker makes it: the last layer's document with rootfs and history, keys in order."""
    whole, known = document
    kept = {key: value for key, value in whole.items() if key not in _DROPPED}
    for key, usual in (("architecture", "amd64"), ("os", "linux")):  # OCI wants both
        if not text(known, key):
            kept[key] = usual
    kept["rootfs"] = {"type": "layers", "diff_ids": list(diff_ids)}
    kept["history"] = list(history)
    return gojson.dumps({key: kept[key] for key in sorted(kept, key=str.encode)})
