"""The plan of an export: every decision, no output.

``plan_export`` walks the images as the chosen profile does, and says exactly what the archive will hold:
names, modes, sizes, offsets, total bytes, and all that stands against it. It reads documents only.

Profile ``v1`` is containerd's V1Exporter (images/oci/exporter.go, 2018): no de-duplication, its filter, its
JSON. Profile ``oci`` is containerd 2.x's ``archive.Export`` (core/images/archive/exporter.go) with Docker's
``manifest.json``, deterministic for several images, nested indexes filtered as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from exporter_core import gojson, mediatypes, platforms, reference, tarball
from exporter_core.content import DOCUMENT_LIMIT, Image, InfoProvider, Provider, embedded, image_name
from exporter_core.descriptor import IMAGE_NAME, MANIFEST_SUBJECT, REF_NAME, Child, Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import (
    ContentError,
    CyclicImage,
    InvalidReference,
    MalformedDocument,
    MissingBlob,
    PlanError,
    PlatformError,
    ShipglassError,
    SizeMismatch,
    UnreadableBlob,
    UsageError,
)
from exporter_core.graph import identified, read_children
from exporter_core.manifest import descriptor_json
from exporter_core.platforms import Platform, host_platform
from exporter_core.progress import breathe

Profile: TypeAlias = Literal["oci", "v1"]
LAYOUT_DOCUMENT = b'{"imageLayoutVersion":"1.0.0"}'
_SOURCE_LABEL = "containerd.io/distribution.source"
_MOST_ENTRIES = 2_000_000  # v1 writes a digest as often as it is met: nested indexes could multiply for ever


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What to export. ``platforms`` None means the host's; ``all_platforms`` takes everything.

    ``docker_manifest`` and ``skip_nondistributable`` are of profile ``oci``. ``host`` is the machine's
    platform, ``document_limit`` the largest document read, in bytes.
    """

    platforms: tuple[Platform, ...] | None = None
    all_platforms: bool = False
    profile: Profile = "oci"
    docker_manifest: bool = True
    skip_nondistributable: bool = False
    host: Platform = field(default_factory=host_platform)
    document_limit: int = DOCUMENT_LIMIT


@dataclass(frozen=True, slots=True)
class Entry:
    """One member of the archive. ``offset`` is where its header starts, ``data_offset`` its content.

    Exactly one of ``content`` (bytes made here) and ``descriptor`` (a blob to copy) is set, neither for a
    directory; ``owner`` says whose blob it is.
    """

    name: str
    mode: int
    size: int
    offset: int
    content: bytes | None = None
    descriptor: Descriptor | None = None
    owner: str = ""

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory row."""
        return self.name.endswith("/")

    @property
    def data_offset(self) -> int:
        """Where its content starts, in bytes from the start of the archive."""
        return self.offset + tarball.header_length(self.name, self.size)

    def header(self) -> bytes:
        """Its tar header blocks."""
        kind = tarball.DIRECTORY if self.is_directory else tarball.REGULAR
        return tarball.header(self.name, self.mode, self.size, kind)


@dataclass(frozen=True)
class ExportPlan:
    """What an export will write: ``entries`` in the archive's order, ``total`` bytes of the whole file.

    ``problems`` are all reasons why it cannot work (empty: it can), ``notes`` what a careful person would
    want to know. ``images`` and ``options`` are what was asked.
    """

    entries: tuple[Entry, ...]
    total: int
    problems: tuple[ShipglassError, ...]
    notes: tuple[str, ...]
    images: tuple[Image, ...]
    options: ExportOptions

    @cached_property
    def blobs(self) -> tuple[Entry, ...]:
        """The entries that are copied from the store, in the archive's order."""
        return tuple(entry for entry in self.entries if entry.descriptor is not None)

    def raise_for_problems(self) -> None:
        """Raise PlanError with every problem, if there is any."""
        if self.problems:
            raise PlanError(self.problems)


def plan_export(
    provider: Provider,
    images: Sequence[Image | Descriptor],
    options: ExportOptions | None = None,
) -> ExportPlan:
    """Plan the export of ``images`` from ``provider`` into one archive; nothing is written.

    A bare Descriptor exports as it stands: its annotations are its names. Everything foreseeable ends up in
    ``problems``. Raises UsageError only for a request that makes no sense.
    """
    options = options or ExportOptions()
    if not images:
        raise UsageError("no image was chosen", hint="Name at least one image.")
    if options.profile == "v1" and len(images) > 1:
        raise UsageError(
            "profile v1 writes exactly one image",
            hint="Export the images one by one, or with profile oci.",
        )
    wanted = tuple(_as_image(image) for image in images)
    planner: _Planner = (_V1 if options.profile == "v1" else _Oci)(provider, options)
    for image in wanted:
        planner.add(image)
    return planner.finish(wanted)


