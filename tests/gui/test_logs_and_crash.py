"""The log, and what becomes of an error that nobody caught."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import qWarning
from PySide6.QtWidgets import QComboBox, QDialog, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from gui.crash import CrashGuard
from gui.logs import FILE, LogBook, as_text, log
from tests.gui.driving import Driver

ROOT = Path(__file__).parents[2]


@pytest.fixture
def book() -> Iterator[LogBook]:
    book = LogBook(kept=100)
    book.begin()
    yield book
    book.end()


def texts(book: LogBook, level: int = logging.NOTSET) -> list[str]:
    return [line.text for line in book.lines(level)]


def test_the_log_keeps_the_last_lines_by_level(book: LogBook) -> None:
    for i in range(150):
        log("test").debug("line %d", i)
    log("test").warning("a warning")
    assert len(book.lines()) == 100 and texts(book)[0] == "line 51"
    assert texts(book, logging.WARNING) == ["a warning"]
    newest = book.newest
    book.emit(logging.LogRecord("shipglass.test", logging.ERROR, "", 0, "%d %s", (1,), None))
    assert [line.number for line in book.lines(after=newest)] == [newest + 1]
    assert "WARNING  test: a warning" in as_text(book.lines())


def test_the_log_file_is_rotated_and_may_be_lost(tmp_path: Path) -> None:
    book = LogBook()
    book.begin(tmp_path / "state")
    assert book.path == tmp_path / "state" / FILE
    for _ in range(800):
        log("test").info("x" * 1000)
    assert book.path.stat().st_size <= 520 * 1024
    assert (tmp_path / "state" / f"{FILE}.1").is_file()
    book.end()
    log("test").info("nobody listens")
    assert "nobody listens" not in texts(book)


def test_a_folder_that_cannot_be_written_costs_the_file_alone(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the way")
    book = LogBook()
    book.begin(tmp_path / "state")
    assert book.path is None and any("not written to a file" in text for text in texts(book))
    book.end()


@pytest.fixture
def guard(book: LogBook, monkeypatch: pytest.MonkeyPatch) -> Iterator[CrashGuard]:
    monkeypatch.setattr(sys, "excepthook", lambda *_: None)  # else pytest-qt's, which fails the test
    guard = CrashGuard(log("crash"))
    guard.install()
    yield guard
    guard.uninstall()


def test_an_error_nobody_caught_is_told_once(guard: CrashGuard, book: LogBook, qtbot: QtBot) -> None:
    told: list[tuple[str, str]] = []
    guard.caught.connect(lambda title, details: told.append((title, details)))
    for _ in range(3):
        try:
            raise ValueError("one\ntwo")
        except ValueError as error:
            guard.report(error)
    qtbot.waitUntil(lambda: len(told) == 1)
    assert told[0][0] == "ValueError: one" and "Traceback" in told[0][1]
    assert len(texts(book, logging.ERROR)) == 3
    guard.report(KeyboardInterrupt())
    qtbot.wait(20)
    assert len(told) == 1


def test_errors_of_threads_and_hooks_arrive_in_the_gui_thread(guard: CrashGuard, qtbot: QtBot) -> None:
    where: list[threading.Thread] = []
    guard.caught.connect(lambda *_: where.append(threading.current_thread()))
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: where == [threading.main_thread()])


def test_a_report_that_fails_begets_no_other(
    guard: CrashGuard, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    calls: list[int] = []

    def broken(title: str, details: str) -> None:
        calls.append(1)
        guard.report(RuntimeError("inside"))
        raise RuntimeError("the dialog cannot be made")

    monkeypatch.setattr(guard, "_tell", broken)
    guard.report(RuntimeError("outside"))
    assert calls == [1]


def test_messages_of_qt_go_to_the_log(guard: CrashGuard, book: LogBook) -> None:
    qWarning("something is odd")
    assert any("Qt: something is odd" in text for text in texts(book, logging.WARNING))


def test_hooks_are_given_back(book: LogBook) -> None:
    before = (sys.excepthook, threading.excepthook)
    guard = CrashGuard(log("crash"))
    guard.install()
    assert sys.excepthook != before[0]
    guard.uninstall()
    guard.uninstall()
    assert (sys.excepthook, threading.excepthook) == before


def test_what_killed_the_last_run_is_told(tmp_path: Path) -> None:
    code = (
        "import sys, faulthandler\nfrom pathlib import Path\nfrom gui.crash import CrashGuard\n"
        "from gui.logs import log\nguard = CrashGuard(log('crash'))\n"
        "said = guard.install(Path(sys.argv[1]))\nprint('said:', said)\n"
        "faulthandler._sigabrt() if len(sys.argv) > 2 else guard.uninstall()\n"
    )

    def run(*args: str) -> str:
        command = [sys.executable, "-c", code, str(tmp_path), *args]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60).stdout

    run("die")
    assert "Fatal Python error: Aborted" in run()
    assert (tmp_path / "last-faults.log").is_file()
    assert run().strip() == "said:"


# In the window


def test_the_crash_dialog_has_it_all_to_copy(sample: Driver, qtbot: QtBot) -> None:
    sample.window.desk.help.show_crash("ValueError: odd", "Traceback …\nValueError: odd")
    dialog = sample.child(QDialog, "crashDialog")
    qtbot.waitExposed(dialog)
    sample.window.desk.help.show_crash("KeyError: 1", "Traceback …\nKeyError: 1")
    details = sample.child(QPlainTextEdit, "crashDetails").toPlainText()
    assert "ValueError: odd" in details and "KeyError: 1" in details
    sample.press(sample.child(QPushButton, "crashCopy"))
    copied = sample.clipboard
    assert "Shipglass: " in copied and "KeyError: 1" in copied and "Qt: " in copied
    sample.press(dialog.go_on)  # type: ignore[attr-defined]
    sample.wait(lambda: sample.window.findChild(QDialog, "crashDialog") is None)


def test_the_log_view_filters_and_copies(sample: Driver) -> None:
    log("test").warning("careful now")
    sample.action("showLogAction").trigger()
    view = sample.child(QPlainTextEdit, "logView")
    assert "OCI layout" in view.toPlainText() and "careful now" in view.toPlainText()
    level = sample.child(QComboBox, "logLevel")
    level.setCurrentIndex(2)
    assert "OCI layout" not in view.toPlainText() and "careful now" in view.toPlainText()
    log("test").error("worse")
    sample.wait(lambda: "worse" in view.toPlainText())
    dialog = sample.child(QDialog, "logDialog")
    copy = next(button for button in dialog.findChildren(QPushButton) if button.text() == "&Copy")
    sample.press(copy)
    assert sample.clipboard.endswith("test: worse")
    level.setCurrentIndex(3)
    assert "careful" not in view.toPlainText()
    dialog.close()


def test_failed_exports_and_stores_are_in_the_log(sample: Driver, tmp_path: Path) -> None:
    sample.window.stores.open(str(tmp_path / "nothing"))
    sample.wait(lambda: any("cannot open" in text for text in texts(sample.window.book)))
    sample.choose("edge")
    sample.export(tmp_path / "edge.tar")
    sample.wait_job("done")
    assert any("edge.tar: done" in text for text in texts(sample.window.book))
