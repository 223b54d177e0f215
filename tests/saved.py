"""What `docker save` of each age writes, built by hand: standard library only, nothing of the program.

image = SavedImage(["a:1"], [layer_tar({"etc/motd": "hello"}), …])
write_tar(path, modern([image]))        # or legacy, docker_110, docker_25
"""

import hashlib
import io
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.images import CREATED, OCI_LAYER, REF_NAME, Json, Member, StoreBuilder, digest_of, json_bytes

LINK, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE


def hexes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class SavedImage:
    """`layers` are plain tars, from the base up; `stored` is what lies in the archive in their place."""

    names: Sequence[str] | None
    layers: Sequence[bytes]
    platform: Json = field(default_factory=lambda: {"architecture": "amd64", "os": "linux"})
    stored: Sequence[bytes] = ()
    extra: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stored = self.stored or self.layers

    @property
    def diff_ids(self) -> list[str]:
        return [digest_of(layer) for layer in self.layers]

    @property
    def config(self) -> bytes:
        history = [{"created": CREATED, "created_by": f"layer {n}"} for n in range(len(self.layers))]
        rootfs = {"type": "layers", "diff_ids": self.diff_ids}
        document = {**self.platform, "config": {"Cmd": ["/x"]}, "created": CREATED, "history": history}
        return json_bytes({**document, "rootfs": rootfs, **self.extra})

    def v1_ids(self) -> list[str]:
        """The old IDs of its layers: any 64 digits that differ where what is below does."""
        ids: list[str] = []
        for diff_id in self.diff_ids:
            ids.append(hexes((ids[-1] if ids else "").encode() + diff_id.encode()))
        return ids

    def v1_documents(self) -> list[Json]:
        ids = self.v1_ids()
        made: list[Json] = []
        for n, one in enumerate(ids):
            document: Json = {"id": one} | ({"parent": ids[n - 1]} if n else {})
            document |= {"created": f"2015-03-0{n + 1}T10:00:00.120000000Z", "docker_version": "1.9.1"}
            document |= {
                "container_config": {"Cmd": ["/bin/sh", "-c", f"step <{n}>"]},
                "Size": 7,
                **self.platform,
            }
            made.append(document)
        made[-1] |= {"config": {"Cmd": ["/x"], "Env": None}, "author": "somebody", "throwaway": True}
        return made


def unique(members: Iterable[Member]) -> list[Member]:
    return list({member.name: member for member in members}.values())


def rows(images: Sequence[SavedImage], config: str, layer: Sequence[Sequence[str]]) -> list[Json]:
    return [
        {
            "Config": config.format(hexes(i.config)),
            "RepoTags": i.names and list(i.names),
            "Layers": list(names),
        }
        for i, names in zip(images, layer, strict=True)
    ]


def repositories(images: Sequence[SavedImage]) -> bytes:
    found: dict[str, dict[str, str]] = {}
    for image in images:
        for name in image.names or ():
            repository, _, tag = name.rpartition(":")
            found.setdefault(repository, {})[tag] = image.v1_ids()[-1]
    return json_bytes(found)


def modern(images: Sequence[SavedImage], suffix: str = ".tar") -> list[Member]:
    """As skopeo and podman do: layers by their digest, old names as links."""
    made: list[Member] = []
    for image in images:
        for data, diff_id, old in zip(image.stored, image.diff_ids, image.v1_ids(), strict=True):
            name = diff_id[7:] + suffix
            made += [Member(name, data), Member(f"{old}/layer.tar", kind=LINK, link=f"../{name}")]
        made.append(Member(hexes(image.config) + ".json", image.config))
    names = [[diff_id[7:] + suffix for diff_id in image.diff_ids] for image in images]
    return unique([*made, Member("manifest.json", json_bytes(rows(images, "{}.json", names)))])


def legacy(images: Sequence[SavedImage]) -> list[Member]:
    """As Docker before 1.10 did: nothing but layers with their documents, and names."""
    made: list[Member] = []
    for image in images:
        for one, document, data in zip(image.v1_ids(), image.v1_documents(), image.stored, strict=True):
            made += [Member(f"{one}/", kind=tarfile.DIRTYPE), Member(f"{one}/VERSION", b"1.0")]
            made += [Member(f"{one}/json", json_bytes(document)), Member(f"{one}/layer.tar", data)]
    if any(image.names for image in images):
        made.append(Member("repositories", repositories(images)))
    return unique(made)


def docker_110(images: Sequence[SavedImage]) -> list[Member]:
    """As Docker 1.10 to 24 did: the old form, and beside it configs, manifest.json and links."""
    made: list[Member] = []
    seen: dict[bytes, str] = {}
    for member in legacy(images):
        first = (
            seen.setdefault(member.data, member.name) if member.name.endswith("layer.tar") else member.name
        )
        link = first != member.name
        made.append(Member(member.name, kind=LINK, link=f"../{first}") if link else member)
    made += [Member(hexes(image.config) + ".json", image.config) for image in images]
    names = [[f"{one}/layer.tar" for one in image.v1_ids()] for image in images]
    return unique([*made, Member("manifest.json", json_bytes(rows(images, "{}.json", names)))])


def docker_25(images: Sequence[SavedImage], null: bool = False) -> list[Member]:
    """As Docker 25 and later do: an OCI layout and manifest.json over the same blobs; `null` as some did."""
    store = StoreBuilder()
    for image in images:
        layers = [store.blob(data, OCI_LAYER) for data in image.stored]
        config = store.blob(image.config, "application/vnd.oci.image.config.v1+json")
        root = store.manifest(config, layers)
        for name in image.names or ():
            store.name(f"docker.io/library/{name}", root)
            assert REF_NAME in store.roots[-1]["annotations"]
    files = store.files()
    if null:
        files["index.json"] = b'{"schemaVersion":2,"manifests":null}'
    names = [["blobs/sha256/" + hexes(data) for data in image.stored] for image in images]
    files["manifest.json"] = json_bytes(rows(images, "blobs/sha256/{}", names))
    return [Member(name, data) for name, data in sorted(files.items())]


FORMS = {
    "modern": modern,
    "legacy": legacy,
    "docker-1.10": docker_110,
    "docker-25": docker_25,
    "docker-25-null": lambda images: docker_25(images, null=True),
}


def tar_bytes(members: Iterable[Member], tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tar_format) as tar:
        for member in members:
            member.add_to(tar)
    return out.getvalue()


def write_tar(path: Path, members: Iterable[Member]) -> Path:
    path.write_bytes(tar_bytes(members))
    return path


def write_folder(path: Path, members: Iterable[Member]) -> Path:
    for member in members:
        place = path / member.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if member.kind == LINK:
            place.symlink_to(member.link)
        elif member.kind == tarfile.DIRTYPE:
            place.mkdir(exist_ok=True)
        else:
            place.write_bytes(member.data)
    return path


def write_dir(builder: StoreBuilder, path: Path) -> Path:
    """skopeo's `dir:` of an index of all the builder lists (or of its one root), and of all its blobs."""
    path.mkdir(parents=True)
    (path / "version").write_bytes(b"Directory Transport Version: 1.1\n")
    (path / "manifest.json").write_bytes(
        builder.blobs[builder.roots[0]["digest"]] if len(builder.roots) == 1 else builder.index_json()
    )
    for digest, data in builder.blobs.items():
        algorithm, _, encoded = digest.partition(":")
        document = data[:40].startswith(b'{"schemaVersion"')
        name = encoded if algorithm == "sha256" else f"{algorithm}-{encoded}"
        (path / (name + ".manifest.json" * document)).write_bytes(data)
    return path
