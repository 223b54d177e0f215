"""The menus, fed by the registry of actions."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QMenu, QMenuBar

from gui.actions import Actions
from gui.text import tr

JOBS = ("cancelJob", "retryJob", "", "revealJob", "openJob", "", "clearJobs")
IMAGE = ("export", "", "copyName", "copyDigest", "copy")
NODE = ("copyDigest", "copy", "", "export")
_FILE = (
    "openFolder", "openFile", "RECENT", "openSample", "", "reload", "closeStore", "", "export", "", "quit",
)  # fmt: skip
_EDIT = ("copy", "copyDigest", "copyName", "copyJqPath", "", "filter")
_VIEW = (
    "allPlatforms", "", "showTree", "showMatrix", "", "showOverview", "showJson", "showConfig", "showHistory",
    "showUsedBy", "", "showJobs", "", "SORT", "THEME", "", "nextPane",
    "previousPane",
)  # fmt: skip
SORTS = {"sortStore": "store", "sortName": "name", "sortSize": "size"}
THEMES = {"themeSystem": "system", "themeLight": "light", "themeDark": "dark"}


def fill_menu_bar(bar: QMenuBar, actions: Actions, recent: QMenu) -> None:
    """All menus; ``recent`` goes into the first."""
    submenus: Mapping[str, QMenu] = {
        "RECENT": recent,
        "SORT": actions.menu(tr("&Sort images by"), SORTS, recent),
        "THEME": actions.menu(tr("&Theme"), THEMES, recent),
    }
    for title, names in (
        (tr("&File"), _FILE),
        (tr("&Edit"), _EDIT),
        (tr("&View"), _VIEW),
        (tr("&Go"), ("goBack", "goForward")),
        (tr("&Jobs"), JOBS),
        (tr("&Help"), ("about",)),
    ):
        menu = bar.addMenu(title)
        menu.setToolTipsVisible(True)
        for name in names:
            if name in submenus:
                menu.addMenu(submenus[name])
            else:
                actions.fill(menu, [name])
