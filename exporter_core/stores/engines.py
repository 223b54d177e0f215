"""Stores of other engines, recognised and named with the command that makes an archive of their images.

They keep layers unpacked: what a registry's digests name is no longer there, so there is nothing to copy
byte for byte. (Podman: containers/storage; Docker: graph drivers, ``image/<driver>/repositories.json``.)
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from contextlib import suppress

from exporter_core import gojson
from exporter_core.errors import ContentError, StoreError

_MOST = 8 << 20
_MACHINES = {
    "com.docker.docker": "Docker Desktop",
    ".docker/desktop": "Docker Desktop",
    ".docker/run": "Docker Desktop",
    ".rd": "Rancher Desktop",
    ".colima": "colima",
    ".lima": "lima",
}


def other_engine(path: str, names: Iterable[str]) -> StoreError | None:
    """The refusal for the folder ``path`` with the entries ``names``, if it is another engine's."""
    names = set(names)
    for folder in sorted(names):
        index = os.path.join(path, folder, "images.json")
        if folder.endswith("-images") and os.path.isfile(index):
            return _podman(path, index)
    for driver in _folders(os.path.join(path, "image")) if "image" in names else ():
        index = os.path.join(path, "image", driver, "repositories.json")
        if os.path.isfile(index):
            return _docker(path, driver, index)
    return _virtual_machine(path)


def _podman(path: str, index: str) -> StoreError:
    found = _read(index)
    rows = found if isinstance(found, list) else []
    texts = [name for row in rows if isinstance(row, dict) for name in _texts(row.get("names"))]
    save = ["podman", "--root", path, "save", "--format", "oci-archive", "--output", "image.tar"]
    return StoreError(
        f"{path} is Podman's containers-storage, which keeps layers unpacked",
        hint=f"Make an archive and open that: {shlex.join(save)} {_word(texts)}",
    )


def _docker(path: str, driver: str, index: str) -> StoreError:
    found = _read(index)
    repositories = found.get("Repositories") if isinstance(found, dict) else None
    texts = [
        name
        for tags in (repositories.values() if isinstance(repositories, dict) else ())
        if isinstance(tags, dict)
        for name in tags
    ]
    tags = [text for text in texts if "@" not in text]
    return StoreError(
        f"{path} is Docker's own {driver} store, which keeps layers unpacked",
        hint=f"Make an archive and open that: docker save --output image.tar {_word(tags)}",
    )


def _virtual_machine(path: str) -> StoreError | None:
    for mark, engine in _MACHINES.items():
        if f"/{mark}/" in f"{path.replace(os.sep, '/')}/":
            return StoreError(
                f"{path} is {engine}'s: its images lie inside a virtual machine",
                hint="Make an archive and open that: docker save --output image.tar NAME",
            )
    return None


def _word(names: list[str]) -> str:
    return shlex.quote(names[0]) if names else "NAME"


def _folders(path: str) -> list[str]:
    with suppress(OSError):
        return sorted(os.listdir(path))
    return []


def _read(path: str) -> object:
    with suppress(OSError, ContentError), open(path, "rb") as file:
        return gojson.loads(file.read(_MOST), name=path)
    return None


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
