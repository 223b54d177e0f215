"""JSON, Config, History and Used by: by clicks and keys, and in each of their states."""

import json
import re
import time
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QMenu, QTabWidget, QTextBrowser, QTreeView

from exporter_core import Descriptor, Store, expand, open_store, root_node
from exporter_core.usage import build_usage
from gui.models import ACCESSIBLE_TEXT, TOOL_TIP, VALUE
from gui.models.history import HistoryModel, read_making
from gui.models.json_lines import LONGEST, outlined, plain
from gui.models.json_text import json_text
from gui.models.usage import UsageModel
from gui.text import number
from gui.views.json_edit import JsonEdit
from gui.views.json_view import JsonView
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import LEFT, Driver
from tests.gui.fakes import StuckStore
from tests.images import StoreBuilder, json_bytes

WARN = QAbstractItemModelTester.FailureReportingMode.Warning
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
KEY = Qt.Key
DOCUMENT = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.index.v1+json",
    "manifests": [
        {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": "sha256:" + "a" * 64,
            "size": 1,
        },
        {"digest": "sha256:" + "b" * 64, "annotations": {"org.example.a b": 'say "hi"\n'}},
    ],
    "empty": {},
}


def tabs(driver: Driver) -> QTabWidget:
    return driver.child(QTabWidget, "inspector")


def tab(driver: Driver) -> str:
    return tabs(driver).tabText(tabs(driver).currentIndex())


def press_tab(driver: Driver, name: str) -> None:
    bar = tabs(driver).tabBar()
    at = next(i for i in range(bar.count()) if bar.tabText(i) == name)
    assert bar.isTabEnabled(at), name
    QTest.mouseClick(bar, LEFT, pos=bar.tabRect(at).center())
    assert tab(driver) == name


def edit(driver: Driver, name: str = "jsonView") -> JsonEdit:
    return driver.child(JsonEdit, name)


def line_with(text: JsonEdit, words: str) -> int:
    return next(i for i, line in enumerate(text.lines.texts) if words in line)


def spot(text: JsonEdit, words: str) -> QPoint:
    """Where ``words`` are seen."""
    cursor = text.document().find(words)
    assert not cursor.isNull(), words
    cursor.setPosition(cursor.selectionStart() + 3)
    text.setTextCursor(cursor)
    text.ensureCursorVisible()
    return text.cursorRect(cursor).center()


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def put_cursor(text: JsonEdit, words: str) -> None:
    text.setFocus()
    text.setTextCursor(QTextCursor(text.block_of(line_with(text, words))))


@pytest.fixture
def harbor(sample: Driver) -> Driver:
    """The window at harbor-web's index."""
    sample.choose("harbor-web")
    sample.pick("All")
    sample.wait(lambda: '"manifests"' in sample.json)
    return sample


# The outline of a document


def test_paths_values_and_digests_of_lines() -> None:
    lines = outlined(json_text(json_bytes(DOCUMENT)).pretty)
    at = {path: i for i, path in reversed(list(enumerate(map(lines.path, range(len(lines.texts))))))}
    assert {".", ".manifests", ".manifests[0].digest", ".manifests[1]", ".empty"} <= set(at)
    tail = '.manifests[1].annotations["org.example.a b"]'
    assert lines.value(at[tail]) == 'say \\"hi\\"\\n'
    assert json.loads(lines.value(at[".manifests[0]"])) == DOCUMENT["manifests"][0]  # type: ignore[index]
    assert lines.value(at[".schemaVersion"]) == "2" and lines.value(at[".empty"]) == "{}"
    assert lines.digest(at[".manifests[0].mediaType"]) == "sha256:" + "a" * 64, "that of its descriptor"
    assert lines.digest(at[".mediaType"]) == "" == lines.digest(at[".schemaVersion"])
    end = lines.ends[at[".manifests"]]
    assert lines.path(end) == ".manifests" and lines.children(at[".manifests"]) == 2
    assert lines.children(0) == 4 and lines.children(at[".manifests[0]"]) == 3
    assert lines.path(-1) == lines.path(999) == ""


