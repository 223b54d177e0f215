"""Python's garbage is collected in the GUI thread alone.

The collector runs in whatever thread happens to allocate, and a worker's allocation could so destroy a widget
that is part of a cycle, in a thread that must not touch it. So it is off while workers may run, and a timer
does its work.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

_LOOK_MS = 100
_OLD_S = 10.0
"""The oldest generation, which takes longest, is looked through no more often than this."""


class Collector(QObject):
    """Collects while it is at work; when the last one has stopped, the task is Python's again."""

    _living = 0

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        Collector._living += 1
        self._last = time.monotonic()
        self._clock = QTimer(self, interval=_LOOK_MS)
        self._clock.timeout.connect(self.look)
        self._clock.start()
        gc.disable()

    def look(self) -> None:
        """Collect what Python itself would have collected by now."""
        counts, most = gc.get_count(), gc.get_threshold()
        if counts[0] <= most[0]:
            return
        if counts[2] > most[2] and time.monotonic() - self._last > _OLD_S:
            self._last = time.monotonic()
            gc.collect(2)
        else:
            gc.collect(1 if counts[1] > most[1] else 0)

    def stop(self) -> None:
        """No worker runs any more."""
        if self._clock.isActive():
            self._clock.stop()
            Collector._living -= 1
            if not Collector._living:
                gc.enable()
