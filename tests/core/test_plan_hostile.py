"""Plans of images made to harm: every one ends soon, in little memory, with an answer that is right."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exporter_core import ExportOptions, plan_export, run_export, verify_location
from exporter_core.descriptor import IMAGE_NAME
from exporter_core.errors import (
    ContentError,
    CyclicImage,
    DigestError,
    DigestMismatch,
    DocumentTooLarge,
    MalformedDocument,
    MissingBlob,
    PlatformError,
)
from exporter_core.platforms import parse
from tests.core.helpers import HOST, NAME, exported, planned
from tests.images import OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Json, StoreBuilder, altered, json_bytes
from tests.memory import MemoryStore

AMD64 = (parse("linux/amd64"),)
HEAD = """
import json, time
from exporter_core import ExportOptions, load_tree, plan_export, summarise
from exporter_core.platforms import parse
from tests.core.helpers import HOST, planned
from tests.images import StoreBuilder
from tests.memory import MemoryStore
builder = StoreBuilder()
def peak():
    status = open("/proc/self/status").read()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024
"""


def limited(code: str, seconds: float) -> list[str]:
    """What `code` prints in a Python of its own, which gets 2 GiB and so many seconds."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
    command = [sys.executable, "-c", limit + HEAD + code]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=seconds)
    assert not done.returncode, done.stderr[-2000:]
    return done.stdout.splitlines()


# --- size -------------------------------------------------------------------------------------------------

BOMB = """
child = builder.image()
for _ in range({depth}):
    child = builder.index([child] * {width})
builder.root(child)
store = MemoryStore.of(builder)
plan = planned(store, {options})
print(len(plan.entries), [type(problem).__name__ for problem in plan.problems])
"""


@pytest.mark.parametrize(
    ("width", "depth"), [(2, 40), (10, 9), (100, 7)], ids=["twice-40-deep", "ten-9-deep", "hundred-7-deep"]
)
@pytest.mark.parametrize(
    "options", ["", "platforms=(parse('linux/amd64'),)", "profile='v1'"], ids=["oci", "one-platform", "v1"]
)
def test_a_bomb_of_nested_indexes(options: str, width: int, depth: int) -> None:
    """Each index lists the next several times, so that paths double while documents do not."""
    (line,) = limited(BOMB.format(width=width, depth=depth, options=options), 30)
    if "v1" in options:
        assert line.endswith("['MalformedDocument']")  # it would write each blob as often as there are paths
    else:
        assert line == f"{4 + 3 + depth} []" or line == f"{5 + 3 + depth} []"


LOOKS = {
    "load_tree": "load_tree(store, store.images()[0], most=10_000)",
    "summarise": "summarise(store, store.images()[0])",
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=list(LOOKS))
@pytest.mark.parametrize("entries", ["child", "(child, f'linux/{number}')"], ids=["plain", "platforms"])
def test_looking_at_a_bomb(look: str, entries: str) -> None:
    code = """
child = builder.image()
for _ in range(9):
    child = builder.index([%s for number in range(10)])
builder.root(child)
store = MemoryStore.of(builder)
"""
    limited(code % entries + look, 20)


def test_an_index_of_100_000_entries() -> None:
    (line,) = limited(
        """
wide = builder.wide_index(100_000)
document = json.loads(builder.blobs.pop(wide["digest"]))
image = builder.image()
children = [*document["manifests"], {**image, "platform": {"architecture": "arm64", "os": "linux"}}]
builder.root(builder.index(children))
del document, children
store = MemoryStore.of(builder, document_limit=1 << 26)
before = peak()
began = time.monotonic()
options = ExportOptions(platforms=(parse("linux/arm64"),), host=HOST, document_limit=1 << 26)
plan = plan_export(store, store.images(), options)
assert len(plan.blobs) == 4 and not plan.problems, plan.problems[:3]
after = peak()
print(json.dumps([time.monotonic() - began, after - before]))
""",
        60,
    )
    seconds, megabytes = json.loads(line)
    assert seconds < 40  # linear: a quadratic walk would take hours
    assert megabytes < 400


