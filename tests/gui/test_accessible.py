"""For every eye and every ear: names, buddies, tab order, visible focus, contrast; in both themes."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFontInfo, QImage, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenuBar,
    QScrollArea,
    QTabBar,
    QToolButton,
    QWidget,
)  # fmt: skip

from tests.gui.driving import Driver
from tests.gui.test_looks import contrast
from tests.gui.walking import in_front, scenes, widgets

TEXT, LARGE = 4.5, 3.0
CONTROL = QAbstractButton | QLineEdit | QComboBox | QAbstractItemView | QAbstractScrollArea


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, sample: Driver) -> Driver:
    sample.action(f"theme{str(request.param).capitalize()}Action").trigger()
    return sample


def inside(widget: QWidget) -> bool:
    """A part of another control that is no control of its own: a box's list, a header, a scroll bar."""
    parent = widget.parentWidget()
    while parent is not None and not parent.isWindow():
        if isinstance(parent, QComboBox | QLineEdit | QAbstractItemView | QTabBar | QMenuBar):
            return True
        parent = parent.parentWidget()
    return isinstance(widget, QHeaderView) or widget.objectName().startswith("qt_")


def said(widget: QWidget) -> str:
    """What a screen reader says of it."""
    buddies = [label for label in widget.window().findChildren(QLabel) if label.buddy() is widget]
    own = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or own or " ".join(label.text() for label in buddies)


def nameless(root: QWidget) -> Iterator[str]:
    for widget in widgets(root):
        plain_area = type(widget) is QScrollArea
        if isinstance(widget, CONTROL) and not inside(widget) and not plain_area and not said(widget).strip():
            yield f"{type(widget).__name__} {widget.objectName()} in {widget.parent()}"


def unlabelled_icons(root: QWidget) -> Iterator[str]:
    """A button that shows an icon alone tells by its tip as well what it does."""
    for widget in widgets(root):
        if isinstance(widget, QToolButton) and not inside(widget):
            alone = (
                widget.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
                and not widget.icon().isNull()
            )
            if alone and not (widget.accessibleName() and widget.toolTip()):
                yield f"{widget.objectName() or widget.accessibleName()} in {widget.parent()}"


def dangling_mnemonics(root: QWidget) -> Iterator[str]:
    """An underlined letter in a label leads somewhere."""
    for widget in widgets(root):
        if isinstance(widget, QLabel) and widget.textFormat() == Qt.TextFormat.AutoText:
            text = widget.text().replace("&&", "")
            if "&" in text and "<" not in text and not widget.buddy():
                yield text


def test_names_tips_and_buddies(sample: Driver, tmp_path: Path) -> None:
    found = []
    for scene, root in scenes(sample, tmp_path):
        for what, lines in (
            ("nameless", nameless(root)),
            ("an icon without words", unlabelled_icons(root)),
            ("no buddy", dangling_mnemonics(root)),
        ):
            found += [f"{scene}: {what}: {line}" for line in lines]
    assert found == []


def test_no_two_mnemonics_of_a_dialog_are_the_same(sample: Driver, tmp_path: Path) -> None:
    found = []
    for scene, root in scenes(sample, tmp_path):
        letters: Counter[str] = Counter()
        for widget in widgets(root):
            if isinstance(widget, QAbstractButton | QLabel):
                text = widget.text().replace("&&", "")
                at = text.find("&")
                if at >= 0 and "<" not in text and scene != "window":
                    letters[text[at + 1 : at + 2].lower()] += 1
        found += [f"{scene}: {letter} {n} times" for letter, n in letters.items() if n > 1]
    assert found == []


def test_no_two_mnemonics_of_a_menu_are_the_same(sample: Driver) -> None:
    found = []
    menus = [action.menu() for action in sample.window.menuBar().actions()]
    for title, actions in [("bar", sample.window.menuBar().actions())] + [
        (menu.title(), menu.actions())
        for menu in menus  # type: ignore[attr-defined]
    ]:
        letters = Counter(
            action.text()[action.text().find("&") + 1].lower()
            for action in actions
            if "&" in action.text().replace("&&", "")
        )
        found += [f"{title}: {letter} {n} times" for letter, n in letters.items() if n > 1]
    assert found == []


# Tab


def test_tab_reaches_every_control(sample: Driver, tmp_path: Path, qapp: QApplication) -> None:
    missed = []
    for scene, root in scenes(sample, tmp_path):
        wanted = {
            widget
            for widget in widgets(root)
            if widget.isEnabled()
            and widget.focusProxy() is None
            and widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
            and not inside(widget)
        }
        reached: set[QWidget] = set()
        for _ in range(len(wanted) + 60):
            root.focusNextChild()
            focus = qapp.focusWidget()
            if focus is not None:
                reached.add(focus)
        missed += [
            f"{scene}: {type(w).__name__} {w.objectName()} {said(w)!r}"
            for w in wanted - reached
            if not any(_group(w, other) for other in reached)
        ]
    assert missed == []


def _group(one: QWidget, other: QWidget) -> bool:
    """Radio buttons of a group are one stop: arrows move among them."""
    both = isinstance(one, QAbstractButton) and isinstance(other, QAbstractButton)
    return both and one.group() is not None and one.group() is other.group()  # type: ignore[attr-defined]


