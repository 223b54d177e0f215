"""Every model under Qt's model tester, in every state it goes through."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from exporter_core import (
    ExportOptions,
    Store,
    expand,
    open_store,
    plan_export,
    root_node,
    summarise,
)  # fmt: skip
from gui.job_list import ExportRequest, JobList, JobState
from gui.jobs import Pool
from gui.models.catalogue import Catalogue, split_name
from gui.models.failure import failure_of, problems_failure
from gui.models.images import ImagesModel, Source, make_rows
from gui.models.jobs import JobsModel, reading_order
from gui.models.platforms import PlatformsModel, platform_rows
from gui.models.tree import TreeModel
from tests.gui.conftest import SAMPLE
from tests.gui.fakes import SlowStore

WARN = QAbstractItemModelTester.FailureReportingMode.Warning


def watch(model: QAbstractItemModel) -> QAbstractItemModelTester:
    """A tester that lives as long as the model; its complaints are Qt warnings, which fail the test."""
    return QAbstractItemModelTester(model, WARN, model)


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store(SAMPLE)
    yield opened
    opened.close()


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


def source(store: Store) -> Source:
    images = store.images()
    catalogue = Catalogue(images)
    for row, image in enumerate(images):
        catalogue.learn(row, summarise(store, image))
    return Source("sample", "sample", "OCI layout", catalogue)


def test_images_model(store: Store) -> None:
    model = ImagesModel()
    watch(model)
    one = source(store)
    empty = Source("empty", "empty", "OCI layout", Catalogue())
    failed = Source("failed", "failed", "", Catalogue(), "there is nothing at /x")
    for sources, words in (
        ([], ""), ([one], ""), ([one], "harbor"), ([one], "zzz"), ([one, empty, failed], ""), ([failed], ""),
        ([one, empty], "zzz"),
    ):  # fmt: skip
        model.publish(make_rows(sources, words=words))
    model.publish(make_rows([Source("sample", "sample", "OCI layout", Catalogue(store.images()))]))
    assert model.index(0, 2).data() == "not looked at yet"
    seen: list[int] = []
    model.dataChanged.connect(lambda first, last: seen.extend((first.row(), last.row())))
    assert not model.publish(make_rows([one])), "the same images with more known of them are no reset"
    assert seen == [0, 11] and model.index(0, 2).data() == "complete"
    model.refresh("sample", [2, 99])
    assert len(seen) == 4
    assert model.position("sample", 3) >= 0 and model.position("sample", 99) == -1


def test_tree_model(store: Store) -> None:
    model = TreeModel()
    watch(model)
    wanted: list[int] = []
    model.wanted.connect(wanted.append)
    image = next(image for image in store.images() if "sparse" in image.name)
    root = root_node(store, image)
    model.show(root)
    top = model.index(0, 0)
    assert model.hasChildren(top) and model.rowCount(top) == 0
    model.fetchMore(top)
    model.fetchMore(top)
    assert 0 in wanted and not model.canFetchMore(top)
    model.show_loading(0)
    assert model.index(0, 0, top).data() == "loading…"
    model.put(0, expand(store, root))
    assert model.rowCount(top) == 2
    model.put(0, expand(store, root))
    assert model.rowCount(top) == 2, "a second answer changes nothing"
    second = model.index(1, 0, top)
    node = model.node(second)
    assert node is not None
    model.fetchMore(second)
    model.put(second.internalId(), expand(store, node))
    states = [model.index(r, 1, second).data() for r in range(model.rowCount(second))]
    assert states == ["present", "missing", "missing"]
    first = model.index(0, 0, top)
    model.fetchMore(first)
    model.show_loading(first.internalId())
    model.fail(first.internalId(), OSError("gone"))
    assert model.rowCount(first) == 0 and not model.canFetchMore(first)
    summary = summarise(store, image)
    model.tell(summary)
    assert model.index(1, 1, top).data() == "2 of 4 present"
    model.focus(node.digest_text)
    assert model.index(0, 0, top).data(Qt.ItemDataRole.ForegroundRole) is not None
    assert model.index(1, 0, top).data(Qt.ItemDataRole.ForegroundRole) is None
    model.show(None)
    assert model.rowCount() == 0


def test_platforms_model(store: Store) -> None:
    model = PlatformsModel()
    watch(model)
    summaries = [summarise(store, image) for image in store.images()[:5]]
    rows = platform_rows(summaries)
    model.show(rows, [rows[0].platform], 5)
    assert [str(p) for p in model.chosen()] == ["linux/amd64"]
    model.setData(model.index(1, 0), Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    assert len(model.chosen()) == 2
    model.show([], [], 0)
    assert model.rowCount() == 0


def test_jobs_model_through_a_run(store: Store, pool: Pool, qtbot: QtBot, tmp_path: Path) -> None:
    slow = SlowStore(store, pause=0.01)
    jobs = JobList(pool)
    model = JobsModel(jobs)
    watch(model)
    image = next(image for image in store.images() if "zstd" in image.name)
    plan = plan_export(store, [image], ExportOptions(all_platforms=True))
    jobs.add(ExportRequest(slow, plan, str(tmp_path / "a.tar")))  # type: ignore[arg-type]
    second = jobs.add(ExportRequest(slow, plan, str(tmp_path / "b.tar")))  # type: ignore[arg-type]
    top = model.index(0, 0)
    assert model.rowCount() == 2 and model.rowCount(top) == 4
    assert model.index(0, 0, top).data() == "root"
    qtbot.waitUntil(lambda: model.index(0, 5).data() == "copying")
    slow.gate.set()
    with qtbot.waitSignal(jobs.idle):
        pass
    assert second.state is JobState.DONE
    qtbot.waitUntil(lambda: model.index(1, 1).data() == "100 %")
    assert [model.index(r, 5, top).data() for r in range(4)] == ["verified"] * 4
    jobs.clear()
    assert model.rowCount() == 0
    jobs.close()


def test_jobs_model_through_failure_and_retry(store: Store, pool: Pool, qtbot: QtBot, tmp_path: Path) -> None:
    jobs = JobList(pool)
    model = JobsModel(jobs)
    watch(model)
    image = next(image for image in store.images() if "broken" in image.name)
    plan = plan_export(store, [image])
    export = jobs.add(ExportRequest(store, plan, str(tmp_path / "a.tar")))
    qtbot.waitUntil(lambda: export.state is JobState.FAILED)
    jobs.retry(export)
    assert export.state is JobState.PLANNING
    qtbot.waitUntil(lambda: export.state is JobState.FAILED)
    assert export.plan is not plan and model.rowCount(model.index(0, 0)) == 5
    jobs.retry(export)
    jobs.stop(export)
    assert export.state is JobState.CANCELLED
    jobs.close()


def test_blobs_are_listed_as_a_person_would(store: Store) -> None:
    image = next(image for image in store.images() if "legacy" in image.name)
    plan = plan_export(store, [image], ExportOptions(all_platforms=True))
    owners = [plan.blobs[i].owner.split(" of docker")[0] for i in reading_order(plan.blobs)]
    assert owners[:5] == [
        "docker.io/library/legacy-api:1.9", "linux/amd64", "config of linux/amd64", "layer 1 of linux/amd64",
        "layer 2 of linux/amd64",
    ]  # fmt: skip


def test_split_name() -> None:
    assert split_name("docker.io/library/redis:7") == ("redis:7", "docker.io/library")
    assert split_name("edge") == ("edge", "")
    assert split_name("a.b/c@sha256:" + "0" * 64) == ("c@sha256:00000000…", "a.b")
    assert split_name("sha256:" + "0" * 64)[0] == "sha256:000000000000…"


def test_failures_of_every_kind(store: Store) -> None:
    image = next(image for image in store.images() if "sparse" in image.name)
    problems = plan_export(store, [image], ExportOptions(all_platforms=True)).problems
    many = problems_failure(list(problems) * 20)
    assert "40 problems" in many.title and "… and 20 more" in many.text
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError as error:
        bug = failure_of(error)
    assert "fault in Shipglass" in bug.text and "ZeroDivisionError" in bug.text


def test_invalid_indexes_say_nothing(store: Store) -> None:
    nothing = QModelIndex()
    for model in (ImagesModel(), TreeModel(), PlatformsModel()):
        assert model.data(nothing, Qt.ItemDataRole.DisplayRole) is None
        assert model.flags(nothing) == Qt.ItemFlag.NoItemFlags
