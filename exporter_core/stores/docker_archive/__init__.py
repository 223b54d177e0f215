"""What ``docker save`` of any age wrote, as an archive or as a folder: a store of valid OCI images.

Such an archive has configs and layers and no manifests: they are made here, of layers named by their real
digests. ``saved`` reads ``manifest.json`` (Docker 1.10 and later, skopeo, podman, jib, bazel …), ``legacy``
what came before; ``making`` is what both need, ``store`` what comes of it.
"""

from __future__ import annotations

import threading

from exporter_core.content import read_up_to
from exporter_core.errors import ContentError, StoreError
from exporter_core.manifest import Index
from exporter_core.stores.docker_archive.making import Making
from exporter_core.stores.docker_archive.store import DockerArchive, Odd
from exporter_core.stores.files import Files
from exporter_core.stores.layout import INDEX, LAYOUT

MANIFEST = "manifest.json"


def find_docker_archive(
    files: Files,
    *,
    location: str,
    kind: str,
    document_limit: int,
    cancel: threading.Event | None = None,
) -> DockerArchive | None:
    """The store over ``files``, or None where they are no ``docker save`` or their index.json is usable.

    Layers that nothing names by their digest are hashed meanwhile. Raises StoreError where the documents are
    unusable, Cancelled when ``cancel`` is set, OSError.
    """
    odd = _instead_of_index(files, document_limit)
    if odd is None:
        return None
    if hasattr(files, "follow_links"):
        files.follow_links()
    making = Making(files, document_limit=document_limit, cancel=cancel)
    try:
        if files.size(MANIFEST) is not None:
            from exporter_core.stores.docker_archive.saved import read_saved

            read_saved(making)
        else:
            from exporter_core.stores.docker_archive.legacy import is_legacy, read_legacy

            if not is_legacy(files):
                return None
            read_legacy(making)
    except ContentError as error:
        raise StoreError(f"the archive's {error}", hint=error.hint) from error
    return DockerArchive(files, making, location=location, kind=kind, odd=odd)


def _instead_of_index(files: Files, limit: int) -> Odd | None:
    """What is odd about taking manifest.json for what index.json should say; None where index.json serves."""
    if files.size(INDEX) is None:
        marked = files.size(LAYOUT) is not None
        return Odd(damage=(f"there is {LAYOUT} and no {INDEX}",) if marked else ())
    if files.size(MANIFEST) is None:
        return None
    try:
        with files.open(INDEX) as file:
            data = read_up_to(file, limit + 1)
        index = Index.parse(data, name=INDEX)
    except ContentError as error:
        return Odd(damage=(f"{error}; {MANIFEST} was read in its place",))
    if index.manifests or _is_empty(files):
        return None
    if b'"manifests"' not in data:
        return Odd(damage=(f"{INDEX} has no list of manifests; {MANIFEST} was read in its place",))
    return Odd(notes=(f"{INDEX} lists no image (some versions of Docker wrote it so); {MANIFEST} does",))


def _is_empty(files: Files) -> bool:
    with files.open(MANIFEST) as file:
        return read_up_to(file, 64).strip() in (b"[]", b"null", b"")


__all__ = ["DockerArchive", "find_docker_archive"]
