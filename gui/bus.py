"""Whether the session has a message bus, and the connection to it. Asking blocks nowhere."""

from __future__ import annotations

import os
import sys

from PySide6.QtDBus import QDBusConnection


def has_bus() -> bool:
    """Whether this session has a message bus; asking where there is none could start one, and take long."""
    if sys.platform in ("win32", "darwin"):
        return False
    told = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if told:
        return told != "disabled:"
    return bool(runtime) and os.path.exists(f"{runtime}/bus")


def session_bus() -> QDBusConnection | None:
    """The connection that the whole program shares; None where there is no bus."""
    if not has_bus():
        return None
    bus = QDBusConnection.sessionBus()
    return bus if bus.isConnected() else None
