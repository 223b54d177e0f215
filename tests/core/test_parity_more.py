"""More of what the Go programs wrote, byte for byte, over small stores made here (host linux/amd64).

The golden stores (test_golden.py) are sound images and a few broken ones; these are odd: JSON as nobody
writes it, platforms in every spelling, strange trees, strange names. The sums came from running the same
stores through containerd d88de4a34's V1Exporter built with Go 1.19 (profile v1) and containerd 301026e58's
`archive.Export` built with Go 1.27 (profile oci). REFUSED stands where Go refused, and so must we. What we
do otherwise than Go on purpose is tested elsewhere.
"""

import hashlib
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from exporter_core import Descriptor, ExportOptions, Image, gojson, plan_export, run_export
from exporter_core.errors import ShipglassError
from exporter_core.manifest import parse_descriptor
from exporter_core.platforms import parse, parse_v1
from tests.core.helpers import HOST
from tests.images import (
    DOCKER_FOREIGN,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    MANIFEST_SUBJECT,
    OCI_CONFIG,
    OCI_FOREIGN,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Json,
    StoreBuilder,
    altered,
    json_bytes,
)
from tests.memory import MemoryStore

REFUSED = ""
Root = Json | bytes | tuple[str, Json]
Case = Callable[[StoreBuilder], Root | Sequence[Root]]
CASES: dict[str, Case] = {}


def case(build: Case) -> Case:
    CASES[build.__name__] = build  # type: ignore[attr-defined]
    return build


# --- building ---------------------------------------------------------------------------------------------


def config(s: StoreBuilder, number: int = 0, **fields: Any) -> Json:
    return s.blob(b'{"n":%d}' % number, OCI_CONFIG, **fields)


def layer(s: StoreBuilder, data: bytes = b"layer", **fields: Any) -> Json:
    return s.blob(data, OCI_LAYER, **fields)


def image(s: StoreBuilder, number: int = 0, **fields: Any) -> Json:
    """A manifest with one layer; `number` makes it another one."""
    return {**s.manifest(config(s, number), [layer(s)]), **fields}


def with_fields(descriptor: Json, text: bytes) -> bytes:
    """The descriptor as JSON with more fields, as text, behind its own."""
    return json_bytes(descriptor)[:-1] + b"," + text + b"}"


def manifest_with(text: bytes, before: bytes = b"", after: bytes = b"") -> Case:
    """A root manifest whose document bears more fields, as text, or stands between other bytes."""

    def build(s: StoreBuilder) -> Root:
        document = {"schemaVersion": 2, "config": config(s), "layers": [layer(s)]}
        data = with_fields(document, text) if text else json_bytes(document)
        return s.blob(before + data + after, OCI_MANIFEST)

    return build


def layer_with(text: bytes, data: bytes = b"layer") -> Case:
    """A root manifest whose layer's descriptor bears more fields, as text."""

    def build(s: StoreBuilder) -> Root:
        described = with_fields(layer(s, data), text)
        return s.blob(
            b'{"schemaVersion":2,"config":%s,"layers":[%s]}' % (json_bytes(config(s)), described),
            OCI_MANIFEST,
        )

    return build


def entry_with(text: bytes) -> Case:
    """A root index whose second entry bears more fields, as text; the first is a sound one."""

    def build(s: StoreBuilder) -> Root:
        first = {**image(s), "platform": {"architecture": "amd64", "os": "linux"}}
        second = with_fields(image(s, 1), text)
        return s.blob(b'{"schemaVersion":2,"manifests":[%s,%s]}' % (json_bytes(first), second), OCI_INDEX)

    return build


def root_with(text: bytes) -> Case:
    """A root manifest whose own descriptor bears more fields, as text."""
    return lambda s: with_fields(image(s), text)


def documents(mark: str, table: dict[str, bytes], make: Callable[[bytes], Case]) -> None:
    for name, text in table.items():
        CASES[f"{mark}-{name}"] = make(text)


documents(
    "document",
    {
        "odd-case": b'"MEDIATYPE":"x/y","Subject":null,"SCHEMAVERSION":2',
        "long-s": b'"\xc5\xbfubject":null,"\xc5\xbfchemaVersion":"two"',
        "nulls": b'"schemaVersion":null,"mediaType":null,"layers":null,"subject":null,"annotations":null',
        "null-after-scalar": b'"mediaType":"x/y","mediaType":null',
        "huge-numbers": b'"x":[1e400,-1e400,1e-400,-0,' + b"9" * 5000 + b"]",
        "version-out-of-range": b'"schemaVersion":9223372036854775808',
        "version-in-range": b'"schemaVersion":9223372036854775807',
        "version-float": b'"schemaVersion":2.0',
        "version-twice": b'"schemaVersion":"x","schemaVersion":2',
        "invalid-utf8": b'"x\xff":"\xed\xa0\x80\xc0\x80\xe2\x82"',
        "half-pairs": b'"\\ud800":"\\udc00\\ud800"',
        "bad-escape": b'"x":"\\x41"',
        "bad-unicode-escape": b'"x":"\\u00g0"',
        "control-character": b'"x":"\x1f"',
        "raw-delete": b'"x":"\x7f\xe2\x80\xa8"',
        "leading-zero": b'"x":01',
        "plus": b'"x":+1',
        "nan": b'"x":NaN',
        "trailing-comma": b'"x":[1,]',
        "comment": b'"x":/**/1',
        "form-feed": b'"x":\x0c1',
        "no-break-space": b'"x":\xc2\xa01',
        "annotations-null": b'"annotations":{"a":null}',
        "annotations-number": b'"annotations":{"a":1}',
        "annotations-array": b'"annotations":[]',
        "annotation-twice": b'"annotations":{"a":"1","a":"2"}',
        "annotation-twice-wrong-first": b'"annotations":{"a":1,"a":"2"}',
        "list-of-manifests": b'"MANIFESTS":null',
        "schema-1": b'"fsLayers":[]',
        "says-index": b'"mediaType":"%s"' % OCI_INDEX.encode(),
        "layers-object": b'"layers":{}',
    },
    manifest_with,
)
CASES["document-after-byte-order-mark"] = manifest_with(b"", before=b"\xef\xbb\xbf")
CASES["document-between-white-space"] = manifest_with(b"", before=b" \t\r\n", after=b"\n\n ")
CASES["document-before-more"] = manifest_with(b"", after=b"{}")
CASES["document-before-nul"] = manifest_with(b"", after=b"\0")

documents(
    "layer",
    {
        "size-float": b'"size":5.0',
        "size-exponent": b'"size":5e0',
        "size-text": b'"size":"5"',
        "size-twice": b'"size":7,"size":5',
        "size-twice-wrong-first": b'"size":"5","size":5',
        "size-then-null": b'"size":5,"size":null',
        "size-too-large": b'"size":6',
        "size-too-small": b'"size":4',
        "size-negative": b'"size":-5',
        "size-out-of-range": b'"size":9223372036854775808',
        "size-long-s": b'"\xc5\xbfize":7,"S\\u0069ze":5',
        "urls": b'"urls":["https://a/?b=1&c=<2>",null]',
        "urls-text": b'"urls":"x"',
        "platform": b'"platform":{"architecture":"arm64","os":"linux"}',
        "platform-text": b'"platform":"linux"',
        "digest-upper-case": b'"digest":"SHA256:%s"' % (b"A" * 64),
        "digest-short": b'"digest":"sha256:abc"',
        "digest-unknown": b'"digest":"blake3:%s"' % (b"a" * 64),
        "digest-climbs": b'"digest":"sha256:../../../etc/passwd"',
        "digest-null": b'"digest":"","digest":null',
        "type-unknown": b'"mediaType":"\\u00e9/\\u2603"',
        "type-null": b'"mediaType":"","mediaType":null',
    },
    layer_with,
)
CASES["layer-of-no-bytes"] = layer_with(b'"size":-0', b"")
CASES["layer-of-511-bytes"] = layer_with(b'"x":1', b"x" * 511)
CASES["layer-of-513-bytes"] = layer_with(b'"x":1', b"x" * 513)

