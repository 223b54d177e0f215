"""What a first walk through the window stumbled over."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListView,
    QMessageBox,
    QRadioButton,
    QScrollArea,
    QStyle,
    QTableView,
    QTabWidget,
    QTextEdit,
    QToolButton,
    QTreeView,
)

from tests.gui.driving import LEFT, Driver, texts
from tests.gui.test_history import history

KEY, CTRL = Qt.Key, Qt.KeyboardModifier.ControlModifier


def ticked(driver: Driver) -> list[str]:
    model = driver.child(QListView, "exportPlatforms").model()
    rows = [model.index(row, 0) for row in range(model.rowCount())]
    on = Qt.ItemDataRole.CheckStateRole
    return [str(row.data()).split()[0] for row in rows if row.data(on) == Qt.CheckState.Checked]


def click_tab(driver: Driver, title: str) -> None:
    tabs = driver.child(QTabWidget, "inspector")
    bar = tabs.tabBar()
    at = next(i for i in range(tabs.count()) if tabs.tabText(i) == title)
    driver.wait(lambda: tabs.isTabEnabled(at))
    QTest.mouseClick(bar, LEFT, pos=bar.tabRect(at).center())


# The platform


def test_a_row_of_another_platform_chooses_it_everywhere(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/amd64")
    tree = sample.structure
    sample.click(tree, sample.index(tree, "manifest linux/arm64"))
    assert sample.picker.currentText().startswith("linux/arm64")
    sample.wait(lambda: "Image for linux/arm64" in sample.overview)
    sample.action("showMatrixAction").trigger()
    table = sample.child(QTableView, "matrixView")
    sample.wait(lambda: table.model().rowCount() > 0)
    heads = [table.model().headerData(r, Qt.Orientation.Vertical) for r in range(table.model().rowCount())]
    assert str(heads[table.currentIndex().row()]).startswith("linux/arm64")
    sample.open_dialog()
    sample.wait_planned()
    assert sample.child(QRadioButton, "exportSome").isChecked()
    assert len(ticked(sample)) == 1 and ticked(sample)[0].startswith("linux/arm64")
    sample.dialog.reject()


def test_rows_reached_by_keys_and_below_a_manifest_count_too(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/amd64")
    tree = sample.structure
    sample.click(tree, sample.index(tree, "manifest linux/arm64"))
    sample.keys(KEY.Key_Right, to=tree)
    sample.wait(lambda: tree.model().rowCount(tree.currentIndex()) > 1)
    sample.keys(KEY.Key_Down, to=tree)
    assert tree.currentIndex().data() == "config"
    assert sample.picker.currentText().startswith("linux/arm64")
    sample.click(tree, tree.model().index(0, 0))
    assert sample.picker.currentText().startswith("linux/arm64"), "the index is of no platform"


def test_all_platforms_stays_until_another_is_picked(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("All platforms")
    sample.click(sample.structure, sample.index(sample.structure, "manifest linux/arm64"))
    assert sample.picker.currentIndex() == 0
    sample.open_dialog()
    assert sample.child(QRadioButton, "exportEverything").isChecked()
    sample.dialog.reject()


def unfolded(driver: Driver, box: QComboBox) -> None:
    """Unfold the box by a click; every row must be whole, inside one frame, below or above the box."""
    driver.press(box)
    view = box.view()
    driver.wait(view.isVisible)
    rows = [view.visualRect(view.model().index(row, 0)) for row in range(box.count())]
    assert view.viewport().rect().contains(rows[-1]) and view.verticalScrollBar().maximum() == 0
    assert view.sizeHintForColumn(0) <= view.viewport().width(), "no text is cut off"
    assert view.window().rect() == view.geometry(), "one frame, of the list itself"
    popup = view.window().geometry()
    assert not popup.intersects(QRect(box.mapToGlobal(QPoint(1, 1)), box.size() - QSize(2, 2)))
    driver.keys(KEY.Key_Escape, to=view)
    driver.wait(lambda: not view.isVisible())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lists_of_choices_show_every_row(sample: Driver, theme: str) -> None:
    sample.window.theme.choose(theme)
    sample.choose("harbor-web")
    unfolded(sample, sample.picker)
    sample.open_dialog()
    sample.wait_planned()
    unfolded(sample, sample.child(QComboBox, "exportProfile"))
    sample.dialog.reject()


# Replacing a file


@pytest.fixture
def asked(sample: Driver, tmp_path: Path) -> QMessageBox:
    (tmp_path / "real.tar").write_bytes(b"keep me" * 1000)
    sample.choose("edge")
    sample.export(tmp_path / "real.tar")
    question = sample.child(QMessageBox, "overwriteQuestion")
    sample.qtbot.waitExposed(question)
    return question


def test_a_second_enter_keeps_the_file(sample: Driver, asked: QMessageBox, tmp_path: Path) -> None:
    keep = asked.button(QMessageBox.StandardButton.Cancel)
    assert asked.defaultButton() is keep and asked.escapeButton() is keep and keep.hasFocus()
    sample.keys(KEY.Key_Return, to=asked)
    sample.wait(lambda: not asked.isVisible())
    assert sample.jobs.model().rowCount() == 0 and (tmp_path / "real.tar").read_bytes().startswith(b"keep me")
    sample.dialog.reject()


def test_buttons_bear_no_icons_of_the_platform(sample: Driver, asked: QMessageBox) -> None:
    box = asked.findChild(QDialogButtonBox)
    assert box is not None
    hint = QStyle.StyleHint.SH_DialogButtonBox_ButtonsHaveIcons
    assert box.style().styleHint(hint, None, box) == 0
    assert all(button.icon().isNull() for button in asked.buttons())
    asked.reject()
    sample.dialog.reject()


def test_the_dialog_says_at_once_that_the_file_exists(sample: Driver, tmp_path: Path) -> None:
    (tmp_path / "real.tar").write_bytes(bytes(3000))
    sample.choose("edge")
    sample.open_dialog()
    said = sample.child(QLabel, "exportReplaces")
    sample.target.setText(str(tmp_path / "new.tar"))
    sample.wait_planned()
    assert not said.isVisible()
    sample.target.setText(str(tmp_path / "real.tar"))
    sample.wait(lambda: said.text().startswith("real.tar exists and will be replaced: 2.9 KiB from 20"))
    assert said.isVisible()
    sample.dialog.reject()


# Ctrl+F


def test_find_after_clicking_the_json_tab_is_for_the_document(sample: Driver, qapp: QApplication) -> None:
    sample.choose("harbor-web")
    click_tab(sample, "JSON")
    sample.wait(lambda: "schemaVersion" in sample.json)
    sample.qtbot.wait(1)
    find = sample.child(QLineEdit, "jsonFind")
    sample.keys(KEY.Key_F, CTRL)
    assert qapp.focusWidget() is find and find.isVisible()
    sample.click(sample.images, sample.index(sample.images, "edge"))
    sample.keys(KEY.Key_F, CTRL)
    assert qapp.focusWidget() is sample.filter, "the list was looked at last"


def test_find_from_any_part_of_the_json_tab(sample: Driver, qapp: QApplication) -> None:
    sample.choose("harbor-web")
    click_tab(sample, "JSON")
    sample.wait(lambda: "schemaVersion" in sample.json)
    find = sample.child(QLineEdit, "jsonFind")
    for place in (sample.child(QToolButton, "jsonRaw"), sample.child(QTabWidget, "inspector").tabBar()):
        place.setFocus()
        sample.keys(KEY.Key_F, CTRL, to=place)
        assert qapp.focusWidget() is find
    click_tab(sample, "Overview")
    sample.child(QTabWidget, "inspector").tabBar().setFocus()
    sample.keys(KEY.Key_F, CTRL)
    assert qapp.focusWidget() is sample.filter, "the overview has nothing to find in"


# Run again


def test_run_again_names_its_files_as_it_did(sample: Driver, tmp_path: Path) -> None:
    sample.choose("edge")
    sample.click(sample.images, sample.index(sample.images, "zstd-tool"), CTRL)
    sample.open_dialog()
    sample.press(sample.child(QRadioButton, "exportEach"))
    template = sample.child(QLineEdit, "exportTemplate")
    template.setText("mine-{name}")
    sample.target.setText(str(tmp_path))
    sample.wait_planned()
    sample.press(sample.start)
    sample.wait_job("done")
    written = sorted(path.name for path in tmp_path.glob("mine-*"))
    assert len(written) == 2
    window = sample.window
    window.export._last = None  # as on the next day, with another template in the preferences
    window.settings.preferences = replace(window.settings.preferences, name_template="other-{name}")
    view = history(sample)
    view.setCurrentIndex(view.model().index(0, 0))
    sample.keys(KEY.Key_Return, to=view)
    sample.wait(lambda: window.export.dialog is not None)
    assert sample.child(QLineEdit, "exportTemplate").text() == "mine-{name}"
    preview = sample.child(QTreeView, "exportPreview")
    sample.wait(lambda: len(texts(preview)) == 2)
    names = sorted(str(preview.model().index(row, 1).data()) for row in range(2))
    assert names == written
    sample.dialog.reject()


# One platform and those who read it


def test_the_flags_that_skopeo_needs(sample: Driver, tmp_path: Path) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/arm/v7")
    sample.open_dialog()
    sample.target.setText(str(tmp_path / "arm.tar"))
    sample.wait_planned()
    flags = "--override-arch arm --override-os linux --override-variant v7"
    said = " ".join(label.text() for label in sample.dialog.findChildren(QLabel))
    assert f"skopeo reads it with {flags}." in said and "kind#3795" in said
    sample.press(sample.start)
    sample.wait_job("done")
    box = sample.child(QScrollArea, "loadCommands")
    line = next(line for line in box.findChildren(QLineEdit) if line.text().startswith("skopeo"))
    assert line.text().startswith(f"skopeo {flags} copy oci-archive:{tmp_path}/arm.tar docker://")
    seen = line.visibleRegion().boundingRect()
    assert seen == line.rect(), "whole, without scrolling"


# What the dialog says


def test_nothing_is_said_twice_and_no_gap_stays(sample: Driver, tmp_path: Path) -> None:
    sample.choose("edge")
    sample.open_dialog()
    sample.target.setText(str(tmp_path / "a.tar"))
    sample.wait_planned()
    before = sample.dialog.height()
    sample.target.setText(str(tmp_path / "nowhere" / "a.tar"))
    sample.wait(lambda: sample.error.isVisible() and sample.dialog.height() > before + 60)
    card = sample.error.parentWidget()
    said = " ".join([*(label.text() for label in card.findChildren(QLabel)), sample.error.toPlainText()])
    assert said.count("nowhere") == 1 and "What to do" in said
    sample.target.setText(str(tmp_path / "a.tar"))
    sample.wait(lambda: not sample.error.isVisible() and sample.dialog.height() < before + 30)
    sample.dialog.resize(sample.dialog.width(), before + 120)
    sample.target.setText(str(tmp_path / "b.tar"))
    sample.wait_planned()
    assert sample.dialog.height() == before + 120, "a height that somebody chose stays"
    sample.dialog.reject()


def test_the_whole_command_is_seen(sample: Driver, tmp_path: Path) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/arm/v7")
    sample.open_dialog()
    sample.target.setText(str(tmp_path / "a.tar"))
    sample.wait_planned()
    command = sample.child(QTextEdit, "exportCommand")
    assert command.toPlainText().endswith("--platform linux/arm/v7")
    assert command.document().size().height() > 2 * command.fontMetrics().lineSpacing(), "it is wrapped"
    assert command.verticalScrollBar().maximum() == command.horizontalScrollBar().maximum() == 0
    sample.dialog.reject()


def test_why_something_is_missing_is_read_at_once(sample: Driver) -> None:
    sample.choose("sparse-cache")
    sample.wait(lambda: "linux/amd64 of docker.io/library/sparse-cache" in sample.overview)
    sample.click(sample.structure, sample.structure.model().index(0, 0))
    sample.wait(lambda: "is not in the store" in sample.overview)
    sample.open_dialog()
    said = sample.child(QLabel, "exportFirstMissing")
    sample.wait(said.isVisible)
    assert "is not in the store" in said.text() and "sparse-cache" in said.text()
    sample.press(sample.child(QRadioButton, "exportEverything"))
    sample.wait(lambda: "is not in the store" in sample.error.toPlainText() and not said.isVisible())
    sample.dialog.reject()


def test_alt_e_is_the_edit_menus_alone(sample: Driver) -> None:
    seen = [b.text() for b in sample.window.findChildren(QAbstractButton) if b.isVisible()]
    assert not [text for text in seen if "&e" in text.lower()] and "Export…" in seen
    sample.open_dialog()
    seen = [b.text() for b in sample.dialog.findChildren(QAbstractButton) if b.isVisible()]
    assert not [text for text in seen if "&e" in text.lower()]
    sample.dialog.reject()


def test_a_store_that_is_not_there_is_named_once(sample: Driver, tmp_path: Path) -> None:
    sample.window.stores.open(str(tmp_path / "nothing"))
    card = sample.window.images.failure
    sample.wait(card.isVisible)
    said = card.title.text() + card.text.toPlainText()
    assert said.count(str(tmp_path / "nothing")) == 1


# In a small window


def cut_off(driver: Driver) -> list[str]:
    """Our buttons (Qt's own have no name) that are not seen whole."""
    seen = [b for b in driver.window.findChildren(QAbstractButton) if b.isVisible()]
    ours = [b for b in seen if (b.accessibleName() or b.text()) and "Scroll" not in b.objectName()]
    return [b.accessibleName() or b.text() for b in ours if not whole(b)]


def whole(button: QAbstractButton) -> bool:
    seen = button.visibleRegion().boundingRect()
    return seen == button.rect() and button.width() >= button.minimumSizeHint().width()


def test_a_window_of_800_pixels_cuts_nothing_off(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.action("showJobsAction").setChecked(True)
    sample.window.resize(800, 700)
    sample.wait(lambda: sample.window.width() == 800)
    for action in ("showMatrixAction", "showTreeAction"):
        sample.action(action).trigger()
        assert sample.window.minimumSizeHint().width() <= 800
        sample.wait(lambda: cut_off(sample) == [])
    assert sample.picker.currentText() in sample.picker.toolTip()


def test_every_tab_of_a_narrow_inspector_is_reached_by_mouse(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.window.resize(800, 700)
    tabs = sample.child(QTabWidget, "inspector")
    bar = tabs.tabBar()
    last = tabs.count() - 1
    sample.wait(lambda: tabs.isTabEnabled(last) and sample.window.width() == 800)
    onward = bar.findChild(QToolButton, "ScrollRightButton")
    assert onward is not None and bar.tabRect(last).right() > onward.x()
    while onward.isEnabled():
        sample.press(onward)
    assert bar.tabRect(last).right() <= onward.x()
    click_tab(sample, tabs.tabText(last))
    assert tabs.currentIndex() == last