def _as_image(image: Image | Descriptor) -> Image:
    return image if isinstance(image, Image) else Image("", image)


@dataclass(frozen=True, slots=True)
class _Blob:
    descriptor: Descriptor
    owner: str


@dataclass(frozen=True, slots=True)
class _Visit:
    """A child still to be walked: whose it is, and the indexes above it."""

    child: Child
    owner: str
    above: tuple[Digest, ...]


class _Planner:
    """What the two profiles share: the walk, the checks, the layout of the file."""

    strict = True
    repeats = False

    def __init__(self, provider: Provider, options: ExportOptions) -> None:
        self.provider = provider
        self.options = options
        self.blobs: list[_Blob] = []
        self.algorithms: set[str] = set()
        self.problems: list[ShipglassError] = []
        self.notes: list[str] = []
        self._walked: set[tuple[str, str]] = set()

    # What a profile decides

    def add(self, image: Image) -> None:
        raise NotImplementedError

    def documents(self) -> Iterator[tuple[str, bytes]]:
        """(name, bytes) of the documents that the exporter itself writes."""
        raise NotImplementedError

    def select(self, children: Sequence[Child]) -> list[Child]:
        """Which of a document's children are walked."""
        raise NotImplementedError

    # The walk

    def read(self, descriptor: Descriptor, owner: str) -> tuple[Child, ...] | None:
        """The children at ``descriptor``; None, and a problem, where its document is unusable."""
        try:
            return read_children(
                self.provider, descriptor, limit=self.options.document_limit, strict=self.strict
            )
        except ContentError as error:
            self.problems.append(error.owned_by(owner))
            return None

    def walk(self, child: Child, owner: str, above: tuple[Digest, ...] = ()) -> None:
        """Depth first, a node before its children; without recursion, for indexes may nest deeply."""
        stack = [_Visit(child, owner, above)]
        while stack:
            visit = stack.pop()
            breathe(len(self.blobs))
            if not isinstance(visit.child, Descriptor):
                self.problems.append(visit.child.problem.owned_by(visit.owner))
                continue
            descriptor = visit.child
            if descriptor.digest in visit.above:
                self.problems.append(CyclicImage(str(descriptor.digest), owner=visit.owner))
                continue
            key = (str(descriptor.digest), descriptor.media_type)
            if key in self._walked and not self.repeats:
                continue
            self._walked.add(key)
            if len(self.blobs) >= _MOST_ENTRIES:
                self.problems.append(_too_many(visit.owner))
                return
            children = self.read(descriptor, visit.owner)
            self.record(descriptor, visit.owner)
            if children:
                stack.extend(reversed(list(self._visits(visit, descriptor, children))))

    def _visits(self, visit: _Visit, parent: Descriptor, children: Sequence[Child]) -> Iterator[_Visit]:
        above = (*visit.above, parent.digest)
        manifest = mediatypes.is_manifest(parent.media_type)
        numbers = {id(child): i for i, child in enumerate(children)}
        for child in self.select(children):
            yield _Visit(child, _owner(visit.owner, child, numbers[id(child)], manifest), above)

    def record(self, descriptor: Descriptor, owner: str) -> None:
        """Add the blob to the archive."""
        self.algorithms.add(descriptor.digest.algorithm)
        self.blobs.append(_Blob(descriptor, owner))

    # The file

    def finish(self, images: tuple[Image, ...]) -> ExportPlan:
        """Sort, check and lay out what was gathered."""
        self._check_blobs()
        rows: list[tuple[str, int, int, bytes | None, _Blob | None]] = [
            (blob.descriptor.digest.path, 0o444, blob.descriptor.size, None, blob) for blob in self._written()
        ]
        rows.append(("oci-layout", 0o444, len(LAYOUT_DOCUMENT), LAYOUT_DOCUMENT, None))
        rows.extend((name, 0o644, len(data), data, None) for name, data in self.documents())
        if self.algorithms:
            folders = ["blobs/", *(f"blobs/{algorithm}/" for algorithm in self.algorithms)]
            rows.extend((name, 0o755, 0, None, None) for name in folders)
        rows.sort(key=lambda row: row[0])
        entries, total = _lay_out(rows)
        return ExportPlan(
            entries, total, tuple(self.problems), tuple(dict.fromkeys(self.notes)), images, self.options
        )

    def _written(self) -> Iterator[_Blob]:
        """The blobs as often as the profile writes them."""
        seen: set[Digest] = set()
        for blob in self.blobs:
            if self.repeats or blob.descriptor.digest not in seen:
                seen.add(blob.descriptor.digest)
                yield blob

    def _check_blobs(self) -> None:
        """A problem for each blob that cannot be copied, once for each digest and size."""
        told = {error.digest for error in self.problems if isinstance(error, ContentError)}
        seen: set[tuple[Digest, int]] = set()
        for count, blob in enumerate(self.blobs):
            breathe(count)
            descriptor = blob.descriptor
            key = (descriptor.digest, descriptor.size)
            if key in seen or str(descriptor.digest) in told:
                continue
            seen.add(key)
            problem = _blob_problem(self.provider, descriptor)
            if problem is not None:
                self.problems.append(problem.owned_by(blob.owner))


