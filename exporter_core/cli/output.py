"""Text for a terminal: safe to print, progress while an export runs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

from exporter_core import humanize
from exporter_core.plan import Entry
from exporter_core.progress import Phase, Progress, State

_INTERVAL = 0.1  # seconds between two looks at the progress
_BAR = 24  # characters


def printable(text: str) -> str:
    """``text`` with control characters shown as escapes: names come from strangers."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def say(text: str) -> None:
    """A line for the person, on stderr."""
    print("\n".join(printable(line) for line in text.split("\n")), file=sys.stderr, flush=True)


class ProgressPrinter:
    """Shows a Progress on stderr while the ``with`` block runs: a bar on a terminal, else a line a blob."""

    def __init__(self, progress: Progress, blobs: Sequence[Entry], *, quiet: bool) -> None:
        self._progress = progress
        self._blobs = blobs
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
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
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _watch(self) -> None:
        while not self._done.wait(_INTERVAL):
            self._show()

    def _show(self) -> None:
        if self._terminal:
            self._bar()
        else:
            self._lines()

    def _lines(self) -> None:
        news, self._cursor = self._progress.since(self._cursor)
        for change in news:
            if change.state in (State.VERIFIED, State.FAILED):
                self._told += 1
                blob = self._blobs[change.index]
                say(
                    f"{change.state.value} {self._told}/{len(self._blobs)}  {blob.name}  "
                    f"{humanize.size(blob.size)}  {blob.owner}"
                )

    def _bar(self) -> None:
        progress = self._progress
        done, seconds = progress.bytes_done, progress.seconds
        filled = round(_BAR * progress.fraction)
        verified = progress.states.count(State.VERIFIED)
        rate = done / seconds if seconds > 0 else 0.0
        left = (progress.total - done) / rate if rate else 0.0
        phase = {Phase.FLUSHING: "flushing to disk", Phase.CHECKSUM: "hashing the archive"}.get(
            progress.phase
        )
        text = phase or f"{humanize.rate(rate)}  {humanize.duration(left)} left"
        sys.stderr.write(
            f"\r\x1b[K{'█' * filled}{'░' * (_BAR - filled)} {progress.fraction:4.0%}  "
            f"{verified}/{len(self._blobs)} blobs  {text}"
        )
        sys.stderr.flush()
