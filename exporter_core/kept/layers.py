"""Which snapshot is which layer of an image, unpacked (image-spec ``config.md`` §Layer ChainID)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from exporter_core.descriptor import EMPTY
from exporter_core.kept.rules import Kind, forward
from exporter_core.metadata import Snapshot


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A layer by its ``diff_id`` and ``chain_id``; ``snapshots`` hold it with all layers below it, at most
    one of each snapshotter; none where it is not unpacked.
    """

    diff_id: str
    chain_id: str
    snapshots: tuple[Snapshot, ...] = ()


def chain_ids(diff_ids: Iterable[str]) -> tuple[str, ...]:
    """The chain ID of each layer with all below it, from the lowest (Go: ``identity.ChainIDs``)."""
    found: list[str] = []
    for diff_id in diff_ids:
        text = f"{found[-1]} {diff_id}" if found else ""
        found.append("sha256:" + hashlib.sha256(text.encode()).hexdigest() if text else diff_id)
    return tuple(found)


def unpacked(
    diff_ids: Sequence[str], snapshots: Iterable[Snapshot], labels: Mapping[str, str] = EMPTY
) -> tuple[Unpacked, ...]:
    """Each layer of an image config with its snapshots.

    A layer's snapshot has its chain ID for a key. ``labels`` are those of the config's blob: where they name
    a snapshot (``gc.ref.snapshot.SNAPSHOTTER``) with as many ancestors as there are layers, these count for
    that snapshotter where no key fits.
    """
    by_name = {(found.snapshotter, found.key): found for found in snapshots}
    snapshotters = sorted({snapshotter for snapshotter, _ in by_name})
    chains = chain_ids(diff_ids)
    labelled = dict(_by_label(len(chains), by_name, labels))
    return tuple(
        Unpacked(diff_id, chain, tuple(_of_layer(number, chain, snapshotters, by_name, labelled)))
        for number, (diff_id, chain) in enumerate(zip(diff_ids, chains, strict=True))
    )


_ByName = Mapping[tuple[str, str], Snapshot]


def _of_layer(
    number: int,
    chain: str,
    snapshotters: Sequence[str],
    by_name: _ByName,
    labelled: Mapping[str, Sequence[Snapshot]],
) -> Iterable[Snapshot]:
    for snapshotter in snapshotters:
        found = by_name.get((snapshotter, chain))
        if found is None and snapshotter in labelled:
            found = labelled[snapshotter][number]
        if found is not None:
            yield found


def _by_label(
    layers: int, by_name: _ByName, labels: Mapping[str, str]
) -> Iterable[tuple[str, Sequence[Snapshot]]]:
    """Snapshotter and its snapshots from the lowest, for each label that leads to as many as ``layers``."""
    for _, (kind, name) in forward(labels):
        snapshotter, _, key = name.partition("/")
        rising: list[Snapshot] = []
        while kind is Kind.SNAPSHOT and key and len(rising) <= layers:
            found = by_name.get((snapshotter, key))
            if found is None:
                break
            rising.append(found)
            key = found.parent
        if rising and len(rising) == layers and not key:
            yield snapshotter, rising[::-1]
