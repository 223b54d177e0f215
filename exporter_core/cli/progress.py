"""Progress on stderr while an export or a verification runs: a bar on a terminal, else a line a blob."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence

from exporter_core import humanize
from exporter_core.cli import terminal
from exporter_core.cli.terminal import say
from exporter_core.plan import Entry
from exporter_core.progress import Phase, Progress, State

_INTERVAL = 0.1  # seconds between two looks at the progress
_BAR = 24  # characters, where there is room
_CLEAR = "\r\x1b[K"
_PHASES = {Phase.FLUSHING: "flushing to disk", Phase.CHECKSUM: "hashing the archive"}


def _can_draw() -> bool:
    """Whether stderr is a terminal that knows control sequences."""
    return terminal.is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"


def _draw(text: str) -> None:
    """Show ``text`` in place of the line before it, cut to the terminal's width."""
    columns = terminal.width(sys.stderr) or 0
    terminal.draw(_CLEAR + terminal.printable(text)[: max(0, columns - 1)])


class ProgressPrinter:
    """Shows a Progress of ``blobs`` while the ``with`` block runs."""

    def __init__(self, progress: Progress, blobs: Sequence[Entry], *, quiet: bool) -> None:
        self._progress = progress
        self._blobs = blobs
        self._quiet = quiet
        self._draws = _can_draw()
        self._cursor = 0
        self._told = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)

    def __enter__(self) -> None:
        if not self._quiet:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        if self._quiet:
            return
        self._done.set()
        self._thread.join()
        self._show()
        if self._draws:
            terminal.draw(_CLEAR)

    def _watch(self) -> None:
        while not self._done.wait(_INTERVAL):
            self._show()

    def _show(self) -> None:
        if self._draws:
            _draw(bar(self._progress, (terminal.width(sys.stderr) or 0) - 1))
        else:
            self._lines()

    def _lines(self) -> None:
        news, self._cursor = self._progress.since(self._cursor)
        for change in news:
            if change.state in (State.VERIFIED, State.FAILED):
                self._told += 1
                blob = self._blobs[change.index]
                line = (
                    f"{change.state.value} {self._told}/{len(self._blobs)}  {blob.name}  "
                    f"{humanize.size(blob.size)}  {blob.owner}"
                )
                say(line.rstrip())


def bar(progress: Progress, columns: int) -> str:
    """One line that says how far the run is, in ``columns`` characters; the bar gives way to the words."""
    done, seconds = progress.bytes_done, progress.seconds
    rate = done / seconds if seconds > 0 else 0.0
    left = (progress.total - done) / rate if rate else 0.0
    verified = progress.states.count(State.VERIFIED)
    words = [
        f"{progress.fraction:4.0%}",
        f"{verified}/{len(progress.states)} blobs",
        _PHASES.get(progress.phase) or humanize.rate(rate),
        "" if progress.phase in _PHASES else f"{humanize.duration(left)} left",
    ]
    while len(text := "  ".join(filter(None, words))) > columns and len(words) > 1:
        words.pop()
    length = min(_BAR, columns - len(text) - 1)
    filled = round(length * progress.fraction)
    return f"{'█' * filled}{'░' * (length - filled)} {text}" if length >= 4 else text[: max(0, columns)]


class HashCounter:
    """Tells of each blob that a verification has hashed."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._draws = _can_draw()
        self._blobs = 0
        self._bytes = 0
        self._next = 0.0

    def __call__(self, digest: str, size: int) -> None:
        """A blob of ``size`` bytes was hashed."""
        if self._quiet:
            return
        self._blobs += 1
        self._bytes += size
        if self._draws and time.monotonic() >= self._next:
            self._next = time.monotonic() + _INTERVAL
            blobs = humanize.count(self._blobs, "blob", "blobs")
            _draw(f"hashed {blobs}, {humanize.size(self._bytes)}")
        elif not self._draws:
            say(f"hashed {digest}  {humanize.size(size)}")

    def close(self) -> None:
        """Leave the terminal's line empty."""
        if self._draws and not self._quiet:
            terminal.draw(_CLEAR)
