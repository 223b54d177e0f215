"""What the window remembers between runs, in one INI file; nothing else is written anywhere.

``SHIPGLASS_CONFIG_DIR`` names its folder, else the system's place for configuration (XDG_CONFIG_HOME).
"""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

_RECENT_MOST = 10


def config_folder() -> Path:
    """The folder of the settings file, which need not exist yet."""
    chosen = os.environ.get("SHIPGLASS_CONFIG_DIR")
    if chosen:
        return Path(chosen)
    place = QStandardPaths.StandardLocation.GenericConfigLocation
    return Path(QStandardPaths.writableLocation(place)) / "shipglass"


class Settings:
    """Typed values over QSettings; an unreadable or odd value counts as not set."""

    def __init__(self, folder: Path | None = None) -> None:
        path = (folder or config_folder()) / "shipglass.ini"
        self._store = QSettings(str(path), QSettings.Format.IniFormat)

    def text(self, key: str, default: str = "") -> str:
        """The text under ``key``."""
        value = self._store.value(key)
        return value if isinstance(value, str) else default

    def flag(self, key: str, default: bool = False) -> bool:
        """The yes or no under ``key``."""
        return self.text(key, "yes" if default else "no") == "yes"

    def texts(self, key: str) -> list[str]:
        """The list of texts under ``key``."""
        value = self._store.value(key)
        if isinstance(value, str):
            return [value] if value else []
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def blob(self, key: str) -> QByteArray:
        """The bytes under ``key`` (a geometry, a header's state); empty where there are none."""
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def put(self, key: str, value: str | bool | list[str] | QByteArray) -> None:
        """Remember ``value`` under ``key``."""
        self._store.setValue(key, ("no", "yes")[value] if isinstance(value, bool) else value)

    def save(self) -> None:
        """Write to disk now."""
        self._store.sync()

    @property
    def last_store(self) -> str:
        """Location of the store that was used last, or ""."""
        return self.text("stores/last")

    @property
    def recent(self) -> list[str]:
        """Locations opened before, the latest first."""
        return self.texts("stores/recent")

    def remember_store(self, location: str) -> None:
        """Make ``location`` the last store and the first of the recent ones."""
        others = [item for item in self.recent if item != location]
        self.put("stores/recent", [location, *others][:_RECENT_MOST])
        self.put("stores/last", location)

    def forget_store(self, location: str) -> None:
        """Take ``location`` from the recent ones."""
        self.put("stores/recent", [item for item in self.recent if item != location])
        if self.last_store == location:
            self.put("stores/last", "")

    def clear_recent(self) -> None:
        """Forget every recent store."""
        self.put("stores/recent", [])
