"""The graph of an image: children of a descriptor, the tree of nodes a person browses, and how complete
each platform is. Reads documents only, never layers; decides nothing about exports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum

from exporter_core import mediatypes, reference
from exporter_core.content import (
    DOCUMENT_LIMIT,
    Image,
    InfoProvider,
    Provider,
    Store,
    embedded,
    read_document,
)
from exporter_core.descriptor import Child, Descriptor
from exporter_core.digest import Digest
from exporter_core.errors import (
    ContentError,
    CyclicImage,
    DigestError,
    ImageNotFound,
    InvalidReference,
    MalformedDocument,
    MissingBlob,
    ShipglassError,
    SizeMismatch,
    UsageError,
)
from exporter_core.manifest import ImageConfig, Index, Manifest, contradiction, sniff_media_type
from exporter_core.platforms import Platform
from exporter_core.progress import breathe

REFERENCE_TYPE = "vnd.docker.reference.type"
REFERENCE_DIGEST = "vnd.docker.reference.digest"
_DEEPEST = 100  # levels of indexes; real images have two


def read_children(
    provider: Provider, descriptor: Descriptor, *, limit: int = DOCUMENT_LIMIT, strict: bool = True
) -> tuple[Child, ...]:
    """What the document at ``descriptor`` refers to, in its order: a manifest's config and layers, an
    index's manifests, nothing for any other media type (containerd ``images.Children``).

    ``strict`` refuses a document that contradicts its media type, as containerd 2.x does and the V1Exporter
    did not. Raises ContentError.
    """
    document = read_image_document(provider, descriptor, limit=limit)
    if document is None:
        return ()
    wrong = contradiction(document) if strict else ""
    if wrong:
        name = str(descriptor.digest)
        raise MalformedDocument(f"{name}: {wrong}", hint="Fetch the image again.", digest=name)
    return document.manifests if isinstance(document, Index) else (document.config, *document.layers)


def read_image_document(
    provider: Provider, descriptor: Descriptor, *, limit: int = DOCUMENT_LIMIT
) -> Index | Manifest | None:
    """The verified document at ``descriptor``; None where its media type is of neither index nor manifest.

    Raises ContentError; a document that names itself is CyclicImage even where its digest is wrong.
    """
    shape: type[Index] | type[Manifest]
    if mediatypes.is_index(descriptor.media_type):
        shape = Index
    elif mediatypes.is_manifest(descriptor.media_type):
        shape = Manifest
    else:
        return None
    return shape.parse(read_document(provider, descriptor, limit=limit), name=str(descriptor.digest))


def identified(provider: Provider, descriptor: Descriptor, *, limit: int = DOCUMENT_LIMIT) -> Descriptor:
    """The descriptor with its media type filled in from the document where it has none.

    Raises ContentError where the document cannot be read.
    """
    if descriptor.media_type:
        return descriptor
    data = read_document(provider, descriptor, limit=limit)
    return replace(descriptor, media_type=sniff_media_type(data, name=str(descriptor.digest)))


class BlobState(Enum):
    """What the store has of a blob, told without reading it."""

    PRESENT = "present"
    MISSING = "missing"
    WRONG_SIZE = "wrong size"
    UNREADABLE = "unreadable"
    UNVERIFIABLE = "unverifiable"
    MALFORMED = "malformed"


def blob_state(store: InfoProvider, child: Child) -> tuple[BlobState, ContentError | None]:
    """What ``store`` has of the blob, and the error that an export of it would meet (None if PRESENT)."""
    if not isinstance(child, Descriptor):
        return BlobState.MALFORMED, child.problem
    name = str(child.digest)
    try:
        info = store.info(child.digest)
        if info is None:
            if embedded(child) is not None:
                return BlobState.PRESENT, None
            return BlobState.MISSING, MissingBlob(name, hint=_foreign_hint(child))
        if info.size != child.size:
            return BlobState.WRONG_SIZE, SizeMismatch(name, expected=child.size, actual=info.size)
        child.digest.new_hash()
    except DigestError as error:
        return BlobState.UNVERIFIABLE, error
    except ContentError as error:
        return BlobState.UNREADABLE, error
    return BlobState.PRESENT, None


def _foreign_hint(child: Descriptor) -> str:
    if not mediatypes.is_nondistributable(child.media_type):
        return ""
    return "This layer is not distributed with images: leave such layers out (--skip-non-distributable)."


@dataclass(frozen=True, slots=True)
class Node:
    """One place in an image's tree.

    ``role`` is index, manifest, attestation, config, layer or blob; ``label`` what to call it ("layer 2/5",
    "manifest linux/arm64"); ``platform`` its own or its manifest's; ``owner`` names it from afar ("layer 2
    of linux/arm64 of NAME"). ``children`` is None until the node is expanded, and stays () for a leaf.
    ``problem`` is what an export of this blob would meet, or why the document could not be read.
    """

    child: Child
    role: str
    label: str
    owner: str
    state: BlobState
    platform: Platform | None = None
    problem: ShipglassError | None = None
    children: tuple[Node, ...] | None = None
    ancestors: tuple[Digest, ...] = field(default=(), repr=False)

    @property
    def digest_text(self) -> str:
        """The digest, or what stands in its place."""
        return str(self.child.digest) if isinstance(self.child, Descriptor) else self.child.digest_text

    @property
    def size(self) -> int | None:
        """Bytes according to the descriptor; None where it is malformed."""
        return self.child.size if isinstance(self.child, Descriptor) else None


def root_node(store: Store, image: Image) -> Node:
    """The unexpanded root of the image's tree; never raises for bad content (see ``problem``)."""
    target = image.target
    if isinstance(target, Descriptor) and not target.media_type:
        with suppress(ContentError):  # the node's state says why
            target = identified(store, target, limit=store.document_limit)
    return _node(store, target, "", image.name, None, ())


