"""What goes to the clipboard: rows, digests, names, paths, and the commands that do the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMenu, QPlainTextEdit, QTreeView, QWidget

from exporter_core import Entry, Node
from gui.actions import Actions
from gui.features.browse import Browse
from gui.models import COPY, VALUE
from gui.models.copy_as import Copyable, blob_copies, image_copies, node_copies
from gui.session import Session
from gui.text import tr
from gui.theme import icon
from gui.views.images import ImagesView
from gui.views.jobs import JobsView
from gui.views.structure import StructureView


class Copying(QObject):
    """``copied(words)`` says what happened, for the status bar."""

    copied = Signal(str)

    def __init__(
        self,
        session: Session,
        images: ImagesView,
        structure: StructureView,
        jobs: JobsView,
        browse: Browse,
        actions: Actions,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._session, self._browse = session, browse
        self._images, self._structure, self._jobs = images, structure, jobs
        self.menu = QMenu(tr("Copy &as"), parent)
        self.menu.setObjectName("copyAsMenu")
        self.menu.setIcon(icon("copy"))
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill)
        actions["copy"].triggered.connect(self.copy_rows)
        actions["copyDigest"].triggered.connect(self.copy_digest)
        actions["copyName"].triggered.connect(self.copy_name)
        actions["copyPath"].triggered.connect(self.copy_path)

    @property
    def _view(self) -> QAbstractItemView:
        """The view with the focus, else the structure where something is selected, else the images."""
        focus = QApplication.focusWidget()
        views: tuple[QAbstractItemView, ...] = (self._images, self._structure, self._jobs)
        for view in views:
            if view is focus:
                return view
        return self._structure if self._structure.currentIndex().isValid() else self._images

    def copy_rows(self) -> None:
        """The selected text of the document with the focus, else the selected rows as lines with tabs."""
        focus = QApplication.focusWidget()
        if isinstance(focus, QPlainTextEdit) and focus.textCursor().hasSelection():
            focus.copy()
            return
        view = focus if isinstance(focus, QTreeView) else self._view
        rows = view.selectionModel().selectedRows()
        self.put("\n".join(str(index.data(COPY)) for index in sorted(rows, key=lambda index: index.row())))

    def copy_digest(self) -> None:
        """The digest of the selected image, node or blob."""
        view = self._view
        if view is self._images:
            self.put("\n".join(item.image.digest_text for item in self._session.chosen))
            return
        value = view.currentIndex().data(VALUE)
        if isinstance(value, Node):
            self.put(value.digest_text)
        elif isinstance(value, Entry) and value.descriptor is not None:
            self.put(str(value.descriptor.digest))

    def copy_name(self) -> None:
        """The full names of the selected images."""
        self.put("\n".join(item.image.name for item in self._session.chosen))

    def copy_path(self) -> None:
        """Where the selected image's document, node or blob lies."""
        self.put(next((item.text for item in self.copies() if item.title == tr("Path")), ""))

    # Copy as

    def copies(self) -> Sequence[Copyable]:
        """All that can be copied of what is selected."""
        current, view = self._session.current, self._view
        store = current.opened.store if current else None
        value = view.currentIndex().data(VALUE)
        try:
            if view is self._jobs and isinstance(value, Entry):
                return self._of_entry(value)
            if current is None or store is None:
                return ()
            status = self._browse.platform
            platform = status.platform if status else None
            if view is self._structure and isinstance(value, Node):
                return node_copies(store, current.image, value, platform)
            return image_copies(store, current.image, platform)
        except OSError:  # the store went away
            return ()

    def _of_entry(self, entry: Entry) -> Sequence[Copyable]:
        if entry.descriptor is None:
            return ()
        stores = [opened.store for opened in self._session.stores if opened.store is not None]
        found = (store for store in stores if store.info(entry.descriptor.digest) is not None)
        digest = Copyable(tr("Digest"), str(entry.descriptor.digest))
        store = next(found, None)
        return [digest, *(blob_copies(store, entry.descriptor) if store is not None else ())]

    def _fill(self) -> None:
        """Make the menu for what is selected now."""
        self.menu.clear()
        group = ""
        for item in self.copies():
            if item.group and not group:
                self.menu.addSeparator()
            group = item.group
            action = self.menu.addAction(f"{item.group}: {item.title}" if item.group else item.title)
            action.setToolTip(item.text)
            action.triggered.connect(partial(self.put, item.text))
        if self.menu.isEmpty():
            self.menu.addAction(tr("Nothing is selected")).setEnabled(False)

    def put(self, text: str, *_: object) -> None:
        """Copy ``text`` and say so."""
        if text:
            QGuiApplication.clipboard().setText(text)
            self.say(text)

    def say(self, text: str) -> None:
        """Tell that ``text`` was copied."""
        first = text.splitlines()[0] if text else ""
        self.copied.emit(tr("Copied: {text}", text=first if len(first) <= 90 else first[:90] + "…"))
