"""The queue: order, so many at once, pause and going on, removing; what is known after an export."""

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from exporter_core import Descriptor, Digest, Store, open_store, plan_export, verify_location
from gui.features import reveal
from gui.job_list import ExportJob, ExportRequest, JobList, JobState
from gui.job_list.gate import Gate, HeldStore
from gui.jobs import Pool
from gui.models.jobs import MIME, JobsModel
from gui.models.results import ResultsModel
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import Driver
from tests.gui.fakes import SlowStore
from tests.gui.test_models import watch
from tests.images import StoreBuilder
from tests.memory import MemoryStore

KEY, ALT = Qt.Key, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store(SAMPLE)
    yield opened
    opened.close()


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


Slow = Callable[[], tuple[Driver, SlowStore]]


@pytest.fixture
def slow(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> Slow:
    """A window on a store whose only layer trickles until the gate is opened."""

    def open_() -> tuple[Driver, SlowStore]:
        layer = builder.layer({"data": bytes(range(256)) * 1000}, "")
        builder.name("docker.io/library/slow:1", builder.manifest(builder.config([layer]), [layer]))
        driver = open_window(builder.write_layout(tmp_path / "store"))
        opened = driver.window.session.stores[0]
        assert opened.store is not None
        fake = SlowStore(opened.store)
        opened.store = fake  # type: ignore[assignment]
        (tmp_path / "out").mkdir()
        return driver, fake

    return open_


def titles(driver: Driver) -> list[str]:
    model = driver.jobs.model()
    return [str(model.index(row, 0).data()).split(" → ")[1] for row in range(model.rowCount())]


def to_front(driver: Driver) -> None:
    """Where there is no window manager nothing comes to the front by itself when a dialog is closed."""
    driver.window.activateWindow()
    driver.wait(lambda: QApplication.activeWindow() is driver.window)


def start_three(driver: Driver, folder: Path) -> None:
    for name in "abc":
        driver.export(folder / f"{name}.tar")
    driver.wait(lambda: driver.job_state(0) == "copying")


def test_paused_and_gone_on(slow: Slow, tmp_path: Path) -> None:
    driver, fake = slow()
    driver.export(tmp_path / "out" / "a.tar")
    export = driver.window.jobs.jobs[0]
    driver.wait(lambda: export.progress.bytes_done > 1000)
    driver.press(driver.child(QToolButton, "jobPause"))
    assert driver.job_state() == "paused"
    assert "temporary file" in driver.child(QLabel, "jobHeld").text()
    fake.gate.set()
    driver.qtbot.wait(150)
    before = export.progress.bytes_done
    driver.qtbot.wait(150)
    assert export.progress.bytes_done == before < export.progress.total
    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".part"]
    assert not driver.child(QToolButton, "jobPause").isVisible()
    driver.press(driver.child(QToolButton, "jobResume"))
    driver.wait_job("done")
    assert verify_location(tmp_path / "out" / "a.tar").ok
    assert export.report is not None and export.report.seconds < 10


def test_a_paused_one_can_be_cancelled_at_once(slow: Slow, tmp_path: Path) -> None:
    driver, _ = slow()
    driver.export(tmp_path / "out" / "a.tar")
    driver.wait(lambda: driver.job_state() == "copying")
    to_front(driver)
    driver.keys(KEY.Key_P, Qt.KeyboardModifier.ControlModifier | ALT, to=driver.window)
    assert driver.job_state() == "paused"
    driver.press(driver.cancel)
    driver.wait_job("cancelled", 1000)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_pause_lets_the_next_one_run(slow: Slow, tmp_path: Path) -> None:
    driver, fake = slow()
    start_three(driver, tmp_path / "out")
    model = driver.jobs.model()
    driver.click(driver.jobs, model.index(0, 0))
    driver.action("pauseJobAction").trigger()
    driver.wait(lambda: [driver.job_state(n) for n in range(3)] == ["paused", "copying", "waiting"])
    driver.action("resumeJobAction").trigger()
    assert driver.job_state(0) == "waiting to go on"
    fake.gate.set()
    driver.wait(lambda: all(driver.job_state(n).startswith("done") for n in range(3)))


def test_a_waiting_one_is_paused_and_passed_over(slow: Slow, tmp_path: Path) -> None:
    driver, fake = slow()
    start_three(driver, tmp_path / "out")
    driver.click(driver.jobs, driver.jobs.model().index(1, 0))
    driver.action("pauseJobAction").trigger()
    fake.gate.set()
    driver.wait(lambda: driver.job_state(2).startswith("done"))
    assert driver.job_state(1) == "paused" and "paused" in driver.window.work.words()
    assert not (tmp_path / "out" / "b.tar").exists()
    driver.action("resumeJobAction").trigger()
    driver.wait(lambda: driver.job_state(1).startswith("done"))


