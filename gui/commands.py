"""Every command once: text, tip, shortcut, icon, and what must hold for it; and why it is disabled if not."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QKeySequence

from gui.text import tr

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


def _row(
    name: str,
    text: str,
    tip: str = "",
    keys: QKeySequence.StandardKey | str | None = None,
    icon: str = "",
    *needs: str,
    choice: str = "",
    checkable: bool = False,
    local: bool = False,
) -> Command:
    """A row of the tables below; see Command."""
    return Command(name, text, tip, keys, icon, frozenset(needs), choice, checkable, local)


def commands() -> tuple[Command, ...]:
    """All commands, menu by menu, with their texts in the user's language."""
    return (*_file(), *_edit(), *_view(), *_go(), *_jobs(), *_help())


def _file() -> tuple[Command, ...]:
    return (
        _row(
            "openFolder",
            tr("Open &folder…"),
            tr("Open an OCI layout or a content folder"),
            _KEYS.Open,
            "folder-open",
        ),
        _row(
            "openFile",
            tr("Open &archive…"),
            tr("Open a tar archive of an OCI layout"),
            "Ctrl+Shift+O",
            "file-archive",
        ),
        _row("openSample", tr("Open the &sample store"), tr("Images made for looking around"), None, "ship"),
        _row("reload", tr("&Reload store"), tr("Read the store again"), _KEYS.Refresh, "refresh-cw", "store"),
        _row("closeStore", tr("&Close store"), tr("Take the store from the list"), _KEYS.Close, "x", "store"),
        _row(
            "export",
            tr("&Export…"),
            tr("Write the chosen images and platforms to one tar file"),
            "Ctrl+E",
            "download",
            "images",
            "one store",
        ),
        _row(
            "quickOpen",
            tr("&Go to image or digest…"),
            tr("Find an image, a blob of this image, or a store by its path"),
            "Ctrl+P",
            "search",
        ),
        _row("quit", tr("&Quit"), "", _KEYS.Quit, "log-out"),
    )


def _edit() -> tuple[Command, ...]:
    return (
        _row("copy", tr("&Copy"), tr("Copy the selected rows"), _KEYS.Copy, "copy", "row"),
        _row(
            "copyDigest",
            tr("Copy &digest"),
            tr("Copy the full digest of what is selected"),
            "Ctrl+Shift+C",
            "copy",
            "row",
        ),
        _row("copyName", tr("Copy &name"), tr("Copy the name of the selected image"), None, "copy", "images"),
        _row(
            "copyJqPath",
            tr("Copy &jq path"),
            tr("Copy the path of the place in the document, for jq"),
            "Ctrl+Alt+C",
            "copy",
            "image",
        ),
        _row(
            "copyPath",
            tr("Copy &path"),
            tr("Copy the place of what is selected in the store"),
            None,
            "copy",
            "row",
        ),
        _row("preferences", tr("Pr&eferences…"), tr("How Shipglass behaves"), "Ctrl+,", "settings"),
        _row("filter", tr("&Filter images"), tr("Go to the filter box"), _KEYS.Find, "search"),
    )


def _view() -> tuple[Command, ...]:
    return (*_shown(), *_arranged())


def _shown() -> tuple[Command, ...]:
    return (
        _row(
            "allPlatforms",
            tr("&All platforms"),
            tr("Look at all platforms at once"),
            "Ctrl+Shift+A",
            "layers",
            "image",
        ),
        _row("showTree", tr("&Tree"), tr("What the image is made of, as a tree"), "Ctrl+T", "list-tree"),
        _row(
            "showMatrix",
            tr("&Matrix"),
            tr("What is there of each platform, blob by blob"),
            "Ctrl+M",
            "grid-3x3",
        ),
        _row("showOverview", tr("&Overview"), "", "Ctrl+1", "info"),
        _row("showJson", tr("&JSON"), "", "Ctrl+2", "file-json"),
        _row("showConfig", tr("&Config"), tr("The configuration of this image"), "Ctrl+3", "file-cog"),
        _row("showHistory", tr("&History"), tr("How this image was made"), "Ctrl+4", "history"),
        _row("showUsedBy", tr("&Used by"), tr("What refers to this blob"), "Ctrl+5", "link"),
        _row(
            "showJobs",
            tr("Jo&bs panel"),
            tr("Show or hide the exports"),
            "Ctrl+J",
            "panel-bottom",
            checkable=True,
        ),
        _row("nextPane", tr("&Next pane"), "", "F6"),
        _row("previousPane", tr("&Previous pane"), "", "Shift+F6"),
    )


