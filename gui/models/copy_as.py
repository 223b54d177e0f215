"""What "Copy as" offers of an image, a node or a blob: digest, reference, path, commands of other tools."""

from __future__ import annotations

from dataclasses import dataclass

from exporter_core import Descriptor, ExportOptions, Image, Node, Platform, Store
from exporter_core.commands import (
    Command,
    blob_commands,
    export_command,
    image_commands,
    registry_commands,
)
from exporter_core.errors import InvalidReference
from exporter_core.reference import parse
from gui.text import tr


@dataclass(frozen=True, slots=True)
class Copyable:
    """A ``text`` to copy; ``group`` is "" for what it is, else the program that the command is for."""

    title: str
    text: str
    group: str = ""


def image_copies(store: Store, image: Image, platform: Platform | None) -> list[Copyable]:
    """Of an image; the export is of ``platform``, or of everything."""
    options = ExportOptions(platforms=(platform,) if platform else None, all_platforms=platform is None)
    export = export_command(store.location, [image], options, "image.tar")
    commands = [
        *image_commands(store.location, store.kind, image),
        Command("shipglass", "export it", export),
        *registry_commands(image),
    ]
    facts = [
        Copyable(tr("Digest"), image.digest_text),
        Copyable(tr("Reference"), image.name),
        *_path(store, image.target),
    ]
    return [*facts, *(_copyable(command) for command in commands)]


def node_copies(store: Store, image: Image, node: Node, platform: Platform | None) -> list[Copyable]:
    """Of a row of the structure: ``node`` somewhere in ``image``, whose root stands for all of it."""
    if node.digest_text == image.digest_text:
        own = [item for item in blob_copies(store, node.child) if item.group]
        return [*image_copies(store, image, platform), *own]
    facts = [Copyable(tr("Digest"), node.digest_text)]
    if image.name and image.name != node.digest_text:
        facts.append(Copyable(tr("Reference"), f"{_repository(image.name)}@{node.digest_text}"))
    return [*facts, *blob_copies(store, node.child)]


def blob_copies(store: Store, child: object) -> list[Copyable]:
    """Of a blob in ``store``: its path, and the commands that show it."""
    if not isinstance(child, Descriptor):
        return []
    path = _path(store, child)
    place = path[0].text if path else ""
    commands = blob_commands(store.location, store.kind, child, place) if place else ()
    return [*path, *(_copyable(command) for command in commands)]


def _repository(name: str) -> str:
    """The name without tag and digest, to which another digest may be put."""
    try:
        return parse(name).name or name
    except InvalidReference:
        return name.partition("@")[0]


def _copyable(command: Command) -> Copyable:
    return Copyable(tr(command.purpose), command.line, command.program)


def _path(store: Store, child: object) -> list[Copyable]:
    """Where the blob lies; nothing where the store has none."""
    if not isinstance(child, Descriptor):
        return []
    info = store.info(child.digest)
    return [Copyable(tr("Path"), info.place)] if info is not None and info.place else []
