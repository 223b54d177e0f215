"""Media types: kinds, compressions and names of all that are known, and of any text."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter_core import mediatypes
from exporter_core.mediatypes import (
    DOCKER_TO_OCI,
    Compression,
    Kind,
    compression,
    describe,
    is_config,
    is_index,
    is_layer,
    is_manifest,
    is_nondistributable,
    kind,
)

CONSTANTS = {
    name: value
    for name, value in vars(mediatypes).items()
    if name.isupper() and isinstance(value, str) and not name.startswith("_")
}


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        (mediatypes.OCI_INDEX, "index"),
        (mediatypes.DOCKER_LIST, "index"),
        (mediatypes.OCI_MANIFEST, "manifest"),
        (mediatypes.DOCKER_MANIFEST, "manifest"),
        (mediatypes.DOCKER_SCHEMA1_MANIFEST, "other"),
        (mediatypes.OCI_CONFIG, "config"),
        (mediatypes.DOCKER_CONFIG, "config"),
        (mediatypes.CHECKPOINT_CONFIG, "other"),
        (mediatypes.OCI_LAYER, "layer"),
        (mediatypes.OCI_NONDISTRIBUTABLE_LAYER_ZSTD, "layer"),
        (mediatypes.DOCKER_FOREIGN_LAYER_GZIP, "layer"),
        (mediatypes.DOCKER_LAYER_GZIP + "+encrypted", "layer"),
        ("application/vnd.oci.image.layer.v2.squashfs", "layer"),
        (mediatypes.EROFS_LAYER, "layer"),
        (mediatypes.IN_TOTO, "other"),
        (mediatypes.OCI_EMPTY, "other"),
        (mediatypes.OCI_INDEX.upper(), "other"),
        ("", "other"),
    ],
)
def test_kind(media_type: str, expected: Kind) -> None:
    assert kind(media_type) == expected


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        (mediatypes.OCI_LAYER, "none"),
        (mediatypes.OCI_LAYER_GZIP, "gzip"),
        (mediatypes.OCI_LAYER_ZSTD, "zstd"),
        (mediatypes.OCI_LAYER_ZSTD + "+encrypted", "zstd"),
        (mediatypes.OCI_LAYER_GZIP + "+encrypted", "gzip"),
        (mediatypes.OCI_LAYER + "+encrypted", "unknown"),
        (mediatypes.OCI_NONDISTRIBUTABLE_LAYER, "none"),
        (mediatypes.OCI_NONDISTRIBUTABLE_LAYER_GZIP, "gzip"),
        (mediatypes.DOCKER_LAYER, "unknown"),
        (mediatypes.DOCKER_LAYER_GZIP, "gzip"),
        (mediatypes.DOCKER_LAYER_ZSTD, "zstd"),
        (mediatypes.DOCKER_LAYER_GZIP + "+encrypted", "unknown"),
        (mediatypes.DOCKER_FOREIGN_LAYER, "unknown"),
        (mediatypes.DOCKER_FOREIGN_LAYER_GZIP, "gzip"),
        (mediatypes.EROFS_LAYER, None),
        (mediatypes.OCI_CONFIG, None),
        ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", None),
        ("", None),
    ],
)
def test_compression(media_type: str, expected: Compression | None) -> None:
    assert compression(media_type) == expected


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        (mediatypes.OCI_INDEX, "OCI image index"),
        (mediatypes.DOCKER_MANIFEST, "Docker image manifest"),
        (mediatypes.OCI_LAYER, "uncompressed layer"),
        (mediatypes.OCI_LAYER_GZIP, "gzip layer"),
        (mediatypes.OCI_LAYER_ZSTD, "zstd layer"),
        (mediatypes.DOCKER_LAYER, "layer"),
        (mediatypes.DOCKER_FOREIGN_LAYER_GZIP, "non-distributable gzip layer"),
        (mediatypes.OCI_LAYER_GZIP + "+encrypted", "encrypted gzip layer"),
        (mediatypes.EROFS_LAYER, "EROFS layer"),
        (mediatypes.IN_TOTO, "in-toto attestation"),
        ("application/x-unheard-of", "application/x-unheard-of"),
        ("", "no media type"),
    ],
)
def test_describe(media_type: str, expected: str) -> None:
    assert describe(media_type) == expected


def test_every_constant_has_a_name_of_its_own() -> None:
    assert len(set(CONSTANTS.values())) == len(CONSTANTS) > 30
    assert [name for name, value in CONSTANTS.items() if "/" in describe(value)] == []


def test_translation_keeps_what_a_type_is() -> None:
    for docker, oci in DOCKER_TO_OCI.items():
        assert docker.startswith("application/vnd.docker.")
        assert oci.startswith("application/vnd.oci.")
        assert kind(docker) == kind(oci) != "other"
        assert is_nondistributable(docker) is is_nondistributable(oci)
        assert compression(docker) in (compression(oci), "unknown")
    kinds = {
        value for name, value in CONSTANTS.items() if name.startswith("DOCKER_") and kind(value) != "other"
    }
    assert set(DOCKER_TO_OCI) == kinds


@given(st.text() | st.sampled_from(list(CONSTANTS.values())))
def test_any_type_is_exactly_one_kind(media_type: str) -> None:
    answers = [is_index, is_manifest, is_config, is_layer]
    kinds = [name for name, answer in zip(get_args(Kind), answers, strict=False) if answer(media_type)]
    assert kinds == [kind(media_type)] or (kinds == [] and kind(media_type) == "other")
    assert is_layer(media_type) or (compression(media_type) is None and not is_nondistributable(media_type))
    assert describe(media_type)