def expand(store: Store, node: Node) -> Node:
    """The node with its children, unexpanded ones; one that cannot be read has none and a ``problem``."""
    if node.children is not None or not isinstance(node.child, Descriptor):
        return replace(node, children=node.children or ())
    try:
        if node.child.digest in node.ancestors or len(node.ancestors) > _DEEPEST:
            raise CyclicImage(str(node.child.digest), owner=node.owner)
        document = read_image_document(store, node.child, limit=store.document_limit)
    except ContentError as error:
        return replace(node, children=(), problem=node.problem or error.owned_by(node.owner))
    if document is None:
        return replace(node, children=())
    ancestors = (*node.ancestors, node.child.digest)
    make = _index_nodes if isinstance(document, Index) else _manifest_nodes
    wrong = contradiction(document)
    problem = (
        MalformedDocument(wrong, hint="Fetch the image again.", owner=node.owner) if wrong else node.problem
    )
    if isinstance(document, Manifest) and node.platform is None:
        node = _with_config_platform(store, node, document)
    return replace(node, children=tuple(make(store, node, document, ancestors)), problem=problem)


def load_tree(store: Store, image: Image, *, most: int = 100_000) -> Node:
    """The whole tree of the image, every document read; after ``most`` nodes the rest stays unexpanded."""
    count = 0

    def grow(node: Node) -> Node:
        nonlocal count
        count += 1
        breathe(count)
        if count > most:
            return node
        node = expand(store, node)
        return replace(node, children=tuple(grow(child) for child in node.children or ()))

    return grow(root_node(store, image))


def find_image(store: Store, text: str) -> Image:
    """The image of ``store`` that ``text`` means: a full or familiar name, or a digest or its beginning.

    The digest of any index or manifest in the store will do, listed or not. Raises ImageNotFound where there
    is none and UsageError where there are several.
    """
    images = store.images()
    named = [image for image in images if image.name == text]
    named = named or [image for image in images if _same_name(image.name, text)]
    found = named or [image for image in images if _begins(image, text)]
    if len({_digest_text(image) for image in found}) > 1:
        shown = ", ".join(f"{image.name} ({_digest_text(image)})" for image in found[:5])
        raise UsageError(f"{text} could mean {len(found)} images: {shown}", hint="Give the whole digest.")
    if found:
        return found[0]
    unlisted = _unlisted(store, text)
    if unlisted is None:
        names = ", ".join(image.name for image in images[:5])
        hint = (
            f"It holds {names}{' …' if len(images) > 5 else ''}." if names else "The store lists no images."
        )
        raise ImageNotFound(f"no image {text} in {store.location}", hint=hint)
    return unlisted


