"""Stand-ins for the programs that start a helper; helper, pipes and protocol are the real ones."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter_core import Store, open_store

RUN_LAST = 'for last; do :; done\nexec sh -c "$last"'
"""What ssh does with its last argument, on this very machine."""


@contextmanager
def standing_in(folder: Path, **programs: str) -> Iterator[None]:
    """For a while the programs of these names are these shell scripts, and python3 is the tests' own."""
    if os.name != "posix":
        pytest.skip("needs a POSIX shell")
    folder.mkdir(exist_ok=True)
    python = folder / "python3"
    if not python.exists():
        python.symlink_to(sys.executable)
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{folder}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def through_helper(path: Path, bin_folder: Path, *, query: str = "") -> Store:
    """The store at `path` as a remote store, over a helper on this machine."""
    with standing_in(bin_folder, ssh=RUN_LAST):
        return open_store(f"ssh://someone@localhost{path}{query}")
