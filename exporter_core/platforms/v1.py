"""The platform rules of 2018, which the V1Exporter filtered by: plain equality after a shorter table.

Differences from today's rules that show: ``arm64/v8`` and ``arm/v7`` are not ``arm64`` and ``arm``, nothing
stands in for anything else, version and features are ignored. Source: platforms/platforms.go and
platforms/database.go of github.com/containerd/containerd at d88de4a34.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from exporter_core.errors import PlatformError
from exporter_core.platforms.values import Platform, go_lower, host_platform, normal_os

V1_HINT = "Profile v1 reads platforms as in 2018: linux/amd64, linux/arm64/v8, arm64 or linux."
"""The hint of every PlatformError raised here."""

_KNOWN_OS = """
    android darwin dragonfly freebsd linux nacl netbsd openbsd plan9 solaris windows zos
"""
_KNOWN_ARCHITECTURES = """
    386 amd64 amd64p32 arm armbe arm64 arm64be mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64
    ppc64le s390 s390x sparc sparc64
"""
_ALIASES = {
    "i386": ("386", ""),
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", ""),
    "armel": ("arm", "v6"),
}


def parse_v1(text: str, *, host: Platform | None = None) -> Platform:
    """The platform that ``text`` names: ``os``, ``arch``, ``os/arch`` or ``os/arch/variant``.

    Raises PlatformError, also for an os alone where ``host`` is an arm, as in 2018.
    """
    os, *rest = parts = text.split("/")
    if len(parts) > 3 or not all(re.fullmatch("[A-Za-z0-9_-]+", part) for part in parts):
        raise PlatformError(f"{text!r} is not a platform", hint=V1_HINT)
    if not rest:
        return _parse_word(text, host or host_platform())
    return _normalise(Platform(os=os, architecture=rest[0], variant="".join(rest[1:])), default_os="")


def _parse_word(text: str, host: Platform) -> Platform:
    os = normal_os(text, "")
    if os in _KNOWN_OS.split():
        if host.architecture == "arm":
            raise PlatformError(f"{text!r} does not say which arm is meant", hint=V1_HINT)
        return Platform(os=os, architecture=host.architecture)
    found = _normalise(Platform(architecture=text), default_os=host.os)
    if found.architecture not in _KNOWN_ARCHITECTURES.split():
        raise PlatformError(f"{text!r} is no known operating system or architecture", hint=V1_HINT)
    return found


def _normalise(p: Platform, *, default_os: str) -> Platform:
    architecture, variant = go_lower(p.architecture), go_lower(p.variant)
    if architecture in _ALIASES:
        architecture, variant = _ALIASES[architecture]
    elif architecture == "arm" and variant in ("5", "6", "7", "8"):
        variant = f"v{variant}"
    return Platform(os=normal_os(p.os, default_os), architecture=architecture, variant=variant)


@dataclass(frozen=True, slots=True)
class V1Matcher:
    """Matches what equals ``wanted``, taken as it is, once a candidate is normalised by the table of 2018."""

    wanted: Platform
    host: Platform

    def matches(self, p: Platform) -> bool:
        """Whether ``p``, raw, has the os, architecture and variant asked for."""
        return _normalise(p, default_os=self.host.os) == self.wanted


def v1_matcher(p: Platform, *, host: Platform | None = None) -> V1Matcher:
    """Matches ``p``, as :func:`parse_v1` gives it; its version and features are not looked at."""
    return V1Matcher(replace(p, os_version="", os_features=()), host or host_platform())
