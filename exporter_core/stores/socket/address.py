"""Which socket is meant: ``PATH``, ``unix:PATH``, ``containerd://PATH``, each with ``?namespace=NAME``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import quote, unquote

from exporter_core.errors import StoreError

DEFAULT = "/run/containerd/containerd.sock"
_SCHEMES = ("containerd:", "unix:")
_REMOTE_HINT = (
    "Only a socket on this machine is opened. Forward the other machine's to here (ssh -N -L "
    f"/tmp/containerd.sock:{DEFAULT} HOST) and open /tmp/containerd.sock."
)


@dataclass(frozen=True, slots=True)
class Address:
    """A socket's ``path``, the ``namespace`` ("": not named), and ``plain``, its location without that."""

    path: str
    namespace: str
    plain: str

    def location(self, namespace: str) -> str:
        """As the user would write it, for ``namespace``."""
        return f"{self.plain}?namespace={quote(namespace)}" if namespace else self.plain


def socket_address(location: str) -> Address:
    """The socket that ``location`` means; nothing is connected to.

    Raises StoreError for another machine's address and for a query that is not ``namespace=NAME``.
    """
    for scheme in _SCHEMES:
        if location.startswith(scheme):
            return _parsed(location, location.removeprefix(scheme))
    if not os.path.isabs(location) and "://" in location:
        raise StoreError(f"{location} is no path", hint=_REMOTE_HINT)
    plain, mark, name = location.rpartition("?namespace=")
    if not mark or os.path.lexists(location):
        plain, name = location, ""
    path = os.path.abspath(os.path.expanduser(plain))
    return Address(path, unquote(name), path)


def _parsed(location: str, rest: str) -> Address:
    """The address in a URI, ``rest`` is what follows the scheme."""
    path, _, query = rest.partition("?")
    if path.startswith("//"):
        host, slash, below = path[2:].partition("/")
        if host not in ("", "localhost"):
            raise StoreError(f"{location} names the machine {host}", hint=_REMOTE_HINT)
        path = slash + below
    key, _, name = query.partition("=")
    if query and (key != "namespace" or "&" in name):
        raise StoreError(f"{location} asks for {query}", hint="Only ?namespace=NAME can be asked for.")
    path = os.path.abspath(unquote(path)) if path else DEFAULT
    if "\0" in path:
        raise StoreError("the location of the store is no path", hint=f"The usual one is {DEFAULT}.")
    return Address(path, unquote(name), location.partition("?")[0])
