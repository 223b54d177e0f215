"""Other people's programs, and our export of what they are given."""

import io
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exporter_core import Descriptor, ExportOptions, Image, Platform, open_store, plan_export, run_export
from exporter_core.graph import find_image
from exporter_core.manifest import parse_descriptor
from exporter_core.platforms import parse
from resources import make_sample

SAMPLE = Path(make_sample.__file__).parent / "sample-store"
HOST = Platform(os="linux", architecture="amd64")

Json = Any


def needed(*names: str) -> None:
    """Skip the test where one of the programs cannot be found."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def call(*words: object, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([str(word) for word in words], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0 or not check, done.stderr.decode()
    return done


def skopeo(*words: object, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    return call(
        "skopeo", "--insecure-policy", "--override-os=linux", "--override-arch=amd64", *words, check=check
    )


@dataclass(frozen=True)
class Listed:
    """A row of `ctr images ls`."""

    name: str
    media_type: str
    digest: str
    platforms: tuple[str, ...]


@dataclass(frozen=True)
class Containerd:
    """A containerd and one namespace of it."""

    root: Path
    namespace: str = "default"

    @property
    def content(self) -> Path:
        return self.root / "root" / "io.containerd.content.v1.content"

    def ctr(self, *words: object, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return call("ctr", "--address", self.root / "s", "--namespace", self.namespace, *words, check=check)

    def load(self, archive: Path, *options: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        words = ["images", "import", "--no-unpack", *self._local("import"), *options, archive]
        return self.ctr(*words, check=check)

    def save(
        self, archive: Path, names: Sequence[str], *options: str, check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        words = ["images", "export", *self._local("export"), *options, archive, *names]
        return self.ctr(*words, check=check)

    def _local(self, command: str) -> list[str]:
        """ctr 2 works through the transfer service unless told not to."""
        return ["--local"] if b"--local" in self.ctr("images", command, "--help").stdout else []

    def images(self) -> list[Listed]:
        rows = self.ctr("images", "ls").stdout.decode().splitlines()[1:]
        return [
            Listed(name, media_type, digest, tuple(platforms.split(",")))
            for name, media_type, digest, *_, platforms, _labels in (
                re.split(r"\s+", row.strip()) for row in rows
            )
        ]

    def blobs(self) -> set[str]:
        return set(self.ctr("content", "ls", "--quiet").stdout.decode().split())


def find(store: Path, name: str) -> Image:
    with closing(open_store(store)) as opened:
        return find_image(opened, name)


def descriptor_of(image: Image) -> Descriptor:
    assert isinstance(image.target, Descriptor)
    return image.target


def export(
    store: Path, target: Path, roots: Sequence[str | Descriptor], *platforms: str, **options: Any
) -> Path:
    """Our export: all platforms unless some are named."""
    chosen = tuple(parse(text) for text in platforms)
    with closing(open_store(store)) as opened:
        found = [find_image(opened, root) if isinstance(root, str) else root for root in roots]
        wanted = ExportOptions(platforms=chosen or None, all_platforms=not chosen, host=HOST, **options)
        run_export(plan_export(opened, found, wanted), opened, target, overwrite=True)
    return target


def members(archive: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(archive) as tar:
        return {member.name: member for member in tar}


def blob_digests(archive: Path) -> set[str]:
    return {name[6:].replace("/", ":") for name in members(archive) if name.count("/") == 2}


def read(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as tar:
        return (tar.extractfile(name) or io.BytesIO()).read()


def read_json(archive: Path, name: str) -> Json:
    return json.loads(read(archive, name))


def read_blob(archive: Path, digest: str) -> bytes:
    return read(archive, "blobs/" + digest.replace(":", "/"))


def as_descriptor(value: Json) -> Descriptor:
    child = parse_descriptor(value, where="descriptor")
    assert isinstance(child, Descriptor)
    return child
