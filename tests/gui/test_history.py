"""The exports of earlier days: kept in a file, shown after a restart, run again, cleared."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QMessageBox,
    QRadioButton,
    QTabBar,
    QTreeView,
)

from gui.job_list import Past, Record
from gui.job_list.past import FILE_LIMIT
from gui.models.past import PastModel
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import Driver, row_text
from tests.gui.fakes import SlowStore
from tests.gui.test_models import watch

RECORD = Record(
    time="2026-03-04T05:06:07+00:00", state="done", store="/s", images=("docker.io/library/redis:7",),
    targets=("/t/redis_7.tar",), platforms=("linux/arm64",), bytes=12345, seconds=1.5, sha256="ab" * 32,
)  # fmt: skip


def history(driver: Driver) -> QTreeView:
    driver.action("exportHistoryAction").trigger()
    view = driver.child(QTreeView, "exportHistoryView")
    driver.wait(lambda: driver.child(QTabBar, "jobsTabs").isVisible())
    return view


def press(driver: Driver, name: str) -> None:
    """Once the pane has been laid out and nothing lies before it."""
    button, window = driver.child(QAbstractButton, name), driver.window
    driver.wait(lambda: window.childAt(button.mapTo(window, button.rect().center())) is button)
    driver.wait(lambda: QApplication.activeModalWidget() is None)
    driver.press(button)


def rows(view: QTreeView) -> list[list[str]]:
    model = view.model()
    return [row_text(model.index(row, 0)) for row in range(model.rowCount())]


def test_what_was_exported_is_there_after_a_restart(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(SAMPLE)
    driver.choose("edge")
    driver.export(tmp_path / "good.tar")
    driver.wait_job("done")
    driver.choose("broken-job")
    driver.export(tmp_path / "bad.tar")
    driver.wait(lambda: driver.job_state(1) == "failed")
    driver.window.close()
    again = open_window(SAMPLE)
    view = history(again)
    found = rows(view)
    assert [row[6] for row in found] == ["failed", "done and verified"]
    assert found[1][2] == str(tmp_path / "good.tar") and found[1][1] == "edge" and found[1][4]
    tip = view.model().index(0, 6).data(Qt.ItemDataRole.ToolTipRole)
    assert "a1b411aa" in tip
    again.choose("edge")
    again.export(tmp_path / "more.tar")
    again.wait_job("done")
    assert again.child(QTabBar, "jobsTabs").currentIndex() == 0, "the new export is what is looked at"
    assert len(rows(history(again))) == 3


def test_what_was_cut_off_by_closing_the_window_is_there(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(SAMPLE)
    opened = driver.window.session.stores[0]
    assert opened.store is not None
    opened.store = SlowStore(opened.store)  # type: ignore[assignment]
    driver.choose("harbor-web")
    for name in ("running.tar", "waiting.tar"):
        driver.export(tmp_path / name)
    driver.wait(lambda: driver.job_state() == "copying")
    driver.window.close()
    again = open_window(SAMPLE)
    found = rows(history(again))
    assert [row[6] for row in found] == ["cancelled", "cancelled"]
    assert {Path(row[2]).name for row in found} == {"running.tar", "waiting.tar"}


def test_run_again_by_the_return_key(open_window: Open, tmp_path: Path) -> None:
    driver = open_window(SAMPLE)
    driver.choose("harbor-web")
    driver.pick("linux/arm64")
    driver.export(tmp_path / "web.tar")
    driver.wait_job("done")
    driver.window.close()
    again = open_window("/nothing/here", wait=False)
    view = history(again)
    view.setCurrentIndex(view.model().index(0, 0))
    again.keys(Qt.Key.Key_Return, to=view)
    again.wait(lambda: again.window.export.dialog is not None)
    again.wait_planned()
    assert again.target.text() == str(tmp_path / "web.tar")
    assert again.child(QRadioButton, "exportSome").isChecked()
    options = again.window.export.dialog.form().options  # type: ignore[union-attr]
    assert [str(platform) for platform in options.platforms or ()] == ["linux/arm64/v8"] or [
        platform.architecture for platform in options.platforms or ()
    ] == ["arm64"]
    again.press(again.start)
    question = again.child(QMessageBox, "overwriteQuestion")
    again.qtbot.waitExposed(question)
    again.press(next(b for b in question.buttons() if b.text() == "Replace"))
    again.wait_job("done")


def test_run_again_without_its_store_or_image(open_window: Open, tmp_path: Path, config_dir: Path) -> None:
    past = Past(config_dir / "state")
    past.add(replace(RECORD, store=str(SAMPLE)))
    past.add(replace(RECORD, store=str(tmp_path / "nowhere")))
    driver = open_window(SAMPLE)
    view = history(driver)
    said = driver.child(QLabel, "pastProblem")
    view.setCurrentIndex(view.model().index(0, 0))
    press(driver, "pastAgain")
    driver.wait(lambda: "cannot be opened" in said.text())
    view.setCurrentIndex(view.model().index(1, 0))
    press(driver, "pastAgain")
    driver.wait(lambda: "not in the store any more" in said.text())
    assert driver.window.export.dialog is None
    press(driver, "pastOpen")
    assert "no longer there" in said.text()


def test_clearing_asks_first(open_window: Open, config_dir: Path) -> None:
    Past(config_dir / "state").add(RECORD)
    driver = open_window(SAMPLE)
    view = history(driver)
    assert len(rows(view)) == 1
    for words, left in (("Cancel", 1), ("Clear history", 0)):
        press(driver, "pastClear")
        box = next(box for box in driver.window.findChildren(QMessageBox) if box.isVisible())
        driver.press(next(b for b in box.buttons() if b.text().replace("&", "") == words))
        driver.wait(lambda left=left: len(rows(view)) == left)
    assert Past(config_dir / "state").records() == []
    assert not driver.child(QAbstractButton, "pastClear").isEnabled()


def test_bad_lines_are_passed_over(tmp_path: Path) -> None:
    past = Past(tmp_path)
    past.add(RECORD)
    good = past.path.read_text()
    odd = json.loads(good)
    bad = [
        "", "{", "[]", "null", "12", "{}", "[" * 100_000,
        json.dumps({**odd, "state": "planning"}), json.dumps({**odd, "images": "x"}),
        json.dumps({**odd, "bytes": -1}), json.dumps({**odd, "bytes": True}),
        json.dumps({**odd, "targets": []}),
        json.dumps({**odd, "seconds": "1"}), "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ]  # fmt: skip
    newer = json.dumps({**odd, "colour": "red", "seconds": 2})
    past.path.write_text("\n".join([good.strip(), *bad, newer, '{"cut sho']))
    assert past.records() == [replace(RECORD, seconds=2.0), RECORD]
    assert RECORD.options.platforms is not None and not RECORD.options.all_platforms


def test_the_file_never_grows_large(tmp_path: Path) -> None:
    past = Past(tmp_path)
    for n in range(3000):
        past.add(replace(RECORD, bytes=n))
    assert past.path.stat().st_size <= FILE_LIMIT + 1000
    kept = past.records()
    assert kept[0].bytes == 2999 and 500 < len(kept) < 3000
    assert [record.bytes for record in kept] == list(range(2999, 2999 - len(kept), -1))
    past.add(replace(RECORD, error="x" * 100_000))
    assert past.records()[0].bytes == 2999, "a monstrous line is left out"


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    past = Past(tmp_path / "file")
    past.add(RECORD)
    past.clear()
    assert past.records() == []


def test_past_model_in_every_state() -> None:
    model = PastModel()
    watch(model)
    model.show([])
    several = replace(RECORD, images=("a", "b"), targets=("/t/a.tar", "/t/b.tar"), state="cancelled", bytes=0)
    model.show([RECORD, replace(RECORD, state="failed", error="why", all_platforms=True, profile="v1")])
    model.prepend(several)
    assert model.index(0, 2).data() == "2 files in /t" and model.index(0, 1).data() == "2 images"
    assert model.index(2, 3).data() == "all platforms · as V1Exporter"
    assert model.index(1, 3).data() == "linux/arm64"
    assert model.data(QModelIndex()) is None
    model.show([])


@pytest.mark.parametrize("text", ["2026-03-04T05:06:07+00:00", "nonsense"])
def test_any_time_can_be_shown(text: str) -> None:
    model = PastModel()
    model.show([replace(RECORD, time=text)])
    assert model.index(0, 0).data()
