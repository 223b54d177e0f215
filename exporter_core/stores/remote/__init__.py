"""Stores read through a helper process: as root (``sudo:``, ``pkexec:``), on another host (``ssh:``)."""

from __future__ import annotations

import os
import re
import shutil
import stat
from contextlib import suppress

from exporter_core.content import DOCUMENT_LIMIT, Store
from exporter_core.stores.remote.address import Address, is_remote, parse_address

__all__ = ["Address", "is_remote", "open_remote", "parse_address", "with_rights"]

_URL = re.compile(r"(?!containerd-root:)[a-z]+[a-z0-9+.-]*:")


def open_remote(location: str, *, document_limit: int = DOCUMENT_LIMIT, terminal: bool = False) -> Store:
    """The store at ``location`` (see :func:`parse_address`), through a helper that lives as long as it.

    ``terminal``: whether a password may be asked for at the process's terminal. Raises what the store's own
    opening raised over there, and StoreError where the helper cannot be started.
    """
    from exporter_core.stores.remote.connection import Connection  # only these stores pay for it
    from exporter_core.stores.remote.store import opened

    address = parse_address(location)
    connection = Connection(address, document_limit=document_limit, terminal=terminal)
    return opened(connection, connection.greeting, address, document_limit)


def with_rights(location: str) -> str | None:
    """The location that reads ``location`` as root, with what this system has for it, or None.

    A path becomes ``pkexec:PATH``, else ``sudo:PATH``; an ``ssh:`` location gets ``sudo=1``.
    """
    if is_remote(location):
        address = parse_address(location)
        return None if address.root else address.as_root().location
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        return None
    path = os.path.abspath(os.path.expanduser(location.removeprefix("containerd-root:")))
    if _URL.match(location) or _is_socket(path):
        return None  # a daemon's socket needs gRPC, which no helper has
    return next((f"{tool}:{path}" for tool in ("pkexec", "sudo") if shutil.which(tool)), None)


def _is_socket(path: str) -> bool:
    with suppress(OSError, ValueError):
        return stat.S_ISSOCK(os.stat(path.partition("?namespace=")[0]).st_mode)
    return False
