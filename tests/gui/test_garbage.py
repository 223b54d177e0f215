"""Who collects Python's garbage, and in which thread."""

import gc
import threading

from pytestqt.qtbot import QtBot

from gui.jobs import Pool


class Knot:
    """A cycle that says in which thread it came apart."""

    undone: list[threading.Thread]

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        self.undone.append(threading.current_thread())


def litter(stop: threading.Event) -> None:
    """What a worker does: many short-lived containers, so that the collector would run here."""
    kept: list[object] = []
    while not stop.is_set():
        kept = [[i] for i in range(2000)]
        stop.wait(0.001)
    kept.clear()


def test_cycles_come_apart_in_the_gui_thread_alone(qtbot: QtBot) -> None:
    gc.collect()
    Knot.undone = []
    pool, stop = Pool(), threading.Event()
    try:
        assert not gc.isenabled()
        pool.start(lambda: litter(stop))
        for _ in range(500):
            Knot()
        qtbot.waitUntil(lambda: len(Knot.undone) >= 500, timeout=10_000)
    finally:
        stop.set()
        pool.close()
    assert set(Knot.undone) == {threading.main_thread()}
    assert gc.isenabled()