documents(
    "entry",
    {
        "without-digest": b'"digest":"","platform":null',
        "bad-digest": b'"digest":"sha256:..","platform":null',
        "negative-size": b'"size":-1,"platform":null',
        "size-text": b'"size":"1","Platform":{"architecture":"amd64","os":"linux"}',
        "platform-empty": b'"platform":{}',
        "platform-null-last": b'"platform":{"architecture":"s390x"},"platform":null',
        "platform-array": b'"platform":[]',
        "platform-number": b'"platform":{"architecture":"amd64","os":5}',
        "platform-fields-null": b'"platform":{"architecture":"amd64","os":null,"os.features":[null]}',
        "platform-odd-case": b'"PLATFORM":{"o\xc5\xbf":"linux","Architecture":"amd64","VARIANT":null}',
        "platform-field-twice": b'"platform":{"architecture":"s390x","os":"linux","architecture":"amd64"}',
        "type-docker": b'"mediaType":"%s"' % DOCKER_MANIFEST.encode(),
        "annotations-number": b'"annotations":{"a":1}',
    },
    entry_with,
)

documents(
    "root",
    {
        "characters": b'"annotations":{"a":"\\n\\r\\t\\u0000\\u001f\\u007f\\u0080\\u2028\\/<>&\'\\"\\\\"}',
        "key-order": '"annotations":{"b":"1","a":"2","B":"3","é":"4","\uffff":"5","😀":"6","":"7"}'.encode(),
        "invalid-utf8": b'"annotations":{"a\xff":"b\xe2\x82c\xf0\x9f\x98d\xed\xa0\x80e\xc0\x80f\xf5\x80"}',
        "half-pairs": b'"annotations":{"\\ud800":"\\udc00","b":"\\ud83d\\ud83d\\ude00\\ud800\\u0041"}',
        "keys-become-equal": b'"annotations":{"\xff":"1","\\ud800":"2","\xef\xbf\xbd":"3"}',
        "annotation-nulls": b'"annotations":{"a":"x","a":null,"b":null}',
        "empty": b'"annotations":{},"urls":[],"platform":{},"data":"","artifactType":""',
        "nulls": b'"annotations":null,"urls":null,"platform":null,"data":null,"artifactType":null',
        "urls": b'"urls":["https://a/?b=1&c=<2>",null,""]',
        "platform": b'"platform":{"variant":"v1","os.features":["b","a","b",null],"os.version":"1","os":"x"}',
        "platform-odd-case": b'"platform":{"O\xc5\xbf":"linux","ARCHITECTURE":"<amd64>","OS.Features":[]}',
        "data": b'"data":"bGF5ZXI="',
        "data-lines": b'"data":"bGF5\\r\\nZXI=\\n"',
        "artifact-type": b'"artifactType":"a<b","Data":"QQ==","x":{"y":[1.5,null]}',
        "field-twice": b'"mediaType":"x","MediaType":"%s"' % OCI_MANIFEST.encode(),
        "subject": b'"annotations":{"%s":"x"}' % MANIFEST_SUBJECT.encode(),
    },
    root_with,
)
CASES["root-back-space-and-form-feed"] = root_with(b'"annotations":{"\\b":"\\f"},"urls":["\\\\b\\b"]')


# --- trees ------------------------------------------------------------------------------------------------


@case
def algorithms_everywhere(s: StoreBuilder) -> Root:
    first = s.manifest(config(s), [layer(s, algorithm="sha384"), layer(s, algorithm="sha512")])
    second = s.manifest(s.blob(b"{}", OCI_CONFIG, "sha512"), [], algorithm="sha384")
    return s.index([(first, "linux/amd64"), (second, "linux/arm64")], algorithm="sha512")


@case
def only_the_index_is_sha512(s: StoreBuilder) -> Root:
    return s.index([(image(s), "linux/amd64")], algorithm="sha512")


@case
def digest_met_again(s: StoreBuilder) -> Root:
    twice = layer(s)
    one = s.manifest(config(s), [twice, twice])
    return s.index([(one, "linux/amd64"), one, (s.manifest(config(s, 1), [twice]), "linux/amd64")])


@case
def empty_index(s: StoreBuilder) -> Root:
    return s.index([])


@case
def manifest_of_nothing_but_config(s: StoreBuilder) -> Root:
    return s.blob(b'{"config":%s}' % json_bytes(config(s)), OCI_MANIFEST)


@case
def manifest_without_config(s: StoreBuilder) -> Root:
    return s.document({"schemaVersion": 2, "layers": [layer(s)]}, OCI_MANIFEST)


@case
def index_of_null(s: StoreBuilder) -> Root:
    return s.blob(b'{"schemaVersion":2,"manifests":null}', DOCKER_LIST)


@case
def index_of_leaves(s: StoreBuilder) -> Root:
    return s.index([s.blob(b"leaf", "application/x"), (s.blob(b"other", "application/y"), "linux/arm64")])


@case
def index_with_a_leaf_behind(s: StoreBuilder) -> Root:
    return s.index([(image(s), "linux/amd64"), s.blob(b"leaf", "application/x")])


@case
def index_with_config_key(s: StoreBuilder) -> Root:
    inner = s.index([image(s)], config=None)
    return s.index([(image(s, 1), "linux/amd64"), (inner, "linux/amd64")])


@case
def nested_index_behind(s: StoreBuilder) -> Root:
    inner = s.index([(image(s), "linux/amd64"), (image(s, 1), "linux/arm64")])
    return s.index([(image(s, 2), "linux/amd64"), inner])


@case
def nested_index_before(s: StoreBuilder) -> Root:
    inner = s.index([(image(s), "linux/amd64")])
    return s.index([inner, (image(s, 2), "linux/amd64")])


@case
def nested_index_left_out(s: StoreBuilder) -> Root:
    """What is wanted stands below an index of another platform, which is not entered."""
    inner = s.index([(image(s, 1), "windows/amd64")])
    return s.index([(image(s), "linux/amd64"), (inner, "linux/arm64"), image(s, 2)])


@case
def wanted_only_in_an_index_left_out(s: StoreBuilder) -> Root:
    inner = s.index([(image(s, 1), "windows/amd64")])
    return s.index([(image(s), "linux/amd64"), (inner, "linux/arm64")])


@case
def foreign_layers(s: StoreBuilder) -> Root:
    foreign = s.blob(b"foreign", OCI_FOREIGN, "sha384", urls=["https://a/b"])
    return s.manifest(config(s), [layer(s), foreign, s.blob(b"too", DOCKER_FOREIGN + ".gzip")])


@case
def foreign_layer_missing(s: StoreBuilder) -> Root:
    foreign = s.blob(b"foreign", OCI_FOREIGN)
    s.drop(foreign)
    return s.manifest(config(s), [foreign, layer(s)])


@case
def config_of_another_platform(s: StoreBuilder) -> Root:
    return s.manifest(config(s, platform={"architecture": "s390x", "os": "linux"}), [layer(s)])


@case
def attestation_beside(s: StoreBuilder) -> Root:
    one = image(s)
    return s.index([(one, "linux/amd64"), s.attestation(one)])


@case
def subject_is_not_followed(s: StoreBuilder) -> Root:
    subject = s.blob(b"nowhere", OCI_MANIFEST)
    s.drop(subject)
    return s.manifest(config(s), [layer(s)], subject=subject, artifactType="application/x")


def tied(descriptor: Json, **fields: Any) -> Json:
    return {**descriptor, "annotations": {MANIFEST_SUBJECT: "sha256:" + "1" * 64}, **fields}


@case
def referrer_in_an_index(s: StoreBuilder) -> Root:
    return s.index([(image(s), "linux/amd64"), (tied(image(s, 1)), "linux/amd64")])


