"""Fonts in relation to the system's own."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication


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