@pytest.mark.parametrize("text", ["", "null", "[1,[2,[3]]]", "]}{[", '{"a', "not json at all", '[{"b":}'])
def test_odd_documents_have_an_outline_too(text: str) -> None:
    shown = json_text(text.encode())
    for line in range(len(shown.lines.texts)):
        shown.lines.path(line), shown.lines.value(line), shown.lines.digest(line)
    for line in shown.lines.ends:
        shown.lines.children(line)
    assert shown.lines.join(range(len(shown.lines.texts)), shown.lines.texts) == shown.pretty


def test_a_root_array_and_long_lines() -> None:
    lines = outlined("[\n  1,\n  2\n]")
    assert lines.path(2) == ".[1]"
    long = "x" * (3 * LONGEST + 5)
    raw = plain(f"a\n{long}\nb")
    assert len(raw.texts) == 6 and raw.join(range(6), raw.texts) == f"a\n{long}\nb"
    shown = json_text(json_bytes({"k": long, "z": 1}))
    assert shown.lines.value(2) == long and shown.lines.path(3) == ".k" and shown.lines.path(5) == ".z"


@pytest.mark.parametrize("outline", [plain, outlined])
def test_words_are_found_over_the_cut_of_a_long_line(outline: Any) -> None:
    filling = "x" * (LONGEST - 3)
    lines = outline(f"{filling}Needle\nneedle{filling}needleneedle\nneedle")
    assert lines.find("needle", 99) == [(0, LONGEST - 3), (2, 0), (3, 3), (3, 9), (4, 0)]
    assert lines.find("NEEDLE", 2) == [(0, LONGEST - 3), (2, 0)] and lines.find("", 9) == []
    assert [lines.found(line, "needle") for line in range(5)] == [
        [(LONGEST - 3, LONGEST)], [(0, 3)], [(0, 6)], [(3, 9), (9, 15)], [(0, 6)]
    ]  # fmt: skip


def test_letters_that_grow_when_small_do_not_move_what_is_found() -> None:
    lines = plain("İİ needle \u212a")
    assert lines.find("Needle", 9) == [(0, 3)] and lines.found(0, "needle") == [(3, 9)]


