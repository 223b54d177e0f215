"""What a node of an image is, as a person reads it: sections of facts, gathered off the GUI thread."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from exporter_core import (
    Descriptor,
    Image,
    ImageConfig,
    ImageSummary,
    Index,
    Manifest,
    Node,
    PlatformStatus,
    Store,
    mediatypes,
)  # fmt: skip
from exporter_core.content import read_document, read_up_to
from exporter_core.errors import ContentError, DigestMismatch, ShipglassError
from exporter_core.gojson import dumps
from exporter_core.graph import read_image_document
from exporter_core.manifest import descriptor_json
from gui.models.belongings import attestations_of, attested_by, base_of, referrer_words
from gui.models.completeness import Badge, node_badge, platform_badge
from gui.models.json_text import SHOWN_MOST, JsonText, json_text
from gui.models.recorded import blob_record, image_record, lease_words
from gui.text import exact_size, moment, number, plural, size, tr


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the overview. ``kind``: text, code, digest (copied), secret (masked), ok, warn, bad, and node
    (with a link to what has the digest ``target``).
    """

    label: str
    value: str
    kind: str = "text"
    target: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its facts."""

    title: str
    facts: tuple[Fact, ...]

    @property
    def long_labels(self) -> bool:
        """Whether labels want a line of their own."""
        return any(len(fact.label) > 18 for fact in self.facts)


@dataclass(frozen=True, slots=True)
class Details:
    """Everything the inspector shows of a node."""

    node: Node
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    problems: tuple[ShipglassError, ...]
    json: JsonText
    corrupt: DigestMismatch | None = None
    """What reading the blob just now showed."""


def gather(
    store: Store, node: Node, parent: Node | None = None, status: PlatformStatus | None = None,
    summary: ImageSummary | None = None, images: Sequence[Image] = (), image: Image | None = None,
) -> Details:  # fmt: skip
    """Read what there is to say about ``node``; ``parent`` is the node above, ``status`` its completeness
    where it is a manifest, ``summary`` its image's, ``images`` the store's, ``image`` the one it is of. Never
    raises for bad content.
    """
    document, config = _documents(store, node)
    corrupt = summary.damaged.get(node.digest_text, 0) if summary is not None else 0
    sections = [
        _identity(
            node,
            document,
            config,
            node_badge(node, status, corrupt),
        )
    ]
    if summary is not None and node.role == "index":
        sections.append(_platforms(summary))
    if image is not None and node.role in ("index", "manifest"):
        sections += _record(image)
    sections += [_base(node, document, config), _belonging(store, node, parent, images)]
    if config is not None:
        sections += [_runs(config), _environment(config), _mapping(tr("Labels"), config.labels)]
    if node.role == "layer" and parent is not None:
        sections.append(_origin(store, node, parent))
    if document is not None:
        sections.append(_mapping(tr("Annotations of the document"), document.annotations))
    sections.append(_mapping(tr("Annotations"), node.child.annotations))
    sections += _place(store, node, image)
    text, wrong = _json(store, node)
    return Details(
        node, _title(node), node.owner, tuple(section for section in sections if section.facts),
        _problems(node, status, summary), text, wrong,
    )  # fmt: skip


def _problems(
    node: Node, status: PlatformStatus | None, summary: ImageSummary | None
) -> tuple[ShipglassError, ...]:
    """The node's own, those of its manifest's blobs, at the root those of the whole image; each once."""
    whole = summary is not None and node.role == "index" and node.digest_text == summary.image.digest_text
    rest = status.problems if status else summary.problems if summary is not None and whole else ()
    own = (node.problem,) if node.problem else ()
    return tuple({str(problem): problem for problem in (*own, *rest)}.values())


def _documents(store: Store, node: Node) -> tuple[Index | Manifest | None, ImageConfig | None]:
    """The parsed document of an index or manifest, and the config that it or the node itself is."""
    child = node.child
    if not isinstance(child, Descriptor):
        return None, None
    document, config = None, None
    with suppress(ContentError):
        document = read_image_document(store, child, limit=store.document_limit)
    of = document.config if isinstance(document, Manifest) else child
    if isinstance(of, Descriptor) and mediatypes.is_config(of.media_type):
        config = _config(store, of)
    return document, config


def _config(store: Store, descriptor: Descriptor) -> ImageConfig | None:
    with suppress(ContentError):
        data = read_document(store, descriptor, limit=store.document_limit)
        return ImageConfig.parse(data, name=str(descriptor.digest))
    return None


def _title(node: Node) -> str:
    what = mediatypes.describe(node.child.media_type)
    if node.role == "manifest" and node.platform is not None:
        return tr("Image for {platform}", platform=node.platform)
    if node.role == "attestation":
        return node.label[:1].upper() + node.label[1:]
    if node.role == "layer":
        return f"{node.label[:1].upper()}{node.label[1:]}"
    return what[:1].upper() + what[1:]


def _identity(
    node: Node, document: Index | Manifest | None, config: ImageConfig | None, badge: Badge
) -> Section:
    return Section("", tuple(_identity_facts(node, document, config, badge)))


def _identity_facts(
    node: Node, document: Index | Manifest | None, config: ImageConfig | None, badge: Badge
) -> Iterator[Fact]:
    yield Fact(tr("In the store"), badge.text, badge.tint if badge.tint in ("ok", "warn", "bad") else "text")
    yield Fact(tr("Digest"), node.digest_text or tr("none"), "digest")
    yield Fact(tr("Type"), mediatypes.describe(node.child.media_type))
    if mediatypes.describe(node.child.media_type) != node.child.media_type:
        yield Fact(tr("Media type"), node.child.media_type, "code")
    if document is not None and document.artifact_type:
        yield Fact(tr("Artifact type"), document.artifact_type, "code")
    yield from _sizes(node, document)
    if node.platform is not None:
        yield Fact(tr("Platform"), str(node.platform))
    if config is not None:
        if config.created:
            yield Fact(tr("Created"), moment(config.created))
        if config.author:
            yield Fact(tr("Author"), config.author)
    subject = document.subject if document is not None else None
    if isinstance(subject, Descriptor):
        yield Fact(tr("Belongs to"), str(subject.digest), "digest")


def _sizes(node: Node, document: Index | Manifest | None) -> Iterator[Fact]:
    if isinstance(document, Manifest):
        layers = [layer for layer in document.layers if isinstance(layer, Descriptor)]
        text = tr(
            "{layers}, {size}",
            layers=plural(len(document.layers), "{n} layer", "{n} layers"),
            size=exact_size(sum(layer.size for layer in layers)),
        )
        yield Fact(tr("Layers"), text)
    if node.size is not None:
        own = tr("Document") if node.role in ("index", "manifest", "attestation") else tr("Size")
        yield Fact(own, exact_size(node.size))


def _platforms(summary: ImageSummary) -> Section:
    facts = []
    for status in summary.platforms[:200]:
        badge = platform_badge(status)
        facts.append(Fact(status.name, badge.text, badge.tint if badge.tint != "muted" else "text"))
    total = tr(
        "{size} in {blobs}",
        size=exact_size(summary.size),
        blobs=plural(summary.blobs, "{n} blob", "{n} blobs"),
    )
    return Section(tr("Platforms"), (*facts, Fact(tr("All together"), total)))


def _base(node: Node, document: Index | Manifest | None, config: ImageConfig | None) -> Section:
    """The image that this one was built on, where somebody wrote it down."""
    told = (document.annotations if document else {}, node.child.annotations, config.labels if config else {})
    name, digest = base_of(*told)
    facts = [Fact(tr("Name"), name, "code")] if name else []
    return Section(tr("Base image"), (*facts, *([Fact(tr("Digest"), digest, "digest")] if digest else [])))


def _belonging(store: Store, node: Node, parent: Node | None, images: Sequence[Image]) -> Section:
    """Attestations and signatures, each with a link."""
    facts = []
    if about := attested_by(node):
        facts.append(Fact(tr("Speaks of"), node.label.removeprefix("attestation of "), "node", about))
    if node.role in ("index", "manifest"):
        for words, digest in attestations_of(store, node, parent):
            facts.append(Fact(tr("Attestation"), words, "node", digest))
        for kind, name, digest in referrer_words(store, images, node.digest_text):
            facts.append(Fact(tr("Referrer"), f"{kind} · {name}", "node", digest))
    return Section(tr("Attestations and signatures"), tuple(facts))


def _runs(config: ImageConfig) -> Section:
    rows = (
        (tr("Entrypoint"), _command(config.entrypoint)),
        (tr("Command"), _command(config.cmd)),
        (tr("Working directory"), config.working_dir),
        (tr("User"), config.user),
        (tr("Ports"), ", ".join(config.ports)),
        (tr("Volumes"), ", ".join(config.volumes)),
        (tr("Stop signal"), config.stop_signal),
    )
    return Section(tr("What it runs"), tuple(Fact(label, value, "code") for label, value in rows if value))


def _command(words: tuple[str, ...]) -> str:
    """The words as a shell would show them; quoted only where there is something to quote."""
    return " ".join(word if re.fullmatch(r"[\w@%+=:,./-]+", word) else f"'{word}'" for word in words)


def _environment(config: ImageConfig) -> Section:
    return Section(tr("Environment"), tuple(_variable(item) for item in config.env))


def _variable(item: str) -> Fact:
    name, _, value = item.partition("=")
    return Fact(name, value, "secret" if value and looks_secret(name, value) else "code")


@cache
def _secret_name() -> re.Pattern[str]:
    return re.compile(
        r"passw(or)?d|passphrase|secret|token|credential|api_?key|access_?key|private_?key|(^|_)(pwd|auth|pass)($|_)",
        re.IGNORECASE,
    )


@cache
def _secret_value() -> re.Pattern[str]:
    return re.compile(r"://[^/\s:@]+:[^/\s@]+@|^(ghp|gho|glpat|xox[bap])[-_]|^AKIA[0-9A-Z]{16}$|-----BEGIN ")


def looks_secret(name: str, value: str) -> bool:
    """Whether an environment variable looks as if its value should not be seen over a shoulder."""
    return bool(_secret_name().search(name) or _secret_value().search(value))


def _mapping(title: str, values: Mapping[str, str]) -> Section:
    return Section(title, tuple(Fact(key, value, "code") for key, value in sorted(values.items())))


def _origin(store: Store, node: Node, parent: Node) -> Section:
    """The command behind a layer and its uncompressed digest, from the config beside it."""
    document, config = _documents(store, parent)
    if not isinstance(document, Manifest) or config is None:
        return Section("", ())
    place = int(node.label.split()[1].split("/")[0]) - 1
    steps = [step for step in config.history if not step.empty_layer]
    facts = []
    if place < len(steps) and steps[place].created_by:
        facts.append(Fact(tr("Made by"), steps[place].created_by, "code"))
    if place < len(config.diff_ids):
        facts.append(Fact(tr("Unpacked digest"), config.diff_ids[place], "digest"))
    return Section(tr("Where it comes from"), tuple(facts))


def _record(image: Image) -> Iterator[Section]:
    """What the store has of the image's name."""
    yield Section(tr("Name in the store"), tuple(Fact(*pair) for pair in image_record(image)))
    yield _mapping(tr("Labels of the name"), image.labels)


