"""What the Export… dialog says of an answer: sizes, notes, the command line, why it cannot start."""

from __future__ import annotations

import os

from exporter_core import ExportPlan
from exporter_core.commands import export_command, skopeo_flags
from exporter_core.plan import Note, NoteKind
from gui.dialogs.export import ExportForm
from gui.features.estimate import Estimate
from gui.models.catalogue import split_name
from gui.models.failure import Failure, failure_of, problems_failure
from gui.text import exact_size, moment, plural, size, tr


def against(answer: Estimate) -> Failure | None:
    """What keeps the export from working, if anything."""
    if answer.problems:
        return problems_failure(answer.problems)
    if answer.target_problem is None:
        return None
    return Failure(tr("Nothing can be written there"), failure_of(answer.target_problem).text)


def facts_of(answer: Estimate) -> str:
    """Size, numbers, free space."""
    plans = answer.workable or answer.plans
    parts = [exact_size(sum(plan.total for plan in plans))]
    if answer.question.each:
        parts.append(plural(len(plans), "{n} archive", "{n} archives"))
    else:
        parts.append(plural(len(plans[0].entries), "{n} entry", "{n} entries"))
    parts.append(plural(sum(len(plan.blobs) for plan in plans), "{n} blob", "{n} blobs"))
    if answer.free is not None:
        folder = os.path.dirname(answer.question.paths[0])
        parts.append(tr("{free} free in {folder}", free=size(answer.free), folder=folder))
    return " · ".join(parts)


def replaced_words(answer: Estimate) -> str:
    """That the file exists already; "" where it does not, or where the list of files says it of each."""
    path = answer.question.paths[0] if answer.question.paths else ""
    found = answer.found.get(path)
    if answer.question.each or found is None:
        return ""
    return tr(
        "{name} exists and will be replaced: {size} from {time}",
        name=os.path.basename(path),
        size=size(found.size),
        time=moment(found.time),
    )


def notes_of(answer: Estimate) -> str:
    """What a careful person would want to know: of readers that will refuse it, of images left out."""
    notes = [note for plan in answer.workable for note in _plan_notes(plan)]
    broken = len(answer.plans) - len(answer.workable)
    if broken and answer.workable:
        notes.insert(
            0,
            plural(
                broken,
                "{n} image cannot be exported; it will stand as failed among the others.",
                "{n} images cannot be exported; they will stand as failed among the others.",
            ),
        )
    return "\n".join(dict.fromkeys(notes))


def _plan_notes(plan: ExportPlan) -> list[str]:
    """The plan's notes in plain words; where it is of one image they need not name it."""
    notes = []
    for note in plan.notes:
        words = _in_plain_words(note, plan)
        if len(plan.images) > 1:
            notes.append(f"{split_name(note.image)[0]}: {words}" if words else tr(str(note)))
        else:
            notes.append(words or tr(str(note).removeprefix(f"{plan.images[0].name}: ")))
    return notes


def _in_plain_words(note: Note, plan: ExportPlan) -> str:
    """What the core notes of an image most often, with what to do; "" for anything else."""
    if note.kind is NoteKind.LISTS_LEFT_OUT:
        words = tr(
            "Its index still lists the platforms that are left out. kind load image-archive (kind#3795) and "
            "ctr images import --all-platforms refuse such an archive: choose everything for them."
        )
        flags = " ".join(skopeo_flags(plan))
        return f"{words}\n{tr('skopeo reads it with {flags}.', flags=flags)}" if flags else words
    if note.kind is NoteKind.NOT_FOR_DOCKER:
        return tr(
            "None of these platforms is the one that docker load looks for: it will not find the image."
        )
    return ""


def command_of(location: str, form: ExportForm, answer: Estimate, confirmed: frozenset[str]) -> str:
    """The command lines that do the same, one after the other."""
    return " && ".join(
        export_command(
            location, plan.images, form.options, path or "image.tar", checksum=form.checksum,
            overwrite=path in confirmed,
        )
        for plan, path in zip(answer.plans, answer.question.paths, strict=True)
    )  # fmt: skip


def reason_of(form: ExportForm, failure: Failure | None) -> str:
    """Why Export cannot be pressed; "" if it can."""
    if not form.options.all_platforms and not form.options.platforms:
        return tr("Tick at least one platform.")
    if failure is not None:
        return tr("See above what stands against it.")
    if form.path:
        return ""
    return tr("Say which folder to write to.") if form.each else tr("Say which file to write.")
