"""Stores, images, platforms and the structure: what the left and the middle pane do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from weakref import WeakSet

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from exporter_core import ImageSummary, Node, PlatformStatus, Store, expand, root_node
from gui.actions import Actions
from gui.jobs import Lookup
from gui.models.failure import failure_of
from gui.models.images import Source, make_rows
from gui.session import Chosen, OpenStore, Session, first_platform
from gui.text import tr
from gui.views.images import ImagesPane
from gui.views.structure import StructurePane
from gui.widgets import action_button, plain_button

_DEEPEST = 8


class Browse(QObject):
    """``nodeChosen(node, parent)`` follows the current row of the structure (None: nothing); ``arrived``
    when an image that was selected shows the row it starts with, until then it is ``arriving``.
    """

    nodeChosen = Signal(object, object)
    arrived = Signal()

    def __init__(
        self,
        session: Session,
        images: ImagesPane,
        structure: StructurePane,
        actions: Actions,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._images = images
        self._structure = structure
        self._actions = actions
        self._tree = structure.model
        self._words, self.order = "", "store"
        self._folded: set[object] = set()
        self._seen: WeakSet[OpenStore] = WeakSet()
        self._restoring = False
        self.recent: Callable[[], Sequence[QWidget]] = lambda: ()
        """Rows of the stores that were opened before, for the first screen."""
        self.platform: PlatformStatus | None = None
        self.arriving = False
        self._roots = Lookup(session.pool, self, priority=3)
        self._nodes = Lookup(session.pool, self, priority=2)
        self._paths = Lookup(session.pool, self, priority=3)
        self._connect()
        self.publish()

    def _connect(self) -> None:
        session, images, structure = self._session, self._images, self._structure
        session.changed.connect(self._store_changed)
        session.closed.connect(self._store_changed)
        session.loading.connect(self._store_changed)
        session.summarised.connect(self._summarised)
        session.selected.connect(self._selected)
        images.chosen.connect(self._chosen)
        images.filtered.connect(self._filter)
        images.folded.connect(self._fold)
        structure.platformChosen.connect(self._platform_chosen)
        structure.nodeChosen.connect(self._node_chosen)
        self._tree.wanted.connect(self._load)
        self._roots.answered.connect(self._root_loaded)
        self._roots.failed.connect(self._root_failed)
        self._roots.late.connect(self._root_late)
        self._nodes.answered.connect(self._node_loaded)
        self._nodes.failed.connect(self._tree_failed)
        self._nodes.late.connect(self._node_late)
        self._paths.answered.connect(self._path_loaded)

    # The list of images

    def publish(self) -> None:
        """Make the rows anew and keep what is selected."""
        sources = [_source(opened) for opened in self._session.stores]
        rows = make_rows(sources, words=self._words, order=self.order, folded=frozenset(self._folded))
        self._restoring = True
        if self._images.model.publish(rows):
            current = self._session.current
            chosen = [(item.opened, item.row) for item in self._session.chosen]
            self._images.restore(chosen, (current.opened, current.row) if current else None)
        self._restoring = False
        self._show_images_page(bool(rows))

    def renew(self) -> None:
        """Make the rows anew where nobody asked for it: what is in sight stays in sight."""
        place = (bar := self._images.view.verticalScrollBar()).value()
        self.publish()
        self._images.view.doItemsLayout()
        bar.setValue(place)

    def sort(self, order: str) -> None:
        """Order the images by ``store``, ``name`` or ``size``."""
        self.order = order
        self.publish()

    def _show_images_page(self, any_rows: bool) -> None:
        stores, pages = self._places(), self._images.pages
        self._images.title.setText(_stores_title(stores))
        if not stores:
            text = tr("Open a folder with an OCI layout, or a tar of one. You can also drop it here.")
            ways = [*self._open_buttons("openFolder", "openFile", "openSample"), *self.recent()]
            pages.show_placeholder("package-search", tr("No store is open"), text, buttons=ways)
        elif len(stores) == 1 and stores[0].error is not None:
            self._show_store_error(stores[0])
        elif len(stores) == 1 and stores[0].opening:
            pages.show_placeholder("loader-circle", tr("Opening…"), stores[0].location)
        elif len(stores) == 1 and not any(opened.images for opened in self._session.stores):
            text = tr("This store has blobs at most, but no names: there is nothing to choose from.")
            buttons = self._open_buttons("reload", "openFolder")
            pages.show_placeholder("inbox", tr("No images"), text, buttons=buttons)
        elif not any_rows:
            clear = plain_button(tr("Clear the filter"), "x")
            clear.clicked.connect(self._images.filter.clear)
            pages.show_placeholder("search", tr("No image matches"), self._words, buttons=[clear])
        else:
            pages.show_view()

    def _places(self) -> list[OpenStore]:
        """The open stores, each once whatever its namespaces."""
        return [opened for opened in self._session.stores if opened.leader is opened]

    def _show_store_error(self, opened: OpenStore) -> None:
        assert opened.error is not None
        failure = failure_of(opened.error)
        buttons = self._open_buttons("reload", "openFolder", "openFile")
        buttons[0].setText(tr("Try again"))
        self._images.pages.show_placeholder("circle-x", failure.title, _hint(opened.error), "bad", buttons)

    def _open_buttons(self, *names: str) -> list[QPushButton]:
        return [action_button(self._actions[name]) for name in names]

    def _store_changed(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        if opened.error is not None and len(self._places()) > 1 and opened in self._session.stores:
            title, hint = failure_of(opened.error).title, _hint(opened.error)
            lines = [] if opened.location in title else [opened.location]
            text = "\n".join([*lines, title, *([hint] if hint != str(opened.error) else [])])
            self._images.failure.say(tr("This store cannot be opened"), text)
            self._session.close(opened)
            return
        self.publish()
        unseen = opened.leader not in self._seen  # its first namespace that has images is what is shown
        fresh = opened.store is not None and unseen and opened in self._session.stores
        if fresh and opened.images:
            self._seen.add(opened.leader)
            if not opened.leader.reopened or self._session.current is None:
                self._select_first(opened)
        elif self._session.current is None:
            self._selected(None)
        elif opened is self._session.current.opened and opened.store is not None:
            self._reselect(self._session.current)

    def _select_first(self, opened: OpenStore) -> None:
        """Somebody opened this store, so that is what is shown."""
        row = self._images.model.first_image(opened)
        if row is not None:
            self._images.select(row.key, row.row)

    def _reselect(self, current: Chosen) -> None:
        """After a reload: the image may have moved or be gone."""
        self._session.select(())
        if current.row < len(current.opened.images):
            self._images.select(current.opened, current.row)
            self._session.select((Chosen(current.opened, current.row),))

    def _chosen(self, images: object, current: object) -> None:
        if self._restoring:
            return
        assert isinstance(images, list)
        chosen = [Chosen(key, row) for key, row in images]
        looked_at = Chosen(*current) if isinstance(current, tuple) else None
        self._session.select(chosen, looked_at)

    def _filter(self, words: str) -> None:
        self._words = words
        self.publish()

    def _fold(self, key: object) -> None:
        self._folded ^= {key}
        self.publish()

    # The image that is looked at

    def _selected(self, current: object) -> None:
        self._nodes.forget_all()
        self._paths.forget_all()
        self._roots.forget()
        self.platform = None
        self.arriving = True
        self._tree.show(None)
        self._structure.show_platforms(None, None)
        self.nodeChosen.emit(None, None)
        if not isinstance(current, Chosen) or current.opened.store is None:
            self._show_no_image()
            return
        store, image = self._store(), current.image
        assert store is not None
        self._roots.ask(lambda: expand(store, root_node(store, image)))

    def _show_no_image(self) -> None:
        title, text = tr("No image selected"), tr("Choose an image on the left to see what it is made of.")
        if not any(opened.images for opened in self._session.stores):
            title, text = (
                tr("Nothing to show"),
                tr("The images of an open store show here what they are made of."),
            )
        self._structure.pages.show_placeholder("package", title, text)

    def _root_late(self, key: object) -> None:
        self._structure.pages.show_placeholder("loader-circle", tr("Loading…"))

    def _root_failed(self, key: object, error: object) -> None:
        assert isinstance(error, BaseException)
        failure = failure_of(error)
        self._structure.pages.show_placeholder("circle-x", failure.title, failure.text, "bad")

    def _root_loaded(self, key: object, root: object) -> None:
        assert isinstance(root, Node)
        self._tree.show(root)
        self._structure.pages.show_view()
        view = self._structure.view
        view.expand(self._tree.index_of(0))
        view.setCurrentIndex(self._tree.index_of(0))
        current = self._session.current
        if current is not None and current.summary is not None:
            self._show_summary(current.summary, first=True)

    def _summarised(self, opened: object, rows: object) -> None:
        assert isinstance(rows, list)
        if self._words or self.order == "size":
            self.publish()
        else:
            self._images.model.refresh(opened, rows)
        current = self._session.current
        if current and current.opened is opened and current.row in rows and current.summary:
            self._show_summary(current.summary, first=self._structure.picker.count() == 0)

    def _show_summary(self, summary: ImageSummary, *, first: bool) -> None:
        """Fill the picker and the tree with what is known now; ``first`` chooses where to start."""
        if first:
            self.platform = first_platform(summary.platforms)
        elif self.platform is not None:  # a newer summary has another value for it
            self.platform = _same_platform(summary, self.platform)
        self._structure.show_platforms(summary, self.platform)
        self._tree.tell(summary)
        if first:
            self._focus()

    # Platforms

    def choose_all(self) -> None:
        """Look at all platforms."""
        self._structure.choose_all()

    def _platform_chosen(self, status: object) -> None:
        self.platform = status if isinstance(status, PlatformStatus) else None
        self._focus()

    def _pick(self, digest: str) -> None:
        """The row that is looked at lies in the manifest ``digest``: choose its platform.

        "All platforms" stays chosen, for looking at one of them is no reason to leave out the others.
        """
        summary = self._session.current.summary if self._session.current else None
        if summary is None or self.platform is None or self.platform.manifest.digest_text == digest:
            return
        fitting = (status for status in summary.platforms if status.manifest.digest_text == digest)
        status = next(fitting, None)
        if status is not None:
            self.platform = status
            self._structure.show_platforms(summary, status)
            self._tree.focus(digest)

    def _focus(self) -> None:
        """Lead the tree to the chosen platform's manifest, loading the way there."""
        store, status = self._store(), self.platform
        if status is None:
            self._tree.focus("")
            self.go_to(0)
            return
        digest = status.manifest.digest_text
        self._tree.focus(digest)
        number = self._tree.find(digest)
        if number >= 0 and self._tree.is_loaded(number):
            self.go_to(number)
        elif store is not None:
            root = self._tree.node(self._tree.index(0, 0))
            if root is not None:
                self._paths.ask(partial(_path, store, root, digest), digest)

    def _path_loaded(self, digest: object, path: object) -> None:
        assert isinstance(path, list) and isinstance(digest, str)
        for node in path:
            number = self._tree.find(node.digest_text)
            if number >= 0:
                self._tree.put(number, node)
        if self.platform is not None and self.platform.manifest.digest_text == digest:
            self.go_to(self._tree.find(digest))

    def go_to(self, number: int) -> None:
        """Make the row ``number`` of the structure the current one, open and in sight."""
        if number >= 0 and self._tree.rowCount():
            index, view = self._tree.index_of(number), self._structure.view
            view.expand(index)
            view.setCurrentIndex(index)
            view.scrollTo(index)
        if self.arriving:
            self.arriving = False
            self.arrived.emit()

    # Nodes

    def _load(self, number: int) -> None:
        node = self._tree.node(self._tree.index_of(number))
        store = self._store()
        if node is not None and store is not None:
            self._nodes.ask(partial(expand, store, node), number)

    def _node_loaded(self, number: object, node: object) -> None:
        assert isinstance(number, int) and isinstance(node, Node)
        self._tree.put(number, node)

    def _tree_failed(self, number: object, error: object) -> None:
        assert isinstance(number, int) and isinstance(error, BaseException)
        self._tree.fail(number, error)

    def _node_late(self, number: object) -> None:
        assert isinstance(number, int)
        self._tree.show_loading(number)

    def _node_chosen(self) -> None:
        view = self._structure.view
        current = view.currentIndex()
        self._pick(self._tree.manifest_of(current))
        self.nodeChosen.emit(self._tree.node(current), self._tree.parent_node(current))

    def _store(self) -> Store | None:
        return self._session.current.opened.wary if self._session.current else None


