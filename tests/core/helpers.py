"""What several tests of the core need: small images in memory, plans, other users."""

import io
import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from exporter_core import ExportOptions, ExportPlan, Platform, plan_export, run_export, verify_location
from exporter_core.errors import StoreError
from tests.images import OCI_LAYER, StoreBuilder
from tests.memory import MemoryStore

HOST = Platform(os="linux", architecture="amd64")
NAME = "docker.io/library/sample:1"


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed * 1_000_003 + size).randbytes(size)


def image_of(*sizes: int, name: str = NAME, **fields: Any) -> MemoryStore:
    """A store with one linux/amd64 image whose layers are noise of these sizes."""
    builder = StoreBuilder()
    layers = [builder.blob(noise(size, n), OCI_LAYER) for n, size in enumerate(sizes)]
    builder.name(name, builder.manifest(builder.config(layers), layers))
    return MemoryStore.of(builder, **fields)


def layer(store: MemoryStore, number: int) -> str:
    """The digest of layer `number` (from 1) of a store made by `image_of`."""
    return list(store.blobs)[number - 1]


def planned(store: Any, **options: Any) -> ExportPlan:
    """The plan of all images of the store on all platforms."""
    options = {"all_platforms": "platforms" not in options, "host": HOST, **options}
    return plan_export(store, store.images(), ExportOptions(**options))


def exported(store: Any, plan: ExportPlan | None = None, **options: Any) -> bytes:
    stream = io.BytesIO()
    run_export(plan or planned(store, **options), store, stream)
    return stream.getvalue()


def sample() -> StoreBuilder:
    builder = StoreBuilder()
    builder.name(NAME, builder.multi_platform())
    return builder


def found(path: Path, **options: Any) -> bool:
    """Whether verify sees that something is wrong."""
    try:
        return not verify_location(path, **options).ok
    except StoreError:
        return True


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's rights, for whom no permission is too small."""
    if not hasattr(os, "seteuid"):
        pytest.skip("this system has no users as POSIX knows them")
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach (pytest's own are closed to others)."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        try:
            yield path
        finally:
            path.chmod(0o755)
