"""Prove an archive or a store: hash every blob, follow every reference, check what frames it.

In an archive with our own framing (Shipglass's or containerd's) every byte counts: headers, padding, the end
and the documents the exporter wrote are compared with what it would write. An archive that another tool made
is checked for what it holds, and a note says that its framing was not. What no digest covers and nothing
repeats (an annotation, say) only the archive's own SHA-256 can prove: pass the one an export reported.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from exporter_core import gojson, mediatypes, tarball
from exporter_core.content import DOCUMENT_LIMIT, Store, read_document
from exporter_core.descriptor import IMAGE_NAME, REF_NAME, Child, Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import (
    ArchiveError,
    Cancelled,
    ContentError,
    DigestError,
    DigestMismatch,
    MalformedDocument,
    ShipglassError,
    UnreadableBlob,
)
from exporter_core.graph import BlobState, Node, load_tree
from exporter_core.manifest import Index, sniff_media_type
from exporter_core.plan import LAYOUT_DOCUMENT, docker_row, oci_index, v1_index
from exporter_core.reference import oci_reference_name
from exporter_core.stores import open_store
from exporter_core.stores.layout import INDEX, LAYOUT, LayoutStore
from exporter_core.tarindex import Listing, Member, ReadAt, descriptor_reader, members

_CHUNK = 1024 * 1024
_DOCKER = "manifest.json"
_DAMAGED = "Do not use this archive: export or copy it again."


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was found: ``blobs`` hashed, their ``bytes``, ``images`` followed, every problem, and notes."""

    location: str
    kind: str
    blobs: int
    bytes: int
    images: int
    problems: tuple[ShipglassError, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


OnBlob = Callable[[str, int], None]
"""Called with a blob's digest text and size in bytes when it has been hashed."""


def verify_location(
    location: str | os.PathLike[str],
    *,
    sha256: str = "",
    on_blob: OnBlob | None = None,
    cancel: threading.Event | None = None,
    document_limit: int = DOCUMENT_LIMIT,
) -> VerifyReport:
    """Read everything at ``location`` (an archive or a store) and report what is wrong with it.

    ``sha256`` is what the whole archive file should hash to, where that is known. Raises StoreError where it
    cannot be opened at all, Cancelled when ``cancel`` is set.
    """
    store = open_store(location, document_limit=document_limit)
    try:
        check = _Check(store, on_blob, cancel or threading.Event())
        if os.path.isfile(store.location):
            check.archive(sha256)
        else:
            check.blobs()
        check.images()
        return check.report()
    finally:
        store.close()


class _Check:
    """One verification under way."""

    def __init__(self, store: Store, on_blob: OnBlob | None, cancel: threading.Event) -> None:
        self._store = store
        self._on_blob = on_blob
        self._cancel = cancel
        self._blobs = 0
        self._bytes = 0
        self._images = 0
        self._problems: list[ShipglassError] = []
        self._notes: list[str] = []
        self._corrupt: set[str] = set()
        self._framed = False

    def report(self) -> VerifyReport:
        store = self._store
        notes = dict.fromkeys([*store.notes, *self._notes])
        return VerifyReport(
            store.location, store.kind, self._blobs, self._bytes, self._images,
            tuple(self._problems), tuple(notes),
        )  # fmt: skip

    # Blobs

    def blobs(self) -> None:
        """Hash every blob of a folder."""
        if not isinstance(self._store, LayoutStore):
            return
        self._damage(self._store.damage)
        for name in self._store.blob_names():
            digest = _digest_of(name)
            if digest is None:
                self._notes.append(f"{name} is not named by a digest; it was left out")
                continue
            try:
                with self._store.open(Descriptor("", digest, 0)) as blob:
                    self._hash(digest, lambda room, blob=blob: _read_into(blob, room))  # type: ignore[misc]
            except ContentError as error:
                self._problems.append(error)

    def _hash(self, digest: Digest, read_into: Callable[[memoryview], int]) -> None:
        """Hash one blob; a digest that cannot be computed here is a note."""
        try:
            running = digest.new_hash()
        except DigestError as error:
            self._notes.append(str(error))
            return
        buffer = memoryview(bytearray(_CHUNK))
        size = 0
        try:
            while got := read_into(buffer):
                if self._cancel.is_set():
                    raise Cancelled("the verification was cancelled")
                running.update(buffer[:got])
                size += got
        except OSError as error:
            raise UnreadableBlob(str(digest), reason=error.strerror or str(error)) from error
        self._blobs += 1
        self._bytes += size
        actual = f"{digest.algorithm}:{running.hexdigest()}"
        if actual != str(digest) and str(digest) not in self._corrupt:
            self._corrupt.add(str(digest))
            self._problems.append(DigestMismatch(str(digest), actual=actual, size=size))
        if self._on_blob:
            self._on_blob(str(digest), size)

    # An archive

    def archive(self, sha256: str) -> None:
        """Check the file as a tar, every member's bytes, and what stands between them."""
        assert isinstance(self._store, LayoutStore)
        self._damage(self._store.damage)
        with open(self._store.location, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            read_at = descriptor_reader(file.fileno())
            if sha256:
                self._whole_file(file, sha256)
            listing = Listing()
            found = list(members(read_at, size, listing))
            odd = [m for m in found if read_at(m.header, m.offset - m.header) != _canonical(m)]
            self._framed = 2 * len(odd) < len(found)
            if self._framed:
                self._framing(found, odd, read_at, listing.end, size)
            else:
                self._notes.append("another program wrote this archive; its tar framing was not compared")
            self._padding(found, read_at, listing, size)
            for member in found:
                self._member(member, read_at)

    def _whole_file(self, file: BinaryIO, sha256: str) -> None:
        running = hashlib.sha256(usedforsecurity=False)
        buffer = memoryview(bytearray(_CHUNK))
        while got := _read_into(file, buffer):
            running.update(buffer[:got])
        if running.hexdigest() != sha256.removeprefix("sha256:").lower():
            self._wrong(f"the archive's SHA-256 is {running.hexdigest()}, not {sha256}")

    def _framing(
        self, found: Sequence[Member], odd: Sequence[Member], read_at: ReadAt, end: int, size: int
    ) -> None:
        for member in odd:
            self._wrong(f"the tar header of {member.name} at byte {member.header} was altered")
        if size != end + len(tarball.TRAILER):
            self._wrong(f"the archive has {size} bytes and should have {end + len(tarball.TRAILER)}")
        for member in found:
            if member.name == LAYOUT and read_at(member.offset, member.size) != LAYOUT_DOCUMENT:
                self._wrong(f"{LAYOUT} was altered")

    def _padding(self, found: Sequence[Member], read_at: ReadAt, listing: Listing, size: int) -> None:
        """What lies between and after the members must be zeros."""
        for member in found:
            after = member.offset + member.size
            if any(read_at(after, member.end - after)):
                self._wrong(f"the padding after {member.name} at byte {after} is not zero")
        position = listing.end
        while listing.ended and position < size:
            block = read_at(position, _CHUNK)
            if not block:
                return
            if any(block):
                self._wrong(f"there are data behind the end of the archive, after byte {position}")
                return
            position += len(block)

    def _member(self, member: Member, read_at: ReadAt) -> None:
        name = member.name.removeprefix("./")
        if not name.startswith("blobs/") or not member.is_file:
            return
        digest = _digest_of(name)
        if digest is None:
            self._wrong(f"member {member.name[:200]!r} is not named by a digest")
            return
        position = member.offset
        end = member.offset + member.available

        def read_into(room: memoryview) -> int:
            nonlocal position
            data = read_at(position, min(len(room), end - position))
            room[: len(data)] = data
            position += len(data)
            return len(data)

        self._hash(digest, read_into)

    # What the documents say

    def images(self) -> None:
        """Follow every image of the index down to its layers."""
        try:
            images = self._store.images()
        except ShipglassError as error:
            self._problems.append(error)
            return
        trees = [load_tree(self._store, image) for image in images]
        self._images = len(trees)
        for tree in trees:
            if self._cancel.is_set():
                raise Cancelled("the verification was cancelled")
            self._root_type(tree)
            self._follow(tree, is_root=True)
        if self._framed:
            self._own_documents(trees)

    def _follow(self, tree: Node, *, is_root: bool) -> None:
        stack = [(tree, is_root)]
        told: set[str] = set()
        while stack:
            node, root = stack.pop()
            problem = node.problem
            if problem is not None and str(problem) not in told:
                told.add(str(problem))
                if _is_gap(node, root):
                    self._notes.append(f"{node.owner} is listed and not there")
                elif node.digest_text not in self._corrupt:
                    self._problems.append(problem)
            stack.extend((child, False) for child in reversed(node.children or ()))

    def _root_type(self, tree: Node) -> None:
        """The media type that the index gives an image must be the document's own: no digest covers it."""
        child = tree.child
        if tree.state is not BlobState.PRESENT or not isinstance(child, Descriptor):
            return
        if child.size > self._store.document_limit:
            return
        try:
            own = sniff_media_type(
                read_document(self._store, child, limit=self._store.document_limit), name=str(child.digest)
            )
        except ContentError:
            return  # not a document at all, or told already
        if own and own != child.media_type:
            self._problems.append(
                MalformedDocument(
                    f"the index calls {child.digest} {child.media_type!r}, the document itself {own!r}",
                    hint=_DAMAGED,
                    owner=tree.owner,
                )
            )

    def _own_documents(self, trees: Sequence[Node]) -> None:
        """index.json and manifest.json as the exporter would have written them."""
        assert isinstance(self._store, LayoutStore)
        data = self._store.read_file(INDEX)
        try:
            listed = [c for c in Index.parse(data, name=INDEX).manifests if isinstance(c, Descriptor)]
        except ContentError:
            return  # images() has told it
        if len(listed) == len(trees) and data not in (oci_index(listed), v1_index(listed)):
            self._wrong(f"{INDEX} was altered: the exporter would not have written it so")
        if self._store.has_file(_DOCKER):
            self._docker_manifest(trees)
        if data == oci_index(listed):
            self._names(listed)

    def _names(self, listed: Sequence[Descriptor]) -> None:
        """containerd writes a name twice, whole and as a tag: the one must follow from the other."""
        for descriptor in listed:
            name = descriptor.annotations.get(IMAGE_NAME)
            if name is None:
                continue
            wanted, found = oci_reference_name(name), descriptor.annotations.get(REF_NAME)
            if found != wanted:
                self._wrong(
                    f"{INDEX} names {name} and has {found!r} where {wanted!r} should stand ({REF_NAME})"
                )

    def _docker_manifest(self, trees: Sequence[Node]) -> None:
        data = self._store.read_file(_DOCKER) if isinstance(self._store, LayoutStore) else b""
        try:
            rows = gojson.loads(data, name=_DOCKER)
        except ContentError as error:
            self._problems.append(error)
            return
        if not isinstance(rows, list) or gojson.dumps(rows) != data:
            self._wrong(f"{_DOCKER} was altered: the exporter would not have written it so")
            return
        listed = [row for row in rows if isinstance(row, dict)]
        below = [[i for i, row in enumerate(listed) if _has_row(tree, row)] for tree in trees]
        for i, row in enumerate(listed):
            if not any(i in places for places in below):
                self._wrong(f"{_DOCKER} lists an image that {INDEX} does not have: {str(row)[:200]}")
        self._docker_tags(trees, below, [list(row.get("RepoTags") or ()) for row in listed])

    def _docker_tags(self, trees: Sequence[Node], below: Sequence[list[int]], tags: list[list[str]]) -> None:
        """Every tag must be the name of an image that has this row; ``below[i]`` are the rows of image i."""
        for tree, places in zip(trees, below, strict=True):
            for tag in _tags(tree.child):
                place = next((i for i in places if tag in tags[i]), None)
                if place is not None:
                    tags[place].remove(tag)
        left = [tag for row in tags for tag in row]
        if left:
            self._wrong(f"{_DOCKER} and {INDEX} name different images: {', '.join(left)[:200]}")

    def _damage(self, texts: Sequence[str]) -> None:
        for text in texts:
            self._wrong(text)

    def _wrong(self, text: str) -> None:
        self._problems.append(ArchiveError(text, hint=_DAMAGED))


def _canonical(member: Member) -> bytes:
    """The header blocks that our writer would make for the member; b"" where it could not have."""
    try:
        return tarball.header(member.name, member.mode, member.size, member.kind.encode("latin-1"))
    except (UnicodeError, ValueError):
        return b""


def _digest_of(name: str) -> Digest | None:
    """The digest that the path ``blobs/<alg>/<hex>`` spells, or None."""
    parts = name.split("/")
    try:
        return Digest.parse(":".join(parts[1:])) if len(parts) == 3 else None
    except DigestError:
        return None


def _read_into(file: BinaryIO, room: memoryview) -> int:
    data = file.readinto(room) if hasattr(file, "readinto") else None
    return data or 0


def _is_gap(node: Node, root: bool) -> bool:
    """Whether a missing blob is one that an archive of some platforms rightly lacks."""
    if root or node.state is not BlobState.MISSING:
        return False
    if node.role in ("index", "manifest", "attestation"):
        return True
    return mediatypes.is_nondistributable(node.child.media_type)


def _docker_rows(tree: Node) -> Iterator[dict[str, object]]:
    """A manifest.json row, without names, for every manifest in the tree."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if node.role in ("manifest", "attestation") and node.children:
            row = docker_row([child.child for child in node.children], (), [])
            if row is not None:
                yield dict(row)
        elif node.role == "index":
            stack.extend(node.children or ())


def _has_row(tree: Node, row: dict[str, object]) -> bool:
    """Whether a manifest in the tree is what ``row`` of Docker's manifest.json lists."""
    return any(
        set(row) == set(known) and all(known[key] == row[key] for key in ("Config", "Layers"))
        for known in _docker_rows(tree)
    )


def _tags(root: Child) -> Sequence[str]:
    """The names that Docker's manifest.json would have for an image."""
    name = root.annotations.get(IMAGE_NAME)
    row = docker_row([root], [name] if name else [], [])
    tags = row["RepoTags"] if row else None
    return [str(tag) for tag in tags] if isinstance(tags, list) else []
