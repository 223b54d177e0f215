"""What each command does: ask the core, print what it says."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from exporter_core import gojson, humanize, mediatypes, platforms
from exporter_core.cli.output import ProgressPrinter, printable, say
from exporter_core.content import Image, Store
from exporter_core.descriptor import Descriptor
from exporter_core.errors import ContentError, ShipglassError, UsageError
from exporter_core.export import ExportReport, new_progress, run_export
from exporter_core.graph import BlobState, ImageSummary, Node, find_image, load_tree, summarise
from exporter_core.manifest import parse_descriptor
from exporter_core.plan import ExportOptions, ExportPlan, plan_export
from exporter_core.platforms import Platform
from exporter_core.stores import open_store
from exporter_core.verify import VerifyReport, verify

_GLYPHS = {
    BlobState.PRESENT: "●",
    BlobState.MISSING: "○",
    BlobState.WRONG_SIZE: "◐",
    BlobState.UNREADABLE: "✗",
    BlobState.UNVERIFIABLE: "?",
    BlobState.MALFORMED: "✗",
}


def images(options: argparse.Namespace) -> int:
    """List the store's images."""
    with closing(_open(options)) as store:
        summaries = (summarise(store, image) for image in store.images())
        if options.json:
            _print_json([_summary_json(summary) for summary in summaries])
        else:
            _print_images(list(summaries))
        _say_notes(store.notes)
    return 0


def tree(options: argparse.Namespace) -> int:
    """Show one image's tree."""
    with closing(_open(options)) as store:
        root = load_tree(store, find_image(store, options.image))
        if options.json:
            _print_json(_node_json(root))
        else:
            print(printable(options.image))
            _print_node(root, "")
    return 0


def export(options: argparse.Namespace) -> int:
    """Write the archive, or only say what it would be."""
    with closing(_open(options)) as store:
        plan = plan_export(store, _roots(options, store), _export_options(options))
        if options.plan:
            _print_plan(plan, as_json=options.json)
            return plan.problems[0].exit_code if plan.problems else 0
        if not options.quiet:
            _say_notes(plan.notes)
        report = _run(options, plan, store)
    if options.json:
        _print_json(_report_json(options.output, report), to_stderr=options.output == "-")
    elif not options.quiet:
        say(_report_text(options.output, report))
    return 0


def check(options: argparse.Namespace) -> int:
    """Verify an archive or a store."""
    telling = not (options.json or options.quiet)

    def on_blob(digest: str, size: int) -> None:
        if telling:
            say(f"hashed {digest}  {humanize.size(size)}")

    report = verify(
        options.store, sha256=options.sha256, on_blob=on_blob, document_limit=options.document_limit
    )
    if options.json:
        _print_json(_verify_json(report))
    else:
        _say_verified(report, quiet=options.quiet)
    return report.problems[0].exit_code if report.problems else 0


RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "images": images,
    "tree": tree,
    "export": export,
    "verify": check,
}


def _open(options: argparse.Namespace) -> Store:
    return open_store(options.store, document_limit=options.document_limit)


# export


def _roots(options: argparse.Namespace, store: Store) -> list[Image | Descriptor]:
    if options.descriptor is None:
        return [find_image(store, text) for text in options.images]
    text = options.descriptor
    if text.startswith("@"):
        try:
            with open(text[1:], encoding="utf-8") as file:
                text = file.read()
        except (OSError, ValueError) as error:
            raise UsageError(f"--descriptor {text}: {error}") from error
    try:
        value = gojson.loads(text.encode("utf-8", "surrogateescape"), name="--descriptor")
    except ContentError as error:
        raise UsageError(
            error.message, hint='Give one JSON object: {"mediaType": …, "digest": …}.'
        ) from error
    child = parse_descriptor(value, where="--descriptor")
    if not isinstance(child, Descriptor):
        raise child.problem
    return [child]


def _export_options(options: argparse.Namespace) -> ExportOptions:
    parse = platforms.parse_v1 if options.profile == "v1" else platforms.parse
    chosen: tuple[Platform, ...] = tuple(parse(text) for text in options.platform or ())
    return ExportOptions(
        platforms=chosen or None,
        all_platforms=options.all_platforms,
        profile=options.profile,
        docker_manifest=not options.no_docker_manifest,
        skip_nondistributable=options.skip_non_distributable,
        document_limit=options.document_limit,
    )


def _run(options: argparse.Namespace, plan: ExportPlan, store: Store) -> ExportReport:
    to_stdout = options.output == "-"
    if to_stdout and sys.stdout.isatty():
        raise UsageError("the archive would go to the terminal", hint="Pipe it on, or name a file with -o.")
    plan.raise_for_problems()
    progress = new_progress(plan)
    with _cancel_on_signals() as cancel, ProgressPrinter(progress, plan.blobs, quiet=options.quiet):
        return run_export(
            plan,
            store,
            sys.stdout.buffer if to_stdout else options.output,
            progress=progress,
            cancel=cancel,
            overwrite=options.force,
            checksum=options.checksum,
        )


@contextmanager
def _cancel_on_signals() -> Iterator[threading.Event]:
    """An event that Ctrl+C and SIGTERM set; a second Ctrl+C stops at once."""
    cancel = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield cancel
        return

    def stop(number: int, _: object) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# What is printed


