"""No text that a person reads is left out of translation: a translator marks all it is asked for."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt, QTranslator
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTabWidget,
    QTextBrowser,
    QTextEdit,
    QWidget,
)  # fmt: skip

from gui.dialogs.about import _versions
from gui.views.overview import OverviewView
from gui.window import MainWindow
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import Driver
from tests.gui.walking import actions, scenes, widgets
from tests.images import StoreBuilder

MARK, END = "⟦", "⟧"


class Marking(QTranslator):
    """Puts a mark around every text, with its placeholders left alone."""

    def isEmpty(self) -> bool:
        return False

    def translate(self, context: str, source: str, disambiguation: Any = None, n: int = -1) -> str:  # type: ignore[override]
        return f"{MARK}{source}{END}" if source else ""


@pytest.fixture
def marked(qapp: QApplication) -> Iterator[None]:
    translator = Marking()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


# What is the same in every language.
NO_WORDS = re.compile(
    r"""(?x)
      [\W\d_]*                                             # symbols and numbers
    | ((sha256|sha512):)?[0-9a-f]{6,}…?                    # digests, whole or cut
    | \w+\([\d.]+\)/\w+                                   # a Windows with its build
    | https?://\S+ | [\w.-]+\.tar                          # addresses, names of archives
    | (ctr|docker|podman|kind|skopeo|crane|regctl)(\ .*)?  # programs and their commands
    | [\w.+-]+/[\w.+-]+(/[\w.()+-]+)*(:[\w.-]+)?(@.*)?     # media types, platforms, names of images
    | [\w.-]+:[\w.-]+(@sha256:.*)?                         # redis:7
    | [~/.].*                                              # paths
    | [\d.,\s]+(B|KiB|MiB|GiB)(/s)?                        # sizes
    | (Ctrl|Alt|Shift|Del|Ins|Esc|Tab|F\d+|Menu|Space|↑|↓|←|→|\+|,|\s|\w(?=$|,))+   # keys
    """
)
NAMES = frozenset(
    [
        *("Shipglass", "Python", "Qt", "PySide6", "Lucide", "SHA-256"),
        *("Apache License 2.0", "GNU LGPL version 3", "ISC License"),  # licences are called so
        *("edge", "sample-store", "bare"),  # an image and two folders
    ]
)
# Widgets whose whole text is content: bytes of a document, lines of the log, a command, a traceback.
CONTENT = frozenset(
    [
        "jsonView",
        "logView",
        "crashDetails",
        "crashText",
        "exportCommand",
        "exportTarget",
        "preferencesTemplate",
    ]
)
# Models whose first column holds names out of the store or the core's own words for nodes.
OF_THE_CORE = re.compile(
    r"(index|manifest|config|layer \d+(/\d+)?|attestation|blob)( .*)?|OCI .*|Docker .*|gzip.*|.*\bJSON\b.*"
)


OF_THE_IMAGE = ("Labels", "Annotations", "Environment")
"""Sections of the overview whose left column is the image's own."""


def this_system() -> set[str]:
    """What About says of the machine."""
    return {part for _, value in _versions() for part in value.split(", ")}


def is_plain(text: str) -> bool:
    """Whether a part of ``text`` that people read has not gone through the translator."""
    rest = re.sub(f"{MARK}.*{END}", "", text, flags=re.DOTALL)
    parts = re.split(r"[\n\t·•—→,]|  ", re.sub(r"<[^>]*>", " ", rest))
    return any(not _is_content(part.strip(" …:()")) for part in parts)


def _is_content(words: str) -> bool:
    known = words in NAMES or words in this_system()
    return known or bool(NO_WORDS.fullmatch(words) or OF_THE_CORE.fullmatch(words))


