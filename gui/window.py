"""The main window: places the views, owns the actions, wires the features together."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QIcon, QShowEvent
from PySide6.QtWidgets import QHeaderView, QMainWindow, QSplitter, QWidget

from exporter_core import Platform
from gui.actions import Actions
from gui.dialogs.quit import ask_quit
from gui.features.appearance import Appearance
from gui.features.browse import Browse
from gui.features.copying import Copying
from gui.features.corrupt import Corrupt
from gui.features.desk import Desk
from gui.features.export import Export
from gui.features.inspect import Inspect
from gui.features.looking import Looking
from gui.features.panes import Panes
from gui.features.remember import Remember
from gui.features.status import Status
from gui.features.stores import Stores
from gui.features.work import Work
from gui.job_list import JobList
from gui.jobs import Pool
from gui.logs import LogBook
from gui.models.images import ImagesModel
from gui.models.jobs import JobsModel
from gui.models.past import PastModel
from gui.models.results import ResultsModel
from gui.models.tree import TreeModel
from gui.resources import icon_file
from gui.session import Session
from gui.settings import Settings
from gui.text import tr
from gui.theme import Theme
from gui.views import menus
from gui.views.images import ImagesPane
from gui.views.inspector import Inspector
from gui.views.jobs import JobsPane
from gui.views.structure import StructurePane

_JOBS_HEIGHT = 240


class MainWindow(QMainWindow):
    """The window of the program; it ends only after its jobs have been stopped."""

    def __init__(self, settings: Settings, theme: Theme, book: LogBook) -> None:
        super().__init__()
        self.settings = settings
        self.theme = theme
        self.book = book
        self.pool = Pool()
        self.session = Session(self.pool, self)
        self.jobs = JobList(self.pool, self)
        self.commands = Actions(self)
        self._done = False
        self._make_views()
        self._make_features()
        self._make_menus()
        self._connect()
        self._remember.restore()
        self._refresh()

    # Making it

    def _make_views(self) -> None:
        self.setObjectName("mainWindow")
        self.setWindowTitle("Shipglass")
        self.setWindowIcon(QIcon(str(icon_file("shipglass"))))
        self.setAcceptDrops(True)
        self.images = ImagesPane(ImagesModel(self), self.commands)
        self.images.setMinimumWidth(220)
        self.structure = StructurePane(TreeModel(self), self.commands)
        self.inspector = Inspector()
        self.inspector.setMinimumWidth(240)
        self._jobs_model = JobsModel(self.jobs, self)
        self._results, self._past = ResultsModel(self), PastModel(self)
        self.jobs_pane = JobsPane(self._jobs_model, self._results, self._past, self.commands)
        self.columns = _splitter(Qt.Orientation.Horizontal, self.images, self.structure, self.inspector)
        self.rows = _splitter(Qt.Orientation.Vertical, self.columns, self.jobs_pane)
        for at, stretch in enumerate((2, 6, 3)):
            self.columns.setStretchFactor(at, stretch)
        self.columns.setSizes([300, 670, 390])
        self.rows.setStretchFactor(0, 1)
        self.rows.setStretchFactor(1, 0)
        self.rows.setSizes([600, _JOBS_HEIGHT])
        self.jobs_pane.hide()
        self.setCentralWidget(self.rows)

    def _make_features(self) -> None:
        session, commands = self.session, self.commands
        self.stores = Stores(session, self.settings, commands, self)
        self.browse = Browse(session, self.images, self.structure, commands, self)
        self.inspect = Inspect(session, self.inspector, self)
        self.looking = Looking(
            session, self.images, self.structure, self.inspector, self.browse, commands, self.settings, self
        )
        self.export = Export(session, self.jobs, self.settings, self)
        models = (self._jobs_model, self._results, self._past)
        self.work = Work(self.jobs, session, self.jobs_pane, models, commands, self)
        self._status = Status(self.statusBar(), self.jobs, self.work, commands["showJobs"].toolTip(), self)
        self._corrupt = Corrupt(session, self.structure.model, self)
        self.copying = Copying(
            session, self.images.view, self.structure.view, self.jobs_pane.view, self.browse, commands, self
        )
        self.desk = Desk(
            session, self.jobs, self.settings, self.theme, self.book, commands, self.copying.copies, self
        )
        self.panes = Panes(self, self.images, self.structure, self.inspector, self.jobs_pane, commands)
        self.appearance = Appearance(self.settings, self.theme, self.browse, commands, self)
        parts: dict[str, QSplitter | QHeaderView] = {
            "columns": self.columns, "rows": self.rows, "structure": self.structure.view.header(),
            "jobs": self.jobs_pane.view.header(),
        }  # fmt: skip
        self._remember = Remember(self, self.settings, parts)

    def _make_menus(self) -> None:
        copy_as = self.copying.menu
        menus.fill_menu_bar(self.menuBar(), self.commands, self.stores.recent.menu, copy_as)
        self._image_menu = self.commands.menu("", menus.IMAGE, self, {"COPY_AS": copy_as})
        self._node_menu = self.commands.menu("", menus.NODE, self, {"COPY_AS": copy_as})
        self._job_menu = self.commands.menu("", menus.JOBS, self)

    def _connect(self) -> None:
        commands, session = self.commands, self.session
        for name, slot in (
            ("export", self._export),
            ("quit", self._quit),
            ("allPlatforms", self.browse.choose_all),
        ):
            commands[name].triggered.connect(slot)
        for signal in (session.changed, session.closed, session.selected, session.summarised):
            signal.connect(self._refresh)
        session.selected.connect(self._first_image)
        self.images.chosen.connect(self._refresh)
        self.images.menuWanted.connect(self._image_menu.popup)
        self.structure.menuWanted.connect(self._node_menu.popup)
        self.jobs_pane.menuWanted.connect(self._job_menu.popup)
        self.inspector.copied.connect(self.copying.say)
        self.copying.copied.connect(self._status.say)
        self.desk.told.connect(self._status.say)
        self.desk.frontWanted.connect(self.to_front)
        finding, goto = self.desk.finding, self.looking.goto
        finding.imageWanted.connect(goto.to_image)
        finding.pathWanted.connect(goto.to_path)
        finding.storeWanted.connect(self.stores.open)
        finding.copyWanted.connect(self.copying.put)
        self.browse.nodeChosen.connect(self.inspect.show)
        self.browse.recent = self.stores.recent.rows
        self.stores.recent.changed.connect(self.browse.publish)
        self.stores.lost.connect(self._say_lost)
        self.stores.sums.known.connect(self._refresh)
        session.renewed.connect(self._refresh)
        self.looking.watch.held = lambda: self.export.dialog is not None or goto.busy
        self.looking.goto.changed.connect(self._refresh)
        self.looking.matrix_pane.exportWanted.connect(self._export_platform)
        self.work.changed.connect(self._refresh)
        self.work.wanted.connect(self.panes.want_jobs)
        self.work.copied.connect(self._status.say)
        self.work.past.againWanted.connect(self.export.open_again)
        self._status.jobsWanted.connect(self.panes.want_jobs)
        self.export.dialogOpened.connect(self._dialog_opened)
        self.export.dialogClosed.connect(self._dialog_closed)
        session.in_use = self.jobs.uses
        self.jobs.idle.connect(session.sweep)

    def _say_lost(self, locations: object) -> None:
        assert isinstance(locations, list)
        self.images.failure.say(tr("Not there any more"), "\n".join(locations))

    def _first_image(self, current: object) -> None:
        """The keys go to the list as soon as there is one, unless somebody is typing already."""
        if current is not None:
            self.session.selected.disconnect(self._first_image)
            if self.focusWidget() in (None, self.images.filter) and not self.images.filter.text():
                self.images.view.setFocus(Qt.FocusReason.OtherFocusReason)

    # What holds now

    def _refresh(self) -> None:
        """Actions, title and status bar as things are now."""
        facts = self.work.facts() | self.looking.facts() | self.stores.facts()
        if self.jobs_pane.view.currentIndex().isValid():
            facts.add("row")
        self.commands.now(facts)
        opened = self.stores.current
        self.setWindowTitle(
            tr("{store} (read-only) — Shipglass", store=opened.location) if opened else "Shipglass"
        )
        self._status.show(self.stores.words())

    # Commands

    def _export(self) -> None:
        status = self.browse.platform
        platform = status.platform if status is not None else None
        self.export.open(platform if isinstance(platform, Platform) else None, platform is None)

    def _export_platform(self, platform: object) -> None:
        self.export.open(platform if isinstance(platform, Platform) else None, False)

    def _dialog_opened(self) -> None:
        """There is one ``errorText`` at a time: the dialog's while it is open."""
        self.jobs_pane.failure.text.setObjectName("jobErrorText")

    def _dialog_closed(self) -> None:
        self.jobs_pane.failure.text.setObjectName("errorText")

    def to_front(self) -> None:
        """Be seen: from the taskbar, or from behind other windows."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def take_over(self, locations: object) -> None:
        """Another start of the program wants these stores opened here."""
        assert isinstance(locations, list)
        for location in locations:
            self.stores.open(location)
        self.to_front()

    # Qt's events

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.focusWidget() is None:
            self.images.filter.setFocus(Qt.FocusReason.OtherFocusReason)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.stores.dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        for path in self.stores.dropped(event.mimeData()):
            self.stores.open(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        """By the user's hand with exports running: asked first. Else everything is stopped and waited for."""
        if self.jobs.active and event.spontaneous() and self.settings.preferences.confirm_quit:
            event.ignore()
            self._ask_quit()
            return
        self.shut_down()
        event.accept()

    def _quit(self) -> None:
        if self.jobs.active and self.settings.preferences.confirm_quit:
            self._ask_quit()
        else:
            self.close()

    def _ask_quit(self) -> None:
        ask_quit(self, len(self.jobs.active)).clicked.connect(self.close)

    def shut_down(self) -> None:
        """Cancel every job, wait for every thread, remember how the window looked."""
        if self._done:
            return
        self._done = True
        self._status.stop()
        self._remember.save()
        self.looking.stop()
        self.desk.shut_down()
        self.jobs.close()
        self.session.stop()
        self.pool.close()
        self.session.shut_down()
        self.book.end()


def _splitter(orientation: Qt.Orientation, *panes: QWidget) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setHandleWidth(1)
    splitter.setChildrenCollapsible(False)
    for pane in panes:
        splitter.addWidget(pane)
    return splitter
