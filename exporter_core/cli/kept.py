"""``kept``: what keeps a blob of containerd's store, and what a collection would take."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from exporter_core import humanize
from exporter_core.cli import terminal, text
from exporter_core.cli.terminal import printable, put
from exporter_core.errors import StoreError, UsageError
from exporter_core.metadata import MetadataStore
from exporter_core.stores import open_store

if TYPE_CHECKING:
    from exporter_core.kept import Garbage, KeptIndex, Reason


def kept(options: argparse.Namespace) -> int:
    """Say what keeps ``options.digest``; without one, which blobs nothing keeps."""
    from exporter_core.kept import NEWEST, build_kept  # only this command pays for it

    with closing(open_store(options.store, document_limit=options.document_limit, terminal=True)) as store:
        if not isinstance(store, MetadataStore):
            raise StoreError(
                f"{store.location} is no store of containerd's: it does not say what keeps a blob",
                hint="Give containerd's root (/var/lib/containerd, say). Every blob of another store stays.",
            )
        index = build_kept(store, version=options.containerd or NEWEST)
        if options.digest is None:
            _garbage(index, as_json=options.json)
        else:
            _reasons(index, _digest(index, options.digest), as_json=options.json)
        text.notes(store.notes)
    return 0


def _digest(index: KeptIndex, given: str) -> str:
    """The digest that begins as ``given``, with or without its algorithm; all of it where none does."""
    found = [name for name in index.blobs if given and name.startswith((given, f"sha256:{given}"))]
    if len(found) == 1:
        return found[0]
    if given in index.blobs or index.why(given, most=1):
        return given
    if found:
        raise UsageError(f"{len(found)} digests begin with {given}", hint="Give more of its digits.")
    raise UsageError(
        f"namespace {index.namespace} has no blob {given}",
        hint="shipglass tree lists an image's blobs, shipglass kept those that nothing keeps.",
    )


# --- why


def _reasons(index: KeptIndex, digest: str, *, as_json: bool) -> None:
    reasons = index.why(digest)
    if as_json:
        terminal.put_json(
            {
                "digest": digest,
                "size": index.blobs.get(digest),
                "kept": index.keeps(digest),
                "reasons": [[_link(link) for link in reason.links] for reason in reasons],
            }
        )
        return
    size = index.blobs.get(digest)
    put(f"{digest}  {'not recorded' if size is None else humanize.size(size)}")
    _ways(reasons)
    if not reasons:
        put("  nothing keeps it: the next collection takes it")


def _link(link: Any) -> dict[str, Any]:
    thing = link.thing
    return {
        "kind": str(thing.kind),
        "name": thing.name,
        "snapshotter": thing.snapshotter or None,
        "how": link.how,
    }


def _ways(reasons: Sequence[Reason]) -> None:
    from exporter_core.kept.index import MOST

    for reason in reasons:
        first = reason.links[0]
        how = "" if first.how == first.thing.kind else f" ({first.how})"
        put(printable(f"  {first.thing}{how}"))
        for link in reason.links[1:]:
            put(printable(f"    {link.how} → {link.thing}"))
    if len(reasons) == MOST:
        put(f"  … (only the {MOST} nearest are listed)")


# --- what nothing keeps


def _garbage(index: KeptIndex, *, as_json: bool) -> None:
    garbage = index.garbage()
    if as_json:
        terminal.put_json(_document(index, garbage))
        return
    for digest, size in garbage.blobs.items():
        where = "  also in another namespace" if digest in garbage.elsewhere else ""
        put(f"{digest}  {humanize.size(size)}{where}")
    for thing in garbage.snapshots:
        put(printable(str(thing)))
    for kind, names in (("image", garbage.images), ("lease", garbage.leases), ("ingest", garbage.ingests)):
        for name in names:
            put(printable(f"{kind} {name}  expired"))
    blobs = humanize.count(len(garbage.blobs), "blob", "blobs")
    snapshots = humanize.count(len(garbage.snapshots), "snapshot", "snapshots")
    whole = humanize.count(len(index.blobs), "blob", "blobs")
    total = humanize.size(sum(index.blobs.values()))
    alone = f", {humanize.size(garbage.freed)} of it in no other namespace" if garbage.elsewhere else ""
    put(
        f"nothing keeps {blobs} ({humanize.size(garbage.bytes)}{alone}) of {whole} ({total}), and {snapshots}"
    )


def _document(index: KeptIndex, garbage: Garbage) -> dict[str, Any]:
    """``kept --json`` without a digest."""
    return {
        "namespace": index.namespace,
        "blobs": len(index.blobs),
        "bytes": sum(index.blobs.values()),
        "unreferenced": [
            {"digest": digest, "size": size, "elsewhere": digest in garbage.elsewhere}
            for digest, size in garbage.blobs.items()
        ],
        "unreferencedBytes": garbage.bytes,
        "freedBytes": garbage.freed,
        "snapshots": [{"snapshotter": thing.snapshotter, "key": thing.name} for thing in garbage.snapshots],
        "images": list(garbage.images),
        "leases": list(garbage.leases),
        "ingests": list(garbage.ingests),
    }
