"""The palette, quick open, Copy as: by the keyboard alone, and quick with many images."""

import os
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QListView, QMenu

from exporter_core import ExportOptions
from gui.actions import commands, plain, reasons
from gui.features.finding import command_choices, looks_like_path, store_choices
from gui.models.choices import Choice, ranked
from gui.models.file_name import example, file_name, template_problem
from gui.models.fuzzy import best, match
from tests.gui.conftest import Open
from tests.gui.driving import Driver, texts
from tests.images import StoreBuilder

KEY, CTRL, SHIFT = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


# Fuzzy


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("exp", "Export"),
        ("redis", "redis:7"),
        ("cdig", "Copy digest"),
        ("web", "harbor-web:2.4"),
        ("dig copy", "Copy digest"),
        ("EXPORT", "Export"),
    ],
)
def test_the_best_comes_first(typed: str, first: str) -> None:
    things = [
        "Reload store",
        "Retry export",
        "Export",
        "Copy digest",
        "harbor-web:2.4",
        "my-redis-copy",
        "redis:7",
    ]
    assert best(typed, things, str, 3)[0][0] == first


def test_what_does_not_fit_is_not_found() -> None:
    assert best("xyz", ["Export", "Copy"], str, 3) == []
    assert match(["o", "z"], "Copy") is None
    assert [thing for thing, _ in best("", ["a", "b", "c"], str, 2)] == ["a", "b"]
    assert match(["cd"], "Copy digest") == (pytest.approx(match(["cd"], "Copy digest")[0]), (0, 5))  # type: ignore[index]


def test_letters_of_the_title_alone_are_shown_bold() -> None:
    choice = Choice("edge", "docker.io", more="sha256:abc")
    assert ranked("abc", [choice])[0].places == ()
    assert ranked("dg", [choice])[0].places == (1, 2)


# The palette


