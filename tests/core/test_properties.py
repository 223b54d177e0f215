"""Whatever image there is: exported and opened again it is the same, and harm to the archive is found."""

import hashlib
import io
import json
import os
import tarfile
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from exporter_core import (
    Descriptor,
    ExportOptions,
    Image,
    Node,
    load_tree,
    open_store,
    plan_export,
    run_export,
    summarise,
    verify_location,
)
from exporter_core.platforms import parse
from tests.core.helpers import HOST, found
from tests.images import OCI_LAYER, Json, StoreBuilder
from tests.memory import MemoryStore

PLATFORMS = ["linux/amd64", "linux/arm64/v8", "linux/arm/v7", "linux/386", "windows/amd64", "linux/riscv64"]
NAMES = [
    "docker.io/library/a:1",
    "docker.io/library/a:2",
    "docker.io/library/b:1",
    "docker.io/user/a:latest",
    "localhost:5000/x/y:v1.2.3",
    "ghcr.io/org/name:tag",
    "ghcr.io/org/name:tag@sha256:" + "ab" * 32,
]
ALGORITHMS = ["sha256", "sha256", "sha384", "sha512"]

moderate = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Each example verifies an archive a dozen times: to shrink one would take minutes.
unshrunk = settings(moderate, phases=(Phase.explicit, Phase.reuse, Phase.generate))


@st.composite
def manifests(draw: st.DrawFn, builder: StoreBuilder, platform: str) -> Json:
    docker = draw(st.booleans())
    algorithm = draw(st.sampled_from(ALGORITHMS))
    layers = [
        builder.blob(draw(st.binary(max_size=1500)), OCI_LAYER, draw(st.sampled_from(ALGORITHMS)))
        for _ in range(draw(st.integers(0, 3)))
    ]
    config = builder.config(layers, platform, docker=docker, algorithm=algorithm)
    return builder.manifest(config, layers, docker=docker, algorithm=algorithm)


@st.composite
def indexes(draw: st.DrawFn, builder: StoreBuilder, depth: int) -> Json:
    children: list[Any] = []
    for platform in draw(
        st.lists(st.sampled_from(PLATFORMS), min_size=0 if depth else 1, max_size=3, unique=True)
    ):
        manifest = draw(manifests(builder, platform))
        children.append((manifest, platform if draw(st.integers(0, 4)) else None))
        if draw(st.integers(0, 3)) == 0:
            children.append(builder.attestation(manifest))
    if depth < 2:
        for _ in range(draw(st.integers(0, 2))):
            children.append(draw(indexes(builder, depth + 1)))
    if children and draw(st.integers(0, 5)) == 0:
        children.append(children[0])
    return builder.index(children, docker=draw(st.booleans()), algorithm=draw(st.sampled_from(ALGORITHMS)))


@st.composite
def stores(draw: st.DrawFn, most_images: int = 3) -> StoreBuilder:
    builder = StoreBuilder()
    names = draw(st.lists(st.sampled_from(NAMES), max_size=most_images, unique=True))
    for name in names or [""]:
        if draw(st.booleans()) or not builder.roots:
            make = draw(st.sampled_from([manifests(builder, "linux/amd64"), indexes(builder, 0)]))
            root = draw(make)
        else:
            root = {key: value for key, value in builder.roots[0].items() if key != "annotations"}
        builder.name(name, root) if name else builder.root(root)
    return builder


@contextmanager
def archive(builder: StoreBuilder, **options: Any) -> Any:
    """(path of the archive of all images, its plan)."""
    store = MemoryStore.of(builder)
    everything = {"all_platforms": "platforms" not in options, "host": HOST, **options}
    images = store.images()[:1] if options.get("profile") == "v1" else store.images()
    plan = plan_export(store, images, ExportOptions(**everything))
    assert plan.problems == ()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tar"
        run_export(plan, store, path)
        yield path, plan


def shape(node: Node) -> Any:
    return (
        node.role,
        node.digest_text,
        node.size,
        node.state,
        node.platform,
        *map(shape, node.children or ()),
    )


def trees(store: Any) -> list[Any]:
    return [(image.name, shape(load_tree(store, image))) for image in store.images()]


@given(builder=stores())
@moderate
def test_exported_and_opened_again_it_is_the_same(builder: StoreBuilder) -> None:
    with archive(builder) as (path, plan):
        assert verify_location(path).problems == ()
        with closing(open_store(path)) as again:
            assert trees(again) == trees(MemoryStore.of(builder))
            assert again.notes == ()
            for image in again.images():
                assert summarise(again, image).complete
        with tarfile.open(path) as tar:
            assert tar.getnames() == [entry.name.rstrip("/") for entry in plan.entries]
            for member in tar:
                algorithm, _, encoded = member.name.removeprefix("blobs/").partition("/")
                if encoded and member.isfile():
                    data = tar.extractfile(member).read()  # type: ignore[union-attr]
                    assert hashlib.new(algorithm, data).hexdigest() == encoded
        assert path.stat().st_size == plan.total


