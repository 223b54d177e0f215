"""What is asked of an export and what will be written: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from exporter_core import tarball
from exporter_core.content import DOCUMENT_LIMIT, Image
from exporter_core.descriptor import Descriptor
from exporter_core.errors import (
    PlanError,
    ShipglassError,
)
from exporter_core.plan.notes import Note
from exporter_core.platforms import Platform, host_platform

Profile: TypeAlias = Literal["oci", "v1"]


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What to export. ``platforms`` None means the host's; ``all_platforms`` takes everything.

    ``docker_manifest`` and ``skip_nondistributable`` are of profile ``oci``. ``host`` is the machine's
    platform, ``document_limit`` the largest document read, in bytes.
    """

    platforms: tuple[Platform, ...] | None = None
    all_platforms: bool = False
    profile: Profile = "oci"
    docker_manifest: bool = True
    skip_nondistributable: bool = False
    host: Platform = field(default_factory=host_platform)
    document_limit: int = DOCUMENT_LIMIT


@dataclass(frozen=True, slots=True)
class Entry:
    """One member of the archive. ``offset`` is where its header starts, ``data_offset`` its content.

    Exactly one of ``content`` (bytes made here) and ``descriptor`` (a blob to copy) is set, neither for a
    directory; ``owner`` says whose blob it is.
    """

    name: str
    mode: int
    size: int
    offset: int
    content: bytes | None = None
    descriptor: Descriptor | None = None
    owner: str = ""

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory row."""
        return self.name.endswith("/")

    @property
    def data_offset(self) -> int:
        """Where its content starts, in bytes from the start of the archive."""
        return self.offset + tarball.header_length(self.name, self.size)

    def header(self) -> bytes:
        """Its tar header blocks."""
        kind = tarball.DIRECTORY if self.is_directory else tarball.REGULAR
        return tarball.header(self.name, self.mode, self.size, kind)


@dataclass(frozen=True)
class ExportPlan:
    """What an export will write: ``entries`` in the archive's order, ``total`` bytes of the whole file.

    ``problems`` are all reasons why it cannot work (empty: it can), ``notes`` what a careful person would
    want to know. ``images`` and ``options`` are what was asked.
    """

    entries: tuple[Entry, ...]
    total: int
    problems: tuple[ShipglassError, ...]
    notes: tuple[Note, ...]
    images: tuple[Image, ...]
    options: ExportOptions

    @cached_property
    def blobs(self) -> tuple[Entry, ...]:
        """The entries that are copied from the store, in the archive's order."""
        return tuple(entry for entry in self.entries if entry.descriptor is not None)

    def raise_for_problems(self) -> None:
        """Raise PlanError with every problem, if there is any."""
        if self.problems:
            raise PlanError(self.problems)
