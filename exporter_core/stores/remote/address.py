"""Locations that name a helper: who starts it and what it serves; text only, nothing is started here."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from exporter_core.errors import StoreError

_FORMS = "Give sudo:/PATH, pkexec:/PATH or ssh://USER@HOST:PORT/PATH (?namespace=NAME may follow)."
_PREFIXES = ("sudo:", "pkexec:", "ssh:")
# None of these can begin with a dash, and none has a character that a shell or ssh would read as more.
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,252}|[0-9A-Fa-f:]{2,45}(?:%[A-Za-z0-9]{1,15})?")


@dataclass(frozen=True, slots=True)
class Address:
    """What is served (``path``, ``namespace``) through which ``tool`` (sudo, pkexec, ssh), as root or not."""

    tool: str
    path: str
    namespace: str = ""
    user: str = ""
    host: str = ""
    port: int = 0
    root: bool = True

    @property
    def location(self) -> str:
        """The address as a user would write it."""
        words = [f"namespace={quote(self.namespace, safe='')}"] if self.namespace else []
        if self.tool != "ssh":
            return f"{self.tool}:{self.path}" + (f"?{words[0]}" if words else "")
        words += ["sudo=1"] if self.root else []
        query = "?" + "&".join(words) if words else ""
        return f"ssh://{self.authority}{quote(self.path)}{query}"

    @property
    def authority(self) -> str:
        """``user@host:port`` of an ssh address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (f"{self.user}@" if self.user else "") + host + (f":{self.port}" if self.port else "")

    @property
    def served(self) -> str:
        """What the helper opens."""
        return self.path + (f"?namespace={quote(self.namespace, safe='')}" if self.namespace else "")

    def in_namespace(self, name: str) -> Address:
        """The same place, another namespace."""
        return replace(self, namespace=name)

    def as_root(self) -> Address:
        """The same place, read as root."""
        return replace(self, root=True)


def is_remote(location: str) -> bool:
    """Whether ``location`` names a helper."""
    return location.startswith(_PREFIXES)


def parse_address(location: str) -> Address:
    """The address in ``location``. Raises StoreError where anything in it is not what it should be."""
    tool, _, rest = location.partition(":")
    if "\0" in location or not location.isprintable():
        raise StoreError("the location has characters that cannot be printed", hint=_FORMS)
    if tool == "ssh":
        return _ssh(location)
    path, mark, name = rest.rpartition("?namespace=")
    path, namespace = (path, unquote(name)) if mark else (rest, "")
    if not path.startswith(("/", "~")):
        raise StoreError(f"{location}: the path must be a whole one, from / on", hint=_FORMS)
    return Address(tool, os.path.abspath(os.path.expanduser(path)), namespace)


def _ssh(location: str) -> Address:
    try:
        parts = urlsplit(location)
        user, host, port = unquote(parts.username or ""), parts.hostname or "", parts.port
        query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError as error:
        raise StoreError(f"{location} is no ssh location: {error}", hint=_FORMS) from error
    path = unquote(parts.path)
    if parts.password is not None:
        raise StoreError("a password stands in the location", hint="Leave it out and use a key.")
    named = parts.username is None or _USER.fullmatch(user)
    if parts.scheme != "ssh" or not _HOST.fullmatch(host) or not named:
        raise StoreError(f"{location}: user or host is not what it should be", hint=_FORMS)
    if not path.startswith("/") or not path.isprintable() or parts.fragment or port == 0:
        raise StoreError(f"{location}: the path must be a whole one, from / on", hint=_FORMS)
    if not set(query) <= {"namespace", "sudo"} or query.get("sudo", "1") not in ("0", "1"):
        raise StoreError(f"{location}: only namespace=NAME and sudo=1 may follow the ?", hint=_FORMS)
    return Address(
        "ssh", path, query.get("namespace", ""), user, host, port or 0, root=query.get("sudo") == "1"
    )
