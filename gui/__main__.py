"""``shipglass``: a command word runs the command line, everything else opens the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_WORDS = frozenset(["images", "tree", "export", "verify", "--version", "--help", "-h"])


def main(argv: Sequence[str] | None = None) -> int:
    """The program; gives its exit code. Qt is imported only where a window is wanted."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in _WORDS:
        from exporter_core.cli import main as command_line

        return command_line(words)
    try:
        from gui.app import main as window
    except ImportError as error:
        if not _is_about_qt(error):
            raise
        print(f"shipglass: {error}\n{_NO_QT}", file=sys.stderr)
        return 2
    return window(words)


def _is_about_qt(error: ImportError) -> bool:
    """Whether Qt is missing, or a library of the system that it needs."""
    return (error.name or "").partition(".")[0] in ("PySide6", "shiboken6") or ".so" in str(error)


_NO_QT = """\
The window needs PySide6, and PySide6 some libraries of the system. Either install it:

    python -m pip install "PySide6-Essentials>=6.8,<6.12"

or use the command line, which needs nothing:

    shipglass images /path/to/store
    shipglass export /path/to/store NAME -o image.tar
"""

if __name__ == "__main__":
    sys.exit(main())