def test_the_order_by_keys(slow: Slow, tmp_path: Path) -> None:
    driver, fake = slow()
    start_three(driver, tmp_path / "out")
    driver.click(driver.jobs, driver.jobs.model().index(2, 0))
    to_front(driver)
    driver.jobs.setFocus()
    driver.keys(KEY.Key_Up, ALT, to=driver.jobs)
    assert titles(driver) == ["a.tar", "c.tar", "b.tar"]
    assert driver.jobs.currentIndex().row() == 1
    driver.keys(KEY.Key_Down, ALT, to=driver.jobs)
    assert titles(driver) == ["a.tar", "b.tar", "c.tar"]
    driver.keys(KEY.Key_Up, ALT, to=driver.jobs)
    fake.gate.set()
    driver.wait(lambda: driver.job_state(2).startswith("done"))
    ended = [export.parts[0].progress.ended for export in driver.window.jobs.jobs]
    assert ended == sorted(ended), "c came before b"
    driver.keys(KEY.Key_Delete, to=driver.jobs)
    assert len(titles(driver)) == 2


def test_the_order_by_dragging(slow: Slow, tmp_path: Path) -> None:
    driver, fake = slow()
    start_three(driver, tmp_path / "out")
    view, model = driver.jobs, driver.jobs.model()
    data = model.mimeData([model.index(2, 0)])
    drop(view.viewport(), data, view.visualRect(model.index(1, 0)).topLeft() + QPoint(30, 1))
    assert titles(driver) == ["a.tar", "c.tar", "b.tar"]
    data = model.mimeData([model.index(0, 0)])
    drop(view.viewport(), data, QPoint(30, view.viewport().height() - 3))
    assert titles(driver) == ["c.tar", "b.tar", "a.tar"]
    stranger = QMimeData()
    stranger.setText("x")
    assert not model.dropMimeData(stranger, Qt.DropAction.MoveAction, 0, 0, model.index(-1, 0))
    stranger.setData(MIME, b"77")
    assert not model.dropMimeData(stranger, Qt.DropAction.MoveAction, 0, 0, model.index(-1, 0))
    fake.gate.set()
    driver.wait(lambda: all(driver.job_state(n).startswith("done") for n in range(3)))


def drop(viewport: QWidget, data: QMimeData, place: QPoint) -> None:
    """As Qt does it when a drag ends here."""
    move, left, none = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(viewport, QDragEnterEvent(place, move, data, left, none))
    QApplication.sendEvent(viewport, QDragMoveEvent(place, move, data, left, none))
    QApplication.sendEvent(viewport, QDropEvent(QPointF(place), move, data, left, none))


def test_two_at_once(slow: Slow, tmp_path: Path) -> None:
    driver, fake = slow()
    driver.window.jobs.at_once = 2
    start_three(driver, tmp_path / "out")
    driver.wait(lambda: [driver.job_state(n) for n in range(3)] == ["copying", "copying", "waiting"])
    driver.window.jobs.at_once = 3
    driver.wait(lambda: driver.job_state(2) == "copying")
    fake.gate.set()
    driver.wait(lambda: all(driver.job_state(n).startswith("done") for n in range(3)))


def test_closing_the_window_with_a_paused_export(slow: Slow, tmp_path: Path) -> None:
    driver, _ = slow()
    driver.export(tmp_path / "out" / "a.tar")
    driver.wait(lambda: driver.job_state() == "copying")
    driver.action("pauseJobAction").trigger()
    driver.window.close()
    assert list((tmp_path / "out").iterdir()) == []


