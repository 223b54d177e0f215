"""Every command once: text, shortcut, icon, and when it makes sense. Menus and toolbars read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from gui.text import tr
from gui.theme import icon

_KEYS = QKeySequence.StandardKey


@dataclass(frozen=True, slots=True)
class Command:
    """A thing the user can do. ``needs`` are facts that must hold for it to be enabled, ``choice`` its
    group where it is one of several. A ``local`` one has its keys only where its view has the focus.
    """

    name: str
    text: str
    tip: str = ""
    keys: QKeySequence.StandardKey | str | None = None
    icon: str = ""
    needs: frozenset[str] = frozenset()
    choice: str = ""
    checkable: bool = False
    local: bool = False


def _needs(*facts: str) -> frozenset[str]:
    return frozenset(facts)


def commands() -> tuple[Command, ...]:
    """All commands, with their texts in the user's language."""
    return (
        # File
        Command(
            "openFolder",
            tr("Open &folder…"),
            tr("Open an OCI layout or a content folder"),
            _KEYS.Open,
            "folder-open",
        ),
        Command(
            "openFile",
            tr("Open &archive…"),
            tr("Open a tar archive of an OCI layout"),
            "Ctrl+Shift+O",
            "file-archive",
        ),
        Command(
            "openSample", tr("Open the &sample store"), tr("Images made for looking around"), None, "ship"
        ),
        Command(
            "reload",
            tr("&Reload store"),
            tr("Read the store again"),
            _KEYS.Refresh,
            "refresh-cw",
            _needs("store"),
        ),
        Command(
            "closeStore",
            tr("&Close store"),
            tr("Take the store from the list"),
            _KEYS.Close,
            "x",
            _needs("store"),
        ),
        Command(
            "export",
            tr("&Export…"),
            tr("Write the chosen images and platforms to one tar file"),
            "Ctrl+E",
            "download",
            _needs("images"),
        ),
        Command(
            "quickOpen",
            tr("&Go to image or digest…"),
            tr("Find an image, a blob of this image, or a store by its path"),
            "Ctrl+P",
            "search",
        ),
        Command("quit", tr("&Quit"), "", _KEYS.Quit, "log-out"),
        # Edit
        Command("copy", tr("&Copy"), tr("Copy the selected rows"), _KEYS.Copy, "copy", _needs("row")),
        Command(
            "copyDigest",
            tr("Copy &digest"),
            tr("Copy the full digest of what is selected"),
            "Ctrl+Shift+C",
            "copy",
            _needs("row"),
        ),
        Command(
            "copyName",
            tr("Copy &name"),
            tr("Copy the name of the selected image"),
            None,
            "copy",
            _needs("images"),
        ),
        Command(
            "copyJqPath",
            tr("Copy &jq path"),
            tr("Copy the path of the place in the document, for jq"),
            "Ctrl+Alt+C",
            "copy",
            _needs("image"),
        ),
        Command(
            "copyPath",
            tr("Copy &path"),
            tr("Copy the place of what is selected in the store"),
            None,
            "copy",
            _needs("row"),
        ),
        Command("preferences", tr("Pr&eferences…"), tr("How Shipglass behaves"), "Ctrl+,", "settings"),
        Command("filter", tr("&Filter images"), tr("Go to the filter box"), _KEYS.Find, "search"),
        # View
        Command(
            "allPlatforms",
            tr("&All platforms"),
            tr("Look at all platforms at once"),
            "Ctrl+Shift+A",
            "layers",
            _needs("image"),
        ),
        Command("showTree", tr("&Tree"), tr("What the image is made of, as a tree"), "Ctrl+T", "list-tree"),
        Command(
            "showMatrix",
            tr("&Matrix"),
            tr("What is there of each platform, blob by blob"),
            "Ctrl+M",
            "grid-3x3",
        ),
        Command("showOverview", tr("&Overview"), "", "Ctrl+1", "info"),
        Command("showJson", tr("&JSON"), "", "Ctrl+2", "file-json"),
        Command("showConfig", tr("&Config"), tr("The configuration of this image"), "Ctrl+3", "file-cog"),
        Command("showHistory", tr("&History"), tr("How this image was made"), "Ctrl+4", "history"),
        Command("showUsedBy", tr("&Used by"), tr("What refers to this blob"), "Ctrl+5", "link"),
        Command(
            "showJobs",
            tr("Jo&bs panel"),
            tr("Show or hide the exports"),
            "Ctrl+J",
            "panel-bottom",
            checkable=True,
        ),
        Command("nextPane", tr("&Next pane"), "", "F6"),
        Command("previousPane", tr("&Previous pane"), "", "Shift+F6"),
        Command("sortStore", tr("&Store's order"), choice="sort"),
        Command("sortName", tr("&Name"), choice="sort"),
        Command("sortSize", tr("Si&ze"), choice="sort"),
        Command("themeSystem", tr("As the &system"), icon="sun-moon", choice="theme"),
        Command("themeLight", tr("&Light"), icon="sun", choice="theme"),
        Command("themeDark", tr("&Dark"), icon="moon", choice="theme"),
        # Go
        Command(
            "goBack",
            tr("&Back"),
            tr("To what was looked at before"),
            _KEYS.Back,
            "arrow-left",
            _needs("back"),
        ),
        Command(
            "goForward",
            tr("&Forward"),
            tr("Forward again"),
            _KEYS.Forward,
            "arrow-right",
            _needs("forward"),
        ),
        # Jobs
        Command(
            "cancelJob",
            tr("&Cancel export"),
            tr("Stop the selected export and leave nothing behind"),
            "Ctrl+.",
            "circle-stop",
            _needs("job:active"),
        ),
        Command(
            "retryJob",
            tr("&Retry export"),
            tr("Plan it anew and run it again"),
            "Ctrl+Shift+R",
            "rotate-cw",
            _needs("job:failed"),
        ),
        Command(
            "pauseJob",
            tr("&Pause export"),
            tr("Hold the selected export between two chunks; others may run meanwhile"),
            "Ctrl+Alt+P",
            "pause",
            _needs("job:pausable"),
        ),
        Command(
            "resumeJob",
            tr("&Go on"),
            tr("Let the paused export go on"),
            "Ctrl+Alt+G",
            "play",
            _needs("job:paused"),
        ),
        Command(
            "moveJobUp",
            tr("Move &up"),
            tr("Let the selected export begin earlier"),
            "Alt+Up",
            "arrow-up",
            _needs("job:up"),
            local=True,
        ),
        Command(
            "moveJobDown",
            tr("Move &down"),
            tr("Let the selected export begin later"),
            "Alt+Down",
            "arrow-down",
            _needs("job:down"),
            local=True,
        ),
        Command(
            "revealJob",
            tr("Show in &folder"),
            tr("Open the folder of the written archive"),
            None,
            "folder-search",
            _needs("job:done"),
        ),
        Command(
            "openJob",
            tr("&Open as store"),
            tr("Look into the written archive"),
            None,
            "package-open",
            _needs("job:done"),
        ),
        Command(
            "hashJob",
            tr("Compute SHA-&256"),
            tr("Read the written archive once more for its digest"),
            None,
            "signature",
            _needs("job:unhashed"),
        ),
        Command(
            "removeJob",
            tr("Re&move from list"),
            tr("Take the selected export from the list; its file stays"),
            "Del",
            "x",
            _needs("job:ended"),
            local=True,
        ),
        Command(
            "exportHistory",
            tr("Export &history"),
            tr("The exports of earlier days"),
            "Ctrl+Shift+H",
            "history",
        ),
        Command(
            "clearJobs",
            tr("C&lear finished"),
            tr("Take ended exports from the list; files stay"),
            None,
            "list-x",
            _needs("jobs:ended"),
        ),
        # Help
        Command(
            "palette",
            tr("Comman&d palette…"),
            tr("Find any command by its name"),
            "Ctrl+Shift+P",
            "list-tree",
        ),
        Command("shortcuts", tr("&Keyboard shortcuts"), tr("All keys on one page"), "F1", "square-terminal"),
        Command("showLog", tr("Show &log"), tr("What happened since the start"), None, "file-text"),
        Command("about", tr("&About Shipglass"), "", None, "info"),
    )


