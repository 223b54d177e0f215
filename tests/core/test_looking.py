"""The matrix, the history beside the layers, who uses a blob, and the commands of other programs."""

import json
import shlex

import pytest

from exporter_core import (
    Descriptor,
    Digest,
    ExportOptions,
    Image,
    ImageConfig,
    Store,
    load_tree,
    open_store,
    plan_export,
)
from exporter_core.commands import (
    blob_commands,
    export_command,
    image_commands,
    load_commands,
    registry_commands,
    skopeo_flags,
)
from exporter_core.errors import Cancelled
from exporter_core.graph import CellState, completeness_matrix, history_steps
from exporter_core.platforms import parse
from exporter_core.usage import build_usage
from tests.images import OCI_FOREIGN, StoreBuilder, altered
from tests.memory import MemoryStore

NAME = "docker.io/library/sample:1"


def stored(builder: StoreBuilder) -> Store:
    return MemoryStore.of(builder)


def two_platforms() -> tuple[StoreBuilder, dict[str, dict[str, object]]]:
    """amd64 with an attestation, arm64; one layer shared by both."""
    builder = StoreBuilder()
    shared = builder.layer({"shared": "x"})
    own = builder.layer({"own": "y"})
    amd = builder.manifest(builder.config([shared, own], "linux/amd64"), [shared, own])
    arm = builder.manifest(builder.config([shared], "linux/arm64"), [shared])
    attestation = builder.attestation(amd)
    index = builder.index([(amd, "linux/amd64"), (arm, "linux/arm64"), attestation])
    builder.name(NAME, index)
    return builder, {"shared": shared, "own": own, "amd": amd, "arm": arm, "index": index}


# --- matrix -----------------------------------------------------------------------------------------------


def test_a_complete_matrix() -> None:
    builder, _ = two_platforms()
    store = stored(builder)
    matrix = completeness_matrix(store, store.images()[0])
    assert [row.name for row in matrix.rows] == ["linux/amd64", "linux/arm64"]
    assert [len(row.layers) for row in matrix.rows] == [2, 1]
    assert [len(row.attestations) for row in matrix.rows] == [1, 0]
    assert matrix.most_layers == 2
    assert {cell.state for row in matrix.rows for cell in row.cells} == {CellState.PRESENT}
    assert not matrix.broken and not any(row.problems for row in matrix.rows)


def test_a_cell_leads_to_its_node() -> None:
    builder, parts = two_platforms()
    store = stored(builder)
    matrix = completeness_matrix(store, store.images()[0])
    cell = matrix.rows[0].layers[1]
    node = load_tree(store, store.images()[0])
    for number in cell.path:
        node = (node.children or ())[number]
    assert node == cell.node
    assert node.digest_text == parts["own"]["digest"]


def test_each_kind_of_harm_has_its_cell() -> None:
    builder, parts = two_platforms()
    builder.drop(parts["own"])
    builder.lengthen(parts["shared"], b"more")
    store = stored(builder)
    amd, arm = completeness_matrix(store, store.images()[0]).rows
    assert [cell.state for cell in amd.layers] == [CellState.WRONG_SIZE, CellState.MISSING]
    assert [cell.state for cell in arm.layers] == [CellState.WRONG_SIZE]
    assert len(amd.problems) == 2 and len(arm.problems) == 1
    assert "layer 2 of linux/amd64" in str(amd.problems[1])


def test_a_foreign_layer_is_not_fetched_by_design() -> None:
    builder = StoreBuilder()
    foreign = builder.layer({"base": "x"}, foreign=True)
    assert str(foreign["mediaType"]).startswith(OCI_FOREIGN)
    manifest = builder.manifest(builder.config([foreign], "windows/amd64"), [foreign])
    builder.name(NAME, builder.index([(manifest, "windows/amd64")]))
    builder.drop(foreign)
    store = stored(builder)
    (row,) = completeness_matrix(store, store.images()[0]).rows
    assert [cell.state for cell in row.layers] == [CellState.NOT_FETCHED]


