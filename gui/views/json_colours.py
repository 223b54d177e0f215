"""Colours for JSON: keys, strings, numbers and words."""

from __future__ import annotations

import re

from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from gui.theme import tokens

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b|([{}\[\],:])')


class JsonColours(QSyntaxHighlighter):
    """Highlights one line at a time; ``enabled`` is off for documents that would take too long."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.enabled = True

    def highlightBlock(self, text: str) -> None:
        if not self.enabled:
            return
        colours = tokens()
        for match in _TOKEN.finditer(text):
            if match[1]:
                name = colours.accent if match[2] else colours.ok
                self._paint(match.start(1), len(match[1]), name)
            else:
                self._paint(match.start(), len(match[0]), colours.muted if match[5] else colours.warn)

    def _paint(self, start: int, length: int, colour: str) -> None:
        style = QTextCharFormat()
        style.setForeground(QColor(colour))
        self.setFormat(start, length, style)
