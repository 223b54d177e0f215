"""The command line that does the same."""

from __future__ import annotations

import shlex

from exporter_core import Descriptor, ExportOptions, Image


def export_command(
    location: str,
    images: tuple[Image, ...],
    options: ExportOptions,
    path: str,
    *,
    checksum: bool,
    overwrite: bool,
) -> str:
    """``shipglass export …`` for a POSIX shell."""
    words = ["shipglass", "export", location, *map(_name, images), "-o", path]
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


def _name(image: Image) -> str:
    if image.name:
        return image.name
    return str(image.target.digest) if isinstance(image.target, Descriptor) else image.target.digest_text
