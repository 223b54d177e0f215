"""What each command does: ask the core, hand on what it says."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import closing

from exporter_core import gojson, graph, platforms
from exporter_core.cli import documents, terminal, text
from exporter_core.cli.kept import kept
from exporter_core.cli.progress import HashCounter, ProgressPrinter
from exporter_core.cli.signals import cancelling
from exporter_core.content import Image, Store
from exporter_core.descriptor import Descriptor
from exporter_core.errors import ContentError, PlatformError, UsageError
from exporter_core.export import ExportReport, new_progress, run_export
from exporter_core.graph.find import find_image
from exporter_core.manifest import parse_descriptor
from exporter_core.plan import ExportOptions, ExportPlan, plan_export
from exporter_core.platforms import Platform
from exporter_core.progress import Progress
from exporter_core.stores import open_store

_DESCRIPTOR_HINT = 'Give one JSON object, or @FILE: {"mediaType": …, "digest": "sha256:…", "size": …}.'


def images(options: argparse.Namespace) -> int:
    """List the store's images."""
    with closing(_open(options)) as store:
        summaries = [graph.summarise(store, image) for image in store.images()]
        if options.json:
            terminal.put_json([documents.image(summary) for summary in summaries])
        else:
            text.images(summaries)
        text.notes(store.notes)
    return 0


def tree(options: argparse.Namespace) -> int:
    """Show one image's tree."""
    with closing(_open(options)) as store:
        image = find_image(store, options.image)
        root = graph.load_tree(store, image)
        if options.json:
            terminal.put_json(documents.node(root))
        else:
            text.tree(root, image.name)
    return 0


def export(options: argparse.Namespace) -> int:
    """Write the archive, or only say what it would be."""
    if options.output == "-" and not options.plan and terminal.is_terminal(sys.stdout):
        raise UsageError("the archive would go to the terminal", hint="Pipe it on, or name a file with -o.")
    with closing(_open(options)) as store:
        plan = plan_export(store, _roots(options, store), _export_options(options))
        if options.plan:
            return _show_plan(plan, as_json=options.json)
        plan.raise_for_problems()
        if not options.quiet:
            text.notes(plan.notes)
        report = _run(options, plan, store)
    _show_report(options, report)
    return 0


def check(options: argparse.Namespace) -> int:
    """Verify an archive or a store."""
    from exporter_core.stores.remote import is_remote  # only this command pays for them
    from exporter_core.verify import verify_location

    if options.sha256 and is_remote(options.store):
        raise UsageError(
            "--sha256 is of an archive on this system", hint="Leave it out, or copy the archive."
        )
    if options.sha256 and os.path.isdir(options.store):
        raise UsageError(f"{options.store} is a folder; --sha256 is of an archive", hint="Leave it out.")
    with closing(HashCounter(quiet=options.json or options.quiet)) as counter, cancelling() as cancel:
        report = verify_location(
            options.store,
            sha256=options.sha256 or "",
            on_blob=counter,
            cancel=cancel,
            document_limit=options.document_limit,
            terminal=True,
        )
    if options.json:
        terminal.put_json(documents.verified(report))
    else:
        text.verified(report, quiet=options.quiet)
    return report.problems[0].exit_code if report.problems else 0


def stores(options: argparse.Namespace) -> int:
    """List what is at the well-known places."""
    from exporter_core.stores.discover import discover  # only this command pays for it

    places = discover(os.environ, os.path.expanduser("~"))
    found = [place for place in places if place.exists]
    if options.json:
        terminal.put_json([documents.place(place) for place in found])
    else:
        text.stores(found, [place.location for place in places])
    return 0


def serve(options: argparse.Namespace) -> int:
    """Answer another process's questions until it ends."""
    from exporter_core.serve import serve_stdio  # only this command pays for it

    return serve_stdio(options.store, document_limit=options.document_limit)


RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "images": images,
    "tree": tree,
    "export": export,
    "verify": check,
    "stores": stores,
    "kept": kept,
    "serve": serve,
}


def _open(options: argparse.Namespace) -> Store:
    return open_store(options.store, document_limit=options.document_limit, terminal=True)


# export


def _roots(options: argparse.Namespace, store: Store) -> list[Image | Descriptor]:
    if options.descriptor is None:
        return [find_image(store, name) for name in options.images]
    try:
        value = gojson.loads(_descriptor_bytes(options.descriptor), name="--descriptor")
    except ContentError as error:
        raise UsageError(error.message, hint=_DESCRIPTOR_HINT) from error
    if not isinstance(value, dict):
        raise UsageError("--descriptor is no JSON object", hint=_DESCRIPTOR_HINT)
    child = parse_descriptor(value, where="--descriptor")
    if not isinstance(child, Descriptor):
        child.problem.hint = _DESCRIPTOR_HINT
        raise child.problem
    return [child]


def _descriptor_bytes(argument: str) -> bytes:
    if not argument.startswith("@"):
        return os.fsencode(argument)
    try:
        with open(argument[1:], "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise UsageError(
            f"--descriptor: {argument[1:]} cannot be read: {reason}", hint=_DESCRIPTOR_HINT
        ) from error


def _export_options(options: argparse.Namespace) -> ExportOptions:
    return ExportOptions(
        platforms=_platforms(options) or None,
        all_platforms=options.all_platforms,
        profile=options.profile,
        docker_manifest=not options.no_docker_manifest,
        skip_nondistributable=options.skip_non_distributable,
        document_limit=options.document_limit,
    )


def _platforms(options: argparse.Namespace) -> tuple[Platform, ...]:
    parse = platforms.parse_v1 if options.profile == "v1" else platforms.parse
    try:
        return tuple(parse(name) for name in options.platform or ())
    except PlatformError as error:
        if any("," in name for name in options.platform):
            error.hint = "Give --platform once for each platform."
        raise


def _run(options: argparse.Namespace, plan: ExportPlan, store: Store) -> ExportReport:
    progress = new_progress(plan)
    with ProgressPrinter(progress, plan.blobs, quiet=options.quiet):
        if options.output == "-":
            return _run_to_stdout(plan, store, progress, checksum=options.checksum)
        with cancelling() as cancel:
            return run_export(
                plan,
                store,
                options.output,
                progress=progress,
                cancel=cancel,
                overwrite=options.force,
                checksum=options.checksum,
            )


def _run_to_stdout(plan: ExportPlan, store: Store, progress: Progress, *, checksum: bool) -> ExportReport:
    """A signal stops it in the middle of a write: the pipe's reader may have stalled for ever."""
    try:
        return run_export(plan, store, sys.stdout.buffer, progress=progress, checksum=checksum)
    except BaseException:
        terminal.abandon_stdout()
        raise


def _show_plan(plan: ExportPlan, *, as_json: bool) -> int:
    if as_json:
        terminal.put_json(documents.plan(plan))
    else:
        text.plan(plan)
    return plan.problems[0].exit_code if plan.problems else 0


def _show_report(options: argparse.Namespace, report: ExportReport) -> None:
    if options.json and options.output == "-":
        terminal.say(json.dumps(documents.exported("-", report)))  # one line, the last on stderr
    elif options.json:
        terminal.put_json(documents.exported(options.output, report))
    else:
        if not options.quiet:
            text.exported(options.output, report)
        if options.checksum:
            text.checksum(options.output, report)
