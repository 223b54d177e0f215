"""The tree of an image as a person browses it: roles, labels, owners, states, and how complete it is."""

from collections.abc import Iterator

import pytest

from exporter_core import (
    BlobState,
    ExportOptions,
    Image,
    Node,
    expand,
    load_tree,
    plan_export,
    root_node,
    summarise,
)
from exporter_core.content import DistrustedStore
from exporter_core.errors import (
    CyclicImage,
    DigestError,
    DigestMismatch,
    DocumentTooLarge,
    ImageNotFound,
    MalformedDocument,
    MissingBlob,
    SizeMismatch,
    UnreadableBlob,
    UsageError,
)
from exporter_core.graph import distrusted, find_image
from exporter_core.platforms import parse
from tests.core.helpers import NAME
from tests.images import OCI_INDEX, OCI_LAYER, Json, StoreBuilder, altered
from tests.memory import Knobs, MemoryStore


def tree(store: MemoryStore, number: int = 0) -> Node:
    return load_tree(store, store.images()[number])


def every(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children or ():
        yield from every(child)


def lines(node: Node) -> list[tuple[str, str, str]]:
    return [(part.role, part.label, part.owner) for part in every(node)]


@pytest.fixture
def builder() -> StoreBuilder:
    """Two platforms of two layers each, an attestation of the first, all complete."""
    builder = StoreBuilder()
    amd = builder.image([{"a": "1"}, {"b": "2"}])
    arm = builder.image([{"a": "1"}, {"c": "3"}], "linux/arm64/v8")
    children = [(amd, "linux/amd64"), (arm, "linux/arm64/v8"), builder.attestation(amd)]
    builder.name(NAME, builder.index(children))
    return builder


# --- the tree ---------------------------------------------------------------------------------------------


def test_what_everything_is_called(builder: StoreBuilder) -> None:
    amd, arm, proof = (
        f"linux/amd64 of {NAME}",
        f"linux/arm64/v8 of {NAME}",
        f"attestation of linux/amd64 of {NAME}",
    )
    assert lines(tree(MemoryStore.of(builder))) == [
        ("index", "index", NAME),
        ("manifest", "manifest linux/amd64", amd),
        ("config", "config", f"config of {amd}"),
        ("layer", "layer 1/2", f"layer 1 of {amd}"),
        ("layer", "layer 2/2", f"layer 2 of {amd}"),
        ("manifest", "manifest linux/arm64/v8", arm),
        ("config", "config", f"config of {arm}"),
        ("layer", "layer 1/2", f"layer 1 of {arm}"),
        ("layer", "layer 2/2", f"layer 2 of {arm}"),
        ("attestation", "attestation of linux/amd64", proof),
        ("config", "config", f"config of {proof}"),
        ("layer", "layer 1/1", f"layer 1 of {proof}"),
    ]


def test_platforms_come_down_and_up(builder: StoreBuilder) -> None:
    root = tree(MemoryStore.of(builder))
    assert root.platform is None and root.children
    amd, arm, proof = root.children
    assert {node.platform for node in every(amd)} == {parse("linux/amd64")}
    assert arm.platform and str(arm.platform) == "linux/arm64/v8"
    assert proof.platform and proof.platform.os == "unknown"
    single = StoreBuilder()
    single.name(NAME, single.image(platform="linux/riscv64"))
    alone = tree(MemoryStore.of(single))
    assert str(alone.platform) == "linux/riscv64", "of a single manifest only its config knows"
    assert alone.label == "manifest linux/riscv64"


def test_a_node_is_expanded_when_asked_and_reads_no_layer(builder: StoreBuilder) -> None:
    store = MemoryStore.of(builder)
    root = root_node(store, store.images()[0])
    assert root.children is None and store.opened == []
    expanded = expand(store, root)
    assert store.opened == [root.digest_text]
    assert expanded.children and [child.children for child in expanded.children] == [None, None, None]
    amd = expand(store, expanded.children[0])
    assert amd.children and all(leaf.children == () for leaf in amd.children)
    assert expand(store, amd) == amd
    assert all(leaf.digest_text not in store.opened for leaf in amd.children)
    assert expand(store, amd.children[0]) == amd.children[0]


def test_sizes_digests_and_states(builder: StoreBuilder) -> None:
    for node in every(tree(MemoryStore.of(builder))):
        assert node.size == len(builder.blobs[node.digest_text])
        assert (node.state, node.problem) == (BlobState.PRESENT, None)


def test_after_so_many_nodes_the_rest_stays_unexpanded(builder: StoreBuilder) -> None:
    store = MemoryStore.of(builder)
    cut = load_tree(store, store.images()[0], most=2)
    assert cut.children and [child.children is None for child in cut.children] == [False, True, True]


def test_a_root_without_media_type_is_looked_into(builder: StoreBuilder) -> None:
    builder.roots = [altered(builder.roots[0], mediaType=None)]
    root = tree(MemoryStore.of(builder))
    assert root.role == "index" and root.child.media_type == OCI_INDEX and len(root.children or ()) == 3


# --- what is wrong ----------------------------------------------------------------------------------------


def layer_of(builder: StoreBuilder) -> Json:
    return builder.layer({"b": "2"})


STATES = {
    "missing": (lambda s, d: s.blobs.pop(d), BlobState.MISSING, MissingBlob),
    "shorter": (lambda s, d: s.blobs.update({d: b""}), BlobState.WRONG_SIZE, SizeMismatch),
    "unreadable": (
        lambda s, d: s.knobs.update({d: Knobs(unreadable=True)}),
        BlobState.UNREADABLE,
        UnreadableBlob,
    ),
}


@pytest.mark.parametrize(("harm", "state", "kind"), STATES.values(), ids=list(STATES))
def test_a_layer_that_is_not_well(
    harm: object, state: BlobState, kind: type[Exception], builder: StoreBuilder
) -> None:
    digest = layer_of(builder)["digest"]
    store = MemoryStore.of(builder)
    harm(store, digest)  # type: ignore[operator]
    bad = [node for node in every(tree(store)) if node.problem is not None]
    assert [node.digest_text for node in bad] == [digest]
    assert bad[0].state is state and type(bad[0].problem) is kind
    assert f"layer 2 of linux/amd64 of {NAME}" in str(bad[0].problem)


def test_a_layer_of_an_unverifiable_or_malformed_descriptor() -> None:
    builder = StoreBuilder()
    odd = builder.put("blake3:" + "ab" * 32, b"abc", OCI_LAYER)
    layers = [odd, {"digest": "x", "size": 1}, "nonsense"]
    builder.name(NAME, builder.manifest(builder.config([]), layers))  # type: ignore[arg-type]
    root = tree(MemoryStore.of(builder))
    nodes = (root.children or ())[1:]
    assert [node.state for node in nodes] == [
        BlobState.UNVERIFIABLE,
        BlobState.MALFORMED,
        BlobState.MALFORMED,
    ]
    assert [type(node.problem) for node in nodes] == [DigestError, DigestError, MalformedDocument]
    assert [(node.digest_text, node.size) for node in nodes[1:]] == [("x", None), ("", None)]


def test_documents_that_cannot_be_read_are_a_problem_and_no_exception() -> None:
    builder = StoreBuilder()
    good = builder.image()
    corrupt, gone, no_json = (
        builder.image([{"x": "1"}]),
        builder.image([{"x": "2"}]),
        builder.blob(b"{", OCI_INDEX),
    )
    large = builder.index([], filler="x" * 5000)
    builder.flip(corrupt)
    builder.drop(gone)
    builder.name(NAME, builder.index([good, corrupt, gone, no_json, large]))
    store = MemoryStore.of(builder, document_limit=4000)
    kinds = [type(node.problem) for node in tree(store).children or ()]
    assert kinds == [type(None), DigestMismatch, MissingBlob, MalformedDocument, DocumentTooLarge]
    assert [node.children for node in (tree(store).children or ())[1:]] == [()] * 4


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_cycle_ends(length: int) -> None:
    builder = StoreBuilder()
    builder.root(builder.cycle(length))
    nodes = list(every(tree(MemoryStore.of(builder))))
    assert len(nodes) <= length + 1
    assert isinstance(nodes[-1].problem, CyclicImage | DigestMismatch | SizeMismatch)


# --- at a glance ------------------------------------------------------------------------------------------


def test_the_summary_of_a_complete_image(builder: StoreBuilder) -> None:
    store = MemoryStore.of(builder)
    (image,) = store.images()
    summary = summarise(store, image)
    assert summary.complete and summary.image is image and summary.media_type == OCI_INDEX
    assert (summary.blobs, summary.present) == (len(builder.blobs), len(builder.blobs))
    assert summary.size == summary.present_size == sum(map(len, builder.blobs.values()))
    assert [status.name for status in summary.platforms] == ["linux/amd64", "linux/arm64/v8"]
    assert [status.attestation for status in summary.manifests] == [False, False, True]
    assert [(status.present, status.total) for status in summary.platforms] == [(4, 4), (4, 4)]


def test_the_summary_of_a_sparse_image(builder: StoreBuilder) -> None:
    shared, own = builder.layer({"a": "1"}), layer_of(builder)
    store = MemoryStore.of(builder)
    size = len(store.blobs.pop(own["digest"]))
    summary = summarise(store, store.images()[0])
    amd, arm = summary.platforms
    assert (amd.complete, amd.present, amd.total) == (False, 3, 4)
    assert (arm.complete, summary.complete) == (True, False)
    assert (summary.size - summary.present_size, summary.blobs - summary.present) == (size, 1)
    assert [str(problem) for problem in summary.problems] == [str(problem) for problem in amd.problems]
    del store.blobs[shared["digest"]]
    assert [status.present for status in summarise(store, store.images()[0]).platforms] == [2, 3]


def test_the_summary_can_be_stopped(builder: StoreBuilder) -> None:
    store = MemoryStore.of(builder)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    assert len(summarise(store, store.images()[0], stop=stop).manifests) == 1


def test_an_image_whose_root_is_not_there() -> None:
    builder = StoreBuilder()
    builder.drop(builder.name(NAME, builder.image()))
    store = MemoryStore.of(builder)
    summary = summarise(store, store.images()[0])
    assert not summary.complete and [type(problem) for problem in summary.problems] == [MissingBlob]


# --- which image is meant ---------------------------------------------------------------------------------


@pytest.fixture
def named() -> MemoryStore:
    builder = StoreBuilder()
    builder.name("docker.io/library/nginx:1.25", builder.image([{"n": "1"}]))
    builder.name("docker.io/library/nginx:latest", builder.image([{"n": "2"}]))
    builder.name("ghcr.io/org/tool:v1", builder.image([{"n": "3"}]))
    builder.ref("v2", builder.image([{"n": "4"}]))
    builder.root(builder.image([{"n": "5"}]))
    builder.image([{"n": "unlisted"}])
    return MemoryStore.of(builder)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("docker.io/library/nginx:1.25", 0),
        ("nginx:1.25", 0),
        ("docker.io/nginx:1.25", 0),
        ("nginx", 1),
        ("nginx:latest", 1),
        ("ghcr.io/org/tool:v1", 2),
        ("v2", 3),
    ],
)
def test_names_long_and_short(text: str, number: int, named: MemoryStore) -> None:
    assert find_image(named, text) == named.images()[number]