def test_a_document_over_the_limit_is_refused_before_it_is_read() -> None:
    builder = StoreBuilder()
    big = builder.index([builder.image()], filler="x" * (8 << 20))
    builder.name(NAME, big)
    store = MemoryStore.of(builder)
    (problem,) = planned(store).problems
    assert isinstance(problem, DocumentTooLarge)
    assert (problem.digest, problem.size, problem.limit) == (big["digest"], big["size"], 8 << 20)
    assert big["digest"] in str(problem) and problem.hint
    assert big["digest"] not in store.opened
    raised = planned(store, document_limit=big["size"])
    assert raised.problems == ()
    assert exported(store, raised)
    assert planned(store, document_limit=big["size"] - 1).problems


def test_a_manifest_over_the_limit_fails_only_the_plan_that_selects_it() -> None:
    builder = StoreBuilder()
    good = builder.image()
    config = builder.config([], "linux/arm64")
    big = builder.manifest(config, [], annotations={"a": "x" * 5000})
    builder.root(builder.index([(good, "linux/amd64"), (big, "linux/arm64")]))
    store = MemoryStore.of(builder)
    (problem,) = planned(store, document_limit=4000).problems
    assert isinstance(problem, DocumentTooLarge) and "linux/arm64" in problem.owner
    assert planned(store, document_limit=4000, platforms=AMD64).problems == ()


# --- depth ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [9, 10, 2000])
@pytest.mark.parametrize("options", [{}, {"platforms": AMD64}, {"profile": "v1"}], ids=["all", "one", "v1"])
def test_deep_nesting(depth: int, options: Json) -> None:
    """Exported whole, or refused for its depth; and soon."""
    builder = StoreBuilder()
    builder.name(NAME, builder.deep_index(builder.image(), depth))
    store = MemoryStore.of(builder)
    began = time.monotonic()
    plan = planned(store, **options)
    assert time.monotonic() - began < 15
    if depth > 100 and plan.problems:
        (problem,) = plan.problems
        assert isinstance(problem, MalformedDocument) and "deep" in str(problem)
        return
    assert plan.problems == ()
    assert {str(entry.descriptor.digest) for entry in plan.blobs if entry.descriptor} == set(builder.blobs)
    if not options.get("profile"):
        assert "manifest.json" in {entry.name for entry in plan.entries}


@pytest.mark.parametrize("depth", [50, 150, 2000])
def test_what_the_plan_takes_verify_takes(depth: int, tmp_path: Path) -> None:
    builder = StoreBuilder()
    builder.name(NAME, builder.deep_index(builder.image(), depth))
    store = MemoryStore.of(builder)
    plan = planned(store)
    if not plan.problems:
        run_export(plan, store, tmp_path / "a.tar")
        assert verify_location(tmp_path / "a.tar").problems == ()


def test_json_nested_deeply_is_a_problem() -> None:
    builder = StoreBuilder()
    deep = builder.blob(b'{"manifests":' + b"[" * 100_000 + b"]" * 100_000 + b"}", OCI_INDEX)
    builder.root(deep)
    for profile in ("oci", "v1"):
        (problem,) = planned(MemoryStore.of(builder), profile=profile).problems
        assert isinstance(problem, MalformedDocument)
        assert deep["digest"] in str(problem)


# --- cycles -----------------------------------------------------------------------------------------------


def closed_cycle(length: int) -> StoreBuilder:
    """`length` indexes each naming the next with the right size, the last the first; one digest is a lie."""
    lie = "sha256:" + "c" * 64
    size = 0
    while True:
        builder = StoreBuilder()
        child: Json = {"mediaType": OCI_INDEX, "digest": lie, "size": size}
        for _ in range(length - 1):
            child = builder.index([child])
        data = json_bytes({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child]})
        root = builder.put(lie, data)
        if size == len(data):
            builder.name(NAME, root)
            return builder
        size = len(data)


