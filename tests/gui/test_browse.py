"""Opening stores, finding images, looking at their structure by platform."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLabel,
    QListView,
    QPushButton,
    QTextEdit,
    QToolButton,
)

from gui.settings import Settings
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import LEFT, Driver, indexes, row_text, texts
from tests.gui.fakes import StuckStore
from tests.images import StoreBuilder, altered

KEY, CTRL, SHIFT = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def labels(driver: Driver) -> list[str]:
    return [button.text() for button in driver.window.findChildren(QLabel) if button.isVisible()]


# Opening


def test_without_a_store_the_sample_opens(open_window: Open) -> None:
    driver = open_window()
    assert "docker.io/library/harbor-web:2.4" in texts(driver.images)
    assert "sample-store" in driver.window.windowTitle()


def test_the_last_store_opens_again(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/mine:1", builder.image())
    first = open_window(builder.write_layout(tmp_path / "mine"))
    first.window.close()
    again = open_window()
    assert texts(again.images) == ["docker.io/library/mine:1"]


def test_a_last_store_that_is_gone_gives_way_to_the_sample(open_window: Open) -> None:
    settings = Settings()
    settings.remember_store("/nowhere/at/all")
    settings.save()
    assert len(texts(open_window().images)) > 5


def test_opening_does_not_block(open_window: Open, qtbot: object) -> None:
    driver = open_window(SAMPLE, wait=False)
    assert driver.images.model().rowCount() == 0
    driver.wait_shown()
    assert driver.images.model().rowCount() == 12


def test_archive_and_bare_store(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/tarred:1", builder.multi_platform())
    builder.write_archive(tmp_path / "a.tar")
    builder.write_bare(tmp_path / "bare")
    driver = open_window(tmp_path / "a.tar")
    assert texts(driver.images) == ["docker.io/library/tarred:1"]
    driver.window.stores.open(str(tmp_path / "bare"))
    root = builder.roots[0]["digest"]
    driver.wait(lambda: root in texts(driver.images))
    assert "2 stores" in driver.child(QLabel, "").text() or "2 stores" in " ".join(labels(driver))


def test_a_bare_store_alone_shows_what_nothing_refers_to(
    open_window: Open, builder: StoreBuilder, tmp_path: Path
) -> None:
    root = builder.image()
    driver = open_window(builder.write_bare(tmp_path / "bare"))
    assert texts(driver.images) == [root["digest"]]


def test_a_store_of_no_images_says_so(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    driver = open_window(builder.write_bare(tmp_path / "bare"), wait=False)
    driver.wait(lambda: "No images" in labels(driver))
    assert not driver.action("exportAction").isEnabled()


def test_a_location_that_is_no_path_is_not_taken_for_one(open_window: Open) -> None:
    driver = open_window("containerd:///nowhere/at/all.sock", wait=False)
    driver.wait(lambda: driver.window.stores.current is not None and not driver.window.stores.current.opening)
    failed = driver.window.stores.current
    assert failed is not None and failed.location == "containerd:///nowhere/at/all.sock"
    assert "/nowhere/at/all.sock" in str(failed.error)


def test_a_store_that_cannot_be_opened(open_window: Open, tmp_path: Path) -> None:
    place = tmp_path / "later"
    driver = open_window(place, wait=False)
    driver.wait(lambda: any("nothing at" in text for text in labels(driver)))
    shutil.copytree(SAMPLE, place)

    def again() -> list[QPushButton]:
        buttons = driver.window.findChildren(QPushButton)
        return [button for button in buttons if button.text() == "Try again" and button.isVisible()]

    driver.wait(lambda: bool(again()))
    driver.press(again()[0])
    driver.wait_shown()
    assert len(texts(driver.images)) == 12


def test_open_by_dialog(sample: Driver, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/asked:1", builder.image())
    store = builder.write_layout(tmp_path / "asked")
    QTest.keyClick(sample.window, KEY.Key_O, CTRL)
    chooser = sample.window.findChild(QFileDialog)
    assert chooser is not None
    chooser.fileSelected.emit(str(store))
    chooser.close()
    sample.wait(lambda: "docker.io/library/asked:1" in texts(sample.images))


def test_drop_a_folder_and_a_tar(sample: Driver, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/dropped:1", builder.image())
    paths = [builder.write_layout(tmp_path / "folder"), builder.write_archive(tmp_path / "file.tar")]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(400, 300), copy, data, LEFT, none)
    assert QApplication.sendEvent(sample.window, enter) and enter.isAccepted()
    drop = QDropEvent(QPointF(400, 300), copy, data, LEFT, none, QEvent.Type.Drop)
    QApplication.sendEvent(sample.window, drop)
    sample.wait(lambda: texts(sample.images).count("docker.io/library/dropped:1") == 2)
    assert "folder" in texts(sample.images) and "file.tar" in texts(sample.images)


def test_what_is_no_file_is_not_accepted(sample: Driver) -> None:
    data = QMimeData()
    data.setUrls([QUrl("https://example.com/image.tar")])
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(400, 300), Qt.DropAction.CopyAction, data, LEFT, none)
    enter.ignore()
    QApplication.sendEvent(sample.window, enter)
    assert not enter.isAccepted()


def test_recent_stores(sample: Driver, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/recent:1", builder.image())
    store = builder.write_layout(tmp_path / "recent")
    sample.window.stores.open(str(store))
    sample.wait(lambda: str(store) in sample.window.settings.recent)
    sample.action("closeStoreAction").trigger()
    menu = sample.window.stores.recent.menu
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()][:2] == [str(store), str(SAMPLE)]
    menu.actions()[0].trigger()
    sample.wait(lambda: "docker.io/library/recent:1" in texts(sample.images))


def test_closing_the_last_store_offers_what_to_open(sample: Driver) -> None:
    sample.keys(KEY.Key_W, CTRL, to=sample.window)
    sample.wait(lambda: "No store is open" in labels(sample))
    assert not sample.action("exportAction").isEnabled() and not sample.picker.isEnabled()
    names = [b.text() for b in sample.window.findChildren(QPushButton) if b.isVisible()]
    assert {"Open &folder…", "Open &archive…", "Open the &sample store"} <= set(names)
    button = next(
        b for b in sample.window.findChildren(QPushButton) if "sample" in b.text() and b.isVisible()
    )
    sample.press(button)
    sample.wait_shown()


def test_reload_sees_what_changed(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/one:1", builder.image())
    store = builder.write_layout(tmp_path / "store")
    driver = open_window(store)
    builder.name("docker.io/library/two:1", builder.image([{"a": "b"}]))
    builder.write_layout(store)
    driver.keys(KEY.Key_F5, to=driver.window)
    driver.wait(lambda: "docker.io/library/two:1" in texts(driver.images))
    driver.wait_shown()


# The list


def test_filter_by_name_digest_and_platform(sample: Driver) -> None:
    sample.keys(KEY.Key_F, CTRL, to=sample.window)
    QTest.keyClicks(sample.filter, "team pinned")
    assert [t.split("@")[0] for t in texts(sample.images)] == ["registry.example.com/team/pinned:1.2"]
    sample.keys(KEY.Key_Escape, to=sample.filter)
    sample.wait(lambda: len(texts(sample.images)) == 12)
    (opened,) = sample.window.session.stores
    sample.wait(lambda: len(opened.catalogue.summaries) == len(opened.images))  # and so their platforms
    QTest.keyClicks(sample.filter, "s390x")
    assert texts(sample.images) == ["registry.example.com/platform/base:nested"]
    sample.filter.setText("sha256:6dd4c7b4")
    assert len(texts(sample.images)) == 1
    sample.filter.setText("no such thing")
    assert "No image matches" in labels(sample)
    clear = next(b for b in sample.window.findChildren(QPushButton) if b.text() == "Clear the filter")
    sample.press(clear)
    assert len(texts(sample.images)) == 12


def test_the_filter_keeps_what_is_selected(sample: Driver) -> None:
    sample.choose("legacy-api")
    sample.filter.setText("e")
    assert str(sample.images.currentIndex().data()) == "docker.io/library/legacy-api:1.9"
    sample.filter.setText("harbor")
    sample.wait(lambda: "legacy-api" in sample.overview)  # what is looked at stays
    sample.filter.setText("")
    selected = sample.images.selectionModel().selectedRows()
    assert [index.data() for index in selected] == ["docker.io/library/legacy-api:1.9"]


def test_referrers_stand_apart_and_fold(sample: Driver) -> None:
    rows = texts(sample.images)
    at = rows.index("Belonging to other images")
    assert at == 9 and len(rows) == 12
    sample.click(sample.images, sample.index(sample.images, "Belonging"))
    assert len(texts(sample.images)) == 10
    sample.images.setCurrentIndex(sample.index(sample.images, "Belonging"))
    sample.keys(KEY.Key_Right, to=sample.images)
    assert len(texts(sample.images)) == 12


def test_sorting(sample: Driver) -> None:
    sample.action("sortNameAction").trigger()
    names = [t.rpartition("/")[2] for t in texts(sample.images)[:9]]
    assert names == sorted(names)
    sample.action("sortSizeAction").trigger()
    assert "harbor-web" in texts(sample.images)[0]
    sample.action("sortStoreAction").trigger()
    assert "pinned" in texts(sample.images)[-4 - 3 + 1] or len(texts(sample.images)) == 12


def test_size_and_completeness_are_said(sample: Driver) -> None:
    row = row_text(sample.index(sample.images, "sparse-cache"))
    assert row[1] == "27.5 KiB" and row[2] == "1 of 2 platforms complete"
    assert row_text(sample.index(sample.images, "harbor-web"))[2] == "complete"
    spoken = sample.index(sample.images, "sparse-cache").data(Qt.ItemDataRole.AccessibleTextRole)
    assert "1 of 2 platforms complete" in spoken and "27.5 KiB" in spoken


def test_broken_images_are_rows(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    good = builder.image()
    builder.name("docker.io/library/good:1", good)
    builder.name("docker.io/library/bad-digest:1", altered(good, digest="sha256:zz"))
    gone = builder.image([{"x": "y"}])
    builder.name("docker.io/library/gone:1", gone)
    builder.drop(gone)
    rubbish = builder.blob(b"not json", "application/vnd.oci.image.manifest.v1+json")
    builder.name("docker.io/library/rubbish:1", rubbish)
    driver = open_window(builder.write_layout(tmp_path / "store"))
    driver.wait(lambda: row_text(driver.index(driver.images, "rubbish"))[2] == "broken")
    badges = {index.data().split("/")[2]: row_text(index)[2] for index in indexes(driver.images)}
    assert badges == {
        "good:1": "complete",
        "bad-digest:1": "malformed",
        "gone:1": "broken",
        "rubbish:1": "broken",
    }
    for name, said in (("bad-digest", "sha256:zz"), ("gone", "not in the store"), ("rubbish", "JSON")):
        driver.click(driver.images, driver.index(driver.images, name))
        driver.wait(lambda said=said: said in driver.overview)
        assert len(texts(driver.structure)) == 1


# Structure and platforms


def test_the_picker_starts_on_the_host_and_leads_the_tree(sample: Driver) -> None:
    from exporter_core.platforms import host_platform

    sample.choose("harbor-web")
    host = host_platform()
    assert sample.picker.currentData().architecture == host.architecture
    assert "complete, 7 of 7" in sample.picker.currentText()
    sample.wait(lambda: sample.structure.currentIndex().data() == f"manifest {sample.picker.currentData()}")
    assert sample.structure.isExpanded(sample.structure.currentIndex())
    assert [t for t in texts(sample.structure) if t.startswith("layer")] == [
        f"layer {n}/5" for n in range(1, 6)
    ]
    items = [sample.picker.itemText(i) for i in range(sample.picker.count())]
    assert items[0].startswith("All platforms") and len(items) == 5


def test_picking_a_platform_shows_its_layers(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("windows")
    current = sample.structure.currentIndex
    sample.wait(lambda: "windows" in str(current().data()))
    sample.wait(lambda: sample.structure.model().rowCount(current()) == 4)
    sample.wait(lambda: "windows(10.0.20348.2582)/amd64" in sample.overview)


def test_all_is_one_click_away(sample: Driver) -> None:
    sample.choose("harbor-web")
    button = next(b for b in sample.window.findChildren(QToolButton) if b.text() == "All")
    assert not button.isChecked()
    sample.press(button)
    assert sample.picker.currentIndex() == 0 and sample.picker.currentData() is None and button.isChecked()
    assert sample.structure.currentIndex().data() == "index"


def test_a_platform_deep_in_a_nested_index_is_found(sample: Driver) -> None:
    sample.choose("base:nested")
    sample.pick("s390x")
    sample.wait(lambda: sample.structure.currentIndex().data() == "manifest linux/s390x")
    depth, index = 0, sample.structure.currentIndex()
    while index.parent().isValid():
        depth, index = depth + 1, index.parent()
    assert depth == 2


def test_expanding_by_keyboard_loads_children(sample: Driver) -> None:
    sample.choose("harbor-web")
    view = sample.structure
    sample.wait(lambda: any(t == "attestation of linux/arm/v7" for t in texts(view)))
    index = sample.index(view, "attestation of linux/arm/v7")
    assert view.model().rowCount(index) == 0 and view.model().hasChildren(index)
    sample.click(view, index)
    sample.keys(KEY.Key_Right, to=view)
    sample.wait(lambda: view.model().rowCount(sample.index(view, "attestation of linux/arm/v7")) == 3)
    sample.keys(KEY.Key_Down, to=view)
    assert view.currentIndex().data() == "config"


def test_loading_is_said_after_a_while(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/late:1", builder.multi_platform())
    driver = open_window(builder.write_layout(tmp_path / "store"))
    opened = driver.window.session.stores[0]
    assert opened.store is not None
    stuck = StuckStore(opened.store)
    opened.store = stuck  # type: ignore[assignment]
    view = driver.structure
    driver.wait(lambda: any("arm64" in t for t in texts(view)))
    view.expand(driver.index(view, "manifest linux/arm64"))
    driver.wait(lambda: "loading…" in texts(view))
    stuck.gate.set()
    driver.wait(lambda: "loading…" not in texts(view) and texts(view).count("layer 2/2") == 2)


def test_the_newest_click_wins(sample: Driver) -> None:
    for name in ("legacy-api", "base:nested", "zstd-tool", "harbor-web", "edge"):
        sample.click(sample.images, sample.index(sample.images, name))
    sample.wait(lambda: sample.overview.startswith("Image for") and "of edge" not in sample.overview)
    sample.wait(lambda: "edge" in sample.overview)
    assert sample.picker.count() == 2
    assert len(texts(sample.structure)) == 4


def test_a_huge_index_is_shown(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/wide:1", builder.wide_index(3000))
    driver = open_window(builder.write_layout(tmp_path / "store"), wait=False)
    model = driver.structure.model()
    driver.wait(lambda: model.rowCount() == 1 and model.rowCount(model.index(0, 0)) == 3000)
    driver.wait(lambda: driver.picker.count() == 501, 15000)


# Copying, panes


def test_copy_row_digest_and_name(sample: Driver) -> None:
    sample.choose("harbor-web")
    clipboard = QGuiApplication.clipboard()
    sample.images.setFocus()
    sample.keys(KEY.Key_C, CTRL, to=sample.images)
    assert clipboard.text().startswith("docker.io/library/harbor-web:2.4\t135.6 KiB\tcomplete")
    sample.keys(KEY.Key_C, CTRL | SHIFT, to=sample.images)
    assert clipboard.text() == "sha256:831fc1c9" + clipboard.text()[15:] and len(clipboard.text()) == 71
    sample.action("copyNameAction").trigger()
    assert clipboard.text() == "docker.io/library/harbor-web:2.4"
    sample.click(sample.structure, sample.index(sample.structure, "layer 2/5"))
    sample.keys(KEY.Key_C, CTRL, to=sample.structure)
    assert clipboard.text().split("\t")[0] == "layer 2/5" and "sha256:feb9eb390ef2ea1a" in clipboard.text()
    sample.keys(KEY.Key_C, CTRL | SHIFT, to=sample.structure)
    assert clipboard.text().startswith("sha256:feb9eb390ef2ea1a") and len(clipboard.text()) == 71


def test_f6_goes_round_the_panes(sample: Driver, qapp: QApplication) -> None:
    sample.choose("harbor-web")
    sample.images.setFocus()
    seen = []
    for _ in range(3):
        sample.keys(KEY.Key_F6, to=sample.window)
        seen.append(qapp.focusWidget().objectName())
    assert seen == ["structureView", "overviewView", "imagesView"]
    sample.keys(KEY.Key_F6, SHIFT, to=sample.window)
    assert qapp.focusWidget().objectName() == "overviewView"


def test_context_menus(sample: Driver, qapp: QApplication) -> None:
    sample.choose("harbor-web")
    for view, text in ((sample.images, "harbor-web"), (sample.structure, "layer 1/5")):
        index = sample.index(view, text)
        view.customContextMenuRequested.emit(view.visualRect(index).center())
        menu = qapp.activePopupWidget()
        assert menu is not None
        names = {action.objectName() for action in menu.actions()}
        assert {"exportAction", "copyDigestAction"} <= names
        menu.close()


@pytest.mark.parametrize("mode", ["dark", "light", "system"])
def test_theme_is_chosen_and_kept(open_window: Open, mode: str) -> None:
    driver = open_window(SAMPLE)
    driver.action(f"theme{mode.capitalize()}Action").trigger()
    assert driver.window.theme.dark is (mode == "dark")
    dark = driver.images.palette().base().color().lightness() < 128
    assert dark is (mode == "dark")
    driver.window.close()
    again = open_window(SAMPLE)
    assert again.window.theme.mode == mode
    again.window.theme.choose("light")


def test_views_keep_their_contract(sample: Driver) -> None:
    assert isinstance(sample.images, QListView)
    for name in ("imagesView", "structureView", "platformPicker", "inspector", "jobsView", "jobCancel"):
        assert sample.window.findChild(object, name) is not None  # type: ignore[type-var]


def test_a_wrong_folder_beside_an_open_store_is_said_and_goes_away(sample: Driver, tmp_path: Path) -> None:
    sample.choose("edge")
    sample.window.stores.open(str(tmp_path))
    said = sample.child(QTextEdit, "storeErrorText")
    sample.wait(said.isVisible)
    assert str(tmp_path) in said.toPlainText() and "oci-layout" in said.toPlainText()
    assert len(sample.window.session.stores) == 1 and "edge" in sample.overview
    away = next(b for b in sample.window.findChildren(QToolButton) if "away" in b.toolTip() and b.isVisible())
    sample.press(away)
    assert not said.isVisible()


def test_a_store_that_is_opened_is_shown(sample: Driver, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/second:1", builder.image())
    sample.window.stores.open(str(builder.write_layout(tmp_path / "second")))
    sample.wait(lambda: "docker.io/library/second:1" in sample.overview)
    assert sample.images.currentIndex().data() == "docker.io/library/second:1"
    sample.action("closeStoreAction").trigger()
    assert len(sample.window.session.stores) == 1


def test_the_keys_go_to_the_list_at_first(sample: Driver, qapp: QApplication) -> None:
    assert qapp.focusWidget() is sample.images
    sample.keys(KEY.Key_Down, to=sample.images)
    sample.wait(lambda: "legacy-api" in sample.overview)
