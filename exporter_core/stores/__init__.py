"""open_store: from a location to a store; the only place that knows every kind."""

from __future__ import annotations

import os
import stat
import sys
import threading
from typing import TYPE_CHECKING

from exporter_core.content import DOCUMENT_LIMIT, Store
from exporter_core.errors import StoreError
from exporter_core.stores.files import ConfinedFiles, DirectoryFiles, Files, open_at_once
from exporter_core.stores.layout import INDEX, LAYOUT, LayoutStore, unreadable

if TYPE_CHECKING:
    from exporter_core.stores.archive import TarFiles

_ACCEPTED = (
    "Give an OCI layout folder (oci-layout, index.json, blobs), a content folder (blobs/<algorithm>/<hex>), "
    "containerd's root (/var/lib/containerd, say) or its socket, a tar archive of a layout or of docker save "
    "(also unpacked, or compressed with gzip, zstd, xz or bzip2), or a folder that skopeo's dir: wrote. "
    "shipglass stores lists those of this machine."
)
_HELPERS = ("sudo:", "pkexec:", "ssh:")
_SCHEMES = ("containerd:", "unix:", "tcp://", "http://", "https://", "ssh://", "npipe://")


def open_store(
    location: str | os.PathLike[str],
    *,
    document_limit: int = DOCUMENT_LIMIT,
    terminal: bool = False,
    cancel: threading.Event | None = None,
) -> Store:
    """The store at ``location``, a path or a ``file:`` URL; what it is it finds out itself. Read-only.

    Of containerd's root ``PATH?namespace=NAME`` (``containerd-root:PATH`` too) opens that namespace, of its
    socket as well (``containerd:///run/containerd/containerd.sock?namespace=NAME`` too).
    ``sudo:PATH``, ``pkexec:PATH`` and ``ssh://USER@HOST/PATH`` are read through a helper process there;
    ``terminal`` says whether a password may be asked for at the process's terminal.
    A compressed archive is unpacked once into the user's cache folder; layers that nothing names are hashed:
    ``cancel`` ends both, and the indexing of an archive.
    ``document_limit`` is the largest document in bytes that will be read. Raises StoreError, Cancelled.
    """
    text = os.fspath(location)
    if text.startswith(_HELPERS):
        from exporter_core.stores.remote import open_remote  # only these pay for it

        return open_remote(text, document_limit=document_limit, terminal=terminal)
    if _is_socket(os.fspath(location)):
        return _open_socket(os.fspath(location), document_limit)
    place, namespace = _namespace(os.fspath(location).removeprefix("containerd-root:"))
    path = _path(place)
    try:
        if os.path.isdir(path):
            return _open_directory(path, namespace, document_limit, cancel)
        if namespace and os.path.exists(path):
            raise StoreError(f"{path} has no namespaces", hint="Only containerd's root has: leave it out.")
        return _open_archive(path, document_limit, cancel)
    except PermissionError as error:
        from exporter_core.stores.containerd_root import forbidden

        raise forbidden(path) from error
    except FileNotFoundError as error:
        raise StoreError(f"there is nothing at {path}", hint=_ACCEPTED) from error
    except OSError as error:
        raise unreadable(path, error) from error


def absolute(location: str) -> str:
    """``location`` as a process with another current folder understands it: a path from the root on, ``~``
    resolved; every other form as it is.
    """
    return os.path.abspath(os.path.expanduser(location)) if is_path(location) else location


def is_path(location: str) -> bool:
    """Whether ``location`` is a path, with or without a namespace, and does not begin with a scheme."""
    return not location.startswith((*_HELPERS, *_SCHEMES, "file:", "containerd-root:"))


def with_rights(location: str) -> str | None:
    """The location to try where ``location`` may not be read: by pkexec or sudo; None where there is neither.

    An ``ssh:`` location gets ``sudo=1``. Raises StoreError where it is none.
    """
    from exporter_core.stores import remote  # only who needs it pays for it

    return remote.with_rights(location)


def _path(location: str) -> str:
    if location.startswith("file:"):
        from urllib.parse import unquote, urlsplit

        location = unquote(urlsplit(location).path)
    if not location or "\0" in location:
        raise StoreError("the location of the store is empty or no path", hint=_ACCEPTED)
    return os.path.abspath(os.path.expanduser(location))


def _namespace(location: str) -> tuple[str, str]:
    """The location without ``?namespace=NAME``, and the name."""
    place, mark, name = location.rpartition("?namespace=")
    if not mark or os.path.lexists(location):
        return location, ""
    from urllib.parse import unquote

    return place, unquote(name)


def _is_socket(location: str) -> bool:
    if location.startswith(_SCHEMES):
        return True
    try:
        return stat.S_ISSOCK(os.stat(_path(_namespace(location)[0])).st_mode)
    except OSError:
        return False


