"""The page of earlier exports."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui.models.past import IMAGES, OPTIONS, SIZE, STATE, TARGET, TIME, WHEN, PastModel
from gui.text import tr
from gui.widgets import Pages, RowView, muted, plain_button

_WIDTHS = {WHEN: 140, IMAGES: 170, TARGET: 330, OPTIONS: 160, SIZE: 84, TIME: 72, STATE: 150}


class PastPane(QWidget):
    """``againWanted`` for what is selected, ``revealWanted``, ``openWanted``, ``clearWanted``."""

    againWanted = Signal()
    revealWanted = Signal()
    openWanted = Signal()
    clearWanted = Signal()

    def __init__(self, model: PastModel) -> None:
        super().__init__()
        self.view = RowView(
            model, "exportHistoryView", tr("Earlier exports"), widths=_WIDTHS, stretched=(TARGET,)
        )
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.pages = Pages(self.view)
        self.again = plain_button(tr("Run &again…"), "rotate-cw")
        self.again.setObjectName("pastAgain")
        self.again.setToolTip(tr("Open the Export… dialog as it was then (Return)"))
        self.reveal = plain_button(tr("Show in folder"), "folder-search")
        self.reveal.setObjectName("pastReveal")
        self.open = plain_button(tr("Open as store"), "package-open")
        self.open.setObjectName("pastOpen")
        self.clear = plain_button(tr("Clear history"), "trash")
        self.clear.setObjectName("pastClear")
        self.clear.setToolTip(tr("Forget all earlier exports; their files stay"))
        self.again.clicked.connect(self.againWanted)
        self.reveal.clicked.connect(self.revealWanted)
        self.open.clicked.connect(self.openWanted)
        self.clear.clicked.connect(self.clearWanted)
        self.view.activated.connect(self._activated)
        self.view.selectionModel().currentChanged.connect(self._refresh)
        for signal in (model.modelReset, model.rowsInserted):
            signal.connect(self._refresh)
        self._lay_out()
        self._refresh()

    def _lay_out(self) -> None:
        self.problem = muted()
        self.problem.setObjectName("pastProblem")
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 4, 8, 6)
        foot.setSpacing(6)
        foot.addWidget(self.problem, 1)
        for button in (self.again, self.reveal, self.open, self.clear):
            foot.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.pages, 1)
        layout.addLayout(foot)

    def say(self, words: str) -> None:
        """Say what went wrong, or nothing."""
        self.problem.setText(words)

    def _activated(self) -> None:
        self.againWanted.emit()

    def _refresh(self) -> None:
        model = self.view.model()
        assert isinstance(model, PastModel)
        record = model.record(self.view.currentIndex())
        self.problem.setText("")
        self.again.setEnabled(record is not None)
        self.reveal.setEnabled(record is not None and record.state == "done")
        self.open.setEnabled(self.reveal.isEnabled())
        self.clear.setEnabled(model.rowCount() > 0)
        if model.rowCount():
            self.pages.show_view()
        else:
            self.pages.show_placeholder(
                "history",
                tr("No earlier exports"),
                tr("What you export is listed here, even after a restart."),
            )
