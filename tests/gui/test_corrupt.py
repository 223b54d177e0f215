"""What is known to be corrupt is said wherever it is shown: one truth for every view."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QListView, QTableView

from exporter_core.errors import DigestMismatch
from exporter_core.graph import CellState
from gui.models import ROW, VALUE
from gui.models.rows import ImageRow
from gui.text import number
from tests.gui.conftest import Open
from tests.gui.driving import Driver, indexes, row_text
from tests.images import Json, StoreBuilder

ONE = "1 blob corrupt"


def damaged(builder: StoreBuilder) -> Json:
    """``first`` (two platforms) and ``second`` share a layer whose bytes were changed; ``sound`` does not."""
    bad, good = builder.layer({"bad": "1"}), builder.layer({"good": "1"})
    builder.flip(bad)
    layers = [good, bad]
    amd = builder.manifest(builder.config(layers, "linux/amd64"), layers)
    arm = builder.image([{"arm": "1"}], "linux/arm64")
    inner = builder.index([(amd, "linux/amd64")])
    builder.name("docker.io/library/first:1", builder.index([inner, (arm, "linux/arm64")]))
    builder.name("docker.io/library/second:1", builder.manifest(builder.config([bad], "linux/amd64"), [bad]))
    builder.name("docker.io/library/sound:1", builder.image([{"s": "1"}], "linux/amd64"))
    return bad


@pytest.fixture
def driver(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> Driver:
    damaged(builder)
    return open_window(builder.write_layout(tmp_path / "store"))


def fail(driver: Driver, target: Path, name: str = "second") -> None:
    """Export the image, so that the corrupt blob is found."""
    driver.choose(name)
    driver.export(target)
    driver.wait_job("failed")


def image(driver: Driver, name: str) -> ImageRow:
    row = driver.index(driver.images, name).data(ROW)
    assert isinstance(row, ImageRow)
    return row


def rows(driver: Driver) -> dict[str, str]:
    """What the tree says of each row that it shows."""
    driver.structure.expandAll()
    return {row_text(index)[0]: row_text(index)[1] for index in indexes(driver.structure)}


def test_all_views_agree_on_a_blob_that_an_export_found(driver: Driver, tmp_path: Path) -> None:
    driver.choose("first")
    assert any("complete" in driver.picker.itemText(i) for i in range(3)) and ONE not in driver.overview
    fail(driver, tmp_path / "out.tar")
    driver.wait(lambda: image(driver, "first").words == ONE)  # another image of the store
    driver.wait(lambda: image(driver, "second").words == ONE)
    assert image(driver, "sound").words == "linux/amd64"
    badge = image(driver, "first").badge
    assert badge is not None and (badge.icon, badge.tint) == ("octagon-alert", "bad")
    assert "2 with corrupt blobs" in driver.child(QLabel, "storeStatus").text()
    driver.choose("first")
    driver.wait(lambda: rows(driver).get("layer 2/2") == "corrupt")
    said = rows(driver)
    assert said["index"] == said["manifest linux/amd64"] == ONE
    assert said["manifest linux/arm64"].startswith("complete") and said["layer 1/2"] == "present"
    texts = [driver.picker.itemText(i) for i in range(driver.picker.count())]
    assert texts == [
        f"All platforms — {ONE}", f"linux/amd64 — {ONE}", "linux/arm64 — complete, 3 of 3",
    ]  # fmt: skip
    driver.click(driver.structure, driver.structure.model().index(0, 0))
    driver.wait(lambda: "In the store✕ 1 blob corrupt" in driver.overview.replace("\n", ""))
    assert "is corrupt: its" in driver.overview


def test_the_matrix_and_its_row_say_it(driver: Driver, tmp_path: Path) -> None:
    driver.choose("second")
    driver.action("showMatrixAction").trigger()
    table = driver.child(QTableView, "matrixView")
    driver.wait(lambda: table.model().rowCount() == 1)
    fail(driver, tmp_path / "out.tar")
    driver.wait(lambda: table.model().index(0, 2).data(VALUE).state is CellState.CORRUPT)
    words = table.model().headerData(0, Qt.Orientation.Vertical, Qt.ItemDataRole.ToolTipRole)
    assert ONE in words and "1 corrupt" in driver.child(QLabel, "matrixWords").text()


def test_the_dialog_says_so_before_anything_is_written(driver: Driver, tmp_path: Path) -> None:
    fail(driver, tmp_path / "out.tar")
    driver.choose("first")
    driver.wait(lambda: image(driver, "first").words == ONE)
    driver.open_dialog()
    driver.wait(lambda: "blob is corrupt" in driver.error.toPlainText() and not driver.start.isEnabled())
    ticks = driver.child(QListView, "exportPlatforms").model()
    assert ticks.index(0, 0).data() == f"linux/amd64  —  {ONE}"
    driver.dialog.reject()


def test_the_platform_without_it_is_still_exported(driver: Driver, tmp_path: Path) -> None:
    fail(driver, tmp_path / "out.tar")
    driver.choose("first")
    driver.pick("linux/arm64")
    driver.export(tmp_path / "arm.tar")
    driver.wait(lambda: "done" in driver.job_state(1))


def test_a_dialog_that_is_open_hears_of_it(driver: Driver) -> None:
    driver.choose("first")
    driver.open_dialog()
    driver.wait_planned()
    opened = driver.window.session.stores[0]
    store = opened.store
    assert store is not None
    digest = bad_digest(driver)
    driver.window.session.tell_corrupt(store, DigestMismatch(digest, actual="sha256:00", size=3))
    driver.wait(lambda: not driver.start.isEnabled() and "blob is corrupt" in driver.error.toPlainText())
    ticks = driver.child(QListView, "exportPlatforms").model()
    driver.wait(lambda: ticks.index(0, 0).data() == f"linux/amd64  —  {ONE}")
    driver.dialog.reject()


def bad_digest(driver: Driver) -> str:
    driver.wait(lambda: "layer 2/2" in rows(driver))
    index = driver.index(driver.structure, "layer 2/2")
    return str(index.siblingAtColumn(4).data(Qt.ItemDataRole.ToolTipRole))


def test_reading_finds_it_too(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    """A configuration that does not hash to its digest is found by looking at it."""
    layer = builder.layer({"a": "1"})
    config = builder.config([layer], "linux/amd64")
    builder.name("docker.io/library/odd:1", builder.manifest(config, [layer]))
    builder.flip(config, 2)
    driver = open_window(builder.write_layout(tmp_path / "store"))
    driver.wait(lambda: row_text(driver.index(driver.images, "odd"))[2] == "complete")
    driver.structure.expandAll()
    driver.click(driver.structure, driver.index(driver.structure, "config"))
    driver.wait(lambda: image(driver, "odd").words == ONE)
    driver.wait(lambda: "✕ corrupt" in driver.overview)


def test_opening_again_clears_it(driver: Driver, tmp_path: Path) -> None:
    fail(driver, tmp_path / "out.tar")
    driver.wait(lambda: image(driver, "first").words == ONE)
    driver.action("reloadAction").trigger()
    driver.wait(lambda: image(driver, "first").words == f"{number(2)} platforms")
    driver.wait_shown()
    driver.wait(lambda: "corrupt" not in driver.child(QLabel, "storeStatus").text())
