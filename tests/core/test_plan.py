"""What a plan decides: which blobs, under which names, and what it tells before anything is written."""

import json
from typing import Any

import pytest

from exporter_core import (
    ExportOptions,
    ExportPlan,
    Image,
    Platform,
    plan_export,
)
from exporter_core.descriptor import IMAGE_NAME
from exporter_core.errors import (
    MissingBlob,
    PlanError,
    PlatformError,
    SizeMismatch,
    UnreadableBlob,
    UsageError,
)
from exporter_core.plan import NoteKind
from exporter_core.platforms import parse
from tests.core.helpers import HOST, NAME, exported, planned
from tests.images import (
    MANIFEST_SUBJECT,
    OCI_LAYER,
    Json,
    StoreBuilder,
    altered,
    digest_of,
)
from tests.memory import Knobs, MemoryStore, OnlyOpens

FULL = "docker.io/library/"


def document(plan: ExportPlan, name: str) -> Any:
    entry = next(entry for entry in plan.entries if entry.name == name)
    assert entry.content is not None
    return json.loads(entry.content)


def rows(plan: ExportPlan) -> Any:
    return document(plan, "manifest.json")


def blobs(plan: ExportPlan) -> set[str]:
    return {str(entry.descriptor.digest) for entry in plan.blobs if entry.descriptor}


def below(builder: StoreBuilder, root: Json) -> set[str]:
    """The digests of the manifest and of all that it refers to."""
    manifest = json.loads(builder.blobs[root["digest"]])
    return {root["digest"], *(child["digest"] for child in (manifest["config"], *manifest["layers"]))}


def wanted(*texts: str) -> dict[str, Any]:
    return {"platforms": tuple(map(parse, texts))}


# --- platforms --------------------------------------------------------------------------------------------

LISTED = ["linux/amd64", "linux/arm64/v8", "linux/arm/v7", "linux/arm/v6", "windows/amd64"]


@pytest.fixture
def multi() -> tuple[MemoryStore, dict[str, set[str]]]:
    """An index of five platforms (Windows for two builds), and the digests of each."""
    builder = StoreBuilder()
    made = {text: builder.image([{"p": text}], text) for text in LISTED}
    windows = {"os": "windows", "architecture": "amd64"}
    builds = [{**windows, "os.version": "10.0.17763.1"}, {**windows, "os.version": "10.0.20348.2"}]
    other = made["windows/amd64 20348"] = builder.image([{"p": "other"}], builds[1])
    pairs: list[Any] = [(made[text], text) for text in LISTED[:-1]]
    builder.name(NAME, builder.index([*pairs, (made["windows/amd64"], builds[0]), (other, builds[1])]))
    return MemoryStore.of(builder), {text: below(builder, root) for text, root in made.items()}


@pytest.mark.parametrize(
    ("asked", "matched"),
    [
        (["linux/amd64"], ["linux/amd64"]),
        (["linux/x86_64"], ["linux/amd64"]),
        (["linux/arm64"], ["linux/arm64/v8"]),
        (["linux/arm64/v8"], ["linux/arm64/v8"]),
        (["linux/arm"], ["linux/arm/v7"]),
        (["linux/arm/v6"], ["linux/arm/v6"]),
        (["windows/amd64"], ["windows/amd64", "windows/amd64 20348"]),
        (["windows(10.0.17763)/amd64"], ["windows/amd64"]),
        (["linux/amd64", "linux/arm/v6"], ["linux/amd64", "linux/arm/v6"]),
        (["linux/amd64", "linux/amd64"], ["linux/amd64"]),
    ],
    ids=str,
)
def test_which_platforms_are_taken(
    asked: list[str], matched: list[str], multi: tuple[MemoryStore, dict[str, set[str]]]
) -> None:
    store, made = multi
    plan = planned(store, **wanted(*asked))
    assert plan.problems == ()
    index = {store.roots[0]["digest"]}
    assert blobs(plan) == index.union(*(made[text] for text in matched))