@pytest.mark.parametrize("length", [4, 12, 64])
@pytest.mark.parametrize("prefix", ["", "sha256:"])
def test_a_digest_or_its_beginning(length: int, prefix: str, named: MemoryStore) -> None:
    digest = named.roots[4]["digest"].partition(":")[2]
    assert find_image(named, prefix + digest[:length]) == named.images()[4]


def test_the_digest_of_any_document_that_is_listed_or_not(named: MemoryStore) -> None:
    listed = {root["digest"] for root in named.roots}
    unlisted = [d for d, data in named.blobs.items() if b'"layers":[' in data and b'"config":{"m' in data]
    (digest,) = set(unlisted) - listed
    found = find_image(named, digest)
    assert (found.name, str(found.target.digest)) == (digest, digest)  # type: ignore[union-attr]
    assert found.target.media_type.endswith("manifest.v1+json")


def test_nothing_and_too_much(named: MemoryStore) -> None:
    for text in ("redis", "nginx:2", "sha256:" + "0" * 64, "", "@", "sha256:zz", "..", "\udc80"):
        with pytest.raises(ImageNotFound) as caught:
            find_image(named, text)
        assert caught.value.hint and caught.value.exit_code == 4
    with pytest.raises(UsageError) as ambiguous:
        find_image(named, "sha256:")
    assert ambiguous.value.exit_code == 2 and ambiguous.value.hint


