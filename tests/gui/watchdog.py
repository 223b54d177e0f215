"""A timer on the GUI thread that tells how long it was kept waiting; for the test and for the bench."""

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer

TICK_MS = 4


class Watchdog(QObject):
    """A 4 ms timer on the GUI thread that writes down how late it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._clock.start()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        self.late.append(max(0.0, self._clock.nsecsElapsed() / 1e6 - TICK_MS))
        self._clock.restart()

    def percentile(self, p: float) -> float:
        return sorted(self.late)[int(len(self.late) * p)]