def _open_socket(location: str, limit: int) -> Store:
    from exporter_core.stores.socket.address import socket_address  # only sockets pay for it

    address = socket_address(location)
    try:
        from exporter_core.stores.socket.store import ContainerdSocket
    except ImportError as error:
        raise StoreError(
            f"{location} is a socket, and {sys.executable} lacks grpcio and protobuf for it",
            hint="Install them (pip install grpcio protobuf), or open the root folder (/var/lib/containerd).",
        ) from error
    return ContainerdSocket(address, document_limit=limit)


def _open_directory(path: str, namespace: str, limit: int, cancel: threading.Event | None) -> Store:
    names = set(os.listdir(path))
    files = DirectoryFiles(path)
    if INDEX not in names and "blobs" not in names:
        root = _open_root(path, namespace, limit)
        if root is not None:
            return root
    if namespace:
        raise StoreError(f"{path} has no namespaces", hint="Only containerd's root has: leave it out.")
    saved = _saved_folder(path, names, limit, cancel)
    if saved is not None:
        return saved
    if INDEX in names:
        return LayoutStore(files, location=path, kind="OCI layout", document_limit=limit)
    if "blobs" in names or LAYOUT in names:
        return _content_folder(files, path, limit)
    from exporter_core.stores.engines import other_engine

    refusal = other_engine(path, names)
    raise refusal or StoreError(f"{path} is not a content store", hint=_directory_hint(path, names))


def _saved_folder(path: str, names: set[str], limit: int, cancel: threading.Event | None) -> Store | None:
    """An unpacked docker save, or what skopeo's dir: wrote; a usable layout is none."""
    if not names & {"manifest.json", "repositories"}:
        return None
    from exporter_core.stores.dir_layout import DirLayout, is_dir_layout  # only these pay for it
    from exporter_core.stores.docker_archive import find_docker_archive

    files = ConfinedFiles(path)
    if INDEX not in names and is_dir_layout(files):
        return DirLayout(files, location=path, document_limit=limit)
    return find_docker_archive(
        files, location=path, kind="docker save folder", document_limit=limit, cancel=cancel
    )


def _content_folder(files: Files, path: str, limit: int) -> Store:
    """A store without names; a note says where they are if this is a part of containerd's root."""
    store = LayoutStore(files, location=path, kind="content directory", document_limit=limit)
    if os.path.basename(path) in ("io.containerd.content.v1.content", "content"):
        from exporter_core.stores.containerd_root import find_root

        above = os.path.dirname(path)
        root = find_root(above)
        if root is not None and os.path.isfile(root.metadata) and os.path.samefile(root.content, path):
            store.notes += (f"this is the content folder of a {root.kind}: open {above} for its names",)
    return store


def _open_root(path: str, namespace: str, limit: int) -> Store | None:
    from exporter_core.stores.containerd_root import ContainerdRoot, find_root  # only roots pay for it

    place = find_root(path)
    if place is None:
        return None
    location = f"{path}?namespace={namespace}" if namespace else path
    return ContainerdRoot(place, location=location, namespace=namespace, document_limit=limit)


def _directory_hint(path: str, names: set[str]) -> str:
    if "sha256" in names and os.path.basename(path) == "blobs":
        return f"This is the blobs folder of a store: open {os.path.dirname(path)}."
    return _ACCEPTED


def _open_archive(path: str, limit: int, cancel: threading.Event | None) -> Store:
    files = _tar_files(path, cancel)
    try:
        return _archive_store(files, path, limit, cancel)
    except BaseException:
        files.close()
        raise


def _tar_files(path: str, cancel: threading.Event | None) -> TarFiles:
    from exporter_core.compression import packing
    from exporter_core.stores.archive import TarFiles, looks_like_tar  # only archives pay for it

    with open(path, "rb", opener=open_at_once) as file:
        block = file.read(512)
    kind = packing(block)
    if kind is not None:
        from exporter_core.stores.unpacked import unpacked_copy

        return TarFiles(path, copy=unpacked_copy(path, kind, cancel=cancel), cancel=cancel)
    if not looks_like_tar(block):
        raise StoreError(f"{path} is not a tar archive", hint=_ACCEPTED)
    return TarFiles(path, cancel=cancel)


def _archive_store(files: TarFiles, path: str, limit: int, cancel: threading.Event | None) -> Store:
    from exporter_core.stores.docker_archive import find_docker_archive

    saved = find_docker_archive(
        files, location=path, kind="Docker archive", document_limit=limit, cancel=cancel
    )
    if saved is not None:
        return saved
    if files.size(INDEX) is None and not files.has_folder("blobs"):
        damage = f"; {files.damage[-1]}" if files.damage else ""
        raise StoreError(
            f"{path} is a tar archive without index.json or manifest.json{damage}", hint=_ACCEPTED
        )
    return LayoutStore(files, location=path, kind="OCI archive", document_limit=limit)
