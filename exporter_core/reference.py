"""Image names as Docker and containerd read them.

:func:`parse` and its kin follow github.com/distribution/reference (0965666: reference.go, normalize.go,
regexp.go, helpers.go); :func:`containerd_parse` follows pkg/reference of containerd (301026e58), which
reads a name as a URL without scheme. What these accept and refuse is proved by their own tables.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from exporter_core.digest import Digest
from exporter_core.errors import DigestError, InvalidReference

NAME_HINT = "Write a name like alpine:3.20, docker.io/library/alpine:3.20 or ghcr.io/owner/image@sha256:…"
"""The hint of every InvalidReference about a name."""

DEFAULT_DOMAIN = "docker.io"
"""The registry of a name that says none; ``index.docker.io`` is its old name."""

DEFAULT_TAG = "latest"
"""The tag of a name that says neither tag nor digest."""

MAX_PATH = 255
"""Characters that the path of a name may have (RepositoryNameTotalLengthMax)."""

_OFFICIAL = "library/"

_LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = f"{_COMPONENT}(?:/{_COMPONENT})*"
_TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_IDENTIFIER = "[a-f0-9]{64}"


@cache
def _grammar() -> re.Pattern[str]:
    return re.compile(f"(?:({_DOMAIN})/)?({_PATH})(?::({_TAG}))?(?:@({_DIGEST}))?")


@dataclass(frozen=True, slots=True)
class Reference:
    """``[domain/]path[:tag][@digest]``, or a digest alone; made by the parsing functions below."""

    domain: str = ""
    path: str = ""
    tag: str | None = None
    digest: str | None = None

    @property
    def name(self) -> str:
        """Domain and path; empty where there is only a digest."""
        return f"{self.domain}/{self.path}" if self.domain else self.path

    @property
    def is_name_only(self) -> bool:
        """Whether it says neither tag nor digest."""
        return self.tag is None and self.digest is None

    def with_default_tag(self) -> Reference:
        """Itself, or with ``latest`` where it says neither tag nor digest."""
        return replace(self, tag=DEFAULT_TAG) if self.is_name_only else self

    def familiar(self) -> Reference:
        """As Docker shows it: without ``docker.io`` and, for an official image, ``library``."""
        if self.domain != DEFAULT_DOMAIN:
            return self
        short = self.path.removeprefix(_OFFICIAL)
        return replace(self, domain="", path=self.path if "/" in short else short)

    def __str__(self) -> str:
        if not self.name:
            return self.digest or ""
        tag = f":{self.tag}" if self.tag is not None else ""
        return self.name + tag + (f"@{self.digest}" if self.digest is not None else "")


def parse(text: str) -> Reference:
    """The reference that ``text`` spells, nothing added. Raises InvalidReference. Go: ``Parse``."""
    found = _grammar().fullmatch(text)
    if found is None:
        raise _invalid(text, _why(text))
    domain, path, tag, digest = found.groups()
    if len(path) > MAX_PATH:
        raise _invalid(text, f"its path is longer than {MAX_PATH} characters")
    if digest is not None and not _is_digest(digest):
        raise _invalid(text, "its digest is none that can be verified")
    return Reference(domain or "", path, tag, digest)


def parse_normalized(text: str) -> Reference:
    """The full reference of a name as people type it: ``alpine`` is ``docker.io/library/alpine``.

    Raises InvalidReference, also for 64 hexadecimal digits. Go: ``ParseNormalizedNamed``.
    """
    if re.fullmatch(_IDENTIFIER, text):
        raise _invalid(text, "64 hexadecimal digits are a digest and not a name")
    return parse(_full_name(text))


def parse_any(text: str) -> Reference:
    """Like :func:`parse_normalized`, but a digest, or its 64 digits, is a reference too.

    Raises InvalidReference. Go: ``ParseAnyReference``.
    """
    if re.fullmatch(_IDENTIFIER, text):
        return Reference(digest=f"sha256:{text}")
    return Reference(digest=text) if _is_digest(text) else parse_normalized(text)


def parse_docker_ref(text: str) -> Reference:
    """Like :func:`parse_normalized`, with a tag or a digest: ``latest`` if neither, the digest if both.

    Raises InvalidReference. Go: ``ParseDockerRef``.
    """
    ref = parse_normalized(text)
    return ref.with_default_tag() if ref.digest is None else replace(ref, tag=None)


def familiar(text: str) -> str:
    """``text`` as Docker shows it, ``docker.io/library/alpine`` as ``alpine:latest``.

    Raises InvalidReference. Go: ``familiarizeReference`` in containerd's core/images/archive/reference.go.
    """
    return str(parse_normalized(text).with_default_tag().familiar())


def oci_reference_name(name: str) -> str:
    """What containerd writes as ``org.opencontainers.image.ref.name`` for the image ``name``.

    The tag, or tag and digest; ``name`` itself where it has no tag or is no reference. Go:
    ``ociReferenceName`` in containerd's core/images/archive/reference.go.
    """
    try:
        said = containerd_parse(name).object
    except InvalidReference:
        return name
    return name if not said or said.startswith("@") else said


def match(pattern: str, ref: Reference) -> bool:
    """Whether ``pattern`` matches ``ref`` as Docker shows it, with or without tag and digest.

    In a pattern ``*`` and ``?`` stand for anything but ``/``, ``[a-c]`` and ``[^a-c]`` for one of some
    characters. Raises InvalidReference for a malformed pattern. Go: ``FamiliarMatch`` over ``path.Match``.
    """
    glob, shown = _glob(pattern), ref.familiar()
    return bool(glob.fullmatch(str(shown)) or (ref.name and glob.fullmatch(shown.name)))


def _full_name(text: str) -> str:
    """``text`` with the domain, and ``library/``, that it leaves out (Go: ``splitDockerDomain``)."""
    first, slash, rest = text.partition("/")
    is_domain = first == "localhost" or "." in first or ":" in first or first.lower() != first
    domain, path = (first, rest) if slash and is_domain else (DEFAULT_DOMAIN, text)
    if domain == f"index.{DEFAULT_DOMAIN}":
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in path:
        path = _OFFICIAL + path
    return f"{domain}/{path}"


def _is_digest(text: str) -> bool:
    try:
        return Digest.parse(text).verifiable
    except DigestError:
        return False


def _why(text: str) -> str:
    if not text:
        return "it is empty"
    lowered = text.lower()
    if lowered != text and _grammar().fullmatch(lowered):
        return "it must be in lower case"
    return "it does not read as [domain/]path[:tag][@digest]"


def _invalid(text: str, reason: str) -> InvalidReference:
    shown = text if len(text) <= 200 else text[:200] + "…"
    return InvalidReference(f"{shown!r} is not an image name: {reason}", hint=NAME_HINT)


# containerd's own references


@dataclass(frozen=True, slots=True)
class Spec:
    """A name as containerd splits it: where (``host/path``) and what (tag, ``@digest`` or both)."""

    locator: str
    object: str

    @property
    def hostname(self) -> str:
        """The locator up to its first slash."""
        return self.locator.partition("/")[0]

    @property
    def digest(self) -> str:
        """What follows the first ``@`` of the object; possibly cut short or no digest at all."""
        return self.object.partition("@")[2]

    def __str__(self) -> str:
        separator = ":" if self.object and not self.object.startswith("@") else ""
        return self.locator + separator + self.object


def containerd_parse(text: str) -> Spec:
    """``text`` read as a URL without scheme, query and fragment left out. Raises InvalidReference.

    A name without slash is a host, so ``alpine:3.20`` has an invalid port. Go: ``Parse`` of containerd's
    pkg/reference over ``url.Parse``.
    """
    url, _, fragment = text.partition("#")
    if "://" in text or re.search(r"[\x00-\x1f\x7f]", url):
        raise _invalid(text, "it has a scheme or control characters")
    authority, slash, rest = url.partition("?")[0].partition("/")
    host = _host(authority, text)
    _unescape(fragment, text)
    path = _unescape(slash + rest, text)
    if not host:
        raise _invalid(text, "it has no host")
    at = re.search("[:@]", path)
    locator = posixpath.normpath(f"{host}/{path[: at.start()] if at else path}")
    return Spec(locator, path[at.start() :].removeprefix(":") if at else "")


# What a host may hold (Go's net/url): some characters, others only as they are beyond ASCII, or escaped.
_HOST = r"""(?:[A-Za-z0-9._~!$&'()*+,;=:\]<>"-]|[^\x00-\x7f]|%25|%[89A-Fa-f][0-9A-Fa-f])*"""


def _host(authority: str, text: str) -> str:
    """Host and port of a URL's authority, unescaped, the user left out."""
    user, _, host = authority.rpartition("@")
    if not re.fullmatch(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*", user):
        raise _invalid(text, "what stands before its @ is no user name")
    _unescape(user, text)
    bracketed = re.fullmatch(rf"\[({_HOST})\](?::[0-9]*)?", host)
    port = host.rpartition(":")[2] if ":" in host else ""
    if bracketed:
        _check_ipv6(_unescape(bracketed[1], text), text)
    elif not re.fullmatch(_HOST, host) or not re.fullmatch("[0-9]*", port):
        raise _invalid(text, "its host or port is malformed")
    return _unescape(host, text)


def _check_ipv6(address: str, text: str) -> None:
    import ipaddress  # costs milliseconds, for names that hardly anybody has

    try:
        ipaddress.IPv6Address(address)
    except ValueError as error:
        raise _invalid(text, "its host is no IPv6 address") from error


def _unescape(part: str, text: str) -> str:
    """``part`` with its ``%xx`` resolved. Raises InvalidReference about ``text`` for a malformed one."""
    if "%" not in part:
        return part
    if re.search("%(?![0-9A-Fa-f]{2})", part):
        raise _invalid(text, "it has a % that two hexadecimal digits should follow")
    pieces = re.split("%(..)", part)
    raw = b"".join(
        bytes.fromhex(piece) if n % 2 else piece.encode(errors="surrogatepass")
        for n, piece in enumerate(pieces)
    )
    return raw.decode(errors="replace")


# Patterns

_ITEM = r"(\\.|[^\\\]-])(?:-(\\.|[^\\\]-]))?"
_TOKEN = rf"(?P<star>\*+)|(?P<any>\?)|\[(?P<negated>\^?+)(?P<items>(?:{_ITEM})+)\]|\\(?P<quoted>.)|[^\\\[]"


@lru_cache(maxsize=16)
def _glob(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern. Raises InvalidReference if it is malformed.

    As in Go, what stands between two stars is taken where it first fits: groups are atomic.
    """
    token, chunks, at = re.compile(_TOKEN, re.DOTALL), [""], 0
    while at < len(pattern):
        found = token.match(pattern, at)
        if found is None:
            raise InvalidReference(
                f"{pattern!r} is not a pattern",
                hint="Use *, ? and [a-c]; put a backslash before a character that should mean itself.",
            )
        at = found.end()
        if found["star"]:
            chunks.append("")
        else:
            chunks[-1] += _one(found)
    head, *starred = chunks
    middle = "".join(f"(?>[^/]*?{chunk})" for chunk in starred[:-1])
    last = f"[^/]*?{starred[-1]}" if starred else ""
    return re.compile(head + middle + last, re.DOTALL)


def _one(token: re.Match[str]) -> str:
    """The regular expression of a token that stands for one character."""
    if token["any"]:
        return "[^/]"
    if not token["items"]:
        return re.escape(token["quoted"] or token[0])
    pairs = (pair for pair in re.findall(_ITEM, token["items"], re.DOTALL))
    spans = [(low[-1], (high or low)[-1]) for low, high in pairs]
    body = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in spans if low <= high)
    if not body:
        return "." if token["negated"] else "(?!)"
    return f"[{token['negated']}{body}]"
