"""Digest: the name of a blob by its content (image-spec ``descriptor.md`` §Digests; Go: go-digest)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from exporter_core.errors import DigestError

if TYPE_CHECKING:
    from hashlib import _Hash

HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
"""Hex digits of the algorithms that can be computed: the registered ones and go-digest's sha384."""


@cache
def _grammar() -> re.Pattern[str]:
    return re.compile(r"([a-z0-9]+(?:[+._-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)")


@cache
def _lower_hex() -> re.Pattern[str]:
    return re.compile(r"[a-f0-9]+")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """``algorithm:encoded``; made by :meth:`parse`, so it always follows the grammar.

    A digest of an algorithm that is not in :data:`HEX_LENGTHS` is well formed but not :attr:`verifiable`.
    """

    algorithm: str
    encoded: str

    def __post_init__(self) -> None:
        _check(f"{self.algorithm}:{self.encoded}")

    @classmethod
    def parse(cls, text: str) -> Digest:
        """The digest that ``text`` spells. Raises DigestError, saying which rule it breaks."""
        _check(text)
        digest = object.__new__(cls)  # not through __init__, which would check it again
        algorithm, _, encoded = text.partition(":")
        object.__setattr__(digest, "algorithm", algorithm)
        object.__setattr__(digest, "encoded", encoded)
        return digest

    @property
    def verifiable(self) -> bool:
        """Whether content can be checked against it here."""
        return self.algorithm in HEX_LENGTHS

    @property
    def path(self) -> str:
        """``blobs/<algorithm>/<encoded>``, its place in a layout and in an archive."""
        return f"blobs/{self.algorithm}/{self.encoded}"

    def new_hash(self) -> _Hash:
        """A fresh hash object of its algorithm. Raises DigestError if there is none here."""
        if not self.verifiable:
            raise DigestError(
                f"digest {self} uses {self.algorithm}, which cannot be verified here",
                hint=f"Algorithms that can be verified: {', '.join(HEX_LENGTHS)}.",
                digest=str(self),
            )
        return hashlib.new(self.algorithm, usedforsecurity=False)

    def of(self, data: bytes) -> str:
        """The digest text of ``data`` under this digest's algorithm."""
        fresh = self.new_hash()
        fresh.update(data)
        return f"{self.algorithm}:{fresh.hexdigest()}"

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.encoded}"


def _check(text: str) -> None:
    match = _grammar().fullmatch(text)
    if match is None:
        shown = text if len(text) <= 200 else text[:200] + "…"
        raise DigestError(f"{shown!r} is not a digest (algorithm:encoded)", hint=_MALFORMED, digest=shown)
    algorithm, encoded = match.groups()
    length = HEX_LENGTHS.get(algorithm)
    if length is None:
        return
    if len(encoded) != length:
        raise DigestError(
            f"digest {text[:200]} has {len(encoded)} digits, {algorithm} has {length}",
            hint=_MALFORMED,
            digest=text[:200],
        )
    if not _lower_hex().fullmatch(encoded):
        raise DigestError(
            f"digest {text} must be in lower-case hexadecimal digits", hint=_MALFORMED, digest=text
        )


_MALFORMED = "The document that names it is damaged or hostile: fetch the image again from where it came."