@pytest.mark.parametrize("length", [1, 2, 3, 20])
@pytest.mark.parametrize("profile", ["oci", "v1"])
def test_a_cycle_is_refused(length: int, profile: str) -> None:
    """Digests cannot close a circle: the document that does so is not what its digest says, or is named."""
    plan = planned(MemoryStore.of(closed_cycle(length)), profile=profile)
    assert plan.problems
    for problem in plan.problems:
        assert isinstance(problem, CyclicImage | DigestMismatch)
        assert NAME in str(problem) and problem.hint


# --- hostile descriptors ----------------------------------------------------------------------------------

MALFORMED: dict[str, tuple[Json, type[ContentError]]] = {
    "traversal": ({"digest": "sha256:../../../etc/passwd"}, DigestError),
    "absolute": ({"digest": "/etc/passwd"}, DigestError),
    "no-digest": ({"digest": None}, MalformedDocument),
    "empty-digest": ({"digest": ""}, MalformedDocument),
    "upper-case": ({"digest": "sha256:" + "A" * 64}, DigestError),
    "too-short": ({"digest": "sha256:abc"}, DigestError),
    "nul": ({"digest": "sha256:" + "a" * 63 + "\0"}, DigestError),
    "digest-is-a-number": ({"digest": 7}, MalformedDocument),
    "negative-size": ({"size": -1}, MalformedDocument),
    "huge-size": ({"size": 1 << 63}, MalformedDocument),
    "fractional-size": ({"size": 1.5}, MalformedDocument),
    "size-is-text": ({"size": "12"}, MalformedDocument),
    "urls-no-list": ({"urls": "http://x"}, MalformedDocument),
    "annotations-of-numbers": ({"annotations": {"a": 1}}, MalformedDocument),
    "media-type-is-a-list": ({"mediaType": []}, MalformedDocument),
}


@pytest.mark.parametrize(("fields", "kind"), MALFORMED.values(), ids=list(MALFORMED))
@pytest.mark.parametrize("profile", ["oci", "v1"])
def test_a_malformed_descriptor_fails_only_the_plan_that_selects_it(
    fields: Json, kind: type[ContentError], profile: str
) -> None:
    builder = StoreBuilder()
    good, bad = builder.image(), altered(builder.image([{"other": "x"}]), **fields)
    builder.name(NAME, builder.index([(good, "linux/amd64"), (bad, "linux/arm64")]))
    store = MemoryStore.of(builder)
    (problem,) = planned(store, profile=profile).problems
    assert type(problem) is kind
    assert "manifests[1]" in str(problem)
    assert f"linux/arm64 of {NAME}" in str(problem)
    assert problem.exit_code == 4 and problem.hint
    assert planned(store, profile=profile, platforms=AMD64).problems == ()
    assert exported(store, planned(store, profile=profile, platforms=AMD64))


@pytest.mark.parametrize("profile", ["oci", "v1"])
def test_a_malformed_layer_and_root(profile: str) -> None:
    builder = StoreBuilder()
    layer = builder.layer({"a": "b"})
    builder.name(NAME, builder.manifest(builder.config([layer]), [layer, altered(layer, size=-5)]))
    (problem,) = planned(MemoryStore.of(builder), profile=profile).problems
    assert "layers[1].size" in str(problem) and "layer 2 of" in str(problem)
    rootless = StoreBuilder()
    rootless.root(
        {"mediaType": OCI_MANIFEST, "digest": "nonsense", "size": 1, "annotations": {IMAGE_NAME: NAME}}
    )
    (problem,) = planned(MemoryStore.of(rootless), profile=profile).problems
    assert isinstance(problem, DigestError) and NAME in str(problem)


