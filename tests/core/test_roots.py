"""Images of stores without names: what nothing refers to, found once, stopped at will."""

import json
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from exporter_core import Descriptor, open_store, plan_export, summarise
from exporter_core.errors import Cancelled
from exporter_core.plan import ExportOptions
from exporter_core.stores.layout import LayoutStore
from tests.bolt_writer import write_root
from tests.images import OCI_LAYER, StoreBuilder

CONTENT = "io.containerd.content.v1.content"
ONE, TWO = "docker.io/library/one:1", "docker.io/library/two:1"


def filled() -> StoreBuilder:
    builder = StoreBuilder()
    builder.name(ONE, builder.multi_platform(["linux/amd64", "linux/arm64"]))
    builder.name(TWO, builder.image([{"etc/motd": "two\n"}]))
    return builder


def digests(builder: StoreBuilder) -> list[str]:
    return sorted(root["digest"] for root in builder.roots)


def bare(path: Path | str) -> LayoutStore:
    store = open_store(path)
    assert isinstance(store, LayoutStore)
    return store


def test_the_roots_of_a_content_folder(tmp_path: Path) -> None:
    """Whole images: they can be looked at and exported like named ones."""
    builder = filled()
    (tmp_path / "content" / "ingest").mkdir(parents=True)
    with closing(bare(builder.write_bare(tmp_path / "content"))) as store:
        images = store.images()
        assert [image.name for image in images] == digests(builder) and store.notes == ()
        assert all(isinstance(image.target, Descriptor) for image in images)
        assert all(summarise(store, image).complete for image in images)
        plan_export(store, images, ExportOptions(all_platforms=True)).raise_for_problems()


def test_a_layout_whose_index_is_lost(tmp_path: Path) -> None:
    builder = filled()
    path = builder.write_layout(tmp_path / "layout")
    (path / "index.json").unlink()
    with closing(bare(path)) as store:
        assert [image.name for image in store.images()] == digests(builder)


def test_what_index_json_does_not_list(tmp_path: Path) -> None:
    """Besides its images: what was left behind when a tag moved on."""
    builder = filled()
    path = builder.write_layout(tmp_path / "layout")
    index = json.loads((path / "index.json").read_text())
    left = index["manifests"].pop(0)
    (path / "index.json").write_text(json.dumps(index))
    with closing(bare(path)) as store:
        assert [image.name for image in store.unreferenced()] == [left["digest"]]
        assert [image.digest_text for image in store.images()] == [index["manifests"][0]["digest"]]


def test_what_is_no_image(tmp_path: Path) -> None:
    """JSON of other kinds, cut JSON, files with odd names, folders, and what is too large for a document."""
    builder = filled()
    for data in (b"{}", b"{", b"   {", b"", b'{"mediaType": 3}'):
        builder.blob(data, OCI_LAYER)
    path = builder.write_bare(tmp_path / "bare")
    (path / "blobs" / "sha256" / "README").write_text("{}")
    (path / "blobs" / "sha256" / ("0" * 64)).mkdir()
    with closing(bare(path)) as store:
        assert [image.name for image in store.images()] == digests(builder)
    with closing(open_store(path, document_limit=100)) as store:
        assert store.images() == ()


def test_a_broken_document_is_shown_with_what_is_wrong(tmp_path: Path) -> None:
    builder = StoreBuilder()
    builder.blob(b'{"schemaVersion": 2, "manifests": {}}', OCI_LAYER)
    with closing(bare(builder.write_bare(tmp_path / "bare"))) as store:
        [image] = store.images()
        assert summarise(store, image).problems


def test_a_second_look_sees_what_came_and_went(tmp_path: Path) -> None:
    builder = filled()
    path = builder.write_bare(tmp_path / "bare")
    with closing(bare(path)) as store:
        before = {image.name for image in store.images()}
        more = StoreBuilder()
        new = more.image([{"etc/motd": "three\n"}])
        more.write_bare(path)
        for name in path.glob(f"blobs/*/{digests(builder)[0][7:]}"):
            name.unlink()
        gone = digests(builder)[0]
        after = {image.name for image in store.images()}
        assert new["digest"] in after - before and gone in before - after


def test_a_look_can_be_stopped_and_ends_when_the_store_is_closed(tmp_path: Path) -> None:
    builder = StoreBuilder()
    for number in range(2000):
        builder.blob(f"layer {number}".encode(), OCI_LAYER)
    store = bare(builder.write_bare(tmp_path / "bare"))
    asked = iter([False] * 10)
    with pytest.raises(Cancelled):
        store.unreferenced(stop=lambda: next(asked, True))
    ended: list[type] = []

    def look() -> None:
        started.set()
        with pytest.raises(Cancelled):
            while True:
                store.images()
        ended.append(Cancelled)

    started = threading.Event()
    thread = threading.Thread(target=look)
    thread.start()
    started.wait(10)
    store.close()
    thread.join(30)
    assert ended == [Cancelled]


@pytest.mark.parametrize("where", [CONTENT, f"containerd/daemon/{CONTENT}"])
def test_the_content_folder_of_a_root_says_where_the_names_are(where: str, tmp_path: Path) -> None:
    builder = filled()
    root = (tmp_path / where).parent
    root.mkdir(parents=True, exist_ok=True)
    write_root(builder, root)
    with closing(bare(tmp_path / where)) as store:
        assert [image.name for image in store.images()] == digests(builder)
        assert store.notes == (f"this is the content folder of a containerd root: open {root} for its names",)
    (root / "io.containerd.metadata.v1.bolt" / "meta.db").unlink()
    with closing(bare(tmp_path / where)) as store:
        assert store.notes == ()


def test_the_content_folder_of_a_buildkit_worker(tmp_path: Path) -> None:
    worker: Any = tmp_path / "runc-overlayfs"
    filled().write_bare(worker / "content")
    (worker / "containerdmeta.db").write_bytes(b"x")
    with closing(bare(worker / "content")) as store:
        assert store.notes == (f"this is the content folder of a BuildKit root: open {worker} for its names",)