def _arranged() -> tuple[Command, ...]:
    return (
        _row("sortStore", tr("&Store's order"), choice="sort"),
        _row("sortName", tr("&Name"), choice="sort"),
        _row("sortSize", tr("Si&ze"), choice="sort"),
        _row("themeSystem", tr("As the &system"), icon="sun-moon", choice="theme"),
        _row("themeLight", tr("&Light"), icon="sun", choice="theme"),
        _row("themeDark", tr("&Dark"), icon="moon", choice="theme"),
    )


def _go() -> tuple[Command, ...]:
    return (
        _row("goBack", tr("&Back"), tr("To what was looked at before"), _KEYS.Back, "arrow-left", "back"),
        _row("goForward", tr("&Forward"), tr("Forward again"), _KEYS.Forward, "arrow-right", "forward"),
    )


def _jobs() -> tuple[Command, ...]:
    return (*_active(), *_ended())


def _active() -> tuple[Command, ...]:
    """What is done with an export that waits or runs."""
    return (
        _row(
            "cancelJob",
            tr("&Cancel export"),
            tr("Stop the selected export and leave nothing behind"),
            "Ctrl+.",
            "circle-stop",
            "job:active",
        ),
        _row(
            "retryJob",
            tr("&Retry export"),
            tr("Plan it anew and run it again"),
            "Ctrl+Shift+R",
            "rotate-cw",
            "job:failed",
        ),
        _row(
            "pauseJob",
            tr("&Pause export"),
            tr("Hold the selected export between two chunks; others may run meanwhile"),
            "Ctrl+Alt+P",
            "pause",
            "job:pausable",
        ),
        _row(
            "resumeJob", tr("&Go on"), tr("Let the paused export go on"), "Ctrl+Alt+G", "play", "job:paused"
        ),
        _row(
            "moveJobUp",
            tr("Move &up"),
            tr("Let the selected export begin earlier"),
            "Alt+Up",
            "arrow-up",
            "job:up",
            local=True,
        ),
        _row(
            "moveJobDown",
            tr("Move &down"),
            tr("Let the selected export begin later"),
            "Alt+Down",
            "arrow-down",
            "job:down",
            local=True,
        ),
    )


def _ended() -> tuple[Command, ...]:
    """What is done with an export that has ended, and with those of earlier days."""
    return (
        _row(
            "revealJob",
            tr("Show in &folder"),
            tr("Open the folder of the written archive"),
            None,
            "folder-search",
            "job:done",
        ),
        _row(
            "openJob",
            tr("&Open as store"),
            tr("Look into the written archive"),
            None,
            "package-open",
            "job:done",
        ),
        _row(
            "hashJob",
            tr("Compute SHA-&256"),
            tr("Read the written archive once more for its digest"),
            None,
            "signature",
            "job:unhashed",
        ),
        _row(
            "removeJob",
            tr("Re&move from list"),
            tr("Take the selected export from the list; its file stays"),
            "Del",
            "x",
            "job:ended",
            local=True,
        ),
        _row(
            "exportHistory",
            tr("Export &history"),
            tr("The exports of earlier days"),
            "Ctrl+Shift+H",
            "history",
        ),
        _row(
            "clearJobs",
            tr("C&lear finished"),
            tr("Take ended exports from the list; files stay"),
            None,
            "list-x",
            "jobs:ended",
        ),
    )


def _help() -> tuple[Command, ...]:
    return (
        _row(
            "palette",
            tr("Comman&d palette…"),
            tr("Find any command by its name"),
            "Ctrl+Shift+P",
            "list-tree",
        ),
        _row("shortcuts", tr("&Keyboard shortcuts"), tr("All keys on one page"), "F1", "square-terminal"),
        _row("showLog", tr("Show &log"), tr("What happened since the start"), None, "file-text"),
        _row("about", tr("&About Shipglass"), "", None, "info"),
    )


def reasons() -> dict[str, str]:
    """Why a command is disabled, by the fact that it needs."""
    return {
        "store": tr("No store is open."),
        "images": tr("No image is selected."),
        "image": tr("No image is selected."),
        "one store": tr("The selected images are in several stores or namespaces. An export is from one."),
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
