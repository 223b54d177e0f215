"""Platforms: values, their text form, normal form, and matchers, as containerd's Go library reads them.

Semantics are those of github.com/containerd/platforms at 09756f5 (2026), proved by its own tables; where
Go asks for the machine it runs on, these functions take ``host``. :mod:`.v1` has the rules of 2018.
"""

from exporter_core.platforms.matchers import (
    ALL,
    Matcher,
    any_of,
    best,
    new_matcher,
    only,
    only_os,
    only_strict,
    order,
    ordered,
)
from exporter_core.platforms.v1 import V1Matcher, parse_v1, v1_matcher
from exporter_core.platforms.values import Platform, host_platform, normalise, parse

__all__ = [
    "ALL",
    "Matcher",
    "Platform",
    "V1Matcher",
    "any_of",
    "best",
    "host_platform",
    "new_matcher",
    "normalise",
    "only",
    "only_os",
    "only_strict",
    "order",
    "ordered",
    "parse",
    "parse_v1",
    "v1_matcher",
]
