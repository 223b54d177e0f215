"""What goes to the clipboard: rows, digests, names."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QApplication

from exporter_core import Descriptor, Entry, Image, Node
from gui.actions import Actions
from gui.models import COPY, VALUE
from gui.session import Session
from gui.text import tr
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
        actions: Actions,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._images, self._structure, self._jobs = images, structure, jobs
        actions["copy"].triggered.connect(self.copy_rows)
        actions["copyDigest"].triggered.connect(self.copy_digest)
        actions["copyName"].triggered.connect(self.copy_name)

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
        """The selected rows as lines with tabs."""
        rows = self._view.selectionModel().selectedRows()
        self._put("\n".join(str(index.data(COPY)) for index in sorted(rows, key=lambda index: index.row())))

    def copy_digest(self) -> None:
        """The digest of the selected image, node or blob."""
        view = self._view
        if view is self._images:
            self._put("\n".join(_digest(item.image) for item in self._session.chosen))
            return
        value = view.currentIndex().data(VALUE)
        if isinstance(value, Node):
            self._put(value.digest_text)
        elif isinstance(value, Entry) and value.descriptor is not None:
            self._put(str(value.descriptor.digest))

    def copy_name(self) -> None:
        """The full names of the selected images."""
        self._put("\n".join(item.image.name for item in self._session.chosen))

    def _put(self, text: str) -> None:
        if text:
            QGuiApplication.clipboard().setText(text)
            self.say(text)

    def say(self, text: str) -> None:
        """Tell that ``text`` was copied."""
        first = text.splitlines()[0] if text else ""
        self.copied.emit(tr("Copied: {text}", text=first if len(first) <= 90 else first[:90] + "…"))


def _digest(image: Image) -> str:
    target = image.target
    return str(target.digest) if isinstance(target, Descriptor) else target.digest_text
