"""Any changed byte of an archive of ours is found, but for text in index.json that nothing else determines.

That is every annotation but an image's names, a root's platform and urls, and, where the archive has no
Docker manifest.json, a full name (key and value) up to its tag: `unrepeated` computes those bytes. With the
archive's own SHA-256 every byte counts.
"""

import hashlib
import json
import os
import random
from pathlib import Path

import pytest

from exporter_core import verify_location
from exporter_core.gojson import dumps
from exporter_core.platforms import parse
from tests.core.helpers import NAME, exported, found, planned, sample
from tests.images import IMAGE_NAME, REF_NAME, StoreBuilder
from tests.memory import MemoryStore


def several_names() -> StoreBuilder:
    builder = StoreBuilder()
    both = builder.multi_platform()
    one = builder.image([{"x": "y"}])
    for name, target in (("a/b:1", both), ("a/c:1", both), ("a/b:2", one), ("localhost:5000/a/c:2", one)):
        builder.name(name if ":5" in name else f"docker.io/{name}", target)
    return builder


def annotated() -> StoreBuilder:
    builder = StoreBuilder()
    root = builder.image()
    annotations = {"b": "<text> & more", "a": "é\u2028", IMAGE_NAME: NAME, REF_NAME: "1"}
    platform = {"architecture": "amd64", "os": "linux"}
    builder.root({**root, "annotations": annotations, "platform": platform, "urls": ["https://x.test"]})
    return builder


def odd_digests() -> StoreBuilder:
    builder = StoreBuilder()
    layers = [builder.layer({"a": algorithm}, algorithm=algorithm) for algorithm in ("sha384", "sha512")]
    config = builder.config(layers, algorithm="sha512")
    builder.name(NAME, builder.manifest(config, layers, algorithm="sha512"))
    return builder


CASES = {
    "docker-manifest": (sample, {}),
    "no-docker-manifest": (sample, {"docker_manifest": False}),
    "several-names": (several_names, {}),
    "annotated": (annotated, {}),
    "pax-headers": (odd_digests, {}),
    "one-platform": (sample, {"platforms": (parse("linux/amd64"),)}),
    "v1": (sample, {"profile": "v1"}),
}


class Positions:
    """Where each string of a document lies in its compact JSON: `spans` by path, keys as (…, key, "key")."""

    def __init__(self, document: object) -> None:
        self.text = b""
        self.spans: dict[tuple[object, ...], tuple[int, int]] = {}
        self._write(document, ())

    def _write(self, value: object, path: tuple[object, ...]) -> None:
        if isinstance(value, dict):
            for number, (key, item) in enumerate(value.items()):
                self.text += b"," if number else b"{"
                self._string(key, (*path, key, "key"))
                self.text += b":"
                self._write(item, (*path, key))
            self.text += b"}" if value else b"{}"
        elif isinstance(value, list):
            for number, item in enumerate(value):
                self.text += b"," if number else b"["
                self._write(item, (*path, number))
            self.text += b"]" if value else b"[]"
        elif isinstance(value, str):
            self._string(value, path)
        else:
            self.text += dumps(value)

    def _string(self, text: str, path: tuple[object, ...]) -> None:
        start = len(self.text) + 1
        self.text += dumps(text)
        self.spans[path] = (start, len(self.text) - 1)


def unrepeated(index: bytes, docker: bool) -> set[int]:
    """Offsets in our index.json of the text that nothing else in the archive determines (see the top)."""
    document = json.loads(index)
    positions = Positions(document)
    assert positions.text == index
    oci = "mediaType" in document
    offsets: set[int] = set()
    for path, (start, end) in positions.spans.items():
        match path:
            case ("manifests", int(), "platform" | "urls", *rest) if rest[-1:] != ["key"]:
                offsets.update(range(start, end))
            case ("manifests", int(number), "annotations", str(key), *_) if key != "key":
                annotations = document["manifests"][number]["annotations"]
                if not oci or key not in (IMAGE_NAME, REF_NAME):
                    offsets.update(range(start, end))
                elif key == IMAGE_NAME and not docker:
                    end -= 0 if path[-1] == "key" else len(annotations[REF_NAME]) + 1
                    offsets.update(range(start, end))
    return offsets


