"""Profile oci: what containerd 2.x writes (core/images/archive/exporter.go), for any number of images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

from exporter_core import gojson, mediatypes, platforms, reference
from exporter_core.content import Image, InfoProvider, Provider, image_name
from exporter_core.descriptor import IMAGE_NAME, MANIFEST_SUBJECT, REF_NAME, Child, Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import (
    ContentError,
    InvalidReference,
    PlatformError,
)
from exporter_core.graph.documents import identified, read_children
from exporter_core.manifest import descriptor_json
from exporter_core.plan.notes import Note, NoteKind, note
from exporter_core.plan.planner import Blob, Planner, Visit
from exporter_core.plan.values import ExportOptions
from exporter_core.platforms import Platform

_SOURCE_LABEL = "containerd.io/distribution.source"


_MOST_KEPT = 100_000
"""Entries of nested indexes that are remembered; what lists more is read again."""

_Leaf: TypeAlias = tuple[Platform | None, Descriptor]


@dataclass(slots=True)
class _DockerImage:
    """One entry of Docker's manifest.json in the making."""

    manifest: Descriptor
    names: list[str] = field(default_factory=list)


class OciPlanner(Planner):
    """Profile oci: what containerd 2.x writes, for any number of images."""

    def __init__(self, provider: Provider, options: ExportOptions) -> None:
        super().__init__(provider, options)
        self._roots: list[Descriptor] = []
        self._docker: dict[Digest, _DockerImage] = {}
        self._resolved: dict[Digest, Digest | None] = {}
        self._tags: dict[str, str] = {}
        self._indexes: dict[tuple[Digest, int, str], tuple[Child, ...]] = {}
        self._room = _MOST_KEPT
        wanted = options.platforms or (options.host,)
        self._matcher = platforms.ordered(*wanted, host=options.host)
        self._host = platforms.only_strict(options.host, host=options.host)

    def add(self, image: Image) -> None:
        target = image.target
        owner = image.name or image_name(target)
        if not isinstance(target, Descriptor):
            self.problems.append(target.problem.owned_by(owner))
            return
        try:
            target = identified(self.provider, target, limit=self.options.document_limit)
        except ContentError as error:
            self.problems.append(error.owned_by(owner))
            return
        self._add_root(self._named(image, target), owner)

    def _named(self, image: Image, target: Descriptor) -> Descriptor:
        """The root with its names and the store's source labels as annotations."""
        if self.knowing is not None:
            target = _with_sources(self.knowing, target)
        name = image.name
        if not name or name == str(target.digest) or not _is_full_name(name):
            self._note_odd_names(target)
            return target
        ref_name = reference.oci_reference_name(name)
        other = self._tags.setdefault(ref_name, name)
        if other != name:
            self.notes.append(note(NoteKind.SAME_TAG, name, other=other, tag=ref_name))
        return target.with_annotations({**target.annotations, IMAGE_NAME: name, REF_NAME: ref_name})

    def _note_odd_names(self, target: Descriptor) -> None:
        """Readers of a root that is exported as it stands may each take another of its names."""
        name, ref_name = (target.annotations.get(key) for key in (IMAGE_NAME, REF_NAME))
        if name is not None and ref_name != reference.oci_reference_name(name):
            self.notes.append(note(NoteKind.ODD_NAMES, name, tag=ref_name or "missing"))

    def _add_root(self, root: Descriptor, owner: str) -> None:
        self._roots.append(root)
        if mediatypes.is_index(root.media_type):
            chosen = self._add_index(root, owner)
        else:
            self.walk(root, owner)
            chosen = root.digest if mediatypes.is_manifest(root.media_type) else None
            if chosen is not None:
                self._docker.setdefault(chosen, _DockerImage(root))
        name = root.annotations.get(IMAGE_NAME)
        if chosen is not None and name:
            self._docker[chosen].names.append(name)

    def _add_index(self, root: Descriptor, owner: str) -> Digest | None:
        """Walk an index at the top; the digest of the manifest that stands for it in manifest.json."""
        if root.digest in self._resolved:
            return self._resolved[root.digest]
        self._resolved[root.digest] = None
        # As in Go: the blob of the index itself brings no directory row for its algorithm.
        self.blobs.append(Blob(root, owner))
        # As in Go, too: the index at the top is not held against its media type.
        children = self.read(root, owner, (), strict=False)
        if children is None:
            return None
        visit = Visit(root, owner, ())
        for below in self.visits(visit, root, children):
            self.walk(below.child, below.owner, below.above)
        leaves = list(self._leaves(self.select(children)))
        self._check_platforms(leaves, children, owner)
        best = self._best(children, leaves)
        if best is None:
            if not any(isinstance(problem, PlatformError) for problem in self.problems):
                self.notes.append(note(NoteKind.NOT_FOR_DOCKER, owner, platforms=self._asked()))
            return None
        self._docker.setdefault(best.digest, _DockerImage(best))
        self._resolved[root.digest] = best.digest
        return best.digest

    def read(
        self, descriptor: Descriptor, owner: str, above: tuple[Digest, ...], *, strict: bool
    ) -> tuple[Child, ...] | None:
        """As in Planner; what a nested index lists is remembered for :meth:`_leaves`."""
        children = super().read(descriptor, owner, above, strict=strict)
        if children and strict and mediatypes.is_index(descriptor.media_type):
            self._keep(descriptor, children)
        return children

    def _keep(self, index: Descriptor, children: tuple[Child, ...]) -> None:
        if len(children) <= self._room:
            self._room -= len(children)
            self._indexes[index.digest, index.size, index.media_type] = children

    def _listed(self, index: Descriptor) -> tuple[Child, ...]:
        """What an index lists. Raises ContentError."""
        known = self._indexes.get((index.digest, index.size, index.media_type))
        if known is None:
            known = read_children(self.provider, index, limit=self.options.document_limit)
            self._keep(index, known)
        return known

    def _asked(self) -> str:
        chosen = self.options.platforms
        return ", ".join(map(str, chosen)) if chosen else str(self.options.host)

    def select(self, children: Sequence[Child], *, of_manifest: bool = False) -> list[Child]:
        if self.options.all_platforms or of_manifest:
            return list(children)
        return [
            child for child in children if child.platform is None or self._matcher.matches(child.platform)
        ]

    def _leaves(self, children: Sequence[Child], *, selected: bool = True) -> Iterator[_Leaf]:
        """(platform, descriptor) of all below ``children`` that is no index, in order, each once.

        ``selected`` enters nested indexes as the walk does; else all of them, to tell what there is.
        """
        seen: set[_Leaf] = set()
        stack: list[tuple[Child, Platform | None]] = [(child, None) for child in reversed(children)]
        while stack:
            child, inherited = stack.pop()
            platform = child.platform or inherited
            if not isinstance(child, Descriptor) or (platform, child) in seen:
                continue
            seen.add((platform, child))
            if not mediatypes.is_index(child.media_type):
                yield platform, child
                continue
            with suppress(ContentError):  # the walk has told it, where it is wanted at all
                below = self._listed(child)
                entered = self.select(below) if selected else below
                stack.extend((grandchild, platform) for grandchild in reversed(entered))

    def _check_platforms(self, leaves: Sequence[_Leaf], children: Sequence[Child], owner: str) -> None:
        """A problem for each platform that was asked for and is not there; a note where some are left out."""
        if self.options.all_platforms:
            return
        for asked in self.options.platforms or (self.options.host,):
            matcher = platforms.ordered(asked, host=self.options.host)
            if any(platform is None or matcher.matches(platform) for platform, _ in leaves):
                continue
            if any(not isinstance(child, Descriptor) and child.platform is None for child in children):
                continue  # what is malformed may be it, and has its own problem
            self.problems.append(
                PlatformError(
                    f"{owner} has no manifest for {asked}; it has {self._platforms_of(children)}",
                    hint="Choose one of its platforms (--platform), or all of them (--all-platforms).",
                )
            )
        if len(self.select(children)) < len(children):
            self.notes.append(note(NoteKind.LISTS_LEFT_OUT, owner))

    def _platforms_of(self, children: Sequence[Child]) -> str:
        has = (platform for platform, _ in self._leaves(children, selected=False) if platform is not None)
        return ", ".join(dict.fromkeys(str(p) for p in has if p.os != "unknown")) or "none"

    def _best(self, children: Sequence[Child], leaves: Sequence[_Leaf]) -> Descriptor | None:
        """The manifest that Docker is told to load: the requested platform's best match, else the host's.

        Where the best of the index's own entries is a manifest, it (as Go has it); else the best below.
        """
        own: list[_Leaf] = [(child.platform, child) for child in children if isinstance(child, Descriptor)]
        below = [leaf for leaf in leaves if mediatypes.is_manifest(leaf[1].media_type)]
        matchers = [self._matcher, self._host] if self.options.all_platforms else [self._matcher]
        for matcher in matchers:
            for leaf in (*_first(matcher, own), *_first(matcher, below)):
                if mediatypes.is_manifest(leaf[1].media_type):
                    return leaf[1]
        return None

    def record(self, descriptor: Descriptor, owner: str) -> None:
        self.algorithms.add(descriptor.digest.algorithm)
        if not self._left_out(descriptor):
            self.blobs.append(Blob(descriptor, owner))

    def met_again(self, descriptor: Descriptor, owner: str) -> None:
        if not self._left_out(descriptor):
            super().met_again(descriptor, owner)

    def _left_out(self, descriptor: Descriptor) -> bool:
        return self.options.skip_nondistributable and mediatypes.is_nondistributable(descriptor.media_type)

    def documents(self) -> Iterator[tuple[str, bytes]]:
        yield "index.json", oci_index([*self._roots, *self._referrers()])
        rows = [row for image in self._docker.values() if (row := self._docker_row(image))]
        if rows and self.options.docker_manifest:
            yield "manifest.json", gojson.dumps(rows)

    def _referrers(self) -> list[Descriptor]:
        """Blobs that only a subject annotation ties to the tree (Go: ``filterReferrers``)."""
        tied: dict[str, Descriptor] = {}
        in_tree: set[str] = set()
        for blob in chain(self.blobs, self.again):
            digest = str(blob.descriptor.digest)
            if MANIFEST_SUBJECT in blob.descriptor.annotations:
                tied[digest] = blob.descriptor
            else:
                in_tree.add(digest)
        return [tied[digest] for digest in sorted(tied) if digest not in in_tree]

    def _docker_row(self, image: _DockerImage) -> Mapping[str, object] | None:
        try:
            children = read_children(self.provider, image.manifest, limit=self.options.document_limit)
        except ContentError:
            return None  # the walk has told it already
        return docker_row(children, image.names, self.notes)


