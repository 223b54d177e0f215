"""``shipglass``: a command word runs the command line, everything else opens the window."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence

_WORDS = frozenset(["images", "tree", "export", "verify", "--version", "--help", "-h"])


def main(argv: Sequence[str] | None = None) -> int:
    """The program; gives its exit code. Qt is imported only where a window is wanted."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in _WORDS:
        from exporter_core.cli import main as command_line

        return command_line(words)
    if importlib.util.find_spec("PySide6") is None:
        print(_NO_QT, file=sys.stderr)
        return 2
    from gui.app import main as window

    return window(words)


_NO_QT = """\
shipglass: the window needs PySide6, which is not installed. Either install it:

    python -m pip install "PySide6-Essentials>=6.8,<6.12"

or use the command line, which needs nothing:

    shipglass images /path/to/store
    shipglass export /path/to/store NAME -o image.tar
"""

if __name__ == "__main__":
    sys.exit(main())
