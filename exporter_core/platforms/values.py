"""A platform as a value: its text form, its normal form, and the platform of this machine.

Source: platforms.go, database.go and cpuinfo_linux.go of github.com/containerd/platforms.
"""

from __future__ import annotations

import os as os_module
import posixpath
import re
import sys
from dataclasses import dataclass, replace
from functools import cache

from exporter_core.errors import PlatformError

PLATFORM_HINT = "Write it like linux/amd64, linux/arm64/v8, windows(10.0.20348)/amd64, arm64 or linux."
"""The hint of every PlatformError about text that does not parse."""

# Words that may stand alone, for an operating system or for an architecture (Go's database.go).
_KNOWN_OS = """
    aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows
    zos
"""
_KNOWN_ARCHITECTURES = """
    386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc
    ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm
"""


@dataclass(frozen=True, slots=True)
class Platform:
    """What a descriptor or an image config says it runs on (image-spec ``image-index.md`` §platform).

    The values are raw, as they stand in the document; :func:`normalise` gives the form to compare.
    ``str()`` is Go's FormatAll (with version and features), :meth:`format` its Format.
    """

    architecture: str = ""
    os: str = ""
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()

    def format(self) -> str:
        """``os/architecture/variant``, empty parts left out; ``unknown`` without an os."""
        return _join(self.os, self.architecture, self.variant)

    def __str__(self) -> str:
        features = "".join(f"+{_escape(feature)}" for feature in sorted(set(self.os_features)) if feature)
        options = _escape(self.os_version) + features
        shown = f"{self.os}({options})" if self.os and options else self.os
        return _join(shown, self.architecture, self.variant)


def parse(text: str, *, host: Platform | None = None) -> Platform:
    """The platform that ``text`` names: ``os``, ``arch``, ``os/arch`` or ``os/arch/variant``.

    The os may carry a version and features, ``os(version+feature+feature)``, with ``%xx`` escapes.
    What is not said comes from ``host``. Raises PlatformError. Source: Go's ``Parse``.
    """
    head, *rest = text.split("/")
    found = _os_part().fullmatch(head)
    if not found or len(rest) > 2 or not all(map(_plain_part().fullmatch, rest)):
        raise PlatformError(f"{text!r} is not a platform", hint=PLATFORM_HINT)
    os, version, features = found.groups("")
    named = Platform(
        os=normal_os(os, ""),
        os_version=_unescape(version, text),
        os_features=tuple(_unescape(feature, text) for feature in features.split("+")[1:]),
    )
    if not rest:
        return _parse_word(text, named, host or host_platform())
    return _with_architecture(named, *rest)


def _with_architecture(named: Platform, architecture: str, variant: str | None = None) -> Platform:
    """``named`` on that architecture: arm/v7 stays unsaid, an arm64/v8 that was said stays said."""
    normal, version = _normal_architecture(architecture, variant or "")
    if variant is None and (normal, version) == ("arm", "v7"):
        version = ""
    elif variant is not None and (normal, version) == ("arm64", ""):
        version = "v8"
    return replace(named, architecture=normal, variant=version)


def _parse_word(text: str, named: Platform, host: Platform) -> Platform:
    """A single word: a known os on the host's architecture, else a known architecture on the host's os."""
    if named.os in _KNOWN_OS.split():
        variant = host.variant if host.architecture == "arm" and host.variant != "v7" else ""
        return replace(named, architecture=host.architecture, variant=variant)
    found = _with_architecture(Platform(os=host.os), text)
    if found.architecture not in _KNOWN_ARCHITECTURES.split():
        raise PlatformError(f"{text!r} is no known operating system or architecture", hint=PLATFORM_HINT)
    return found


def normalise(p: Platform, *, host: Platform | None = None) -> Platform:
    """``p`` in the form that is compared: ``macos/x86_64/v1`` becomes ``darwin/amd64``.

    An empty os becomes ``host``'s; features are sorted, each once. Source: Go's ``Normalize``.
    """
    architecture, variant = _normal_architecture(p.architecture, p.variant)
    return Platform(
        architecture=architecture,
        os=normal_os(p.os, "") or (host or host_platform()).os,
        variant=variant,
        os_version=p.os_version,
        os_features=tuple(sorted(set(p.os_features))),
    )