def _lay_out(
    rows: Sequence[tuple[str, int, int, bytes | None, _Blob | None]],
) -> tuple[tuple[Entry, ...], int]:
    entries: list[Entry] = []
    offset = 0
    for name, mode, size, content, blob in rows:
        descriptor, owner = (blob.descriptor, blob.owner) if blob else (None, "")
        entries.append(Entry(name, mode, size, offset, content, descriptor, owner))
        offset += tarball.header_length(name, size) + size + tarball.padding(size)
    return tuple(entries), offset + len(tarball.TRAILER)


def _blob_problem(provider: Provider, descriptor: Descriptor) -> ContentError | None:
    """Why copying this blob would fail, as far as can be told without reading it."""
    name = str(descriptor.digest)
    try:
        descriptor.digest.new_hash()
        if not isinstance(provider, InfoProvider):
            provider.open(descriptor).close()
            return None
        info = provider.info(descriptor.digest)
    except ContentError as error:
        return error
    except OSError as error:
        return UnreadableBlob(name, reason=error.strerror or str(error))
    if info is None:
        if embedded(descriptor) is not None:
            return None
        hint = ""
        if mediatypes.is_nondistributable(descriptor.media_type):
            hint = (
                "This layer is not distributed with images: leave such layers out (--skip-non-distributable)."
            )
        return MissingBlob(name, hint=hint)
    if info.size != descriptor.size:
        return SizeMismatch(name, expected=descriptor.size, actual=info.size)
    return None


def _too_many(owner: str) -> MalformedDocument:
    return MalformedDocument(
        f"the image lists more than {_MOST_ENTRIES} blobs",
        hint="Its indexes list each other over and over: this is no image to keep.",
        owner=owner,
    )


def _owner(parent: str, child: Child, number: int, in_manifest: bool) -> str:
    """What to call the child ``number`` of a document that belongs to ``parent``."""
    if in_manifest:
        what = "config" if number == 0 else f"layer {number}"
    elif child.platform is not None:
        what = str(child.platform)
    else:
        what = f"{mediatypes.kind(child.media_type)} {number + 1}"
    return f"{what} of {parent}" if parent else what


class _V1(_Planner):
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
        manifests = [descriptor_json(root, v1=True) for root in self._roots]
        yield "index.json", gojson.dumps({"schemaVersion": 2, "manifests": manifests})


@dataclass(slots=True)
class _DockerImage:
    """One entry of Docker's manifest.json in the making."""

    manifest: Descriptor
    names: list[str] = field(default_factory=list)