def _print_json(value: object, *, to_stderr: bool = False) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False), file=sys.stderr if to_stderr else sys.stdout)


def _say_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        say(f"note: {note}")


def _summary_json(summary: ImageSummary) -> dict[str, Any]:
    target = summary.image.target
    return {
        "name": summary.image.name,
        "digest": str(target.digest) if isinstance(target, Descriptor) else target.digest_text,
        "mediaType": summary.media_type,
        "size": summary.size,
        "presentSize": summary.present_size,
        "blobs": summary.blobs,
        "present": summary.present,
        "platforms": [status.name for status in summary.platforms],
        "complete": summary.complete,
        "referrer": summary.image.is_referrer,
        "problems": [str(problem) for problem in summary.problems],
    }


def _print_images(summaries: list[ImageSummary]) -> None:
    rows = [
        (
            printable(summary.image.name),
            humanize.short_digest(_summary_json(summary)["digest"]),
            humanize.size(summary.size),
            ", ".join(f"{'●' if p.complete else '◐'} {printable(p.name)}" for p in summary.platforms)
            or mediatypes.describe(summary.media_type),
        )
        for summary in summaries
    ]
    table = [("NAME", "DIGEST", "SIZE", "PLATFORMS"), *rows]
    widths = [max(len(row[i]) for row in table) for i in range(3)]
    for name, digest, size, what in table:
        print(f"{name:{widths[0]}}  {digest:{widths[1]}}  {size:>{widths[2]}}  {what}".rstrip())


def _node_json(node: Node) -> dict[str, Any]:
    return {
        "role": node.role,
        "label": node.label,
        "digest": node.digest_text,
        "mediaType": node.child.media_type,
        "size": node.size,
        "platform": None if node.platform is None else str(node.platform),
        "state": node.state.value,
        "problem": None if node.problem is None else str(node.problem),
        "children": [_node_json(child) for child in node.children or ()],
    }


def _print_node(node: Node, indent: str) -> None:
    size = humanize.size(node.size) if node.size is not None else "?"
    what = mediatypes.describe(node.child.media_type)
    label, digest = printable(node.label), printable(node.digest_text)
    print(f"{indent}{_GLYPHS[node.state]} {label}  {size}  {what}  {digest}")
    if node.problem:
        print(f"{indent}    {printable(str(node.problem))}")
    for child in node.children or ():
        _print_node(child, indent + "  ")


def _print_plan(plan: ExportPlan, *, as_json: bool) -> None:
    if as_json:
        _print_json(
            {
                "bytes": plan.total,
                "entries": [
                    {
                        "name": entry.name,
                        "mode": entry.mode,
                        "size": entry.size,
                        "digest": str(entry.descriptor.digest) if entry.descriptor else None,
                    }
                    for entry in plan.entries
                ],
                "problems": [_problem_json(problem) for problem in plan.problems],
                "notes": list(plan.notes),
            }
        )
        return
    for entry in plan.entries:
        print(f"{entry.mode:04o}  {entry.size:>14}  {entry.name}  {printable(entry.owner)}".rstrip())
    print(f"{plan.total} bytes ({humanize.size(plan.total)}) in {len(plan.entries)} entries")
    _say_notes(plan.notes)
    for problem in plan.problems:
        say(f"problem: {problem}" + (f"\n  {problem.hint}" if problem.hint else ""))


def _problem_json(problem: ShipglassError) -> dict[str, Any]:
    return {
        "kind": type(problem).__name__,
        "message": str(problem),
        "hint": problem.hint,
        "digest": getattr(problem, "digest", "") or None,
        "owner": getattr(problem, "owner", "") or None,
        "exitCode": problem.exit_code,
    }


def _report_json(output: str, report: ExportReport) -> dict[str, Any]:
    told: dict[str, Any] = {
        "output": output,
        "bytes": report.bytes,
        "blobs": report.blobs,
        "seconds": round(report.seconds, 6),
    }
    if report.sha256:
        told["sha256"] = report.sha256
    return told


def _report_text(output: str, report: ExportReport) -> str:
    rate = humanize.rate(report.bytes / report.seconds) if report.seconds else ""
    where = "standard output" if output == "-" else output
    text = (
        f"wrote {where}: {humanize.size(report.bytes)}, {humanize.count(report.blobs, 'blob', 'blobs')} "
        f"verified, {report.seconds:.2f} s, {rate}"
    )
    return f"{text}\nsha256:{report.sha256}" if report.sha256 else text


def _verify_json(report: VerifyReport) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "location": report.location,
        "kind": report.kind,
        "blobs": report.blobs,
        "bytes": report.bytes,
        "images": report.images,
        "problems": [_problem_json(problem) for problem in report.problems],
        "notes": list(report.notes),
    }


def _say_verified(report: VerifyReport, *, quiet: bool) -> None:
    if not quiet:
        _say_notes(report.notes)
    for problem in report.problems:
        say(f"problem: {problem}" + (f"\n  {problem.hint}" if problem.hint else ""))
    verdict = "verified" if report.ok else f"{humanize.count(len(report.problems), 'problem', 'problems')} in"
    if not (quiet and report.ok):
        print(
            f"{verdict} {printable(report.location)}: {humanize.count(report.blobs, 'blob', 'blobs')}, "
            f"{humanize.size(report.bytes)}, {humanize.count(report.images, 'image', 'images')}"
        )