@given(st.text("ab\n", max_size=60), st.text("aAb", min_size=1, max_size=3))
def test_the_same_is_found_wherever_lines_are_cut(text: str, words: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        expected = plain(text).find(words, 99)
        patch.setattr("gui.models.json_lines.LONGEST", 4)
        cut = plain(text)
        starts = [line for line in range(len(cut.texts)) if line not in cut.soft]
        found = cut.find(words, 99)
    whole = [(max(s for s in starts if s <= line), line, column) for line, column in found]
    assert [(starts.index(s), (line - s) * 4 + column) for s, line, column in whole] == expected


# JSON by hand


def test_the_path_of_the_place_is_shown_and_copied(harbor: Driver) -> None:
    press_tab(harbor, "JSON")
    text = edit(harbor)
    QTest.mouseClick(text.viewport(), LEFT, pos=spot(text, '"variant": "v8"'))
    path = ".manifests[1].platform.variant"
    assert harbor.child(QLabel, "jsonPath").text() == path
    harbor.keys(KEY.Key_C, CONTROL | Qt.KeyboardModifier.AltModifier, to=harbor.window)
    assert clipboard() == path


def test_a_digest_and_a_media_type_lead_to_their_node(harbor: Driver) -> None:
    press_tab(harbor, "JSON")
    text = edit(harbor)
    manifest = harbor.structure.model().index(1, 0, harbor.structure.model().index(0, 0))
    digest = manifest.data(VALUE).digest_text
    QTest.mouseClick(text.viewport(), LEFT, pos=spot(text, digest))
    harbor.wait(lambda: harbor.structure.currentIndex().data() == "manifest linux/arm64/v8")
    harbor.wait(lambda: '"layers"' in harbor.json)
    assert tab(harbor) == "JSON"
    put_cursor(text, "config.v1+json")
    harbor.keys(KEY.Key_Return, to=text)
    harbor.wait(lambda: harbor.structure.currentIndex().data() == "config")
    harbor.action("goBackAction").trigger()
    harbor.wait(lambda: harbor.structure.currentIndex().data() == "manifest linux/arm64/v8")


def test_dragging_over_a_link_selects_instead(harbor: Driver) -> None:
    press_tab(harbor, "JSON")
    text = edit(harbor)
    start = spot(text, "sha256:")
    before = harbor.structure.currentIndex().data()
    QTest.mousePress(text.viewport(), LEFT, pos=start)
    QTest.mouseMove(text.viewport(), start + QPoint(60, 0))
    QTest.mouseRelease(text.viewport(), LEFT, pos=start + QPoint(60, 0))
    assert text.textCursor().hasSelection() and harbor.structure.currentIndex().data() == before


def test_the_edit_menu_copies_the_text_that_is_selected(harbor: Driver) -> None:
    press_tab(harbor, "JSON")
    text = edit(harbor)
    text.setFocus()
    text.selectAll()
    harbor.action("copyAction").trigger()
    assert harbor.clipboard == harbor.json


def test_folding_by_mouse_and_keys(harbor: Driver) -> None:
    press_tab(harbor, "JSON")
    text = edit(harbor)
    whole = harbor.json
    line = line_with(text, '"manifests"')
    block = text.block_of(line)
    y = text.blockBoundingGeometry(block).translated(text.contentOffset()).center().y()
    QTest.mouseClick(text.gutter, LEFT, pos=QPoint(10, int(y)))
    assert "digest" not in harbor.json and line in text.folded
    text.viewport().repaint()
    text.selectAll()
    text.copy()
    assert clipboard() == whole, "what is folded away is copied too"
    QTest.mouseClick(text.gutter, LEFT, pos=QPoint(10, int(y)))
    assert harbor.json == whole
    put_cursor(text, '"variant": "v8"')
    harbor.keys(KEY.Key_Minus, to=text)
    assert '"variant": "v8"' not in harbor.json and text.lines.path(text.line) == ".manifests[1].platform"
    harbor.keys(KEY.Key_Plus, to=text)
    assert harbor.json == whole
    text.fold_all()
    assert len(harbor.json.splitlines()) < 10
    text.go_to(line_with(text, '"variant": "v8"'))
    assert '"variant": "v8"' in harbor.json, "a place that is gone to is unfolded"
    text.unfold_all()
    assert harbor.json == whole


def test_find(harbor: Driver) -> None:
    press_tab(harbor, "JSON")
    text = edit(harbor)
    text.setFocus()
    harbor.keys(KEY.Key_F, CONTROL, to=text)
    box = harbor.child(QLineEdit, "jsonFind")
    assert box.hasFocus()
    count = harbor.child(QLabel, "jsonFindCount")
    QTest.keyClicks(box, "LINUX")
    harbor.wait(lambda: count.text().startswith("1 of"))
    found = int(count.text().split()[-1])
    assert found == harbor.json.count("linux")
    harbor.keys(KEY.Key_Return, to=box)
    assert count.text() == f"2 of {found}"
    for _ in range(2):
        harbor.keys(KEY.Key_Return, SHIFT, to=box)
    assert count.text() == f"{found} of {found}", "it goes round"
    harbor.keys(KEY.Key_F3, to=box)
    assert count.text() == f"1 of {found}"
    assert text.textCursor().selectedText().lower() == "linux"
    text.fold_all()
    harbor.keys(KEY.Key_F3, to=box)
    assert text.textCursor().selectedText().lower() == "linux", "what is found is unfolded"
    box.setText("nowhere to be found")
    harbor.wait(lambda: count.text() == "nothing found")
    harbor.keys(KEY.Key_Escape, to=box)
    assert text.hasFocus() and not box.isVisible()


def test_find_reaches_over_the_cut_of_a_long_line(
    open_window: Open, builder: StoreBuilder, tmp_path: Path
) -> None:
    note = "x" * (LONGEST - len('    "note": "') - 3) + "Needle" + "y" * LONGEST
    made = builder.manifest(builder.config([], "linux/amd64"), [], annotations={"note": note, "z": "needle"})
    builder.name("docker.io/library/long:1", made)
    driver = open_window(builder.write_layout(tmp_path / "store"))
    press_tab(driver, "JSON")
    driver.wait(lambda: "needle" in driver.json)
    text = edit(driver)
    driver.keys(KEY.Key_F, CONTROL, to=text)
    box, count = driver.child(QLineEdit, "jsonFind"), driver.child(QLabel, "jsonFindCount")
    QTest.keyClicks(box, "needle")
    driver.wait(lambda: count.text() == "1 of 2")
    assert text.textCursor().selectedText() == "Nee\u2029dle" and text.chosen == "Needle"
    (cut,) = [block for block, _, _ in text.visible_blocks() if block.text().endswith("Nee")]
    place = (LONGEST - 3, 3)  # the part before the cut has its ground, too
    driver.wait(lambda: place in [(part.start, part.length) for part in cut.layout().formats()])
    text.setFocus()
    text.copy()
    assert clipboard() == "Needle"
    driver.keys(KEY.Key_F, CONTROL, to=text)
    assert box.text() == "Needle", "what is selected is proposed whole"
    driver.keys(KEY.Key_Return, to=box)
    assert count.text() == "2 of 2" and text.textCursor().selectedText() == "needle"


def test_ctrl_f_elsewhere_is_still_for_the_images(harbor: Driver) -> None:
    harbor.structure.setFocus()
    harbor.keys(KEY.Key_F, CONTROL, to=harbor.structure)
    assert harbor.filter.hasFocus()


def test_the_menu_copies_and_folds(harbor: Driver) -> None:
    press_tab(harbor, "JSON")
    text = edit(harbor)
    place = spot(text, '"architecture": "arm64"')
    text.menuWanted.emit(text.viewport().mapToGlobal(place), line_with(text, '"architecture": "arm64"'))
    menu = harbor.child(QMenu, "jsonMenu")
    actions = {action.text().replace("&", ""): action for action in menu.actions()}
    actions["Copy value"].trigger()
    assert clipboard() == "arm64"
    actions["Copy jq path"].trigger()
    assert clipboard() == ".manifests[1].platform.architecture"
    assert not actions["Go to what it names"].isEnabled() and not actions["Copy"].isEnabled()
    actions["Fold all"].trigger()
    assert "arm64" not in harbor.json
    actions["Unfold all"].trigger()
    assert "arm64" in harbor.json
    menu.close()


def test_a_large_document_is_shown_at_once(qtbot: Any) -> None:
    manifests = [{**DOCUMENT["manifests"][0], "n": n, "more": {"os": "linux"}} for n in range(9000)]  # type: ignore[index]
    data = json_bytes({"manifests": manifests})
    assert len(data) > 1_500_000
    view = JsonView()
    qtbot.addWidget(view)
    view.resize(420, 700)
    view.show()
    start = time.perf_counter()
    shown = json_text(data)
    read = time.perf_counter()
    view.show_text(shown)
    view.text.repaint()
    took = time.perf_counter()
    print(f"1.5 MB: read in {(read - start) * 1000:.0f} ms, shown in {(took - read) * 1000:.0f} ms")
    assert took - read < 0.2
    qtbot.waitUntil(lambda: view.text.blockCount() == len(shown.lines.texts), timeout=20000)
    worst = 0.0
    bar = view.text.verticalScrollBar()
    for step in range(20):
        start = time.perf_counter()
        bar.setValue(bar.maximum() * step // 20)
        view.text.repaint()
        worst = max(worst, time.perf_counter() - start)
    print(f"worst jump {worst * 1000:.0f} ms")
    assert worst < 0.1
    start = time.perf_counter()
    view.text.fold(1)
    assert view.text.blockCount() == 4 and time.perf_counter() - start < 1


def test_the_colours_follow_the_theme(harbor: Driver) -> None:
    press_tab(harbor, "JSON")
    text = edit(harbor)
    text.repaint()

    def ink() -> str:
        ranges = text.document().firstBlock().next().layout().formats()
        style = ranges[0].format
        return str(style.foreground().color().name())

    light = ink()
    harbor.window.theme.choose("dark")
    text.repaint()
    assert ink() != light
    harbor.window.theme.choose("light")


# Which tabs there are


def test_tabs_that_do_not_apply_are_disabled_and_come_back(harbor: Driver) -> None:
    enabled = [tabs(harbor).isTabEnabled(i) for i in range(5)]
    assert enabled == [True, True, False, False, True], "an index has no config of its own"
    harbor.pick("linux/amd64")
    harbor.wait(lambda: tabs(harbor).isTabEnabled(3))
    press_tab(harbor, "History")
    harbor.pick("All")
    harbor.wait(lambda: tab(harbor) == "Overview")
    harbor.pick("linux/amd64")
    harbor.wait(lambda: tab(harbor) == "History")
    for key, name in (
        (KEY.Key_3, "Config"),
        (KEY.Key_5, "Used by"),
        (KEY.Key_4, "History"),
        (KEY.Key_1, "Overview"),
    ):
        harbor.keys(key, CONTROL, to=harbor.window)
        assert tab(harbor) == name


def test_nothing_selected(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    driver = open_window(builder.write_layout(tmp_path / "empty"), wait=False)
    driver.wait(lambda: len(driver.window.session.stores) == 1)
    inspector = driver.window.inspector
    assert not inspector.pages.shows_view and not inspector.json.pages.shows_view
    assert [inspector.isTabEnabled(i) for i in (2, 3, 4)] == [False] * 3


# Config


def test_the_config_of_the_manifest(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/amd64")
    sample.wait(lambda: tabs(sample).isTabEnabled(2))
    press_tab(sample, "Config")
    text = edit(sample, "configView")
    sample.wait(lambda: "Entrypoint" in text.toPlainText())
    put_cursor(text, '"Entrypoint"')
    sample.action("copyJqPathAction").trigger()
    assert clipboard() == ".config.Entrypoint"
    sample.click(sample.structure, sample.index(sample.structure, "layer 2/5"))
    assert tab(sample) == "Config" and "Entrypoint" in text.toPlainText(), "that of the image of the layer"


def test_a_config_that_cannot_be_read(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    config = builder.config([], "linux/amd64")
    builder.name("docker.io/library/gone:1", builder.manifest(config, [builder.layer({"a": "1"})]))
    bad = builder.blob(b'{"history": 5}', config["mediaType"])
    builder.name("docker.io/library/bad:1", builder.manifest(bad, [builder.layer({"b": "1"})]))
    builder.drop(config)
    driver = open_window(builder.write_layout(tmp_path / "store"))
    driver.choose("gone:1")
    driver.wait(lambda: tabs(driver).isTabEnabled(2))
    inspector = driver.window.inspector
    press_tab(driver, "Config")
    driver.wait(lambda: "cannot be read" in inspector.config.pages.placeholder.title.text())
    press_tab(driver, "History")
    driver.wait(lambda: "not in the store" in inspector.history.pages.placeholder.text.text())
    driver.choose("bad:1")
    driver.wait(lambda: "history" in inspector.history.pages.placeholder.text.text())
    press_tab(driver, "Config")
    driver.wait(lambda: '"history": 5' in edit(driver, "configView").toPlainText())


# History


def history(driver: Driver) -> QTreeView:
    return driver.child(QTreeView, "historyView")


def test_history_beside_its_layers(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/amd64")
    sample.wait(lambda: tabs(sample).isTabEnabled(3))
    press_tab(sample, "History")
    view = history(sample)
    sample.wait(lambda: view.model().rowCount() > 5)
    model = view.model()
    rows = [[str(model.index(r, c).data() or "") for c in range(3)] for r in range(model.rowCount())]
    assert rows[0][0] == "1" and rows[0][2].endswith("KiB")
    assert ["", 'CMD ["/bin/sh"]', ""] in rows, "a step without a layer"
    assert any(row[1].startswith("RUN apk add harbor-web") for row in rows), "the shell is left out"
    dim = next(r for r, row in enumerate(rows) if not row[0])
    assert model.index(dim, 1).data(Qt.ItemDataRole.ForegroundRole) is not None
    second = next(r for r, row in enumerate(rows) if row[0] == "2")
    sample.click(view, model.index(second, 1))
    detail = sample.child(QTextBrowser, "historyDetail").toPlainText()
    assert "/bin/sh -c apk add harbor-web" in detail and "sha256:" in detail and "Unpacked" in detail
    assert sample.structure.currentIndex().data() == "manifest linux/amd64", "a step alone leads nowhere"
    sample.click(view, model.index(second, 0))
    sample.wait(lambda: sample.structure.currentIndex().data() == "layer 2/5")
    assert tab(sample) == "History" and view.currentIndex().row() == second
    view.setFocus()
    while view.currentIndex().row() < model.rowCount() - 1 and rows[view.currentIndex().row()][0] != "4":
        sample.keys(KEY.Key_Down, to=view)
    sample.keys(KEY.Key_Return, to=view)
    sample.wait(lambda: sample.structure.currentIndex().data() == "layer 4/5")
    sample.click(sample.structure, sample.index(sample.structure, "layer 1/5"))
    sample.wait(lambda: view.currentIndex().data(VALUE).step.number == 1)


def test_histories_that_do_not_fit(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    layers = [builder.layer({"a": "1"}), builder.layer({"b": "1"})]
    none = builder.config(layers, "linux/amd64", history=[])
    few = builder.config(layers, "linux/amd64", history=[{"created_by": "only one"}])
    nothing = builder.config([], "linux/amd64", history=[])
    for name, config, own in (("none", none, layers), ("few", few, layers), ("nothing", nothing, [])):
        builder.name(f"docker.io/library/{name}:1", builder.manifest(config, own))
    driver = open_window(builder.write_layout(tmp_path / "store"))
    pane = driver.window.inspector.history
    driver.choose("none:1")
    driver.wait(lambda: tabs(driver).isTabEnabled(3))
    press_tab(driver, "History")
    driver.wait(lambda: pane.model.rowCount() == 2 and "tells no history" in pane.note.label.text())
    driver.choose("few:1")
    driver.wait(lambda: "tells of 1 layer, the manifest has 2" in pane.note.label.text())
    driver.choose("nothing:1")
    driver.wait(lambda: pane.pages.placeholder.title.text() == "No history" and not pane.pages.shows_view)


def test_loading_shows_after_a_while(open_window: Open) -> None:
    driver = open_window(SAMPLE)
    driver.choose("harbor-web")
    driver.pick("linux/amd64")
    driver.wait(lambda: tabs(driver).isTabEnabled(3) and "linux/amd64" in driver.overview)
    opened = driver.window.session.stores[0]
    assert opened.store is not None
    stuck = StuckStore(opened.store)
    opened.store = stuck  # type: ignore[assignment]
    press_tab(driver, "History")
    pages = driver.window.inspector.history.pages
    driver.wait(lambda: not pages.shows_view and pages.placeholder.title.text() == "Loading…")
    press_tab(driver, "Used by")
    used = driver.window.inspector.used_by.pages
    driver.wait(lambda: used.placeholder.text.text() == "Reading 0 of 11 images")
    stuck.gate.set()
    driver.wait(lambda: used.shows_view)
    press_tab(driver, "History")
    driver.wait(lambda: pages.shows_view)


def test_history_model() -> None:
    model = HistoryModel()
    tester = QAbstractItemModelTester(model, WARN)
    store = open_store(SAMPLE)
    for image in store.images():
        for node in [root_node(store, image), *(expand(store, root_node(store, image)).children or ())]:
            making = read_making(store, node)
            model.show(making.rows)
            for row in range(model.rowCount()):
                assert model.index(row, 1).data(TOOL_TIP) and model.index(row, 1).data(ACCESSIBLE_TEXT)
    model.show(())
    store.close()
    del tester


# Used by


def used_by(driver: Driver) -> QTreeView:
    return driver.child(QTreeView, "usedByView")


def test_who_uses_a_layer_and_the_way_there(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/many:1", builder.multi_platform())
    builder.name("docker.io/library/again:2", builder.multi_platform(["linux/riscv64"]))
    driver = open_window(builder.write_layout(tmp_path / "store"))
    driver.choose("many:1")
    driver.pick("linux/amd64")
    driver.wait(lambda: driver.structure.currentIndex().data() == "manifest linux/amd64")
    driver.click(driver.structure, driver.index(driver.structure, "layer 1/2"))
    press_tab(driver, "Used by")
    view = used_by(driver)
    driver.wait(lambda: view.model().rowCount() == 3)
    assert driver.child(QLabel, "usedByWords").text() == "3 references from 2 of 2 images"
    rows = [[str(view.model().index(r, c).data()) for c in range(2)] for r in range(3)]
    assert rows[0] == ["many:1", "layer 1/2 of linux/amd64 (here)"] and rows[2][0] == "again:2"
    driver.click(view, view.model().index(2, 0))
    driver.wait(lambda: driver.structure.currentIndex().data() == "layer 1/2" and "again" in driver.overview)
    driver.wait(lambda: "(here)" in str(view.model().index(2, 1).data()))
    view.setCurrentIndex(view.model().index(1, 0))
    view.setFocus()
    driver.keys(KEY.Key_Return, to=view)
    driver.wait(lambda: "linux/arm64" in driver.picker.currentText() and "many" in driver.overview)


def test_the_index_is_made_once_for_each_reading(open_window: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def count(*args: Any, **named: Any) -> Any:
        made.append(1)
        return build_usage(*args, **named)

    monkeypatch.setattr("gui.features.usage.build_usage", count)
    driver = open_window(SAMPLE)
    assert not made, "nobody has looked"
    press_tab(driver, "Used by")
    driver.wait(lambda: used_by(driver).model().rowCount() > 0)
    driver.choose("sparse-cache")
    driver.wait(lambda: "sparse" in str(used_by(driver).model().index(0, 0).data()))
    assert len(made) == 1
    driver.action("reloadAction").trigger()
    driver.wait(lambda: len(made) == 2 and driver.window.inspector.used_by.pages.shows_view)


class StopsAfter(StuckStore):
    """Its documents come at once, and after ``first`` of them only when the gate is opened."""

    def __init__(self, inner: Store, first: int) -> None:
        super().__init__(inner)
        self.left = first

    def open(self, descriptor: Descriptor) -> BinaryIO:
        self.left -= 1
        return super().open(descriptor) if self.left < 0 else self._inner.open(descriptor)


def test_used_by_of_a_large_store_says_how_far_it_is(
    open_window: Open, builder: StoreBuilder, tmp_path: Path
) -> None:
    image = builder.image()
    for n in range(1200):
        builder.name(f"docker.io/library/many:{n}", image)
    driver = open_window(builder.write_layout(tmp_path / "store"))
    (opened,) = driver.window.session.stores
    driver.wait(lambda: len(opened.catalogue.summaries) == 1200)
    assert opened.store is not None
    opened.store = store = StopsAfter(opened.store, 700)  # type: ignore[assignment]
    press_tab(driver, "Used by")
    placeholder = driver.window.inspector.used_by.pages.placeholder
    driver.wait(lambda: store.left < 0 and placeholder.isVisible())
    reading = re.compile(rf"Reading [1-9]\d* of {number(1200)} images")
    driver.wait(lambda: reading.fullmatch(placeholder.text.text()) is not None)
    store.gate.set()
    words = driver.child(QLabel, "usedByWords")
    driver.wait(lambda: words.text().endswith(f"{number(1200)} of {number(1200)} images"))


def test_a_digest_of_no_image_leads_to_used_by(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/amd64")
    sample.wait(lambda: tabs(sample).isTabEnabled(2))
    press_tab(sample, "Config")
    text = edit(sample, "configView")
    sample.wait(lambda: "diff_ids" in text.toPlainText())
    QTest.mouseClick(text.viewport(), LEFT, pos=spot(text, '"sha256:'))
    sample.wait(lambda: tab(sample) == "Used by")
    pages = sample.window.inspector.used_by.pages
    sample.wait(lambda: pages.placeholder.title.text() == "Not used" and not pages.shows_view)


def test_used_by_that_fails(open_window: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("gui.features.usage.build_usage", fail)
    driver = open_window(SAMPLE)
    press_tab(driver, "Used by")
    pages = driver.window.inspector.used_by.pages
    driver.wait(lambda: "the disk is gone" in pages.placeholder.title.text())


def test_usage_model() -> None:
    model = UsageModel()
    tester = QAbstractItemModelTester(model, WARN)
    store = open_store(SAMPLE)
    index = build_usage(store)
    image = store.images()[0]
    uses = index.of(root_node(store, image).digest_text)
    model.show(uses, image, ())
    assert model.index(0, 1).data() == "index, the image itself (here)"
    model.show(())
    assert model.rowCount() == 0
    store.close()
    del tester


# Overview


def test_what_belongs_to_an_image(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/amd64")
    sample.wait(lambda: "ATTESTATIONS AND SIGNATURES" in sample.overview)
    said = sample.overview
    assert "BASE IMAGE" in said and "registry.example.com/platform/base" in said
    assert "SPDX SBOM" in said or "SLSA provenance" in said
    assert "Notary signature" in said, "found in the store's list"
    view = sample.child(QTextBrowser, "overviewView")
    view.anchorClicked.emit(QUrl(next(link for link in links(view) if link.startswith("go:"))))
    sample.wait(lambda: "attestation of linux/amd64" in str(sample.structure.currentIndex().data()))
    sample.wait(lambda: "Speaks of" in sample.overview)
    view.anchorClicked.emit(QUrl(next(link for link in links(view) if link.startswith("go:"))))
    sample.wait(lambda: sample.structure.currentIndex().data() == "manifest linux/amd64")


def test_a_signature_leads_to_its_own_image(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/amd64")
    sample.wait(lambda: "Notary signature" in sample.overview)
    view = sample.child(QTextBrowser, "overviewView")
    view.anchorClicked.emit(QUrl([link for link in links(view) if link.startswith("go:")][-1]))
    sample.wait(lambda: "Belongs to" in sample.overview)


def links(view: QTextBrowser) -> list[str]:
    found = []
    block = view.document().begin()
    while block.isValid():
        fragment = block.begin()
        while not fragment.atEnd():
            found.append(fragment.fragment().charFormat().anchorHref())
            fragment += 1
        block = block.next()
    return list(dict.fromkeys(filter(None, found)))
