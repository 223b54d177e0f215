"""Documents from bytes to values: what is kept, what is refused, and where errors say they are."""

import json
from typing import Any

import pytest

from exporter_core import Descriptor, ImageConfig, Index, MalformedDescriptor, Manifest, Platform
from exporter_core.errors import MalformedDocument
from exporter_core.manifest import (
    contradiction,
    parse_descriptor,
    sniff_media_type,
)
from tests.images import DOCKER_LIST, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Json, json_bytes

DIGEST = "sha256:" + "0123456789abcdef" * 4
PLAIN: Json = {"mediaType": OCI_LAYER, "digest": DIGEST, "size": 7}
NAME = "sha256:" + "f" * 64


def descriptor(**fields: Any) -> Descriptor:
    made = parse_descriptor({**PLAIN, **fields}, where="layers[2]")
    assert isinstance(made, Descriptor), made
    return made


# --- documents --------------------------------------------------------------------------------------------


def test_an_index() -> None:
    children = [{**PLAIN, "mediaType": OCI_MANIFEST}, {"bad": 1}]
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children, "subject": PLAIN}
    index = Index.parse(json_bytes({**document, "artifactType": "t", "annotations": {"a": "b"}, "x": [1]}))
    assert [type(child) for child in index.manifests] == [Descriptor, MalformedDescriptor]
    assert (index.media_type, index.artifact_type, index.annotations) == (OCI_INDEX, "t", {"a": "b"})
    assert index.subject == parse_descriptor(PLAIN, where="subject")
    assert index.extra == {"x": [1]}


def test_a_manifest() -> None:
    config = {**PLAIN, "mediaType": OCI_CONFIG}
    document = {"mediaType": OCI_MANIFEST, "config": config, "layers": [PLAIN, PLAIN], "history": []}
    manifest = Manifest.parse(json_bytes(document))
    assert isinstance(manifest.config, Descriptor) and manifest.config.media_type == OCI_CONFIG
    assert manifest.layers == (descriptor(), descriptor())
    assert (manifest.subject, manifest.extra) == (None, {"history": []})


@pytest.mark.parametrize("text", ["{}", '{"manifests":null}', '{"manifests":[]}', '{"MANIFESTS":[]}'])
def test_an_index_of_nothing(text: str) -> None:
    assert Index.parse(text.encode()).manifests == ()


def test_a_manifest_without_config_has_a_malformed_one() -> None:
    manifest = Manifest.parse(b'{"layers":null}')
    assert isinstance(manifest.config, MalformedDescriptor)
    assert "config" in str(manifest.config.problem) and manifest.layers == ()


WRONG_DOCUMENTS: dict[str, tuple[type[Any], object, str]] = {
    "index-list": (Index, [], "an object"),
    "index-text": (Index, "x", "an object"),
    "index-number": (Index, 1, "an object"),
    "manifests-object": (Index, {"manifests": {}}, "manifests"),
    "manifests-text": (Index, {"manifests": "x"}, "manifests"),
    "index-type-number": (Index, {"mediaType": 1}, "mediaType"),
    "annotations-number": (Index, {"annotations": {"a": 1}}, "annotations['a']"),
    "layers-object": (Manifest, {"layers": {}}, "layers"),
    "artifact-type-list": (Manifest, {"artifactType": []}, "artifactType"),
    "config-list": (ImageConfig, [], "an object"),
    "rootfs-list": (ImageConfig, {"rootfs": []}, "rootfs"),
    "diff-ids-text": (ImageConfig, {"rootfs": {"diff_ids": "x"}}, "rootfs.diff_ids"),
    "diff-id-number": (ImageConfig, {"rootfs": {"diff_ids": ["a", 1]}}, "rootfs.diff_ids[1]"),
    "env-number": (ImageConfig, {"config": {"Env": [1]}}, "config.Env[0]"),
    "cmd-text": (ImageConfig, {"config": {"Cmd": "sh"}}, "config.Cmd"),
    "labels-list": (ImageConfig, {"config": {"Labels": []}}, "config.Labels"),
    "history-text": (ImageConfig, {"history": ["x"]}, "history[0]"),
    "history-author": (ImageConfig, {"history": [{}, {"author": 1}]}, "history[1].author"),
    "os-number": (ImageConfig, {"os": 1}, "os"),
}


@pytest.mark.parametrize(("shape", "value", "where"), WRONG_DOCUMENTS.values(), ids=list(WRONG_DOCUMENTS))
def test_what_is_wrong_with_a_document_and_where(shape: type[Any], value: object, where: str) -> None:
    with pytest.raises(MalformedDocument) as caught:
        shape.parse(json_bytes(value), name=NAME)
    assert NAME in str(caught.value) and where in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("shape", [Index, Manifest, ImageConfig])