def _same_name(name: str, text: str) -> bool:
    try:
        return reference.familiar(name) == reference.familiar(text)
    except InvalidReference:
        return False


def _digest_text(image: Image) -> str:
    target = image.target
    return str(target.digest) if isinstance(target, Descriptor) else target.digest_text


def _begins(image: Image, text: str) -> bool:
    digest = _digest_text(image)
    return len(text) >= 4 and (digest.startswith(text) or digest.partition(":")[2].startswith(text))


def _unlisted(store: Store, text: str) -> Image | None:
    """The document with the digest ``text``, as an image; None where there is none."""
    try:
        digest = Digest.parse(text)
    except DigestError:
        return None
    info = store.info(digest)
    if info is None:
        return None
    found = identified(store, Descriptor("", digest, info.size), limit=store.document_limit)
    return Image(text, found)


def _index_nodes(
    store: Store, parent: Node, document: Index | Manifest, ancestors: tuple[Digest, ...]
) -> Iterator[Node]:
    assert isinstance(document, Index)
    platforms = {
        str(child.digest): child.platform
        for child in document.manifests
        if isinstance(child, Descriptor) and child.platform
    }
    for count, child in enumerate(document.manifests):
        breathe(count)
        subject = _attested(child)
        if subject:
            about = platforms.get(subject)
            yield _attestation(store, child, about, parent, ancestors)
        else:
            yield _node(store, child, "", parent.owner, child.platform or parent.platform, ancestors)


def _manifest_nodes(
    store: Store, parent: Node, document: Index | Manifest, ancestors: tuple[Digest, ...]
) -> Iterator[Node]:
    assert isinstance(document, Manifest)
    yield _leaf(store, document.config, "config", "config", parent, ancestors)
    total = len(document.layers)
    for i, layer in enumerate(document.layers, 1):
        breathe(i)
        yield _leaf(store, layer, "layer", f"layer {i}/{total}", parent, ancestors)


def _leaf(
    store: Store, child: Child, role: str, label: str, parent: Node, ancestors: tuple[Digest, ...]
) -> Node:
    state, problem = blob_state(store, child)
    owner = f"{label.split('/')[0]} of {parent.owner}"
    return Node(child, role, label, owner, state, parent.platform, _owned(problem, owner), (), ancestors)


def _node(
    store: Store,
    child: Child,
    label: str,
    owner: str,
    platform: Platform | None,
    ancestors: tuple[Digest, ...],
) -> Node:
    """A node of an index's list, or the root."""
    state, problem = blob_state(store, child)
    kind = mediatypes.kind(child.media_type)
    role = kind if kind != "other" else "blob"
    if not label:
        label = f"{role} {platform}" if platform is not None else role
    if ancestors:
        owner = f"{platform or role} of {owner}"
    leaf = () if role not in ("index", "manifest") else None
    return Node(child, role, label, owner, state, platform, _owned(problem, owner), leaf, ancestors)


def _attestation(
    store: Store, child: Child, about: Platform | None, parent: Node, ancestors: tuple[Digest, ...]
) -> Node:
    label = f"attestation of {about}" if about is not None else "attestation"
    node = _node(store, child, label, parent.owner, child.platform, ancestors)
    owner = f"{label} of {parent.owner}"
    return replace(node, role="attestation", owner=owner, problem=_owned(node.problem, owner))


def _attested(child: Child) -> str:
    """The digest text that a BuildKit attestation entry speaks of, or ""."""
    if child.annotations.get(REFERENCE_TYPE) != "attestation-manifest":
        return ""
    return child.annotations.get(REFERENCE_DIGEST, "?")


def _owned(problem: ShipglassError | None, owner: str) -> ShipglassError | None:
    return problem.owned_by(owner) if isinstance(problem, ContentError) else problem


