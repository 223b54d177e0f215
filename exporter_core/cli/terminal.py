"""The two streams a command line has: what may be printed on them, and how wide they are.

Data goes to stdout, everything said to a person to stderr. Text from stores is never printed raw, and a
stream that cannot show a character gets a plainer one.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import sys
from typing import TextIO

from exporter_core.errors import TargetError

_WIDTH = 80  # where a terminal does not say
_PLAIN = str.maketrans("●◐○✗├└─│█░…", "*%o!|`-|#.~")


def prepare() -> None:
    """Let no character be an error: what a stream's encoding lacks is shown as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def printable(text: str) -> str:
    """``text`` with control characters shown as escapes: names come from strangers."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def say(text: str) -> None:
    """One line for the person, on stderr. Nobody listening is no error."""
    _tell(printable(text) + "\n")


def draw(text: str) -> None:
    """Text for a terminal on stderr as it is, control sequences and all."""
    _tell(text)


def _tell(text: str) -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(_shown(text, sys.stderr))
            sys.stderr.flush()


def put(line: str) -> None:
    """One line of data, on stdout. Raises TargetError where it cannot be written."""
    try:
        sys.stdout.write(_shown(line, sys.stdout) + "\n")
    except OSError as error:
        raise _stdout_error(error) from error


def put_json(value: object) -> None:
    """``value`` as JSON in lines on stdout, in ASCII, so that it survives any terminal and pipe."""
    put(json.dumps(value, indent=2))


def flush() -> None:
    """Have everything on stdout written. Raises TargetError."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        raise _stdout_error(error) from error


class ReaderGone(TargetError):
    """Whoever read our text has ended (``… | head``): nothing to tell anyone."""


def abandon_stdout() -> None:
    """Let what is still buffered for stdout go nowhere: at its end the interpreter would write it."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stdout_error(error: OSError) -> TargetError:
    abandon_stdout()
    if error.errno == errno.EPIPE:
        return ReaderGone("the reader of standard output has ended")
    reason = error.strerror or str(error)
    return TargetError(f"cannot write standard output: {reason}", hint="Check the disk, or write elsewhere.")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether ``stream`` leads to a person's terminal."""
    return stream is not None and stream.isatty()


def width(stream: TextIO | None) -> int | None:
    """Columns of the terminal behind ``stream``; None where there is none, so that nothing need be cut."""
    if stream is None or not is_terminal(stream):
        return None
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or _WIDTH
    return _WIDTH


def shorten(text: str, most: int) -> str:
    """``text`` in at most ``most`` characters, its middle left out."""
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"


def _shown(text: str, stream: TextIO) -> str:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return text.translate(_PLAIN)
    return text
