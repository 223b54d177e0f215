"""Going to a place in an image of an open store, and back and forward through where one has been."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from exporter_core import Image, Node
from exporter_core.graph import nodes_along, path_near
from exporter_core.graph.paths import Path
from gui.actions import Actions
from gui.features.browse import Browse
from gui.jobs import Lookup
from gui.navigation import Navigation, Place
from gui.session import Chosen, OpenStore, Session
from gui.views.images import ImagesPane
from gui.views.structure import StructurePane


class Goto(QObject):
    """``moved(path)`` after the current row changed, ``changed`` when there is another way back or forward,
    ``lost(digest)`` when a digest that was asked for is in no image at hand.
    """

    moved = Signal(object)
    changed = Signal()
    lost = Signal(str)

    def __init__(
        self,
        session: Session,
        images: ImagesPane,
        structure: StructurePane,
        browse: Browse,
        actions: Actions,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._browse = session, browse
        self._images, self._structure = images, structure
        self._tree = structure.model
        self.history = Navigation()
        self._bound: Chosen | None = None  # where a journey leads; nothing is recorded on the way
        self._path: Path = ()
        self._record = True
        self._fresh = False  # the current place is where its image starts: nobody chose that row
        self._ways = Lookup(session.pool, self, priority=3)
        self._ways.answered.connect(self._way_known)
        self._ways.failed.connect(self._give_up)
        self._finds = Lookup(session.pool, self, priority=3)
        self._finds.answered.connect(self._found)
        session.selected.connect(self._selected)
        session.closed.connect(self._closed)
        browse.nodeChosen.connect(self._node_chosen)
        browse.arrived.connect(self._arrived)
        actions["goBack"].triggered.connect(self.back)
        actions["goForward"].triggered.connect(self.forward)

    def facts(self) -> set[str]:
        """What holds for the commands."""
        ways = {"back": self.history.can_go_back, "forward": self.history.can_go_forward}
        return {name for name, open_ in ways.items() if open_}

    @property
    def busy(self) -> bool:
        """Whether a journey is under way."""
        return self._bound is not None

    def watch(self, *widgets: QWidget) -> None:
        """The back and forward buttons of the mouse work over these widgets."""
        for widget in widgets:
            widget.installEventFilter(self)

    # Where to

    def to_path(self, path: object) -> None:
        """The place ``path`` of the image that is looked at."""
        current = self._session.current
        if current is not None and isinstance(path, tuple):
            self._travel(current, path, record=True)

    def to_image(self, opened: OpenStore, row: int, path: Path = ()) -> None:
        """A place of the image ``row`` of an open store."""
        self._travel(Chosen(opened, row), path, record=True)

    def to_digest(self, digest: str) -> None:
        """The node with ``digest`` near the current one, in this image, or the image of that digest."""
        current = self._session.current
        root = self._tree.node(self._tree.index(0, 0))
        if current is None or current.opened.store is None or root is None:
            return
        here = self._tree.path(self._structure.view.currentIndex())
        closing = self._session.pool.closing.is_set
        self._finds.ask(partial(_find, current, root, here, digest, closing))

    def back(self) -> None:
        """To the place before."""
        self._revisit(back=True)

    def forward(self) -> None:
        """To the place that was left by going back."""
        self._revisit(back=False)

    # On the way

    def _revisit(self, *, back: bool) -> None:
        origin = self.history.current
        place = self.history.back() if back else self.history.forward()
        while place is not None and place != origin:
            opened = place.store
            assert isinstance(opened, OpenStore) and isinstance(place.image, Image)
            row = _row(opened, place.image)
            if row is not None:
                self._travel(Chosen(opened, row), place.path, record=False)
                break
            self.history.forget(opened, place.image)  # what comes before it is the current place then
            place = self.history.current if back else self.history.forward()
        self.changed.emit()

    def _travel(self, bound: Chosen, path: Path, *, record: bool) -> None:
        self._bound, self._path, self._record = bound, path, record
        if bound == self._session.current and not self._browse.arriving:
            self._walk()
            return
        self._images.select(bound.opened, bound.row)
        if self._session.current != bound:  # the list does not show it: filtered, or folded away
            self._session.select((bound,))

    def _arrived(self) -> None:
        if self._bound is not None and self._bound == self._session.current:
            self._walk()

    def _walk(self) -> None:
        """Through the tree of the current image, loading what is not there yet."""
        store = self._bound.opened.wary if self._bound else None
        root = self._tree.node(self._tree.index(0, 0))
        if self._tree.at(self._path) >= 0:
            self._end(self._path)
        elif store is not None and root is not None:
            self._ways.ask(partial(nodes_along, store, root, self._path), None)

    def _way_known(self, key: object, nodes: object) -> None:
        assert isinstance(nodes, list)
        if self._bound is None:
            return
        for depth, node in enumerate(nodes[:-1]):
            number = self._tree.at(self._path[:depth])
            if number >= 0:
                self._tree.put(number, node)
        self._end(self._path[: len(nodes) - 1])

    def _end(self, path: Path) -> None:
        self._browse.go_to(self._tree.at(path))
        self._bound = None
        if self._record:
            self._note(path, fresh=False)
        self._fresh = False

    def _give_up(self, key: object, error: object) -> None:
        self._bound = None

    # What happens elsewhere

    def _selected(self, current: object) -> None:
        self._ways.forget()
        self._finds.forget()
        if current != self._bound:
            self._bound = None

    def _closed(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        self.history.forget(opened)
        self.changed.emit()

    def _node_chosen(self, node: object, parent: object) -> None:
        path = self._tree.path(self._structure.view.currentIndex())
        if isinstance(node, Node):
            self.moved.emit(path)
            if self._bound is None:
                self._note(path, fresh=self._browse.arriving)

    def _note(self, path: Path, *, fresh: bool) -> None:
        """Remember the current place; one that the image only started with gives way to the next."""
        current, last = self._session.current, self.history.current
        if current is None:
            return
        place = Place(current.opened, current.image, path)
        started = self._fresh and last is not None and (last.store, last.image) == (place.store, place.image)
        self.history.visit(place, replace=started and fresh)
        self._fresh = fresh
        self.changed.emit()

    def _found(self, key: object, found: object) -> None:
        assert isinstance(found, tuple)
        current, digest, path = found
        if current != self._session.current:
            return
        if path is not None:
            self._travel(current, path, record=True)
            return
        row = _target(current.opened, digest)
        if row is not None:
            self.to_image(current.opened, row)
        else:
            self.lost.emit(digest)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            if event.button() == Qt.MouseButton.BackButton:
                self.back()
                return True
            if event.button() == Qt.MouseButton.ForwardButton:
                self.forward()
                return True
        return False


def _find(
    current: Chosen, root: Node, here: Path, digest: str, closing: object
) -> tuple[Chosen, str, Path | None]:
    """In the pool."""
    store = current.opened.store
    assert store is not None and callable(closing)
    return current, digest, path_near(store, root, here, digest, stop=closing)


def _row(opened: OpenStore, image: Image) -> int | None:
    """Where the image is now; after a reload one of the same name and target counts."""
    same = (row for row, item in enumerate(opened.images) if item is image)
    found = next(same, None)
    if found is not None or opened.store is None:
        return found
    equal = (row for row, item in enumerate(opened.images) if item.name == image.name and item == image)
    return next(equal, None)


def _target(opened: OpenStore, digest: str) -> int | None:
    return next((row for row, image in enumerate(opened.images) if image.digest_text == digest), None)
