"""What each command prints for a person: tables, trees, plans and reports. No decisions, no JSON."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from exporter_core import humanize, mediatypes
from exporter_core.cli import terminal
from exporter_core.cli.terminal import printable, put, say
from exporter_core.descriptor import Descriptor
from exporter_core.errors import ShipglassError
from exporter_core.export import ExportReport
from exporter_core.graph.states import BlobState
from exporter_core.plan import ExportPlan

if TYPE_CHECKING:
    from exporter_core.graph import ImageSummary, Node
    from exporter_core.stores.discover import Place
    from exporter_core.verify import VerifyReport

_GLYPHS = {
    BlobState.PRESENT: "●",
    BlobState.MISSING: "○",
    BlobState.WRONG_SIZE: "◐",
    BlobState.UNREADABLE: "✗",
    BlobState.CORRUPT: "✗",
    BlobState.UNVERIFIABLE: "?",
    BlobState.MALFORMED: "✗",
}
_DIGITS = 12  # of a digest on a terminal; a beginning that long may be given as IMAGE
_LONG_DIGEST = re.compile(rf"([a-z0-9]+:[0-9a-f]{{{_DIGITS}}})[0-9a-f]+")
_NARROWEST = 24  # a name keeps so many columns
_CONTENTS = 20  # and the platforms so many, before the names are cut


def notes(texts: Iterable[object]) -> None:
    """Say what is odd and stops nothing."""
    for text in texts:
        say(f"note: {text}")


def problems(errors: Sequence[ShipglassError], *, prefix: str) -> None:
    """Say each error, and its hint after the last of a row that shares it."""
    for i, error in enumerate(errors):
        say(f"{prefix}: {error}")
        after = errors[i + 1].hint if i + 1 < len(errors) else ""
        if error.hint and error.hint != after:
            say(f"  {error.hint}")


# images


def images(summaries: Sequence[ImageSummary]) -> None:
    """A table of images. On a terminal it fits the width; elsewhere nothing is cut."""
    columns = terminal.width(sys.stdout)
    rows = [_row(summary, short=columns is not None) for summary in summaries]
    table = [("NAME", "DIGEST", "SIZE", "PLATFORMS"), *rows]
    if columns is not None:
        table = _fitted(table, columns)
    widths = [max(len(row[i]) for row in table) for i in range(3)]
    for name, digest, size, what in table:
        put(f"{name:{widths[0]}}  {digest:{widths[1]}}  {size:>{widths[2]}}  {what}".rstrip())


def _row(summary: ImageSummary, *, short: bool) -> tuple[str, str, str, str]:
    digest = _digest(summary.image.digest_text, short=short)
    name = printable(summary.image.name)
    if short:
        name = _LONG_DIGEST.sub(r"\1…", name)
    return name, digest, humanize.size(summary.size), _contents(summary)


def _contents(summary: ImageSummary) -> str:
    """The platforms, or what it is where it has none."""
    named = [status for status in summary.platforms if status.platform is not None]
    told = [status.name if status.complete else f"◐ {status.name} (incomplete)" for status in named]
    target = summary.image.target
    artifact = target.artifact_type if isinstance(target, Descriptor) else ""
    if not told:
        told = [mediatypes.describe(artifact or summary.media_type)]
        if not summary.complete:
            told.append("✗ unusable")
    return printable(", ".join(dict.fromkeys(told)))


def _digest(text: str, *, short: bool) -> str:
    return printable(text.rpartition(":")[2][:_DIGITS] if short else text)


def _fitted(table: Sequence[tuple[str, str, str, str]], columns: int) -> list[tuple[str, str, str, str]]:
    """The table in ``columns`` characters: names lose their middle, platforms their end."""
    fixed = sum(max(len(row[i]) for row in table) for i in (1, 2)) + 6
    room = columns - fixed
    names, contents = (max(len(row[i]) for row in table) for i in (0, 3))
    name_room = max(_NARROWEST, min(names, room - min(contents, _CONTENTS)))
    return [
        (terminal.shorten(name, name_room), digest, size, _cut_list(what, room - min(names, name_room)))
        for name, digest, size, what in table
    ]


def _cut_list(text: str, most: int) -> str:
    """As many of the comma-separated parts as fit into ``most`` characters, and how many more there are."""
    parts = text.split(", ")
    for kept in range(len(parts), 0, -1):
        shown = ", ".join(parts[:kept]) + _more(parts[kept:])
        if len(shown) <= most:
            return shown
    return terminal.shorten(text, max(most, 10))


def _more(parts: Sequence[str]) -> str:
    if not parts:
        return ""
    return f" +{len(parts)}" + (" ◐" if any("◐" in part for part in parts) else "")


# tree


def tree(root: Node, name: str) -> None:
    """The image's tree, a line a node."""
    put(printable(name))
    _node(root, "", "", terminal.width(sys.stdout))