def test_a_missing_manifest_is_a_row_without_cells() -> None:
    builder, parts = two_platforms()
    builder.drop(parts["arm"])
    store = stored(builder)
    _, arm = completeness_matrix(store, store.images()[0]).rows
    assert (arm.manifest.state, arm.config, arm.layers) == (CellState.MISSING, None, ())
    assert arm.problems


def test_a_missing_root_and_a_malformed_child() -> None:
    builder, parts = two_platforms()
    builder.drop(parts["index"])
    store = stored(builder)
    matrix = completeness_matrix(store, store.images()[0])
    assert matrix.rows == () and len(matrix.broken) == 1

    builder = StoreBuilder()
    bad = altered(builder.image(), digest="sha256:zz")
    builder.name(NAME, builder.index([(bad, "linux/amd64")]))
    store = stored(builder)
    (row,) = completeness_matrix(store, store.images()[0]).rows
    assert row.manifest.state is CellState.BROKEN


# --- history ----------------------------------------------------------------------------------------------


def config_of(history: str, diff_ids: int) -> ImageConfig:
    """A config whose history is spelled: L a step with a layer, e one without."""
    steps = json.dumps([{"created_by": str(i), "empty_layer": mark == "e"} for i, mark in enumerate(history)])
    ids = ",".join(f'"sha256:{i:064}"' for i in range(diff_ids))
    text = f'{{"os":"linux","rootfs":{{"type":"layers","diff_ids":[{ids}]}},"history":{steps}}}'
    return ImageConfig.parse(text.encode())


@pytest.mark.parametrize(
    ("history", "layers", "numbers"),
    [
        ("LeL", 2, [1, 0, 2]),
        ("", 2, [1, 2]),
        ("LLL", 1, [1, 0, 0]),
        ("eeL", 3, [0, 0, 1, 2, 3]),
        ("ee", 0, [0, 0]),
    ],
)
def test_history_beside_layers(history: str, layers: int, numbers: list[int]) -> None:
    builder = StoreBuilder()
    listed = tuple(Image("", child).target for child in _layers(builder, layers))
    steps = history_steps(config_of(history, layers), listed)
    assert [step.number for step in steps] == numbers
    assert [step.layer for step in steps if step.layer is not None] == list(listed)
    assert all((step.diff_id == "") == (step.layer is None) for step in steps)


def test_a_config_with_too_few_diff_ids() -> None:
    layers = _layers(StoreBuilder(), 2)
    steps = history_steps(config_of("LL", 1), layers)
    assert [bool(step.diff_id) for step in steps] == [True, False]


def _layers(builder: StoreBuilder, count: int) -> tuple[Descriptor, ...]:
    made = [builder.layer({"n": str(i)}) for i in range(count)]
    builder.name(NAME, builder.manifest(builder.config(made, "linux/amd64"), made))
    store = stored(builder)
    tree = load_tree(store, store.images()[0])
    return tuple(
        node.child
        for node in tree.children or ()
        if node.role == "layer" and isinstance(node.child, Descriptor)
    )


# --- used by ----------------------------------------------------------------------------------------------


def test_every_reference_is_found() -> None:
    builder, parts = two_platforms()
    single = builder.manifest(builder.config([parts["shared"]], "linux/s390x"), [parts["shared"]])
    builder.name("docker.io/library/other:1", single)
    usage = build_usage(stored(builder))
    uses = usage.of(str(parts["shared"]["digest"]))
    assert [(use.image.name, use.label) for use in uses] == [
        (NAME, "layer 1/2"),
        (NAME, "layer 1/1"),
        ("docker.io/library/other:1", "layer 1/1"),
    ]
    assert [use.parent for use in uses[:2]] == [parts["amd"]["digest"], parts["arm"]["digest"]]
    (root,) = usage.of(str(parts["index"]["digest"]))
    assert (root.parent, root.path) == ("", ())
    assert usage.of("sha256:" + "0" * 64) == ()
    assert usage.images == 2


def test_the_walk_can_be_stopped() -> None:
    store = stored(two_platforms()[0])
    with pytest.raises(Cancelled):
        build_usage(store, store.images() * 3, stop=lambda: True)
    read: list[int] = []
    with pytest.raises(Cancelled):
        build_usage(store, store.images() * 3, on_image=read.append, stop=lambda: bool(read))
    assert read == [1]


