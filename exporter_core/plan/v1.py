"""Profile v1: exactly what containerd's V1Exporter of 2018 does (images/oci/exporter.go)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter_core import gojson, mediatypes, platforms
from exporter_core.content import Image, Provider, image_name
from exporter_core.descriptor import Child, Descriptor
from exporter_core.manifest import descriptor_json
from exporter_core.plan.planner import Planner
from exporter_core.plan.values import ExportOptions


class V1Planner(Planner):
    """Profile v1: exactly what the V1Exporter of 2018 does."""

    strict = False
    repeats = True

    def __init__(self, provider: Provider, options: ExportOptions) -> None:
        super().__init__(provider, options)
        self._roots: list[Descriptor] = []
        chosen = options.platforms if options.platforms is not None else (options.host,)
        self._matchers = (
            None if options.all_platforms else [platforms.v1_matcher(p, host=options.host) for p in chosen]
        )

    def add(self, image: Image) -> None:
        root = image.target
        self.walk(root, image.name or image_name(root))
        if isinstance(root, Descriptor):
            self._roots.append(root)
            if self._matchers is not None and len(self.blobs) == 1 and mediatypes.is_index(root.media_type):
                self.notes.append(
                    f"{image.name or root.digest}: no platform matches; only the index is written"
                )

    def select(self, children: Sequence[Child]) -> list[Child]:
        if self._matchers is None:
            return list(children)
        return [
            child
            for matcher in self._matchers
            for child in children
            if child.platform is None or matcher.matches(child.platform)
        ]

    def documents(self) -> Iterator[tuple[str, bytes]]:
        yield "index.json", v1_index(self._roots)


def v1_index(manifests: Sequence[Descriptor]) -> bytes:
    """``index.json`` of profile v1."""
    listed = [descriptor_json(manifest, v1=True) for manifest in manifests]
    return gojson.dumps({"schemaVersion": 2, "manifests": listed})
