"""The same thing said to other programs: command lines to copy. Text only, nothing is run.

Each function gives lines for a POSIX shell; names and paths are quoted. Only programs that can do it are
named: crane, for one, cannot read a layout on disk.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from exporter_core import mediatypes
from exporter_core.content import Image
from exporter_core.descriptor import REF_NAME, Descriptor
from exporter_core.errors import InvalidReference
from exporter_core.plan import ExportOptions, ExportPlan
from exporter_core.platforms import Platform, normalise
from exporter_core.reference import parse


@dataclass(frozen=True, slots=True)
class Command:
    """A command ``line`` of ``program`` ("skopeo"), and ``purpose`` in a few words ("show the manifest")."""

    program: str
    purpose: str
    line: str


def export_command(
    location: str,
    images: Sequence[Image],
    options: ExportOptions,
    path: str,
    *,
    checksum: bool = False,
    overwrite: bool = False,
) -> str:
    """``shipglass export …`` for just this export."""
    words = ["shipglass", "export", location, *map(_image_word, images), "-o", path]
    if options.all_platforms:
        words.append("--all-platforms")
    for platform in options.platforms or ():
        words += ["--platform", str(platform)]
    if options.profile != "oci":
        words += ["--profile", options.profile]
    if options.profile == "oci" and not options.docker_manifest:
        words.append("--no-docker-manifest")
    if options.skip_nondistributable:
        words.append("--skip-non-distributable")
    words += ["--checksum"] * checksum + ["--force"] * overwrite
    return shlex.join(words)


def load_commands(path: str, plan: ExportPlan | None = None) -> tuple[Command, ...]:
    """What loads the archive at ``path``, written by ``plan``, into an engine or another store."""
    flags = skopeo_flags(plan) if plan is not None else ()
    every = ("--all",) if plan is not None and plan.options.all_platforms else ()
    to_registry = _join("skopeo", *flags, "copy", *every, f"oci-archive:{path}")
    return (
        Command("ctr", "into containerd", _join("ctr", "images", "import", path)),
        Command("ctr", "for Kubernetes", _join("ctr", "-n", "k8s.io", "images", "import", path)),
        Command("docker", "into Docker", _join("docker", "load", "--input", path)),
        Command("skopeo", "to a registry", f"{to_registry} docker://REGISTRY/NAME:TAG"),
        Command("podman", "into Podman", _join("podman", "load", "--input", path)),
        Command("kind", "into a kind cluster", _join("kind", "load", "image-archive", path)),
    )


def skopeo_flags(plan: ExportPlan) -> tuple[str, ...]:
    """What skopeo must be told to read the archive of ``plan``: it looks for the platform of its own machine
    in an index, and stops where that was left out. Nothing where it needs no telling.
    """
    chosen = plan.options.platforms or ()
    indexes = any(mediatypes.is_index(image.target.media_type) for image in plan.images)
    own = normalise(plan.options.host).format()
    if plan.options.all_platforms or not indexes or any(normalise(p).format() == own for p in chosen):
        return ()
    return _overrides(chosen[0]) if chosen else ()


def _overrides(platform: Platform) -> tuple[str, ...]:
    """For this platform, as its manifest names it."""
    values = (("arch", platform.architecture), ("os", platform.os), ("variant", platform.variant))
    return tuple(word for name, value in values if value for word in (f"--override-{name}", value))


def image_commands(location: str, kind: str, image: Image) -> tuple[Command, ...]:
    """What shows or copies the image with other programs; ``kind`` is the store's."""
    name = _image_word(image)
    commands = [
        Command("shipglass", "show the tree", _join("shipglass", "tree", location, name)),
        Command(
            "shipglass", "say what an export holds", _join("shipglass", "export", location, name, "--plan")
        ),
    ]
    source = _skopeo_source(location, kind, image)
    if source:
        commands.append(Command("skopeo", "show the document", _join("skopeo", "inspect", "--raw", source)))
        target = "oci-archive:image.tar"
        commands.append(
            Command("skopeo", "copy all platforms", _join("skopeo", "copy", "--all", source, target))
        )
    if kind == "OCI layout" and _tag(image):
        there = f"ocidir://{location}:{_tag(image)}"
        commands.append(Command("regctl", "show the document", _join("regctl", "manifest", "get", there)))
    return tuple(commands)


def registry_commands(image: Image) -> tuple[Command, ...]:
    """What shows the image of that name in its registry, to compare; nothing for a name without registry."""
    name = image.name
    try:
        domain = parse(name).domain
    except InvalidReference:
        return ()
    if not ("." in domain or ":" in domain or domain == "localhost"):
        return ()
    return (
        Command("crane", "show the registry's document", _join("crane", "manifest", name)),
        Command("crane", "show the registry's digest", _join("crane", "digest", name)),
        Command("regctl", "show the registry's document", _join("regctl", "manifest", "get", name)),
        Command(
            "skopeo", "show the registry's document", _join("skopeo", "inspect", "--raw", f"docker://{name}")
        ),
    )


def blob_commands(location: str, kind: str, descriptor: Descriptor, place: str) -> tuple[Command, ...]:
    """What shows a blob with other programs; ``place`` is its file, or ARCHIVE:MEMBER in an archive."""
    digest = str(descriptor.digest)
    commands = [Command("ctr", "show it", _join("ctr", "content", "get", digest))]
    if place.startswith("made of "):  # a document that no file holds
        return ()
    if kind in ("OCI archive", "Docker archive"):
        member = descriptor.digest.path if kind == "OCI archive" else place.removeprefix(f"{location}:")
        raw = _join("tar", "--extract", "--to-stdout", "--file", location, member)
        if descriptor.media_type.endswith("json"):
            commands.append(Command("jq", "show it", f"{raw} | jq ."))
        commands.append(Command("tar", "take it out", f"{raw} > blob"))
        return tuple(commands)
    if descriptor.media_type.endswith("json"):
        commands.append(Command("jq", "show it", _join("jq", ".", place)))
    else:
        commands.append(
            Command("tar", "list the files", _join("tar", "--list", "--verbose", "--file", place))
        )
    commands.append(
        Command(
            f"{descriptor.digest.algorithm}sum", "hash it", _join(f"{descriptor.digest.algorithm}sum", place)
        )
    )
    return tuple(commands)


def _join(*words: str) -> str:
    return shlex.join(words)


def _image_word(image: Image) -> str:
    return image.name or image.digest_text


def _tag(image: Image) -> str:
    """What layouts call the image: its ref.name."""
    return image.target.annotations.get(REF_NAME, "")


def _skopeo_source(location: str, kind: str, image: Image) -> str:
    if kind == "dir layout":
        return f"dir:{location}"
    if kind == "Docker archive":
        return f"docker-archive:{location}:{image.name}" if image.name != image.digest_text else ""
    transport = {"OCI layout": "oci", "OCI archive": "oci-archive"}.get(kind)
    return f"{transport}:{location}:{_tag(image)}" if transport and _tag(image) else ""
