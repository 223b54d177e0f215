"""Builds container images in memory, whole or harmed, and writes them as stores.

An independent witness: standard library only, nothing of the program under test. Descriptors are plain
dicts, and the same calls give the same bytes (for the same zlib).

    store = StoreBuilder()
    layer = store.layer({"etc/motd": b"hello", "etc/old": WHITEOUT, "srv": OPAQUE, "sh": symlink("/bin/sh")})
    manifest = store.manifest(store.config([layer], "linux/amd64"), [layer])
    store.name("docker.io/library/x:1", store.index([(manifest, "linux/amd64")]))
    store.write_layout(path)        # or write_bare(path), write_archive(path)

Harm is done after building: `drop`, `flip`, `truncate`, `lengthen` change what is stored under a digest;
`altered` gives a descriptor that lies. What only one test needs lives with that test.
"""

import hashlib
import io
import json
import random
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

Json = dict[str, Any]
PlatformLike = str | Json
Child = Json | tuple[Json, PlatformLike | None]

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar"
IN_TOTO = "application/vnd.in-toto+json"

IMAGE_NAME = "io.containerd.image.name"
REF_NAME = "org.opencontainers.image.ref.name"
MANIFEST_SUBJECT = "io.containerd.manifest.subject"
LAYOUT_FILE = b'{"imageLayoutVersion":"1.0.0"}'
CREATED = "2024-05-14T09:30:00Z"
MTIME = 1715679000  # the same moment, for files in layers


# --- files of a layer -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a layer. `kind` is tarfile's type, or one of the two marks of a layer."""

    kind: bytes = tarfile.REGTYPE
    data: bytes = b""
    mode: int = 0o644
    link: str = ""
    uid: int = 0
    gid: int = 0
    mtime: int = MTIME


def file(data: bytes | str, mode: int = 0o644, uid: int = 0, gid: int = 0) -> Entry:
    return Entry(data=data.encode() if isinstance(data, str) else data, mode=mode, uid=uid, gid=gid)


def directory(mode: int = 0o755, uid: int = 0, gid: int = 0) -> Entry:
    return Entry(tarfile.DIRTYPE, mode=mode, uid=uid, gid=gid)


def symlink(target: str) -> Entry:
    return Entry(tarfile.SYMTYPE, mode=0o777, link=target)


def hardlink(target: str) -> Entry:
    return Entry(tarfile.LNKTYPE, link=target)


DIR = directory()
WHITEOUT = Entry(b"whiteout")  # "etc/old": WHITEOUT   is written as etc/.wh.old
OPAQUE = Entry(b"opaque")  # "srv": OPAQUE       is written as srv/ and srv/.wh..wh..opq

Files = Mapping[str, Entry | bytes | str]


def _members(path: str, entry: Entry) -> Iterator[tuple[str, Entry]]:
    folder, _, name = path.rpartition("/")
    prefix = folder + "/" if folder else ""
    if entry.kind == WHITEOUT.kind:
        yield f"{prefix}.wh.{name}", file(b"")
    elif entry.kind == OPAQUE.kind:
        yield path, DIR
        yield f"{path}/.wh..wh..opq", file(b"")
    else:
        yield path, entry


def _with_parents(files: Files) -> dict[str, Entry]:
    """The members in the order given, each missing parent directory before its first child."""
    members: dict[str, Entry] = {}
    for path, value in files.items():
        entry = value if isinstance(value, Entry) else file(value)
        for name, member in _members(path, entry):
            parts = name.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                parent = "/".join(parts[:depth])
                if parent and parent not in members and files.get(parent) is None:
                    members[parent] = DIR
            members[name] = member
    return members


