"""Opening and closing stores: by dialog, from the recent ones, by dropping; and what the status bar says."""

from __future__ import annotations

import os
from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from exporter_core.stores import absolute, is_path
from gui.actions import Actions, reasons
from gui.features.recent import Recent
from gui.features.sums import Sums, sum_words
from gui.resources import sample_store
from gui.session import Chosen, OpenStore, Session
from gui.settings import Settings
from gui.text import plural, tr


class Stores(QObject):
    """The File menu's first half. ``lost(locations)`` tells stores that were open and are gone."""

    lost = Signal(object)

    def __init__(self, session: Session, settings: Settings, actions: Actions, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._window = window
        self.recent = Recent(settings, window)
        self.recent.openWanted.connect(self.open)
        for name, slot in (
            ("openFolder", self.ask_folder), ("openFile", self.ask_file), ("openSample", self._open_sample),
            ("reload", self._reload), ("closeStore", self._close),
        ):  # fmt: skip
            actions[name].triggered.connect(slot)
        session.changed.connect(self._changed)
        self.sums = Sums(session, self)
        session.closed.connect(self._note_open)
        session.selected.connect(self._selected)

    def open(self, location: str) -> OpenStore:
        """Open a store in the background."""
        return self._session.open(absolute(location))

    def reopen(self) -> None:
        """What was open at the end of the last run, or the last store alone; else the bundled sample.

        ``lost`` tells those that are gone.
        """
        settings = self._settings
        last, everything = settings.last_store, settings.open_stores
        wanted = everything if settings.preferences.reopen_all and everything else [last] if last else []
        found = [location for location in wanted if _is_there(location)]
        shown = last if last in found else next(iter(found), "")
        for location in found:
            self._session.open(location, reopened=location != shown)
        if not found:
            self._open_sample()
        gone = [location for location in wanted if location not in found]
        if gone:
            self.lost.emit(gone)

    @property
    def current(self) -> OpenStore | None:
        """The store that is looked at."""
        if self._session.current is not None:
            return self._session.current.opened
        return self._session.stores[-1] if self._session.stores else None

    def facts(self) -> set[str]:
        """What holds for the commands."""
        session = self._session
        facts = {"store"} if session.stores else set()
        if session.chosen:
            facts |= {"images", "row"}
        if session.current is not None:
            facts.add("image")
        return facts if session.scattered else facts | {"one store"}

    def words(self) -> str:
        """For the status bar: what is open, how many images, how many of them not whole."""
        opened = self.current
        if opened is None:
            return tr("No store is open")
        if opened.store is None:
            return tr("Opening {store}…", store=opened.location) if opened.opening else opened.location
        if self._session.scattered:
            return reasons()["one store"]
        catalogue = opened.catalogue
        parts = [plural(len(catalogue.plain), "{n} image", "{n} images")]
        if opened.sums is not None:
            parts += sum_words(opened.sums)
        if catalogue.incomplete:
            parts.append(plural(catalogue.incomplete, "{n} incomplete", "{n} incomplete"))
        if catalogue.corrupt:
            parts.append(plural(catalogue.corrupt, "{n} with corrupt blobs", "{n} with corrupt blobs"))
        if opened.namespace:
            parts.append(tr("namespace {name}", name=opened.namespace))
        parts += [opened.store.kind, tr("{path} (read-only)", path=opened.leader.location)]
        if opened.store.notes:
            parts.append(opened.store.notes[0])
        return " · ".join(parts)

    # Asking

    def ask_folder(self) -> None:
        """Ask for a folder and open it."""
        chooser = QFileDialog(self._window, tr("Open a folder"), self._start())
        chooser.setFileMode(QFileDialog.FileMode.Directory)
        chooser.setOption(QFileDialog.Option.ShowDirsOnly)
        chooser.fileSelected.connect(self.open)
        chooser.open()

    def ask_file(self) -> None:
        """Ask for an archive and open it."""
        chooser = QFileDialog(self._window, tr("Open an archive"), self._start())
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.setNameFilters(
            [
                tr("Tar archives (*.tar *.oci *.tar.gz *.tgz *.tar.zst *.tar.xz *.tar.bz2)"),
                tr("All files (*)"),
            ]
        )
        chooser.fileSelected.connect(self.open)
        chooser.open()

    def _start(self) -> str:
        recent = self._settings.recent
        return os.path.dirname(recent[0]) if recent else os.path.expanduser("~")

    # Dropping

    def dropped(self, data: QMimeData) -> Sequence[str]:
        """The local paths that are being dropped."""
        return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]

    # The rest

    def _open_sample(self) -> None:
        self.open(str(sample_store()))

    def _reload(self) -> None:
        if self.current is not None:
            self._session.reload(self.current)

    def _close(self) -> None:
        if self.current is not None:
            self._session.close(self.current)

    def _changed(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        if opened.store is not None and opened.leader is opened:
            if not opened.reopened:
                self._settings.remember_store(opened.location)
            self._note_open()

    def _selected(self, current: object) -> None:
        if isinstance(current, Chosen):
            self._settings.last_store = current.opened.leader.location

    def _note_open(self) -> None:
        """For the next start: what is open now, but for what could not be opened."""
        leaders = [opened for opened in self._session.stores if opened.leader is opened]
        self._settings.open_stores = [opened.location for opened in leaders if opened.error is None]


def _is_there(location: str) -> bool:
    """Whether a store may still be there: what is no path (a socket's address) is asked when it is opened."""
    return not is_path(location) or any(map(os.path.exists, (location, location.partition("?")[0])))