def press(driver: Driver, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    together = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        together |= modifier
    driver.keys(key, together, to=driver.window)


def opened(driver: Driver, name: str) -> QDialog:
    dialog = driver.child(QDialog, name)
    driver.qtbot.waitExposed(dialog)
    driver.wait(lambda: QGuiApplication.focusObject() is driver.child(QLineEdit, f"{name}Search"))
    return dialog


def gone(driver: Driver, name: str) -> bool:
    return driver.window.findChild(QDialog, name) is None


def type_in(driver: Driver, name: str, words: str) -> list[str]:
    search = driver.child(QLineEdit, f"{name}Search")
    search.clear()
    QTest.keyClicks(search, words)
    return texts(driver.child(QListView, f"{name}List"))


def test_a_command_by_its_letters(sample: Driver) -> None:
    press(sample, KEY.Key_P, CTRL, SHIFT)
    opened(sample, "palette")
    assert type_in(sample, "palette", "jobs pan")[0] == "Jobs panel"
    QTest.keyClick(sample.child(QLineEdit, "paletteSearch"), KEY.Key_Return)
    sample.wait(lambda: sample.window.jobs_pane.isVisible() and gone(sample, "palette"))


def test_every_command_is_in_the_palette_with_its_keys(sample: Driver) -> None:
    choices = {choice.title: choice for choice in command_choices(sample.window.commands)}
    for command in commands():
        if command.name != "palette":
            assert plain(command.text).rstrip("…") in choices, command.name
    assert choices["Export"].right == "Ctrl+E" and choices["Export"].detail == "File"
    assert "No finished export" in choices["Show in folder"].reason


def test_a_disabled_command_says_why_and_cannot_be_chosen(sample: Driver) -> None:
    press(sample, KEY.Key_P, CTRL, SHIFT)
    dialog = opened(sample, "palette")
    assert type_in(sample, "palette", "retry exp")[0] == "Retry export"
    assert "No failed or cancelled export" in sample.child(QLabel, "paletteReason").text()
    search = sample.child(QLineEdit, "paletteSearch")
    QTest.keyClick(search, KEY.Key_Return)
    assert dialog.isVisible()
    QTest.keyClick(search, KEY.Key_Escape)
    assert gone(sample, "palette")


def test_every_fact_that_a_command_needs_has_words() -> None:
    needed = {fact for command in commands() for fact in command.needs}
    assert needed <= set(reasons()), needed - set(reasons())


def test_arrows_move_while_one_types(sample: Driver) -> None:
    press(sample, KEY.Key_P, CTRL, SHIFT)
    opened(sample, "palette")
    view, search = sample.child(QListView, "paletteList"), sample.child(QLineEdit, "paletteSearch")
    QTest.keyClick(search, KEY.Key_Down)
    QTest.keyClick(search, KEY.Key_Down)
    assert view.currentIndex().row() == 2
    QTest.keyClick(search, KEY.Key_Up)
    assert view.currentIndex().row() == 1 and QGuiApplication.focusObject() is search
    assert type_in(sample, "palette", "qqqq") == []
    assert sample.child(QLabel, "paletteReason").text() == "No command fits."
    QTest.keyClick(search, KEY.Key_Return)
    QTest.keyClick(search, KEY.Key_Escape)


def test_by_mouse_too(sample: Driver) -> None:
    sample.action("paletteAction").trigger()
    opened(sample, "palette")
    type_in(sample, "palette", "jobs pan")
    view = sample.child(QListView, "paletteList")
    sample.click(view, view.model().index(0, 0))
    sample.wait(lambda: sample.window.jobs_pane.isVisible())


# Quick open


def test_quick_open_goes_to_an_image(sample: Driver) -> None:
    press(sample, KEY.Key_P, CTRL)
    opened(sample, "quickOpen")
    assert type_in(sample, "quickOpen", "zstd")[0] == "zstd-tool:0.3"
    QTest.keyClick(sample.child(QLineEdit, "quickOpenSearch"), KEY.Key_Return)
    sample.wait(lambda: "zstd-tool" in str(sample.images.currentIndex().data()))
    sample.wait(lambda: "zstd-tool" in sample.overview or sample.picker.count() > 0)


def test_quick_open_goes_to_a_blob_by_its_digest(sample: Driver) -> None:
    sample.choose("harbor-web")
    press(sample, KEY.Key_P, CTRL)
    opened(sample, "quickOpen")
    sample.wait(lambda: bool(type_in(sample, "quickOpen", "config linux/arm64")))
    found = sample.child(QListView, "quickOpenList").model().index(0, 0)
    digest = next(part for part in str(found.data(Qt.ItemDataRole.ToolTipRole)).split() if "sha256" in part)
    QTest.keyClick(sample.child(QLineEdit, "quickOpenSearch"), KEY.Key_Return)
    sample.wait(lambda: sample.structure.currentIndex().data() == "config")
    shown = sample.structure.currentIndex().siblingAtColumn(4).data(Qt.ItemDataRole.ToolTipRole)
    assert shown.startswith(digest.rstrip("…,"))


def test_quick_open_opens_a_store_by_its_path(sample: Driver, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/there:1", builder.image())
    builder.write_layout(tmp_path / "some store")
    press(sample, KEY.Key_P, CTRL)
    opened(sample, "quickOpen")
    assert type_in(sample, "quickOpen", f"{tmp_path}/som") == ["some store"]
    search = sample.child(QLineEdit, "quickOpenSearch")
    QTest.keyClick(search, KEY.Key_Tab)
    assert search.text() == f"{tmp_path}/some store/"
    QTest.keyClick(search, KEY.Key_Return)
    sample.wait(lambda: "docker.io/library/there:1" in texts(sample.images))


def test_paths(tmp_path: Path) -> None:
    for name in ("a.tar", "b.txt", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    assert looks_like_path("/") and looks_like_path("~/x") and not looks_like_path("redis:7")
    titles = [choice.title for choice in store_choices(f"{tmp_path}{os.sep}")]
    assert titles[1:] == ["a.tar", "folder"] and titles[0].startswith("Open ")
    assert [choice.title for choice in store_choices(f"{tmp_path}/FOL")] == ["folder"]
    assert store_choices(f"{tmp_path}/nothing/at/all") == []


def test_a_thousand_images_are_found_at_once(
    open_window: Open, builder: StoreBuilder, tmp_path: Path
) -> None:
    target = builder.image()
    for i in range(1000):
        builder.name(f"registry.example.com/team-{i % 17}/service-{i}:1.{i % 10}", target)
    driver = open_window(builder.write_layout(tmp_path / "many"))
    driver.action("quickOpenAction").trigger()
    opened(driver, "quickOpen")
    search = driver.child(QLineEdit, "quickOpenSearch")
    slowest = 0.0
    for letter in "service-777":
        before = time.perf_counter()
        QTest.keyClicks(search, letter)
        slowest = max(slowest, time.perf_counter() - before)
    assert texts(driver.child(QListView, "quickOpenList"))[0] == "service-777:1.7"
    assert slowest < 0.25, f"a letter took {slowest * 1000:.0f} ms"
    QTest.keyClick(search, KEY.Key_Escape)


# Copy as


def menu_items(menu: QMenu) -> dict[str, str]:
    menu.aboutToShow.emit()
    return {action.text(): action.toolTip() for action in menu.actions() if not action.isSeparator()}


def test_copy_as_of_an_image(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.images.setFocus()
    menu = sample.child(QMenu, "copyAsMenu")
    items = menu_items(menu)
    assert items["Digest"].startswith("sha256:") and items["Reference"] == "docker.io/library/harbor-web:2.4"
    assert Path(items["Path"]).is_file()
    programs = {text.partition(":")[0] for text in items}
    assert {"shipglass", "skopeo", "crane", "regctl"} <= programs
    assert "harbor-web:2.4 -o image.tar" in items["shipglass: export it"]
    action = next(action for action in menu.actions() if action.text() == "Reference")
    action.trigger()
    assert sample.clipboard == "docker.io/library/harbor-web:2.4"


def test_copy_as_of_a_layer(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.structure.setFocus()
    layer = sample.index(sample.structure, "layer 1")
    sample.click(sample.structure, layer)
    items = menu_items(sample.child(QMenu, "copyAsMenu"))
    assert items["Reference"].startswith("docker.io/library/harbor-web@sha256:")
    assert {"ctr: show it", "tar: list the files"} <= set(items)
    sample.action("copyPathAction").trigger()
    assert sample.clipboard == items["Path"] and Path(sample.clipboard).is_file()


def test_commands_to_copy_are_in_the_palette(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.images.setFocus()
    press(sample, KEY.Key_P, CTRL, SHIFT)
    opened(sample, "palette")
    assert type_in(sample, "palette", "copy as crane digest")[0].startswith("Copy as › crane")
    QTest.keyClick(sample.child(QLineEdit, "paletteSearch"), KEY.Key_Return)
    sample.wait(lambda: sample.clipboard.startswith("crane "))


def test_nothing_selected_nothing_to_copy(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.image()
    driver = open_window(builder.write_bare(tmp_path / "bare"), wait=False)
    driver.wait(lambda: driver.window.stores.current is not None)
    assert menu_items(driver.child(QMenu, "copyAsMenu")) == {"Nothing is selected": "Nothing is selected"}


# File names


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("{name}_{platform}", "redis_7_linux_amd64.tar"),
        ("{name}", "redis_7.tar"),
        ("{repository}-{name}", "docker.io_library-redis_7.tar"),
        ("{digest}.tar", "06c9b6597f4d.tar"),
        ("fixed", "fixed.tar"),
    ],
)
def test_file_names(template: str, made: str) -> None:
    assert template_problem(template) == "" and example(template) == made


@pytest.mark.parametrize("template", ["", "{what}", "{name", "name}", "a/b", "{}"])
def test_templates_that_cannot_be(template: str) -> None:
    assert template_problem(template)


def test_a_field_that_says_nothing_leaves_no_trace(sample: Driver) -> None:
    images = sample.window.session.stores[0].images
    everything = ExportOptions(all_platforms=True)
    assert file_name("{name}_{platform}", images[:1], everything) == "harbor-web_2.4.tar"
    assert file_name("{name}", images[:3], everything) == "3-images.tar"
    assert file_name("{broken", images[:1], everything) == "harbor-web_2.4.tar"
