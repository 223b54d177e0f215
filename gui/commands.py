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
            _needs("images", "one store"),
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
