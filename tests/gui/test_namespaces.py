"""A containerd root in the window: its namespaces, what its metadata tell, and what keeps a blob."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QLabel

from gui.models import ROW
from gui.settings import Settings
from tests.bolt_writer import blob, database, image, moment, namespace, size, times, write_root
from tests.gui.conftest import Open
from tests.gui.driving import Driver, indexes, row_text, texts
from tests.images import IMAGE_NAME, OCI_LAYER, StoreBuilder, digest_of

WEB, CACHE, PAUSE = "docker.io/library/web:1", "docker.io/library/cache:1", "registry.k8s.io/pause:3"
CONTROL = Qt.KeyboardModifier.ControlModifier


LOOSE = [b"left over\n" * 100, b"left over too\n" * 100]


def named(builder: StoreBuilder, *names: str, loose: Sequence[bytes] = ()) -> dict[bytes, Any]:
    """A namespace with these images of the builder, their blobs labelled as containerd does, and others."""
    tree = namespace(builder)
    tree[b"images"] = {name.encode(): tree[b"images"][name.encode()] for name in names}
    roots = {root["annotations"][IMAGE_NAME]: root["digest"] for root in builder.roots}
    blobs = {digest_of(data).encode(): blob(len(data)) for data in loose}
    waiting = [roots[name] for name in names]
    while waiting:
        digest = waiting.pop()
        below = children(builder.blobs[digest])
        labels = {f"containerd.io/gc.ref.content.{n}": child for n, child in enumerate(below)}
        blobs[digest.encode()] = blob(len(builder.blobs[digest]), labels)
        waiting += below
    tree[b"content"][b"blob"] = blobs
    return tree


def children(data: bytes) -> list[str]:
    """The digests a document refers to; none for what is no document."""
    try:
        document = json.loads(data)
    except ValueError:
        return []
    below = [document.get("config"), *document.get("manifests", ()), *document.get("layers", ())]
    return [item["digest"] for item in below if item and "digest" in item]


def filled_tree(builder: StoreBuilder) -> dict[bytes, Any]:
    """Two images in default, one in k8s.io and none in moby; a lease, labels, what nothing refers to."""
    builder.name(WEB, builder.multi_platform(["linux/amd64", "linux/arm64"]))
    builder.name(CACHE, builder.image([{"etc/motd": "cache\n"}]))
    builder.name(PAUSE, builder.image([{"pause": "pause\n"}]))
    for data in LOOSE:
        builder.blob(data, OCI_LAYER)
    default, k8s = named(builder, WEB, CACHE, loose=LOOSE), named(builder, PAUSE)
    pause = builder.roots[2]
    k8s[b"images"][PAUSE.encode()] = image(
        {**pause, "annotations": {}}, {"io.cri-containerd.image": "managed"}
    )
    k8s[b"content"][b"blob"][pause["digest"].encode()][b"labels"][b"owner"] = b"kubelet"
    k8s[b"leases"] = {b"pulling": {**times(), b"content": {pause["digest"].encode(): b""}}}
    return {b"default": default, b"k8s.io": k8s, b"moby": named(builder)}


def rewrite(root: Path, tree: dict[bytes, Any]) -> None:
    """The daemon has changed its metadata."""
    data = database({b"v1": {b"version": size(4), **tree}}, txid=9)
    made = root / "new.db"
    made.write_bytes(data)
    made.replace(root / "io.containerd.metadata.v1.bolt/meta.db")


def put_ingest(root: Path) -> None:
    """A layer of 1000 bytes of which 300 are there, in default."""
    folder = root / "io.containerd.content.v1.content/ingest/1234"
    folder.mkdir(parents=True)
    for name, data in (("ref", b"default/1/layer-1"), ("total", b"1000"), ("data", bytes(300))):
        (folder / name).write_bytes(data)
    builder = StoreBuilder()
    tree = filled_tree(builder)
    ingest = {b"ref": b"default/1/layer-1", b"expireat": moment(datetime(2100, 1, 1, tzinfo=UTC))}
    tree[b"default"][b"content"][b"ingests"] = {b"layer-1": ingest}
    rewrite(root, tree)


@pytest.fixture
def root(tmp_path: Path, builder: StoreBuilder) -> Path:
    """As above, on disk."""
    return write_root(builder, tmp_path / "root", filled_tree(builder))


@pytest.fixture
def driver(open_window: Open, root: Path) -> Driver:
    return open_window(root)


ALL = ["root", "default", CACHE, WEB, "k8s.io", PAUSE, "moby"]
LOOSE_WORDS = "Not referenced"


def names(driver: Driver) -> list[str]:
    """Of all rows but those of the blobs that nothing refers to, which come when they are known."""
    return [text for text in texts(driver.images) if text != LOOSE_WORDS]


def details_of_headings(driver: Driver) -> dict[str, str]:
    return {name: words for name, words in details(driver).items() if name != LOOSE_WORDS}


def details(driver: Driver) -> dict[str, str]:
    """Of each heading."""
    model = driver.images.model()
    rows = [model.index(at, 0).data(ROW) for at in range(model.rowCount())]
    return {row.title: row.detail for row in rows if not row.is_image}


def test_every_namespace_is_a_heading_with_its_images(driver: Driver) -> None:
    assert names(driver) == ALL
    assert details_of_headings(driver) == {
        "root": "containerd root",
        "default": "2 images",
        "k8s.io": "1 image",
        "moby": "0 images",
    }
    driver.choose(PAUSE)
    status = driver.window.stores.words()
    assert "1 image" in status and "namespace k8s.io" in status and "others:" not in status
    driver.choose(WEB)
    assert "others:" not in driver.window.stores.words()


def test_namespaces_and_the_store_fold(driver: Driver) -> None:
    driver.click(driver.images, driver.index(driver.images, "default"))
    assert names(driver) == ["root", "default", "k8s.io", PAUSE, "moby"]
    driver.click(driver.images, driver.index(driver.images, "default"))
    driver.click(driver.images, driver.index(driver.images, "root"))
    assert names(driver) == ["root"]
    driver.click(driver.images, driver.index(driver.images, "root"))
    assert names(driver) == ALL


def test_the_filter_looks_into_all_namespaces(driver: Driver) -> None:
    driver.filter.setFocus()
    driver.qtbot.keyClicks(driver.filter, "pause")
    assert names(driver) == ["root", "default", "k8s.io", PAUSE, "moby"]
    assert details(driver)["default"] == "0 of 2 images" and details(driver)["k8s.io"] == "1 of 1 image"


def test_images_of_two_namespaces_are_not_exported_together(driver: Driver) -> None:
    driver.choose(WEB)
    export = driver.action("exportAction")
    assert export.isEnabled()
    driver.click(driver.images, driver.index(driver.images, PAUSE), CONTROL)
    assert not export.isEnabled() and "several stores or namespaces" in export.toolTip()
    assert "An export is from one" in driver.window.stores.words()
    driver.choose(PAUSE)
    assert export.isEnabled()


def test_an_export_from_another_namespace(driver: Driver, tmp_path: Path) -> None:
    driver.choose(PAUSE)
    driver.export(tmp_path / "pause.tar")
    driver.wait_job("done")
    assert (tmp_path / "pause.tar").stat().st_size > 1000


def test_one_location_is_remembered(driver: Driver, root: Path) -> None:
    driver.choose(PAUSE)
    settings = Settings()
    assert (settings.recent, settings.last_store) == ([str(root)], str(root))


def test_the_group_is_closed_and_reloaded_together(driver: Driver, root: Path, builder: StoreBuilder) -> None:
    driver.choose(PAUSE)
    tree = {b"default": named(builder), b"k8s.io": named(builder, CACHE, PAUSE), b"new": named(builder, WEB)}
    rewrite(root, tree)
    driver.action("reloadAction").trigger()
    driver.wait(lambda: "new" in texts(driver.images))
    assert names(driver) == ["root", "default", "k8s.io", CACHE, PAUSE, "new", WEB]
    driver.action("closeStoreAction").trigger()
    assert names(driver) == [] and driver.window.session.stores == []


def test_one_namespace_or_one_that_was_asked_for_has_no_heading(
    open_window: Open, tmp_path: Path, builder: StoreBuilder, root: Path
) -> None:
    alone = write_root(builder, tmp_path / "alone")
    assert names(open_window(alone)) == sorted((CACHE, WEB, PAUSE))
    assert texts(open_window(f"{root}?namespace=k8s.io").images) == [PAUSE]


def test_a_root_beside_another_store(open_window: Open, root: Path, sample_store: Path) -> None:
    driver = open_window(root, sample_store)
    driver.wait(lambda: sample_store.name in texts(driver.images))
    shown = names(driver)
    assert shown[: len(ALL)] == ALL and shown[len(ALL)] == sample_store.name


@pytest.fixture
def sample_store(tmp_path: Path) -> Path:
    """A plain layout."""
    builder = StoreBuilder()
    builder.name("docker.io/library/plain:1", builder.image([{"a": "b"}]))
    return builder.write_layout(tmp_path / "plain")


def test_the_overview_tells_what_the_namespace_records(driver: Driver) -> None:
    driver.choose(PAUSE)
    driver.wait(lambda: "HELD BY LEASES" in driver.overview)
    words = driver.overview
    assert "Namespace" in words and "k8s.io" in words and "2024-05-14 09:30" in words
    assert "io.cri-containerd.image" in words and "managed" in words
    assert "owner" in words and "kubelet" in words and "containerd.io/gc.ref.content.0" in words
    assert "pulling" in words and "this blob, since 2024-05-14 09:30" in words


def test_a_store_without_records_tells_none(open_window: Open, sample_store: Path) -> None:
    words = open_window(sample_store).overview
    assert "NAME IN THE STORE" not in words and "HELD BY LEASES" not in words


def kept_by(driver: Driver) -> list[list[str]]:
    return [row_text(index) for index in indexes(driver.child(QAbstractItemView, "keptByView"))]


def words(driver: Driver) -> str:
    return driver.child(QLabel, "keptByWords").text()


def test_used_by_tells_what_keeps_a_blob(driver: Driver) -> None:
    driver.choose(PAUSE)
    driver.action("showUsedByAction").trigger()
    driver.wait(lambda: len(kept_by(driver)) == 2)
    assert sorted(kept_by(driver)) == [["image pause:3", "target"], ["lease pulling", "lease"]]
    assert words(driver) == "Kept in k8s.io by 2 ways"
    driver.click(driver.structure, driver.index(driver.structure, "layer"))
    driver.wait(lambda: ["image pause:3", "target → gc.ref.content.1"] in kept_by(driver))
    tip = driver.child(QAbstractItemView, "keptByView").model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "image registry.k8s.io/pause:3 (image)" in tip or "lease pulling (lease)" in tip
    driver.choose(WEB)
    driver.wait(lambda: words(driver) == "Kept in default by 1 way")


def test_a_blob_that_nothing_keeps(driver: Driver, root: Path, builder: StoreBuilder) -> None:
    """A manifest without labels keeps no layer, so a collection would take it."""
    tree = {b"default": namespace(builder)}
    rewrite(root, tree)
    driver.action("reloadAction").trigger()
    driver.wait(lambda: len(texts(driver.images)) > 2 and "root" not in texts(driver.images))
    driver.choose(CACHE)
    driver.action("showUsedByAction").trigger()
    driver.click(driver.structure, driver.index(driver.structure, "layer"))
    driver.wait(lambda: words(driver) == "Not kept in default")
    assert kept_by(driver) == []


def test_a_store_without_metadata_has_no_such_part(open_window: Open, sample_store: Path) -> None:
    driver = open_window(sample_store)
    driver.action("showUsedByAction").trigger()
    assert not driver.child(QAbstractItemView, "keptByView").isVisible()


def test_what_nothing_refers_to_is_a_group_of_its_own(driver: Driver) -> None:
    driver.wait(lambda: "Not referenced" in details(driver))
    assert details(driver)["Not referenced"] == "2 blobs, 2.3 KiB"
    driver.click(driver.images, driver.index(driver.images, "Not referenced"))
    loose = [digest_of(data) for data in sorted(LOOSE, key=len, reverse=True)]
    at = texts(driver.images).index("Not referenced")
    assert texts(driver.images)[at + 1 : at + 3] == loose
    driver.click(driver.images, driver.index(driver.images, "Not referenced"))
    assert loose[0] not in texts(driver.images)


def test_a_blob_under_way(driver: Driver, root: Path) -> None:
    put_ingest(root)
    driver.action("reloadAction").trigger()
    driver.wait(lambda: "layer-1" in texts(driver.images))
    row = driver.index(driver.images, "layer-1").data(ROW)
    assert (row.detail, details(driver)["Under way"]) == ("300 B of 1000 B, 30 %", "1 blob")


def test_the_status_bar_sums_up_the_namespace(driver: Driver, builder: StoreBuilder) -> None:
    driver.choose(PAUSE)
    status = driver.child(QLabel, "storeStatus")
    driver.wait(lambda: "blobs" in status.toolTip() + status.text())
    pause = [builder.roots[2]["digest"], *children(builder.blobs[builder.roots[2]["digest"]])]
    total = sum(len(builder.blobs[digest]) for digest in pause)
    said = driver.window.stores.words()
    assert said.startswith(f"1 image · 3 blobs · {total} B · namespace k8s.io")


def test_the_status_bar_tells_what_images_share(open_window: Open, tmp_path: Path) -> None:
    builder = StoreBuilder()
    for name in ("one:1", "two:1"):
        builder.name(name, builder.image([{"etc/same": "the same\n"}, {"etc/name": name}]))
    driver = open_window(builder.write_layout(tmp_path / "both"))
    driver.wait(lambda: "shared)" in driver.window.stores.words())
    assert "2 images · 7 blobs · " in driver.window.stores.words()


def test_what_the_daemon_changes_is_shown_and_what_is_selected_stays(
    driver: Driver, root: Path, builder: StoreBuilder
) -> None:
    driver.choose(WEB)
    driver.wait(lambda: any("layer" in text for text in texts(driver.structure)))
    driver.click(driver.structure, driver.index(driver.structure, "layer"))
    layer = driver.structure.currentIndex().data()
    shown = driver.window.session.current
    tree = filled_tree(StoreBuilder())
    tree[b"default"] = named(builder, WEB, CACHE, PAUSE, loose=LOOSE[:1])
    tree[b"default"][b"images"][b"a.example/first:1"] = image({**builder.roots[2], "annotations": {}})
    del tree[b"default"][b"images"][CACHE.encode()]
    rewrite(root, tree)
    driver.wait(lambda: "a.example/first:1" in texts(driver.images), 15000)
    assert CACHE not in texts(driver.images) and texts(driver.images).count(PAUSE) == 2
    now = driver.window.session.current
    assert shown is not None and now is not None and now.image is shown.image and now.row == 1
    assert driver.structure.currentIndex().data() == layer and driver.images.currentIndex().data() == WEB
    driver.wait(lambda: details(driver)["Not referenced"].startswith("4 blobs"), 15000)


def test_a_namespace_that_comes_and_one_that_goes(driver: Driver, root: Path, builder: StoreBuilder) -> None:
    driver.choose(PAUSE)
    rewrite(root, {b"k8s.io": named(builder, PAUSE), b"new": named(builder, WEB)})
    driver.wait(lambda: "new" in texts(driver.images), 15000)
    assert names(driver) == ["root", "k8s.io", PAUSE, "new", WEB]
    current = driver.window.session.current
    assert current is not None and current.image.name == PAUSE
    assert driver.images.currentIndex().data() == PAUSE


def test_a_namespace_is_spoken(driver: Driver) -> None:
    index = driver.index(driver.images, "k8s.io")
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "namespace k8s.io, 1 image"
