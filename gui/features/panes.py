"""Going from pane to pane by keyboard, and showing what is wanted."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMainWindow, QWidget

from gui.actions import Actions
from gui.views.images import ImagesPane
from gui.views.inspector import Inspector
from gui.views.jobs import JobsPane
from gui.views.structure import StructurePane

_TAB, _SHORTCUT = Qt.FocusReason.TabFocusReason, Qt.FocusReason.ShortcutFocusReason


class Panes(QObject):
    """The four panes of ``window``."""

    def __init__(
        self,
        window: QMainWindow,
        images: ImagesPane,
        structure: StructurePane,
        inspector: Inspector,
        jobs: JobsPane,
        actions: Actions,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._images, self._structure = images, structure
        self._inspector, self._jobs = inspector, jobs
        self._show_jobs = actions["showJobs"]
        for name, slot in (
            ("filter", self.filter),
            ("showOverview", self._overview),
            ("showJson", self._json),
            ("nextPane", self._next),
            ("previousPane", self._previous),
        ):
            actions[name].triggered.connect(slot)
        self._show_jobs.toggled.connect(jobs.setVisible)

    def want_jobs(self) -> None:
        """Show the jobs."""
        self._show_jobs.setChecked(True)

    def filter(self) -> None:
        """To the filter box."""
        self._images.filter.setFocus(_SHORTCUT)
        self._images.filter.selectAll()

    def _overview(self) -> None:
        self._inspector.setCurrentIndex(0)

    def _json(self) -> None:
        self._inspector.setCurrentIndex(1)

    def _next(self) -> None:
        self._move(1)

    def _previous(self) -> None:
        self._move(-1)

    def _move(self, step: int) -> None:
        owners: list[QWidget] = [self._images, self._structure, self._inspector, self._jobs]
        stops = self._stops()
        focus = self._window.focusWidget()
        at = next((i for i, owner in enumerate(owners) if focus and owner.isAncestorOf(focus)), -step)
        stops[(at + step) % len(stops)].setFocus(_TAB)

    def _stops(self) -> list[QWidget]:
        """The widget of each visible pane that takes the keys."""
        images, structure, inspector = self._images, self._structure, self._inspector
        text = inspector.overview if inspector.currentIndex() == 0 else inspector.json.text
        stops: list[QWidget] = [
            images.view if images.pages.shows_view else images.filter,
            structure.view if structure.pages.shows_view else structure.picker,
            text if text.isVisible() else inspector.tabBar(),
        ]
        return [*stops, self._jobs.view] if self._jobs.isVisible() else stops
