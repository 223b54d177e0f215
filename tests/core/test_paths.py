"""Ways through an image, and which images belong to another."""

from typing import Any

import pytest

from exporter_core import Image, root_node
from exporter_core.errors import Cancelled
from exporter_core.graph import nodes_along, path_near, path_of, referrers_of
from tests.images import Json, StoreBuilder
from tests.memory import MemoryStore

NAME = "docker.io/library/sample:1"
NOWHERE = "sha256:" + "0" * 64


def nested() -> tuple[MemoryStore, dict[str, Json]]:
    """index → (amd64, index → (arm64)): a layer of both, one of arm64 alone."""
    builder = StoreBuilder()
    shared, own = builder.layer({"shared": "x"}), builder.layer({"own": "y"})
    amd = builder.manifest(builder.config([shared], "linux/amd64"), [shared])
    arm = builder.manifest(builder.config([shared, own], "linux/arm64"), [shared, own])
    inner = builder.index([(arm, "linux/arm64")])
    index = builder.index([(amd, "linux/amd64"), inner])
    builder.name(NAME, index)
    parts = {"shared": shared, "own": own, "amd": amd, "arm": arm, "inner": inner, "index": index}
    return MemoryStore.of(builder), parts


def test_a_path_leads_through_the_nodes_on_the_way() -> None:
    store, parts = nested()
    root = root_node(store, store.images()[0])
    way = nodes_along(store, root, (1, 0, 2))
    assert [node.digest_text for node in way] == [
        parts[part]["digest"] for part in ("index", "inner", "arm", "own")
    ]
    assert way[-1].label == "layer 2/2" and str(way[-1].platform) == "linux/arm64"


@pytest.mark.parametrize(("path", "found"), [((1, 5), 2), ((-1,), 1), ((0, 1, 0), 3), ((), 1)])
def test_a_path_that_leads_nowhere_ends_early(path: tuple[int, ...], found: int) -> None:
    store, _ = nested()
    assert len(nodes_along(store, root_node(store, store.images()[0]), path)) == found


def test_the_shortest_way_to_a_digest() -> None:
    store, parts = nested()
    root = root_node(store, store.images()[0])
    assert path_of(store, root, str(parts["index"]["digest"])) == ()
    assert path_of(store, root, str(parts["shared"]["digest"])) == (0, 1)
    assert path_of(store, root, str(parts["own"]["digest"])) == (1, 0, 2)
    assert path_of(store, root, NOWHERE) is None


def test_near_is_below_the_place_itself_first() -> None:
    store, parts = nested()
    root = root_node(store, store.images()[0])
    shared = str(parts["shared"]["digest"])
    assert path_near(store, root, (1,), shared) == (1, 0, 1)
    assert path_near(store, root, (), shared) == (0, 1)
    assert path_near(store, root, (1,), str(parts["amd"]["digest"])) == (0,)
    assert path_near(store, root, (0, 1), shared) == (0, 1)


def test_a_search_ends_in_circles_and_when_it_is_told_to() -> None:
    builder = StoreBuilder()
    builder.root(builder.cycle(3))
    store = MemoryStore.of(builder)
    root = root_node(store, store.images()[0])
    assert path_of(store, root, NOWHERE) is None
    with pytest.raises(Cancelled):
        path_of(store, root, NOWHERE, stop=lambda: True)


def belonging(convention: str) -> tuple[Any, Image, Image]:
    """(store, image, its SBOM) where the SBOM is tied by ``convention``."""
    builder = StoreBuilder()
    image = builder.image()
    builder.name(NAME, image)
    builder.name("docker.io/library/other:1", builder.image([{"other": "x"}]))
    referrer = builder.referrer(image, "application/spdx+json")
    builder.attach(referrer, image, convention)
    store = MemoryStore.of(builder)
    first, _, last = store.images()
    return store, first, last


@pytest.mark.parametrize("convention", ["subject", "containerd", "tag"])
def test_a_referrer_is_found_by_each_convention(convention: str) -> None:
    store, image, referrer = belonging(convention)
    assert list(referrers_of(store, store.images(), image.digest_text)) == [referrer]
    assert list(referrers_of(store, store.images(), NOWHERE)) == []


def test_no_more_documents_are_read_than_asked() -> None:
    store, image, _ = belonging("subject")
    assert list(referrers_of(store, store.images(), image.digest_text, most=0)) == []