def _with_config_platform(store: Store, node: Node, manifest: Manifest) -> Node:
    """The manifest's node with the platform that its config names, where the index named none."""
    platform = config_platform(store, manifest.config, limit=store.document_limit)
    if platform is None:
        return node
    label = f"{node.label} {platform}" if node.role == "manifest" else node.label
    return replace(node, platform=platform, label=label)


def config_platform(provider: Provider, config: Child, *, limit: int = DOCUMENT_LIMIT) -> Platform | None:
    """The platform that a config blob names; None where it cannot be read or names none."""
    if not isinstance(config, Descriptor) or not mediatypes.is_config(config.media_type):
        return None
    try:
        data = read_document(provider, config, limit=limit)
        platform = ImageConfig.parse(data, name=str(config.digest)).platform
    except ContentError:
        return None
    return platform if platform.os or platform.architecture else None


@dataclass(frozen=True, slots=True)
class PlatformStatus:
    """One manifest of an image and how much of it is there: ``present`` of ``total`` blobs (manifest,
    config, layers), ``problems`` for the rest. ``attestation`` marks one that only speaks of another.
    """

    platform: Platform | None
    manifest: Child
    present: int
    total: int
    problems: tuple[ShipglassError, ...] = ()
    attestation: bool = False

    @property
    def complete(self) -> bool:
        """Whether every blob is there in the right size."""
        return not self.problems

    @property
    def name(self) -> str:
        """The platform as text; "unspecified" where the image names none."""
        return str(self.platform) if self.platform is not None else "unspecified"


@dataclass(frozen=True, slots=True)
class ImageSummary:
    """An image at a glance. ``size`` counts the bytes of its distinct blobs by their descriptors,
    ``present_size`` those in the store; ``blobs`` and ``present`` their numbers; ``manifests`` all manifests.
    """

    image: Image
    media_type: str
    size: int
    present_size: int
    blobs: int
    present: int
    manifests: tuple[PlatformStatus, ...]
    problems: tuple[ShipglassError, ...]

    @property
    def platforms(self) -> tuple[PlatformStatus, ...]:
        """The manifests that run on something: attestations left out."""
        return tuple(status for status in self.manifests if not status.attestation)

    @property
    def complete(self) -> bool:
        """Whether every blob of every platform is there in the right size."""
        return not self.problems


def summarise(store: Store, image: Image, *, stop: Callable[[], bool] = lambda: False) -> ImageSummary:
    """Walk the whole image, reading its documents; ``stop`` is asked between nodes and may end the walk."""
    sizes: dict[str, tuple[int, bool]] = {}
    manifests: list[PlatformStatus] = []
    problems: list[ShipglassError] = []
    root = root_node(store, image)
    stack = [root]
    visited: set[tuple[str, str]] = set()
    while stack and not stop():
        node = expand(store, stack.pop())
        breathe(len(visited))
        _count(sizes, node)
        if node.problem:
            problems.append(node.problem)
        if node.role == "index":
            fresh = [
                child for child in node.children or () if (child.digest_text, child.owner) not in visited
            ]
            visited.update((child.digest_text, child.owner) for child in fresh)
            stack.extend(reversed(fresh))
            continue
        leaves = node.children or ()
        for leaf in leaves:
            _count(sizes, leaf)
        manifests.append(_status(node, leaves))
        problems.extend(leaf.problem for leaf in leaves if leaf.problem)
    return ImageSummary(
        image=image,
        media_type=root.child.media_type,
        size=sum(size for size, _ in sizes.values()),
        present_size=sum(size for size, here in sizes.values() if here),
        blobs=len(sizes),
        present=sum(here for _, here in sizes.values()),
        manifests=tuple(manifests),
        problems=tuple(problems),
    )


def _status(node: Node, leaves: tuple[Node, ...]) -> PlatformStatus:
    nodes = (node, *leaves)
    return PlatformStatus(
        platform=node.platform,
        manifest=node.child,
        present=sum(part.state is BlobState.PRESENT for part in nodes),
        total=len(nodes),
        problems=tuple(part.problem for part in nodes if part.problem),
        attestation=node.role == "attestation",
    )


def _count(sizes: dict[str, tuple[int, bool]], node: Node) -> None:
    sizes[node.digest_text] = (node.size or 0, node.state is BlobState.PRESENT)
