"""From the Export… dialog to the list of jobs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from exporter_core import (
    ExportOptions,
    ExportPlan,
    Image,
    ImageSummary,
    Platform,
    ShipglassError,
    Store,
    plan_export,
)
from exporter_core.commands import export_command
from exporter_core.errors import TargetError
from gui.dialogs.export import ExportDialog, ExportForm
from gui.job_list import ExportRequest, JobList
from gui.jobs import Lookup
from gui.models.failure import Failure, failure_of, problems_failure
from gui.models.file_name import file_name
from gui.session import Chosen, Session, first_platform
from gui.settings import Settings
from gui.text import exact_size, plural, size, tr

_DEBOUNCE_MS = 120


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is known of an export before byte 1. ``free`` bytes are on the target's disk, None unknown."""

    plan: ExportPlan
    path: str
    free: int | None
    target_problem: ShipglassError | None


def full_path(text: str) -> str:
    """The absolute path that somebody typed; "" for nothing."""
    return os.path.abspath(os.path.expanduser(text)) if text else ""


def target_problem(path: str, total: int, free: int | None) -> ShipglassError | None:
    """Why ``total`` bytes could not be written to ``path``, as far as it shows without writing."""
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        return TargetError(f"{path} is a folder", hint=tr("Name a file in it."))
    if not os.path.isdir(folder):
        return TargetError(f"there is no folder {folder}", hint=tr("Make it first, or write elsewhere."))
    if not os.access(folder, os.W_OK):
        return TargetError(f"{folder} cannot be written to", hint=tr("Choose another folder."))
    if free is not None and free < total:
        text = f"{folder} has {size(free)} free, the archive needs {size(total)}"
        return TargetError(text, hint=tr("Free some space, or write to another disk."))
    return None


def estimate(
    store: Store, images: Sequence[Image], options: ExportOptions, path: str, known: ExportPlan | None
) -> Estimate:
    """In the pool: plan (or take the plan that is ``known``) and look at the target."""
    plan = known if known is not None and known.options == options else plan_export(store, images, options)
    free = free_space(path)
    return Estimate(plan, path, free, target_problem(path, plan.total, free) if path else None)


def free_space(path: str) -> int | None:
    """Bytes free where ``path`` would be written."""
    with suppress(OSError):
        return shutil.disk_usage(os.path.dirname(path) or ".").free
    return None


