"""The menus, fed by the registry of actions."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QMenu, QMenuBar

from gui.actions import Actions, plain
from gui.text import tr

JOBS = (
    "pauseJob", "resumeJob", "cancelJob", "retryJob", "", "moveJobUp", "moveJobDown", "", "revealJob",
    "openJob", "hashJob", "", "removeJob", "clearJobs", "exportHistory",
)  # fmt: skip
IMAGE = ("export", "", "copyName", "copyDigest", "copy", "COPY_AS")
NODE = ("copyDigest", "copy", "COPY_AS", "", "export")
_FILE = (
    "openFolder", "openFile", "RECENT", "openSample", "", "quickOpen", "", "reload", "closeStore", "",
    "export", "", "quit",
)  # fmt: skip
_EDIT = (
    "copy", "copyDigest", "copyName", "copyPath", "copyJqPath", "COPY_AS", "", "filter", "", "preferences",
)  # fmt: skip
_VIEW = (
    "allPlatforms", "", "showTree", "showMatrix", "", "showOverview", "showJson", "showConfig", "showHistory",
    "showUsedBy", "", "showJobs", "", "SORT", "THEME", "", "nextPane",
    "previousPane", "", "palette",
)  # fmt: skip
SORTS = {"sortStore": "store", "sortName": "name", "sortSize": "size"}
THEMES = {"themeSystem": "system", "themeLight": "light", "themeDark": "dark"}


def menu_tables() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Title and commands of each menu; an empty name is a separator, one in capitals a menu below."""
    return (
        (tr("&File"), _FILE),
        (tr("&Edit"), _EDIT),
        (tr("&View"), _VIEW),
        (tr("&Go"), ("goBack", "goForward")),
        (tr("&Jobs"), JOBS),
        (tr("&Help"), ("shortcuts", "showLog", "", "about")),
    )


def menu_of() -> dict[str, str]:
    """The title of the menu that each command stands in, without its mnemonic."""
    below = {"SORT": tuple(SORTS), "THEME": tuple(THEMES)}
    found: dict[str, str] = {}
    for title, names in menu_tables():
        for name in names:
            for each in below.get(name, (name,)):
                found.setdefault(each, plain(title))
    return found


def fill_menu_bar(bar: QMenuBar, actions: Actions, recent: QMenu, copy_as: QMenu) -> None:
    """All menus; ``recent`` goes into the first, ``copy_as`` into the second."""
    submenus: Mapping[str, QMenu] = {
        "RECENT": recent,
        "COPY_AS": copy_as,
        "SORT": actions.menu(tr("&Sort images by"), SORTS, recent),
        "THEME": actions.menu(tr("Th&eme"), THEMES, recent),
    }
    for title, names in menu_tables():
        menu = bar.addMenu(title)
        menu.setToolTipsVisible(True)
        actions.fill(menu, names, submenus)
