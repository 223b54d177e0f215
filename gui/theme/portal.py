"""Light or dark as the desktop says it, where Qt does not: KDE and sway tell it by their portal alone.

``org.freedesktop.portal.Settings``, version 1: ``Read``, and the signal ``SettingChanged``. Nothing waits.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import SLOT, QObject, Qt, Signal, Slot
from PySide6.QtDBus import QDBusMessage, QDBusPendingCallWatcher, QDBusVariant

from gui.bus import session_bus

_SERVICE, _PLACE = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
_SETTINGS = "org.freedesktop.portal.Settings"
_NAMESPACE, _KEY = "org.freedesktop.appearance", "color-scheme"
_SCHEMES = {1: Qt.ColorScheme.Dark, 2: Qt.ColorScheme.Light}
"""Any other number says that the desktop prefers neither."""
_WAIT_MS = 5000
_SLOT: Any = SLOT("_told(QDBusMessage)")  # text, whatever PySide's stubs say


class Portal(QObject):
    """The desktop's ``scheme``: unknown at first and without a portal; ``changed`` when it is told."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scheme = Qt.ColorScheme.Unknown
        bus = session_bus()
        if bus is None:
            return
        bus.connect(_SERVICE, _PLACE, _SETTINGS, "SettingChanged", self, _SLOT)
        call = QDBusMessage.createMethodCall(_SERVICE, _PLACE, _SETTINGS, "Read")
        call.setArguments([_NAMESPACE, _KEY])
        watcher = QDBusPendingCallWatcher(bus.asyncCall(call, _WAIT_MS), self)
        watcher.finished.connect(self._answered)

    def _answered(self, watcher: QDBusPendingCallWatcher) -> None:
        if not watcher.isError():
            self._take(watcher.reply().arguments())
        watcher.deleteLater()

    @Slot(QDBusMessage)
    def _told(self, message: QDBusMessage) -> None:
        arguments = message.arguments()
        if arguments[:2] == [_NAMESPACE, _KEY]:
            self._take(arguments[2:])

    def _take(self, arguments: list[object]) -> None:
        value = arguments[0] if arguments else None
        while isinstance(value, QDBusVariant):  # ``Read`` wraps it twice
            value = value.variant()
        scheme = Qt.ColorScheme.Unknown
        if isinstance(value, int):
            scheme = _SCHEMES.get(value, scheme)
        if scheme != self.scheme:
            self.scheme = scheme
            self.changed.emit()