@pytest.mark.parametrize("profile", ["oci", "v1"])
def test_an_unverifiable_digest_fails_only_the_plan_that_selects_it(profile: str) -> None:
    builder = StoreBuilder()
    good = builder.image()
    layer = {"mediaType": OCI_LAYER, "digest": "blake3:" + "ab" * 32, "size": 3}
    builder.blobs[layer["digest"]] = b"abc"  # type: ignore[index]
    odd = builder.manifest(builder.config([], "linux/arm64"), [layer])
    builder.name(NAME, builder.index([(good, "linux/amd64"), (odd, "linux/arm64")]))
    store = MemoryStore.of(builder)
    (problem,) = planned(store, profile=profile).problems
    assert isinstance(problem, DigestError)
    assert "blake3" in str(problem) and "layer 1 of linux/arm64" in str(problem)
    assert planned(store, profile=profile, platforms=AMD64).problems == ()


DOCUMENTS = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "cut": b'{"manifests": [',
    "two-values": b"{}{}",
    "manifests-is-an-object": b'{"manifests": {}}',
    "manifests-twice": b'{"manifests": [], "manifests": []}',
    "nan": b'{"manifests": NaN}',
    "binary": bytes(range(256)),
    "bom": b"\xef\xbb\xbf{}",
    "utf-16": '{"manifests": []}'.encode("utf-16"),
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=list(DOCUMENTS))
@pytest.mark.parametrize("profile", ["oci", "v1"])
def test_a_malformed_index_names_itself(document: bytes, profile: str) -> None:
    builder = StoreBuilder()
    bad = builder.name(NAME, builder.blob(document, OCI_INDEX))
    plan = planned(MemoryStore.of(builder), profile=profile)
    if document == b"null":  # Go reads null into an empty index
        assert len(plan.problems) <= 1
        return
    (problem,) = plan.problems
    assert isinstance(problem, MalformedDocument)
    assert bad["digest"] in str(problem) and problem.hint
    assert problem.exit_code == 4


def test_a_manifest_that_is_none_of_both() -> None:
    """What two readers would understand differently is refused (containerd's validateMediaType)."""
    builder = StoreBuilder()
    layer = builder.layer({"a": "b"})
    document = {"config": builder.config([layer]), "layers": [layer], "manifests": [builder.image()]}
    builder.name(NAME, builder.document(document, OCI_MANIFEST))
    (problem,) = planned(MemoryStore.of(builder)).problems
    assert isinstance(problem, MalformedDocument)
    v1 = planned(MemoryStore.of(builder), profile="v1")
    assert v1.problems == (), "the V1Exporter did not look"


def test_a_missing_blob_with_a_hundred_owners_is_told_once() -> None:
    builder = StoreBuilder()
    layer = builder.layer({"a": "b"})
    builder.drop(layer)
    many = [
        builder.manifest(builder.config([layer], history=[{"created_by": str(n)}]), [layer])
        for n in range(100)
    ]
    builder.name(NAME, builder.index(many))
    (problem,) = planned(MemoryStore.of(builder)).problems
    assert isinstance(problem, MissingBlob)


def test_an_impossible_platform_and_a_bad_blob_are_both_told() -> None:
    builder = StoreBuilder()
    manifest = builder.image()
    builder.name(NAME, builder.index([(manifest, "linux/amd64")]))
    store = MemoryStore.of(builder)
    layer = next(iter(builder.blobs))
    del store.blobs[layer]
    problems = planned(store, platforms=(*AMD64, parse("linux/s390x"))).problems
    assert {type(problem) for problem in problems} == {PlatformError, MissingBlob}


def test_nothing_is_written_while_planning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    builder = StoreBuilder()
    builder.name(NAME, builder.multi_platform())
    plan_export(MemoryStore.of(builder), MemoryStore.of(builder).images(), ExportOptions(host=HOST))
    assert os.listdir(tmp_path) == []
