"""What the window remembers between runs, in one INI file; and where the log and crash files go.

``SHIPGLASS_CONFIG_DIR`` names its folder, else the system's place for configuration (XDG_CONFIG_HOME). The
log stands in the system's place for state (XDG_STATE_HOME), with that variable in a folder beside the file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
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


def state_folder() -> Path:
    """The folder of the log and of crash files, which need not exist yet."""
    chosen = os.environ.get("SHIPGLASS_CONFIG_DIR")
    if chosen:
        return Path(chosen) / "state"
    place = QStandardPaths.StandardLocation.GenericStateLocation
    return Path(QStandardPaths.writableLocation(place)) / "shipglass"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the user chose in the Preferences dialog."""

    theme: str = "system"  # or light, dark
    document_limit: int = 8  # MiB of the largest document that is read
    folder: str = ""  # where exports start; "": where the last one went
    name_template: str = "{name}_{platform}"
    workers: int = 0  # threads that copy; 0: one core is left to the window
    notify: bool = True  # when an export ends unseen
    confirm_quit: bool = True  # while exports run
    reopen_all: bool = True  # stores that were open at the end, and not the last alone
    at_once: int = 1  # exports that may run at the same time

    @property
    def limit(self) -> int:
        """The document limit in bytes."""
        return self.document_limit << 20


_KEYS = {
    "theme": "window/theme",
    "document_limit": "documents/limit",
    "folder": "export/always_in",
    "name_template": "export/name",
    "workers": "export/workers",
    "at_once": "export/at_once",
    "notify": "export/notify",
    "confirm_quit": "window/confirm_quit",
    "reopen_all": "stores/reopen_all",
}


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

    def integer(self, key: str, default: int, most: int) -> int:
        """The whole number under ``key``, 0 … ``most``."""
        text = self.text(key)
        return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 9 else default

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
    def preferences(self) -> Preferences:
        """The user's choices, defaults where there are none."""
        default = Preferences()
        return Preferences(
            theme=self.text(_KEYS["theme"], default.theme),
            document_limit=max(1, self.integer(_KEYS["document_limit"], default.document_limit, 256)),
            folder=self.text(_KEYS["folder"]),
            name_template=self.text(_KEYS["name_template"]) or default.name_template,
            workers=self.integer(_KEYS["workers"], default.workers, 64),
            at_once=max(1, self.integer(_KEYS["at_once"], default.at_once, 8)),
            notify=self.flag(_KEYS["notify"], default.notify),
            confirm_quit=self.flag(_KEYS["confirm_quit"], default.confirm_quit),
            reopen_all=self.flag(_KEYS["reopen_all"], default.reopen_all),
        )

    @preferences.setter
    def preferences(self, chosen: Preferences) -> None:
        for item in fields(Preferences):
            value = getattr(chosen, item.name)
            self.put(_KEYS[item.name], value if isinstance(value, bool) else str(value))
        self.save()

    @property
    def last_store(self) -> str:
        """Location of the store that was looked at last, or ""."""
        return self.text("stores/last")

    @last_store.setter
    def last_store(self, location: str) -> None:
        self.put("stores/last", location)

    @property
    def recent(self) -> list[str]:
        """Locations opened before, the latest first."""
        return self.texts("stores/recent")

    @property
    def pinned(self) -> list[str]:
        """Locations that the user keeps at the top, in the order in which they were pinned."""
        return self.texts("stores/pinned")

    @property
    def offered(self) -> list[str]:
        """The pinned locations, then the others that were opened before, the latest first."""
        return list(dict.fromkeys([*self.pinned, *self.recent]))

    @property
    def open_stores(self) -> list[str]:
        """Locations of the stores that were open at the end, in the window's order."""
        return self.texts("stores/open")

    @open_stores.setter
    def open_stores(self, locations: list[str]) -> None:
        self.put("stores/open", locations)

    def pin_store(self, location: str, wanted: bool) -> None:
        """Keep ``location`` at the top from now on, or no more."""
        others = [item for item in self.pinned if item != location]
        self.put("stores/pinned", [*others, location] if wanted else others)

    def remember_store(self, location: str) -> None:
        """Make ``location`` the last store and the first of the recent ones."""
        others = [item for item in self.recent if item != location]
        self.put("stores/recent", [location, *others][:_RECENT_MOST])
        self.put("stores/last", location)

    def forget_store(self, location: str) -> None:
        """Take ``location`` from the recent and the pinned ones."""
        self.pin_store(location, False)
        self.put("stores/recent", [item for item in self.recent if item != location])
        if self.last_store == location:
            self.put("stores/last", "")

    def clear_recent(self) -> None:
        """Forget every recent store; the pinned ones stay."""
        self.put("stores/recent", [])
