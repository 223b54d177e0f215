"""The matrix: what it shows, where a click leads, why an export would fail; empty, loading, broken; scale."""

import time
from pathlib import Path
from typing import BinaryIO

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QLabel,
    QListView,
    QPlainTextEdit,
    QRadioButton,
    QTableView,
    QTabWidget,
)  # fmt: skip

from exporter_core import Descriptor, Store, open_store
from exporter_core.graph import CellState, completeness_matrix
from gui.models import ACCESSIBLE_TEXT, DISPLAY, TOOL_TIP, VALUE
from gui.models.matrix import MatrixModel, cell_badge
from gui.widgets import Pages
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import Driver
from tests.gui.fakes import StuckStore
from tests.images import StoreBuilder, altered

WARN = QAbstractItemModelTester.FailureReportingMode.Warning
CONTROL = Qt.KeyboardModifier.ControlModifier


def view(driver: Driver) -> QTableView:
    return driver.child(QTableView, "matrixView")


def open_matrix(driver: Driver) -> QTableView:
    """By its key; waits until it is filled."""
    driver.keys(Qt.Key.Key_M, CONTROL, to=driver.window)
    driver.wait(lambda: view(driver).model().rowCount() > 0)
    return view(driver)


def pages(driver: Driver) -> Pages:
    return driver.window.looking.matrix_pane.pages


def harmed(builder: StoreBuilder) -> None:
    """An image with every state: amd64 whole and attested, arm64 without a layer, arm of a wrong size,
    windows with a layer that is not fetched, riscv64 with a broken manifest.
    """
    whole = builder.image([{"a": "1"}, {"b": "1"}], "linux/amd64")
    lacking_layers = [builder.layer({"a": "2"}), builder.layer({"b": "2"})]
    lacking = builder.manifest(builder.config(lacking_layers, "linux/arm64"), lacking_layers)
    builder.drop(lacking_layers[1])
    short_layers = [builder.layer({"a": "3"})]
    short = builder.manifest(builder.config(short_layers, "linux/arm/v7"), short_layers)
    builder.truncate(short_layers[0])
    foreign = builder.layer({"w": "4"}, foreign=True)
    windows = builder.manifest(builder.config([foreign], "windows/amd64"), [foreign])
    builder.drop(foreign)
    broken = builder.image([{"a": "5"}], "linux/riscv64")
    builder.flip(broken, 3)
    children = [
        (whole, "linux/amd64"), (lacking, "linux/arm64"), (short, "linux/arm/v7"), (windows, "windows/amd64"),
        (broken, "linux/riscv64"), builder.attestation(whole),
    ]  # fmt: skip
    builder.name("docker.io/library/harmed:1", builder.index(children))


def states(table: QTableView) -> dict[str, list[CellState | None]]:
    model = table.model()
    found = {}
    for row in range(model.rowCount()):
        cells = [model.index(row, column).data(VALUE) for column in range(model.columnCount())]
        name = str(model.headerData(row, Qt.Orientation.Vertical))
        found[name] = [cell.state if cell is not None else None for cell in cells]
    return found


def test_every_state(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    harmed(builder)
    driver = open_window(builder.write_layout(tmp_path / "store"))
    table = open_matrix(driver)
    here, gone, wrong = CellState.PRESENT, CellState.MISSING, CellState.WRONG_SIZE
    assert states(table) == {
        "linux/amd64": [here, here, here, here, here],
        "linux/arm64": [here, here, here, gone, None],
        "linux/arm/v7": [here, here, wrong, None, None],
        "windows/amd64": [here, here, CellState.NOT_FETCHED, None, None],
        "linux/riscv64": [CellState.CORRUPT, None, None, None, None],
    }
    model = table.model()
    assert model.index(1, 3).data(ACCESSIBLE_TEXT).startswith("layer 2/2 · linux/arm64: missing, ")
    assert "Fetch" in model.index(1, 3).data(TOOL_TIP)
    assert "missing: 1 platform" in model.headerData(3, Qt.Orientation.Horizontal, TOOL_TIP)
    symbols = {cell_badge(state).icon for state in CellState}
    assert len(symbols) == len(CellState), "told apart without colours"
    words = driver.child(QLabel, "matrixWords").text()
    assert words == (
        "1 of 5 platforms can be exported · 1 missing, 1 wrong size, 1 corrupt, 1 not fetched by design"
    )


def test_a_click_leads_to_the_node(sample: Driver) -> None:
    sample.choose("sparse-cache")
    table = open_matrix(sample)
    driver = sample
    driver.click(table, table.model().index(1, 3))
    driver.wait(lambda: driver.structure.currentIndex().data() == "layer 2/2")
    driver.wait(lambda: "Layer 2/2" in driver.overview and "missing" in driver.overview)
    assert "linux/arm64/v8" in driver.picker.currentText(), "the platform follows"
    assert driver.child(QTabWidget, "middleTabs").tabText(1) == "Matrix"
    assert table.isVisible(), "the matrix stays"
    QTest.mouseDClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(table.model().index(1, 3)).center()
    )
    driver.wait(driver.structure.isVisible)
    assert driver.structure.hasFocus()


