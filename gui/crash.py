"""What happens to an error that nobody caught: it is logged and told, once, and never begets another.

Python's hooks (main thread, other threads, slots), Qt's messages, and a file for what kills the process.
Nothing here shows anything: ``caught`` brings the details to the GUI thread.
"""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TextIO

from PySide6.QtCore import QMessageLogContext, QObject, Qt, QtMsgType, Signal, qInstallMessageHandler

FAULTS = "faults.log"
_MOST_TOLD = 20
"""Different errors that are told in one run; more are only logged."""

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class CrashGuard(QObject):
    """``caught(title, details)`` comes in the thread that this object lives in, once for each fault."""

    caught = Signal(str, str)
    _arrived = Signal(str, str)

    def __init__(self, logger: logging.Logger, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = logger
        self._told: set[str] = set()
        self._busy = threading.local()
        self._before: tuple[Callable[..., object], Callable[..., object]] | None = None
        self._qt_before: Callable[[QtMsgType, QMessageLogContext, str], object] | None = None
        self._file: TextIO | None = None
        self._arrived.connect(self.caught, Qt.ConnectionType.QueuedConnection)

    def install(self, folder: Path | None = None, name: str = FAULTS) -> str:
        """Take the hooks; gives what the file ``name`` in ``folder`` says of the run before."""
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._python
        threading.excepthook = self._thread
        self._qt_before = qInstallMessageHandler(self._qt)
        return self._watch(folder / name) if folder is not None else ""

    def uninstall(self) -> None:
        """Give the hooks back."""
        if self._before is None:
            return
        sys.excepthook, threading.excepthook = self._before
        qInstallMessageHandler(self._qt_before)
        self._before = None
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            self._file = None

    def report(self, error: BaseException) -> None:
        """An error that nobody caught, from any thread."""
        self._python(type(error), error, error.__traceback__)

    # The hooks

    def _python(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            with suppress(Exception):  # a program without a console has no stderr
                self._before[0](kind, error, trace)
        if issubclass(kind, KeyboardInterrupt | SystemExit) or error is None:
            return
        if getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            details = "".join(traceback.format_exception(kind, error, trace))
            self._log.error("%s", details.rstrip())
            self._tell(f"{kind.__name__}: {error}".strip(": ").split("\n")[0], details)
        except Exception:
            with suppress(Exception):
                sys.__stderr__.write("shipglass: the crash report failed as well\n")  # type: ignore[union-attr]
        finally:
            self._busy.now = False

    def _tell(self, title: str, details: str) -> None:
        """The same fault is told once: a fault while painting comes again with each repaint."""
        if details in self._told or len(self._told) >= _MOST_TOLD:
            return
        self._told.add(details)
        self._arrived.emit(title, details)

    def _thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            self._python(args.exc_type, args.exc_value, args.exc_traceback)

    def _qt(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        if getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            level = _LEVELS.get(kind, logging.WARNING)
            self._log.log(level, "Qt: %s%s", message, f" ({context.category})" if context.category else "")
            if level >= logging.WARNING and sys.stderr is not None:
                sys.stderr.write(f"Qt: {message}\n")
            if kind is QtMsgType.QtFatalMsg and self._file is not None:
                self._file.write(f"Qt: {message}\n")
                self._file.flush()
        except Exception:
            with suppress(Exception):
                sys.__stderr__.write(f"Qt: {message}\n")  # type: ignore[union-attr]
        finally:
            self._busy.now = False

    # What kills the process

    def _watch(self, path: Path) -> str:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            last = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
            if last.strip():
                path.replace(path.with_name(f"last-{path.name}"))
            self._file = path.open("w", encoding="utf-8")
            faulthandler.enable(self._file)
        except OSError as error:
            self._log.warning("no file for faults: %s", error)
            return ""
        return last.strip()
