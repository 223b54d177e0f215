"""Looking closer at the selected image: the matrix, the inspector's tabs, going from one to another."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QAbstractScrollArea

from gui.actions import Actions
from gui.features.browse import Browse
from gui.features.goto import Goto
from gui.features.matrix import ShowMatrix
from gui.models.matrix import MatrixModel
from gui.session import Session
from gui.settings import Settings
from gui.text import tr
from gui.views.images import ImagesPane
from gui.views.inspector import Inspector
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
        self.matrix_pane = MatrixPane(MatrixModel(self))
        structure.tabs.addTab(self.matrix_pane, tr("Matrix"))
        self.goto = Goto(session, images, structure, browse, actions, self)
        self.matrix = ShowMatrix(session, structure, self.matrix_pane, actions, settings, self)
        self.matrix_pane.cellChosen.connect(self.goto.to_path)
        self.goto.moved.connect(self.matrix.follow)
        areas: list[QAbstractScrollArea] = [images.view, structure.view, self.matrix_pane.view]
        areas += inspector.findChildren(QAbstractScrollArea)
        self.goto.watch(*(area.viewport() for area in areas))

    def facts(self) -> set[str]:
        """What holds for the commands."""
        return self.goto.facts()