@given(builder=stores())
@moderate
def test_an_export_of_an_export_is_the_same_bytes(builder: StoreBuilder) -> None:
    """The names in an archive are those that go into the next one."""
    with archive(builder) as (path, _):
        with closing(open_store(path)) as again:
            plan = plan_export(again, again.images(), ExportOptions(all_platforms=True, host=HOST))
            stream = io.BytesIO()
            run_export(plan, again, stream)
        assert stream.getvalue() == path.read_bytes()


@given(builder=stores(most_images=1), platform=st.sampled_from(PLATFORMS))
@moderate
def test_an_export_of_one_platform_is_whole_or_refused(builder: StoreBuilder, platform: str) -> None:
    store = MemoryStore.of(builder)
    options = ExportOptions(platforms=(parse(platform),), host=HOST)
    plan = plan_export(store, store.images(), options)
    if plan.problems:
        assert [problem.exit_code for problem in plan.problems] == [5]
        return
    stream = io.BytesIO()
    run_export(plan, store, stream)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tar"
        path.write_bytes(stream.getvalue())
        assert verify_location(path).problems == ()


@given(builder=stores(), profile=st.sampled_from(["oci", "v1"]), every=st.booleans())
@moderate
def test_a_plan_is_exact(builder: StoreBuilder, profile: str, every: bool) -> None:
    with archive(builder, profile=profile, docker_manifest=every) as (path, plan):
        data = path.read_bytes()
        position = 0
        for entry in plan.entries:
            assert entry.offset == position
            assert data[position : entry.data_offset] == entry.header()
            position = entry.data_offset + entry.size + -entry.size % 512
        assert data[position:] == bytes(1024)
        assert plan.total == len(data) == position + 1024
        assert list(plan.entries) == sorted(plan.entries, key=lambda entry: entry.name)


@given(builder=stores())
@moderate
def test_the_order_of_names_is_all_that_images_share(builder: StoreBuilder) -> None:
    """Asked for in another order, the archive holds the same blobs; only the documents are ordered anew."""
    store = MemoryStore.of(builder)
    options = ExportOptions(all_platforms=True, host=HOST)
    one = plan_export(store, store.images(), options)
    other = plan_export(store, store.images()[::-1], options)
    assert [entry.name for entry in one.entries] == [entry.name for entry in other.entries]
    assert [entry.size for entry in one.blobs] == [entry.size for entry in other.blobs]


def positions(plan: Any) -> st.SearchStrategy[int]:
    """Offsets in the archive: half of them in the documents that the exporter writes."""
    made = [entry for entry in plan.entries if entry.content]
    inside = [st.integers(entry.data_offset, entry.data_offset + entry.size - 1) for entry in made]
    return st.one_of(st.integers(0, plan.total - 1), st.one_of(inside))


@given(builder=stores(), data=st.data())
@unshrunk
def test_any_changed_byte_is_found(builder: StoreBuilder, data: st.DataObject) -> None:
    with archive(builder) as (path, plan):
        whole = path.read_bytes()
        right = hashlib.sha256(whole).hexdigest()
        free = names_that_docker_does_not_repeat(whole, plan)
        with open(path, "r+b", buffering=0) as file:
            for _ in range(6):
                at = data.draw(positions(plan))
                value = data.draw(st.integers(0, 255).filter(lambda v, at=at: v != whole[at]))
                os.pwrite(file.fileno(), bytes([value]), at)
                assert found(path) or at in free, (whole[max(0, at - 40) : at], chr(whole[at]), chr(value))
                assert found(path, sha256=right)
                os.pwrite(file.fileno(), whole[at : at + 1], at)


def names_that_docker_does_not_repeat(whole: bytes, plan: Any) -> range:
    """All of index.json where some image has no row in manifest.json: its name stands nowhere else.

    test_verify_bytes.py says to the byte what is free there.
    """
    entries = {entry.name: entry for entry in plan.entries}
    index = entries["index.json"]
    rows = json.loads(entries["manifest.json"].content) if "manifest.json" in entries else []
    named = sum(len(row["RepoTags"] or ()) for row in rows)
    wanted = sum(bool(image.name and "/" in image.name) for image in plan.images)
    return range(0) if named == wanted else range(index.data_offset, index.data_offset + index.size)


@given(builder=stores(), data=st.data())
@moderate
def test_any_cut_and_any_addition_is_found(builder: StoreBuilder, data: st.DataObject) -> None:
    with archive(builder) as (path, plan):
        whole = path.read_bytes()
        for _ in range(4):
            path.write_bytes(whole[: data.draw(st.integers(0, plan.total - 1))])
            assert found(path)
            path.write_bytes(whole + data.draw(st.binary(min_size=1, max_size=1100)))
            assert found(path)


@given(builder=stores(most_images=1))
@moderate
@example(builder=StoreBuilder())
def test_any_descriptor_exports_as_it_stands(builder: StoreBuilder) -> None:
    """What an image is and what its bare descriptor is differ in nothing but where the name comes from."""
    store = MemoryStore.of(builder)
    for image in store.images():
        target = image.target
        assert isinstance(target, Descriptor)
        options = ExportOptions(all_platforms=True, host=HOST)
        one, other = io.BytesIO(), io.BytesIO()
        run_export(plan_export(store, [target], options), store, one)
        run_export(plan_export(store, [Image(image.name, target)], options), store, other)
        assert one.getvalue() == other.getvalue()