def _place(store: Store, node: Node, image: Image | None) -> Iterator[Section]:
    info = blob_record(store, node)
    if info is not None:
        facts = [Fact(tr("Stored as"), info.place, "code")]
        if info.size != node.size:
            facts.append(Fact(tr("Stored size"), exact_size(info.size), "bad"))
        yield Section(tr("In the store"), tuple(facts))
        yield _mapping(tr("Labels of the blob"), info.labels)
    leases = (Fact(name, words) for name, words in lease_words(store, node, image))
    yield Section(tr("Held by leases"), tuple(leases))


def _json(store: Store, node: Node) -> tuple[JsonText, DigestMismatch | None]:
    """The document itself and what is wrong with it; for what is none, the descriptor that names it."""
    child = node.child
    if not isinstance(child, Descriptor):
        return json_text(dumps(child.raw), tr("As it stands in the document above")), None
    if not _is_document(child):
        words = tr("Not a document: this is its descriptor")
        return json_text(dumps(descriptor_json(child, v1=False)), words), None
    try:
        with store.open(child) as blob:
            data = read_up_to(blob, SHOWN_MOST)
    except (ContentError, OSError) as error:
        words = tr("Only its descriptor: {why}", why=error)
        return json_text(dumps(descriptor_json(child, v1=False)), words), None
    wrong = _wrong(child, data)
    return json_text(data, _note(child, data, wrong)), wrong


def _wrong(child: Descriptor, data: bytes) -> DigestMismatch | None:
    """Where ``data`` is the whole blob: what its digest says."""
    if len(data) != child.size or not child.digest.verifiable:
        return None
    name, actual = str(child.digest), child.digest.of(data)
    return None if actual == name else DigestMismatch(name, actual=actual, size=len(data))


def _note(child: Descriptor, data: bytes, wrong: DigestMismatch | None) -> str:
    if child.size > len(data):
        return tr("The first {shown} of {size}", shown=size(len(data)), size=exact_size(child.size))
    if wrong is not None or (len(data) != child.size and child.digest.verifiable):
        return tr("These bytes do not have the digest that names them")
    return tr("{n} bytes, digest verified", n=number(len(data)))


def _is_document(child: Descriptor) -> bool:
    return "json" in child.media_type or mediatypes.kind(child.media_type) in ("index", "manifest", "config")
