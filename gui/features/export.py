"""From the Export… dialog to the list of jobs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from exporter_core import ImageSummary, Platform, Store
from gui.dialogs.export import ExportDialog, ExportForm
from gui.features.estimate import Estimate, Question, estimate, full_path, look_at_target
from gui.features.export_words import against, command_of, facts_of, notes_of, reason_of, replaced_words
from gui.job_list import ExportRequest, JobList, Record
from gui.jobs import Lookup
from gui.models.failure import failure_of
from gui.models.file_name import file_name
from gui.models.targets import Target, name_files, targets_problem
from gui.session import Chosen, Session, first_platform
from gui.settings import Settings
from gui.text import plural, tr

_DEBOUNCE_MS = 120


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
        self._confirmed: frozenset[str] = frozenset()  # files that may be replaced
        self._ticked: tuple[Platform, ...] = ()  # what the ticks start with; none: everything
        self._first_platform = False  # or with the one that fits this machine
        self._last: ExportForm | None = None
        self._lookup = Lookup(session.pool, self, priority=2)
        self._lookup.answered.connect(self._answered)
        self._lookup.failed.connect(self._failed)
        self._debounce = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._debounce.timeout.connect(self._ask)
        session.summarised.connect(self._summarised)
        session.blobFailed.connect(self._blob_failed)

    def open(self, platform: Platform | None, everything: bool) -> None:
        """Ask how to export the chosen images; the dialog starts with ``platform`` or ``everything``.

        The other options are those of the last export.
        """
        if self._dialog is not None:
            self._dialog.activateWindow()
            return
        self._images = self._session.chosen
        store = self._store()
        if store is None:
            return
        self._ticked = () if everything or platform is None else (platform,)
        self._first_platform = platform is None and not everything
        self._estimate, self._confirmed, self._armed, self._named = None, frozenset(), False, ""
        dialog = ExportDialog([item.image for item in self._images], store.location, self._window)
        self._dialog = dialog
        dialog.files.template.setText(self._template())
        if self._last is not None:
            dialog.fill(self._last)
        dialog.last.setVisible(self._last is not None)
        self._connect(dialog)
        dialog.show_waiting(tr("Planning…"))
        self._show_platforms()
        self._suggest()
        self._ask()
        dialog.open()
        self.dialogOpened.emit()

    def _connect(self, dialog: ExportDialog) -> None:
        dialog.changed.connect(self._changed)
        dialog.eachToggled.connect(self._each_toggled)
        dialog.lastWanted.connect(self._same_as_last)
        dialog.browseWanted.connect(self._browse)
        dialog.startWanted.connect(self._start)
        dialog.finished.connect(self._closed)

    def open_again(self, record: object) -> None:
        """As it was for an earlier export, whose images are selected."""
        assert isinstance(record, Record)
        if self._dialog is not None:
            return
        each = len(record.targets) > 1
        path = os.path.dirname(record.targets[0]) if each else record.targets[0]
        template = (record.template or self._template()) if each else ""
        form = ExportForm(record.options, path, record.checksum, each, template)
        self.open(None, record.all_platforms)
        self._fill(form)

    @property
    def dialog(self) -> ExportDialog | None:
        """The dialog that is open."""
        return self._dialog

    def _store(self) -> Store | None:
        return self._images[0].opened.store if self._images else None

    def _template(self) -> str:
        if self._last is not None and self._last.template:
            return self._last.template
        return self._settings.preferences.name_template

    def _same_as_last(self) -> None:
        if self._last is not None:
            self._fill(self._last)

    def _fill(self, form: ExportForm) -> None:
        """Everything as in ``form``; a file keeps the name made for these images, in the form's folder."""
        dialog = self._dialog
        if dialog is None:
            return
        dialog.fill(form)
        self._ticked, self._first_platform = form.options.platforms or (), False
        self._show_platforms()
        if form.template:
            dialog.files.template.setText(form.template)
        made = form is self._last and not form.each
        path = str(Path(form.path).parent / self._file_name(dialog)) if made else form.path
        dialog.target.setText(path)

    # Platforms

    def _summaries(self) -> list[ImageSummary]:
        return [item.summary for item in self._images if item.summary is not None]

    def _summarised(self, opened: object, rows: object) -> None:
        dialog = self._dialog
        if dialog is None or not any(item.opened is opened for item in self._images):
            return
        if dialog.looking.isVisibleTo(dialog):
            self._show_platforms()
        elif any(summary.corrupt for summary in self._summaries()):
            dialog.tell_platforms(self._summaries())

    def _blob_failed(self, opened: object) -> None:
        """An export that ran meanwhile found a corrupt blob: what was planned may not work any more."""
        if self._dialog is not None and self._images[0].opened is opened:
            self._estimate = None
            self._dialog.show_waiting(tr("Planning…"))
            self._ask()

    def _show_platforms(self) -> None:
        """Fill the ticks once all images are known."""
        summaries = self._summaries()
        if self._dialog is None or len(summaries) < len(self._images):
            for item in self._images:
                if item.summary is None:
                    self._session.glance(item)
            return
        self._dialog.show_platforms(summaries, self._ticks(summaries))

    def _ticks(self, summaries: Sequence[ImageSummary]) -> Sequence[Platform]:
        if not self._first_platform:
            return self._ticked
        first = first_platform(summaries[0].platforms)
        return [first.platform] if first is not None and first.platform is not None else []

    # The target

    def _file_name(self, dialog: ExportDialog) -> str:
        images, store = [item.image for item in self._images], self._store()
        location = store.location if store else ""
        return file_name(self._settings.preferences.name_template, images, dialog.form().options, location)

    def _suggest(self) -> None:
        """Name the target after the images and platforms, as long as nobody has typed another."""
        dialog = self._dialog
        if dialog is None or dialog.target.text() not in ("", self._named):
            return
        chosen = self._settings.preferences
        folder = chosen.folder or self._settings.text("export/folder") or str(Path.home())
        each = dialog.files.each.isChecked()
        self._named = folder if each else str(Path(folder) / self._file_name(dialog))
        dialog.target.setText(self._named)

    def _each_toggled(self) -> None:
        """A file becomes its folder, and the other way round."""
        dialog = self._dialog
        if dialog is None:
            return
        typed = full_path(dialog.target.text().strip())
        if dialog.target.text() == self._named or not typed:
            dialog.target.clear()
            self._suggest()
        elif dialog.files.each.isChecked():
            dialog.target.setText(typed if os.path.isdir(typed) else os.path.dirname(typed))
        else:
            dialog.target.setText(os.path.join(typed, self._file_name(dialog)))

    def _targets(self, form: ExportForm) -> list[Target]:
        """The files, where there is one for each image."""
        store = self._store()
        if not form.each or store is None:
            return []
        images = [item.image for item in self._images]
        return name_files(form.template, images, form.options, store.location, full_path(form.path))

    def _question(self, form: ExportForm) -> Question:
        images = tuple(item.image for item in self._images)
        if not form.each:
            return Question(images, form.options, False, (full_path(form.path),))
        paths = tuple(target.path if form.path else "" for target in self._targets(form))
        return Question(images, form.options, True, paths)

    def _browse(self) -> None:
        dialog = self._dialog
        if dialog is None:
            return
        chooser = QFileDialog(dialog, tr("Export to"), full_path(dialog.target.text().strip()))
        chooser.setObjectName("exportBrowse")
        if dialog.files.each.isChecked():
            chooser.setFileMode(QFileDialog.FileMode.Directory)
            chooser.setOption(QFileDialog.Option.ShowDirsOnly)
        else:
            chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            chooser.setNameFilters([tr("Tar archives (*.tar)"), tr("All files (*)")])
            chooser.setDefaultSuffix("tar")
        chooser.fileSelected.connect(self._browsed)
        chooser.open()

    def _browsed(self, path: str) -> None:
        """Of a file that exists, the file dialog has asked already."""
        if self._dialog is not None:
            if not self._dialog.files.each.isChecked():
                self._confirmed = frozenset([full_path(path)])
            self._dialog.target.setText(path)

    # Answers

    def _changed(self) -> None:
        if self._dialog is None:
            return
        self._suggest()
        form = self._dialog.form()
        question = self._question(form)
        self._armed = False
        if self._estimate is None or not question.same_plans(self._estimate.question):
            self._dialog.show_waiting(tr("Planning…"))
            self._preview(form, None)
        elif self._estimate.question.paths != question.paths:
            self._show(form, Estimate(question, self._estimate.plans))
        self._debounce.start()

    def _ask(self) -> None:
        store = self._images[0].opened.wary if self._images else None
        if self._dialog is None or store is None:
            return
        question = self._question(self._dialog.form())
        stop = self._session.pool.closing.is_set
        self._lookup.ask(partial(estimate, store, question, self._estimate, stop))

    def _answered(self, key: object, answer: object) -> None:
        assert isinstance(answer, Estimate)
        if self._dialog is None:
            return
        form = self._dialog.form()
        if answer.question == self._question(form):
            self._estimate = answer
            self._show(form, answer)
            if self._armed and self._dialog.start.isEnabled():
                self._start()

    def _failed(self, key: object, error: object) -> None:
        assert isinstance(error, BaseException)
        if self._dialog is not None:
            self._dialog.show_answer("", "", failure_of(error), tr("This cannot be exported."), "")

    def _preview(self, form: ExportForm, answer: Estimate | None) -> str:
        """Show what each file is to be called; what stands against that."""
        dialog = self._dialog
        if dialog is None or not form.each:
            return ""
        targets = self._targets(form)
        plans = answer.plans if answer is not None else ()
        dialog.files.model.show(targets, plans, answer.existing if answer is not None else ())
        problem = dialog.files.template_problem or targets_problem(targets)
        dialog.files.problem.say(problem)
        return problem

    def _show(self, form: ExportForm, answer: Estimate) -> None:
        dialog, store = self._dialog, self._store()
        if dialog is None or store is None:
            return
        problem = self._preview(form, answer)
        failure = against(answer)
        command = command_of(store.location, form, answer, self._confirmed)
        reason = reason_of(form, failure) or (tr("See what is said of the file names.") if problem else "")
        dialog.replaces.say(replaced_words(answer))
        dialog.show_answer(facts_of(answer), notes_of(answer), failure, reason, command)

    # Start

    def _start(self) -> None:
        """Begin, or as soon as the plan for what is filled in has come."""
        dialog, answer, store = self._dialog, self._estimate, self._store()
        if dialog is None or store is None:
            return
        question = self._question(dialog.form())
        self._armed = answer is None or not answer.question.same_plans(question)
        if answer is None or self._armed:
            dialog.show_waiting(tr("Planning; the export begins in a moment…"))
            return
        answer = look_at_target(store, question, answer.plans)
        if answer.target_problem is not None:
            self._show(dialog.form(), answer)
        elif answer.existing - self._confirmed:
            self._ask_overwrite(dialog, sorted(answer.existing))
        else:
            self._queue(answer)

    def _ask_overwrite(self, dialog: ExportDialog, paths: Sequence[str]) -> None:
        box = QMessageBox(dialog)
        box.setObjectName("overwriteQuestion")
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(plural(len(paths), "Replace the file?", "Replace {n} files?"))
        names = ", ".join(Path(path).name for path in paths[:5]) + (", …" if len(paths) > 5 else "")
        one, many = tr("{name} exists already.", name=names), tr("These exist already: {name}", name=names)
        box.setText(one if len(paths) == 1 else many)
        box.setInformativeText(
            tr("It is replaced when the new archive is complete; until then it stays as it is.")
            if len(paths) == 1
            else tr("Each is replaced when its new archive is complete; until then it stays as it is.")
        )
        replace = box.addButton(tr("Replace"), QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(cancel)
        box.setEscapeButton(cancel)
        replace.clicked.connect(partial(self._replace, frozenset(paths)))
        box.open()

    def _replace(self, paths: frozenset[str], checked: bool = False) -> None:
        if self._dialog is not None:
            self._confirmed = paths
            self._start()

    def _queue(self, answer: Estimate) -> None:
        dialog, store = self._dialog, self._store()
        if dialog is None or store is None:
            return
        form = dialog.form()
        self._last = form
        self._settings.put("export/folder", os.path.dirname(answer.question.paths[0]))
        requests = [
            ExportRequest(store, plan, path, path in self._confirmed, form.checksum, form.template)
            for plan, path in zip(answer.plans, answer.question.paths, strict=True)
        ]
        dialog.accept()
        self.started.emit(self._jobs.add(*requests))

    def _closed(self) -> None:
        self._debounce.stop()
        self._lookup.forget()
        if self._dialog is not None:
            self._dialog.retire()
        self._dialog = None
        self._images = ()
        self.dialogClosed.emit()
