"""The log: the last lines in memory, for the Log view, and all of them in a file that is rotated.

Everything writes through Python's ``logging``, below the logger ``shipglass``. Nothing here shows anything.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

NAME = "shipglass"
"""The logger below which the program writes."""
FILE = "shipglass.log"
_KEPT = 5000  # lines in memory
_FILE_MOST = 512 * 1024
_LONGEST = 20_000  # characters of one line


@dataclass(frozen=True, slots=True)
class Line:
    """``number`` counts up from the start, ``time`` is in seconds since 1970, ``level`` as logging's."""

    number: int
    time: float
    level: int
    source: str
    text: str

    def __str__(self) -> str:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.time))
        return f"{stamp} {logging.getLevelName(self.level):<8} {self.source}: {self.text}"


class LogBook(logging.Handler):
    """Keeps the last lines; any thread may write, any thread may read."""

    def __init__(self, kept: int = _KEPT) -> None:
        super().__init__(logging.DEBUG)
        self._lines: deque[Line] = deque(maxlen=kept)
        self._numbers = 0
        self._guard = threading.Lock()
        self._file: RotatingFileHandler | None = None
        self.path: Path | None = None
        """The log's file, once there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line in; never raises."""
        try:
            text = record.getMessage()
        except Exception as error:
            text = f"{record.msg} ({error})"
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        source = record.name.removeprefix(f"{NAME}.")
        with self._guard:
            self._numbers += 1
            line = Line(self._numbers, record.created, record.levelno, source, text[:_LONGEST])
            self._lines.append(line)
            self._write(line)

    def lines(self, level: int = logging.NOTSET, after: int = 0) -> list[Line]:
        """The lines of at least ``level`` whose number is above ``after``, the oldest first."""
        with self._guard:
            return [line for line in self._lines if line.number > after and line.level >= level]

    @property
    def newest(self) -> int:
        """The number of the last line."""
        return self._numbers

    def begin(self, folder: Path | None = None) -> None:
        """Take in what is logged from now on, and write it below ``folder`` too where that can be done."""
        logger = logging.getLogger(NAME)
        logger.setLevel(logging.DEBUG)
        logger.addHandler(self)
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = RotatingFileHandler(
                folder / FILE, maxBytes=_FILE_MOST, backupCount=1, encoding="utf-8", errors="replace"
            )
        except OSError as error:
            logger.warning("the log is not written to a file: %s", error)
            return
        file.setFormatter(logging.Formatter("%(message)s"))
        self._file, self.path = file, folder / FILE

    def end(self) -> None:
        """Let go of the logger and of the file."""
        logging.getLogger(NAME).removeHandler(self)
        with self._guard:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _write(self, line: Line) -> None:
        """A full disk or a folder that went away costs the file, not the program."""
        if self._file is None:
            return
        with suppress(OSError, ValueError):
            record = logging.LogRecord(NAME, line.level, "", 0, str(line), None, None)
            if self._file.shouldRollover(record):
                self._file.doRollover()
            stream = self._file.stream
            if stream is not None:
                stream.write(f"{line}\n")
                stream.flush()


def as_text(lines: Iterable[Line]) -> str:
    """Lines to copy."""
    return "\n".join(map(str, lines))


def log(source: str) -> logging.Logger:
    """The logger of one part of the program."""
    return logging.getLogger(f"{NAME}.{source}")