def texts_of(widget: QWidget) -> Iterator[tuple[str, str]]:
    """(where, text) of everything that ``widget`` itself says."""
    if widget.isWindow():
        yield "title", widget.windowTitle()
    yield "tool tip", widget.toolTip()
    yield "accessible name", widget.accessibleName()
    if isinstance(widget, QLabel | QAbstractButton):
        yield "text", widget.text()
    if isinstance(widget, QLineEdit):
        yield "placeholder", widget.placeholderText()
        yield "text", widget.text()
    if isinstance(widget, QTextBrowser | QTextEdit | QPlainTextEdit):
        yield "page", widget.toPlainText() if widget.objectName() == "shortcutsPage" else ""
    if isinstance(widget, OverviewView):
        yield from labels(widget)
    if isinstance(widget, QTabWidget):
        yield from (("tab", widget.tabText(at)) for at in range(widget.count()))
    if isinstance(widget, QGroupBox | QMenu):
        yield "title", widget.title()
    if isinstance(widget, QComboBox):
        yield from (("item", widget.itemText(at)) for at in range(widget.count()))
    if isinstance(widget, QAbstractItemView) and not isinstance(widget, QHeaderView):
        yield from cells(widget.model())


def labels(view: OverviewView) -> Iterator[tuple[str, str]]:
    assert view._details is not None
    for section in view._details.sections:
        yield "section", section.title
        if not any(title in section.title for title in OF_THE_IMAGE):
            yield from (("label", fact.label) for fact in section.facts)


def cells(model: QAbstractItemModel | None, parent: QModelIndex | None = None) -> Iterator[tuple[str, str]]:
    if model is None:
        return
    above = QModelIndex() if parent is None else parent
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(above)
    if parent is None:
        for column in range(columns):
            yield "header", str(model.headerData(column, Qt.Orientation.Horizontal) or "")
    for row in range(min(model.rowCount(above), 50)):
        for column in range(columns):
            index = model.index(row, column, above)
            yield "cell", str(index.data() or "")
        yield from cells(model, model.index(row, 0, above))


def untranslated(scene: str, root: QWidget) -> set[str]:
    found = set()
    for widget in widgets(root):
        if widget.objectName() in CONTENT or type(widget).__name__ == "QtPrivate":
            continue
        for where, text in texts_of(widget):
            if text and is_plain(text):
                name = widget.objectName() or type(widget).__name__
                found.add(f"{scene}: {where} of {name}: {text!r}")
    if isinstance(root, MainWindow):
        for action in actions(root):
            data = str(action.data() or "")
            for text in (action.text(), action.toolTip().split("\n")[0], action.statusTip()):
                keys = action.shortcut().toString()
                shown = text.replace(f"({keys})", "") if keys else text
                is_command = action.parent() is root.copying.menu  # commands to copy are content
                if not data and not is_command and is_plain(shown):
                    found.add(f"{scene}: action {action.objectName()}: {text!r}")
    return found


def test_all_that_is_read_is_translated(marked: None, open_window: Open, tmp_path: Path) -> None:
    driver = open_window(SAMPLE, wait=False)
    driver.wait(lambda: driver.picker.count() > 0 and bool(driver.overview))
    found: set[str] = set()
    for scene, root in scenes(driver, tmp_path):
        found |= untranslated(scene, root)
    assert sorted(found) == []


def test_empty_and_broken_states_are_translated(
    marked: None, open_window: Open, builder: StoreBuilder, tmp_path: Path
) -> None:
    builder.image()
    driver = open_window(builder.write_bare(tmp_path / "bare"), wait=False)
    driver.wait(lambda: driver.window.stores.current is not None and driver.window.stores.current.store)
    found = untranslated("bare", driver.window)
    driver.window.session.close(driver.window.session.stores[0])
    driver.action("showJobsAction").trigger()
    found |= untranslated("no store", driver.window)
    assert sorted(found) == []


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("⟦Open⟧", False),
        ("Open", True),
        ("⟦Size⟧ · 48.2 MiB", False),
        ("⟦Size⟧ and more", True),
        ("sha256:06c9b6597f4d…", False),
        ("docker.io/library/redis:7", False),
        ("application/vnd.oci.image.index.v1+json", False),
        ("linux/arm64/v8", False),
        ("", False),
    ],
)
def test_the_test_knows_what_is_plain(text: str, plain: bool) -> None:
    assert is_plain(text) is plain


def test_a_text_that_is_forgotten_is_found(marked: None, sample_marked: Driver) -> None:
    label = QLabel("Forgotten words", sample_marked.window)
    label.show()
    assert any("Forgotten words" in line for line in untranslated("window", sample_marked.window))


@pytest.fixture
def sample_marked(marked: None, open_window: Open) -> Driver:
    driver = open_window(SAMPLE, wait=False)
    driver.wait(lambda: driver.picker.count() > 0)
    return driver
