"""What the operating system's refusal to write means, and what to do about it."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from exporter_core.errors import (
    TargetError,
)


@contextlib.contextmanager
def target_errors(final: str) -> Iterator[None]:
    """Turn an OSError inside into the TargetError for ``final``."""
    try:
        yield
    except OSError as error:
        raise target_error(error, final) from error


_TARGET_HINTS = {
    errno.ENOSPC: "The disk is full: free some space, or write to another disk.",
    errno.EDQUOT: "Your quota is used up: free some space, or write to another disk.",
    errno.EFBIG: "The file system holds no file this large: write to another disk.",
    errno.EACCES: "You may not write there: choose another folder, or change its permissions.",
    errno.EPERM: "You may not write there: choose another folder, or change its permissions.",
    errno.EROFS: "That disk is read-only: choose another folder.",
    errno.EPIPE: "The program that reads the archive ended early: look at its own message.",
    errno.ENXIO: "Nothing takes data there: name a file, or a pipe.",
    errno.ENOENT: "The folder is gone: make it again, or choose another.",
    errno.ENAMETOOLONG: "Choose a shorter file name.",
}


def target_error(error: OSError, target: str) -> TargetError:
    """The TargetError for the operating system's refusal to write ``target``."""
    reason = error.strerror or str(error)
    hint = _TARGET_HINTS.get(error.errno or 0, "Check the disk, or write elsewhere.")
    return TargetError(f"cannot write {target}: {reason}", hint=hint)
