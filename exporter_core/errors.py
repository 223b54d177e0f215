"""Every error of the core, in one tree; nothing else lives here.

::

    ShipglassError            exit 1 only if raised bare, which the core never does
    ├── UsageError            2   a request that makes no sense (bad option, ambiguous name)
    │   └── InvalidReference      an image name that does not parse
    ├── StoreError            3   the store cannot be opened or read
    ├── ContentError          4   what the store holds is missing, corrupt or malformed
    │   ├── DigestError           a digest that is not one, or of an algorithm we cannot compute
    │   ├── MalformedDocument     JSON that is not the document it should be; ``where`` is the path in it
    │   ├── DocumentTooLarge      a document over the limit, refused before it is read
    │   ├── MissingBlob           a blob that a descriptor names and the store lacks
    │   ├── SizeMismatch          a blob longer or shorter than its descriptor says
    │   ├── DigestMismatch        a blob whose bytes are not those its digest names
    │   ├── UnreadableBlob        the operating system refused to read it
    │   ├── ImageNotFound         no image of that name or digest in the store
    │   ├── CyclicImage           an index that contains itself
    │   └── ArchiveError          an archive that is not what it should be
    ├── PlatformError         5   a platform that does not parse, or that the image lacks
    ├── TargetError           6   the archive cannot be written there
    ├── PlanError             as its first problem: all that stands against an export
    └── Cancelled             130 somebody asked to stop

``str(error)`` says what happened, ``error.hint`` what to do about it, ``error.exit_code`` is the
command line's. ``owner`` says whose blob it is ("layer 3 of linux/arm64 of NAME") where that is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class ShipglassError(Exception):
    """Base of everything the core raises on purpose; ``hint`` is one sentence for the user, or ""."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ShipglassError):
    """The request itself is wrong."""

    exit_code = 2


class InvalidReference(UsageError):
    """An image name that is none."""


class StoreError(ShipglassError):
    """The store cannot be opened or read."""

    exit_code = 3


class ContentError(ShipglassError):
    """Something in the store is missing, corrupt or malformed.

    ``digest`` is the text of the blob's digest where there is one, ``owner`` whose blob it is.
    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "", digest: str = "", owner: str = "") -> None:
        super().__init__(message, hint=hint)
        self.digest = digest
        self.owner = owner

    def owned_by(self, owner: str) -> ContentError:
        """This error as a value that says whose blob it is; an owner already known stays.

        It lets go of its traceback: an index may have a hundred thousand problems, and each traceback would
        hold the frames it came through.
        """
        self.owner = self.owner or owner
        return self.with_traceback(None)

    def __str__(self) -> str:
        if not self.owner or self.owner == self.digest:
            return self.message
        return f"{self.owner}: {self.message}"


class DigestError(ContentError):
    """Text that is no digest, or a digest nobody here can compute."""


class MalformedDocument(ContentError):
    """A document that does not have the shape it should have; ``where`` is the path inside it."""

    def __init__(
        self, message: str, *, where: str = "", hint: str = "", digest: str = "", owner: str = ""
    ) -> None:
        super().__init__(f"{where}: {message}" if where else message, hint=hint, digest=digest, owner=owner)
        self.where = where


class DocumentTooLarge(ContentError):
    """A document of ``size`` bytes where at most ``limit`` are read."""

    def __init__(self, name: str, *, size: int, limit: int, owner: str = "") -> None:
        super().__init__(
            f"document {name} has {size} bytes; at most {limit} are read",
            hint="If this size is right, raise the limit (--document-limit).",
            digest=name,
            owner=owner,
        )
        self.size = size
        self.limit = limit


class MissingBlob(ContentError):
    """The store has no such blob."""

    def __init__(self, digest: str, *, place: str = "", owner: str = "", hint: str = "") -> None:
        at = f" (expected at {place})" if place else ""
        super().__init__(
            f"blob {digest} is not in the store{at}",
            hint=hint
            or "Fetch the whole image again (for containerd: ctr content fetch --all-platforms), "
            "or leave this platform out.",
            digest=digest,
            owner=owner,
        )
        self.place = place


class SizeMismatch(ContentError):
    """The blob has ``actual`` bytes (None: more than ``expected``, uncounted) and not ``expected``."""

    def __init__(self, digest: str, *, expected: int, actual: int | None, owner: str = "") -> None:
        found = f"has {actual} bytes, its" if actual is not None else "is longer than the"
        said = (
            f"descriptor says {expected} bytes"
            if actual is not None
            else f"{expected} bytes of its descriptor"
        )
        super().__init__(
            f"blob {digest} {found} {said}",
            hint="The blob was cut short or changed: delete it from the store and fetch the image again.",
            digest=digest,
            owner=owner,
        )
        self.expected = expected
        self.actual = actual


class DigestMismatch(ContentError):
    """The blob's bytes hash to ``actual``."""

    def __init__(self, digest: str, *, actual: str, size: int, owner: str = "") -> None:
        super().__init__(
            f"blob {digest} is corrupt: its {size} bytes hash to {actual}",
            hint="The blob was changed on disk: delete it from the store and fetch the image again.",
            digest=digest,
            owner=owner,
        )
        self.expected = digest
        self.actual = actual
        self.size = size


class UnreadableBlob(ContentError):
    """The operating system would not let the blob be read."""

    def __init__(self, digest: str, *, reason: str, owner: str = "") -> None:
        super().__init__(
            f"blob {digest} cannot be read: {reason}",
            hint="Check the store's permissions and the disk; run as a user who may read the store.",
            digest=digest,
            owner=owner,
        )
        self.reason = reason


class ImageNotFound(ContentError):
    """The store lists no such image."""


class CyclicImage(ContentError):
    """An index that is among its own descendants."""

    def __init__(self, digest: str, *, owner: str = "") -> None:
        super().__init__(
            f"index {digest} contains itself",
            hint="This is no image that a registry hands out: its store was tampered with.",
            digest=digest,
            owner=owner,
        )


class ArchiveError(ContentError):
    """A tar archive that is cut short, corrupt or compressed where plain tar is needed."""


class PlatformError(ShipglassError):
    """A platform that does not parse, or that an image lacks."""

    exit_code = 5


class TargetError(ShipglassError):
    """The archive cannot be written where it should be."""

    exit_code = 6


class Cancelled(ShipglassError):
    """The run was stopped on request; nothing was left behind."""

    exit_code = 130

    def __init__(self, message: str = "cancelled", *, hint: str = "") -> None:
        super().__init__(message, hint=hint)


class PlanError(ShipglassError):
    """An export that cannot work: ``problems`` holds every reason, in the order they were met."""

    def __init__(self, problems: Sequence[ShipglassError]) -> None:
        self.problems = tuple(problems)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}", hint=problems[0].hint)
        self.exit_code = problems[0].exit_code  # type: ignore[misc]  # the first problem's, by design
