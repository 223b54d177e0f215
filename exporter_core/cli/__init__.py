"""The command line: text or ``--json`` out, one exit code for each class of error (see errors.py).

``images``, ``tree``, ``export``, ``verify``, ``stores``, ``kept``. Data goes to stdout, everything
else to stderr, so that an archive can be piped. The window calls the same core; nothing is decided here.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from exporter_core.cli import terminal, text
from exporter_core.cli.arguments import COMMANDS, parse
from exporter_core.cli.commands import RUN
from exporter_core.cli.signals import interrupting
from exporter_core.errors import PlanError, ShipglassError, TargetError

__all__ = ["COMMANDS", "main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line with ``argv`` (None: the process's) and return its exit code."""
    terminal.prepare()
    try:
        with interrupting():
            options = parse(sys.argv[1:] if argv is None else argv)
            _need_stdout(options)
            code = RUN[options.command](options)
            terminal.flush()
    except terminal.ReaderGone as error:
        return error.exit_code
    except PlanError as error:
        text.problems(error.problems, prefix="shipglass")
        return error.exit_code
    except ShipglassError as error:
        text.problems([error], prefix="shipglass")
        return error.exit_code
    except KeyboardInterrupt:
        terminal.say("shipglass: cancelled")
        return 130
    return code


def _need_stdout(options: argparse.Namespace) -> None:
    """Refuse to begin what could not be told. Raises TargetError."""
    tells = options.command != "export" or options.json or options.plan or options.checksum
    if sys.stdout is None and (tells or options.output == "-"):
        raise TargetError("standard output is closed", hint="Leave it open, or send it to a file.")
