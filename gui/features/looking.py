"""Looking closer at the selected image: the matrix, the inspector's tabs, going from one to another."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QAbstractScrollArea

from exporter_core import Node
from gui.actions import Actions
from gui.features.browse import Browse
from gui.features.goto import Goto
from gui.features.kept import ShowKept
from gui.features.making import ShowMaking
from gui.features.matrix import ShowMatrix
from gui.features.usage import ShowUsage
from gui.features.watch import Watch
from gui.models.matrix import MatrixModel
from gui.session import Session
from gui.settings import Settings
from gui.text import tr
from gui.views.images import ImagesPane
from gui.views.inspector import CONFIG, HISTORY, USED_BY, Inspector
from gui.views.matrix import MatrixPane
from gui.views.structure import StructurePane


class Looking(QObject):
    """Makes these views, puts them in their panes and wires them to each other."""

    def __init__(
        self,
        session: Session,
        images: ImagesPane,
        structure: StructurePane,
        inspector: Inspector,
        browse: Browse,
        actions: Actions,
        settings: Settings,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._structure, self._inspector = structure, inspector
        self.matrix_pane = MatrixPane(MatrixModel(self))
        structure.tabs.addTab(self.matrix_pane, tr("Matrix"))
        self.goto = Goto(session, images, structure, browse, actions, self)
        self.matrix = ShowMatrix(session, structure, self.matrix_pane, actions, settings, self)
        self.making = ShowMaking(session, inspector, self)
        self.usage = ShowUsage(session, inspector, self)
        self.kept = ShowKept(session, inspector, self)
        self.kept.known.connect(browse.renew)
        session.renewed.connect(browse.renew)
        self.watch = Watch(session, self)
        self.watch.busy = self.kept.busy
        browse.nodeChosen.connect(self._node_chosen)
        self.matrix_pane.cellChosen.connect(self.goto.to_path)
        self.goto.moved.connect(self.matrix.follow)
        self.goto.lost.connect(self._show_digest)
        self.making.layerWanted.connect(self._to_layer)
        self.usage.placeWanted.connect(self.goto.to_image)
        inspector.digestWanted.connect(self.goto.to_digest)
        for name, slot in (
            ("showConfig", self._config),
            ("showHistory", self._history),
            ("showUsedBy", self._used_by),
            ("copyJqPath", self._copy_path),
        ):
            actions[name].triggered.connect(slot)
        areas: list[QAbstractScrollArea] = [images.view, structure.view, self.matrix_pane.view]
        areas += inspector.findChildren(QAbstractScrollArea)
        self.goto.watch(*(area.viewport() for area in areas))

    def facts(self) -> set[str]:
        """What holds for the commands."""
        return self.goto.facts()

    def stop(self) -> None:
        """The window goes: its tabs tell of nothing any more, least of all while they are taken apart."""
        self.watch.stop()
        self._structure.tabs.blockSignals(True)
        self._inspector.blockSignals(True)

    def _node_chosen(self, node: object, parent: object) -> None:
        """Which tabs apply to the node, and what they show of it."""
        shown = node if isinstance(node, Node) else None
        above = parent if isinstance(parent, Node) else None
        path = self._structure.model.path(self._structure.view.currentIndex())
        made = self.making.show(shown, above)
        used = self.usage.show(shown.digest_text if shown is not None else "", path)
        self._inspector.offer(*([CONFIG, HISTORY] if made else []), *([USED_BY] if used else []))
        self.making.look()
        self.usage.look()
        self.kept.show(shown.digest_text if shown is not None else "")
        self.kept.look()

    def _show_digest(self, digest: str) -> None:
        """What uses and what keeps a digest that the image itself does not have."""
        self.kept.show(digest)
        self.usage.show_digest(digest)
        self.kept.look()

    def _to_layer(self, number: int) -> None:
        """Layer ``number`` of the manifest that is looked at, or of that above."""
        model, index = self._structure.model, self._structure.view.currentIndex()
        node = model.node(index)
        if node is not None:
            path = model.path(index)
            above = node.role not in ("manifest", "attestation")
            self.goto.to_path((*(path[:-1] if above else path), number))

    def _config(self) -> None:
        self._inspector.want(CONFIG)

    def _history(self) -> None:
        self._inspector.want(HISTORY)

    def _used_by(self) -> None:
        self._inspector.want(USED_BY)

    def _copy_path(self) -> None:
        self._inspector.document.copy_path()
