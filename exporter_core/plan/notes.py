"""What a careful person would want to know of an export, as values: which kind, of which image, with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from exporter_core.descriptor import IMAGE_NAME, REF_NAME, nothing


class NoteKind(Enum):
    """What a note is about; in brackets the values beside its image."""

    SAME_TAG = "same-tag"
    """Another image has the same tag, so a reader of tags takes one for the other (other, tag)."""
    ODD_NAMES = "odd-names"
    """The image's two names do not fit each other (tag, "missing" where there is none)."""
    NOT_FOR_DOCKER = "not-for-docker"
    """There is no manifest that manifest.json could name (platforms)."""
    LISTS_LEFT_OUT = "lists-left-out"
    """The index still lists platforms that the archive leaves out."""
    INDEX_ALONE = "index-alone"
    """Profile v1 found no platform that matches and writes nothing but the index."""
    NO_DOCKER_NAME = "no-docker-name"
    """manifest.json leaves the name out (reason)."""
    DIGEST_IN_NAME = "digest-in-name"
    """docker load refuses the name."""


_TEXTS = {
    NoteKind.SAME_TAG: "{other} and {image} have the same " + REF_NAME + ", {tag}",
    NoteKind.ODD_NAMES: (
        "the descriptor's " + IMAGE_NAME + " is {image} and its " + REF_NAME + " {tag}: "
        "readers will not agree on the image's name, and verify will say so"
    ),
    NoteKind.NOT_FOR_DOCKER: (
        "{image}: no manifest for {platforms}, so docker load will not find this image"
    ),
    NoteKind.LISTS_LEFT_OUT: (
        "{image}: its index still lists platforms that the archive leaves out; some readers "
        "(kind load image-archive, ctr images import --all-platforms) refuse such an archive"
    ),
    NoteKind.INDEX_ALONE: "{image}: no platform matches; only the index is written",
    NoteKind.NO_DOCKER_NAME: (
        "{image} is no name that Docker can read, so manifest.json leaves it out: {reason}"
    ),
    NoteKind.DIGEST_IN_NAME: (
        "docker load refuses an archive with a digest in a name, such as {image}; for Docker, "
        "export under a tag alone, or leave manifest.json out (--no-docker-manifest)"
    ),
}


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a plan: ``image`` is the name or digest it is about, ``values`` what its kind names.

    ``str()`` is the sentence that the command line says.
    """

    kind: NoteKind
    image: str
    values: Mapping[str, str] = field(default_factory=nothing, hash=False)

    def __str__(self) -> str:
        return _TEXTS[self.kind].format(image=self.image, **self.values)


def note(kind: NoteKind, image: str, **values: str) -> Note:
    """The note of that kind."""
    return Note(kind, image, MappingProxyType(values))
