"""The command line: text or ``--json`` out, one exit code for each class of error (see errors.py).

``images``, ``tree``, ``export``, ``verify``. Data goes to stdout, everything else to stderr, so that an
archive can be piped. The window calls the same core; nothing is decided here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from exporter_core.cli.arguments import COMMANDS, parse
from exporter_core.cli.commands import RUN
from exporter_core.cli.output import say
from exporter_core.errors import PlanError, ShipglassError

__all__ = ["COMMANDS", "main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line with ``argv`` (None: the process's) and return its exit code."""
    try:
        options = parse(sys.argv[1:] if argv is None else argv)
        code = RUN[options.command](options)
        sys.stdout.flush()
    except PlanError as error:
        for problem in error.problems:
            _tell(problem)
        return error.exit_code
    except ShipglassError as error:
        _tell(error)
        return error.exit_code
    except KeyboardInterrupt:
        say("shipglass: cancelled")
        return 130
    except BrokenPipeError:
        # The reader has gone (`… | head`): keep the interpreter from flushing into it once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 6
    return code


def _tell(error: ShipglassError) -> None:
    say(f"shipglass: {error}")
    if error.hint:
        say(f"  {error.hint}")