def test_the_host_is_the_default(multi: tuple[MemoryStore, dict[str, set[str]]]) -> None:
    store, made = multi
    for host, text in ((HOST, "linux/amd64"), (parse("linux/arm64/v8"), "linux/arm64/v8")):
        plan = plan_export(store, store.images(), ExportOptions(host=host))
        assert blobs(plan) == {store.roots[0]["digest"]} | made[text]
    assert blobs(planned(store)) == {store.roots[0]["digest"]}.union(*made.values())


def test_a_missing_platform_is_a_problem_for_each_image() -> None:
    builder = StoreBuilder()
    one = builder.index([(builder.image(), "linux/amd64")])
    other = builder.index([(builder.image([{"x": "y"}], "linux/riscv64"), "linux/riscv64")])
    third = builder.index([(builder.image([{"x": "z"}]), "linux/amd64")])
    for name, root in (("a:1", one), ("b:1", other), ("c:1", third)):
        builder.name(FULL + name, root)
    plan = planned(MemoryStore.of(builder), **wanted("linux/amd64", "linux/riscv64"))
    told = [(type(problem), str(problem)) for problem in plan.problems]
    assert [kind for kind, _ in told] == [PlatformError] * 3
    amd, risc = "linux/amd64", "linux/riscv64"
    for (_, text), name, lacks in zip(told, ("a:1", "b:1", "c:1"), (risc, amd, risc), strict=True):
        assert (
            FULL + name in text and f"for {lacks}" in text and f"has {amd if lacks == risc else risc}" in text
        )
    with pytest.raises(PlanError) as caught:
        plan.raise_for_problems()
    assert caught.value.exit_code == 5 and "2 more" in str(caught.value)


def test_a_single_manifest_is_never_filtered() -> None:
    builder = StoreBuilder()
    builder.name(NAME, builder.image(platform="linux/arm64"))
    store = MemoryStore.of(builder)
    for profile in ("oci", "v1"):
        plan = planned(store, profile=profile, **wanted("linux/amd64"))
        assert plan.problems == () and blobs(plan) == set(builder.blobs)


def test_a_nested_index_is_filtered_too() -> None:
    builder = StoreBuilder()
    amd, arm = builder.image(), builder.image([{"x": "y"}], "linux/arm64")
    inner = builder.index([(amd, "linux/amd64"), (arm, "linux/arm64")])
    builder.name(NAME, builder.index([inner]))
    plan = planned(MemoryStore.of(builder), **wanted("linux/amd64"))
    assert plan.problems == ()
    assert blobs(plan) == set(builder.blobs) - (below(builder, arm) - below(builder, amd))
    (row,) = rows(plan)
    assert row["Config"].endswith(json.loads(builder.blobs[amd["digest"]])["config"]["digest"][7:])


def test_a_manifest_without_platform_suits_any() -> None:
    builder = StoreBuilder()
    builder.name(NAME, builder.index([builder.image()]))
    assert planned(MemoryStore.of(builder), **wanted("linux/s390x")).problems == ()


# --- problems ---------------------------------------------------------------------------------------------


def test_all_problems_at_once_each_with_its_owner() -> None:
    builder = StoreBuilder()
    layers = [builder.layer({"n": str(n)}) for n in range(4)]
    manifest = builder.manifest(builder.config(layers), layers)
    builder.name(NAME, builder.index([(manifest, "linux/amd64")]))
    store = MemoryStore.of(builder)
    del store.blobs[layers[0]["digest"]]
    store.blobs[layers[1]["digest"]] += b"x"
    store.knobs[layers[2]["digest"]] = Knobs(unreadable=True)
    problems = planned(store).problems
    assert [type(problem) for problem in problems] == [MissingBlob, SizeMismatch, UnreadableBlob]
    for number, problem in enumerate(problems, 1):
        assert problem.owner == f"layer {number} of linux/amd64 of {NAME}"  # type: ignore[attr-defined]
        assert problem.hint