def go_lower(text: str) -> str:
    """As Go's strings.ToLower for comparing with ASCII: one letter for U+0130, where Python has two."""
    return text.replace("\u0130", "i").lower()


def normal_os(os: str, default: str) -> str:
    """``os`` in lower case, ``macos`` as ``darwin``, and ``default`` where it is empty."""
    lowered = go_lower(os) or default
    return "darwin" if lowered == "macos" else lowered


_ARCHITECTURE_ALIASES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}
_FIXED_ARM = {"armhf": "v7", "armel": "v6"}
_VARIANT_ALIASES = {
    "amd64": {"v1": ""},
    "arm64": {"8": "", "v8": "", "v8.0": "", "9": "v9", "9.0": "v9", "v9.0": "v9"},
    "arm": {"": "v7", "7": "v7", "5": "v5", "6": "v6", "8": "v8"},
}


def _normal_architecture(architecture: str, variant: str) -> tuple[str, str]:
    lowered, version = go_lower(architecture), go_lower(variant)
    if lowered == "i386":
        return "386", ""
    if lowered in _FIXED_ARM:
        return "arm", _FIXED_ARM[lowered]
    normal = _ARCHITECTURE_ALIASES.get(lowered, lowered)
    return normal, _VARIANT_ALIASES.get(normal, {}).get(version, version)


# The machine


@cache
def host_platform() -> Platform:
    """This machine in Go's names, found once; ``linux`` on a Mac, whose containers run Linux."""
    if sys.platform == "win32":
        import platform  # costs milliseconds

        version = ".".join(map(str, sys.getwindowsversion().platform_version))
        return describe_host("windows", platform.machine(), version)
    names = os_module.uname()
    return describe_host(names.sysname, names.machine)


def describe_host(system: str, machine: str, os_version: str = "") -> Platform:
    """The platform of a machine by the names that ``uname`` or Windows give it."""
    lowered = machine.lower()
    os = system.lower().replace("darwin", "linux")
    return Platform(_machine_architecture(lowered), os, arm_variant(lowered), os_version)


_MACHINES = {"x86": "386", "loongarch64": "loong64"}


def _machine_architecture(machine: str) -> str:
    if machine.startswith("armv"):
        return "arm"
    if re.fullmatch(r"i[3-6]86", machine):
        return "386"
    return _MACHINES.get(machine) or _normal_architecture(machine, "")[0]


def arm_variant(machine: str) -> str:
    """The arm variant that a machine name tells (``armv7l``: v7, ``aarch64``: v8).

    ``unknown`` for an arm of another version, empty for what is no arm. Source: cpuinfo_linux.go.
    """
    lowered = machine.lower()
    if lowered in ("aarch64", "arm64"):
        return "v8"
    if not lowered.startswith("armv") or lowered == "armv":
        return ""
    return f"v{lowered[4]}" if lowered[4] in "345678" else "unknown"


# Text


@cache
def _os_part() -> re.Pattern[str]:
    return re.compile(r"([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)((?:\+[A-Za-z0-9_.%-]+)*)\))?")


@cache
def _plain_part() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9_.-]+")


def _join(os: str, architecture: str, variant: str) -> str:
    """Go's ``path.Join``, ``unknown`` without an os."""
    if not os:
        return "unknown"
    return posixpath.normpath("/".join(filter(None, (os, architecture, variant)))).replace("//", "/")


def _escape(option: str) -> str:
    """A version or feature with the characters escaped that mean something in the text form."""
    return re.sub("[%+()/]", lambda found: f"%{ord(found[0]):02X}", option)


def _unescape(option: str, text: str) -> str:
    """The reverse of :func:`_escape`. Raises PlatformError about ``text`` for a ``%`` without two digits."""
    if re.search("%(?![0-9A-Fa-f]{2})", option):
        raise PlatformError(f"{text!r} has a % that two hexadecimal digits should follow", hint=PLATFORM_HINT)
    pieces = re.split("%(..)", option)
    raw = b"".join(bytes.fromhex(p) if n % 2 else p.encode() for n, p in enumerate(pieces))
    return raw.decode(errors="replace")
