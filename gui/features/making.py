"""The Config and History tabs: what the config of the selected manifest, or of the one above, tells."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from exporter_core import Node
from gui.jobs import Lookup
from gui.models.failure import failure_of
from gui.models.history import Making, manifest_of, read_making
from gui.session import Session
from gui.text import tr
from gui.views.inspector import CONFIG, HISTORY, Inspector


class ShowMaking(QObject):
    """Reads a config when one of its tabs is seen. ``layerWanted(n)``: go to layer n of that manifest."""

    layerWanted = Signal(int)

    def __init__(self, session: Session, inspector: Inspector, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._inspector = session, inspector
        self._manifest: Node | None = None
        self._digest = ""  # of the node that is looked at
        self._known = False
        self._lookup = Lookup(session.pool, self, priority=3)
        self._lookup.answered.connect(self._answered)
        self._lookup.failed.connect(self._failed)
        self._lookup.late.connect(self._late)
        inspector.currentChanged.connect(self._look)
        inspector.history.layerWanted.connect(self.layerWanted)

    def show(self, node: Node | None, parent: Node | None) -> bool:
        """This node is looked at; gives whether these tabs apply to it."""
        manifest = manifest_of(node, parent)
        before = self._manifest
        self._digest = node.digest_text if node is not None else ""
        self._manifest = manifest
        if manifest is not None and before is not None and _same(manifest, before):
            self._inspector.history.show_step(self._digest)
        else:
            self._known = False
            self._lookup.forget()
        return manifest is not None

    def look(self) -> None:
        """Read it now if somebody looks."""
        self._look(self._inspector.currentIndex())

    def _look(self, tab: int) -> None:
        current = self._session.current
        if tab not in (CONFIG, HISTORY) or self._known or self._manifest is None or current is None:
            return
        if current.opened.store is not None:
            self._known = True
            self._lookup.ask(partial(read_making, current.opened.store, self._manifest))

    def _answered(self, key: object, making: object) -> None:
        assert isinstance(making, Making)
        if making.json is not None:
            self._inspector.config.show_text(making.json)
        else:
            why = f"{making.problem}\n{making.problem.hint}".strip() if making.problem else ""
            title = tr("The configuration cannot be read")
            self._inspector.config.show_placeholder("circle-x", title, why, "bad")
        self._inspector.history.show_making(making, self._digest)

    def _failed(self, key: object, error: object) -> None:
        assert isinstance(error, BaseException)
        failure = failure_of(error)
        for view in (self._inspector.config, self._inspector.history):
            view.show_placeholder("circle-x", failure.title, failure.text, "bad")

    def _late(self, key: object) -> None:
        for view in (self._inspector.config, self._inspector.history):
            view.show_placeholder("loader-circle", tr("Loading…"))


def _same(one: Node, other: Node) -> bool:
    return (one.child, one.owner) == (other.child, other.owner)