def test_a_provider_that_only_opens_is_asked_by_opening() -> None:
    builder = StoreBuilder()
    made = builder.layer({"a": "b"})
    builder.name(NAME, builder.manifest(builder.config([made]), [made]))
    store = MemoryStore.of(builder)
    assert plan_export(OnlyOpens(store), store.images(), ExportOptions(host=HOST)).problems == ()  # type: ignore[arg-type]
    store.knobs[made["digest"]] = Knobs(open_error=PermissionError(13, "Permission denied"))
    (problem,) = plan_export(OnlyOpens(store), store.images(), ExportOptions(host=HOST)).problems  # type: ignore[arg-type]
    assert isinstance(problem, UnreadableBlob)
    del store.knobs[made["digest"]], store.blobs[made["digest"]]
    (problem,) = plan_export(OnlyOpens(store), store.images(), ExportOptions(host=HOST)).problems  # type: ignore[arg-type]
    assert isinstance(problem, MissingBlob)
    assert store.unclosed == 0


def test_one_digest_in_two_sizes_is_a_problem() -> None:
    builder = StoreBuilder()
    made = builder.blob(b"12345", OCI_LAYER)
    layers = [made, altered(made, size=4)]
    builder.name(NAME, builder.manifest(builder.config([made]), layers))
    (problem,) = planned(MemoryStore.of(builder)).problems
    assert isinstance(problem, SizeMismatch)
    assert problem.owner.startswith("layer 2 of")


def test_embedded_data_stand_in_for_a_missing_blob_if_they_are_right() -> None:
    for data, works in (("eyJhIjoxfQ==", True), ("eyJhIjoyfQ==", False)):
        builder = StoreBuilder()
        made = {**builder.blob(b'{"a":1}', OCI_LAYER), "data": data}
        builder.name(NAME, builder.manifest(builder.config([made]), [made]))
        builder.drop(made)
        store = MemoryStore.of(builder)
        plan = planned(store)
        assert (plan.problems == ()) == works
        if works:
            assert b'{"a":1}' + bytes(505) in exported(store, plan)


@pytest.mark.parametrize(
    ("images", "options"),
    [([], {}), (2, {"profile": "v1"})],
    ids=["no-image", "two-in-v1"],
)
def test_requests_that_make_no_sense(images: Any, options: Json) -> None:
    builder = StoreBuilder()
    builder.name(NAME, builder.image())
    store = MemoryStore.of(builder)
    with pytest.raises(UsageError) as caught:
        plan_export(store, store.images() * images if images else [], ExportOptions(**options))
    assert caught.value.hint


# --- what is left out -------------------------------------------------------------------------------------


def test_layers_that_may_not_be_distributed() -> None:
    builder = StoreBuilder()
    base = builder.layer({"windows": "x"}, foreign=True, urls=["https://example.test"])
    own = builder.layer({"a": "b"})
    builder.name(NAME, builder.manifest(builder.config([base, own]), [base, own]))
    store = MemoryStore.of(builder)
    assert base["digest"] in blobs(planned(store))
    skipped = planned(store, skip_nondistributable=True)
    assert base["digest"] not in blobs(skipped) and own["digest"] in blobs(skipped)
    assert len(rows(skipped)[0]["Layers"]) == 2, "as containerd: Docker's manifest names it all the same"
    del store.blobs[base["digest"]]
    (problem,) = planned(store).problems
    assert isinstance(problem, MissingBlob) and "--skip-non-distributable" in problem.hint
    assert planned(store, skip_nondistributable=True).problems == ()


def test_dockers_manifest_can_be_left_out() -> None:
    builder = StoreBuilder()
    builder.name(NAME, builder.image())
    plan = planned(MemoryStore.of(builder), docker_manifest=False)
    assert "manifest.json" not in {entry.name for entry in plan.entries}


# --- notes ------------------------------------------------------------------------------------------------


def test_two_images_of_the_same_tag_are_a_note() -> None:
    builder = StoreBuilder()
    for name in ("a:1", "b:1", "c:2"):
        builder.name(FULL + name, builder.image([{"n": name}]))
    (note,) = planned(MemoryStore.of(builder)).notes
    assert note.kind is NoteKind.SAME_TAG and note.image == FULL + "b:1"
    assert str(note) == (f"{FULL}a:1 and {FULL}b:1 have the same org.opencontainers.image.ref.name, 1")


