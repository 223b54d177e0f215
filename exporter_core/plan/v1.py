"""Profile v1: exactly what containerd's V1Exporter of 2018 does (images/oci/exporter.go)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter_core import gojson, mediatypes, platforms
from exporter_core.content import Image, Provider, image_name
from exporter_core.descriptor import Child, Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import ContentError, MalformedDocument
from exporter_core.graph.documents import DEEPEST, read_children
from exporter_core.manifest import descriptor_json
from exporter_core.plan.notes import NoteKind, note
from exporter_core.plan.planner import Planner
from exporter_core.plan.values import ExportOptions

_MOST_ROWS = 1_000_000
_MOST_KEPT = 256


class V1Planner(Planner):
    """Profile v1: exactly what the V1Exporter of 2018 does."""

    strict = False
    repeats = True

    def __init__(self, provider: Provider, options: ExportOptions) -> None:
        super().__init__(provider, options)
        self._roots: list[Descriptor] = []
        self._kept: dict[Descriptor, tuple[Child, ...]] = {}
        chosen = options.platforms if options.platforms is not None else (options.host,)
        self._matchers = (
            None if options.all_platforms else [platforms.v1_matcher(p, host=options.host) for p in chosen]
        )

    def add(self, image: Image) -> None:
        root = image.target
        owner = image.name or image_name(root)
        if self._rows(root, {}, 0) > _MOST_ROWS:
            self.problems.append(_too_many(owner))
            return
        self.walk(root, owner)
        if isinstance(root, Descriptor):
            self._roots.append(root)
            if self._matchers is not None and len(self.blobs) == 1 and mediatypes.is_index(root.media_type):
                self.notes.append(note(NoteKind.INDEX_ALONE, image.name or root.digest_text))

    def read(
        self, descriptor: Descriptor, owner: str, above: tuple[Digest, ...], *, strict: bool
    ) -> tuple[Child, ...] | None:
        """As in Planner; a document met over and over is read once, as long as there are few of them."""
        if descriptor in self._kept:
            return self._kept[descriptor]
        children = super().read(descriptor, owner, above, strict=strict)
        if children is not None and len(self._kept) < _MOST_KEPT:
            self._kept[descriptor] = children
        return children

    def _rows(self, child: Child, known: dict[tuple[str, str], int], depth: int) -> int:
        """How many blobs the archive would hold below ``child``, each as often as it is met.

        Counted from each document once, however often it is listed: indexes that list each other could
        multiply for ever. What cannot be read counts as one; the walk says what is wrong with it.
        """
        if not isinstance(child, Descriptor) or depth > DEEPEST:
            return 1
        key = (str(child.digest), child.media_type)
        if key not in known:
            known[key] = 1
            try:
                children = read_children(
                    self.provider, child, limit=self.options.document_limit, strict=False
                )
            except ContentError:
                return 1
            known[key] = 1 + sum(self._rows(below, known, depth + 1) for below in self.select(children))
        return known[key]

    def select(self, children: Sequence[Child], *, of_manifest: bool = False) -> list[Child]:
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


def _too_many(owner: str) -> MalformedDocument:
    return MalformedDocument(
        f"the archive would hold more than {_MOST_ROWS} blobs",
        hint="Its indexes list each other over and over; profile oci writes each blob once.",
        owner=owner,
    )


def v1_index(manifests: Sequence[Descriptor]) -> bytes:
    """``index.json`` of profile v1."""
    listed = [descriptor_json(manifest, v1=True) for manifest in manifests]
    return gojson.dumps({"schemaVersion": 2, "manifests": listed})
