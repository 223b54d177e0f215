"""Several images: into one archive or a file for each, named by a template; what came of each of them."""

import hashlib
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QListView,
    QMessageBox,
    QRadioButton,
    QTabBar,
    QTextEdit,
    QTreeView,
)

from exporter_core import ExportOptions, Image, open_store, plan_export, verify_location
from gui.models.targets import TargetsModel, name_files, targets_problem
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import Driver, row_text
from tests.gui.test_models import watch
from tests.images import StoreBuilder

KEY, CTRL = Qt.Key, Qt.KeyboardModifier.ControlModifier


def choose_several(driver: Driver, *names: str) -> None:
    driver.choose(names[0])
    for name in names[1:]:
        driver.click(driver.images, driver.index(driver.images, name), CTRL)


def one_each(driver: Driver, folder: Path, template: str = "{name}") -> None:
    """Open the dialog and fill it in for one file each."""
    driver.open_dialog()
    driver.press(driver.child(QRadioButton, "exportEach"))
    driver.press(driver.child(QRadioButton, "exportEverything"))
    line = driver.child(QLineEdit, "exportTemplate")
    line.selectAll()
    QTest.keyClicks(line, template)
    driver.target.selectAll()
    QTest.keyClicks(driver.target, str(folder))


def table(view: QTreeView) -> list[list[str]]:
    model = view.model()
    return [row_text(model.index(row, 0)) for row in range(model.rowCount())]


def test_one_file_for_each_image(sample: Driver, tmp_path: Path) -> None:
    choose_several(sample, "legacy-api", "zstd-tool", "edge")
    one_each(sample, tmp_path, "{name}_{digest}")
    preview = sample.child(QTreeView, "exportPreview")
    sample.wait(lambda: [row[3] for row in table(preview)] == ["ready"] * 3)
    names = [row[1] for row in table(preview)]
    assert names[0].startswith("legacy-api_1.9_") and all(name.endswith(".tar") for name in names)
    assert "3 archives" in sample.child(QLabel, "exportFacts").text()
    assert sample.child(QTextEdit, "exportCommand").text().count("shipglass export") == 3
    sample.press(next(b for b in sample.dialog.findChildren(QAbstractButton) if "256" in b.text()))
    sample.wait_planned()
    sample.press(sample.start)
    sample.wait_job("done")
    results = sample.child(QTreeView, "resultTable")
    assert results.isVisible() and [row[1] for row in table(results)] == names
    for row in table(results):
        path = tmp_path / row[1]
        assert verify_location(path).ok and row[5] == "done and verified" and row[2] and row[3]
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(row[4].rstrip("…"))
    assert sample.jobs.model().rowCount() == 1
    assert sample.jobs.model().rowCount(sample.jobs.model().index(0, 0)) == 3
    assert "3 files in" in sample.child(QLabel, "jobReceipt").text()


def test_names_that_meet_are_said_before_the_start(sample: Driver, tmp_path: Path) -> None:
    choose_several(sample, "legacy-api", "zstd-tool")
    one_each(sample, tmp_path, "same")
    problem = sample.child(QLabel, "exportNamesProblem")
    sample.wait(lambda: problem.isVisible() and not sample.start.isEnabled())
    assert "1 file name cannot be used" in problem.text() and "{digest}" in problem.text()
    preview = sample.child(QTreeView, "exportPreview")
    assert table(preview)[1][3] == "same name as legacy-api:1.9"
    line = sample.child(QLineEdit, "exportTemplate")
    line.setFocus()
    QTest.keyClicks(line, "{nothing}")
    sample.wait(lambda: "no field {nothing}" in problem.text())
    line.clear()
    QTest.keyClicks(line, "{tag}-{name}")
    sample.wait_planned()
    assert not problem.isVisible() and table(preview)[0][1] == "1.9-legacy-api.tar"
    sample.dialog.reject()


