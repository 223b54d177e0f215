"""The names in an archive: annotations of index.json and RepoTags of Docker's manifest.json."""

import json
from typing import Any

import pytest

from exporter_core import Descriptor, ExportOptions, ExportPlan, plan_export
from exporter_core.manifest import parse_descriptor
from tests.core.helpers import HOST, NAME, planned
from tests.images import IMAGE_NAME, REF_NAME, Json, StoreBuilder, altered
from tests.memory import MemoryStore

FULL = "docker.io/library/"


def document(plan: ExportPlan, name: str) -> Any:
    entry = next(entry for entry in plan.entries if entry.name == name)
    assert entry.content is not None
    return json.loads(entry.content)


def rows(plan: ExportPlan) -> Any:
    return document(plan, "manifest.json")


DIGEST = "sha256:" + "ab" * 32
NAMES: dict[str, tuple[Json, Json, list[str] | None]] = {
    # annotations in the store → in the archive's index.json, RepoTags
    "docker-library": (
        {IMAGE_NAME: FULL + "nginx:1.25", REF_NAME: "1.25"},
        {IMAGE_NAME: FULL + "nginx:1.25", REF_NAME: "1.25"},
        ["nginx:1.25"],
    ),
    "docker-user": (
        {IMAGE_NAME: "docker.io/me/x:latest"},
        {IMAGE_NAME: "docker.io/me/x:latest", REF_NAME: "latest"},
        ["me/x:latest"],
    ),
    "other-host": (
        {IMAGE_NAME: "localhost:5000/x:1"},
        {IMAGE_NAME: "localhost:5000/x:1", REF_NAME: "1"},
        ["localhost:5000/x:1"],
    ),
    "tag-and-digest": (
        {IMAGE_NAME: f"ghcr.io/a/b:1@{DIGEST}"},
        {IMAGE_NAME: f"ghcr.io/a/b:1@{DIGEST}", REF_NAME: f"1@{DIGEST}"},
        [f"ghcr.io/a/b:1@{DIGEST}"],
    ),
    "tag-alone": ({REF_NAME: "v1"}, {REF_NAME: "v1"}, None),
    "nothing": ({}, {}, None),
    "more-annotations": (
        {"z": "<&>", "a": "ä", REF_NAME: "1"},
        {"a": "ä", REF_NAME: "1", "z": "<&>"},
        None,
    ),
}


@pytest.mark.parametrize(("annotations", "expected", "tags"), NAMES.values(), ids=list(NAMES))
def test_names(annotations: Json, expected: Json, tags: list[str] | None) -> None:
    builder = StoreBuilder()
    builder.root(builder.image(), **annotations)
    plan = planned(MemoryStore.of(builder))
    assert plan.problems == ()
    (listed,) = document(plan, "index.json")["manifests"]
    assert listed.get("annotations", {}) == expected
    assert list(listed.get("annotations", {})) == sorted(expected)
    assert [row["RepoTags"] for row in rows(plan)] == [tags]


def test_several_names_of_one_digest_are_one_row_and_several_descriptors() -> None:
    builder = StoreBuilder()
    root = builder.multi_platform()
    for name in ("b:2", "a:1", "c:3"):
        builder.name(FULL + name, root)
    plan = planned(MemoryStore.of(builder))
    listed = document(plan, "index.json")["manifests"]
    assert [entry["annotations"][IMAGE_NAME] for entry in listed] == [
        FULL + "b:2",
        FULL + "a:1",
        FULL + "c:3",
    ]
    assert [row["RepoTags"] for row in rows(plan)] == [["b:2", "a:1", "c:3"]]
    assert len(plan.blobs) == len(builder.blobs)


def test_the_rows_follow_the_order_asked_for() -> None:
    builder = StoreBuilder()
    for name in ("b", "a", "c"):
        builder.name(f"{FULL}{name}:1", builder.image([{"n": name}]))
    store = MemoryStore.of(builder)
    plan = plan_export(store, store.images()[::-1], ExportOptions(host=HOST))
    assert [row["RepoTags"] for row in rows(plan)] == [["c:1"], ["a:1"], ["b:1"]]


def test_a_bare_descriptor_may_lack_its_media_type() -> None:
    builder = StoreBuilder()
    for root in (builder.image(), builder.multi_platform()):
        child = parse_descriptor(altered(root, mediaType=None, annotations={IMAGE_NAME: NAME}), where="x")
        assert isinstance(child, Descriptor)
        plan = plan_export(MemoryStore.of(builder), [child], ExportOptions(all_platforms=True, host=HOST))
        assert plan.problems == ()
        (listed,) = document(plan, "index.json")["manifests"]
        assert listed["mediaType"] == root["mediaType"]
        assert [row["RepoTags"] for row in rows(plan)] == [["sample:1"]]


def test_labels_of_the_store_become_annotations() -> None:
    builder = StoreBuilder()
    root = builder.name(NAME, builder.image())
    store = MemoryStore.of(builder)
    source = {"containerd.io/distribution.source.docker.io": "library/sample"}
    store.labels[root["digest"]] = {**source, "containerd.io/gc.ref": "x"}
    (listed,) = document(planned(store), "index.json")["manifests"]
    assert listed["annotations"] == {**root["annotations"], **source}


@pytest.mark.parametrize(
    "annotations", [{IMAGE_NAME: NAME}, {REF_NAME: "1"}, {}], ids=["full", "tag", "none"]
)
@pytest.mark.parametrize("profile", ["oci", "v1"])
def test_problems_of_a_bare_descriptor_name_it_too(annotations: Json, profile: str) -> None:
    builder = StoreBuilder()
    layer = builder.layer({"a": "b"})
    root = {**builder.manifest(builder.config([layer]), [layer]), "annotations": annotations}
    builder.drop(layer)
    child = parse_descriptor(root, where="x")
    assert isinstance(child, Descriptor)
    store = MemoryStore.of(builder)
    (problem,) = plan_export(store, [child], ExportOptions(profile=profile, host=HOST)).problems  # type: ignore[arg-type]
    expected = annotations.get(IMAGE_NAME) or annotations.get(REF_NAME) or root["digest"]
    assert str(problem).startswith(f"layer 1 of linux/amd64 of {expected}: ")