@pytest.mark.parametrize("data", [b"", b"{", b"{}{}", b"\xff", b"[" * 100_000], ids=lambda b: repr(b[:4]))
def test_what_is_no_json(shape: type[Any], data: bytes) -> None:
    with pytest.raises(MalformedDocument) as caught:
        shape.parse(data, name=NAME)
    assert NAME in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"manifests":[],"manifests":[]}',
        f'{{"manifests":[{{"digest":"{DIGEST}","size":1,"urls":[],"urls":[]}}]}}',
    ],
    ids=["in-the-document", "in-a-descriptor"],
)
def test_a_list_or_object_twice_is_a_problem(text: str) -> None:
    try:
        (child,) = Index.parse(text.encode(), name=NAME).manifests
    except MalformedDocument as error:
        assert "twice" in str(error) and NAME in str(error)
    else:
        assert isinstance(child, MalformedDescriptor)
        assert "manifests[0]" in str(child.problem) and "twice" in str(child.problem)


def test_the_last_of_equal_scalars_counts_in_any_spelling() -> None:
    text = f'{{"manifests":[{{"digest":"{DIGEST}","size":1,"SIZE":2,"Size":3,"size":null}}]}}'
    (child,) = Index.parse(text.encode()).manifests
    assert isinstance(child, Descriptor) and child.size == 3


# --- configs ----------------------------------------------------------------------------------------------


def test_a_config() -> None:
    run = {
        "User": "u",
        "ExposedPorts": {"80/tcp": {}},
        "Env": ["A=b"],
        "Entrypoint": ["/e"],
        "Cmd": ["c", "d"],
        "Volumes": {"/v": {}, "/w": {}},
        "WorkingDir": "/",
        "Labels": {"l": "m"},
        "StopSignal": "SIGTERM",
        "Healthcheck": {"Test": ["NONE"]},
    }
    history = [{"created": "c", "created_by": "b", "comment": "x", "author": "a"}, {"empty_layer": True}]
    document = {"architecture": "arm", "os": "linux", "variant": "v7", "config": run, "history": history}
    rootfs = {"type": "layers", "diff_ids": [DIGEST]}
    whole = {**document, "created": "t", "author": "me", "rootfs": rootfs}
    config = ImageConfig.parse(json_bytes(whole))
    assert config.platform == Platform(os="linux", architecture="arm", variant="v7")
    assert (config.created, config.author, config.user, config.working_dir) == ("t", "me", "u", "/")
    assert (config.env, config.entrypoint, config.cmd) == (("A=b",), ("/e",), ("c", "d"))
    assert (config.ports, config.volumes, config.labels) == (("80/tcp",), ("/v", "/w"), {"l": "m"})
    assert (config.stop_signal, config.diff_ids) == ("SIGTERM", (DIGEST,))
    first, second = config.history
    assert (first.created, first.created_by, first.comment, first.author) == ("c", "b", "x", "a")
    assert not first.empty_layer
    assert second.empty_layer


NOTHING = ["{}", '{"config":null,"rootfs":null,"history":null}', '{"config":{"Env":null}}']


@pytest.mark.parametrize("text", NOTHING)
def test_a_config_of_nothing(text: str) -> None:
    config = ImageConfig.parse(text.encode())
    assert config.platform == Platform(os="", architecture="")
    assert (config.env, config.cmd, config.history, config.diff_ids) == ((), (), (), ())


# --- what a document is -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "sniffed"),
    [
        ({"mediaType": DOCKER_LIST, "manifests": []}, DOCKER_LIST),
        ({"manifests": []}, OCI_INDEX),
        ({"config": {}, "layers": []}, OCI_MANIFEST),
        ({"Config": {}, "LAYERS": None}, OCI_MANIFEST),
        ({"mediaType": "", "manifests": []}, OCI_INDEX),
        ({"mediaType": 7, "manifests": []}, OCI_INDEX),
        ({"config": {}}, ""),
        ({}, ""),
        ([], ""),
    ],
    ids=lambda value: json.dumps(value)[:40] if not isinstance(value, str) else value[-12:],
)
def test_the_media_type_a_document_gives_itself(document: object, sniffed: str) -> None:
    assert sniff_media_type(json_bytes(document), name="x") == sniffed


@pytest.mark.parametrize(
    ("shape", "document", "wrong"),
    [
        (Index, {"manifests": []}, False),
        (Index, {"manifests": [], "config": {}}, True),
        (Index, {"manifests": [], "Layers": []}, True),
        (Index, {"mediaType": OCI_MANIFEST}, True),
        (Index, {"fsLayers": []}, True),
        (Manifest, {"config": PLAIN, "layers": []}, False),
        (Manifest, {"config": PLAIN, "manifests": []}, True),
        (Manifest, {"mediaType": DOCKER_LIST}, True),
        (Manifest, {"config": PLAIN, "fslayers": []}, True),
    ],
    ids=str,
)
def test_documents_that_contradict_their_type(shape: type[Any], document: Json, wrong: bool) -> None:
    assert bool(contradiction(shape.parse(json_bytes(document)))) == wrong
