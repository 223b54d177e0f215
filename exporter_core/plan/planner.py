"""What both profiles share: the walk, the checks, the layout of the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from exporter_core import mediatypes, tarball
from exporter_core.content import Image, InfoProvider, Provider
from exporter_core.descriptor import Child, Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import (
    ContentError,
    CyclicImage,
    ShipglassError,
    UnreadableBlob,
)
from exporter_core.graph.documents import (
    DEEPEST,
    attestations,
    config_platform,
    explained,
    read_children,
    too_deep,
)
from exporter_core.graph.states import blob_state
from exporter_core.plan.notes import Note
from exporter_core.plan.values import Entry, ExportOptions, ExportPlan
from exporter_core.progress import breathe

LAYOUT_DOCUMENT = b'{"imageLayoutVersion":"1.0.0"}'


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob that the archive will hold, and whose it is."""

    descriptor: Descriptor
    owner: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A child still to be walked: whose it is, and the indexes above it."""

    child: Child
    owner: str
    above: tuple[Digest, ...]


class Planner:
    """What the two profiles share: the walk, the checks, the layout of the file."""

    strict = True
    repeats = False

    def __init__(self, provider: Provider, options: ExportOptions) -> None:
        self.provider = provider
        self.knowing = provider if isinstance(provider, InfoProvider) else None
        self.options = options
        self.blobs: list[Blob] = []
        self.again: list[Blob] = []
        self.algorithms: set[str] = set()
        self.problems: list[ShipglassError] = []
        self.notes: list[Note] = []
        self._walked: set[tuple[str, str]] = set()

    # What a profile decides

    def add(self, image: Image) -> None:
        raise NotImplementedError

    def documents(self) -> Iterator[tuple[str, bytes]]:
        """(name, bytes) of the documents that the exporter itself writes."""
        raise NotImplementedError

    def select(self, children: Sequence[Child], *, of_manifest: bool = False) -> list[Child]:
        """Which of a document's children are walked; ``of_manifest``: they are a config and layers."""
        raise NotImplementedError

    # The walk

    def read(
        self, descriptor: Descriptor, owner: str, above: tuple[Digest, ...], *, strict: bool
    ) -> tuple[Child, ...] | None:
        """The children at ``descriptor``; None, and a problem, where its document is unusable."""
        try:
            return read_children(self.provider, descriptor, limit=self.options.document_limit, strict=strict)
        except ContentError as error:
            limit = self.options.document_limit
            found = explained(error, self.provider, descriptor, above, limit=limit)
            self.problems.append(found.owned_by(owner))
            return None

    def walk(self, child: Child, owner: str, above: tuple[Digest, ...] = ()) -> None:
        """Depth first, a node before its children; without recursion, for indexes may nest deeply."""
        stack = [Visit(child, owner, above)]
        while stack:
            visit = stack.pop()
            breathe()
            if not isinstance(visit.child, Descriptor):
                self.problems.append(visit.child.problem.owned_by(visit.owner))
                continue
            descriptor = visit.child
            if descriptor.digest in visit.above:
                self.problems.append(CyclicImage(str(descriptor.digest), owner=visit.owner))
                continue
            if len(visit.above) > DEEPEST:
                self.problems.append(too_deep(str(descriptor.digest)).owned_by(visit.owner))
                continue
            key = (str(descriptor.digest), descriptor.media_type)
            if key in self._walked and not self.repeats:
                self.met_again(descriptor, visit.owner)
                continue
            self._walked.add(key)
            children = self.read(descriptor, visit.owner, visit.above, strict=self.strict)
            self.record(descriptor, visit.owner)
            if children:
                stack.extend(reversed(list(self.visits(visit, descriptor, children))))

    def visits(self, visit: Visit, parent: Descriptor, children: Sequence[Child]) -> Iterator[Visit]:
        """The children to walk below ``parent``, and whose they are."""
        above = (*visit.above, parent.digest)
        manifest = mediatypes.is_manifest(parent.media_type)
        whose = visit.owner
        if manifest and not visit.above:
            # A manifest at the top: only its config knows the platform.
            platform = config_platform(self.provider, children[0], limit=self.options.document_limit)
            whose = f"{platform} of {whose}" if platform is not None else whose
        about = {} if manifest else attestations(children)
        numbers = {id(child): i for i, child in enumerate(children)}
        for child in self.select(children, of_manifest=manifest):
            number = numbers[id(child)]
            what = about.get(number) or _what(child, number, manifest)
            yield Visit(child, f"{what} of {whose}", above)

    def record(self, descriptor: Descriptor, owner: str) -> None:
        """Add the blob to the archive."""
        self.algorithms.add(descriptor.digest.algorithm)
        self.blobs.append(Blob(descriptor, owner))

    def met_again(self, descriptor: Descriptor, owner: str) -> None:
        """A blob that is listed once more: not written again, but its size must be right here as well."""
        self.again.append(Blob(descriptor, owner))

    # The file

    def finish(self, images: tuple[Image, ...]) -> ExportPlan:
        """Sort, check and lay out what was gathered."""
        self._check_blobs()
        rows: list[tuple[str, int, int, bytes | None, Blob | None]] = [
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

    def _written(self) -> Iterator[Blob]:
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
        for blob in chain(self.blobs, self.again):
            breathe()
            descriptor = blob.descriptor
            key = (descriptor.digest, descriptor.size)
            if key in seen or str(descriptor.digest) in told:
                continue
            seen.add(key)
            problem = self._blob_problem(descriptor)
            if problem is not None:
                self.problems.append(problem.owned_by(blob.owner))

    def _blob_problem(self, descriptor: Descriptor) -> ContentError | None:
        """Why copying this blob would fail, as far as can be told without reading it."""
        if self.knowing is not None:
            return blob_state(self.knowing, descriptor)[1]
        try:
            descriptor.digest.new_hash()
            self.provider.open(descriptor).close()
        except ContentError as error:
            return error
        except OSError as error:
            return UnreadableBlob(str(descriptor.digest), reason=error.strerror or str(error))
        return None


def _lay_out(
    rows: Sequence[tuple[str, int, int, bytes | None, Blob | None]],
) -> tuple[tuple[Entry, ...], int]:
    entries: list[Entry] = []
    offset = 0
    for name, mode, size, content, blob in rows:
        descriptor, owner = (blob.descriptor, blob.owner) if blob else (None, "")
        entries.append(Entry(name, mode, size, offset, content, descriptor, owner))
        offset += tarball.header_length(name, size) + size + tarball.padding(size)
    return tuple(entries), offset + len(tarball.TRAILER)


def _what(child: Child, number: int, in_manifest: bool) -> str:
    """What to call the child ``number`` of a document."""
    if in_manifest:
        return "config" if number == 0 else f"layer {number}"
    if child.platform is not None:
        return str(child.platform)
    return f"{mediatypes.kind(child.media_type)} {number + 1}"