def test_by_keyboard(sample: Driver) -> None:
    sample.choose("harbor-web")
    table = open_matrix(sample)
    assert table.hasFocus() and table.currentIndex() == table.model().index(0, 0), "where the tree is"
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        sample.keys(key)
    assert "linux/arm64/v8" in sample.child(QLabel, "matrixRowWords").text()
    sample.keys(Qt.Key.Key_Return)
    sample.wait(lambda: sample.structure.currentIndex().data() == "layer 1/5")
    assert "linux/arm64/v8" in sample.picker.currentText()
    sample.keys(Qt.Key.Key_T, CONTROL, to=sample.window)
    assert sample.structure.hasFocus()


def test_the_matrix_follows_the_tree(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/arm/v7")
    sample.wait(lambda: sample.structure.currentIndex().data() == "manifest linux/arm/v7")
    sample.click(sample.structure, sample.structure.model().index(2, 0, sample.structure.currentIndex()))
    table = open_matrix(sample)
    sample.wait(lambda: table.currentIndex() == table.model().index(2, 3))
    sample.pick("windows")
    sample.wait(lambda: table.currentIndex() == table.model().index(3, 0))


def test_why_an_export_would_fail_and_the_dialog_says_the_same(sample: Driver) -> None:
    sample.choose("sparse-cache")
    table = open_matrix(sample)
    sample.click(table, table.model().index(1, 0))
    sample.wait(lambda: "an export would fail: 2 problems" in sample.child(QLabel, "matrixRowWords").text())
    why = sample.child(QPlainTextEdit, "matrixProblems")
    assert why.isVisible() and why.toPlainText().count("The blob is not in the store.") == 2
    assert "What to do: " in why.toPlainText()
    button = sample.child(QAbstractButton, "matrixExport")
    sample.press(button)
    sample.qtbot.waitExposed(sample.dialog)
    assert sample.child(QRadioButton, "exportSome").isChecked()
    ticks = sample.child(QListView, "exportPlatforms").model()
    ticked = [
        str(ticks.index(row, 0).data())
        for row in range(ticks.rowCount())
        if ticks.index(row, 0).data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    ]
    assert len(ticked) == 1 and ticked[0].startswith("linux/arm64")
    said = sample.window.export.dialog.failure.text
    sample.wait(lambda: said.toPlainText().count("The blob is not in the store.") == 2)
    assert said.toPlainText() == why.toPlainText()
    sample.dialog.reject()


def test_a_whole_platform_says_so(sample: Driver) -> None:
    sample.choose("harbor-web")
    open_matrix(sample)
    sample.wait(lambda: "complete: it can be exported" in sample.child(QLabel, "matrixRowWords").text())
    assert not sample.child(QPlainTextEdit, "matrixProblems").isVisible()


def test_the_choice_is_remembered(open_window: Open) -> None:
    driver = open_window(SAMPLE)
    open_matrix(driver)
    driver.window.close()
    again = open_window(SAMPLE)
    assert view(again).isVisible()
    again.wait(lambda: view(again).model().rowCount() > 0)


def test_empty_loading_and_broken(
    open_window: Open, builder: StoreBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = builder.index([])
    builder.name("docker.io/library/none:1", none)
    gone = builder.index([builder.image()])
    builder.name("docker.io/library/gone:1", gone)
    builder.name("docker.io/library/whole:1", builder.image([{"w": "w"}]))
    builder.drop(gone)
    driver = open_window(builder.write_layout(tmp_path / "store"))
    driver.keys(Qt.Key.Key_M, CONTROL, to=driver.window)
    driver.choose("none:1")
    driver.wait(lambda: pages(driver).placeholder.title.text() == "No platforms")
    driver.choose("gone:1")
    driver.wait(lambda: "cannot work" in pages(driver).placeholder.title.text())
    assert "not in the store" in pages(driver).placeholder.text.text()
    stuck = StuckStore(driver.window.session.stores[0].store)  # type: ignore[arg-type]
    driver.window.session.stores[0].store = stuck  # type: ignore[assignment]
    driver.click(driver.images, driver.index(driver.images, "whole:1"))
    driver.wait(lambda: pages(driver).placeholder.title.text() == "Loading…")
    stuck.gate.set()
    driver.wait(lambda: pages(driver).shows_view and view(driver).model().rowCount() == 1)

    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("gui.features.matrix.completeness_matrix", fail)
    driver.choose("gone:1")
    driver.wait(lambda: "the disk is gone" in pages(driver).placeholder.title.text())
    driver.action("closeStoreAction").trigger()
    driver.wait(lambda: pages(driver).placeholder.title.text() == "No image selected")


class Recorded(StuckStore):
    """It remembers the digests of the documents that were asked for."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.opened: list[str] = []

    def open(self, descriptor: Descriptor) -> BinaryIO:
        self.opened.append(descriptor.digest_text)
        return super().open(descriptor)


def test_the_next_image_ends_the_reading_of_the_one_before(
    open_window: Open, builder: StoreBuilder, tmp_path: Path
) -> None:
    platforms = ("linux/amd64", "linux/arm64", "linux/s390x")
    children = [(builder.image([{"n": p}], platform=p), p) for p in platforms]
    builder.name("docker.io/library/many:1", builder.index(children))
    builder.name("docker.io/library/one:1", builder.image([{"w": "w"}]))
    driver = open_window(builder.write_layout(tmp_path / "store"))
    driver.choose("one:1")
    table = open_matrix(driver)
    driver.wait(lambda: table.model().rowCount() == 1)
    (opened,) = driver.window.session.stores
    assert opened.store is not None
    opened.store = store = Recorded(opened.store)  # type: ignore[assignment]
    driver.click(driver.images, driver.index(driver.images, "many:1"))
    driver.wait(lambda: pages(driver).placeholder.title.text() == "Loading…")
    driver.click(driver.images, driver.index(driver.images, "one:1"))
    store.gate.set()
    driver.wait(lambda: pages(driver).shows_view and table.model().rowCount() == 1)
    driver.wait(lambda: driver.window.session.pool._threads.activeThreadCount() == 0)
    assert children[-1][0]["digest"] not in store.opened


def test_model() -> None:
    model = MatrixModel()
    tester = QAbstractItemModelTester(model, WARN)
    store = open_store(SAMPLE)
    for image in store.images():
        model.show(completeness_matrix(store, image))
        for column in range(model.columnCount()):
            for role in (DISPLAY, TOOL_TIP):
                assert model.headerData(column, Qt.Orientation.Horizontal, role)
    model.show(None)
    assert model.rowCount() == 0 == model.columnCount()
    assert model.data(QModelIndex()) is None and model.flags(QModelIndex()) == Qt.ItemFlag.NoItemFlags
    assert model.headerData(3, Qt.Orientation.Vertical) is None
    assert not model.find((1, 2)).isValid()
    store.close()
    del tester


def test_a_digest_that_is_none_is_a_broken_cell(
    open_window: Open, builder: StoreBuilder, tmp_path: Path
) -> None:
    layer = altered(builder.layer({"a": "1"}), digest="no digest")
    builder.name("docker.io/library/odd:1", builder.manifest(builder.config([], "linux/amd64"), [layer]))
    driver = open_window(builder.write_layout(tmp_path / "store"))
    table = open_matrix(driver)
    assert states(table)["linux/amd64"][2] is CellState.BROKEN
    driver.click(table, table.model().index(0, 2))
    driver.wait(lambda: driver.structure.currentIndex().data() == "layer 1/1")


def test_hundreds_of_platforms_and_layers(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    layers = [builder.layer({"n": str(n)}) for n in range(30)]
    children = []
    for n in range(200):
        platform = f"linux/arch{n}"
        children.append((builder.manifest(builder.config(layers, platform), layers), platform))
    builder.name("docker.io/library/huge:1", builder.index(children))
    driver = open_window(builder.write_layout(tmp_path / "store"))
    store = driver.window.session.stores[0].store
    assert store is not None
    matrix = completeness_matrix(store, store.images()[0])
    pane = driver.window.looking.matrix_pane
    driver.keys(Qt.Key.Key_M, CONTROL, to=driver.window)
    driver.wait(lambda: view(driver).model().rowCount() == 200, 15000)
    start = time.perf_counter()
    pane.show_matrix(matrix)
    pane.view.repaint()
    took = time.perf_counter() - start
    print(f"a matrix of 200 × 30 is shown in {took * 1000:.0f} ms")
    assert took < 0.5
    start = time.perf_counter()
    pane.view.scrollToBottom()
    pane.view.repaint()
    assert time.perf_counter() - start < 0.2