def layer_tar(files: Files) -> bytes:
    """The uncompressed tar of a layer; its sha256 is the layer's diff_id."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, entry in _with_parents(files).items():
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.linkname = entry.kind, entry.mode, entry.link
            info.uid, info.gid, info.mtime, info.size = entry.uid, entry.gid, entry.mtime, len(entry.data)
            tar.addfile(info, io.BytesIO(entry.data))
    return out.getvalue()


# --- compression ------------------------------------------------------------------------------------------


def gzip_bytes(data: bytes, level: int = 6) -> bytes:
    """A gzip member as Go writes it: no name, no time, unknown system."""
    deflate = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(data) + deflate.flush()
    trailer = struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + trailer


def zstd_plain(data: bytes) -> bytes:
    """A zstd frame by hand: raw blocks, and RLE blocks for runs of equal bytes. The same bytes everywhere."""
    blocks: list[tuple[int, bytes, int]] = []  # type (0 raw, 1 RLE), stored bytes, regenerated size
    for at in range(0, len(data), 512):
        piece = data[at : at + 512]
        rle = piece.count(piece[:1]) == len(piece)
        kind, stored = (1, piece[:1]) if rle else (0, piece)
        if blocks and blocks[-1][0] == kind and blocks[-1][2] + len(piece) <= 1 << 17:
            _, before, size = blocks[-1]
            if not rle or before == stored:
                blocks[-1] = (kind, before if rle else before + stored, size + len(piece))
                continue
        blocks.append((kind, stored, len(piece)))
    blocks = blocks or [(0, b"", 0)]
    frame = struct.pack("<IBQ", 0xFD2FB528, 0xE0, len(data))  # single segment, 8 bytes of content size
    for number, (kind, stored, size) in enumerate(blocks):
        last = number == len(blocks) - 1
        frame += (last | kind << 1 | size << 3).to_bytes(3, "little") + stored
    return frame


def zstd_bytes(data: bytes) -> bytes:
    """A zstd frame by the library where there is one, else by hand."""
    for module in ("compression.zstd", "backports.zstd"):
        try:
            compressed: bytes = import_module(module).compress(data)
        except ImportError:
            continue
        return compressed
    return zstd_plain(data)


_COMPRESS: dict[str, tuple[Callable[[bytes], bytes], str, str]] = {  # and the media types' endings
    "": (bytes, "", ""),
    "gzip": (gzip_bytes, "+gzip", ".gzip"),
    "zstd": (zstd_bytes, "+zstd", ".zstd"),
    "zstd-plain": (zstd_plain, "+zstd", ".zstd"),
}


# --- documents and descriptors ----------------------------------------------------------------------------


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def json_bytes(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def duplicate_key(document: Json, key: str, first: object) -> bytes:
    """The document as JSON with `key` twice: `first` before the true value, which comes last."""
    return b"{" + json_bytes(key) + b":" + json_bytes(first) + b"," + json_bytes(document)[1:]


def altered(descriptor: Json, **fields: Any) -> Json:
    """The descriptor with fields replaced (`size=…`, `digest="sha256:zz"`), or taken away where None."""
    return {key: value for key, value in {**descriptor, **fields}.items() if value is not None}


def platform_of(platform: PlatformLike) -> Json:
    """`os/architecture[/variant]` as the dict a descriptor bears; a dict is passed through."""
    if not isinstance(platform, str):
        return dict(platform)
    parts = dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))
    return {key: parts[key] for key in ("architecture", "os", "variant") if key in parts}


def name_annotations(name: str) -> Json:
    """The two annotations by which containerd names an image in an index.json."""
    last = name.rpartition("/")[2]
    tag = last.partition(":")[2] if ":" in last.partition("@")[0] else name
    return {IMAGE_NAME: name, REF_NAME: tag}


def _bare(descriptor: Json) -> Json:
    return {key: descriptor[key] for key in ("mediaType", "digest", "size")}


@dataclass(frozen=True, slots=True)
class Member:
    """One more member for an archive, hostile as you like: any name, any type."""

    name: str
    data: bytes = b""
    kind: bytes = tarfile.REGTYPE
    link: str = ""
    mode: int = 0o644

    def add_to(self, tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(self.name)
        info.type, info.linkname, info.mode, info.size = self.kind, self.link, self.mode, len(self.data)
        tar.addfile(info, io.BytesIO(self.data))


def hostile_members(digest: str = "sha256:" + "0" * 64) -> list[Member]:
    """Names and types that a reader must neither follow nor trust; the links claim to be `digest`."""
    blob = "blobs/" + digest.replace(":", "/")
    return [
        Member("../escaped", b"outside"),
        Member("blobs/sha256/../../../escaped", b"outside"),
        Member("/etc/shipglass-absolute", b"absolute"),
        Member(blob, kind=tarfile.SYMTYPE, link="/etc/passwd"),
        Member(blob, kind=tarfile.LNKTYPE, link="oci-layout"),
        Member("blobs/sha256/link", kind=tarfile.SYMTYPE, link="../../.."),
        Member("blobs/sha256/NOT-HEX", b"odd"),
        Member("blobs/sha256/pipe", kind=tarfile.FIFOTYPE),
        Member("blobs/sha256/device", kind=tarfile.CHRTYPE),
        Member("blobs/sha256/" + "a" * 64 + "/child", b"file in a file"),
        Member("", b"no name"),
    ]


# --- the builder ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class StoreBuilder:
    """`blobs` is what is stored under each digest, `roots` what index.json lists; edit both freely."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    roots: list[Json] = field(default_factory=list)
    diff_ids: dict[str, str] = field(default_factory=dict)

    # contents

    def blob(self, data: bytes, media_type: str, algorithm: str = "sha256", **fields: Any) -> Json:
        digest = digest_of(data, algorithm)
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data), **fields}

    def document(self, document: object, media_type: str, algorithm: str = "sha256", **fields: Any) -> Json:
        return self.blob(json_bytes(document), media_type, algorithm, **fields)

    def layer(
        self,
        files: Files,
        compression: str = "gzip",
        *,
        docker: bool = False,
        foreign: bool = False,
        algorithm: str = "sha256",
        **fields: Any,
    ) -> Json:
        """A layer; `compression` is "", "gzip", "zstd" or "zstd-plain" (the same bytes on every machine)."""
        tar = layer_tar(files)
        compress, oci, legacy = _COMPRESS[compression]
        media_type = (DOCKER_FOREIGN if foreign else DOCKER_LAYER) + legacy
        if not docker:
            media_type = (OCI_FOREIGN if foreign else OCI_LAYER) + oci
        descriptor = self.blob(compress(tar), media_type, algorithm, **fields)
        self.diff_ids[descriptor["digest"]] = digest_of(tar)
        return descriptor

    def config(
        self,
        layers: Sequence[Json] = (),
        platform: PlatformLike = "linux/amd64",
        *,
        docker: bool = False,
        algorithm: str = "sha256",
        **fields: Any,
    ) -> Json:
        """An image config; `fields` are its top-level keys (`config={"Env": []}`, `history=[]`, …)."""
        document = {"created": CREATED, **platform_of(platform), "config": {}, **fields}
        diff_ids = [self.diff_ids.get(layer["digest"], layer["digest"]) for layer in layers]
        document["rootfs"] = {"type": "layers", "diff_ids": diff_ids}
        history = [{"created": CREATED, "created_by": f"layer {n}"} for n in range(len(layers))]
        document.setdefault("history", history)
        return self.document(document, DOCKER_CONFIG if docker else OCI_CONFIG, algorithm)

    def manifest(
        self,
        config: Json,
        layers: Sequence[Json] = (),
        *,
        docker: bool = False,
        algorithm: str = "sha256",
        **fields: Any,
    ) -> Json:
        """A manifest; `fields` are its further keys (`subject=…`, `artifactType=…`, `annotations=…`)."""
        media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
        document: Json = {"schemaVersion": 2, "mediaType": media_type}
        if "artifactType" in fields:
            document["artifactType"] = fields.pop("artifactType")
        document |= {"config": config, "layers": list(layers), **fields}
        return self.document(document, media_type, algorithm)

    def index(
        self, children: Iterable[Child], *, docker: bool = False, algorithm: str = "sha256", **fields: Any
    ) -> Json:
        """An index of descriptors, or of pairs (descriptor, platform)."""
        media_type = DOCKER_LIST if docker else OCI_INDEX
        manifests = []
        for child in children:
            descriptor, platform = child if isinstance(child, tuple) else (child, None)
            if platform is not None:
                descriptor = {**descriptor, "platform": platform_of(platform)}
            manifests.append(descriptor)
        document = {"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}
        return self.document({**document, **fields}, media_type, algorithm)

    def image(
        self,
        layers: Sequence[Files] = ({"etc/hostname": "sample\n"},),
        platform: PlatformLike = "linux/amd64",
        *,
        compression: str = "gzip",
        docker: bool = False,
        **config: Any,
    ) -> Json:
        """Layers, config and manifest in one step; `config` as in `config()`."""
        made = [self.layer(files, compression, docker=docker) for files in layers]
        return self.manifest(self.config(made, platform, docker=docker, **config), made, docker=docker)

    def multi_platform(
        self, platforms: Sequence[PlatformLike] = ("linux/amd64", "linux/arm64/v8"), *, docker: bool = False
    ) -> Json:
        """An index of one small image for each platform, two layers each of which the first is shared."""
        base: Files = {"etc/os-release": "ID=sample\n", "bin/hello": file("#!/bin/sh\necho hello\n", 0o755)}
        return self.index(
            [
                (self.image([base, {"etc/arch": json_bytes(platform)}], platform, docker=docker), platform)
                for platform in platforms
            ],
            docker=docker,
        )

    # what belongs to an image

    def attestation(self, manifest: Json, statements: Sequence[Json] = ()) -> Json:
        """BuildKit's attestation of a manifest, to list beside it in the index: one layer a statement."""
        subject = [{"name": "_", "digest": {"sha256": manifest["digest"].partition(":")[2]}}]
        layers = []
        for statement in statements or ({"predicateType": "https://spdx.dev/Document", "predicate": {}},):
            document = {"_type": "https://in-toto.io/Statement/v0.1", "subject": subject, **statement}
            predicate = {"in-toto.io/predicate-type": statement["predicateType"]}
            layers.append(self.document(document, IN_TOTO, annotations=predicate))
        unknown = {"architecture": "unknown", "os": "unknown"}
        rootfs = {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]}
        config = {**unknown, "config": {}, "rootfs": rootfs}
        descriptor = self.manifest(self.document(config, OCI_CONFIG), layers)
        reference = {
            "vnd.docker.reference.digest": manifest["digest"],
            "vnd.docker.reference.type": "attestation-manifest",
        }
        return {**descriptor, "annotations": reference, "platform": unknown}

    def referrer(
        self,
        subject: Json,
        artifact_type: str,
        payload: bytes = b"{}",
        media_type: str = "application/octet-stream",
        **fields: Any,
    ) -> Json:
        """An artifact manifest whose `subject` is the given descriptor; the result bears its artifactType."""
        config = self.blob(b"{}", OCI_EMPTY)
        layers = [self.blob(payload, media_type)]
        made = self.manifest(config, layers, artifactType=artifact_type, subject=_bare(subject), **fields)
        return {**made, "artifactType": artifact_type}

    def attach(self, referrer: Json, subject: Json, convention: str = "subject") -> Json:
        """Lists a referrer: "subject" untagged, "containerd" by its annotation, "tag" as sha256-<hex>."""
        if convention == "containerd":
            return self.root({**referrer, "annotations": {MANIFEST_SUBJECT: subject["digest"]}})
        if convention == "tag":
            return self.ref(subject["digest"].replace(":", "-"), self.index([referrer]))
        return self.root(referrer)

    # names in index.json

    def root(self, descriptor: Json, **annotations: str) -> Json:
        """Lists the descriptor in index.json as it is (by digest alone where it has no annotations)."""
        if annotations:
            descriptor = {**descriptor, "annotations": {**descriptor.get("annotations", {}), **annotations}}
        self.roots.append(descriptor)
        return descriptor

    def name(self, name: str, descriptor: Json) -> Json:
        """Lists the descriptor under a full image name, as containerd does."""
        return self.root(descriptor, **name_annotations(name))

    def ref(self, tag: str, descriptor: Json) -> Json:
        """Lists the descriptor under org.opencontainers.image.ref.name alone, as skopeo and umoci do."""
        return self.root(descriptor, **{REF_NAME: tag})

    # harm

    def put(self, digest: str, data: bytes, media_type: str = OCI_INDEX) -> Json:
        """Stores data under a digest that need not be its own."""
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def drop(self, descriptor: Json) -> None:
        del self.blobs[descriptor["digest"]]

    def flip(self, descriptor: Json, at: int = -1) -> None:
        data = bytearray(self.blobs[descriptor["digest"]])
        data[at] ^= 0xFF
        self.blobs[descriptor["digest"]] = bytes(data)

    def truncate(self, descriptor: Json, by: int = 1) -> None:
        data = self.blobs[descriptor["digest"]]
        self.blobs[descriptor["digest"]] = data[: len(data) - by]

    def lengthen(self, descriptor: Json, by: bytes = b"\n") -> None:
        self.blobs[descriptor["digest"]] += by

    def cycle(self, length: int = 2) -> Json:
        """`length` indexes each naming the next, the last the first. All digests but the last are true."""
        closing = "sha256:" + hashlib.sha256(b"closes the cycle").hexdigest()
        last: Json = {"mediaType": OCI_INDEX, "digest": closing, "size": 0}
        first = last
        for _ in range(length - 1):
            first = self.index([first])
        data = json_bytes({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [first]})
        self.put(closing, data)
        return first if length > 1 else altered(last, size=len(data))

    def wide_index(self, count: int = 100_000) -> Json:
        """An index of `count` manifests none of which is there."""
        return self.index(
            (
                {"mediaType": OCI_MANIFEST, "digest": digest_of(b"%d" % number), "size": 7},
                {"architecture": "amd64", "os": "linux", "os.version": str(number)},
            )
            for number in range(count)
        )

    def deep_index(self, child: Json, depth: int = 2000) -> Json:
        """`depth` indexes around the child."""
        for _ in range(depth):
            child = self.index([child])
        return child

    # stores

    def index_json(self) -> bytes:
        return json_bytes({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": self.roots})

    def files(self) -> dict[str, bytes]:
        """The layout's files by their paths in it, sorted."""
        blobs = {"blobs/" + digest.replace(":", "/", 1): data for digest, data in self.blobs.items()}
        return dict(sorted({**blobs, "index.json": self.index_json(), "oci-layout": LAYOUT_FILE}.items()))

    def write_layout(self, path: Path) -> Path:
        (path / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
        for name, data in self.files().items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return path

    def write_bare(self, path: Path) -> Path:
        """The content alone: no index.json, no oci-layout."""
        self.write_layout(path)
        (path / "index.json").unlink()
        (path / "oci-layout").unlink()
        return path

    def write_archive(
        self,
        path: Path,
        *,
        before: Sequence[Member] = (),
        after: Sequence[Member] = (),
        prefix: str = "",
        mode: str = "w",
        tar_format: int = tarfile.PAX_FORMAT,
    ) -> Path:
        """The layout as a tar; `before`, `after`: more members (names may repeat), `prefix` is e.g. "./"."""
        files = self.files()
        folders = sorted({"blobs"} | {name.rpartition("/")[0] for name in files if "/" in name})
        members = [Member(prefix + name, kind=tarfile.DIRTYPE, mode=0o755) for name in folders]
        members += [Member(prefix + name, data) for name, data in files.items()]
        with tarfile.open(path, mode, format=tar_format) as tar:  # type: ignore[call-overload]
            for member in (*before, *members, *after):
                member.add_to(tar)
        return path


# --- large images for benches -----------------------------------------------------------------------------

_PIECE = 65535  # the most that one stored deflate block holds
_PIECES = 16


def _big_tar(size: int, seed: int) -> Iterator[bytes]:
    """A tar of `size` bytes (a multiple of 512 from 1536) with one file of noise, by deflate blocks."""
    noise = random.Random(1).randbytes(_PIECE * _PIECES)
    info = tarfile.TarInfo(f"var/lib/noise/{seed:04d}.bin")
    info.mtime, info.size = MTIME, size - 1536
    head = info.tobuf(tarfile.PAX_FORMAT)
    for number, at in enumerate(range(0, size, _PIECE)):
        slot = number % _PIECES * _PIECE
        piece = head[at:] + struct.pack("<QQ", seed, number) + noise[slot + 16 : slot + _PIECE]
        room = max(0, size - 1024 - at)  # two zero blocks end the tar
        yield piece[: min(room, _PIECE)].ljust(min(_PIECE, size - at), b"\0")


def _write_big_layer(folder: Path, size: int, seed: int) -> tuple[Json, str]:
    """A gzip layer of exactly `size` bytes in stored blocks; the remainder goes into the header's comment."""
    if size < 2048:
        raise ValueError(f"a big layer has at least 2048 bytes, not {size}")
    room = size - 19  # gzip's header, a comment's NUL and the trailer
    tar_size = (room - 5 * (room // (_PIECE + 5) + 1)) // 512 * 512
    blocks = -(-tar_size // _PIECE)
    comment = b"-" * (room - tar_size - 5 * blocks) + b"\0"
    content, diff, crc = hashlib.sha256(), hashlib.sha256(), 0
    temporary = folder / f"writing-{seed}"
    with temporary.open("wb") as out:
        head = b"\x1f\x8b\x08\x10\0\0\0\0\0\xff" + comment
        out.write(head)
        content.update(head)
        for number, piece in enumerate(_big_tar(tar_size, seed), 1):
            block = struct.pack("<BHH", number == blocks, len(piece), len(piece) ^ 0xFFFF) + piece
            diff.update(piece)
            crc = zlib.crc32(piece, crc)
            content.update(block)
            out.write(block)
        tail = struct.pack("<II", crc, tar_size & 0xFFFFFFFF)
        out.write(tail)
        content.update(tail)
    temporary.rename(folder / content.hexdigest())
    descriptor = {"mediaType": OCI_LAYER + "+gzip", "digest": f"sha256:{content.hexdigest()}", "size": size}
    return descriptor, f"sha256:{diff.hexdigest()}"


def big_layout(path: Path, sizes: Sequence[int], name: str = "docker.io/library/big:1") -> Json:
    """Writes a valid linux/amd64 image of incompressible layers of exactly these sizes; gives its root.

    About 400 MB/s a core, in little memory. The layers' contents differ also where their sizes are equal.
    """
    folder = path / "blobs" / "sha256"
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(_write_big_layer, [folder] * len(sizes), sizes, range(len(sizes))))
    store = StoreBuilder()
    layers = [descriptor for descriptor, _ in made]
    store.diff_ids = {descriptor["digest"]: diff_id for descriptor, diff_id in made}
    root = store.name(name, store.manifest(store.config(layers), layers))
    store.write_layout(path)
    return root
