"""Icons: one engine that paints an SVG in a colour of the palette in use, sharp at any scale."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from gui.resources import icon_file
from gui.theme.palette import tokens

_keep: list[QIconEngine] = []
"""Clones: the C++ side takes them over without telling Python, which must not free them as well."""


@cache
def icon(name: str, tint: str = "text") -> QIcon:
    """The icon ``name``, painted in the colour ``tint`` (a field of Tokens) of whatever theme is on."""
    engine = _Engine(name, tint)
    _keep.append(engine)
    return QIcon(engine)


@cache
def _source(name: str) -> str:
    return icon_file(name).read_text(encoding="utf-8")


@cache
def _pixmap(name: str, colour: str, width: int, height: int) -> QPixmap:
    """The icon in device pixels."""
    pixmap = QPixmap(width, height)
    pixmap.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))
    painter = QPainter(pixmap)
    side = min(width, height)
    renderer.render(painter, QRectF((width - side) / 2, (height - side) / 2, side, side))
    painter.end()
    return pixmap


class _Engine(QIconEngine):
    def __init__(self, name: str, tint: str) -> None:
        super().__init__()
        self._name = name
        self._tint = tint

    # What Qt calls

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        scale = painter.device().devicePixelRatioF()
        size = QSize(round(rect.width() * scale), round(rect.height() * scale))
        painter.drawPixmap(rect, self._drawn(size, mode), QRect(QPoint(0, 0), size))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return QPixmap(self._drawn(size, mode))

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        # Since Qt 6.8 the size is in the layout's points.
        pixmap = QPixmap(self._drawn(size * scale, mode))
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def clone(self) -> QIconEngine:
        copy = _Engine(self._name, self._tint)
        _keep.append(copy)
        return copy

    def _drawn(self, size: QSize, mode: QIcon.Mode) -> QPixmap:
        colours = tokens()
        colour = colours.disabled if mode == QIcon.Mode.Disabled else getattr(colours, self._tint)
        return _pixmap(self._name, colour, max(1, size.width()), max(1, size.height()))
