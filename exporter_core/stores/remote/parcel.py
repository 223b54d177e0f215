"""The core as it travels: the first lines that a helper's Python runs, and a zip of this very package."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path

from exporter_core.errors import StoreError

FIRST = "import sys;exec(sys.stdin.buffer.read(int(sys.stdin.buffer.readline(20))))"
"""The program on the helper's command line: it reads ``boot.py``. No quote or dollar stands in it."""
_PACKAGE = Path(__file__).parents[2]


@cache
def parcel() -> bytes:
    """What goes into the helper's standard input before the first question. Raises StoreError."""
    first, rest = (_PACKAGE / "stores" / "remote" / "boot.py").read_bytes(), _zipped()
    return b"%d\n%s%d\n%s" % (len(first), first, len(rest), rest)


def _zipped() -> bytes:
    """The same bytes for the same sources."""
    sources = sorted(_PACKAGE.rglob("*.py"))
    if not sources:
        raise StoreError("this program has no sources to send to a helper", hint="Install it with pip.")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for source in sources:
            name = source.relative_to(_PACKAGE.parent).as_posix()
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, source.read_bytes(), zipfile.ZIP_DEFLATED, 6)
    return out.getvalue()
