"""Back and forward: the history alone, then by keys, buttons and mouse through images and stores."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.navigation import MOST, Navigation, Place
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import Driver
from tests.images import StoreBuilder

ALT = Qt.KeyboardModifier.AltModifier


def place(image: str, *path: int, store: str = "s") -> Place:
    return Place(store, image, path)


def test_history_goes_back_and_forward() -> None:
    history = Navigation()
    assert history.current is None and history.back() is None and history.forward() is None
    a, b, c = place("a"), place("a", 1), place("b")
    for each in (a, b, b, c):
        history.visit(each)
    assert history.back() == b and history.can_go_forward
    assert history.back() == a and not history.can_go_back and history.back() is None
    assert history.forward() == b
    history.visit(place("d"))
    assert not history.can_go_forward and history.back() == b


def test_a_place_that_gives_way() -> None:
    history = Navigation()
    history.visit(place("a"))
    history.visit(place("b"))
    history.visit(place("b", 1), replace=True)
    assert history.back() == place("a") and not history.can_go_back
    history.forward()
    history.visit(place("a"), replace=True)
    assert history.current == place("a") and not history.can_go_back
    empty = Navigation()
    empty.visit(place("a"), replace=True)
    assert empty.current == place("a")


def test_places_of_a_closed_store_are_forgotten() -> None:
    history = Navigation()
    for each in (place("a"), place("x", store="t"), place("a"), place("b")):
        history.visit(each)
    history.forget("t")
    assert history.current == place("b") and history.back() == place("a") and not history.can_go_back
    history.forget("s", "b")
    assert not history.can_go_forward
    history.forget("s")
    assert history.current is None and not history.can_go_back


def test_the_oldest_places_are_dropped() -> None:
    history = Navigation()
    for n in range(MOST + 50):
        history.visit(place(str(n)))
    steps = 0
    while history.back():
        steps += 1
    assert steps == MOST - 1


# By hand


def here(driver: Driver) -> tuple[str, str]:
    root = driver.structure.model().index(0, 0)
    name = root.data(Qt.ItemDataRole.ToolTipRole) or ""
    return str(name), str(driver.structure.currentIndex().data())


def wait_here(driver: Driver, image: str, node: str) -> None:
    driver.wait(lambda: image in here(driver)[0] and here(driver)[1] == node)


def wander(driver: Driver) -> None:
    """harbor-web amd64 → its layer 2 → sparse-cache amd64."""
    driver.choose("harbor-web")
    wait_here(driver, "harbor-web", "manifest linux/amd64")
    driver.click(driver.structure, driver.index(driver.structure, "layer 2/5"))
    driver.choose("sparse-cache")
    wait_here(driver, "sparse-cache", "manifest linux/amd64")


def test_by_keys_across_images(sample: Driver) -> None:
    wander(sample)
    sample.keys(Qt.Key.Key_Left, ALT, to=sample.window)
    wait_here(sample, "harbor-web", "layer 2/5")
    assert "harbor-web" in str(sample.images.currentIndex().data()), "the list follows"
    sample.keys(Qt.Key.Key_Left, ALT, to=sample.window)
    wait_here(sample, "harbor-web", "manifest linux/amd64")
    assert not sample.action("goBackAction").isEnabled(), "the image's first row counts once"
    for _ in range(2):
        sample.wait(sample.action("goForwardAction").isEnabled)
        sample.keys(Qt.Key.Key_Right, ALT, to=sample.window)
        sample.wait(lambda: not sample.window.looking.goto.busy)
    wait_here(sample, "sparse-cache", "manifest linux/amd64")
    assert not sample.action("goForwardAction").isEnabled()


@pytest.mark.parametrize("over", ["imagesView", "structureView", "jsonView", "overviewView"])
def test_by_the_mouse(sample: Driver, over: str) -> None:
    from PySide6.QtWidgets import QAbstractScrollArea

    wander(sample)
    viewport = sample.child(QAbstractScrollArea, over).viewport()
    QTest.mouseClick(viewport, Qt.MouseButton.BackButton)
    wait_here(sample, "harbor-web", "layer 2/5")
    QTest.mouseClick(viewport, Qt.MouseButton.ForwardButton)
    wait_here(sample, "sparse-cache", "manifest linux/amd64")


def test_to_an_image_that_the_filter_hides(sample: Driver) -> None:
    wander(sample)
    QTest.keyClicks(sample.filter, "sparse")
    sample.action("goBackAction").trigger()
    wait_here(sample, "harbor-web", "layer 2/5")


def test_across_stores_until_one_is_closed(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    builder.name("docker.io/library/another:1", builder.multi_platform())
    driver = open_window(SAMPLE, builder.write_layout(tmp_path / "other"))
    driver.choose("harbor-web")
    wait_here(driver, "harbor-web", "manifest linux/amd64")
    driver.choose("another")
    wait_here(driver, "another", "manifest linux/amd64")
    driver.action("goBackAction").trigger()
    wait_here(driver, "harbor-web", "manifest linux/amd64")
    driver.action("goForwardAction").trigger()
    wait_here(driver, "another", "manifest linux/amd64")
    driver.action("closeStoreAction").trigger()
    driver.choose("sparse-cache")
    wait_here(driver, "sparse-cache", "manifest linux/amd64")
    driver.action("goBackAction").trigger()
    wait_here(driver, "harbor-web", "manifest linux/amd64")


def test_an_image_that_went_away_is_skipped(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        builder.name(f"docker.io/library/{name}:1", builder.image([{name: name}]))
    folder = builder.write_layout(tmp_path / "store")
    driver = open_window(folder)
    for name in ("one", "two", "three"):
        driver.choose(f"{name}:1")
        driver.wait(lambda name=name: name in here(driver)[0])
    del builder.roots[1]
    (folder / "index.json").write_bytes(builder.index_json())
    driver.action("reloadAction").trigger()
    driver.wait(lambda: driver.images.model().rowCount() == 2)
    driver.choose("three:1")
    driver.action("goBackAction").trigger()
    driver.wait(lambda: "one" in here(driver)[0])
