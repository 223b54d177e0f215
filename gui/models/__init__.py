"""Thin Qt models over the core's values, and the pure functions that turn those into rows and words."""

from __future__ import annotations

from typing import TypeAlias

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt

Index: TypeAlias = QModelIndex | QPersistentModelIndex
"""What Qt hands to a model."""

NO_PARENT = QModelIndex()
"""The parent of a row at the top."""

# Plain ints: an enum member costs up to 8 µs a look-up, and a repaint makes tens of thousands.
DISPLAY = int(Qt.ItemDataRole.DisplayRole)
DECORATION = int(Qt.ItemDataRole.DecorationRole)
TOOL_TIP = int(Qt.ItemDataRole.ToolTipRole)
FOREGROUND = int(Qt.ItemDataRole.ForegroundRole)
FONT = int(Qt.ItemDataRole.FontRole)
ALIGNMENT = int(Qt.ItemDataRole.TextAlignmentRole)
CHECK = int(Qt.ItemDataRole.CheckStateRole)
ACCESSIBLE_TEXT = int(Qt.ItemDataRole.AccessibleTextRole)
USER = int(Qt.ItemDataRole.UserRole)
VALUE = USER
"""The core's value behind the row."""
ROW = USER + 1
"""The model's own row object, for a delegate."""
COPY = USER + 2
"""What Ctrl+C puts on the clipboard for this row."""

RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
