"""Numbers for people, the same in the window and on the terminal; no locale, no colours."""

from __future__ import annotations

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_TIMES = (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1))


def size(n: int) -> str:
    """``n`` bytes in binary units with one decimal: ``517 B``, ``1.2 KiB``, ``48.2 MiB``.

    The number shown is rounded half up and stays below 1024 (``1.0 MiB`` and never ``1024.0 KiB``).
    """
    if n < 0:
        return f"-{size(-n)}"
    if n < 1024:
        return f"{n} B"
    power = 1
    while (tenths := _round(n * 10, 1024**power)) >= 10240 and power < len(_UNITS):
        power += 1
    return f"{tenths // 10}.{tenths % 10} {_UNITS[power - 1]}"


def rate(bytes_per_second: float) -> str:
    """A speed: ``48.2 MiB/s``."""
    return f"{size(round(bytes_per_second))}/s"


def duration(seconds: float) -> str:
    """A time, rounded to the second and in its two largest units: ``4 s``, ``1 min 5 s``, ``2 h 3 min``."""
    total = max(0, round(seconds))
    for unit, length, smaller, part in _TIMES:
        if total >= length:
            rest = total % length // part
            return f"{total // length} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{total} s"


def short_digest(text: str, n: int = 12) -> str:
    """A digest cut to ``n`` digits, its algorithm kept: ``sha256:4b1d2f03a1c9…``; short text as it is."""
    algorithm, colon, encoded = text.rpartition(":")
    return f"{algorithm}{colon}{encoded[:n]}…" if len(encoded) > n else text


def count(n: int, singular: str, plural: str) -> str:
    """``1 layer``, ``2 layers``, ``1,024 layers``."""
    return f"{n:,} {singular if n == 1 else plural}"


def _round(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)
