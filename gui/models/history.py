"""How an image was made: the steps of its history beside the layers they made, as rows and as a table."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QObject

from exporter_core import Descriptor, ImageConfig, Node, Store, expand, mediatypes
from exporter_core.content import read_document, read_up_to
from exporter_core.errors import ContentError, ShipglassError
from exporter_core.graph import Step, history_steps
from gui.models import (
    ACCESSIBLE_TEXT,
    ALIGNMENT,
    COPY,
    DECORATION,
    DISPLAY,
    FOREGROUND,
    TOOL_TIP,
    VALUE,
    Index,
)  # fmt: skip
from gui.models.completeness import Badge, blob_badge
from gui.models.json_text import SHOWN_MOST, JsonText, json_text
from gui.models.table import Table
from gui.text import exact_size, moment, number, plural, size, tr
from gui.theme import icon, tokens

LAYER, WHAT, SIZE = range(3)
_SHELL = re.compile(r"^(?:\|\d+ .*? )?/bin/sh -c (#\(nop\)\s*)?")
_BUILDKIT = re.compile(r"\s+# buildkit$")
_TIP_MOST = 2000


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step and the node of the layer it made (None for none)."""

    step: Step
    node: Node | None

    @property
    def command(self) -> str:
        """The step as one would write it in a Dockerfile, on one line."""
        entry = self.step.entry
        if entry is None:
            return tr("(no step explains this layer)")
        words = _BUILDKIT.sub("", entry.created_by)
        shell = _SHELL.match(words)
        if shell:
            words = words[shell.end() :] if shell[1] else f"RUN {words[shell.end() :]}"
        words = words.replace("RUN /bin/sh -c ", "RUN ", 1)
        words = " ".join(words.split())
        return words or entry.comment or tr("(no command)")

    @property
    def badge(self) -> Badge | None:
        """What the store has of the layer."""
        return blob_badge(self.node.state) if self.node is not None else None


@dataclass(frozen=True, slots=True)
class Making:
    """What the config of ``manifest`` tells: the document itself, and its history beside the layers.

    ``problem`` says why there is no config to read, ``note`` what does not fit in the history.
    """

    manifest: Node
    json: JsonText | None = None
    rows: tuple[StepRow, ...] = ()
    problem: ShipglassError | None = None
    note: str = ""


def manifest_of(node: Node | None, parent: Node | None) -> Node | None:
    """The manifest that ``node`` is, or, for its config and layers, the one above."""
    for each in (node, parent):
        if each is not None and each.role in ("manifest", "attestation"):
            return each
    return None


def read_making(store: Store, manifest: Node) -> Making:
    """In the pool: read the config of ``manifest``. Never raises for bad content."""
    whole = expand(store, manifest)
    nodes = whole.children or ()
    if not nodes:
        return Making(whole, problem=whole.problem)
    child = nodes[0].child
    if not isinstance(child, Descriptor):
        return Making(whole, problem=child.problem)
    json = _config_text(store, child)
    if not mediatypes.is_config(child.media_type):
        return Making(whole, json, tuple(_rows((), nodes[1:])), nodes[0].problem)
    try:
        data = read_document(store, child, limit=store.document_limit)
        config = ImageConfig.parse(data, name=str(child.digest))
    except ContentError as error:
        return Making(whole, json, problem=error.owned_by(nodes[0].owner))
    steps = history_steps(config, [node.child for node in nodes[1:]])
    return Making(whole, json, tuple(_rows(steps, nodes[1:])), note=_note(config, steps, len(nodes) - 1))


def _rows(steps: tuple[Step, ...], layers: tuple[Node, ...]) -> list[StepRow]:
    if not steps:
        steps = tuple(Step(None, node.child, number_) for number_, node in enumerate(layers, 1))
    return [StepRow(step, layers[step.number - 1] if step.number else None) for step in steps]


