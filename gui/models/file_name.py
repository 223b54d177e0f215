"""File names for archives, made from a template: ``{name}_{platform}``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from exporter_core import ExportOptions, Image
from gui.models.catalogue import split_name
from gui.text import tr

FIELDS = ("name", "tag", "repository", "platform", "digest", "store", "count")
"""What a template may say in braces; ``name`` has the tag in it unless the template says ``tag`` too."""
_DIGEST_LENGTH = 60  # a name that is longer and has no "/" is a digest
_FIELD = re.compile(r"\{([^{}]*)\}")
_EXAMPLE = {
    "name": "redis:7", "tag": "7", "repository": "docker.io/library", "platform": "linux/amd64",
    "digest": "06c9b6597f4d", "store": "containerd", "count": "1",
}  # fmt: skip


def file_name(template: str, images: Sequence[Image], options: ExportOptions, store: str = "") -> str:
    """``harbor-web_2.4_linux_amd64.tar``; a field that says nothing takes the separator before it away.

    Characters that file systems dislike become ``_``.
    """
    one = len(images) == 1
    short, repository = split_name(images[0].name) if images else ("", "")
    platforms = options.platforms or ()
    return _fill(
        template,
        {
            "name": short if one else tr("{n}-images", n=len(images)),
            "tag": tag_of(images[0].name) if one else "",
            "repository": repository if one else "",
            "platform": platforms[0].format() if len(platforms) == 1 else "",
            "digest": images[0].digest_text.rpartition(":")[2][:12] if one else "",
            "store": PurePath(store).stem,
            "count": str(len(images)),
        },
    )


def tag_of(name: str) -> str:
    """``2.4`` of ``docker.io/library/harbor-web:2.4``; nothing of a bare digest."""
    last = name.partition("@")[0].rpartition("/")[2]
    return "" if "/" not in name and len(name) > _DIGEST_LENGTH else last.partition(":")[2]


def example(template: str) -> str:
    """What the template makes of an image that everybody knows."""
    return _fill(template, _EXAMPLE)


def template_problem(template: str) -> str:
    """Why a template cannot be used; "" if it can."""
    if not template:
        return tr("Say how archives are to be called.")
    unknown = [field for field in _FIELD.findall(template) if field not in FIELDS]
    if unknown:
        return tr("There is no field {field}.", field=f"{{{unknown[0]}}}")
    if "{" in _FIELD.sub("", template) or "}" in _FIELD.sub("", template):
        return tr("A brace is not closed.")
    if "/" in template or "\\" in template:
        return tr("A file name has no folders in it.")
    return ""


def _fill(template: str, values: dict[str, str]) -> str:
    if template_problem(template):
        template = "{name}_{platform}"
    if "{tag}" in template:
        values = {**values, "name": values["name"].partition(":")[0] if values["tag"] else values["name"]}
    text = ""
    for piece in re.split(r"(\{[^{}]*\})", template.removesuffix(".tar")):
        field = _FIELD.fullmatch(piece)
        value = values[field[1]] if field else piece
        text = text + value if value or not field else text.rstrip("_-. @+")
    clean = "".join(c if c.isalnum() or c in "-._" else "_" for c in text).strip("._")
    return (clean[:200] or "image") + ".tar"