def test_it_says_after_each_image_how_many_were_read() -> None:
    store = stored(two_platforms()[0])
    read: list[int] = []
    assert build_usage(store, store.images() * 3, on_image=read.append).images == 3
    assert read == [1, 2, 3]


# --- commands ---------------------------------------------------------------------------------------------


def test_the_export_command_says_all_options() -> None:
    image = stored(two_platforms()[0]).images()[0]
    options = ExportOptions(
        platforms=(parse("linux/arm64"),), docker_manifest=False, skip_nondistributable=True
    )
    line = export_command("/a b/store", [image], options, "it's.tar", checksum=True, overwrite=True)
    assert shlex.split(line) == [
        *["shipglass", "export", "/a b/store", NAME, "-o", "it's.tar", "--platform", "linux/arm64"],
        *["--no-docker-manifest", "--skip-non-distributable", "--checksum", "--force"],
    ]
    v1 = export_command("s", [image], ExportOptions(profile="v1", all_platforms=True), "x.tar")
    assert shlex.split(v1)[-3:] == ["--all-platforms", "--profile", "v1"]


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("docker.io/library/redis:7", True),
        ("localhost/a:1", True),
        ("registry:5000/a@sha256:" + "0" * 64, True),
        ("edge", False),
        ("team/app:1", False),
        ("sha256:" + "0" * 64, False),
        ("no name at all", False),
    ],
)
def test_a_registry_is_asked_only_for_names_that_have_one(name: str, there: bool) -> None:
    lines = [
        command.line
        for command in registry_commands(
            Image(name, Descriptor("text/plain", Digest.parse("sha256:" + "a" * 64), 2))
        )
    ]
    assert bool(lines) is there
    assert not there or {line.split()[0] for line in lines} == {"crane", "regctl", "skopeo"}


@pytest.mark.parametrize(
    ("chosen", "flags"),
    [
        ("linux/arm64/v8", "--override-arch arm64 --override-os linux --override-variant v8"),
        ("linux/arm/v7", "--override-arch arm --override-os linux --override-variant v7"),
        ("windows/amd64", "--override-arch amd64 --override-os windows"),
        ("linux/amd64", ""),
        ("", ""),
    ],
)
def test_skopeo_is_told_the_platform_where_its_own_is_left_out(chosen: str, flags: str) -> None:
    """On a linux/amd64; all platforms are copied with --all, an image without an index needs no flags."""
    store = open_store("resources/sample-store")
    web, edge = (next(i for i in store.images() if name in i.name) for name in ("harbor-web", "zstd-tool"))
    platforms = (parse(chosen),) if chosen else None
    options = ExportOptions(platforms, all_platforms=not chosen, host=parse("linux/amd64"))
    plan = plan_export(store, [web], options)
    assert " ".join(skopeo_flags(plan)) == flags
    line = next(c.line for c in load_commands("/a.tar", plan) if c.program == "skopeo")
    words = " ".join(filter(None, ["skopeo", flags, "copy", "" if chosen else "--all", "oci-archive:/a.tar"]))
    assert line == f"{words} docker://REGISTRY/NAME:TAG"
    assert skopeo_flags(plan_export(store, [edge], options)) == ()
    store.close()


def test_every_command_is_one_shell_line() -> None:
    store = open_store("resources/sample-store")
    image = store.images()[0]
    assert isinstance(image.target, Descriptor)
    commands = [
        *load_commands("/a b/c.tar"),
        *image_commands("/a b", "OCI layout", image),
        *blob_commands("/a b", "OCI layout", image.target, "/a b/blobs/sha256/x"),
        *blob_commands("/a b.tar", "OCI archive", image.target, "/a b.tar:blobs/sha256/x"),
    ]
    store.close()
    assert {"ctr", "docker", "kind", "skopeo", "jq", "regctl", "shipglass"} <= {c.program for c in commands}
    for command in commands:
        assert shlex.split(command.line) and "\n" not in command.line and command.purpose