def _note(config: ImageConfig, steps: tuple[Step, ...], layers: int) -> str:
    claimed = sum(not entry.empty_layer for entry in config.history)
    if not config.history:
        return tr("The configuration tells no history; these are its layers.") if layers else ""
    if claimed == layers:
        return ""
    return tr(
        "The history tells of {told}, the manifest has {n}: they may not fit each other.",
        told=plural(claimed, "{n} layer", "{n} layers"),
        n=number(layers),
    )


def _config_text(store: Store, child: Descriptor) -> JsonText | None:
    with suppress(ContentError, OSError), store.open(child) as blob:
        data = read_up_to(blob, SHOWN_MOST)
        cut = tr("The first {shown} of {size}", shown=size(len(data)), size=exact_size(child.size))
        return json_text(data, cut if child.size > len(data) else exact_size(len(data)))
    return None


def step_details(row: StepRow) -> list[tuple[str, str]]:
    """(label, value) of all that is known of a step, for the detail below the table."""
    entry, step = row.step.entry, row.step
    facts: list[tuple[str, str]] = []
    if entry is not None:
        facts += [(tr("Created"), moment(entry.created)), (tr("Author"), entry.author)]
        facts += [(tr("Comment"), entry.comment)]
    if row.node is not None and row.badge is not None:
        there = tr("{size}, {state}", size=exact_size(row.node.size or 0), state=row.badge.text)
        facts += [(tr("Layer"), f"{row.node.label} · {there}"), (tr("Digest"), row.node.digest_text)]
        facts += [(tr("Unpacked"), step.diff_id)]
    else:
        facts.append((tr("Layer"), tr("none: it only changed the configuration")))
    return [(label, value) for label, value in facts if value]


class HistoryModel(Table):
    """The steps from the first on."""

    def __init__(self, parent: QObject | None = None) -> None:
        titles = (tr("Layer"), tr("Step"), tr("Size"))
        super().__init__(titles, (SIZE,), parent)
        self._rows: tuple[StepRow, ...] = ()

    def show(self, rows: tuple[StepRow, ...]) -> None:
        """Show these steps."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def find(self, digest: str) -> QModelIndex:
        """The step that made the layer with ``digest``."""
        for at, row in enumerate(self._rows):
            if row.node is not None and row.node.digest_text == digest:
                return self.index(at, WHAT)
        return QModelIndex()

    def count(self) -> int:
        """See Table."""
        return len(self._rows)

    # Qt's side

    def data(self, index: Index, role: int = DISPLAY) -> object:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if role == DISPLAY:
            return _text(row, column)
        if role == DECORATION and column == LAYER and row.badge is not None:
            return icon(row.badge.icon, row.badge.tint)
        if role == FOREGROUND:
            return _colour(row, column)
        if role == ALIGNMENT:
            return self.alignment(column)
        if role == TOOL_TIP:
            return _tip(row, column)
        if role == ACCESSIBLE_TEXT and column == WHAT:
            state = row.badge.text if row.badge is not None else tr("no layer")
            return ", ".join(filter(None, (row.command, _text(row, LAYER), state)))
        if role == COPY:
            return row.step.entry.created_by if row.step.entry else row.command
        return row if role == VALUE else None


def _text(row: StepRow, column: int) -> str:
    if column == WHAT:
        return row.command
    if row.node is None:
        return ""
    return number(row.step.number) if column == LAYER else size(row.node.size)


def _colour(row: StepRow, column: int) -> object:
    if row.node is None:
        return tokens().colour("muted")
    return tokens().colour("accent") if column == LAYER else None


def _tip(row: StepRow, column: int) -> str:
    if column == LAYER and row.node is not None and row.badge is not None:
        return tr("{state}: go to {layer}", state=row.badge.text, layer=row.node.label)
    if column == SIZE and row.node is not None:
        return exact_size(row.node.size or 0)
    return row.command[:_TIP_MOST]