def _first(matcher: platforms.Matcher, leaves: Sequence[_Leaf]) -> Sequence[_Leaf]:
    """The best of ``leaves`` that match or name no platform, as a sequence of one; empty where none does."""
    matching = [leaf for leaf in leaves if leaf[0] is None or matcher.matches(leaf[0])]
    return platforms.order(matcher, matching, key=lambda leaf: leaf[0])[:1]


def _is_full_name(name: str) -> bool:
    """Whether an image's name is more than a tag (containerd: a reference with ``/``, ``:`` or ``@``)."""
    return any(mark in name for mark in "/:@")


def _with_sources(provider: InfoProvider, target: Descriptor) -> Descriptor:
    """The root with the store's distribution-source labels as annotations (Go: ``copySourceLabels``)."""
    try:
        info = provider.info(target.digest)
    except ContentError:
        return target  # the check of the blobs says why
    labels = info.labels if info else {}
    sources = {key: value for key, value in labels.items() if key.startswith(_SOURCE_LABEL)}
    return target.with_annotations({**target.annotations, **sources}) if sources else target


def oci_index(manifests: Sequence[Descriptor]) -> bytes:
    """``index.json`` of profile oci."""
    return gojson.dumps(
        {
            "schemaVersion": 2,
            "mediaType": mediatypes.OCI_INDEX,
            "manifests": [descriptor_json(manifest, v1=False) for manifest in manifests],
        }
    )


def docker_row(
    children: Sequence[Child], names: Sequence[str], notes: list[Note]
) -> Mapping[str, object] | None:
    """An entry of Docker's manifest.json for a manifest's ``children``; None where one is malformed.

    Names that Docker cannot read are left out, with a note.
    """
    paths = [child.digest.path for child in children if isinstance(child, Descriptor)]
    if len(paths) != len(children):
        return None
    tags: list[str] = []
    for name in names:
        try:
            tags.append(reference.familiar(name))
        except InvalidReference as error:
            notes.append(note(NoteKind.NO_DOCKER_NAME, name, reason=str(error)))
        else:
            if "@" in name:
                notes.append(note(NoteKind.DIGEST_IN_NAME, name))
    return {"Config": paths[0], "RepoTags": tags or None, "Layers": paths[1:] or None}
