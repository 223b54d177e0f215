"""How an image was made, each step beside the layer it made (image-spec ``config.md``, history)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exporter_core.descriptor import Child
from exporter_core.manifest import HistoryEntry, ImageConfig


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the history and its layer: ``layer`` is None where the step made none, ``entry`` None for a
    layer that no step explains. ``number`` counts layers from 1; ``diff_id`` is the unpacked layer's digest
    text, "" where the config lists too few.
    """

    entry: HistoryEntry | None
    layer: Child | None = None
    number: int = 0
    diff_id: str = ""


def history_steps(config: ImageConfig, layers: Sequence[Child]) -> tuple[Step, ...]:
    """The steps of ``config`` in order, aligned with the manifest's ``layers`` from the base up.

    Histories need not fit: layers that are left over come at the end without a step, steps that claim more
    layers than there are have none.
    """
    steps: list[Step] = []
    taken = 0
    for entry in config.history:
        if entry.empty_layer or taken >= len(layers):
            steps.append(Step(entry))
            continue
        steps.append(_layer_step(config, layers, taken, entry))
        taken += 1
    steps.extend(_layer_step(config, layers, i, None) for i in range(taken, len(layers)))
    return tuple(steps)


def _layer_step(config: ImageConfig, layers: Sequence[Child], i: int, entry: HistoryEntry | None) -> Step:
    diff_id = config.diff_ids[i] if i < len(config.diff_ids) else ""
    return Step(entry, layers[i], i + 1, diff_id)