def test_one_platform_of_several_is_a_note() -> None:
    builder = StoreBuilder()
    builder.name(NAME, builder.multi_platform())
    store = MemoryStore.of(builder)
    (note,) = planned(store, **wanted("linux/amd64")).notes
    assert str(note) == (
        f"{NAME}: its index still lists platforms that the archive leaves out; some readers "
        "(kind load image-archive, ctr images import --all-platforms) refuse such an archive"
    )
    assert planned(store).notes == ()


@pytest.mark.parametrize("profile", ["oci", "v1"])
def test_the_only_platform_of_an_index_is_no_note(profile: str) -> None:
    builder = StoreBuilder()
    builder.name(NAME, builder.index([(builder.image(), "linux/amd64")]))
    store = MemoryStore.of(builder)
    assert planned(store, profile=profile, **wanted("linux/amd64")).notes == ()
    assert planned(store, profile=profile).notes == ()


def test_names_that_docker_cannot_use_are_notes() -> None:
    builder = StoreBuilder()
    pinned = f"{FULL}a:1@sha256:{'0' * 64}"
    for name in ("Not A/Name:1", pinned):
        builder.name(name, builder.image([{"n": name}]))
    builder.root(builder.image([{"n": "odd"}]), **{IMAGE_NAME: "odd"})
    found = {note.kind: note for note in planned(MemoryStore.of(builder)).notes}
    bad, digest = found[NoteKind.NO_DOCKER_NAME], found[NoteKind.DIGEST_IN_NAME]
    assert bad.image == "Not A/Name:1" and digest.image == pinned
    assert str(bad) == (
        "Not A/Name:1 is no name that Docker can read, so manifest.json leaves it out: "
        + bad.values["reason"]
    )
    assert str(digest) == (
        f"docker load refuses an archive with a digest in a name, such as {pinned}; for Docker, "
        "export under a tag alone, or leave manifest.json out (--no-docker-manifest)"
    )
    assert str(found[NoteKind.ODD_NAMES]) == (
        "the descriptor's io.containerd.image.name is odd and its org.opencontainers.image.ref.name missing: "
        "readers will not agree on the image's name, and verify will say so"
    )


@pytest.mark.parametrize("platforms", [("linux/amd64",), ("linux/s390x", "linux/riscv64")])
def test_a_nested_index_is_read_once(platforms: tuple[str, ...]) -> None:
    builder = StoreBuilder()
    parts = [builder.image([{"p": p}], p) for p in ("linux/amd64", "linux/arm64")]
    deep = builder.index([(parts[0], "linux/amd64")])
    nested = builder.index([deep, (parts[1], "linux/arm64")])
    builder.name(NAME, builder.index([nested]))
    store = MemoryStore.of(builder)
    planned(store, **wanted(*platforms))
    assert [store.opened.count(index["digest"]) for index in (nested, deep)] == [1, 1]


def test_docker_gets_the_first_of_two_for_one_platform() -> None:
    builder = StoreBuilder()
    first, second = builder.image([{"n": "1"}]), builder.image([{"n": "2"}])
    builder.name(NAME, builder.index([(first, "linux/amd64"), (second, "linux/amd64")]))
    nested = builder.index(
        [builder.index([(second, "linux/amd64")]), builder.index([(first, "linux/amd64")])]
    )
    builder.name(FULL + "nested:1", nested)
    one, other = rows(planned(MemoryStore.of(builder)))
    for row, manifest in ((one, first), (other, second)):
        config = json.loads(builder.blobs[manifest["digest"]])["config"]["digest"]
        assert row["Config"] == "blobs/" + config.replace(":", "/")


def test_an_image_that_docker_cannot_load_is_a_note() -> None:
    builder = StoreBuilder()
    arm = builder.image(platform="linux/arm64")
    builder.name(NAME, builder.index([(arm, "linux/arm64")]))
    plan = planned(MemoryStore.of(builder))
    assert plan.problems == ()
    assert "manifest.json" not in {entry.name for entry in plan.entries}
    (note,) = plan.notes
    assert str(note) == f"{NAME}: no manifest for linux/amd64, so docker load will not find this image"


