"""What went wrong, in words: the title, the facts (blob, owner, expected, actual), what to do."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exporter_core import ShipglassError
from exporter_core.errors import ContentError, DigestMismatch, MissingBlob, PlanError, SizeMismatch
from gui.job_list import SomeFailed
from gui.text import exact_size, number, plural, tr

_MOST = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """``title`` in a few words, ``text`` the whole in plain text, made to be read and copied."""

    title: str
    text: str


def failure_of(error: BaseException) -> Failure:
    """The failure that ``error`` tells of."""
    if isinstance(error, PlanError):
        return problems_failure(error.problems)
    if isinstance(error, SomeFailed):
        return _files_failure(error)
    if isinstance(error, ShipglassError):
        return Failure(_first_line(error), "\n".join(_lines(error)))
    details = "".join(traceback.format_exception(error))
    text = tr("This is a fault in Shipglass, please report it with these lines:")
    return Failure(str(error) or type(error).__name__, f"{text}\n{details}")


def sentence_of(error: BaseException) -> str:
    """What happened, in one line; of several problems the first."""
    if isinstance(error, PlanError):
        return sentence_of(error.problems[0])
    if isinstance(error, ShipglassError):
        return _sentence(error)
    return failure_of(error).title


def problems_failure(problems: Sequence[ShipglassError]) -> Failure:
    """Everything that stands against an export."""
    blocks = ["\n".join(_lines(problem)) for problem in problems[:_MOST]]
    if len(problems) > _MOST:
        blocks.append(plural(len(problems) - _MOST, "… and {n} more problem", "… and {n} more problems"))
    title = plural(
        len(problems), "This export cannot work: {n} problem", "This export cannot work: {n} problems"
    )
    return Failure(title, "\n\n".join(blocks))


def _files_failure(error: SomeFailed) -> Failure:
    """What kept each file from being written."""
    blocks = []
    for part in error.failed[:_MOST]:
        why = failure_of(part.error).text if part.error is not None else ""
        blocks.append(f"{part.request.path}\n{why}")
    if len(error.failed) > _MOST:
        blocks.append(plural(len(error.failed) - _MOST, "… and {n} more file", "… and {n} more files"))
    title = tr(
        "{n} of {total} files could not be written", n=number(len(error.failed)), total=number(error.total)
    )
    return Failure(title, "\n\n".join(blocks))


def _first_line(error: ShipglassError) -> str:
    line = error.message.splitlines()[0] if error.message else type(error).__name__
    return line[:1].upper() + line[1:]


def _lines(error: ShipglassError) -> Iterator[str]:
    yield _sentence(error)
    if error.hint:
        yield tr("What to do: {hint}", hint=error.hint)
    yield from (f"{label}: {value}" for label, value in _facts(error) if value)


def _sentence(error: ShipglassError) -> str:
    """What happened without the facts, where those follow in lines of their own."""
    if isinstance(error, DigestMismatch):
        return tr("The blob is corrupt: its {n} bytes do not hash to its digest.", n=number(error.size))
    if isinstance(error, SizeMismatch):
        return tr("The blob does not have the size that its descriptor says.")
    if isinstance(error, MissingBlob):
        return tr("The blob is not in the store.")
    return error.message


def _facts(error: ShipglassError) -> Iterator[tuple[str, str]]:
    if not isinstance(error, ContentError):
        return
    yield tr("Where"), error.owner
    yield tr("Blob"), error.digest
    if isinstance(error, DigestMismatch):
        yield tr("Expected"), error.expected
        yield tr("Actual"), error.actual
    elif isinstance(error, SizeMismatch):
        yield tr("Expected"), exact_size(error.expected)
        yield tr("Actual"), tr("more") if error.actual is None else exact_size(error.actual)