def test_two_names_of_one_digest_are_not_ambiguous() -> None:
    builder = StoreBuilder()
    root = builder.image()
    builder.name("docker.io/library/a:1", root)
    builder.name("docker.io/library/b:1", root)
    store = MemoryStore.of(builder)
    assert find_image(store, root["digest"][:20]).target.digest == store.images()[0].target.digest  # type: ignore[union-attr]


def test_referrers_know_that_they_are() -> None:
    builder = StoreBuilder()
    image = builder.name(NAME, builder.image())
    referrer = builder.referrer(image, "application/vnd.example.signature")
    for convention in ("subject", "containerd", "tag"):
        builder.attach(referrer, image, convention)
    images = MemoryStore.of(builder).images()
    assert [image.is_referrer for image in images[:3]] == [False, True, True]
    assert [image.subject for image in images[:3]] == ["", "", image["digest"]]
    assert all(isinstance(each, Image) for each in images)


def test_a_known_corrupt_blob_damages_all_that_hold_it() -> None:
    """Two manifests in a nested index and beside it; the counts are of distinct blobs."""
    builder = StoreBuilder()
    bad, good = builder.layer({"bad": "1"}), builder.layer({"good": "1"})
    one = builder.manifest(builder.config([bad], "linux/amd64"), [bad, bad])
    two = builder.manifest(builder.config([good, bad], "linux/arm64"), [good, bad])
    sound = builder.image([{"s": "1"}], "linux/s390x")
    inner = builder.index([(one, "linux/amd64")])
    root = builder.index([inner, (two, "linux/arm64"), (sound, "linux/s390x")])
    builder.name(NAME, root)
    plain = MemoryStore.of(builder)
    error = DigestMismatch(bad["digest"], actual="sha256:" + "0" * 64, size=3)
    store = DistrustedStore(plain, {bad["digest"]: error})
    image = store.images()[0]
    assert summarise(plain, image).damaged == {}
    summary = summarise(store, image)
    digests = {node["digest"] for node in (bad, one, inner, two, root)}
    assert summary.damaged == dict.fromkeys(digests, 1) and summary.corrupt == 1
    assert [status.corrupt for status in summary.platforms] == [1, 1, 0]
    assert [status.complete for status in summary.platforms] == [False, False, True]
    states = {node.digest_text: node.state for node in every(load_tree(store, image))}
    assert [digest for digest, state in states.items() if state is BlobState.CORRUPT] == [bad["digest"]]
    plan = plan_export(store, [image], ExportOptions(all_platforms=True))
    assert [type(problem) for problem in plan.problems] == [DigestMismatch]
    assert (
        "layer 1 of linux/amd64" in str(plan.problems[0]) and "open the store again" in plan.problems[0].hint
    )


def test_nodes_loaded_before_the_damage_was_found(builder: StoreBuilder) -> None:
    root = tree(MemoryStore.of(builder))
    error = DigestMismatch(root.digest_text, actual="sha256:" + "0" * 64, size=3)
    found = distrusted(root, {root.digest_text: error})
    assert (found.state, str(found.problem)) == (BlobState.CORRUPT, f"{root.owner}: {error.message}")
    assert distrusted(root, {}) is root and distrusted(found, {root.digest_text: error}) is found
