"""Descriptors from JSON and back: what is kept, what is refused, and where errors say they are."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter_core import Descriptor, Digest, MalformedDescriptor, Platform
from exporter_core.errors import ContentError, DigestError
from exporter_core.manifest import (
    descriptor_json,
    parse_descriptor,
)
from tests.images import OCI_LAYER, Json

DIGEST = "sha256:" + "0123456789abcdef" * 4
PLAIN: Json = {"mediaType": OCI_LAYER, "digest": DIGEST, "size": 7}


def descriptor(**fields: Any) -> Descriptor:
    made = parse_descriptor({**PLAIN, **fields}, where="layers[2]")
    assert isinstance(made, Descriptor), made
    return made


def malformed(value: object) -> MalformedDescriptor:
    made = parse_descriptor(value, where="layers[2]")
    assert isinstance(made, MalformedDescriptor), made
    assert isinstance(made.problem, ContentError) and made.problem.hint
    return made


# --- descriptors ------------------------------------------------------------------------------------------


def test_every_field_of_a_descriptor() -> None:
    made = descriptor(
        urls=["https://x", ""],
        annotations={"b": "2", "a": "1"},
        platform={
            "architecture": "arm64",
            "os": "linux",
            "os.version": "1",
            "os.features": ["f", "g"],
            "variant": "v8",
            "features": ["sse4"],
        },
        data=base64.b64encode(b"content").decode(),
        artifactType="application/x",
        later={"deep": [1, None]},
    )
    assert made == Descriptor(
        media_type=OCI_LAYER,
        digest=Digest.parse(DIGEST),
        size=7,
        urls=("https://x", ""),
        annotations={"a": "1", "b": "2"},
        platform=Platform(
            architecture="arm64", os="linux", variant="v8", os_version="1", os_features=("f", "g")
        ),
        data=b"content",
        artifact_type="application/x",
        extra={"later": {"deep": [1, None]}},
    )
    assert hash(made) == hash(made.annotated())
    assert made.annotated(a="3", c="4").annotations == {"a": "3", "b": "2", "c": "4"}
    assert made.with_annotations({"z": "1"}).annotations == {"z": "1"}
    assert made.annotations == {"a": "1", "b": "2"}
    with pytest.raises(TypeError):
        made.annotations["a"] = "x"  # type: ignore[index]


ABSENT: dict[str, Json] = {
    "nulls": dict.fromkeys(("urls", "annotations", "platform", "data", "artifactType")),
    "empty": {"urls": [], "annotations": {}, "data": "", "artifactType": ""},
}


@pytest.mark.parametrize("fields", ABSENT.values(), ids=list(ABSENT))
def test_what_is_null_or_empty(fields: Json) -> None:
    made = descriptor(**fields)
    assert (made.urls, dict(made.annotations), made.platform, made.artifact_type) == ((), {}, None, "")
    assert not made.data
    assert descriptor_json(made, v1=True) == descriptor_json(descriptor(), v1=True)


def test_nulls_inside_are_empty_text_as_in_go() -> None:
    made = descriptor(urls=[None, "x"], annotations={"a": None}, mediaType=None)
    assert (made.urls, made.annotations["a"], made.media_type) == (("", "x"), "", "")
    assert descriptor(platform={}).platform == Platform(os="", architecture="")
    assert parse_descriptor({"digest": DIGEST}, where="x") == Descriptor("", Digest.parse(DIGEST), 0)


def test_the_platform_is_kept_as_written() -> None:
    made = descriptor(platform={"architecture": "X86_64", "os": "", "variant": "8"})
    assert made.platform == Platform(architecture="X86_64", os="", variant="8")


def test_data_that_do_not_decode_bind_nobody() -> None:
    for data in ("!", "YQ", 7, ["a"], {}):
        made = descriptor(data=data)
        assert made.data is None
        assert made.extra == {"data": data}


WRONG: dict[str, tuple[object, str]] = {
    "missing": (None, "layers[2]"),
    "text": ("x", "layers[2]"),
    "number": (7, "layers[2]"),
    "list": ([PLAIN], "layers[2]"),
    "true": (True, "layers[2]"),
    "empty-object": ({}, "layers[2].digest"),
    "no-digest": ({"size": 1}, "layers[2].digest"),
    "digest-null": ({**PLAIN, "digest": None}, "layers[2].digest"),
    "digest-empty": ({**PLAIN, "digest": ""}, "layers[2].digest"),
    "digest-number": ({**PLAIN, "digest": 1}, "layers[2].digest"),
    "digest-none": ({**PLAIN, "digest": "x"}, "layers[2].digest"),
    "size-text": ({**PLAIN, "size": "7"}, "layers[2].size"),
    "size-float": ({**PLAIN, "size": 7.5}, "layers[2].size"),
    "size-float-whole": ({**PLAIN, "size": 7.0}, "layers[2].size"),
    "size-true": ({**PLAIN, "size": True}, "layers[2].size"),
    "size-negative": ({**PLAIN, "size": -1}, "layers[2].size"),
    "size-beyond-int64": ({**PLAIN, "size": 2**63}, "layers[2].size"),
    "size-infinite": ({**PLAIN, "size": float("inf")}, "layers[2].size"),
    "size-list": ({**PLAIN, "size": []}, "layers[2].size"),
    "media-type-number": ({**PLAIN, "mediaType": 1}, "layers[2].mediaType"),
    "urls-text": ({**PLAIN, "urls": "x"}, "layers[2].urls"),
    "urls-of-number": ({**PLAIN, "urls": ["a", 1]}, "layers[2].urls[1]"),
    "annotations-list": ({**PLAIN, "annotations": []}, "layers[2].annotations"),
    "annotation-number": ({**PLAIN, "annotations": {"k": 1}}, "layers[2].annotations['k']"),
    "platform-text": ({**PLAIN, "platform": "linux"}, "layers[2].platform"),
    "platform-os-number": ({**PLAIN, "platform": {"os": 1}}, "layers[2].platform.os"),
    "os-features-text": ({**PLAIN, "platform": {"os.features": "x"}}, "layers[2].platform.os.features"),
}


@pytest.mark.parametrize(("value", "where"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_with_a_descriptor_and_where(value: object, where: str) -> None:
    made = malformed(value)
    assert str(made.problem).startswith(f"{where}: ")
    assert str(made.problem).count("layers[2]") == 1
    if isinstance(value, dict):
        assert made.raw == value
        text = value.get("digest")
        assert made.digest_text == (text if isinstance(text, str) else "")
        assert made.media_type == (value.get("mediaType") if isinstance(value.get("mediaType"), str) else "")


def test_a_malformed_descriptor_keeps_what_can_be_told() -> None:
    platform = {"os": "linux", "architecture": "arm64"}
    made = malformed({**PLAIN, "size": -1, "platform": platform, "annotations": {"a": "b"}})
    assert made.platform == Platform(os="linux", architecture="arm64")
    assert (made.media_type, made.digest_text) == (OCI_LAYER, DIGEST)
    assert made.annotations == {"a": "b"}


def test_a_digest_that_is_none_is_a_digest_error() -> None:
    assert isinstance(malformed({**PLAIN, "digest": "sha256:../.."}).problem, DigestError)


FIELDS = st.sampled_from([*PLAIN, "urls", "platform", "annotations", "data", "os", "Size", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(DIGEST),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5),
    max_leaves=10,
)


@given(VALUES | st.dictionaries(FIELDS, VALUES).map(lambda value: {**value, "digest": DIGEST, "size": 1}))
def test_any_json_value_is_a_descriptor_or_malformed(value: object) -> None:
    made = parse_descriptor(value, where="w")
    if isinstance(made, MalformedDescriptor):
        assert "w" in str(made.problem)
    else:
        assert isinstance(value, dict)
        assert descriptor_json(made, v1=False)["digest"] == str(made.digest)


# --- writing descriptors ----------------------------------------------------------------------------------


def test_the_order_and_choice_of_fields() -> None:
    platform = {"variant": "v8", "os": "linux", "architecture": "arm64", "os.version": "1"}
    platform = {"os.features": ["f"], **platform}
    made = descriptor(
        artifactType="t", platform=platform, data="YQ==", annotations={"b": "1", "a": "2"}, urls=["u"], x=1
    )
    new, old = descriptor_json(made, v1=False), descriptor_json(made, v1=True)
    assert list(new) == [
        "mediaType",
        "digest",
        "size",
        "urls",
        "annotations",
        "data",
        "platform",
        "artifactType",
    ]
    assert list(old) == ["mediaType", "digest", "size", "urls", "annotations", "platform"]
    assert list(new["platform"]) == ["architecture", "os", "os.version", "os.features", "variant"]  # type: ignore[call-overload]
    assert list(new["annotations"]) == ["a", "b"]  # type: ignore[call-overload]
    bare = parse_descriptor({"digest": DIGEST, "size": 0, "platform": {}}, where="x")
    assert isinstance(bare, Descriptor)
    empty = {"architecture": "", "os": ""}
    assert descriptor_json(bare, v1=True) == {"digest": DIGEST, "size": 0, "platform": empty}
    assert descriptor_json(bare, v1=False) == {
        "mediaType": "",
        "digest": DIGEST,
        "size": 0,
        "platform": empty,
    }


def test_annotations_are_sorted_by_their_bytes() -> None:
    keys = ["\uffff", "\U00010000", "a", "Z", "é", "aa"]
    made = descriptor(annotations=dict.fromkeys(keys, "x"))
    written = descriptor_json(made, v1=False)["annotations"]
    assert list(written) == sorted(keys, key=str.encode)  # type: ignore[call-overload]