def test_the_focus_is_seen(themed: Driver, tmp_path: Path, qapp: QApplication) -> None:
    """Whatever takes the focus looks different with it."""
    unseen = []
    for scene, root in scenes(themed, tmp_path):
        for widget in list(widgets(root)):
            takes = widget.isEnabled() and widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
            if not takes or inside(widget) or widget.width() < 4 or widget.focusProxy():
                continue
            elsewhere = next(w for w in (root.focusWidget(), root, root.childAt(1, 1)) if w is not widget)
            if widget.hasFocus():
                widget.clearFocus()
            bring_in_sight(widget)
            before = look(root, widget)
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            if qapp.focusWidget() is widget and look(root, widget) == before:
                unseen.append(f"{scene}: {type(widget).__name__} {widget.objectName()} {said(widget)!r}")
            if elsewhere is not None:
                elsewhere.setFocus(Qt.FocusReason.OtherFocusReason)
    assert unseen == []


def bring_in_sight(widget: QWidget) -> None:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()


def look(root: QWidget, widget: QWidget) -> QImage:
    """The widget and a few points around it, as the window shows it."""
    area = QRect(widget.mapTo(root, QPoint(0, 0)), widget.size()).adjusted(-3, -3, 3, 3)
    return root.grab(area.intersected(root.rect())).toImage()


# Contrast


def test_contrast_of_every_text(themed: Driver, tmp_path: Path) -> None:
    weak = {}
    for scene, root in scenes(themed, tmp_path):
        for widget in widgets(root):
            if widget.isEnabled() and shows_text(widget) and not inside(widget):
                text, ground = colours(root, widget)
                ratio = contrast(text, ground)
                if ratio < (LARGE if is_large(widget) else TEXT):
                    name = f"{type(widget).__name__} {widget.objectName()} {said(widget)[:30]!r}"
                    weak[f"{scene}: {name}"] = f"{text} on {ground}: {ratio:.2f}"
    assert weak == {}


def shows_text(widget: QWidget) -> bool:
    if isinstance(widget, QLabel | QAbstractButton):
        return bool(widget.text()) and widget.width() > 8 and widget.height() > 8
    return isinstance(widget, QLineEdit | QComboBox | QAbstractScrollArea) and not isinstance(
        widget, QScrollArea
    )


def colours(root: QWidget, widget: QWidget) -> tuple[str, str]:
    """The text's colour by the palette that style sheets fill, and the ground that is really painted."""
    shown = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
    role = QPalette.ColorRole.WindowText
    if isinstance(widget, QAbstractButton):
        role = QPalette.ColorRole.ButtonText
    elif not isinstance(widget, QLabel):
        role = QPalette.ColorRole.Text
    if isinstance(widget, QLineEdit) and not widget.text():
        role = QPalette.ColorRole.PlaceholderText
    ink = widget.palette().color(QPalette.ColorGroup.Active, role)
    area = QRect(shown.mapTo(root, QPoint(0, 0)), shown.size()).intersected(root.rect())
    return blend(ink, ground := most_common(root.grab(area).toImage())), ground


def blend(ink: QColor, ground: str) -> str:
    """A colour that shines through is what comes out of it."""
    below, share = QColor(ground), ink.alphaF()
    inks, grounds = ink.getRgbF()[:3], below.getRgbF()[:3]  # type: ignore[index]
    mixed = [one * share + other * (1 - share) for one, other in zip(inks, grounds, strict=True)]
    return QColor.fromRgbF(*mixed).name()


def most_common(image: QImage) -> str:
    step = max(1, image.width() * image.height() // 4000)
    places = range(0, image.width() * image.height(), step)
    found = Counter(image.pixel(at % image.width(), at // image.width()) for at in places)
    return QColor(found.most_common(1)[0][0]).name()


def is_large(widget: QWidget) -> bool:
    """18 points, or 14 in bold."""
    font = QFontInfo(widget.font())
    return font.pointSizeF() >= 18 or (font.pointSizeF() >= 14 and font.bold())


# The theme


def test_the_theme_follows_the_system_live(
    sample: Driver, monkeypatch: pytest.MonkeyPatch, qapp: QApplication
) -> None:
    system = Qt.ColorScheme.Light
    hints = qapp.styleHints()
    monkeypatch.setattr(type(hints), "colorScheme", lambda _: system)
    sample.action("themeSystemAction").trigger()
    grounds = []
    for system in (Qt.ColorScheme.Dark, Qt.ColorScheme.Light, Qt.ColorScheme.Dark):
        hints.colorSchemeChanged.emit(system)
        sample.qtbot.wait(30)
        grounds.append(most_common(sample.window.grab().toImage()))
        assert sample.window.theme.dark is (system == Qt.ColorScheme.Dark)
    assert grounds[0] == grounds[2] != grounds[1]
    assert QColor(grounds[0]).lightness() < 128 < QColor(grounds[1]).lightness()
    sample.action("themeLightAction").trigger()
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert not sample.window.theme.dark, "who chose light keeps it"


def test_a_theme_that_was_chosen_comes_back(sample: Driver) -> None:
    sample.action("themeDarkAction").trigger()
    assert sample.window.settings.preferences.theme == "dark"
    assert QColor(most_common(sample.window.grab().toImage())).lightness() < 128


# The walks themselves


def test_the_walks_find_what_is_wrong(sample: Driver) -> None:
    window = in_front(sample, sample.window)
    pale = QLabel("Pale words", window)
    pale.setStyleSheet("color: #c8ccd0; background: #ffffff")
    bare = QToolButton(window)
    bare.setIcon(sample.action("copyAction").icon())
    for widget in (pale, bare):
        widget.setGeometry(300, 300, 90, 30)
        widget.show()
        widget.raise_()
    assert contrast(*colours(window, pale)) < 2
    pale.hide()
    assert len(list(nameless(window))) == 1 and len(list(unlabelled_icons(window))) == 1