def _node(node: Node, branch: str, indent: str, columns: int | None) -> None:
    put(_cut(branch + _node_text(node, short=columns is not None), columns))
    children = node.children or ()
    reason = _reason(node)
    if reason:
        put(f"{indent}{'│ ' if children else '  '}  {reason}")
    for i, child in enumerate(children, 1):
        last = i == len(children)
        _node(
            child,
            indent + ("└── " if last else "├── "),
            indent + ("    " if last else "│   "),
            columns,
        )


def _node_text(node: Node, *, short: bool) -> str:
    size = humanize.size(node.size) if node.size is not None else "no size"
    state = "" if node.state is BlobState.PRESENT else f"  {node.state.value}"
    digest = _digest(node.digest_text or "no digest", short=short)
    kind = printable(mediatypes.describe(node.child.media_type))
    return f"{_GLYPHS[node.state]} {printable(node.label)}{state}  {size}  {digest}  {kind}"


def _reason(node: Node) -> str:
    """What is wrong with the node beyond its state."""
    if node.problem is None or node.state is BlobState.MISSING:
        return ""
    return printable(node.problem.message)


def _cut(line: str, columns: int | None) -> str:
    return line if columns is None or len(line) <= columns else line[: columns - 1] + "…"


# export


def plan(plan: ExportPlan) -> None:
    """What would be written, and what stands against it."""
    for entry in plan.entries:
        put(f"{entry.mode:04o}  {entry.size:>14}  {entry.name}  {printable(entry.owner)}".rstrip())
    put(f"{plan.total} bytes ({humanize.size(plan.total)}) in {len(plan.entries)} entries")
    terminal.flush()
    notes(plan.notes)
    problems(plan.problems, prefix="problem")


def exported(output: str, report: ExportReport) -> None:
    """The last line of an export."""
    where = "standard output" if output == "-" else output
    blobs = humanize.count(report.blobs, "blob", "blobs")
    rate = f", {humanize.rate(report.bytes / report.seconds)}" if report.seconds else ""
    say(f"wrote {where}: {humanize.size(report.bytes)}, {blobs} verified, {report.seconds:.2f} s{rate}")


def checksum(output: str, report: ExportReport) -> None:
    """The archive's digest, as sha256sum writes and reads it; on stderr where stdout is the archive."""
    line = f"{report.sha256}  {printable(output)}"
    if output == "-":
        say(line)
    else:
        put(line)


# verify


def verified(report: VerifyReport, *, quiet: bool) -> None:
    """What a verification found; nothing where all is well and ``quiet``."""
    if not quiet:
        notes(report.notes)
    problems(report.problems, prefix="problem")
    if quiet and report.ok:
        return
    verdict = "verified" if report.ok else f"{humanize.count(len(report.problems), 'problem', 'problems')} in"
    put(
        f"{verdict} {printable(report.location)}: {humanize.count(report.blobs, 'blob', 'blobs')}, "
        f"{humanize.size(report.bytes)}, {humanize.count(report.images, 'image', 'images')}"
    )


# stores


def stores(found: Sequence[Place], looked_for: Sequence[str]) -> None:
    """A table of what is there, then what to do about those that cannot be opened."""
    if not found:
        say(f"no container store was found; looked for: {', '.join(looked_for)}")
        return
    rows = [("PLACE", "WHOSE", "KIND", "IMAGES", "NAMESPACES"), *(_place(place) for place in found)]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for place, whose, kind, count, rest in rows:
        line = f"{place:{widths[0]}}  {whose:{widths[1]}}  {kind:{widths[2]}}  {count:>{widths[3]}}  {rest}"
        put(line.rstrip())
    terminal.flush()
    for closed in found:
        if closed.problem:
            say(f"note: {printable(closed.problem)}")
            say(f"  {printable(closed.hint)}")


def _place(place: Place) -> tuple[str, str, str, str, str]:
    count = "" if place.images is None else str(place.images)
    rest = ", ".join(place.namespaces) if place.readable else "✗ cannot be opened, see below"
    return printable(place.location), place.title, place.kind, count, printable(rest)
