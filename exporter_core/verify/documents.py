"""What the documents say: every image followed, and what an exporter itself writes compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from exporter_core import gojson, mediatypes
from exporter_core.content import Image, Store, read_document
from exporter_core.descriptor import IMAGE_NAME, REF_NAME, Child, Descriptor
from exporter_core.errors import (
    ContentError,
    MalformedDocument,
    ShipglassError,
)
from exporter_core.graph import BlobState, Node, walk
from exporter_core.manifest import Index, sniff_media_type
from exporter_core.plan import docker_row, oci_index, v1_index
from exporter_core.reference import oci_reference_name
from exporter_core.stores.layout import INDEX, LayoutStore
from exporter_core.verify.findings import DAMAGED, Findings

_DOCKER = "manifest.json"


class _Root:
    """An image that was followed: what it points to, the manifests below as manifest.json has them."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self._rows: set[str] = set()

    def note(self, node: Node) -> None:
        """Remember the node if it is a manifest."""
        if node.role in ("manifest", "attestation") and node.children:
            row = docker_row([child.child for child in node.children], (), [])
            if row is not None:
                self._rows.add(_row_key(row))

    def has_row(self, row: Mapping[str, object]) -> bool:
        """Whether a manifest below is what ``row`` of Docker's manifest.json lists."""
        return set(row) == {"Config", "RepoTags", "Layers"} and _row_key(row) in self._rows


def _row_key(row: Mapping[str, object]) -> str:
    return repr((row["Config"], row["Layers"]))


class DocumentCheck:
    """Checks the images of ``store``; in a ``framed`` archive also what its exporter wrote itself."""

    def __init__(self, store: Store, found: Findings, *, framed: bool) -> None:
        self._store = store
        self._found = found
        self._framed = framed
        self.images = 0

    def run(self) -> None:
        """Follow every image of the index down to its layers."""
        try:
            images = self._store.images()
        except ShipglassError as error:
            self._found.problems.append(error)
            return
        self.images = len(images)
        roots = [self._follow(image) for image in images]
        if self._framed:
            self._own_documents(roots)

    def _follow(self, image: Image) -> _Root:
        """Walk the image and tell its problems."""
        nodes = walk(self._store, image)
        root = next(nodes)
        self._root_type(root)
        followed = _Root(root.child)
        told: set[str] = set()
        for node in chain([root], nodes):
            self._found.check_cancel()
            followed.note(node)
            problem = node.problem
            if problem is None or str(problem) in told:
                continue
            told.add(str(problem))
            if _is_gap(node, node is root):
                self._found.notes.append(f"{node.owner} is listed and not there")
            elif node.digest_text not in self._found.corrupt:
                self._found.problems.append(problem)
        return followed

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
            self._found.problems.append(
                MalformedDocument(
                    f"the index calls {child.digest} {child.media_type!r}, the document itself {own!r}",
                    hint=DAMAGED,
                    owner=tree.owner,
                )
            )

    def _own_documents(self, roots: Sequence[_Root]) -> None:
        """index.json and manifest.json as the exporter would have written them."""
        assert isinstance(self._store, LayoutStore)
        data = self._store.read_file(INDEX)
        try:
            listed = [c for c in Index.parse(data, name=INDEX).manifests if isinstance(c, Descriptor)]
        except ContentError:
            return  # images() has told it
        if len(listed) == len(roots) and data not in (oci_index(listed), v1_index(listed)):
            self._found.wrong(f"{INDEX} was altered: the exporter would not have written it so")
        if self._store.has_file(_DOCKER):
            self._docker_manifest(roots)
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
                self._found.wrong(
                    f"{INDEX} names {name} and has {found!r} where {wanted!r} should stand ({REF_NAME})"
                )

    def _docker_manifest(self, roots: Sequence[_Root]) -> None:
        data = self._store.read_file(_DOCKER) if isinstance(self._store, LayoutStore) else b""
        try:
            rows = gojson.loads(data, name=_DOCKER)
        except ContentError as error:
            self._found.problems.append(error)
            return
        if not isinstance(rows, list) or gojson.dumps(rows) != data:
            self._found.wrong(f"{_DOCKER} was altered: the exporter would not have written it so")
            return
        listed = [row for row in rows if isinstance(row, dict)]
        below = [[i for i, row in enumerate(listed) if root.has_row(row)] for root in roots]
        for i, row in enumerate(listed):
            if not any(i in places for places in below):
                self._found.wrong(f"{_DOCKER} lists an image that {INDEX} does not have: {str(row)[:200]}")
        self._docker_tags(roots, below, [list(row.get("RepoTags") or ()) for row in listed])

    def _docker_tags(self, roots: Sequence[_Root], below: Sequence[list[int]], tags: list[list[str]]) -> None:
        """Every tag must be the name of an image that has this row; ``below[i]`` are the rows of image i."""
        for root, places in zip(roots, below, strict=True):
            for tag in _tags(root.child):
                place = next((i for i in places if tag in tags[i]), None)
                if place is not None:
                    tags[place].remove(tag)
        left = [tag for row in tags for tag in row]
        if left:
            self._found.wrong(f"{_DOCKER} and {INDEX} name different images: {', '.join(left)[:200]}")


def _is_gap(node: Node, root: bool) -> bool:
    """Whether a missing blob is one that an archive of some platforms rightly lacks."""
    if root or node.state is not BlobState.MISSING:
        return False
    if node.role in ("index", "manifest", "attestation"):
        return True
    return mediatypes.is_nondistributable(node.child.media_type)


def _tags(root: Child) -> Sequence[str]:
    """The names that Docker's manifest.json would have for an image."""
    name = root.annotations.get(IMAGE_NAME)
    row = docker_row([root], [name] if name else [], [])
    tags = row["RepoTags"] if row else None
    return [str(tag) for tag in tags] if isinstance(tags, list) else []