def harmed_byte(value: int, luck: random.Random) -> int:
    """Another byte in its place; often one that leaves JSON and names well formed."""
    return luck.choice([b for b in (value ^ 1, value ^ 2, value ^ 0x20, 0, 0x22, 0x80 | value) if b != value])


@pytest.mark.parametrize("case", CASES)
def test_every_byte_of_what_frames_the_blobs(case: str, tmp_path: Path) -> None:
    """Each byte of the documents, a sample of the headers, padding, content and end."""
    make, options = CASES[case]
    store = MemoryStore.of(make())
    plan = planned(store, **options)
    data = exported(store, plan)
    path = tmp_path / "a.tar"
    path.write_bytes(data)
    assert verify_location(path).problems == ()
    documents: set[int] = set()
    names = {entry.name: entry for entry in plan.entries}
    for name in ("index.json", "manifest.json", "oci-layout"):
        if name in names:
            entry = names[name]
            documents.update(range(entry.data_offset, entry.data_offset + entry.size))
    index = names["index.json"]
    assert index.content
    free = {index.data_offset + at for at in unrepeated(index.content, "manifest.json" in names)}
    luck = random.Random(case)
    elsewhere = luck.sample(sorted(set(range(len(data))) - documents), 200)
    missed: list[str] = []
    with open(path, "r+b", buffering=0) as file:
        for at in sorted((documents - free) | set(elsewhere)):
            value = harmed_byte(data[at], luck)
            os.pwrite(file.fileno(), bytes([value]), at)
            if not found(path):
                around = data[max(0, at - 30) : at + 30]
                missed.append(f"byte {at} in {around!r}: {data[at]:#x} → {value:#x}")
            os.pwrite(file.fileno(), data[at : at + 1], at)
    assert not missed, "\n".join(missed[:20])


def test_what_nothing_repeats_is_just_that(tmp_path: Path) -> None:
    """The bytes left out of the test above are few, and a change there really leaves a sound archive."""
    store = MemoryStore.of(annotated())
    plan = planned(store)
    data = exported(store, plan)
    index = next(entry for entry in plan.entries if entry.name == "index.json")
    assert index.content
    texts = bytes(index.content[at] for at in sorted(unrepeated(index.content, docker=True))).decode()
    assert texts == "https://x.test" r"aé\u2028b\u003ctext\u003e \u0026 more" "amd64linux"
    changed = data.replace(b"https://x.test", b"https://y.test")
    assert changed != data
    (tmp_path / "a.tar").write_bytes(changed)
    assert verify_location(tmp_path / "a.tar").ok
    assert found(tmp_path / "a.tar", sha256=hashlib.sha256(data).hexdigest())


def test_with_the_archives_own_digest_every_byte_counts(tmp_path: Path) -> None:
    data = exported(MemoryStore.of(annotated()))
    path = tmp_path / "a.tar"
    path.write_bytes(data)
    right = hashlib.sha256(data).hexdigest()
    for told in (right, f"sha256:{right}", right.upper()):
        assert verify_location(path, sha256=told).ok
    luck = random.Random(1)
    with open(path, "r+b", buffering=0) as file:
        for at in luck.sample(range(len(data)), 300):
            os.pwrite(file.fileno(), bytes([data[at] ^ luck.randrange(1, 256)]), at)
            assert found(path, sha256=right)
            os.pwrite(file.fileno(), data[at : at + 1], at)


@pytest.mark.parametrize("case", ["docker-manifest", "pax-headers", "v1"])
def test_cut_short_or_made_longer(case: str, tmp_path: Path) -> None:
    make, options = CASES[case]
    data = exported(MemoryStore.of(make()), **options)
    path = tmp_path / "a.tar"
    luck = random.Random(2)
    ends = {len(data) - 1, len(data) - 512, len(data) - 1024, 512, 1, 0, *range(512, len(data), 512)}
    for end in ends | set(luck.sample(range(len(data)), 100)):
        path.write_bytes(data[:end])
        assert found(path), end
    for more in (b"\0", b"x", bytes(512), bytes(10240), b"x" * 512, data):
        path.write_bytes(data + more)
        assert found(path), more[:20]
