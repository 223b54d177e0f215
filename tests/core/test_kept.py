"""Why a blob is still there: the collector's rules one by one; layers and snapshots; sizes of images."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter_core import open_store
from exporter_core.cli import main
from exporter_core.errors import Cancelled
from exporter_core.kept import (
    Kind,
    Link,
    Reason,
    Thing,
    Version,
    build_kept,
    chain_ids,
    rules,
    sizes,
    unpacked,
)
from exporter_core.metadata import MetadataStore, Snapshot
from exporter_core.stores.containerd_root import ContainerdRoot
from tests.bolt_writer import blob, image, moment, strings, times, write_root
from tests.images import OCI_LAYER, StoreBuilder
from tests.memory import MemoryStore

NOW = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
PAST, FUTURE = "2025-03-04T05:06:06Z", "2025-03-04T06:06:08+01:00"
GC = "containerd.io/gc."
LATEST: Version = (2, 3)


def digest(name: str) -> str:
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


A, B, C, D, E = (digest(name) for name in "abcde")


def labelled(**labels: str) -> dict[str, str]:
    """`ref_content="x"` is the label containerd.io/gc.ref.content."""
    return {GC + key.replace("_", "."): value for key, value in labels.items()}


def root_of(tmp_path: Path, namespaces: Mapping[bytes, Any]) -> Path:
    return write_root(StoreBuilder(), tmp_path / "root", namespaces)


def content(*digests: str, **labels: Mapping[str, str]) -> dict[bytes, Any]:
    """The blobs a … e, of 10, 20 … 50 bytes, those with labels by their letter."""
    known = dict(zip("abcde", (A, B, C, D, E), strict=True))
    return {
        b"content": {
            b"blob": {
                value.encode(): blob(10 * number, labels.get(letter))
                for number, (letter, value) in enumerate(known.items(), 1)
            }
        }
    }


def target(of: str) -> dict[str, Any]:
    return {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": of, "size": 10}


def snapshots(
    of: Mapping[str, tuple[str, Mapping[str, str]]], snapshotter: str = "native"
) -> dict[bytes, Any]:
    """key → (parent, labels)."""
    found = {
        key.encode(): {**times(), b"name": key.encode(), b"labels": strings(labels)}
        | ({b"parent": parent.encode()} if parent else {})
        for key, (parent, labels) in of.items()
    }
    return {b"snapshots": {b"native": found}}


def lease(labels: Mapping[str, str] | None = None, **held: Any) -> dict[bytes, Any]:
    kinds = {
        key.encode(): {one.encode(): b"" for one in names}
        for key, names in held.items()
        if key != "snapshots"
    }
    keys = held.get("snapshots", ())
    if keys:
        kinds[b"snapshots"] = {b"native": {key.encode(): b"" for key in keys}}
    return {b"createdat": moment(NOW), b"labels": strings(labels or {}), **kinds}


def kept(tmp_path: Path, tree: Mapping[bytes, Any], *, version: Version = LATEST, others: Any = None) -> Any:
    path = root_of(tmp_path, {b"default": tree, **(others or {})})
    with closing(open_store(path)) as store:
        assert isinstance(store, ContainerdRoot) and store.damage == ()
        return build_kept(store, version=version, now=NOW)


def blobs_kept(index: Any) -> set[str]:
    """The letters of the blobs that stay."""
    return {letter for letter, value in zip("abcde", (A, B, C, D, E), strict=True) if index.keeps(value)}


def steps(reason: Reason) -> list[tuple[str, str]]:
    return [(str(link.thing), link.how) for link in reason.links]


# --- why ------------------------------------------------------------------------------------------------


def test_the_way_from_an_image_to_a_layer(tmp_path: Path) -> None:
    labels = {f"{GC}ref.content.m.0": B}
    tree = {
        **content(a=labels, b={f"{GC}ref.content.config": C, f"{GC}ref.content/l.0": D}),
        b"images": {b"one:1": image(target(A))},
    }
    index = kept(tmp_path, tree)
    [reason] = index.why(D)
    assert steps(reason) == [
        ("image one:1", "image"),
        (f"blob {A}", "target"),
        (f"blob {B}", f"{GC}ref.content.m.0"),
        (f"blob {D}", f"{GC}ref.content/l.0"),
    ]
    assert reason.root == Thing(Kind.IMAGE, "one:1")
    assert index.why(E) == () and index.garbage().blobs == {E: 50}
    assert index.roots == (Link(Thing(Kind.IMAGE, "one:1"), "image"),)


def test_the_shortest_way_from_each_root_and_no_more_than_asked_for(tmp_path: Path) -> None:
    tree = {
        **content(a={f"{GC}ref.content.x": B, f"{GC}ref.content.y": C}, b={f"{GC}ref.content": C}),
        b"images": {b"near:1": image(target(C)), b"wide:1": image(target(A)), b"tag:1": image(target(A))},
        b"leases": {b"held": lease(content=[B])},
    }
    index = kept(tmp_path, tree)
    ways = [[str(link.thing) for link in reason.links] for reason in index.why(C)]
    assert [len(way) for way in ways] == [2, 3, 3, 3]
    assert {way[0] for way in ways} == {"image near:1", "image wide:1", "image tag:1", "lease held"}
    assert len(index.why(C, most=2)) == 2


def test_a_circle_of_labels_ends(tmp_path: Path) -> None:
    circle = content(a=labelled(ref_content=B), b=labelled(ref_content=A))
    assert kept(tmp_path, circle).why(A) == ()
    rooted = kept(tmp_path / "2", {**circle, b"images": {b"x": image(target(B))}})
    assert [len(reason.links) for reason in rooted.why(A)] == [3]
    assert blobs_kept(rooted) == {"a", "b"}


def test_what_is_recorded_nowhere_and_wanted_says_by_whom(tmp_path: Path) -> None:
    index = kept(tmp_path, {**content(), b"images": {b"x": image(target(digest("gone")))}})
    assert [reason.root.name for reason in index.why(digest("gone"))] == ["x"]
    assert digest("gone") not in index.blobs


# --- roots and references, rule by rule -----------------------------------------------------------------

LABELLED = content(a=labelled(ref_content=B))
OLD = labelled(expire=PAST)
OLD_IMAGE = {b"images": {b"x": image(target(A), OLD)}}
OLD_IMAGE_WITH_LABEL = {b"images": {b"x": image(target(A), {**OLD, f"{GC}ref.content": C})}}


def leased(labels: Mapping[str, str] | None = None, **held: Any) -> dict[bytes, Any]:
    return {b"leases": {b"l": lease(labels, **held)}}


def used(at: str = "2025-03-04T01:00:00Z") -> dict[bytes, Any]:
    """A snapshot s that is a root and was used four hours ago."""
    return snapshots({"s": ("", {f"{GC}root": "x", f"{GC}cond.value-usedat": at})})


def conditional(**conditions: str) -> dict[bytes, Any]:
    return content(**{letter: {f"{GC}cond.snapshot.native/n": text} for letter, text in conditions.items()})


CASES: list[tuple[str, dict[bytes, Any], Version, str]] = [
    ("nothing is a root", content(), LATEST, ""),
    ("gc.root", content(a=labelled(root=PAST), b=labelled(root="")), LATEST, "ab"),
    ("gc.root by prefix, since 2.2", content(a=labelled(root2="x")), (2, 2), "a"),
    ("gc.root by prefix, before", content(a=labelled(root2="x")), (2, 1), ""),
    ("gc.root keeps what it refers to", content(a={f"{GC}root": "x", f"{GC}ref.content": B}), LATEST, "ab"),
    ("a name needs a separator", content(a={f"{GC}root": "x", f"{GC}ref.contents": B}), LATEST, "a"),
    ("a lease", {**LABELLED, **leased(content=[A])}, LATEST, "ab"),
    ("an expired lease", {**content(), **leased(OLD, content=[A])}, LATEST, ""),
    ("a lease to come", {**content(), **leased(labelled(expire=FUTURE), content=[A])}, LATEST, "a"),
    ("a lease with a bad time", {**content(), **leased(labelled(expire="soon"), content=[A])}, LATEST, "a"),
    ("a flat lease", {**LABELLED, **leased(labelled(flat=""), content=[A])}, LATEST, "a"),
    (
        "a flat lease of what an image keeps whole",
        {
            **LABELLED,
            **leased(labelled(flat=""), content=[A]),
            b"images": {b"x": image(target(A))},
        },
        LATEST,
        "ab",
    ),
    (
        "a flat lease of an image",
        {**LABELLED, **leased(labelled(flat=""), images=["x"]), **OLD_IMAGE_WITH_LABEL},
        LATEST,
        "a",
    ),
    ("a lease of an image", {**LABELLED, **leased(images=["x"]), **OLD_IMAGE_WITH_LABEL}, LATEST, "abc"),
    ("an expired image", {**content(), **OLD_IMAGE}, (2, 0), ""),
    ("an expired image, before 2.0", {**content(), **OLD_IMAGE}, (1, 7), "a"),
    (
        "an image of an image",
        {
            **content(a={f"{GC}root": "x", f"{GC}ref.image": "x"}),
            b"images": {b"x": image(target(B), labelled(expire=PAST))},
        },
        (2, 0),
        "ab",
    ),
    (
        "labels of an image",
        {**content(), b"images": {b"x": image(target(A), labelled(ref_content=B))}},
        (1, 6),
        "ab",
    ),
    (
        "labels of a container",
        {**content(), b"containers": {b"c": {b"labels": strings(labelled(ref_content=A))}}},
        (1, 6),
        "a",
    ),
    (
        "labels of a sandbox",
        {**content(), b"sandboxes": {b"s": {b"labels": strings(labelled(ref_content=A))}}},
        (1, 7),
        "a",
    ),
    (
        "labels of a sandbox, before 1.7",
        {**content(), b"sandboxes": {b"s": {b"labels": strings(labelled(ref_content=A))}}},
        (1, 6),
        "",
    ),
    (
        "back references",
        {
            **content(
                b=labelled(bref_content=A), c=labelled(bref_image="x"), d={f"{GC}bref.container/mine": "c"}
            ),
            b"images": {b"x": image(target(A))},
            b"containers": {b"c": {}},
        },
        (2, 2),
        "abcd",
    ),
    (
        "back references, before 2.2",
        {**content(b=labelled(bref_content=A)), b"images": {b"x": image(target(A))}},
        (2, 1),
        "a",
    ),
    (
        "an expired image kept by what it says itself",
        {
            **content(a=labelled(root="x")),
            b"images": {b"x": image(target(B), {**labelled(expire=PAST), f"{GC}bref.content": A})},
        },
        (2, 2),
        "ab",
    ),
    (
        "a back reference to a snapshot",
        {**content(a={f"{GC}bref.snapshot.native/why": "s"}), **snapshots({"s": ("", labelled(root="x"))})},
        (2, 2),
        "a",
    ),
    (
        "a snapshot keeps content",
        {**content(), **snapshots({"s": ("", {f"{GC}root": "x", f"{GC}ref.content.a": A})})},
        (1, 6),
        "a",
    ),
    ("used lately enough", {**conditional(a="usedat<24h|s", b="usedat<1m|s"), **used()}, (2, 3), "a"),
    ("used, before 2.3", {**conditional(a="usedat<24h|s"), **used()}, (2, 2), ""),
    ("one of several", {**conditional(a="usedat<1s,size>3,usedat>1h30m|s"), **used()}, (2, 3), "a"),
    ("no equality", {**conditional(a="usedat>=1h|s", b="usedat==4h6m7s|s"), **used()}, (2, 3), ""),
    ("no time", {**conditional(a="usedat<24h|s", b="usedat>24h|s"), **used("long ago")}, (2, 3), ""),
    ("no such snapshot", {**conditional(a="usedat<24h|t", b="usedat<24h"), **used()}, (2, 3), ""),
    ("no duration", {**conditional(a="usedat>1|s", b="usedat>1 h|s", c="usedat>h|s"), **used()}, (2, 3), ""),
    ("a negative duration", {**conditional(a="usedat>-1.5h|s", b="usedat<0|s"), **used()}, (2, 3), "a"),
]


@pytest.mark.parametrize(("tree", "version", "stay"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_which_blobs_stay(tmp_path: Path, tree: dict[bytes, Any], version: Version, stay: str) -> None:
    index = kept(tmp_path, tree, version=version)
    assert blobs_kept(index) == set(stay)
    garbage = index.garbage()
    everything = dict(zip((A, B, C, D, E), (10, 20, 30, 40, 50), strict=True))
    assert {
        **garbage.blobs,
        **{value: everything[value] for value in everything if index.keeps(value)},
    } == everything
    assert all(bool(index.why(value)) is index.keeps(value) for value in everything)
    assert garbage.bytes == garbage.freed == sum(garbage.blobs.values())


@pytest.mark.parametrize(("hours", "stay"), [(1, {"a"}), (-1, set())])
def test_an_ingest_keeps_what_it_expects_until_it_expires(tmp_path: Path, hours: int, stay: set[str]) -> None:
    ingest = {b"ref": b"1", b"expected": A.encode(), b"expireat": moment(NOW + timedelta(hours=hours))}
    tree = {b"content": {**content()[b"content"], b"ingests": {b"mine": ingest}}}
    path = root_of(tmp_path, {b"default": tree})
    folder = path / "io.containerd.content.v1.content" / "ingest" / "1"
    folder.mkdir(parents=True)
    (folder / "ref").write_text("1")
    (folder / "data").write_bytes(b"x")
    with closing(open_store(path)) as store:
        assert isinstance(store, MetadataStore)
        index = build_kept(store, now=NOW)
    assert blobs_kept(index) == stay
    assert index.garbage().ingests == (() if stay else ("mine",))


def test_snapshots_and_containers(tmp_path: Path) -> None:
    chain = snapshots({"base": ("", {}), "top": ("base", {}), "loose": ("", {}), "label": ("loose", {})})
    tree = {
        **content(a={f"{GC}root": "x", f"{GC}ref.snapshot.native": "label"}),
        **chain,
        b"containers": {b"c": {b"snapshotter": b"native", b"snapshotKey": b"top"}},
    }
    index = kept(tmp_path, tree)
    [reason] = index.why("native/base", Kind.SNAPSHOT)
    assert [
        (link.thing.kind, link.thing.name, link.thing.snapshotter, link.how) for link in reason.links
    ] == [
        (Kind.CONTAINER, "c", "", "container"),
        (Kind.SNAPSHOT, "top", "native", "snapshot"),
        (Kind.SNAPSHOT, "base", "native", "parent"),
    ]
    assert index.keeps("native/loose", Kind.SNAPSHOT) and index.garbage().snapshots == ()
    del tree[b"containers"]
    after = kept(tmp_path / "2", tree).garbage()
    assert [thing.name for thing in after.snapshots] == ["base", "top"]


def test_a_flat_lease_keeps_the_parents_of_its_snapshot_and_nothing_by_label(tmp_path: Path) -> None:
    tree = {
        **content(),
        **snapshots({"1": ("", {}), "2": ("1", labelled(ref_content=A)), "3": ("2", {}), "4": ("3", {})}),
        b"leases": {b"l": lease(labelled(flat="yes"), snapshots=["3"]), b"old": lease(OLD)},
    }
    index = kept(tmp_path, tree)
    garbage = index.garbage()
    assert [str(thing) for thing in garbage.snapshots] == ["native snapshot 4"]
    assert garbage.leases == ("old",) and A in garbage.blobs
    assert [len(reason.links) for reason in index.why("native/1", Kind.SNAPSHOT)] == [4]


def test_what_another_namespace_has_frees_nothing(tmp_path: Path) -> None:
    other = {b"content": {b"blob": {B.encode(): blob(20)}}}
    garbage = kept(tmp_path, content(a=labelled(root="x")), others={b"moby": other}).garbage()
    assert set(garbage.blobs) == {B, C, D, E} and garbage.elsewhere == {B}
    assert (garbage.bytes, garbage.freed) == (140, 120)


def test_an_empty_namespace(tmp_path: Path) -> None:
    index = kept(tmp_path, {b"labels": {}})
    assert index.roots == () and index.garbage().bytes == 0 and dict(index.blobs) == {}


def test_it_can_be_stopped(tmp_path: Path) -> None:
    path = root_of(tmp_path, {b"default": content()})
    with closing(open_store(path)) as store:
        assert isinstance(store, MetadataStore)
        with pytest.raises(Cancelled):
            build_kept(store, stop=lambda: True)
        with pytest.raises(Cancelled):
            sizes(MemoryStore.of(_two_images()), stop=lambda: True)


@given(edges=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))), roots=st.sets(st.integers(0, 30)))
def test_why_and_garbage_agree_with_plain_reachability(
    tmp_path_factory: pytest.TempPathFactory, edges: list[tuple[int, int]], roots: set[int]
) -> None:
    names = [digest(str(number)) for number in range(31)]
    labels: dict[int, dict[str, str]] = {number: {f"{GC}root": ""} for number in roots}
    for number, (one, two) in enumerate(edges):
        labels.setdefault(one, {})[f"{GC}ref.content.{number}"] = names[two]
    tree = {b"content": {b"blob": {name.encode(): blob(1, labels.get(n)) for n, name in enumerate(names)}}}
    stay = set(roots)
    for _ in names:
        stay |= {two for one, two in edges if one in stay}
    index = kept(tmp_path_factory.mktemp("root"), tree)
    assert set(index.garbage().blobs) == {name for number, name in enumerate(names) if number not in stay}
    for number, name in enumerate(names):
        ways = index.why(name)
        assert bool(ways) is (number in stay)
        assert len({way.root for way in ways}) == len(ways)
        for way in ways:
            assert way.links[-1].thing.name == name and names.index(way.root.name) in roots
            pairs = zip(way.links, way.links[1:], strict=False)
            assert all(labels[names.index(a.thing.name)][b.how] == b.thing.name for a, b in pairs)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (PAST, True),
        (FUTURE, False),
        ("2025-03-04T05:06:07Z", False),
        ("2025-03-04T05:06:06.999999999Z", True),
        ("2025-03-04 05:06:06Z", False),
        ("2025-03-04T05:06:06", False),
        ("20250304T050606Z", False),
        ("2025-02-30T05:06:06Z", False),
        ("0001-01-01T00:00:00+23:59", False),
        ("", False),
    ],
)
def test_times_are_read_as_go_reads_them(text: str, gone: bool) -> None:
    assert rules.expired({rules.EXPIRE: text}, NOW) is gone


# --- layers and snapshots -------------------------------------------------------------------------------

DIFFS = [digest(f"layer {number}") for number in range(3)]


def test_chain_ids() -> None:
    first, second, third = chain_ids(DIFFS)
    assert first == DIFFS[0]
    assert second == digest(f"{first} {DIFFS[1]}") and third == digest(f"{second} {DIFFS[2]}")
    assert chain_ids([]) == ()


def test_layers_by_chain_id_partly_unpacked() -> None:
    chains = chain_ids(DIFFS)
    held = [Snapshot("overlayfs", chains[0], "1"), Snapshot("overlayfs", chains[1], "2", chains[0])]
    held += [Snapshot("native", chains[0], "7"), Snapshot("native", "work", "8", chains[0])]
    found = unpacked(DIFFS, held)
    assert [[(s.snapshotter, s.name) for s in layer.snapshots] for layer in found] == [
        [("native", "7"), ("overlayfs", "1")],
        [("overlayfs", "2")],
        [],
    ]
    assert [(layer.diff_id, layer.chain_id) for layer in found] == list(zip(DIFFS, chains, strict=True))


def test_layers_by_the_label_of_the_config() -> None:
    """A snapshotter with keys of its own: where the label leads to as many as there are layers."""
    held = [Snapshot("remote", str(n), parent=str(n - 1) if n else "") for n in range(3)]
    label = {f"{GC}ref.snapshot.remote": "2"}
    assert [[s.key for s in layer.snapshots] for layer in unpacked(DIFFS, held, label)] == [
        ["0"],
        ["1"],
        ["2"],
    ]
    assert [layer.snapshots for layer in unpacked(DIFFS[:2], held, label)] == [(), ()]
    assert [layer.snapshots for layer in unpacked(DIFFS, held[1:], label)] == [(), (), ()]
    circle = [Snapshot("remote", "2", parent="2")]
    assert [layer.snapshots for layer in unpacked(DIFFS, circle, label)] == [(), (), ()]


# --- sizes ----------------------------------------------------------------------------------------------


def _two_images() -> StoreBuilder:
    builder = StoreBuilder()
    base = builder.blob(b"b" * 1000, OCI_LAYER)
    for name in ("one:1", "two:1"):
        own = builder.blob(name.encode() * 100, OCI_LAYER)
        builder.name(name, builder.manifest(builder.config([base, own]), [base, own]))
    return builder


def test_sizes_of_images_that_share_a_layer() -> None:
    builder = _two_images()
    found = sizes(MemoryStore.of(builder))
    whole = sum(len(data) for data in builder.blobs.values())
    one, two = found.images.values()
    assert (found.bytes, found.blobs, found.shared) == (whole, len(builder.blobs), 1000)
    assert one.shared == two.shared == 1000
    assert one.unique + two.unique + 1000 == whole and one.total == one.unique + 1000


def test_sizes_count_another_name_as_another_image_and_what_is_there() -> None:
    builder = StoreBuilder()
    layer = builder.blob(b"l" * 500, OCI_LAYER)
    gone = builder.blob(b"g" * 700, OCI_LAYER)
    root = builder.manifest(builder.config([layer, gone]), [layer, gone])
    builder.name("one:1", root)
    builder.name("tag:1", root)
    del builder.blobs[gone["digest"]]
    found = sizes(MemoryStore.of(builder))
    whole = sum(len(data) for data in builder.blobs.values())
    assert {(size.total, size.unique, size.shared) for size in found.images.values()} == {(whole, 0, whole)}
    assert (found.bytes, found.shared, len(found.images)) == (whole, whole, 2)


# --- on the command line ---------------------------------------------------------------------------------


def test_kept_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = {**content(a={f"{GC}ref.content.l.0": B}), b"images": {b"one:1": image(target(A))}}
    other = {b"content": {b"blob": {C.encode(): blob(30)}}}
    path = str(root_of(tmp_path, {b"default": tree, b"moby": other}))
    assert main(["kept", path]) == 0
    assert capsys.readouterr().out.splitlines() == [
        *sorted(
            [f"{C}  30 B  also in another namespace", f"{D}  40 B", f"{E}  50 B"],
        ),
        "nothing keeps 3 blobs (120 B, 90 B of it in no other namespace) of 5 blobs (150 B), and 0 snapshots",
    ]
    assert main(["kept", path, B[:14]]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{B}  20 B",
        "  image one:1",
        f"    target → blob {A}",
        f"    {GC}ref.content.l.0 → blob {B}",
    ]
    assert main(["kept", path, D[7:20]]) == 0
    assert "nothing keeps it" in capsys.readouterr().out
    assert main(["kept", "--json", path, B]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["digest"], told["size"], told["kept"]) == (B, 20, True)
    assert [link["how"] for link in told["reasons"][0]] == ["image", "target", f"{GC}ref.content.l.0"]
    assert main(["kept", "--json", path]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["blobs"], told["bytes"], told["unreferencedBytes"], told["freedBytes"]) == (5, 150, 120, 90)
    assert {"digest": C, "size": 30, "elsewhere": True} in told["unreferenced"]


def test_kept_by_an_older_containerd(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(root_of(tmp_path, {b"default": {**content(), **OLD_IMAGE}}))
    for words, lost in (([], True), (["--containerd", "1.7"], False), (["--containerd", "v2.1.3"], True)):
        assert main(["kept", "--json", *words, path]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["images"] == ["x"]) is lost


def test_kept_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(root_of(tmp_path, {b"default": content()}))
    layout = str(_two_images().write_layout(tmp_path / "layout"))
    assert main(["kept", layout]) == 3
    assert "no store of containerd's" in capsys.readouterr().err
    assert main(["kept", path, "sha256:"]) == 2
    assert "5 digests begin with" in capsys.readouterr().err
    assert main(["kept", path, digest("gone")]) == 2
    assert "has no blob" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["kept", path, "--containerd", "new"])