def test_one_that_cannot_work_does_not_keep_the_others(sample: Driver, tmp_path: Path) -> None:
    choose_several(sample, "legacy-api", "sparse-cache", "broken-job")
    one_each(sample, tmp_path)
    preview = sample.child(QTreeView, "exportPreview")
    sample.wait(lambda: "impossible: 2 problems" in str(table(preview)))
    sample.wait_planned()
    assert any("1 image cannot be exported" in label.text() for label in sample.dialog.findChildren(QLabel))
    sample.press(sample.start)
    sample.wait_job("failed")
    rows = table(sample.child(QTreeView, "resultTable"))
    assert rows[0][5] == "done and verified"
    assert rows[1][5] != "done and verified" and rows[2][5] != "done and verified"
    said = sample.error.toPlainText()
    assert "e0f90706" in said and "a1b411aa" in said and str(tmp_path / "broken-job_1.tar") in said
    assert sorted(path.name for path in tmp_path.glob("*.tar")) == ["legacy-api_1.9.tar"]


def test_only_what_failed_is_tried_again(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    good, bad = builder.layer({"a": "x" * 3000}), builder.layer({"b": "y" * 3000})
    builder.name("docker.io/library/good:1", builder.manifest(builder.config([good]), [good]))
    builder.name("docker.io/library/bad:1", builder.manifest(builder.config([bad]), [bad]))
    whole = builder.blobs[bad["digest"]]
    builder.flip(bad, 40)
    store = builder.write_layout(tmp_path / "store")
    driver = open_window(store)
    choose_several(driver, "good", "bad")
    (tmp_path / "out").mkdir()
    one_each(driver, tmp_path / "out")
    driver.wait_planned()
    driver.press(driver.start)
    driver.wait_job("failed")
    written = (tmp_path / "out" / "good_1.tar").stat().st_mtime_ns
    (store / "blobs" / bad["digest"].replace(":", "/")).write_bytes(whole)
    driver.action("retryJobAction").trigger()
    driver.wait_job("done")
    assert (tmp_path / "out" / "good_1.tar").stat().st_mtime_ns == written
    assert verify_location(tmp_path / "out" / "bad_1.tar").ok and not driver.error.isVisible()


def test_files_that_exist_are_asked_about_together(sample: Driver, tmp_path: Path) -> None:
    for name in ("legacy-api_1.9.tar", "zstd-tool_0.3.tar"):
        (tmp_path / name).write_bytes(b"old")
    choose_several(sample, "legacy-api", "zstd-tool")
    one_each(sample, tmp_path)
    preview = sample.child(QTreeView, "exportPreview")
    sample.wait(lambda: "replaces a file" in str(table(preview)))
    old = sum("replaces" in row[3] for row in table(preview))
    sample.wait_planned()
    sample.press(sample.start)
    question = sample.child(QMessageBox, "overwriteQuestion")
    sample.qtbot.waitExposed(question)
    assert question.text().count(".tar") == old
    sample.press(next(b for b in question.buttons() if b.text() == "Replace"))
    sample.wait_job("done")
    assert all(verify_location(tmp_path / row[1]).ok for row in table(sample.child(QTreeView, "resultTable")))


def test_same_as_last_time(sample: Driver, tmp_path: Path) -> None:
    sample.choose("edge")
    sample.open_dialog()
    assert not sample.child(QAbstractButton, "exportLast").isVisible()
    sample.press(next(b for b in sample.dialog.findChildren(QAbstractButton) if "manifest.json" in b.text()))
    sample.press(sample.child(QRadioButton, "exportEverything"))
    sample.target.setText(str(tmp_path / "first.tar"))
    sample.wait_planned()
    sample.press(sample.start)
    sample.wait_job("done")
    sample.choose("harbor-web")
    sample.pick("linux/arm64")
    sample.open_dialog()
    box = next(b for b in sample.dialog.findChildren(QAbstractButton) if "manifest.json" in b.text())
    assert not box.isChecked(), "options stay for the session"
    assert sample.child(QRadioButton, "exportSome").isChecked(), "the platform is the one that is looked at"
    sample.press(sample.child(QAbstractButton, "exportLast"))
    assert sample.child(QRadioButton, "exportEverything").isChecked()
    assert sample.target.text() == str(tmp_path / "harbor-web_2.4.tar")
    sample.wait_planned()
    sample.keys(KEY.Key_Escape, to=sample.dialog)


def test_what_is_missing_can_be_unfolded_by_keys(sample: Driver) -> None:
    sample.choose("sparse-cache")
    sample.open_dialog()
    button = sample.child(QAbstractButton, "exportMissingButton")
    ticks = sample.child(QListView, "exportPlatforms")
    sample.wait(lambda: button.isVisible())
    tips = [str(ticks.model().index(r, 0).data(Qt.ItemDataRole.ToolTipRole)) for r in range(2)]
    assert any("is not in the store" in tip for tip in tips)
    sample.keys(KEY.Key_Space, to=button)
    text = sample.child(QTextEdit, "exportMissing")
    assert text.isVisible() and "layer 2 of linux/arm64/v8" in text.toPlainText()
    sample.keys(KEY.Key_Space, to=button)
    assert not text.isVisible()
    sample.dialog.reject()


def test_a_reader_that_would_refuse_is_named(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/arm64")
    sample.open_dialog()
    sample.wait_planned()
    said = " ".join(label.text() for label in sample.dialog.findChildren(QLabel) if label.isVisible())
    assert "kind load image-archive" in said and "choose everything for them" in said
    sample.press(sample.child(QRadioButton, "exportEverything"))
    sample.wait_planned()
    said = " ".join(label.text() for label in sample.dialog.findChildren(QLabel) if label.isVisible())
    assert "refuse such an archive" not in said
    sample.dialog.reject()


@pytest.mark.parametrize("each", [False, True])
def test_browsing_for_the_target(sample: Driver, tmp_path: Path, each: bool) -> None:
    choose_several(sample, "edge", "zstd-tool")
    sample.open_dialog()
    if each:
        sample.press(sample.child(QRadioButton, "exportEach"))
    sample.target.setText(str(tmp_path if each else tmp_path / "x.tar"))
    (tmp_path / "deep").mkdir()
    sample.press(next(b for b in sample.dialog.findChildren(QAbstractButton) if "Browse" in b.text()))
    chooser = sample.child(QFileDialog, "exportBrowse")
    sample.qtbot.waitExposed(chooser)
    line = sample.child(QLineEdit, "fileNameEdit")
    line.setText(str(tmp_path / "deep") if each else str(tmp_path / "named"))
    box = chooser.findChild(QDialogButtonBox)
    assert box is not None
    sample.press(next(b for b in box.buttons() if box.buttonRole(b) == box.ButtonRole.AcceptRole))
    sample.wait(lambda: not chooser.isVisible())
    assert sample.target.text() == str(tmp_path / "deep" if each else tmp_path / "named.tar")
    sample.wait_planned()
    sample.dialog.reject()


def test_one_each_by_keys_alone(sample: Driver, tmp_path: Path) -> None:
    choose_several(sample, "edge", "zstd-tool")
    sample.keys(KEY.Key_E, CTRL, to=sample.window)
    sample.wait(lambda: sample.target.hasFocus())
    for _ in range(20):
        if sample.child(QRadioButton, "exportEach").hasFocus():
            break
        sample.keys(KEY.Key_Backtab)
    sample.keys(KEY.Key_Space)
    assert sample.child(QRadioButton, "exportEach").isChecked()
    for _ in range(20):
        sample.keys(KEY.Key_Tab)
        if sample.target.hasFocus():
            break
    sample.keys(KEY.Key_A, CTRL)
    QTest.keyClicks(sample.target, str(tmp_path))
    sample.wait_planned()
    sample.keys(KEY.Key_Return, to=sample.target)
    sample.wait_job("done")
    assert len(list(tmp_path.glob("*.tar"))) == 2


def test_v1_is_offered_where_each_archive_has_one_image(sample: Driver) -> None:
    choose_several(sample, "edge", "zstd-tool")
    sample.open_dialog()
    profile = sample.child(QComboBox, "exportProfile")
    assert profile.count() == 1
    sample.press(sample.child(QRadioButton, "exportEach"))
    assert profile.count() == 2
    profile.setCurrentIndex(1)
    sample.press(sample.child(QRadioButton, "exportTogether"))
    assert profile.count() == 1 and profile.currentData() == "oci"
    sample.wait_planned()
    sample.dialog.reject()


def test_a_corrupt_blob_is_marked_until_the_store_is_opened_again(sample: Driver, tmp_path: Path) -> None:
    sample.choose("broken-job")
    sample.export(tmp_path / "broken.tar")
    sample.wait_job("failed")
    sample.structure.expandAll()

    def marked() -> list[QModelIndex]:
        model = sample.structure.model()
        top = model.index(0, 0)
        rows = [model.index(r, 0, top) for r in range(model.rowCount(top))]
        return [row for row in rows if row.siblingAtColumn(1).data() == "corrupt"]

    sample.wait(lambda: len(marked()) == 1)
    assert "hash to sha256:a1b411aaa95c3748" in marked()[0].data(Qt.ItemDataRole.ToolTipRole)
    sample.choose("edge")
    assert marked() == []
    sample.choose("broken-job")
    sample.wait(lambda: len(marked()) == 1)
    sample.action("reloadAction").trigger()
    sample.wait(lambda: sample.window.session.stores[0].corrupt == {} and marked() == [])
    sample.wait_shown()


def test_targets_model_in_every_state() -> None:
    store = open_store(SAMPLE)
    images = list(store.images()[:3])
    options = ExportOptions(all_platforms=True)
    model = TargetsModel()
    watch(model)
    model.show([], (), ())
    targets = name_files("{name}", images, options, "/s/here", "/t")
    model.show(targets, (), ())
    assert {model.index(r, 3).data() for r in range(3)} == {"planning…"}
    plans = [plan_export(store, [image], options) for image in images]
    model.show(targets, plans, {targets[1].path})
    assert model.index(1, 3).data() == "replaces a file" and model.index(0, 2).data()
    model.show(name_files("x", images, options, "", "/t"), plans, ())
    assert model.data(QModelIndex()) is None and model.headerData(1, Qt.Orientation.Horizontal) == "File"
    store.close()


def test_names_that_no_file_system_takes() -> None:
    store = open_store(SAMPLE)
    target = store.images()[0].target
    options = ExportOptions()
    long, reserved = Image("例" * 120, target), Image("docker.io/library/con", target)
    problems = [name_files("{name}", [image], options, "", "/t")[0].problem for image in (long, reserved)]
    assert "too long" in problems[0] and "Windows" in problems[1]
    assert "2 file names" in targets_problem(name_files("{name}", [long, reserved], options, "", "/t"))
    store.close()


def test_the_files_page_is_the_first_of_several(sample: Driver, tmp_path: Path) -> None:
    choose_several(sample, "edge", "zstd-tool")
    one_each(sample, tmp_path)
    sample.wait_planned()
    sample.press(sample.start)
    sample.wait_job("done")
    tabs = sample.child(QTabBar, "jobTabs")
    assert tabs.tabText(tabs.currentIndex()) == "Files"
    results = sample.child(QTreeView, "resultTable")
    sample.click(results, results.model().index(1, 0))
    tabs.setCurrentIndex(2)
    lines = [line.text() for line in sample.window.findChildren(QLineEdit) if line.isVisible()]
    name = table(results)[1][1]
    assert f"docker load --input {tmp_path / name}" in lines