def _source(opened: OpenStore) -> Source:
    message = ""
    if opened.error is not None:
        message = failure_of(opened.error).title
    elif opened.opening:
        message = tr("Opening…")
    kind = opened.store.kind if opened.store else opened.location
    return Source(
        opened, opened.place, kind, opened.catalogue, message, opened.leader, opened.namespace, opened.kept
    )


def _stores_title(stores: list[OpenStore]) -> str:
    if not stores:
        return tr("Stores & images")
    return stores[0].place if len(stores) == 1 else tr("{n} stores", n=len(stores))


def _hint(error: BaseException) -> str:
    return str(getattr(error, "hint", "")) or str(error)


def _same_platform(summary: ImageSummary, known: PlatformStatus) -> PlatformStatus | None:
    wanted = (known.platform, known.manifest.digest_text)
    return next(
        (each for each in summary.platforms if (each.platform, each.manifest.digest_text) == wanted), None
    )


def _path(store: Store, root: Node, digest: str) -> list[Node]:
    """In the pool: the expanded nodes from ``root`` down to the one with ``digest``, or nothing."""

    def search(node: Node, depth: int) -> list[Node]:
        if node.digest_text == digest:
            return [expand(store, node)]
        if node.role != "index" or depth > _DEEPEST:
            return []
        expanded = expand(store, node)
        children = expanded.children or ()
        first: Callable[[Node], bool] = lambda child: child.digest_text != digest  # noqa: E731
        for child in sorted(children, key=first):
            if below := search(child, depth + 1):
                return [expanded, *below]
        return []

    return search(replace(root), 0)
