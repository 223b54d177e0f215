"""Colours for one line of JSON: keys, strings, numbers, words; links, and what is searched."""

from __future__ import annotations

import re
from collections.abc import Iterable

from PySide6.QtGui import QColor, QTextCharFormat, QTextLayout

from gui.theme import Tokens, tokens

_TOKEN = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b|([{}\[\],:])')
_LINK = re.compile(r'"((?:sha256|sha384|sha512):[0-9a-f]{64,128}|application/[\w.+-]+)"')


def link_spans(text: str) -> list[tuple[int, int]]:
    """Where digests and media types stand in ``text``, without their quotes: (start, end)."""
    return [match.span(1) for match in _LINK.finditer(text)]


def line_formats(
    text: str, *, links: bool, found: Iterable[tuple[int, int]] = ()
) -> list[QTextLayout.FormatRange]:
    """The formats of a line; with ``links`` digests and media types look like links. What is searched stands
    at the (start, end) of ``found``.
    """
    colours = tokens()
    ranges = []
    for match in _TOKEN.finditer(text):
        if match[1]:
            style = _style(colours.accent if match[2] else colours.ok)
            ranges.append(_range(match.start(1), len(match[1]), style))
        else:
            style = _style(colours.muted if match[5] else colours.warn)
            ranges.append(_range(match.start(), len(match[0]), style))
    if links:
        ranges += [_range(start, end - start, _link_style(colours)) for start, end in link_spans(text)]
    ranges += [_range(start, end - start, _found_style(colours)) for start, end in found]
    return ranges


def _found_style(colours: Tokens) -> QTextCharFormat:
    style = QTextCharFormat()
    style.setBackground(QColor(colours.found))
    style.setForeground(QColor(colours.text))
    return style


def _style(colour: str) -> QTextCharFormat:
    style = QTextCharFormat()
    style.setForeground(QColor(colour))
    return style


def _link_style(colours: Tokens) -> QTextCharFormat:
    style = _style(colours.ok)
    style.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
    style.setUnderlineColor(QColor(colours.control_border))
    return style


def _range(start: int, length: int, style: QTextCharFormat) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start, made.length, made.format = start, length, style
    return made
