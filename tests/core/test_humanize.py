"""Numbers for people: the examples of the design, and what must hold for any number."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter_core.humanize import count, duration, rate, short_digest, size

UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0 B"),
        (517, "517 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1229, "1.2 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (1024**2 - 52, "1023.9 KiB"),
        (1024**2 - 51, "1.0 MiB"),
        (50_541_363, "48.2 MiB"),
        (8 * 1024**3, "8.0 GiB"),
        (2**63 - 1, "8.0 EiB"),
        (-1536, "-1.5 KiB"),
    ],
)
def test_size(n: int, text: str) -> None:
    assert size(n) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (0.4, "0 s"),
        (4.4, "4 s"),
        (59.6, "1 min"),
        (65, "1 min 5 s"),
        (3599.7, "1 h"),
        (2 * 3600 + 3 * 60 + 59, "2 h 3 min"),
        (86400 + 3599, "1 d"),
        (3 * 86400 + 7200, "3 d 2 h"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_rate() -> None:
    assert rate(50_541_363.2) == "48.2 MiB/s"
    assert rate(0.0) == "0 B/s"


@pytest.mark.parametrize(
    ("text", "n", "short"),
    [
        ("sha256:" + "4b1d" * 16, 12, "sha256:4b1d4b1d4b1d…"),
        ("sha512:" + "4b1d" * 32, 4, "sha512:4b1d…"),
        ("sha256:4b1d", 12, "sha256:4b1d"),
        ("4b1d" * 16, 4, "4b1d…"),
        ("", 12, ""),
    ],
)
def test_short_digest(text: str, n: int, short: str) -> None:
    assert short_digest(text, n) == short


def test_count() -> None:
    assert [count(n, "layer", "layers") for n in (0, 1, 2, 1024)] == [
        "0 layers",
        "1 layer",
        "2 layers",
        "1,024 layers",
    ]


def parts(text: str) -> tuple[float, int]:
    number, unit = text.split()
    return float(number), UNITS.index(unit)


@given(st.integers(0, 2**63 - 1))
@example(1024**3 - 1)
def test_size_is_near_and_below_1024(n: int) -> None:
    number, power = parts(size(n))
    assert number < 1024
    assert number >= 1 or n == 0
    assert abs(number * 1024**power - n) <= 0.0501 * 1024**power


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**40))
def test_a_larger_size_never_looks_smaller(n: int, more: int) -> None:
    first, second = parts(size(n)), parts(size(n + more))
    assert (first[1], first[0]) <= (second[1], second[0])


@given(st.integers(0, 10**9))
def test_a_duration_has_its_two_largest_units(seconds: int) -> None:
    lengths = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    words = duration(seconds).split()
    values = [int(word) * lengths[unit] for word, unit in zip(words[::2], words[1::2], strict=True)]
    assert len(values) <= 2
    assert 0 <= seconds - sum(values) < lengths[words[1]]
