"""The command palette and quick open: any command, image, blob of this image, and store by its path."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from exporter_core import Image, Node, Store, load_tree
from exporter_core.humanize import short_digest
from exporter_core.progress import breathe
from gui.actions import Actions, plain
from gui.dialogs.chooser import Chooser
from gui.jobs import Lookup
from gui.models.catalogue import split_name
from gui.models.choices import MOST, Choice, find_in, ranked
from gui.models.copy_as import Copyable
from gui.session import Chosen, OpenStore, Session
from gui.text import size, tr
from gui.views.menus import menu_of

_NATIVE = QKeySequence.SequenceFormat.NativeText
_FUZZY_MOST = 5_000
"""Images that are looked at letter by letter; of more, those that hold the words are enough."""
_BLOBS_MOST = 5_000
_BLOB_ICONS = {
    "index": "boxes", "manifest": "package", "config": "file-cog", "layer": "layers",
    "attestation": "shield-check", "blob": "file-text",
}  # fmt: skip


class Finding(QObject):
    """``imageWanted(opened, row)``, ``pathWanted(numbers of children from the root)``, ``storeWanted(path)``,
    ``copyWanted(text)``: what was chosen.
    """

    imageWanted = Signal(object, int)
    pathWanted = Signal(object)
    storeWanted = Signal(str)
    copyWanted = Signal(str)

    def __init__(
        self,
        session: Session,
        actions: Actions,
        copies: Callable[[], Sequence[Copyable]],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session, self._actions, self._copies, self._window = session, actions, copies, window
        self._open: Chooser | None = None
        self._blobs: list[Choice] = []
        self._blobs_of: Chosen | None = None
        self._trees = Lookup(session.pool, self, priority=1)
        self._trees.answered.connect(self._tree_known)
        actions["palette"].triggered.connect(self.palette)
        actions["quickOpen"].triggered.connect(self.quick_open)

    # The palette

    def palette(self) -> None:
        """Find a command."""
        self._show(
            Chooser(
                "palette",
                tr("Command palette"),
                tr("What do you want to do?"),
                tr("No command fits."),
                find_in([*command_choices(self._actions), *self._copy_choices()]),
                self._window,
            ),
            self._run,
        )

    def _copy_choices(self) -> Iterator[Choice]:
        for item in self._copies():
            title = f"{item.group}: {item.title}" if item.group else item.title
            title = tr("Copy as › {what}", what=title)
            yield Choice(title, item.text, "", "copy", value=item)

    def _run(self, value: object) -> None:
        if isinstance(value, QAction):
            value.trigger()
        elif isinstance(value, Copyable):
            self.copyWanted.emit(value.text)

    # Quick open

    def quick_open(self) -> None:
        """Find an image, a blob of the current one, or a store."""
        current = self._session.current
        if current != self._blobs_of:
            self._blobs, self._blobs_of = [], None
        if current is not None and current.opened.store is not None:
            self._trees.ask(partial(blob_choices, current.opened.store, current.image), current)
        self._show(
            Chooser(
                "quickOpen",
                tr("Go to"),
                tr("Name or digest of an image, digest of a blob, or path of a store"),
                tr("Nothing fits. The path of a store, /… or ~/…, opens it."),
                self.find,
                self._window,
            ),
            self._go,
        )

    def find(self, words: str) -> list[Choice]:
        """What fits ``words``: stores where it is a path, else images, then blobs of the current image."""
        if looks_like_path(words):
            return store_choices(words)
        images = list(self._images(words))
        found = ranked(words, images, MOST)
        blobs = ranked(words, self._blobs, MOST) if words.strip() else []
        return [*found, *blobs][:MOST]

    def _images(self, words: str) -> Iterator[Choice]:
        """Of all open stores, as candidates: those that hold the words, and where there are few, all."""
        several = len(self._session.stores) > 1
        for opened in self._session.stores:
            catalogue = opened.catalogue
            rows = catalogue.rows(words)
            if len(catalogue.images) <= _FUZZY_MOST:
                rows = [*rows, *(row for row in catalogue.plain if row not in set(rows))]
            for row in islice(rows, _FUZZY_MOST):
                yield _image_choice(opened, row, several)

    def _tree_known(self, chosen: object, blobs: object) -> None:
        assert isinstance(blobs, list) and isinstance(chosen, Chosen)
        if chosen == self._session.current:
            self._blobs, self._blobs_of = blobs, chosen
            if self._open is not None and self._open.objectName() == "quickOpen":
                self._open.refresh()

    def _go(self, value: object) -> None:
        if isinstance(value, str):
            self.storeWanted.emit(value)
        elif isinstance(value, Chosen):
            self.imageWanted.emit(value.opened, value.row)
        elif isinstance(value, tuple):
            self.pathWanted.emit(value)

    # Both

    def _show(self, chooser: Chooser, chosen: Callable[[object], None]) -> None:
        if self._open is not None:
            self._open.reject()
        self._open = chooser
        self._take = chosen
        chooser.finished.connect(self._closed)
        # After the dialog is gone, so that a command finds the focus where it was.
        chooser.chosen.connect(self._chosen, Qt.ConnectionType.QueuedConnection)
        chooser.open()

    def _chosen(self, value: object) -> None:
        self._take(value)

    def _closed(self) -> None:
        if self.sender() is self._open and self._open is not None:
            self._open.setObjectName("")  # Qt deletes it a moment later, and a new one may be open by then
            self._open = None


def command_choices(actions: Actions) -> Iterator[Choice]:
    """Every command but the palette itself, with its menu, its keys and why it is disabled."""
    menus = menu_of()
    for command in actions.commands():
        if command.name == "palette":
            continue
        action = actions[command.name]
        title, menu = plain(command.text).rstrip("…"), menus.get(command.name, "")
        keys = action.shortcut().toString(_NATIVE)
        reason = actions.reason(command.name)
        yield Choice(title, menu, keys, command.icon, reason, action, plain(command.tip))


def _image_choice(opened: OpenStore, row: int, several: bool) -> Choice:
    image = opened.images[row]
    title, rest = split_name(image.name)
    summary = opened.catalogue.summaries.get(row)
    return Choice(
        title,
        f"{rest} · {opened.title}" if several else rest,
        size(summary.size) if summary else "",
        "package",
        "",
        Chosen(opened, row),
        "  ".join(dict.fromkeys((image.name, image.digest_text))),
    )


def blob_choices(store: Store, image: Image) -> list[Choice]:
    """In the pool: every blob of ``image``, the first place of each."""
    found: dict[str, Choice] = {}
    stack: list[tuple[Node, tuple[int, ...]]] = [(load_tree(store, image, most=_BLOBS_MOST), ())]
    while stack:
        node, path = stack.pop()
        breathe()
        digest = node.digest_text
        if digest and digest not in found:
            detail = f"{short_digest(digest)} · {node.owner}"
            right = size(node.size)
            symbol = _BLOB_ICONS.get(node.role, "file-text")
            found[digest] = Choice(node.label, detail, right, symbol, value=path, more=digest)
        below = [(child, (*path, at)) for at, child in enumerate(node.children or ())]
        stack.extend(reversed(below))
    return list(found.values())


def looks_like_path(words: str) -> bool:
    """Whether somebody types the path of a store."""
    return words.startswith(("/", "~", "./", "../", "file:")) or words[1:3] in (":\\", ":/")


def store_choices(words: str) -> list[Choice]:
    """What stands at the path that is being typed: itself, then the folders and tars that begin so."""
    full = os.path.expanduser(words)
    choices = []
    if full and os.path.exists(full):
        kind = "folder" if os.path.isdir(full) else "file-archive"
        title = tr("Open {path}", path=words.rstrip("/") or "/")
        choices.append(Choice(title, "", "", kind, value=full, more=tr("Enter opens it as a store.")))
    folder, begin = os.path.split(full)
    try:
        with os.scandir(folder or ".") as entries:
            fitting = [entry for entry in islice(entries, 5000) if _fits(entry, begin)]
    except OSError:
        return choices
    for entry in sorted(fitting, key=lambda entry: entry.name.lower())[:MOST]:
        kind, end = ("folder", os.sep) if entry.is_dir() else ("file-archive", "")
        path = os.path.join(folder, entry.name)
        hint = tr("Enter opens it as a store, Tab completes the path.")
        choices.append(Choice(entry.name, folder, "", kind, value=path, more=hint, completion=path + end))
    return choices


def _fits(entry: os.DirEntry[str], begin: str) -> bool:
    if not entry.name.lower().startswith(begin.lower()) or (entry.name.startswith(".") and not begin):
        return False
    return entry.is_dir() or entry.name.endswith((".tar", ".oci"))
