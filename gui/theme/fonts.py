"""Fonts in relation to the system's own."""

from __future__ import annotations

import sys

from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QApplication


def keep_font(app: QApplication) -> None:
    """Keep the general font that the program has started with.

    With GTK's theme Qt (6.8 to 6.11) takes the fixed-width font for the general one as soon as the desktop
    changes between light and dark, if anybody has asked for the fixed-width font before.
    """
    if sys.platform == "linux":
        app.setFont(app.font())


def fixed_font(scale: float = 1.0) -> QFont:
    """The system's fixed-width font, at ``scale`` of the general font's size."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    _resize(font, scale)
    return font


def scaled_font(scale: float, *, bold: bool = False) -> QFont:
    """The general font at ``scale`` of its size."""
    font = QFont(QGuiApplication.font())
    _resize(font, scale)
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    return font


def _resize(font: QFont, scale: float) -> None:
    general = QGuiApplication.font()
    if general.pointSizeF() > 0:
        font.setPointSizeF(general.pointSizeF() * scale)
    else:
        font.setPixelSize(max(1, round(general.pixelSize() * scale)))
