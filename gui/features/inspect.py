"""What the right pane shows of the chosen row of the structure."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from exporter_core import Descriptor, Node, PlatformStatus
from exporter_core.graph import distrusted
from gui.jobs import Lookup
from gui.models.failure import failure_of
from gui.models.overview import Details, gather
from gui.session import Session
from gui.views.inspector import Inspector


class Inspect(QObject):
    """Looks nodes up in the pool; only the latest answer is shown."""

    def __init__(self, session: Session, inspector: Inspector, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._inspector = inspector
        self._shown: tuple[Node | None, Node | None] = (None, None)
        self._lookup = Lookup(session.pool, self, priority=3)
        self._lookup.answered.connect(self._answered)
        self._lookup.failed.connect(self._failed)
        self._lookup.late.connect(self._late)
        session.summarised.connect(self._summarised)
        session.blobFailed.connect(self._blob_failed)

    def show(self, node: object, parent: object) -> None:
        """Show this node of the tree, whose parent is ``parent``."""
        self._shown = (node if isinstance(node, Node) else None, parent if isinstance(parent, Node) else None)
        self._ask()

    def _ask(self) -> None:
        node, parent = self._shown
        current = self._session.current
        if node is None or current is None or current.opened.store is None:
            self._lookup.forget()
            self._inspector.show_nothing()
            return
        summary = current.summary
        status = _status(node, summary.manifests) if summary else None
        self._lookup.ask(
            partial(
                gather,
                current.opened.store,
                node,
                parent,
                status,
                summary,
                current.opened.images,
                current.image,
            )
        )

    def _summarised(self, opened: object, rows: object) -> None:
        current = self._session.current
        assert isinstance(rows, list)
        known = self._shown[0] is not None and self._shown[0].role in ("index", "manifest", "attestation")
        if known and current is not None and current.opened is opened and current.row in rows:
            self._ask()

    def _blob_failed(self, opened: object) -> None:
        current, node = self._session.current, self._shown[0]
        if current is not None and current.opened is opened and node is not None:
            self._shown = (distrusted(node, current.opened.corrupt), self._shown[1])
            self._ask()

    def _answered(self, key: object, details: object) -> None:
        assert isinstance(details, Details)
        self._inspector.show_details(details)
        current, wrong = self._session.current, details.corrupt
        if wrong is not None and current is not None and current.opened.store is not None:
            self._session.tell_corrupt(current.opened.store, wrong)

    def _failed(self, key: object, error: object) -> None:
        assert isinstance(error, BaseException)
        failure = failure_of(error)
        self._inspector.show_error(failure.title, failure.text)

    def _late(self, key: object) -> None:
        self._inspector.show_loading()


def _status(node: Node, manifests: tuple[PlatformStatus, ...]) -> PlatformStatus | None:
    if node.role not in ("manifest", "attestation") or not isinstance(node.child, Descriptor):
        return None
    found = (status for status in manifests if isinstance(status.manifest, Descriptor))
    return next((s for s in found if str(getattr(s.manifest, "digest", "")) == node.digest_text), None)
