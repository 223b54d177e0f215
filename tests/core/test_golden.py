"""Byte for byte what the Go programs wrote, over 24 stores (tests/data/golden; host linux/amd64).

v1.json: containerd's V1Exporter of 2018. oci.json: containerd 2.x's `archive.Export`. Where Go fails over bad
content we fail too, with a typed error and nothing written; over good content (a nested index) we succeed.
"""

import hashlib
import io
import json
import os
import tarfile
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from exporter_core import (
    Descriptor,
    ExportOptions,
    ExportPlan,
    Image,
    Platform,
    ShipglassError,
    Store,
    V1Exporter,
    open_store,
    plan_export,
    run_export,
    verify_location,
)
from exporter_core.descriptor import IMAGE_NAME
from exporter_core.errors import (
    ContentError,
    DigestError,
    DigestMismatch,
    MissingBlob,
    PlanError,
    PlatformError,
    SizeMismatch,
)
from exporter_core.manifest import parse_descriptor
from exporter_core.platforms import parse, parse_v1
from tests.memory import OnlyOpens

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
HOST = Platform(os="linux", architecture="amd64")
V1 = json.loads((GOLDEN / "v1.json").read_text())
OCI = json.loads((GOLDEN / "oci.json").read_text())

BAD_CONTENT = {
    "corrupt-layer": DigestMismatch,
    "digest-no-colon": DigestError,
    "digest-traversal": DigestError,
    "foreign-missing": MissingBlob,
    "longer-layer": SizeMismatch,
    "missing-layer": MissingBlob,
    "missing-other-platform": MissingBlob,
    "size-too-large": SizeMismatch,
    "truncated-layer": SizeMismatch,
}

Run = dict[str, Any]


def runs(golden: dict[str, Any], key: str) -> list[Any]:
    return [
        pytest.param(case, run, id=f"{case}-{run[key] or 'default'}".replace("/", "_"))
        for case, value in golden.items()
        for run in value["runs"]
    ]


def split(params: list[Any], wanted: str) -> list[Any]:
    return [param for param in params if _kind(*param.values) == wanted]


def _kind(case: str, run: Run) -> str:
    if not run["error"]:
        return "good"
    if case == "nested-index":
        return "better"
    return "bad content" if case in BAD_CONTENT else "bad platform"


V1_RUNS, OCI_RUNS = runs(V1, "platform"), runs(OCI, "mode")


def test_the_golden_data_are_whole() -> None:
    kinds = [_kind(*param.values) for param in V1_RUNS + OCI_RUNS]
    counted = {kind: kinds.count(kind) for kind in sorted(set(kinds))}
    assert counted == {"bad content": 51, "bad platform": 3, "better": 4, "good": 106}
    assert set(V1) == set(OCI) == {path.name for path in (GOLDEN / "layouts").iterdir()}


def root(golden: dict[str, Any], case: str) -> Descriptor:
    made = parse_descriptor(golden[case]["descriptor"], where="descriptor")
    assert isinstance(made, Descriptor)
    return made


def store_of(case: str) -> Store:
    return open_store(GOLDEN / "layouts" / case)


def v1_options(run: Run) -> ExportOptions:
    asked = run["platform"]
    chosen = None if asked is None else (parse_v1(asked, host=HOST),)
    return ExportOptions(profile="v1", platforms=chosen, host=HOST)


def oci_options(run: Run) -> ExportOptions:
    mode = run["mode"]
    everything = mode.startswith("all")
    return ExportOptions(
        platforms=None if everything else (parse(mode, host=HOST),),
        all_platforms=everything,
        docker_manifest=mode != "all-no-docker",
        skip_nondistributable=mode == "all-skip-nondist",
        host=HOST,
    )


def plan_of(golden: dict[str, Any], case: str, run: Run, provider: object) -> ExportPlan:
    options = v1_options(run) if golden is V1 else oci_options(run)
    return plan_export(provider, [root(golden, case)], options)  # type: ignore[arg-type]


def same(data: bytes, run: Run) -> bool:
    return (len(data), hashlib.sha256(data).hexdigest()) == (run["tar_size"], run["tar_sha256"])


def members(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}  # type: ignore[union-attr]


def to_pipe(plan: ExportPlan, store: Store) -> bytes:
    reading, writing = os.pipe()
    got: list[bytes] = []

    def drain() -> None:
        with open(reading, "rb") as end:
            got.append(end.read())

    thread = threading.Thread(target=drain)
    thread.start()
    with open(writing, "wb", buffering=0) as stream:
        run_export(plan, store, stream)
    thread.join()
    return got[0]


# --- where Go succeeds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("case", "run"), split(V1_RUNS, "good"))
def test_v1_writes_the_same_bytes(case: str, run: Run, tmp_path: Path) -> None:
    with closing(store_of(case)) as store:
        plan = plan_of(V1, case, run, store)
        stream = io.BytesIO()
        report = run_export(plan, store, stream, checksum=True)
        assert same(stream.getvalue(), run)
        assert (report.sha256, report.bytes, plan.total) == (
            run["tar_sha256"],
            run["tar_size"],
            run["tar_size"],
        )
        target = tmp_path / "v1.tar"
        run_export(plan, store, target)
        assert same(target.read_bytes(), run)
        assert same(to_pipe(plan, store), run)
    assert [path.name for path in tmp_path.iterdir()] == ["v1.tar"]