@case
def referrer_in_the_tree_as_well(s: StoreBuilder) -> Root:
    return s.index([(image(s), "linux/amd64"), tied(image(s, 1)), image(s, 1)])


@case
def referrer_twice(s: StoreBuilder) -> Root:
    return s.index([(image(s), "linux/amd64"), tied(image(s, 1)), tied(image(s, 1), artifactType="a/b")])


@case
def type_in_upper_case(s: StoreBuilder) -> Root:
    odd = altered(image(s), mediaType=OCI_MANIFEST.upper())
    return s.index([(image(s, 1), "linux/amd64"), (odd, "linux/arm64")])


@case
def missing_layer(s: StoreBuilder) -> Root:
    gone = layer(s)
    made = s.manifest(config(s), [gone])
    s.drop(gone)
    return made


@case
def corrupt_config(s: StoreBuilder) -> Root:
    made = image(s)
    s.flip(config(s))
    return made


@case
def short_manifest(s: StoreBuilder) -> Root:
    made = image(s)
    s.truncate(made)
    return made


@case
def long_index(s: StoreBuilder) -> Root:
    made = s.index([(image(s), "linux/amd64")])
    s.lengthen(made)
    return made


# --- platforms --------------------------------------------------------------------------------------------

SPELLINGS: list[Json] = [
    {"architecture": "AMD64", "os": "Linux", "variant": "V1"},
    {"architecture": "x86_64", "os": "linux"},
    {"architecture": "x86-64", "os": "linux", "variant": "v3"},
    {"architecture": "i386", "os": "linux"},
    {"architecture": "arm64", "os": "linux"},
    {"architecture": "arm64", "os": "linux", "variant": "v8"},
    {"architecture": "Aarch64", "os": "linux", "variant": "8"},
    {"architecture": "arm", "os": "linux"},
    {"architecture": "arm", "os": "linux", "variant": "7"},
    {"architecture": "ARM", "os": "LINUX", "variant": "V7"},
    {"architecture": "armhf", "os": "linux"},
    {"architecture": "armel", "os": "linux"},
    {"architecture": "arm", "os": "linux", "variant": "8"},
    {"architecture": "amd64"},
    {"os": "linux"},
    {},
    {"architecture": "arm64", "os": "macOS"},
    {"architecture": "amd64", "os": "linux", "os.version": "1", "os.features": ["a"]},
    {"architecture": "amd64", "os": "linux", "os.features": []},
    {"architecture": "unknown", "os": "unknown"},
    {"architecture": "amd64", "os": "linux "},
]


@case
def every_spelling(s: StoreBuilder) -> Root:
    return s.index([(image(s, number), platform) for number, platform in enumerate(SPELLINGS)])


@case
def letters_that_fold_to_ascii(s: StoreBuilder) -> Root:
    odd = [{"architecture": "amd64", "os": "l\u0130nux"}, {"architecture": "arm64", "os": "linu\u212a"}]
    return s.index([(image(s, number), platform) for number, platform in enumerate(odd)])


@case
def windows_versions(s: StoreBuilder) -> Root:
    versions = ["10.0.17763.1", "10.0.20348.5", "10.0.26100.1", "", "x", "10.0.20348.2"]
    return s.index(
        (image(s, number), {"architecture": "amd64", "os": "windows", "os.version": version})
        for number, version in enumerate(versions)
    )


@case
def variants_out_of_order(s: StoreBuilder) -> Root:
    variants = [None, "v3", "v2", "v1", "", "v4"]
    return s.index(
        (image(s, number), {"architecture": "amd64", "os": "linux", **({"variant": v} if v else {})})
        for number, v in enumerate(variants)
    )


@case
def features(s: StoreBuilder) -> Root:
    lists: list[list[str]] = [["a"], ["b", "a"], [], ["a", "c"]]
    return s.index(
        (image(s, number), {"architecture": "amd64", "os": "linux", "os.features": wanted})
        for number, wanted in enumerate(lists)
    )


@case
def entry_without_platform_first(s: StoreBuilder) -> Root:
    return s.index([image(s), (image(s, 1), "linux/amd64"), (image(s, 2), "linux/arm64")])


@case
def platform_null(s: StoreBuilder) -> Root:
    return s.index([{**image(s), "platform": None}, (image(s, 1), "linux/arm64")])


# --- names ------------------------------------------------------------------------------------------------


@case
def names_of_one_image(s: StoreBuilder) -> Sequence[Root]:
    target = image(s, annotations={"a": "b"})
    names = [
        "docker.io/library/a:1", "docker.io/library/a", "docker.io/user/a:1", "index.docker.io/a:1",
        "ghcr.io/owner/a:v1", "localhost:5000/x", "host:80/x/y:1@sha256:" + "a" * 64, "docker.io/library/a:1",
        "ghcr.io/owner/a@sha256:" + "b" * 64,
    ]  # fmt: skip
    return [(name, target) for name in names]


@case
def names_that_do_not_parse(s: StoreBuilder) -> Sequence[Root]:
    return [(name, image(s)) for name in ("a/b:bad tag", "UPPER/x:1", "http://a/b:1", "a/b:1#c", "a/b?c:1")]


@case
def names_of_an_index(s: StoreBuilder) -> Sequence[Root]:
    target = s.index([(image(s), "linux/amd64"), (image(s, 1), "linux/arm64")])
    return [("docker.io/library/a:1", target), ("docker.io/library/a:2", target)]


# --- what Go made of them ---------------------------------------------------------------------------------

