"""Writes bolt databases for tests: an independent witness, standard library only.

A tree of dicts (a dict is a bucket, bytes are a value) becomes the bytes of a file:

    data = database({b"v1": {b"default": {b"labels": {}}}}, page_size=4096)

Buckets without buckets that fit a quarter of a page are inline, as bbolt has them; larger ones get leaf pages
(with overflow where a value needs it) and branch pages above. Also how containerd spells times and sizes.
"""

import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.images import IMAGE_NAME, StoreBuilder

Tree = Mapping[bytes, Any]

MAGIC = 0xED0CDAED


def fnv1a(data: bytes) -> int:
    value = 14695981039346656037
    for byte in data:
        value = ((value ^ byte) * 1099511628211) % (1 << 64)
    return value


def meta(number: int, page_size: int, root: int, pages: int, txid: int, version: int = 2) -> bytes:
    body = struct.pack("<IIIIQQQQQ", MAGIC, version, page_size, 0, root, 0, 2, pages, txid)
    return struct.pack("<QHHI", number, 4, 0, 0) + body + struct.pack("<Q", fnv1a(body))


class Writer:
    """Collects pages from number 3 on; 0 and 1 are the metas, 2 the freelist."""

    def __init__(self, page_size: int) -> None:
        self.page_size = page_size
        self.pages: list[bytes] = []  # of one page each, an overflow as several

    def bucket(self, tree: Tree) -> int:
        """Writes the bucket; the number of its root page."""
        elements = []
        for key in sorted(tree):
            value = tree[key]
            if isinstance(value, Mapping):
                elements.append((1, key, self._nested(value)))
            else:
                elements.append((0, key, value))
        level = [
            (group[0][1] if group else b"", self._page(2, leaf_page(group)))
            for group in self._split(elements)
        ]
        while len(level) > 1:
            groups = [level[at : at + 20] for at in range(0, len(level), 20)]
            level = [(group[0][0], self._page(1, branch_page(group))) for group in groups]
        return level[0][1]

    def _nested(self, tree: Tree) -> bytes:
        if not any(isinstance(value, Mapping) for value in tree.values()):
            count, body = leaf_page([(0, key, tree[key]) for key in sorted(tree)])
            if len(body) + 16 <= self.page_size // 4:
                return struct.pack("<QQ", 0, 0) + struct.pack("<QHHI", 0, 2, count, 0) + body
        return struct.pack("<QQ", self.bucket(tree), 0)

    def _split(self, elements: list) -> list[list]:
        groups: list[list] = [[]]
        size = 16
        for element in elements:
            more = 16 + len(element[1]) + len(element[2])
            if groups[-1] and size + more > self.page_size:
                groups.append([])
                size = 16
            groups[-1].append(element)
            size += more
        return groups

    def _page(self, flags: int, content: tuple[int, bytes]) -> int:
        count, body = content
        number = 3 + len(self.pages)
        overflow = -(-(16 + len(body)) // self.page_size) - 1
        data = struct.pack("<QHHI", number, flags, count, overflow) + body
        data = data.ljust((overflow + 1) * self.page_size, b"\0")
        self.pages += [data[at : at + self.page_size] for at in range(0, len(data), self.page_size)]
        return number


def leaf_page(elements: list[tuple[int, bytes, bytes]]) -> tuple[int, bytes]:
    table, data = b"", b""
    for number, (flags, key, value) in enumerate(elements):
        position = 16 * (len(elements) - number) + len(data)
        table += struct.pack("<IIII", flags, position, len(key), len(value))
        data += key + value
    return len(elements), table + data


def branch_page(elements: list[tuple[bytes, int]]) -> tuple[int, bytes]:
    table, data = b"", b""
    for number, (key, page) in enumerate(elements):
        table += struct.pack("<IIQ", 16 * (len(elements) - number) + len(data), len(key), page)
        data += key
    return len(elements), table + data


def database(tree: Tree, *, page_size: int = 4096, txid: int = 7, version: int = 2) -> bytes:
    """The file; the meta with ``txid`` is the first where that is even, the other is a transaction older."""
    writer = Writer(page_size)
    root = writer.bucket(tree)
    pages = 3 + len(writer.pages)
    metas = [meta(n, page_size, root, pages, txid - (txid % 2 != n), version) for n in (0, 1)]
    freelist = struct.pack("<QHHI", 2, 0x10, 0, 0)
    return b"".join([*(part.ljust(page_size, b"\0") for part in (*metas, freelist)), *writer.pages])


# --- as containerd spells values --------------------------------------------------------------------------


def size(value: int) -> bytes:
    """A signed varint, as Go's binary.PutVarint writes it."""
    number = value * 2 if value >= 0 else -value * 2 - 1
    out = b""
    while number >= 128:
        out += bytes([number % 128 + 128])
        number //= 128
    return out + bytes([number])


def moment(time: datetime, nanoseconds: int = 0) -> bytes:
    """Go's time.MarshalBinary, version 1."""
    since = time.astimezone(UTC) - datetime(1, 1, 1, tzinfo=UTC)
    offset = time.utcoffset() or timedelta()
    minutes = -1 if not offset else int(offset.total_seconds()) // 60
    return struct.pack(">BQIh", 1, since // timedelta(seconds=1), nanoseconds, minutes)


CREATED = datetime(2024, 5, 14, 9, 30, 1, tzinfo=UTC)


def strings(labels: Mapping[str, str]) -> Tree:
    return {key.encode(): value.encode() for key, value in labels.items()}


def times() -> dict[bytes, bytes]:
    return {b"createdat": moment(CREATED), b"updatedat": moment(CREATED, 5_000_000)}


def image(target: Mapping[str, Any], labels: Mapping[str, str] | None = None) -> Tree:
    """An image's bucket; annotations lie beside the target, as containerd has them."""
    made: dict[bytes, Any] = times()
    made[b"target"] = {
        b"digest": target["digest"].encode(),
        b"mediatype": target["mediaType"].encode(),
        b"size": size(target["size"]),
    }
    if target.get("annotations"):
        made[b"annotations"] = strings(target["annotations"])
    return made | ({b"labels": strings(labels)} if labels else {})


def blob(length: int, labels: Mapping[str, str] | None = None) -> Tree:
    return {**times(), b"size": size(length), **({b"labels": strings(labels)} if labels else {})}


def namespace(builder: StoreBuilder) -> dict[bytes, Any]:
    """A namespace with the builder's named images and all its blobs, without labels."""
    images = {root["annotations"][IMAGE_NAME].encode(): root for root in builder.roots}
    plain = {name: {**root, "annotations": {}} for name, root in images.items()}
    return {
        b"images": {name: image(target) for name, target in plain.items()},
        b"content": {b"blob": {digest.encode(): blob(len(data)) for digest, data in builder.blobs.items()}},
    }


def write_root(builder: StoreBuilder, path: Path, namespaces: Tree | None = None, **options: Any) -> Path:
    """A containerd root with the builder's blobs, in the namespace default unless others are given."""
    builder.write_bare(path / "io.containerd.content.v1.content")
    metadata = path / "io.containerd.metadata.v1.bolt"
    metadata.mkdir()
    tree = {b"v1": {b"version": size(4), **(namespaces or {b"default": namespace(builder)})}}
    (metadata / "meta.db").write_bytes(database(tree, **options))
    return path
