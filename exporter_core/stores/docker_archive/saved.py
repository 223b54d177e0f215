"""``manifest.json`` of ``docker save``: which config and layers make an image, and its names.

Go: moby's ``image/tarexport/{load,save}.go``. Keys match without regard to letter case, as Go has them.
"""

from __future__ import annotations

from exporter_core import gojson
from exporter_core.descriptor import Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import ContentError, MalformedDocument
from exporter_core.gojson import Shape
from exporter_core.manifest.fields import text, texts, wrong
from exporter_core.progress import breathe
from exporter_core.stores.docker_archive.making import HINT, Making, inside

_NAME = "manifest.json"
_ROW = Shape("Config", "RepoTags", "Layers", "Parent", "LayerSources")


def read_saved(making: Making) -> None:
    """The images that manifest.json lists. Raises ContentError where it is unusable as a whole."""
    rows = gojson.loads(making.document(_NAME), name=_NAME)
    if not isinstance(rows, list):
        raise wrong(_NAME, "an array", rows)
    making.notes.append(
        "docker save's form, which has no manifests: they were made of manifest.json, configs and layers"
    )
    for number, row in enumerate(rows):
        breathe()
        making.check()
        names: tuple[str, ...] = ()
        where = f"{_NAME}[{number}]"
        try:
            if not isinstance(row, dict):
                raise wrong(where, "an object", row)
            known, _ = _ROW.split(row, where)
            names = texts(known, "RepoTags", f"{where}.")
            making.add(_image(making, known, where), names)
        except ContentError as error:
            making.add_malformed(error, names, row)


def _image(making: Making, known: dict[str, object], where: str) -> Descriptor:
    """The manifest made for one row."""
    name = inside(text(known, "Config", f"{where}."), f"{where}.Config")
    config, diff_ids = making.config(name)
    layers = texts(known, "Layers", f"{where}.")
    if len(layers) != len(diff_ids):
        raise MalformedDocument(
            f"it lists {len(layers)} layers, and the config {name} has {len(diff_ids)}",
            where=f"{where}.Layers",
            hint=HINT,
        )
    found = [
        making.layer(inside(layer, f"{where}.Layers[{i}]"), Digest.parse(diff_id))
        for i, (layer, diff_id) in enumerate(zip(layers, diff_ids, strict=True))
    ]
    return making.manifest(config, found)