# A run is the profile, the platforms asked for (the host's where none is, all with "all"), "plain" where no
# manifest.json is wanted, "skip" where foreign layers are left out.
EXPECTED: dict[str, dict[str, str]] = {
    "document-odd-case": {
        "v1": "6d70868b150ee227285f9574bc6a05dc45a03ab55977b70d2864cb64c6756c4f",
        "oci all": "496a49419ca99f7866fa0508cfc3ac5ca9dbc7924ad7601773238238c88eef28",
    },
    "document-long-s": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-nulls": {
        "v1": "40c2ace3e1e586af06b636164ffba68c5013814297e241f6aae9b0ba361a6f96",
        "oci all": "125f1ac3b7d49ea8cd6d3922bc4f686e437a1478e6bea633f03e625c538127f5",
    },
    "document-null-after-scalar": {
        "v1": "a91fa0bc5e426aa60fbbf6c1d538e81ac4f0cd1ee9a4cf87497bf525cb7d60de",
        "oci all": "582441562f0c2d45f68e9e3e5f5d4f353fca66ce399df87bcfc53c602929511b",
    },
    "document-huge-numbers": {
        "v1": "281bd7749ffb76281645a51a3d70bbbee95e792e0eeb5b52d0179affcf9aeadc",
        "oci all": "2a05ed3964c68b9cb7f54d288c07d7650cb38b4714ecbf01fefb24771be3d421",
    },
    "document-version-out-of-range": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-version-in-range": {
        "v1": "f48d2fcbd6a26779f604148ea48d340133920ac5c689e57994630af49b45b5b0",
        "oci all": "507a7f0a213126d64d56744e726411a282159840a40ef790be428cb2accef27c",
    },
    "document-version-float": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-version-twice": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-invalid-utf8": {
        "v1": "b5a8df1d73bae7b1b2ab617232cba98b508d3d3e14b6a8d409dd874479320238",
        "oci all": "bb9f76ee8dca4821b98e733890e4a98cc906800aa5cf9da2d13aa06a515c792a",
    },
    "document-half-pairs": {
        "v1": "922490fc8580eb2d7781c0a7ebbfd80bbf8562909afd8e32c6a9dca724b36126",
        "oci all": "8423e3391565444ed6f35c4ae74ee917b8669e5410f508c6199f8433bc347727",
    },
    "document-bad-escape": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-bad-unicode-escape": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-control-character": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-raw-delete": {
        "v1": "528cb0cad007a07d7dd84578b749120edeab308dec786fa5afe0cda5ead52048",
        "oci all": "9513bc1f2f5919572f88a5c2764100a09f14d72635c1d672c965c026c6c93635",
    },
    "document-leading-zero": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-plus": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-nan": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-trailing-comma": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-comment": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-form-feed": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-no-break-space": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-annotations-null": {
        "v1": "2cb2eb5b40cfeda1a0584357962760870a4bd09192ac0f329c0fb0818360814d",
        "oci all": "06d6a97ed0891d8c698bdbd155d87eaceba438b57c51738644c6efe1511dceb1",
    },
    "document-annotations-number": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-annotations-array": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-annotation-twice": {
        "v1": "79e507cc3ce0f039c13fc0c3cb16515a95542ed1c189d3211396e76eca4b9bfc",
        "oci all": "f336873b2ce645eac8a5efda13861b827bace5248487de5c9a69e150f4b8e28c",
    },
    "document-annotation-twice-wrong-first": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-list-of-manifests": {
        "v1": "fe21ef8be69542b3c83b49a5c2d8db813571c630c212a850d5ee0b2c05b43ee9",
        "oci all": REFUSED,
    },
    "document-schema-1": {
        "v1": "642ed662c75647d5e63ec444cb5a0cc77b2150e2abccbb6a665b27909bfb26ff",
        "oci all": REFUSED,
    },
    "document-says-index": {
        "v1": "126beebcd65ecd62cf385d9b9b839b1324a601c0a8486a7059d2a6722ac59496",
        "oci all": REFUSED,
    },
    "document-layers-object": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-after-byte-order-mark": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-between-white-space": {
        "v1": "efa33d8627fa4808fe8f8970198850000721ede9f6720581bd0a44c097e48dc0",
        "oci all": "84c6c5b53e992c4d3b794f678e356dc3c3a0dcc0d71cf07c68fe8daaf186a54d",
    },
    "document-before-more": dict.fromkeys(["v1", "oci all"], REFUSED),
    "document-before-nul": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-size-float": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-size-exponent": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-size-text": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-size-twice": {
        "v1": "a90b1064988574297838123d04900281ca8a051ced303b1f91a5eeb5b98b9623",
        "oci all": "9ca453db7cee9aa05ca89914c4d18b93d8ea393481efb4f2fa6b638e5bc922a0",
    },
    "layer-size-twice-wrong-first": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-size-then-null": {
        "v1": "8dd61de0c435630fb5eaaca9459443d9d852bb2a32619b1f17b59fc127105b25",
        "oci all": "8324dd1da6b14bde387a3e30f6e92c67867d7d389ae530be5ff4bce2ff5c4ef2",
    },
    "layer-size-too-large": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-size-too-small": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-size-negative": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-size-out-of-range": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-size-long-s": {
        "v1": "3997e3b03615f32b04e7e0e09bcd01f821f49a644cf0e0e10051d9f0efce4e30",
        "oci all": "0a4e950cf513c829fa3052f71a836465b9a250778735b392b7aeafb2cb0d6724",
    },
    "layer-urls": {
        "v1": "d866feb2270f063a2c2e3b22321359ac18f3dc983d18929989c9dab626a9995d",
        "oci all": "62e27c3997963d4c56887a2e0d4e28873f7b63830eb63916f638e745e05c39f3",
    },
    "layer-urls-text": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-platform": {
        "v1": "d7c7608fd9141c043b546b64935f8c84bc9097513072e3ea4b152f5759fc27b3",
        "oci": "af12a2321322f1857aa5bdc4be75f7457e287da79d43a349bbf2e6451be291cb",
        "oci all": "af12a2321322f1857aa5bdc4be75f7457e287da79d43a349bbf2e6451be291cb",
        "oci linux/arm64 plain": "9b597b35a6971ebb7adc07dd41ff9e44f8bb53c3e9b45bb28cf5a584f2ce51a1",
        "v1 linux/arm64": "23f3f4e69ec389bdacdd9fcad087ff52465cd5b496768975fc5d7acb48ad05c2",
    },
    "layer-platform-text": dict.fromkeys(
        ["v1", "oci", "oci all", "oci linux/arm64 plain", "v1 linux/arm64"], REFUSED
    ),
    "layer-digest-upper-case": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-digest-short": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-digest-unknown": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-digest-climbs": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-digest-null": dict.fromkeys(["v1", "oci all"], REFUSED),
    "layer-type-unknown": {
        "v1": "acc0592015ea7fb99489e48abaac87d7901536e85260fb06a2e362ce868d2d08",
        "oci all": "0a2f86b6227b3321a61bd27276bde81df5df3f46db40379b694d1c760fab07e6",
    },
    "layer-type-null": {
        "v1": "ae40e2f23fc571bed8a9c59401d97031cc7af1dc59d073becdacbeb8add45adc",
        "oci all": "62bb1a9eb6a004cbc8ac484b37a38e9ce9b99fa7c1c49be17720ccc5ac435783",
    },
    "layer-of-no-bytes": {
        "v1": "5c435d42512adba951a0a6f3858147251e22e141834fa2e8ccfcb8806cdd9595",
        "oci all": "b8e8c4831a30acd54f9fbd5a0f12b2ad9a42b065fc54b38e59e05e0ba446bc74",
    },
    "layer-of-511-bytes": {
        "v1": "3a72a13710cb099ce34d78b5f5078796831e3b40a5a99f4b4ce47bf1e954aa60",
        "oci all": "2c1d252ebcda2cc6ef7b99fdda4386c7fda4f31a55e3b8d37208a5aeb49a6259",
    },
    "layer-of-513-bytes": {
        "v1": "b85e28ccff0ad608d1d22f0f25494b90bb95affc07f2a16f8dddd1cd242035ca",
        "oci all": "951efd34fd8fb0e37080ebd98411c12b0ed94c286ffa5cd529a01d9a9d701874",
    },
    "entry-without-digest": dict.fromkeys(["v1", "oci", "oci all plain"], REFUSED),
    "entry-bad-digest": dict.fromkeys(["v1", "oci", "oci all plain"], REFUSED),
    "entry-negative-size": dict.fromkeys(["v1", "oci", "oci all plain"], REFUSED),
    "entry-size-text": dict.fromkeys(["v1", "oci", "oci all plain"], REFUSED),
    "entry-platform-empty": {
        "v1": "5765e92454625d6c51855f6c789d1d55edbbe13dec912da7bfa80a2633ed8757",
        "oci": "8654fbd06c16c06c8aa076964922e4332742b1c47c9c7752016bd5cddf99552e",
        "oci all plain": "a0b0c1601b4b6c0c5f433c5fbda2e5eede739f8fce57e581e819137f7d946ff7",
    },
    "entry-platform-null-last": {
        "v1": "eef1571fb9dbb35c5b50a0317eeaae3ddea4c6cdcc20752bc7e40dedf526f800",
        "oci": "d5c8bb510fe92f74d380c34bc1fddec1a6f2e9d0eccfe92ea663e9c64a882229",
        "oci all plain": "a5a910351958451f00a421ab530b18445771f2059c764c6c7218d7dd42c25af5",
    },
    "entry-platform-array": dict.fromkeys(["v1", "oci", "oci all plain"], REFUSED),
    "entry-platform-number": dict.fromkeys(["v1", "oci", "oci all plain"], REFUSED),
    "entry-platform-fields-null": {
        "v1": "780aa92ec861d8af475d040a761bf9a5702a1eb455875e57d36e2d7fe3453031",
        "oci": "2741d390fc6a265d022dfd5c59d4db7ca8ebc3f44c0f4148f2d5314d91817f3b",
        "oci all plain": "475cea713c424fff6271acc9f7c2d86b767bf5991b4cf1a664841e1928f05664",
    },
    "entry-platform-odd-case": {
        "v1": "bce1ce05d2deeffd109ba7371c39ab7e715bbbf3c6e52b12049904f5273f9dd1",
        "oci": "55dd80a83fcfb7499d3e5d640b3e5b01492a2143a4ba69eca6f78b75e7beba2a",
        "oci all plain": "5ea7bf5ded2e4acaccc0df96ea79261c60374214611774363d7bbe41aac167b9",
    },
    "entry-platform-field-twice": {
        "v1": "4db90ad9f5370ab6e5a1da5568177d10a3c51a07b03dc75992f93272937ff230",
        "oci": "285245383984971c2101dd07c1345472847dc9a967eabbec7e742d903a535fe8",
        "oci all plain": "48a532c28532b54842116b771027693ce99e6c65073fb03f373f7b092d9f06be",
    },
    "entry-type-docker": {
        "v1": "6803c545e22550e7dba4788a61f12bcb7f72cc99b0195b68a735aeb2c13b098a",
        "oci": "a7346722d15cdc62cf3faf7a0c792b0a9e47b3f743359ac121377b641e447a3b",
        "oci all plain": "195014f9489e165445b3b936b614c1e04de7cb8f960f33644cbb63c33d5df989",
    },
    "entry-annotations-number": dict.fromkeys(["v1", "oci", "oci all plain"], REFUSED),
    "root-characters": {
        "v1": "a0032df8de641ed6e3c2d20e07c99baff7a3478cbede48b90ad4303514a08791",
        "oci all": "0e4e1cdce8f79e307646046125aec27478516fac2fb468c3addddad91e2b273d",
    },
    "root-key-order": {
        "v1": "9777b027ef5c39a89c186ec77fe12534751e2638b3a4fe6de37c56def64199a4",
        "oci all": "c05341c447f1fc09f8308efcbc69aa565a3171248a225363b9afe6a0ac4b3e3a",
    },
    "root-invalid-utf8": {
        "v1": "e5f24ecbbf9d0b4bc54c30f8ba87ba27a07506a087682de5ee129b2e70a0c6a7",
        "oci all": "e69d1e42b2c647f5417f730ecb578241628479037500338faeded7ded4ef3c36",
    },
    "root-half-pairs": {
        "v1": "74f2f1a7c2929889821f189f87c0904b1a59ed5aa8f6a0972e8ff286655d8328",
        "oci all": "e21485e5383306b9c74abfeaa1f98bc484133a304f9f2f167520a72c19cca8ce",
    },
    "root-keys-become-equal": {
        "v1": "a2175e7c60daa3d029da10b22ecf36e12982a0015758c4f529142f7d30958770",
        "oci all": "25260465b8f7951288312e8c7b879f78ae259c2d866d15af27f10f1168bfcc70",
    },
    "root-annotation-nulls": {
        "v1": "8b50ca937f81e15f083fa0ebfd5f95663f4dadd93921ccdb790e15dcf98f1f81",
        "oci all": "34cf07ce5f05d5416499dae9bab30eeca52913c5bd320678734d3d6951d2e6d1",
    },
    "root-empty": {
        "v1": "6bb7c40863ea7a8f881fdbdc5b43c74f96b06c51624e451dd1f84c0ac5b36c66",
        "oci all": "f072b8e9afcd1a5b81f455dbb7bf0a0fe1623010947a52f939a891b5a06a5db4",
    },
    "root-nulls": {
        "v1": "2eb97a70a21fd2de6911ba455ef1825e1a801be777978ac3e6d99ae25fa19558",
        "oci all": "c20e5cfab688416b4787fcbb96e3f2a1979337339c452a17a6c6f5f41c426b07",
    },
    "root-urls": {
        "v1": "40df7a90b4cc9ccb0fe309d9d8e43716a5e03634e7156505613b0ab0e6c10537",
        "oci all": "3a420b3797dad2af190327ac48e9a6743eadbbfbf799b9942c67f64f648cf839",
    },
    "root-platform": {
        "v1": "4a127a0ba8f8bfa81a40a9697be6004e9a7289772d2e3ee9b4be91983dd5df30",
        "oci": "22ae9b3fe27e28f0c0298a3b282adf99d0bf4592283e52238f7f7c62f7290246",
    },
    "root-platform-odd-case": {
        "v1": "1ea21520ae4e08e2efa0ba60f2159a8132a7724808c89daf3a672f39fc86d4f3",
        "oci": "263e5c64b00b199abdc3fa9fcd22d136cb93943fafe429ec538a02472ac7cd4a",
    },
    "root-data": {
        "v1": "2eb97a70a21fd2de6911ba455ef1825e1a801be777978ac3e6d99ae25fa19558",
        "oci all": "11f503973204b89cd730d62fcf9a193e57c9f7800cac4566974c3ef897d29c55",
    },
    "root-data-lines": {
        "v1": "2eb97a70a21fd2de6911ba455ef1825e1a801be777978ac3e6d99ae25fa19558",
        "oci all": "11f503973204b89cd730d62fcf9a193e57c9f7800cac4566974c3ef897d29c55",
    },
    "root-artifact-type": {
        "v1": "2eb97a70a21fd2de6911ba455ef1825e1a801be777978ac3e6d99ae25fa19558",
        "oci all": "8f8b3922640a1a9eb76a8c385bdd3ad9d59e5ec90cded119b120a47f104b2270",
    },
    "root-field-twice": {
        "v1": "2eb97a70a21fd2de6911ba455ef1825e1a801be777978ac3e6d99ae25fa19558",
        "oci all": "c20e5cfab688416b4787fcbb96e3f2a1979337339c452a17a6c6f5f41c426b07",
    },
    "root-subject": {
        "v1": "e93a7f279c3bc7c430d0944b4efa40829e17fc0d88f8e702195b50a1d80a8ff9",
        "oci all": "33150338d1324dbe6f29851ded997a0fb543ce55c019a58db00249f69c2f9ce2",
    },
    "root-back-space-and-form-feed": {
        "oci all": "b2cf29bb619cb3ac21c8657053caf462c8e9f614160f2e5bba04678b3d039e55",
    },
    "algorithms_everywhere": {
        "v1": "c87fe3af1d5bbef228f1fa66ed1954674f3a3ffe8256e3fe3bd843d60cc775d3",
        "v1 linux/arm64": "3d85751508385b2e667559a9301f3f4b2c751f44a696e036138882da2ba7c146",
        "oci": "a5180f6ee572ba21fca5a1fd3d736dac9b34d03a52ae5865880a7e64fc751729",
        "oci all": "44b0e3136efe4008b2a8acd2b2812fb242cf271a6b7c55de0dab093120dab258",
        "oci linux/arm64 plain": "ef9eb1625d7392ebe4af2e8526cdc3f3aa173c453160e5ca96eb4e60962e101f",
        "oci all skip": "44b0e3136efe4008b2a8acd2b2812fb242cf271a6b7c55de0dab093120dab258",
    },
    "only_the_index_is_sha512": {
        "v1": "0f3f2597a0fe7fe0f01fedf14f99ba8bbd8adedf2e86a13d1d434a4c474ba4fd",
        "v1 linux/arm64": "f255ea6fc0268880306e32579e3937396d28c8657203b7d2aa82e0d60c2ff85f",
        "oci": "69ee5b3a05fcb4217aedec769c4ac5ce90d14fb246c355032bbd259059820c6d",
        "oci all": "69ee5b3a05fcb4217aedec769c4ac5ce90d14fb246c355032bbd259059820c6d",
        "oci linux/arm64 plain": REFUSED,
        "oci all skip": "69ee5b3a05fcb4217aedec769c4ac5ce90d14fb246c355032bbd259059820c6d",
    },
    "digest_met_again": {
        "v1": "ab2352db36b8426bea9286c4e62a79c25381cffa7b36e74d6a5875a921671ab6",
        "v1 linux/arm64": "741e0d74c3f4b86aa8667ee571f12e9fcbf3a8d3341b4ddb71b97b4dda6bc595",
        "oci": "197d54e4e2efb8ea96b1f6fecab2023feb7ab82d56a40bb352f57261e24b703d",
        "oci all": "197d54e4e2efb8ea96b1f6fecab2023feb7ab82d56a40bb352f57261e24b703d",
        "oci linux/arm64 plain": "d31bbedecbd7f33cee7d1e4e4d7cc41fdb4892e165cf5dfb0cc0b4292e129fc0",
        "oci all skip": "197d54e4e2efb8ea96b1f6fecab2023feb7ab82d56a40bb352f57261e24b703d",
    },
    "empty_index": {
        "v1": "5b3bdcf6dd4fec50b2064a736b41c45fd7a76a2e1ec2345fea82fd90d1d3bbfa",
        "v1 linux/arm64": "5b3bdcf6dd4fec50b2064a736b41c45fd7a76a2e1ec2345fea82fd90d1d3bbfa",
        "oci": REFUSED,
        "oci linux/arm64 plain": REFUSED,
    },
    "manifest_of_nothing_but_config": {
        "v1": "234556c13ed6241f910f090eaeb80311361443a2645e79414ad6da8df27b69ad",
        "v1 linux/arm64": "234556c13ed6241f910f090eaeb80311361443a2645e79414ad6da8df27b69ad",
        "oci": "76a15ee8a25c38a0ad6606593eba0664df066343329d5179d126a6348277e2ee",
        "oci all": "76a15ee8a25c38a0ad6606593eba0664df066343329d5179d126a6348277e2ee",
        "oci linux/arm64 plain": "36c2317c6794275419637eb22e72995f0ab2237679295c2a83464ff3d035f435",
        "oci all skip": "76a15ee8a25c38a0ad6606593eba0664df066343329d5179d126a6348277e2ee",
    },
    "manifest_without_config": dict.fromkeys(
        ["v1", "v1 linux/arm64", "oci", "oci all", "oci linux/arm64 plain", "oci all skip"], REFUSED
    ),
    "index_of_null": {
        "v1": "eda68a227dafd190ba31ec162308418a4148dd767be9890e7f794f579f58b8ff",
        "v1 linux/arm64": "eda68a227dafd190ba31ec162308418a4148dd767be9890e7f794f579f58b8ff",
        "oci": REFUSED,
        "oci linux/arm64 plain": REFUSED,
    },
    "index_of_leaves": {
        "v1": "e2ec5e8e79bc079ce8d3bbe62f58dd6282184588c827fa79c5f1ddddd1971c56",
        "v1 linux/arm64": "fc69c7e9b757e453bd54adb54ebc4a8a6a047695de49f22fd71897660871f70f",
        "oci linux/arm64 plain": "2be5edda1fd0cfbe23afc18c1d604820543107a37faf5d7b5d078006733989e2",
    },
    "index_with_a_leaf_behind": {
        "v1": "83a88540040028f38cf53f3f9b4823ba714344a1693e0a0586736fe9d91b6064",
        "v1 linux/arm64": "bbeb3bc8bf858a7a9f370a18a6f62b54911c0119a5e16fa14f550b7c03a0944e",
        "oci": "ed4aaafe6f44664a8974258b536368339cd3770c3b913fc1900b1cfbecf34d8d",
        "oci all": "ed4aaafe6f44664a8974258b536368339cd3770c3b913fc1900b1cfbecf34d8d",
        "oci linux/arm64 plain": "55e1c386c3e5640509e7b3a31952520788bd69cf94e0b5cfa117edf8536e1a57",
        "oci all skip": "ed4aaafe6f44664a8974258b536368339cd3770c3b913fc1900b1cfbecf34d8d",
    },
    "index_with_config_key": {
        "v1": "5bd0027ed350acafeac224778f5d6bc28c48fb5420cabd8a5d2a702b5e703ba0",
        "v1 linux/arm64": "9b6871a363ea20b23397fd9ad153d92edbcc0b87a52a3858909925e9ae10efe2",
        "oci": REFUSED,
        "oci all": REFUSED,
        "oci linux/arm64 plain": REFUSED,
        "oci all skip": REFUSED,
    },
    "nested_index_behind": {
        "v1": "0521b7e29059ec0d021b079e3faf9b7b686eb96e61719fb5578a321193111dcb",
        "v1 linux/arm64": "7d699b36d66b578aeaa3efce37cf3d96fae2992f8fd7e369e35f14d738a70258",
        "oci all": "85dd60768adb697c9978e5cddbdc1c33c9ddc28bc349ad055323079afc1b01d8",
        "oci all skip": "85dd60768adb697c9978e5cddbdc1c33c9ddc28bc349ad055323079afc1b01d8",
    },
    "nested_index_before": {
        "v1": "8b4dd2bac3a68bc88e97a473902800dfe527ccf3fe07f9ae2564c825d6a21cc1",
        "v1 linux/arm64": "cad30ebd96bbb367996b7d9567046f11fe4cc04f6e86442c46cc4e4239d837b6",
        "oci": "061db07b32104ab700ee7be2da74c6a0a1749be436e0cd699d69c139a20b1abc",
        "oci all": "061db07b32104ab700ee7be2da74c6a0a1749be436e0cd699d69c139a20b1abc",
        "oci all skip": "061db07b32104ab700ee7be2da74c6a0a1749be436e0cd699d69c139a20b1abc",
    },
    "nested_index_left_out": {
        "v1 windows/amd64": "ca7774beef717f5ca19ffb9566edfaf82f7d430134a03d5e0d45bf58aa414bb3",
        "oci windows/amd64": "db4539dfeac4b9874a16cc0514d581eb5f5c89474d2154fe653c896654ae6471",
        "oci windows/amd64 plain": "36150e86116e9b2f1cddc8f3cfb7d305bf0619f63bca8fe41f7bd6baedd65239",
    },
    "wanted_only_in_an_index_left_out": {
        "v1 windows/amd64": "5f6247a70e18578a8781372794ee4fd0aa300f90ec90924bc0b6a33ec55df199",
        "oci windows/amd64": REFUSED,
        "oci windows/amd64 plain": REFUSED,
    },
    "foreign_layers": {
        "v1": "21e161b76547cfbaf2058e8ee2b03bf9efc7dbedaa59e8602aa5b95e81e3eac0",
        "v1 linux/arm64": "21e161b76547cfbaf2058e8ee2b03bf9efc7dbedaa59e8602aa5b95e81e3eac0",
        "oci": "ff4fe31c612e1afcd91b0635805157e5797c10459fef860f9706d57173c58d3f",
        "oci all": "ff4fe31c612e1afcd91b0635805157e5797c10459fef860f9706d57173c58d3f",
        "oci linux/arm64 plain": "fa3e9c8e9c2f2d3f2ddb4835b12164a490fadb8458d4025a926e88af9439f149",
        "oci all skip": "00da217945797254a507540a3e21f0c09d3a1a0969d52985911240f858fdca42",
    },
    "foreign_layer_missing": {
        "v1": REFUSED,
        "v1 linux/arm64": REFUSED,
        "oci": REFUSED,
        "oci all": REFUSED,
        "oci linux/arm64 plain": REFUSED,
        "oci all skip": "533ea416c5ca053cbb5a6962f2ee56b3c3964701647b6f1af09b13e7fd984979",
    },
    "config_of_another_platform": {
        "v1": "2a5ca183796f3cd2711952faf9a94bd70c4493d36c8c87a5f15a4aa35548b6ec",
        "v1 linux/arm64": "2a5ca183796f3cd2711952faf9a94bd70c4493d36c8c87a5f15a4aa35548b6ec",
        "oci": "d8ffef4b54f23d582ae57859fab5c9cb3e248cfdc9b3771d73b9a26935b03ab0",
        "oci all": "d8ffef4b54f23d582ae57859fab5c9cb3e248cfdc9b3771d73b9a26935b03ab0",
        "oci linux/arm64 plain": "da1242608a20b9ef1a61487c9edc7dcba9e2bdd7a3ae0e340122186e8de75e4c",
        "oci all skip": "d8ffef4b54f23d582ae57859fab5c9cb3e248cfdc9b3771d73b9a26935b03ab0",
    },
    "attestation_beside": {
        "v1": "5c0fc24085a7e0f9c37b86a327162571a5d996cbc5c284343d6403b45b074a89",
        "v1 linux/arm64": "8581f9ebf9f0fd855a27d87eb43c40094d98b071c2f9f1700d7d8d2c0a50a1a7",
        "oci": "4e3c8224a259c6ca18e6ba7b631051b3f3e8431e70b14a0e17de0ce32d784614",
        "oci all": "cfcec870ef77082703fc5a46091b546f6b14625901427cfbbe102269d4a4d8b2",
        "oci linux/arm64 plain": REFUSED,
        "oci all skip": "cfcec870ef77082703fc5a46091b546f6b14625901427cfbbe102269d4a4d8b2",
    },
    "subject_is_not_followed": {
        "v1": "fdbad4c5dffa62818cad90cb8760f1cdd8df467a987c0fa4e7f50452231fa794",
        "v1 linux/arm64": "fdbad4c5dffa62818cad90cb8760f1cdd8df467a987c0fa4e7f50452231fa794",
        "oci": "24f68dd3d49de06e9ccca1be170ceb21c49e6002213097d0373aa30cb7fa0053",
        "oci all": "24f68dd3d49de06e9ccca1be170ceb21c49e6002213097d0373aa30cb7fa0053",
        "oci linux/arm64 plain": "32c31b28b735973c66d08ea360de7bcb67398bab1b83a30315605a91ab3195d2",
        "oci all skip": "24f68dd3d49de06e9ccca1be170ceb21c49e6002213097d0373aa30cb7fa0053",
    },
    "referrer_in_an_index": {
        "v1": "f8c8f51b7ffa69e92292591c070842676459194d2ab83828bf20ce38a94e8ac2",
        "v1 linux/arm64": "a380a911f51ba7fd9f967531143502e5d5a5aee5070c2bf92e5953d37fa5fd83",
        "oci": "ddd5c9e84f55e50ba277fe38cb1eca5e68bf9fec1c29cb0de47cc112c8b6046d",
        "oci all": "ddd5c9e84f55e50ba277fe38cb1eca5e68bf9fec1c29cb0de47cc112c8b6046d",
        "oci linux/arm64 plain": REFUSED,
        "oci all skip": "ddd5c9e84f55e50ba277fe38cb1eca5e68bf9fec1c29cb0de47cc112c8b6046d",
    },
    "referrer_in_the_tree_as_well": {
        "v1": "78b9d7b82a8fb40636d54a65e6a235a717815d4a16a2b70d0ed6bf666225e2a4",
        "v1 linux/arm64": "34607ddef3b6d4c9e09f2e1fa5c159c631840f9af798216e148f2d348699c4f6",
        "oci": "f16a6d7774d7245824d6bafcff8af4c2ff2764ae302e9ed51873fa0a4386a904",
        "oci all": "f16a6d7774d7245824d6bafcff8af4c2ff2764ae302e9ed51873fa0a4386a904",
        "oci linux/arm64 plain": "67a4dae0e00fb68708d0173b9b50386964224d778d5c20567ad9a2f0706293eb",
        "oci all skip": "f16a6d7774d7245824d6bafcff8af4c2ff2764ae302e9ed51873fa0a4386a904",
    },
    "referrer_twice": {
        "v1": "8a9328bcba146b0d3ecd476d9ef87bc3db510dc2ce9ca826a5d5751ca30802e9",
        "v1 linux/arm64": "44523d4611834a9f45bcaeb2b5ba035a8622b10f786297d55b5ef7220a295a80",
        "oci": "395defdcb5f6576c281d43330a913ce74c301b00448d0ffea9dcce99adcbecf3",
        "oci all": "395defdcb5f6576c281d43330a913ce74c301b00448d0ffea9dcce99adcbecf3",
        "oci linux/arm64 plain": "968cef9e8d70afa30bf21da13a0d41b2b4a2716abf18c27fb8255e2f8a239319",
        "oci all skip": "395defdcb5f6576c281d43330a913ce74c301b00448d0ffea9dcce99adcbecf3",
    },
    "type_in_upper_case": {
        "v1": "c730692958642c65bf05d615c7fd0ee8308ecbf36863666b1eaee7bdf3f75dab",
        "v1 linux/arm64": "6f93ec5b4549bdd8052ff50e8ade5296a4a9df2c4e2e75695b9db5a579d73db8",
        "oci": "53171b47f96479fdbe4e9710de4554f14506ed9a14d3c7b7789436a31efb19f1",
        "oci all": "3e2bf644309c23b76e9a48b0af87e5e2bdd8e1205551ab15abcae2b4b74da4ff",
        "oci linux/arm64 plain": "1f4b27b555fb8a2dab721b6a1d6cd076db1e1bdb80ed84291886a981b5e438c9",
        "oci all skip": "3e2bf644309c23b76e9a48b0af87e5e2bdd8e1205551ab15abcae2b4b74da4ff",
    },
    "missing_layer": dict.fromkeys(
        ["v1", "v1 linux/arm64", "oci", "oci all", "oci linux/arm64 plain", "oci all skip"], REFUSED
    ),
    "corrupt_config": dict.fromkeys(
        ["v1", "v1 linux/arm64", "oci", "oci all", "oci linux/arm64 plain", "oci all skip"], REFUSED
    ),
    "short_manifest": dict.fromkeys(
        ["v1", "v1 linux/arm64", "oci", "oci all", "oci linux/arm64 plain", "oci all skip"], REFUSED
    ),
    "long_index": dict.fromkeys(
        ["v1", "v1 linux/arm64", "oci", "oci all", "oci linux/arm64 plain", "oci all skip"], REFUSED
    ),
    "every_spelling": {
        "v1 linux/amd64": "33111a473a7b472f4999f6f51de35447add5f1951a5559bb428ad739ad9af5dc",
        "v1 linux/arm64/v8": "14bf3577f728f88e93f5cd5dce2c8596bc144c19ac5efb785bf9a9294b7d5ee7",
        "v1 linux/arm": "e06e3ab87d531bc43250f7c911b74423f5ffbf3a1bd7091165bb0fbb032461c8",
        "v1 linux/arm/v7": "0061a6f6efb2963683fa5329dbf80cb2dbdd8ae5fdd4446c599078cbd7b8c373",
        "v1 armhf": "e06e3ab87d531bc43250f7c911b74423f5ffbf3a1bd7091165bb0fbb032461c8",
        "v1 i386": "cd2bf156852cfc72bd2b3d342b0a4218d7ad217fc05b7e1a6a827b0f6e676979",
        "oci linux/amd64": "262fc4d27754485862612de137d70700d50f18dfc66f90568716d176249c03e0",
        "oci linux/arm64/v8": "edf5753f7c791e04f73a5fc97285ade9a0cef22acc7be322bb91626819c6c0ad",
        "oci linux/arm": "40304c07f26d596fd6f16fa8f9f51cddf29dbccd35a1f4779639967b480a0dee",
        "oci linux/arm/v7": "40304c07f26d596fd6f16fa8f9f51cddf29dbccd35a1f4779639967b480a0dee",
        "oci armhf": "40304c07f26d596fd6f16fa8f9f51cddf29dbccd35a1f4779639967b480a0dee",
        "oci i386": "0a6e098faa1f088311b46ca8e5d826dd3320d01bb1159830696890070ac8ec65",
    },
    "letters_that_fold_to_ascii": {
        "v1": "59479b6225523833d95f3837c22a97d812b53ccc7888d5ef048df5279fa3db51",
        "v1 linux/arm64": "1e29b39132daaa3e11bfffed324e4a91da27ace6d2263ea7d9bd9c5ae9cd0ec7",
        "oci": "85a664d7c3d683b424595a933cdd8157ee0e857285528af8814f7be1bca2049c",
        "oci all": "ec42a13eca0f0de8bb2ceafc142f0e2a4728564ca50dbc79652aa1fa8cf09466",
        "oci linux/arm64 plain": REFUSED,
        "oci all skip": "ec42a13eca0f0de8bb2ceafc142f0e2a4728564ca50dbc79652aa1fa8cf09466",
    },
    "windows_versions": {
        "v1 windows/amd64": "cc19455e090dc9eab41f578772cc1ce02cb420c73668b79ae537897e18543f4a",
        "oci windows/amd64": "0bad4d1e76260cc41c24f72ee7e0f5f949ca44b1dbd582a2672f4c7a14ef9766",
        "oci windows(10.0.20348)/amd64": "4b74365567c62ef05cb3531fa60ac4263726f3f00bc76e87f0aee79b1002ffd5",
        "oci windows(10.0.26100.9)/amd64": "4c9f27941c26e6a409e8da1b39af806e367cd549a7897542532639efe92ae2d2",
        "oci windows(10.0.26200)/amd64": "4c9f27941c26e6a409e8da1b39af806e367cd549a7897542532639efe92ae2d2",
        "oci windows(10.0.17763)/amd64": "98702b523fc368d74c3041523bd31eae9026f1dec2836b87b01e9a0604de2c0f",
    },
    "variants_out_of_order": {
        "oci linux/amd64/v1": "09bbd9c6900e398bf202a5c6e921038eaa14fda9c59512590ff6c2878a2143c0",
        "oci linux/amd64/v2": "fe6687b58705ba6ddb4778216c343671d012e3d001a226907b16c74b62e6f3c8",
        "oci linux/amd64/v3": "e9c45935637606010ad2cc7d601affd01b90bbb61657cf9d26e0fbf4a6575f65",
    },
    "features": {
        "oci linux(+a)/amd64": "0812d009ed63e03d9c5f56dca3cdc85a57e818dd5aea6d52de7003f271edafc7",
        "oci linux(+b+a)/amd64": "edc2b4f741001674dd9add27ab1952916d2617b0d28cfd3532cb037c6fd8f550",
        "oci linux(+a+b+c)/amd64": "214ec43e591d5fdca80623dd3c24536b4efbe0be3fadcd180b898af5afca73f6",
    },
    "entry_without_platform_first": {
        "v1": "cfcbd479fdf769eee325f7f655f10802d8fe61688fa0b0315fc3436f49ae3652",
        "v1 linux/arm64": "234f6a4124ef488e643f47b5723b8f911c43a2c2da9b9b36a3be7d4e21a1d39f",
        "oci": "abe56f7fd0fe95cb1c492496c9e3334d915574f7043b41b1de60c578fac04935",
        "oci all": "8a4b02d4275c28de242d570dde22418b7361b0f9920247e9e1271d63af3162a3",
        "oci linux/arm64 plain": "bea80150df5c4b6ca129637bfb7743a12294b6f1e34c7b5d096691ab909176fe",
        "oci all skip": "8a4b02d4275c28de242d570dde22418b7361b0f9920247e9e1271d63af3162a3",
    },
    "platform_null": {
        "v1": "5d5911da90f4094e0098fcb330bc8fd7fe6632e2f562d2bbd241337b993581f5",
        "v1 linux/arm64": "3e7cc914429bc2edd4899f3dc77afaa6ea854eb1c4b90952945c1ccb39754e97",
        "oci": "9ef48c4186096aee35c6bca1e15b20d2cfef0b6d3d0ba8422519d9c0aa0b88e9",
        "oci all": "70e6f44bcc609bec981af91879de911823bd30fcd2bede1ff7725d5b4249e884",
        "oci linux/arm64 plain": "be41c3ab5e249e27e5ef1ab4853dca7a465d44fd4becbc1b542081d5c6902fe1",
        "oci all skip": "70e6f44bcc609bec981af91879de911823bd30fcd2bede1ff7725d5b4249e884",
    },
    "names_of_one_image": {
        "oci": "224a0809b6dcaaf592dad0907374e8a1f8c8572958330f890b92119e4ee35406",
        "oci all": "224a0809b6dcaaf592dad0907374e8a1f8c8572958330f890b92119e4ee35406",
        "oci linux/arm64 plain": "48403a23456f1be1fd26d73f9b977088ecc160ab2efef72ff46bde90ae067f3e",
        "oci all skip": "224a0809b6dcaaf592dad0907374e8a1f8c8572958330f890b92119e4ee35406",
    },
    "names_that_do_not_parse": {
        "oci linux/arm64 plain": "366e2f16906477a1f8702b01a5745cda6898419ff1104e3d0663aa9e3f857369",
    },
    "names_of_an_index": {
        "oci": "2b6c21db77142c0801db24c4eb0a1d9a4b818488347231ed0b69e065a4de06fe",
        "oci all": "870acc52188e3c22efc733d12c8829f6e24ef2fc2d0a626c764c9013dc11eca3",
        "oci linux/arm64 plain": "cdb2295745de3b8695dd3cd84ab6a0bf8e536ced7cece3acdb7dbeabe5716d5a",
        "oci all skip": "870acc52188e3c22efc733d12c8829f6e24ef2fc2d0a626c764c9013dc11eca3",
    },
}


