"""Where the icons and the sample store are: beside a checkout, or inside the installed package."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def folder() -> Path:
    """The folder ``resources``; in a wheel it is ``gui/_resources``."""
    here = Path(__file__).resolve().parent
    packaged = here / "_resources"
    return packaged if packaged.is_dir() else here.parent / "resources"


def icon_file(name: str) -> Path:
    """The SVG file of the icon ``name``."""
    return folder() / "icons" / f"{name}.svg"


def sample_store() -> Path:
    """The bundled store, opened where there is nothing else to open."""
    return folder() / "sample-store"