def test_the_end_of_each_is_told_once(
    store: Store,
    pool: Pool,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    jobs = JobList(pool)
    told: list[tuple[object, JobState]] = []

    def hear(export: ExportJob) -> None:
        told.append((export, export.state))

    jobs.exportEnded.connect(hear)
    image = next(image for image in store.images() if "edge" in image.name)
    export = jobs.add(ExportRequest(store, plan_export(store, [image]), str(tmp_path / "a.tar")))
    qtbot.waitUntil(lambda: not export.active)
    jobs.hash(export)
    assert export.state is JobState.HASHING
    qtbot.waitUntil(lambda: not export.active)
    assert told == [(export, JobState.DONE)]
    assert export.parts[0].sha256 == hashlib.sha256((tmp_path / "a.tar").read_bytes()).hexdigest()
    jobs.close()


def test_results_model_in_every_state(
    store: Store,
    pool: Pool,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    jobs = JobList(pool)
    model, tree = ResultsModel(), JobsModel(jobs)
    watch(model)
    watch(tree)
    model.show(None)
    images = [image for image in store.images() if any(n in image.name for n in ("edge", "broken", "zstd"))]
    slow = SlowStore(store, pause=0.01)
    requests = [
        ExportRequest(slow, plan_export(store, [image]), str(tmp_path / f"{n}.tar"))  # type: ignore[arg-type]
        for n, image in enumerate(images)
    ]
    export = jobs.add(*requests)
    model.show(export)
    assert model.rowCount() == 3 and tree.rowCount(tree.index(0, 0)) == 3
    qtbot.waitUntil(lambda: tree.index(0, 5).data() == "copying")
    model.show(export)
    slow.gate.set()
    qtbot.waitUntil(lambda: export.state is JobState.FAILED)
    model.show(export)
    states = {str(model.index(r, 5).data()) for r in range(3)}
    assert "done and verified" in states and len(states) == 2
    jobs.retry(export)
    qtbot.waitUntil(lambda: export.state is JobState.FAILED)
    jobs.remove(export)
    model.show(None)
    assert tree.rowCount() == 0 and model.rowCount() == 0
    jobs.close()


# After an export


def test_what_loads_the_archive_and_its_digest(sample: Driver, tmp_path: Path) -> None:
    sample.choose("edge")
    sample.export(tmp_path / "my image.tar")
    sample.wait_job("done")
    box = sample.child(QWidget, "loadCommands")
    assert box.isVisible()
    lines = [line.text() for line in box.findChildren(QLineEdit)]
    target = f"'{tmp_path}/my image.tar'"
    for command in (f"ctr -n k8s.io images import {target}", f"podman load --input {target}",
                    f"kind load image-archive {target}"):  # fmt: skip
        assert command in lines
    buttons = [b for b in box.findChildren(QAbstractButton) if "docker" in b.accessibleName()]
    sample.press(buttons[0])
    assert QGuiApplication.clipboard().text() == f"docker load --input {target}"
    digest = sample.child(QLineEdit, "archiveDigest")
    assert not digest.isVisible()
    sample.press(sample.child(QToolButton, "jobHash"))
    sample.wait(lambda: digest.isVisible() and sample.job_state().startswith("done"))
    whole = hashlib.sha256((tmp_path / "my image.tar").read_bytes()).hexdigest()
    assert digest.text() == f"sha256:{whole}" and whole in sample.child(QLabel, "jobReceipt").text()
    assert not sample.action("hashJobAction").isEnabled()


@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_a_digest_of_a_file_that_is_no_longer_what_was_written(
    sample: Driver, tmp_path: Path, harm: str
) -> None:
    sample.choose("edge")
    sample.export(tmp_path / "a.tar")
    sample.wait_job("done")
    if harm == "gone":
        (tmp_path / "a.tar").unlink()
    else:
        (tmp_path / "a.tar").write_bytes(b"something else")
    sample.action("hashJobAction").trigger()
    sample.wait(lambda: sample.error.isVisible())
    words = "cannot be read" if harm == "gone" else "has 14 bytes now"
    assert words in sample.error.toPlainText() and sample.job_state().startswith("done")


def test_shown_in_the_file_manager(sample: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(reveal, "session_bus", lambda: None)
    monkeypatch.setattr(reveal.QDesktopServices, "openUrl", lambda url: asked.append(url.toLocalFile()))
    sample.choose("edge")
    sample.export(tmp_path / "a.tar")
    sample.wait_job("done")
    sample.action("revealJobAction").trigger()
    assert asked == [str(tmp_path)]
    (tmp_path / "a.tar").unlink()
    sample.action("revealJobAction").trigger()
    assert asked == [str(tmp_path)] * 2


@pytest.mark.parametrize(("system", "program"), [("win32", "explorer"), ("darwin", "open")])
def test_shown_on_other_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, program: str
) -> None:
    started: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(reveal.sys, "platform", system)
    monkeypatch.setattr(reveal.QProcess, "startDetached", lambda *words: started.append(words))
    (tmp_path / "a.tar").touch()
    reveal.Reveal().show(str(tmp_path / "a.tar"))
    assert started[0][0] == program and str(tmp_path / "a.tar") in started[0][1][-1]


def test_a_held_blob_can_be_waited_for_in_turns() -> None:
    """As the blob behind the gate, so that a cancel is heard while a daemon hangs."""

    class Waiting(io.BytesIO):
        asked = 0

        def poll(self, seconds: float) -> bool:
            self.asked += 1
            return self.asked > 2

    class Waits:
        def open(self, descriptor: Descriptor) -> io.BytesIO:
            return Waiting(b"x")

    blob = Descriptor("", Digest.parse("sha256:" + "0" * 64), 1)
    held = HeldStore(Waits(), Gate(), threading.Event()).open(blob)  # type: ignore[arg-type]
    assert [held.poll(0.0) for _ in range(3)] == [False, False, True]  # type: ignore[attr-defined]
    plain = HeldStore(MemoryStore({str(blob.digest): b"x"}), Gate(), threading.Event())  # type: ignore[arg-type]
    assert plain.open(blob).poll(0.0)  # type: ignore[attr-defined]