def roots(name: str, s: StoreBuilder) -> list[tuple[str, bytes]]:
    """(name or "", descriptor as JSON) of every root of a case."""
    made = CASES[name](s)
    found: list[tuple[str, bytes]] = []
    for root in made if isinstance(made, list) else [made]:
        label, descriptor = root if isinstance(root, tuple) else ("", root)
        found.append((label, descriptor if isinstance(descriptor, bytes) else json_bytes(descriptor)))
    return found


def options_of(run: str) -> ExportOptions:
    profile, *words = run.split()
    asked = [word for word in words if word not in ("all", "plain", "skip")]
    if profile == "v1":
        chosen = tuple(parse_v1(word, host=HOST) for word in asked)
        return ExportOptions(profile="v1", platforms=chosen or None, host=HOST)
    return ExportOptions(
        platforms=tuple(parse(word, host=HOST) for word in asked) or None,
        all_platforms="all" in words,
        docker_manifest="plain" not in words,
        skip_nondistributable="skip" in words,
        host=HOST,
    )


def wanted(label: str, data: bytes) -> Image | Descriptor:
    child = parse_descriptor(gojson.loads(data, name="descriptor"), where="descriptor")
    if not isinstance(child, Descriptor):
        raise child.problem
    return Image(label, child) if label else child


@pytest.mark.parametrize(
    ("name", "run"),
    [pytest.param(name, run, id=f"{name}-{run}") for name in EXPECTED for run in EXPECTED[name]],
)
def test_as_go_has_it(name: str, run: str) -> None:
    builder, stream = StoreBuilder(), io.BytesIO()
    given = roots(name, builder)
    store = MemoryStore.of(builder)
    expected = EXPECTED[name][run]
    try:
        plan = plan_export(store, [wanted(*root) for root in given], options_of(run))
        report = run_export(plan, store, stream)
    except ShipglassError as error:
        assert error.exit_code in (4, 5), error
        assert expected == REFUSED, error
    else:
        assert expected != REFUSED
        assert hashlib.sha256(stream.getvalue()).hexdigest() == expected
        assert report.bytes == plan.total == len(stream.getvalue())


def test_every_case_is_run() -> None:
    assert set(EXPECTED) == set(CASES)
