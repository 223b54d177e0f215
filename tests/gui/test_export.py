"""The main job by real clicks and keys: open, look, choose, export; and every way in which it can fail."""

import hashlib
import shutil
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QListView,
    QMessageBox,
    QRadioButton,
    QTextEdit,
    QWidget,
)

from exporter_core import open_store, verify_location
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import Driver, indexes, row_text
from tests.gui.fakes import SlowStore
from tests.images import StoreBuilder, big_layout

KEY, CTRL = Qt.Key, Qt.KeyboardModifier.ControlModifier


def images_in(path: Path) -> list[str]:
    with closing(open_store(path)) as store:
        return [image.name for image in store.images()]


def names(path: Path) -> list[str]:
    with tarfile.open(path) as tar:
        return tar.getnames()


def test_main_job_by_mouse(sample: Driver, tmp_path: Path) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/arm64")
    sample.export(tmp_path / "out.tar")
    sample.wait_job("done")
    assert verify_location(tmp_path / "out.tar").ok
    assert "manifest.json" in names(tmp_path / "out.tar")
    assert images_in(tmp_path / "out.tar") == ["docker.io/library/harbor-web:2.4"]
    assert list(tmp_path.glob(".*")) == []


def test_main_job_by_keyboard_alone(sample: Driver, tmp_path: Path, qapp: QApplication) -> None:
    window = sample.window
    sample.keys(KEY.Key_F, CTRL, to=window)
    assert qapp.focusWidget() is sample.filter
    QTest.keyClicks(sample.filter, "legacy")
    sample.keys(KEY.Key_Down)
    assert qapp.focusWidget() is sample.images
    sample.wait(lambda: "legacy-api" in sample.overview)
    sample.keys(KEY.Key_A, CTRL | Qt.KeyboardModifier.ShiftModifier, to=window)
    sample.keys(KEY.Key_E, CTRL, to=window)
    sample.wait(lambda: qapp.focusWidget() is sample.target)
    QTest.keyClicks(sample.target, str(tmp_path / "keys.tar"))
    sample.wait_planned()
    sample.keys(KEY.Key_Return)
    sample.wait_job("done")
    report = verify_location(tmp_path / "keys.tar")
    assert report.ok and report.blobs == 9  # an index, twice manifest, config and layers, one of them shared


def test_the_picked_platform_is_what_is_written(sample: Driver, tmp_path: Path) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/arm/v7")
    sample.export(tmp_path / "one.tar")
    sample.wait_job("done")
    sample.pick("All platforms")
    sample.export(tmp_path / "all.tar")
    sample.wait(lambda: "done" in sample.job_state(1))
    one, every = names(tmp_path / "one.tar"), names(tmp_path / "all.tar")
    assert len(one) == 8 + 5 and set(one) < set(every)


def test_several_images_into_one_file(sample: Driver, tmp_path: Path) -> None:
    sample.choose("legacy-api")
    sample.click(sample.images, sample.index(sample.images, "zstd-tool"), CTRL)
    sample.open_dialog()
    facts = sample.child(QLabel, "exportFacts")
    sample.wait(lambda: "blobs" in facts.text())
    ticks = sample.child(QListView, "exportPlatforms").model()
    assert "only in 1 of 2 images" in ticks.index(1, 0).data()
    sample.target.setText(str(tmp_path / "two.tar"))
    sample.wait_planned()
    sample.press(sample.start)
    sample.wait_job("done")
    assert len(images_in(tmp_path / "two.tar")) == 2


def test_the_size_said_is_the_size_written(sample: Driver, tmp_path: Path) -> None:
    sample.choose("zstd-tool")
    sample.open_dialog()
    facts = sample.child(QLabel, "exportFacts")
    sample.target.setText(str(tmp_path / "size.tar"))
    sample.wait(lambda: "free in" in facts.text() and sample.start.isEnabled())
    said = facts.text()
    sample.press(sample.start)
    sample.wait_job("done")
    size = (tmp_path / "size.tar").stat().st_size
    assert str(size) in said.replace(",", "").replace("\u202f", "").replace(".", "", 0)


def test_options_reach_the_archive(sample: Driver, tmp_path: Path) -> None:
    sample.choose("edge")
    sample.open_dialog()
    box = next(b for b in sample.dialog.findChildren(QAbstractButton) if "manifest.json" in b.text())
    sample.wait_planned()
    sample.target.setText(str(tmp_path / "plain.tar"))
    sample.press(box)
    command = sample.child(QTextEdit, "exportCommand")
    sample.wait(lambda: "--no-docker-manifest" in command.text())
    assert str(tmp_path / "plain.tar") in command.text()
    sample.press(sample.start)
    sample.wait_job("done")
    assert "manifest.json" not in names(tmp_path / "plain.tar")