class _Oci(_Planner):
    """Profile oci: what containerd 2.x writes, for any number of images."""

    def __init__(self, provider: Provider, options: ExportOptions) -> None:
        super().__init__(provider, options)
        self._roots: list[Descriptor] = []
        self._docker: dict[Digest, _DockerImage] = {}
        self._resolved: dict[Digest, Digest | None] = {}
        self._tags: dict[str, str] = {}
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
        if isinstance(self.provider, InfoProvider):
            target = _with_sources(self.provider, target)
        name = image.name
        if not name or name == str(target.digest) or not _is_full_name(name):
            return target
        ref_name = reference.oci_reference_name(name)
        other = self._tags.setdefault(ref_name, name)
        if other != name:
            self.notes.append(f"{other} and {name} have the same {REF_NAME}, {ref_name}")
        return target.with_annotations({**target.annotations, IMAGE_NAME: name, REF_NAME: ref_name})

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
        self.blobs.append(_Blob(root, owner))
        children = self._read_root(root, owner)
        if children is None:
            return None
        visit = _Visit(root, owner, ())
        for below in self._visits(visit, root, children):
            self.walk(below.child, below.owner, below.above)
        candidates = list(self._candidates(children, None, 0))
        self._check_platforms(candidates, children, owner)
        best = self._best(candidates)
        if best is None:
            if not any(isinstance(problem, PlatformError) for problem in self.problems):
                self.notes.append(
                    f"{owner}: no manifest for {self._asked()}, so docker load will not find this image"
                )
            return None
        self._docker.setdefault(best.digest, _DockerImage(best))
        self._resolved[root.digest] = best.digest
        return best.digest

    def _read_root(self, root: Descriptor, owner: str) -> tuple[Child, ...] | None:
        """As Go reads it: the index at the top is not held against its media type."""
        try:
            return read_children(self.provider, root, limit=self.options.document_limit, strict=False)
        except ContentError as error:
            self.problems.append(error.owned_by(owner))
            return None

    def _asked(self) -> str:
        chosen = self.options.platforms
        return ", ".join(map(str, chosen)) if chosen else str(self.options.host)

    def select(self, children: Sequence[Child]) -> list[Child]:
        if self.options.all_platforms:
            return list(children)
        return [
            child for child in children if child.platform is None or self._matcher.matches(child.platform)
        ]

    def _candidates(
        self, children: Sequence[Child], inherited: Platform | None, depth: int
    ) -> Iterator[tuple[Platform | None, Descriptor]]:
        """(platform, manifest) of every manifest below, in order, whatever its platform."""
        for child in children:
            platform = child.platform or inherited
            if not isinstance(child, Descriptor):
                continue
            if mediatypes.is_manifest(child.media_type):
                yield platform, child
            elif mediatypes.is_index(child.media_type) and depth < 8:
                try:
                    below = read_children(self.provider, child, limit=self.options.document_limit)
                except ContentError:
                    continue  # the walk has told it already, where it is wanted at all
                yield from self._candidates(below, platform, depth + 1)

    def _check_platforms(
        self,
        candidates: Sequence[tuple[Platform | None, Descriptor]],
        children: Sequence[Child],
        owner: str,
    ) -> None:
        """A problem for each platform that was asked for and is not there; a note where some are left out."""
        if self.options.all_platforms:
            return
        has = [platform for platform, _ in candidates]
        shown = ", ".join(dict.fromkeys(str(p) for p in has if p is not None and p.os != "unknown")) or "none"
        for asked in self.options.platforms or (self.options.host,):
            matcher = platforms.ordered(asked, host=self.options.host)
            if any(platform is None or matcher.matches(platform) for platform in has):
                continue
            if any(not isinstance(child, Descriptor) and child.platform is None for child in children):
                continue  # what is malformed may be it, and has its own problem
            self.problems.append(
                PlatformError(
                    f"{owner} has no manifest for {asked}; it has {shown}",
                    hint="Choose one of its platforms (--platform), or all of them (--all-platforms).",
                )
            )
        if len(self.select(children)) < len(children):
            self.notes.append(
                f"{owner}: its index still lists platforms that the archive leaves out; some readers "
                "(kind load image-archive, ctr images import --all-platforms) refuse such an archive"
            )

    def _best(self, candidates: Sequence[tuple[Platform | None, Descriptor]]) -> Descriptor | None:
        """The manifest that Docker is told to load: the requested platform's best match, else the host's."""
        matchers = [self._matcher, self._host] if self.options.all_platforms else [self._matcher]
        for matcher in matchers:
            matching = [c for c in candidates if c[0] is None or matcher.matches(c[0])]
            if matching:
                return platforms.order(matcher, matching, key=lambda c: c[0])[0][1]
        return None

    def record(self, descriptor: Descriptor, owner: str) -> None:
        self.algorithms.add(descriptor.digest.algorithm)
        if not (self.options.skip_nondistributable and mediatypes.is_nondistributable(descriptor.media_type)):
            self.blobs.append(_Blob(descriptor, owner))

    def documents(self) -> Iterator[tuple[str, bytes]]:
        yield "index.json", oci_index([*self._roots, *self._referrers()])
        rows = [row for image in self._docker.values() if (row := self._docker_row(image))]
        if rows and self.options.docker_manifest:
            yield "manifest.json", gojson.dumps(rows)

    def _referrers(self) -> list[Descriptor]:
        """Blobs that only a subject annotation ties to the tree (Go: ``filterReferrers``)."""
        tied: dict[str, Descriptor] = {}
        in_tree: set[str] = set()
        for blob in self.blobs:
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
    children: Sequence[Child], names: Sequence[str], notes: list[str]
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
            notes.append(f"{name} is no name that Docker can read, so manifest.json leaves it out: {error}")
    return {"Config": paths[0], "RepoTags": tags or None, "Layers": paths[1:] or None}