def reasons() -> dict[str, str]:
    """Why a command is disabled, by the fact that it needs."""
    return {
        "store": tr("No store is open."),
        "images": tr("No image is selected."),
        "image": tr("No image is selected."),
        "row": tr("Nothing is selected."),
        "job:active": tr("No running export is selected."),
        "job:failed": tr("No failed or cancelled export is selected."),
        "job:done": tr("No finished export is selected."),
        "job:pausable": tr("No waiting or running export is selected."),
        "job:paused": tr("No paused export is selected."),
        "job:up": tr("No waiting export is selected that could begin earlier."),
        "job:down": tr("No waiting export is selected that could begin later."),
        "job:unhashed": tr("No finished export without a digest is selected."),
        "job:ended": tr("No export that has ended is selected."),
        "jobs:ended": tr("No export has ended yet."),
        "back": tr("There is nothing to go back to."),
        "forward": tr("There is nothing to go forward to."),
    }


def plain(text: str) -> str:
    """A menu's text without its mnemonic."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


class Actions(QObject):
    """The commands as QActions; each has the objectName ``<name>Action`` and is found by its name."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._commands = {command.name: command for command in commands()}
        self._groups: dict[str, QActionGroup] = {}
        self._actions = {command.name: self._make(command, parent) for command in commands()}
        self.facts: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def commands(self) -> Iterator[Command]:
        """All commands, in the registry's order."""
        return iter(self._commands.values())

    def reason(self, name: str) -> str:
        """Why the command is disabled now; "" where it is not."""
        if self._actions[name].isEnabled():
            return ""
        missing = sorted(self._commands[name].needs - self.facts)
        return next((words for fact in missing if (words := reasons().get(fact))), tr("Not possible now."))

    def now(self, facts: Iterable[str]) -> None:
        """Enable what makes sense while ``facts`` hold."""
        self.facts = frozenset(facts)
        for name, command in self._commands.items():
            action = self._actions[name]
            action.setEnabled(command.needs <= self.facts)
            reason = self.reason(name)
            tip = str(action.property("tip"))
            action.setToolTip(f"{tip}\n{reason}" if reason else tip)

    def menu(
        self,
        title: str,
        names: Iterable[str],
        parent: QWidget | None = None,
        submenus: Mapping[str, QMenu] | None = None,
    ) -> QMenu:
        """A menu of the commands ``names``; an empty name is a separator, one of ``submenus`` that menu."""
        menu = QMenu(title, parent)
        self.fill(menu, names, submenus or {})
        return menu

    def fill(self, menu: QMenu, names: Iterable[str], submenus: Mapping[str, QMenu]) -> None:
        """Put the commands ``names`` into ``menu``."""
        for name in names:
            if name in submenus:
                menu.addMenu(submenus[name])
            elif name:
                menu.addAction(self._actions[name])
            else:
                menu.addSeparator()

    def _make(self, command: Command, parent: QObject) -> QAction:
        action = QAction(command.text, parent)
        action.setObjectName(f"{command.name}Action")
        if isinstance(command.keys, str):
            action.setShortcut(QKeySequence(command.keys))
        elif command.keys is not None:
            action.setShortcuts(command.keys)
        if command.icon:
            action.setIcon(icon(command.icon))
        tip = command.tip or plain(command.text)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{tip} ({keys})" if keys else tip)
        action.setProperty("tip", action.toolTip())
        action.setStatusTip(command.tip)
        action.setCheckable(command.checkable or bool(command.choice))
        action.setIconVisibleInMenu(not action.isCheckable())  # its place is the tick's
        if command.local:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if command.choice:
            group = self._groups.setdefault(command.choice, QActionGroup(self))
            group.addAction(action)
        return action