def test_dockers_row_is_the_hosts_platform_also_with_all_of_them() -> None:
    builder = StoreBuilder()
    builder.name(NAME, builder.multi_platform())
    store = MemoryStore.of(builder)
    listed = json.loads(builder.blobs[store.roots[0]["digest"]])["manifests"]
    for number, host in enumerate((HOST, Platform(os="linux", architecture="arm64", variant="v8"))):
        plan = plan_export(store, store.images(), ExportOptions(all_platforms=True, host=host))
        (row,) = rows(plan)
        manifest = json.loads(builder.blobs[listed[number]["digest"]])
        assert row["Config"] == "blobs/" + manifest["config"]["digest"].replace(":", "/")


def test_layers_is_null_where_there_are_none() -> None:
    builder = StoreBuilder()
    builder.name(NAME, builder.manifest(builder.config()))
    assert rows(planned(MemoryStore.of(builder)))[0]["Layers"] is None


# --- what is written twice --------------------------------------------------------------------------------


def test_v1_writes_twice_what_it_meets_twice_and_oci_once() -> None:
    builder = StoreBuilder()
    made = builder.layer({"a": "b"})
    manifest = builder.manifest(builder.config([made]), [made, made])
    builder.root(builder.index([manifest, manifest]))
    store = MemoryStore.of(builder)
    v1, oci = planned(store, profile="v1"), planned(store)
    assert [str(e.descriptor.digest) for e in v1.blobs if e.descriptor].count(made["digest"]) == 4
    assert len(v1.blobs) == 1 + 2 * (1 + 1 + 2)
    assert len(oci.blobs) == len(blobs(oci)) == 4


def test_the_root_alone_where_nothing_matches_in_v1() -> None:
    builder = StoreBuilder()
    root = builder.name(NAME, builder.multi_platform())
    plan = planned(MemoryStore.of(builder), profile="v1", **wanted("linux/s390x"))
    assert plan.problems == ()
    assert blobs(plan) == {root["digest"]}
    assert [str(note) for note in plan.notes] == [f"{NAME}: no platform matches; only the index is written"]


def test_a_root_that_is_a_blob_of_an_unknown_type() -> None:
    builder = StoreBuilder()
    builder.root(builder.blob(b"anything", "application/x-unknown"))
    plan = planned(MemoryStore.of(builder))
    assert plan.problems == ()
    assert [entry.name for entry in plan.blobs] == ["blobs/" + digest_of(b"anything").replace(":", "/")]


def test_the_subject_is_never_followed() -> None:
    builder = StoreBuilder()
    image = builder.image()
    builder.root(builder.referrer(image, "application/vnd.example.sbom"))
    store = MemoryStore.of(builder)
    assert image["digest"] not in blobs(planned(store))
    assert planned(store).problems == ()


def test_what_only_an_annotation_ties_to_the_image_is_listed_by_its_digest() -> None:
    """As containerd's filterReferrers: sorted, after the images, unless it is in the tree as well."""
    builder = StoreBuilder()
    image = builder.image()
    subject = {"annotations": {MANIFEST_SUBJECT: image["digest"]}}
    tied = [{**builder.image([{"n": str(n)}]), **subject} for n in range(6)]
    both = builder.image([{"n": "both"}])
    children = [image, *tied, {**both, **subject}, both]
    root = builder.name(NAME, builder.index(children))
    plan = planned(MemoryStore.of(builder))
    listed = [entry["digest"] for entry in document(plan, "index.json")["manifests"]]
    assert listed == [root["digest"], *sorted(each["digest"] for each in tied)]


def test_the_plan_tells_what_was_asked() -> None:
    builder = StoreBuilder()
    builder.name(NAME, builder.image())
    store = MemoryStore.of(builder)
    options = ExportOptions(host=HOST)
    plan = plan_export(store, store.images(), options)
    assert (plan.images, plan.options) == (store.images(), options)
    assert isinstance(plan.images[0], Image)
