"""open_store: from a location to a store; the only place that knows every kind."""

from __future__ import annotations

import os
import stat
import sys

from exporter_core.content import DOCUMENT_LIMIT, Store
from exporter_core.errors import StoreError
from exporter_core.stores.files import DirectoryFiles, Files, open_at_once
from exporter_core.stores.layout import INDEX, LAYOUT, LayoutStore, unreadable

_ACCEPTED = (
    "Give an OCI layout folder (oci-layout, index.json, blobs), a content folder (blobs/<algorithm>/<hex>), "
    "containerd's root (/var/lib/containerd, say) or its socket, or a plain tar archive of a layout. "
    "shipglass stores lists those of this machine."
)
_SCHEMES = ("containerd:", "unix:", "tcp://", "http://", "https://", "ssh://", "npipe://")
_COMPRESSED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ": "xz", b"BZh": "bzip2"}


def open_store(
    location: str | os.PathLike[str], *, document_limit: int = DOCUMENT_LIMIT, terminal: bool = False
) -> Store:
    """The store at ``location``, a path or a ``file:`` URL; what it is it finds out itself. Read-only.

    Of containerd's root ``PATH?namespace=NAME`` (``containerd-root:PATH`` too) opens that namespace, of its
    socket as well (``containerd:///run/containerd/containerd.sock?namespace=NAME`` too).
    ``sudo:PATH``, ``pkexec:PATH`` and ``ssh://USER@HOST/PATH`` are read through a helper process there;
    ``terminal`` says whether a password may be asked for at the process's terminal.
    ``document_limit`` is the largest document in bytes that will be read. Raises StoreError.
    """
    text = os.fspath(location)
    if text.startswith(("sudo:", "pkexec:", "ssh:")):
        from exporter_core.stores.remote import open_remote  # only these pay for it

        return open_remote(text, document_limit=document_limit, terminal=terminal)
    if _is_socket(os.fspath(location)):
        return _open_socket(os.fspath(location), document_limit)
    place, namespace = _namespace(os.fspath(location).removeprefix("containerd-root:"))
    path = _path(place)
    try:
        if os.path.isdir(path):
            return _open_directory(path, namespace, document_limit)
        if namespace and os.path.exists(path):
            raise StoreError(f"{path} has no namespaces", hint="Only containerd's root has: leave it out.")
        return _open_archive(path, document_limit)
    except PermissionError as error:
        from exporter_core.stores.containerd_root import forbidden

        raise forbidden(path) from error
    except FileNotFoundError as error:
        raise StoreError(f"there is nothing at {path}", hint=_ACCEPTED) from error
    except OSError as error:
        raise unreadable(path, error) from error


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


def _open_directory(path: str, namespace: str, limit: int) -> Store:
    names = set(os.listdir(path))
    files = DirectoryFiles(path)
    if INDEX not in names and "blobs" not in names:
        root = _open_root(path, namespace, limit)
        if root is not None:
            return root
    if namespace:
        raise StoreError(f"{path} has no namespaces", hint="Only containerd's root has: leave it out.")
    if INDEX in names:
        return LayoutStore(files, location=path, kind="OCI layout", document_limit=limit)
    if "blobs" in names or LAYOUT in names:
        return _content_folder(files, path, limit)
    from exporter_core.stores.engines import other_engine

    refusal = other_engine(path, names)
    raise refusal or StoreError(f"{path} is not a content store", hint=_directory_hint(path, names))


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


def _open_archive(path: str, limit: int) -> Store:
    from exporter_core.stores.archive import TarFiles, looks_like_tar  # only archives pay for it

    with open(path, "rb", opener=open_at_once) as file:
        block = file.read(512)
    for magic, name in _COMPRESSED.items():
        if block.startswith(magic):
            raise StoreError(
                f"{path} is compressed with {name}; it must be a plain tar to be read in place",
                hint=f"Unpack it first ({name} -d keeps the tar inside).",
            )
    if not looks_like_tar(block):
        raise StoreError(f"{path} is not a tar archive", hint=_ACCEPTED)
    files = TarFiles(path)
    if files.size(INDEX) is None and not files.has_folder("blobs"):
        files.close()
        raise StoreError(f"{path} is a tar archive without index.json", hint=_archive_hint(files))
    return LayoutStore(files, location=path, kind="OCI archive", document_limit=limit)


def _archive_hint(files: Files) -> str:
    if files.size("manifest.json") is not None:
        return (
            "This is docker save's older form: convert it with "
            "skopeo copy docker-archive:FILE oci-archive:NEW, or save it with Docker 25 or later."
        )
    return _ACCEPTED
