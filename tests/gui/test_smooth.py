"""The window stays quick: nobody waits for the GUI thread while an export runs at full speed."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gui.conftest import Open
from tests.gui.watchdog import Watchdog
from tests.images import StoreBuilder, big_layout


@pytest.fixture
def fast_folder() -> Iterator[Path]:
    place = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path("/tmp")
    folder = place / f"shipglass-test-{time.monotonic_ns()}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def test_a_full_speed_export_does_not_stall_the_window(open_window: Open, fast_folder: Path) -> None:
    big_layout(fast_folder / "big", [75 << 20] * 8)
    driver = open_window(fast_folder / "big")
    driver.open_dialog()
    driver.target.setText(str(fast_folder / "out.tar"))
    driver.wait_planned()
    watchdog = Watchdog()
    driver.press(driver.start)
    watchdog.start()
    driver.wait_job("done", 60000)
    watchdog.stop()
    assert (fast_folder / "out.tar").stat().st_size > 600 << 20
    assert len(watchdog.late) > 50
    assert watchdog.percentile(0.99) <= 50, f"p99 {watchdog.percentile(0.99):.1f} ms late"


def test_a_thousand_images_are_listed_quickly(
    open_window: Open, builder: StoreBuilder, tmp_path: Path
) -> None:
    for i in range(1000):
        builder.name(f"registry.example.com/team/service-{i}:1", builder.image([{"id": str(i)}]))
    store = builder.write_layout(tmp_path / "store")
    driver = open_window(store, wait=False)
    began = time.monotonic()
    driver.wait(lambda: driver.images.model().rowCount() == 1000)
    listed = time.monotonic() - began
    began = time.monotonic()
    driver.filter.setText("service-77")
    filtered = time.monotonic() - began
    assert driver.images.model().rowCount() == 11
    assert listed < 3 and filtered < 0.3
