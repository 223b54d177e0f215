"""What the inspector says of a node, and what it keeps to itself."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QTabWidget, QTextBrowser, QToolButton

from gui.models import overview
from gui.models.json_text import json_text, pretty
from gui.models.overview import looks_secret
from tests.gui.conftest import Open
from tests.gui.driving import LEFT, Driver
from tests.images import StoreBuilder, json_bytes


def browser(driver: Driver) -> QTextBrowser:
    return driver.child(QTextBrowser, "overviewView")


def follow(driver: Driver, kind: str) -> None:
    """Click the first link of this kind, wherever it was laid out."""
    view = browser(driver)
    document = view.document().documentLayout()
    for y in range(0, int(document.documentSize().height()), 4):
        for x in range(0, view.viewport().width(), 6):
            if view.document().documentLayout().anchorAt(_point(x, y)).startswith(kind):
                bar = view.verticalScrollBar()
                bar.setValue(max(0, y - 100))
                place = _point(x, y - bar.value()).toPoint()
                QTest.mouseClick(view.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place)
                return
    raise AssertionError(f"no link {kind}")


def _point(x: int, y: int):  # type: ignore[no-untyped-def]
    from PySide6.QtCore import QPointF

    return QPointF(x, y)


def test_overview_of_a_manifest_reads_like_a_description(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/amd64")
    sample.wait(lambda: "Entrypoint" in sample.overview)
    said = sample.overview
    for part in (
        "Image for linux/amd64", "complete, 7 of 7", "/docker-entrypoint.sh", "harbord", "101:101",
        "8080/tcp", "/var/log/harbor", "HARBOR_VERSION", "5 layers", "Example Platform Team",
        "registry.example.com/platform/base", "application/vnd.oci.image.manifest.v1+json",
    ):  # fmt: skip
        assert part in said, part


def test_overview_of_an_index_lists_its_platforms(sample: Driver) -> None:
    sample.choose("sparse-cache")
    sample.pick("All")
    sample.wait(lambda: "PLATFORMS" in sample.overview)
    assert "linux/arm64/v8" in sample.overview and "2 of 4 present" in sample.overview


def test_what_is_missing_and_why(sample: Driver) -> None:
    sample.choose("sparse-cache")
    sample.pick("linux/arm64")
    sample.wait(lambda: "2 problems" in sample.overview)
    assert "is not in the store" in sample.overview and "Fetch the whole image again" in sample.overview


def test_overview_of_a_layer_says_where_it_comes_from(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/amd64")
    sample.wait(lambda: sample.structure.currentIndex().data() == "manifest linux/amd64")
    sample.click(sample.structure, sample.index(sample.structure, "layer 2/5"))
    sample.wait(lambda: "Layer 2/5" in sample.overview)
    assert "apk add harbor-web" in sample.overview and "Unpacked digest" in sample.overview


def test_secrets_are_masked_until_revealed(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.pick("linux/amd64")
    sample.wait(lambda: "HARBOR_SESSION_SECRET" in sample.overview)
    masked = sample.overview
    assert "••••" in masked
    follow(sample, "reveal:")
    revealed = sample.overview
    assert "••••" not in revealed and "Hide" in revealed
    follow(sample, "reveal:")
    assert sample.overview == masked


def test_looks_secret() -> None:
    assert looks_secret("DB_PASSWORD", "x") and looks_secret("API_KEY", "x") and looks_secret("AUTH", "x")
    assert looks_secret("URL", "postgres://u:p@host/db")
    assert looks_secret("K", "AKIA" + "A" * 16)
    assert (
        not looks_secret("PATH", "/bin")
        and not looks_secret("AUTHOR", "me")
        and not looks_secret("URL", "http://a/")
    )


def test_the_digest_is_copied_whole(sample: Driver) -> None:
    sample.choose("edge")
    sample.wait(lambda: "Copy" in sample.overview)
    follow(sample, "copy:")
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("sha256:") and len(copied) == 71 and copied in sample.overview.replace("\n", "")


def test_json_pretty_raw_and_exact(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    odd = b'{"schemaVersion":2,"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",'
    odd += b'"manifests":[],"n":1.50e+3,"t":"\\u00e9\\"}","empty":{},"list":[1,[2]]}'
    builder.name("docker.io/library/odd:1", builder.blob(odd, "application/vnd.oci.image.index.v1+json"))
    driver = open_window(builder.write_layout(tmp_path / "store"))
    driver.keys(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier, to=driver.window)
    assert driver.child(QTabWidget, "inspector").currentIndex() == 1
    text = driver.child(QPlainTextEdit, "jsonView").toPlainText()
    assert text.count('"schemaVersion": 2,') == 2 and "1.50e+3" in text and '"\\u00e9\\"}"' in text
    assert '"empty": {}' in text
    driver.press(driver.child(QToolButton, "jsonRaw"))
    assert driver.json == odd.decode()


def test_json_of_a_layer_is_its_descriptor(sample: Driver) -> None:
    sample.choose("edge")
    sample.click(sample.structure, sample.index(sample.structure, "layer 1"))
    sample.wait(lambda: "image.layer" in sample.json and '"size": ' in sample.json)


def test_a_large_document_is_capped(
    open_window: Open, builder: StoreBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "SHOWN_MOST", 512 * 1024)
    builder.name("docker.io/library/wide:1", builder.wide_index(9000))
    driver = open_window(builder.write_layout(tmp_path / "store"), wait=False)
    driver.wait(lambda: driver.picker.count() > 0, 15000)
    driver.action("allPlatformsAction").trigger()
    driver.wait(lambda: "schemaVersion" in driver.json, 15000)
    inspector = driver.window.inspector
    assert inspector.json.note.text().startswith("The first 512.0 KiB of")
    assert len(driver.json) < 1_500_000


def test_hostile_text_is_only_text(open_window: Open, builder: StoreBuilder, tmp_path: Path) -> None:
    config = {
        "Labels": {"<img src='file:///etc/passwd'>": "<script>x</script><h1>BIG</h1>"},
        "Env": ["<b>=<i>"],
    }
    builder.name("docker.io/library/evil:1", builder.image(config=config))
    driver = open_window(builder.write_layout(tmp_path / "store"))
    driver.wait(lambda: "<script>x</script><h1>BIG</h1>" in driver.overview)
    assert "<img src='file:///etc/passwd'>" in driver.overview
    assert browser(driver).loadResource(2, QUrl("file:///etc/passwd")) is None


def test_pretty_keeps_every_token() -> None:
    text = '{"a":[{},[],{"b":[1,2,{"c":"}{,:"}]}],"d":null}'
    assert "".join(pretty(text).split()) == text
    assert pretty("") == "" and pretty("not json at all") == "notjsonatall"
    assert json_text(b'{"a":"\xff"}').raw == '{"a":"\ufffd"}'
    assert pretty(json_bytes({"a": 1}).decode()) == '{\n  "a": 1\n}'