class Export(QObject):
    """Opens the dialog, keeps its answers fresh, and queues what is started. ``started`` brings the job."""

    started = Signal(object)
    dialogOpened = Signal()
    dialogClosed = Signal()

    def __init__(self, session: Session, jobs: JobList, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._jobs = jobs
        self._settings = settings
        self._window = window
        self._dialog: ExportDialog | None = None
        self._images: tuple[Chosen, ...] = ()
        self._estimate: Estimate | None = None
        self._named = ""  # the target that was suggested
        self._armed = False  # Export was pressed, and the plan is still to come
        self._confirmed = ""  # a file that may be replaced
        self._platform: Platform | None = None
        self._lookup = Lookup(session.pool, self, priority=2)
        self._lookup.answered.connect(self._answered)
        self._lookup.failed.connect(self._failed)
        self._debounce = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._debounce.timeout.connect(self._ask)
        session.summarised.connect(self._summarised)

    def open(self, platform: Platform | None, everything: bool) -> None:
        """Ask how to export the chosen images; the dialog starts with ``platform`` or ``everything``."""
        if self._dialog is not None:
            self._dialog.activateWindow()
            return
        self._images = self._session.chosen
        store = self._store()
        if store is None:
            return
        self._platform, self._estimate, self._confirmed, self._armed = platform, None, "", False
        dialog = ExportDialog([item.image for item in self._images], store.location, self._window)
        self._dialog = dialog
        self._everything = everything
        dialog.changed.connect(self._changed)
        dialog.browseWanted.connect(self._browse)
        dialog.startWanted.connect(self._start)
        dialog.finished.connect(self._closed)
        dialog.show_waiting(tr("Planning…"))
        self._show_platforms()
        self._suggest()
        self._ask()
        dialog.open()
        self.dialogOpened.emit()

    @property
    def dialog(self) -> ExportDialog | None:
        """The dialog that is open."""
        return self._dialog

    def _store(self) -> Store | None:
        return self._images[0].opened.store if self._images else None

    # Platforms

    def _summaries(self) -> list[ImageSummary]:
        return [item.summary for item in self._images if item.summary is not None]

    def _summarised(self, opened: object, rows: object) -> None:
        waiting = self._dialog is not None and self._dialog.looking.isVisibleTo(self._dialog)
        if waiting and any(item.opened is opened for item in self._images):
            self._show_platforms()

    def _show_platforms(self) -> None:
        """Fill the ticks once all images are known."""
        summaries = self._summaries()
        if self._dialog is None or len(summaries) < len(self._images):
            for item in self._images:
                if item.summary is None:
                    self._session.glance(item)
            return
        ticks = [] if self._everything else self._ticks(summaries)
        self._dialog.show_platforms(summaries, ticks)

    def _ticks(self, summaries: Sequence[ImageSummary]) -> list[Platform]:
        if self._platform is not None:
            return [self._platform]
        first = first_platform(summaries[0].platforms)
        return [first.platform] if first is not None and first.platform is not None else []

    # The target

    def _suggest(self) -> None:
        """Name the target after the images and platforms, as long as nobody has typed another."""
        dialog = self._dialog
        if dialog is None or dialog.target.text() not in ("", self._named):
            return
        chosen = self._settings.preferences
        folder = chosen.folder or self._settings.text("export/folder") or str(Path.home())
        images, options = [item.image for item in self._images], dialog.form().options
        self._named = str(Path(folder) / file_name(chosen.name_template, images, options))
        dialog.target.setText(self._named)

    def _browse(self) -> None:
        dialog = self._dialog
        if dialog is None:
            return
        chooser = QFileDialog(dialog, tr("Export to"), full_path(dialog.target.text()))
        chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        chooser.setNameFilters([tr("Tar archives (*.tar)"), tr("All files (*)")])
        chooser.setDefaultSuffix("tar")
        chooser.fileSelected.connect(self._browsed)
        chooser.open()

    def _browsed(self, path: str) -> None:
        if self._dialog is not None:
            self._confirmed = full_path(path)
            self._dialog.target.setText(path)

    # Answers

    def _changed(self) -> None:
        if self._dialog is None:
            return
        self._suggest()
        form = self._dialog.form()
        self._armed = False
        if self._estimate is None or form.options != self._estimate.plan.options:
            self._dialog.show_waiting(tr("Planning…"))
        elif self._estimate.path != full_path(form.path):
            self._show(form, Estimate(self._estimate.plan, full_path(form.path), None, None))
        self._debounce.start()

    def _ask(self) -> None:
        store = self._store()
        if self._dialog is None or store is None:
            return
        form = self._dialog.form()
        images = [item.image for item in self._images]
        known = self._estimate.plan if self._estimate else None
        self._lookup.ask(partial(estimate, store, images, form.options, full_path(form.path), known))

    def _answered(self, key: object, answer: object) -> None:
        assert isinstance(answer, Estimate)
        if self._dialog is None:
            return
        form = self._dialog.form()
        if form.options == answer.plan.options and full_path(form.path) == answer.path:
            self._estimate = answer
            self._show(form, answer)
            if self._armed and self._dialog.start.isEnabled():
                self._start()

    def _failed(self, key: object, error: object) -> None:
        assert isinstance(error, BaseException)
        if self._dialog is not None:
            self._dialog.show_answer("", "", failure_of(error), tr("This cannot be exported."), "")

    def _show(self, form: ExportForm, answer: Estimate) -> None:
        dialog, store = self._dialog, self._store()
        if dialog is None or store is None:
            return
        failure = self._failure(answer)
        command = export_command(
            store.location, answer.plan.images, form.options, answer.path or "image.tar",
            checksum=form.checksum, overwrite=self._confirmed == answer.path != "",
        )  # fmt: skip
        dialog.show_answer(
            _facts(answer), "\n".join(answer.plan.notes), failure, _reason(form, failure), command
        )

    def _failure(self, answer: Estimate) -> Failure | None:
        if answer.plan.problems:
            return problems_failure(answer.plan.problems)
        return failure_of(answer.target_problem) if answer.target_problem else None

    # Start

    def _start(self) -> None:
        """Begin, or as soon as the plan for what is filled in has come."""
        dialog, answer = self._dialog, self._estimate
        if dialog is None:
            return
        self._armed = answer is None or answer.plan.options != dialog.form().options
        if answer is None or self._armed:
            dialog.show_waiting(tr("Planning; the export begins in a moment…"))
            return
        path = full_path(dialog.form().path)
        problem = target_problem(path, answer.plan.total, free_space(path))
        if problem is not None:
            self._show(dialog.form(), Estimate(answer.plan, path, None, problem))
        elif os.path.lexists(path) and path != self._confirmed:
            self._ask_overwrite(dialog, path)
        else:
            self._queue(path)

    def _ask_overwrite(self, dialog: ExportDialog, path: str) -> None:
        box = QMessageBox(dialog)
        box.setObjectName("overwriteQuestion")
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(tr("Replace the file?"))
        box.setText(tr("{name} exists already.", name=Path(path).name))
        box.setInformativeText(
            tr("It is replaced when the new archive is complete; until then it stays as it is.")
        )
        replace = box.addButton(tr("Replace"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        replace.clicked.connect(self._replace)
        box.open()

    def _replace(self) -> None:
        if self._dialog is not None:
            self._confirmed = full_path(self._dialog.form().path)
            self._queue(self._confirmed)

    def _queue(self, path: str) -> None:
        dialog, answer, store = self._dialog, self._estimate, self._store()
        if dialog is None or answer is None or store is None:
            return
        self._settings.put("export/folder", os.path.dirname(path))
        request = ExportRequest(store, answer.plan, path, path == self._confirmed, dialog.form().checksum)
        dialog.accept()
        self.started.emit(self._jobs.add(request))

    def _closed(self) -> None:
        self._debounce.stop()
        self._lookup.forget()
        if self._dialog is not None:
            self._dialog.retire()
        self._dialog = None
        self._images = ()
        self.dialogClosed.emit()


def _facts(answer: Estimate) -> str:
    plan = answer.plan
    parts = [exact_size(plan.total), plural(len(plan.entries), "{n} entry", "{n} entries")]
    parts.append(plural(len(plan.blobs), "{n} blob", "{n} blobs"))
    if answer.free is not None and answer.path:
        parts.append(
            tr("{free} free in {folder}", free=size(answer.free), folder=os.path.dirname(answer.path))
        )
    return " · ".join(parts)


def _reason(form: ExportForm, failure: Failure | None) -> str:
    """Why Export cannot be pressed; "" if it can."""
    if not form.options.all_platforms and not form.options.platforms:
        return tr("Tick at least one platform.")
    if failure is not None:
        return tr("See above what stands against it.")
    return "" if form.path else tr("Say which file to write.")
