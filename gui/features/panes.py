"""Going from pane to pane by keyboard, and showing what is wanted."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QMainWindow, QWidget

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
        self._inspector.want(0)

    def _json(self) -> None:
        self._inspector.want(1)

    def _next(self) -> None:
        self._move(1)

    def _previous(self) -> None:
        self._move(-1)

    def _move(self, step: int) -> None:
        panes = [pane for pane in self._panes() if pane.isVisible()]
        focus = self._window.focusWidget()
        at = next((i for i, pane in enumerate(panes) if focus and pane.isAncestorOf(focus)), -step)
        stop(panes[(at + step) % len(panes)]).setFocus(_TAB)

    def _panes(self) -> list[QWidget]:
        return [self._images, self._structure, self._inspector, self._jobs]


def stop(pane: QWidget) -> QWidget:
    """What takes the keys in ``pane``: its list, tree or text; else the first control that is seen."""
    seen = [child for child in pane.findChildren(QWidget) if _takes_keys(child)]
    return next((child for child in seen if isinstance(child, QAbstractScrollArea)), next(iter(seen), pane))


def _takes_keys(widget: QWidget) -> bool:
    tab = widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
    return bool(tab) and widget.isVisible() and widget.isEnabled() and widget.focusProxy() is None