def test_pressed_before_the_plan_is_there(sample: Driver, tmp_path: Path) -> None:
    """Export waits for the plan of what is filled in now, and is not lost."""
    sample.choose("legacy-api")
    sample.open_dialog()
    sample.target.setText(str(tmp_path / "quick.tar"))
    sample.press(sample.child(QRadioButton, "exportEverything"))
    sample.press(sample.start)
    sample.wait_job("done")
    assert verify_location(tmp_path / "quick.tar").blobs == 9


def test_pressed_before_a_plan_that_cannot_work(sample: Driver, tmp_path: Path) -> None:
    sample.choose("sparse-cache")
    sample.open_dialog()
    sample.target.setText(str(tmp_path / "never.tar"))
    sample.press(sample.child(QRadioButton, "exportEverything"))
    sample.press(sample.start)
    sample.wait(lambda: sample.error.isVisible() and not sample.start.isEnabled())
    assert sample.jobs.model().rowCount() == 0 and not (tmp_path / "never.tar").exists()
    sample.dialog.reject()


def test_unticking_everything_is_refused_with_the_reason(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.open_dialog()
    view = sample.child(QListView, "exportPlatforms")
    sample.wait_planned()
    view.setFocus()
    view.setCurrentIndex(view.model().index(0, 0))
    sample.keys(KEY.Key_Space, to=view)
    reason = sample.child(QLabel, "exportReason")
    sample.wait(lambda: "at least one" in reason.text())
    assert not sample.start.isEnabled()
    sample.keys(KEY.Key_Escape, to=sample.dialog)


def test_a_missing_blob_stops_it_before_byte_one(sample: Driver, tmp_path: Path) -> None:
    sample.choose("sparse-cache")
    sample.pick("linux/arm64")
    assert "2 of 4" in sample.picker.currentText()
    sample.open_dialog()
    sample.wait(lambda: sample.error.isVisible())
    said = sample.error.toPlainText()
    assert "layer 1 of linux/arm64/v8" in said and "layer 2 of linux/arm64/v8" in said
    assert "e0f907064a4509d7b62d04baf355918b2b9f51388d6d1241d0981d71e553f0a1" in said
    assert "What to do" in said
    assert not sample.start.isEnabled() and sample.start.toolTip()
    complete = sample.child(QListView, "exportPlatforms")
    rows = {complete.model().index(r, 0).data(): r for r in range(2)}
    for text, row in rows.items():  # the other platform instead
        complete.setCurrentIndex(complete.model().index(row, 0))
        sample.keys(KEY.Key_Space, to=complete)
        assert text
    sample.wait(lambda: not sample.error.isVisible())
    sample.target.setText(str(tmp_path / "ok.tar"))
    sample.wait_planned()
    sample.press(sample.start)
    sample.wait_job("done")


def test_a_corrupt_blob_is_named_and_nothing_is_left(sample: Driver, tmp_path: Path) -> None:
    sample.choose("broken-job")
    sample.export(tmp_path / "broken.tar")
    sample.wait_job("failed")
    assert sample.error.isVisible()
    said = sample.error.toPlainText()
    for part in (
        "layer 2 of linux/amd64 of registry.example.com/team/broken-job:1",
        "Expected: sha256:9b53a9a920d4bcc7",
        "Actual: sha256:a1b411aaa95c3748",
        "Blob: sha256:9b53a9a920d4bcc7",
        "What to do:",
    ):
        assert part in said
    interaction = sample.error.textInteractionFlags()
    assert interaction & Qt.TextInteractionFlag.TextSelectableByMouse
    assert [path.name for path in tmp_path.iterdir() if "tar" in path.name] == []
    states = [row_text(index) for index in indexes(sample.jobs)]
    assert any(row[0].startswith("layer 2") and row[-1] == "failed" for row in states)


def test_retry_after_the_repair(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    layer = builder.layer({"etc/motd": "x" * 5000})
    builder.name("docker.io/library/fix:1", builder.manifest(builder.config([layer]), [layer]))
    whole = builder.blobs[layer["digest"]]
    builder.flip(layer, 40)
    store = builder.write_layout(tmp_path / "store")
    driver = open_window(store)
    driver.export(tmp_path / "fix.tar")
    driver.wait_job("failed")
    assert driver.action("retryJobAction").isEnabled()
    (store / "blobs" / layer["digest"].replace(":", "/")).write_bytes(whole)
    driver.action("retryJobAction").trigger()
    driver.wait_job("done")
    assert not driver.error.isVisible()
    assert verify_location(tmp_path / "fix.tar").ok


def test_retry_finds_that_a_blob_went_missing(
    open_window: Open, builder: StoreBuilder, tmp_path: Path
) -> None:
    layer = builder.layer({"etc/motd": "x" * 5000})
    builder.name("docker.io/library/gone:1", builder.manifest(builder.config([layer]), [layer]))
    builder.flip(layer, 40)
    store = builder.write_layout(tmp_path / "store")
    driver = open_window(store)
    driver.export(tmp_path / "gone.tar")
    driver.wait_job("failed")
    (store / "blobs" / layer["digest"].replace(":", "/")).unlink()
    driver.action("retryJobAction").trigger()
    driver.wait(lambda: "not in the store" in driver.error.toPlainText())
    assert driver.job_state() == "failed" and layer["digest"] in driver.error.toPlainText()


def test_cancel_in_the_middle_of_a_copy(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    layer = builder.layer({"data": bytes(range(256)) * 4000}, "")
    builder.name("docker.io/library/slow:1", builder.manifest(builder.config([layer]), [layer]))
    driver = open_window(builder.write_layout(tmp_path / "store"))
    opened = driver.window.session.stores[0]
    assert opened.store is not None
    opened.store = SlowStore(opened.store)  # type: ignore[assignment]
    (tmp_path / "out").mkdir()
    driver.export(tmp_path / "out" / "slow.tar")
    model = driver.jobs.model()
    driver.wait(
        lambda: model.index(0, 2).data() not in ("", None) and not model.index(0, 2).data().startswith("0 B")
    )
    assert driver.cancel.isEnabled()
    driver.press(driver.cancel)
    driver.wait_job("cancelled", 1000)
    assert list((tmp_path / "out").iterdir()) == []
    assert not driver.cancel.isEnabled()
    opened.store.gate.set()  # type: ignore[union-attr]
    driver.action("retryJobAction").trigger()
    driver.wait_job("done")
    assert verify_location(tmp_path / "out" / "slow.tar").ok


def test_progress_is_seen_on_the_way(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    layers = [builder.layer({f"data{i}": bytes([i]) * 9000}, "") for i in range(3)]
    builder.name("docker.io/library/steps:1", builder.manifest(builder.config(layers), layers))
    driver = open_window(builder.write_layout(tmp_path / "store"))
    opened = driver.window.session.stores[0]
    assert opened.store is not None
    slow = SlowStore(opened.store, pause=0.02)
    opened.store = slow  # type: ignore[assignment]
    driver.export(tmp_path / "steps.tar")
    seen: set[str] = set()
    percents: set[str] = set()

    def done() -> bool:
        percents.add(str(driver.jobs.model().index(0, 1).data()))
        seen.update(row_text(index)[-1] for index in list(indexes(driver.jobs))[1:])
        return driver.job_state().startswith("done")

    driver.wait(done, 20000)
    assert {"copying", "verified"} <= seen
    assert len(percents) > 3 and "100 %" in percents
    assert driver.jobs.model().rowCount(driver.jobs.model().index(0, 0)) == 5


def test_an_existing_file_is_asked_about(sample: Driver, tmp_path: Path) -> None:
    old = tmp_path / "old.tar"
    old.write_bytes(b"keep me")
    sample.choose("edge")
    sample.export(old)
    question = sample.child(QMessageBox, "overwriteQuestion")
    sample.qtbot.waitExposed(question)
    cancel = question.button(QMessageBox.StandardButton.Cancel)
    sample.press(cancel)
    assert old.read_bytes() == b"keep me" and sample.jobs.model().rowCount() == 0
    sample.press(sample.start)
    question = next(box for box in sample.window.findChildren(QMessageBox) if box.isVisible())
    replace = next(b for b in question.buttons() if b.text() == "Replace")
    sample.press(replace)
    sample.wait_job("done")
    assert verify_location(old).ok


@pytest.mark.parametrize("place", ["nowhere/out.tar", "."])
def test_a_target_that_cannot_be_written(sample: Driver, tmp_path: Path, place: str) -> None:
    sample.choose("edge")
    sample.open_dialog()
    sample.wait_planned()
    sample.target.setText(str(tmp_path / place))
    sample.wait(lambda: sample.error.isVisible() and not sample.start.isEnabled())
    assert (
        str(tmp_path) in sample.child(QLabel, "exportFacts").text()
        or str(tmp_path) in sample.error.toPlainText()
    )
    sample.target.setText(str(tmp_path / "fine.tar"))
    sample.wait(lambda: not sample.error.isVisible() and sample.start.isEnabled())
    sample.dialog.reject()


def test_there_is_one_error_text_at_a_time(sample: Driver, tmp_path: Path) -> None:
    sample.choose("broken-job")
    sample.export(tmp_path / "broken.tar")
    sample.wait_job("failed")
    assert len(sample.window.findChildren(QWidget, "errorText")) == 1
    sample.choose("sparse-cache")
    sample.pick("All")
    sample.open_dialog()
    sample.wait(lambda: "e0f90706" in sample.error.toPlainText())
    assert len(sample.window.findChildren(QWidget, "errorText")) == 1
    sample.dialog.reject()
    sample.wait(lambda: "broken-job" in sample.error.toPlainText())


def test_exports_wait_for_each_other(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    layer = builder.layer({"data": b"z" * 20000}, "")
    builder.name("docker.io/library/q:1", builder.manifest(builder.config([layer]), [layer]))
    driver = open_window(builder.write_layout(tmp_path / "store"))
    opened = driver.window.session.stores[0]
    assert opened.store is not None
    slow = SlowStore(opened.store)
    opened.store = slow  # type: ignore[assignment]
    driver.export(tmp_path / "a.tar")
    driver.export(tmp_path / "b.tar")
    driver.export(tmp_path / "c.tar")
    driver.wait(lambda: driver.job_state(0) == "copying")
    assert (driver.job_state(1), driver.job_state(2)) == ("waiting", "waiting")
    driver.click(driver.jobs, driver.jobs.model().index(1, 0))
    driver.press(driver.cancel)
    assert driver.job_state(1) == "cancelled"
    slow.gate.set()
    driver.wait(lambda: driver.job_state(2).startswith("done"), 10000)
    assert not (tmp_path / "b.tar").exists()
    driver.action("clearJobsAction").trigger()
    assert driver.jobs.model().rowCount() == 0


def test_closing_the_window_stops_what_runs(open_window: Open, tmp_path: Path) -> None:
    big_layout(tmp_path / "big", [64 << 20] * 2)
    driver = open_window(tmp_path / "big")
    opened = driver.window.session.stores[0]
    assert opened.store is not None
    opened.store = SlowStore(opened.store)  # type: ignore[assignment]
    (tmp_path / "out").mkdir()
    driver.export(tmp_path / "out" / "big.tar")
    driver.wait(lambda: driver.job_state() == "copying")
    driver.window.close()
    assert list((tmp_path / "out").iterdir()) == []


def test_the_archive_opens_as_a_store(sample: Driver, tmp_path: Path) -> None:
    sample.choose("edge")
    sample.export(tmp_path / "again.tar")
    sample.wait_job("done")
    sample.action("openJobAction").trigger()
    sample.wait(
        lambda: len(sample.window.session.stores) == 2 and bool(sample.window.session.stores[1].images)
    )
    assert sample.window.session.stores[1].location == str(tmp_path / "again.tar")


def test_checksum_on_request(sample: Driver, tmp_path: Path) -> None:
    sample.choose("edge")
    sample.open_dialog()
    box = next(
        b for b in sample.dialog.findChildren(QAbstractButton) if "SHA-256" in b.text().replace("&", "")
    )
    sample.press(box)
    sample.target.setText(str(tmp_path / "sum.tar"))
    sample.wait_planned()
    sample.press(sample.start)
    sample.wait_job("done")
    digest = hashlib.sha256((tmp_path / "sum.tar").read_bytes()).hexdigest()
    assert digest in sample.child(QLabel, "jobReceipt").text()


def test_a_store_that_went_away_is_said(open_window: Open, tmp_path: Path) -> None:
    shutil.copytree(SAMPLE, tmp_path / "store")
    driver = open_window(tmp_path / "store")
    driver.choose("edge")
    shutil.rmtree(tmp_path / "store")
    driver.open_dialog()
    driver.wait(lambda: driver.error.isVisible())
    assert "not in the store" in driver.error.toPlainText()
    driver.dialog.reject()
