"""Words and numbers as this user reads them: translation and the locale, once for the whole window.

Safe to call from any thread. Nothing about widgets lives here.
"""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from exporter_core import humanize

_IEC = QLocale.DataSizeFormat.DataSizeIecFormat


def tr(text: str, /, **values: object) -> str:
    """``text`` in the user's language, its ``{placeholders}`` filled with ``values``."""
    translated = QCoreApplication.translate("Shipglass", text)
    return translated.format(**values) if values else translated


def plural(n: int, one: str, many: str) -> str:
    """``one`` for a single thing, else ``many``; each may say ``{n}``, the localised number.

    Translations are of ``many``, in as many forms as their language has; ``one`` is English alone.
    """
    translated = QCoreApplication.translate("Shipglass", many, None, n)
    if translated == many and n == 1:
        translated = one
    return translated.format(n=number(n))


def number(n: int) -> str:
    """``n`` with the locale's grouping."""
    return QLocale().toString(n)


def size(n: int | None) -> str:
    """``n`` bytes in binary units: ``48.2 MiB``; a dash where it is not known."""
    if n is None:
        return "–"
    return tr("{n} B", n=n) if abs(n) < 1024 else QLocale().formattedDataSize(n, 1, _IEC)


def exact_size(n: int) -> str:
    """``33.5 KiB (34,304 bytes)``; bytes alone where they are few."""
    exact = tr("{n} bytes", n=number(n))
    return exact if abs(n) < 1024 else f"{size(n)} ({exact})"


def rate(bytes_per_second: float) -> str:
    """A speed, ``48.2 MiB/s``."""
    return tr("{size}/s", size=size(round(bytes_per_second)))


def duration(seconds: float) -> str:
    """``4 s``, ``1 min 5 s``; under ten seconds with a tenth."""
    if seconds < 0.05:
        return tr("< 0.1 s")
    if seconds < 9.95:
        return tr("{n} s", n=QLocale().toString(float(seconds), "f", 1))
    return humanize.duration(seconds)


def percent(fraction: float) -> str:
    """``71 %``; 100 only when everything is done."""
    return tr("{n} %", n=number(int(fraction * 100)))


def moment(iso: str) -> str:
    """A time of a document (RFC 3339) in the locale's form; as it stands where it is none."""
    try:
        stamp = datetime.fromisoformat(iso.replace("Z", "+00:00"))
    except ValueError:
        return iso
    if stamp.year < 1971:
        return tr("not recorded ({time})", time=iso)
    if QLocale().language() == QLocale.Language.C:
        return f"{stamp:%Y-%m-%d %H:%M}"
    when = QDateTime.fromSecsSinceEpoch(int(stamp.timestamp()))
    return QLocale().toString(when, QLocale.FormatType.ShortFormat)
