"""Matchers: which platforms are asked for, and which of them first.

Source: compare.go, platforms.go and platform_windows_compat.go of github.com/containerd/platforms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol, TypeVar

from exporter_core.platforms.values import Platform, host_platform, normalise

T = TypeVar("T")


class Matcher(Protocol):
    """Chooses among platforms (Go's MatchComparer)."""

    def matches(self, p: Platform) -> bool:
        """Whether ``p``, raw, is one of those asked for."""
        ...

    def less(self, a: Platform, b: Platform) -> bool:
        """Whether ``a`` is to come before ``b``; not always a strict weak order, see :func:`order`."""
        ...


def new_matcher(p: Platform, *, host: Platform | None = None) -> Matcher:
    """Just ``p``: same os, architecture and variant once normalised, and no feature that ``p`` lacks.

    On Windows the version must be compatible, and the higher comes first. Source: Go's ``NewMatcher``.
    """
    return _Exact.of(p, host or host_platform())


def only(p: Platform, *, host: Platform | None = None) -> Matcher:
    """``p``, then what a machine of that platform also runs: amd64 runs 386, arm64 runs arm/v7 …

    Source: Go's ``Only``.
    """
    machine = host or host_platform()
    return ordered(*_runnable_on(normalise(p, host=machine)), host=machine)


def only_strict(p: Platform, *, host: Platform | None = None) -> Matcher:
    """``p`` and nothing else that its machine could run. Source: Go's ``OnlyStrict``."""
    machine = host or host_platform()
    return ordered(normalise(p, host=machine), host=machine)


def only_os(p: Platform, *, host: Platform | None = None) -> Matcher:
    """Any architecture of the os, version and features of ``p``; its own first. Source: ``OnlyOS``."""
    machine = host or host_platform()
    return _OnlyOS(_Exact.of(normalise(p, host=machine), machine))


def ordered(*platforms: Platform, host: Platform | None = None) -> Matcher:
    """Any of ``platforms``, in that order of preference. Source: Go's ``Ordered``."""
    machine = host or host_platform()
    return _Ordered(tuple(_Exact.of(p, machine) for p in platforms))


def any_of(*platforms: Platform, host: Platform | None = None) -> Matcher:
    """Any of ``platforms``, none preferred. Source: Go's ``Any``."""
    machine = host or host_platform()
    return _AnyOf(tuple(_Exact.of(p, machine) for p in platforms))


def order(
    matcher: Matcher, items: Iterable[T], key: Callable[[Any], Platform | None] = lambda item: item
) -> list[T]:
    """``items`` sorted as containerd sorts an index: stably by ``matcher.less``, no platform (None) last.

    A plain insertion sort: for up to 20 items it takes the very steps of Go's ``sort.SliceStable``, so
    that the result is the same also where ``less`` contradicts itself; beyond, wherever it does not.
    """
    result: list[T] = []
    for item in items:
        at = len(result)
        while at and _before(matcher, key(item), key(result[at - 1])):
            at -= 1
        result.insert(at, item)
    return result


def best(
    matcher: Matcher, items: Iterable[T], key: Callable[[Any], Platform | None] = lambda item: item
) -> T | None:
    """The item that containerd would take for the platform: of those that match or say none, the first."""
    fitting = [item for item in items if (p := key(item)) is None or matcher.matches(p)]
    return next(iter(order(matcher, fitting, key)), None)


def _before(matcher: Matcher, a: Platform | None, b: Platform | None) -> bool:
    return a is not None and (b is None or matcher.less(a, b))


@dataclass(frozen=True, slots=True)
class _All:
    """Go's ``All``."""

    def matches(self, p: Platform) -> bool:
        return True

    def less(self, a: Platform, b: Platform) -> bool:
        return False


ALL: Matcher = _All()
"""Matches every platform and prefers none."""


@dataclass(frozen=True, slots=True)
class _Exact:
    """Go's ``matcher``, on Windows wrapped; ``wanted`` is normalised, ``windows`` what the raw os said."""

    wanted: Platform
    host: Platform
    windows: bool

    @classmethod
    def of(cls, p: Platform, host: Platform) -> _Exact:
        # The raw os, as in Go: a "Windows" is compared without its version.
        return cls(normalise(p, host=host), host, windows=p.os == "windows")

    def matches(self, p: Platform) -> bool:
        normal = normalise(_without_win32k(p) if self.windows else p, host=self.host)
        wanted = self.wanted
        return (
            (normal.os, normal.architecture, normal.variant)
            == (wanted.os, wanted.architecture, wanted.variant)
            and self.runs_version(p)
            and set(normal.os_features) <= set(wanted.os_features)
        )

    def runs_version(self, p: Platform) -> bool:
        """Whether the Windows asked for runs ``p``; true where either does not say its version."""
        machine = _windows_build(self.wanted.os_version) if self.windows else _NO_BUILD
        return machine == _NO_BUILD or not p.os_version or _runs(machine, _windows_build(p.os_version))

    def less(self, a: Platform, b: Platform) -> bool:
        first, second = self.matches(a), self.matches(b)
        if first and second:
            return self.windows and a.os_version > b.os_version
        return first and not second


@dataclass(frozen=True, slots=True)
class _Ordered:
    """Go's ``orderedPlatformComparer``."""

    matchers: tuple[_Exact, ...]

    def matches(self, p: Platform) -> bool:
        return any(matcher.matches(p) for matcher in self.matchers)

    def less(self, a: Platform, b: Platform) -> bool:
        for matcher in self.matchers:
            first, second = matcher.matches(a), matcher.matches(b)
            if first and second:
                return len(a.os_features) > len(b.os_features)
            if first or second:
                return first
        return _has_features(a, b) and self.less(_bare(a), _bare(b))


@dataclass(frozen=True, slots=True)
class _AnyOf:
    """Go's ``anyPlatformComparer``."""

    matchers: tuple[_Exact, ...]

    def matches(self, p: Platform) -> bool:
        return any(matcher.matches(p) for matcher in self.matchers)

    def less(self, a: Platform, b: Platform) -> bool:
        first, second = self.matches(a), self.matches(b)
        if first and second:
            return len(a.os_features) > len(b.os_features)
        if not first and not second and _has_features(a, b):
            return self.less(_bare(a), _bare(b))
        return first and not second


@dataclass(frozen=True, slots=True)
class _OnlyOS:
    """Go's ``onlyOSComparer``."""

    exact: _Exact

    def matches(self, p: Platform) -> bool:
        normal, wanted = normalise(p, host=self.exact.host), self.exact.wanted
        return (
            normal.os == wanted.os
            and self.exact.runs_version(p)
            and set(normal.os_features) <= set(wanted.os_features)
        )

    def less(self, a: Platform, b: Platform) -> bool:
        if not self.matches(a):
            return False
        return not self.matches(b) or _Ordered((self.exact,)).less(a, b)


def _runnable_on(machine: Platform) -> Iterator[Platform]:
    """``machine``, normalised, and what it runs besides, best first (Go's ``platformVector``)."""
    arch, variant = machine.architecture, machine.variant
    if arch == "arm64":
        versions = _arm64_versions(variant or "v8")
        yield from (replace(machine, variant=version) for version in versions)
        if versions:
            yield from _runnable_on(replace(machine, architecture="arm", variant="v8"))
        return
    yield machine
    lowest = {"amd64": 1, "arm": 5}.get(arch, _LARGEST)
    for version in range(_number(variant) - 1, lowest - 1, -1):
        yield replace(machine, variant=f"v{version}")
    if arch == "amd64":
        yield replace(machine, architecture="386", variant="")


def _arm64_versions(variant: str) -> list[str]:
    """The arm64 variants that ``variant`` runs, itself first; none for one that is not known.

    Versions 8.0 to 8.9 and 9.0 to 9.7; 9.x runs 9.0 to 9.x and 8.0 to 8.(x+5).
    """
    major, _, minor = variant.removeprefix("v").partition(".")
    last = int(minor or 0) if re.fullmatch("[0-9]?", minor) else _LARGEST
    if (major, variant[:1]) == ("8", "v") and last <= 9:
        return _down_from(8, last)
    if (major, variant[:1]) == ("9", "v") and last <= 7:
        return _down_from(9, last) + _down_from(8, min(last + 5, 9))
    return []


def _down_from(major: int, minor: int) -> list[str]:
    return [f"v{major}.{n}" if n else f"v{major}" for n in range(minor, -1, -1)]


_LARGEST = 100
"""No variant has so high a number; it bounds what :func:`only` lists for a hostile one."""


def _number(variant: str) -> int:
    """The 3 of ``v3`` or ``3``; 0 for what is no small number."""
    digits = variant.removeprefix("v")
    return int(digits) if re.fullmatch("[0-9]{1,2}", digits) else 0


def _has_features(a: Platform, b: Platform) -> bool:
    return bool(a.os_features or b.os_features)


def _bare(p: Platform) -> Platform:
    return replace(p, os_features=())


# Windows versions

_NO_BUILD = (0, 0, 0)
_LTSC = (20348, 26100)
"""Builds of Windows Server 2022 and 2025, whose containers run on every later build up to the next."""


def _windows_build(version: str) -> tuple[int, int, int]:
    """Major, minor and build of a version such as ``10.0.17763.1``; all zero where it is none."""
    found = _windows_version().match(version)
    if not found:
        return _NO_BUILD
    major, minor, build = map(int, found.groups())
    return (major, minor, build) if major < 256 and minor < 256 and build < 65536 else _NO_BUILD


def _runs(machine: tuple[int, int, int], container: tuple[int, int, int]) -> bool:
    """Whether a Windows machine runs a container of that build.

    Before Server 2022 the builds must be equal; later, all since the LTSC before the machine's own do.
    Source: platform_windows_compat.go and Microsoft's "Windows container version compatibility".
    """
    build = machine[2]
    if machine[:2] != container[:2] or build < _LTSC[0]:
        return machine == container
    passed = [ltsc for ltsc in _LTSC if ltsc <= build]
    oldest = passed[-2] if len(passed) > 1 else _LTSC[0]
    return oldest <= container[2] <= build


def _without_win32k(p: Platform) -> Platform:
    """``p`` without its first ``win32k``, which never kept an image from running."""
    if "win32k" not in p.os_features:
        return p
    at = p.os_features.index("win32k")
    return replace(p, os_features=p.os_features[:at] + p.os_features[at + 1 :])


@cache
def _windows_version() -> re.Pattern[str]:
    return re.compile(r"0*([0-9]{1,3})\.0*([0-9]{1,3})\.0*([0-9]{1,5})(?:\.|\Z)")