@pytest.mark.parametrize(("case", "run"), split(V1_RUNS, "good"))
def test_the_exporter_class_over_a_provider_that_only_opens(case: str, run: Run) -> None:
    platform = parse_v1(run["platform"] or "linux/amd64", host=HOST)
    with closing(store_of(case)) as store:
        stream = io.BytesIO()
        V1Exporter().export(OnlyOpens(store), root(V1, case), stream, platform=platform)
        assert same(stream.getvalue(), run)


def test_the_exporter_class_takes_json_and_text() -> None:
    case = "index-multi-arch"
    run = next(run for run in V1[case]["runs"] if run["platform"] == "linux/arm64/v8")
    with closing(store_of(case)) as store:
        stream = io.BytesIO()
        V1Exporter().export(store, V1[case]["descriptor"], stream, platform="linux/arm64/v8")
    assert same(stream.getvalue(), run)


@pytest.mark.parametrize(("case", "run"), split(OCI_RUNS, "good"))
def test_oci_writes_the_same_bytes(case: str, run: Run, tmp_path: Path) -> None:
    with closing(store_of(case)) as store:
        plan = plan_of(OCI, case, run, store)
        stream = io.BytesIO()
        run_export(plan, store, stream)
        written = members(stream.getvalue())
        index, docker = written["index.json"].decode(), written.get("manifest.json")
        assert json.loads(index) == json.loads(run["index_json"])
        assert index == run["index_json"]
        assert (docker and docker.decode()) == run["manifest_json"]
        assert same(stream.getvalue(), run)
        assert plan.total == run["tar_size"]
        target = tmp_path / "oci.tar"
        run_export(plan, store, target)
        assert same(target.read_bytes(), run)


@pytest.mark.parametrize(("case", "run"), split(OCI_RUNS, "good"))
def test_a_named_image_gets_the_annotations_that_go_adds(case: str, run: Run) -> None:
    """containerd holds name and target apart; the golden descriptor bears what it adds on export."""
    target = root(OCI, case)
    annotations = {key: value for key, value in target.annotations.items() if key != IMAGE_NAME}
    image = Image(target.annotations[IMAGE_NAME], target.with_annotations(annotations))
    with closing(store_of(case)) as store:
        stream = io.BytesIO()
        run_export(plan_export(store, [image], oci_options(run)), store, stream)
    assert same(stream.getvalue(), run)


# --- where Go fails ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("golden", "case", "run"),
    [
        pytest.param(golden, *param.values, id=f"{name}-{param.id}")
        for golden, name, params in ((V1, "v1", V1_RUNS), (OCI, "oci", OCI_RUNS))
        for param in split(params, "bad content")
    ],
)
@pytest.mark.parametrize("whole", [True, False], ids=["store", "only-open"])
def test_bad_content_is_a_typed_error_and_no_file(
    golden: dict[str, Any], case: str, run: Run, whole: bool, tmp_path: Path
) -> None:
    with closing(store_of(case)) as store:
        provider = store if whole else OnlyOpens(store)
        with pytest.raises(ShipglassError) as caught:
            plan = plan_of(golden, case, run, provider)
            run_export(plan, provider, tmp_path / "bad.tar")  # type: ignore[arg-type]
    error = caught.value
    assert error.exit_code == 4
    reason = error.problems[0] if isinstance(error, PlanError) else error
    assert type(reason) is BAD_CONTENT[case]
    assert isinstance(reason, ContentError)
    assert error.hint and reason.hint
    assert reason.owner and reason.owner in str(error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("case", "run"), split(V1_RUNS, "bad platform"))
def test_an_impossible_platform_is_a_platform_error(case: str, run: Run) -> None:
    stream = io.BytesIO()
    with closing(store_of(case)) as store, pytest.raises(PlatformError) as caught:
        V1Exporter().export(store, root(V1, case), stream, platform=run["platform"])
    assert caught.value.exit_code == 5
    assert run["platform"] in str(caught.value)
    assert not stream.getvalue()


@pytest.mark.parametrize(("case", "run"), split(OCI_RUNS, "better"))
def test_a_nested_index_is_exported_where_go_fails(case: str, run: Run, tmp_path: Path) -> None:
    target = tmp_path / "nested.tar"
    with closing(store_of(case)) as store:
        run_export(plan_of(OCI, case, run, store), store, target)
    assert verify_location(target).ok
    written = members(target.read_bytes())
    (listed,) = json.loads(written["index.json"])["manifests"]
    assert listed["digest"] == OCI[case]["descriptor"]["digest"]
    (row,) = json.loads(written["manifest.json"])
    assert row["RepoTags"] == ["nested-index:1"]
    assert {row["Config"], *row["Layers"]} <= set(written)
    platform = json.loads(written[row["Config"]])
    asked = run["mode"] if "/" in run["mode"] else "linux/amd64"
    assert f"{platform['os']}/{platform['architecture']}" == asked
    if run["mode"].startswith("all"):
        blobs = {name for name in written if name.startswith("blobs/")}
        layout = GOLDEN / "layouts" / case
        assert blobs == {str(p.relative_to(layout)) for p in layout.glob("blobs/*/*")}
