"""What every widget owes to everyone: names, contrast, icons, both themes; settings that come back."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QWidget

from gui import text
from gui.actions import commands
from gui.features.remember import _mostly_inside
from gui.resources import folder, icon_file, sample_store
from gui.settings import Settings
from gui.theme import DARK, LIGHT, Theme, Tokens, icon, tokens
from tests.gui.conftest import SAMPLE, Open
from tests.gui.driving import Driver

GUI = Path(__file__).parents[2] / "gui"


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4

    rgb = QColor(colour)
    return 0.2126 * linear(rgb.redF()) + 0.7152 * linear(rgb.greenF()) + 0.0722 * linear(rgb.blueF())


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(theme: Tokens) -> None:
    pairs = [
        (name, ground)
        for name in ("text", "muted", "accent", "ok", "warn", "bad")
        for ground in ("base", "window")
    ]
    pairs += [
        ("text", "raised"),
        ("text", "hover"),
        ("on_selection", "selection"),
        ("text", "quiet_selection"),
    ]
    pairs += [("on_accent", "accent"), ("text", "bad_fill"), ("bad", "bad_fill"), ("text", "warn_fill")]
    pairs += [("muted", "selection"), ("ok", "selection"), ("warn", "selection"), ("bad", "selection")]
    weak = {f"{a} on {b}": round(contrast(getattr(theme, a), getattr(theme, b)), 2) for a, b in pairs}
    assert {pair: value for pair, value in weak.items() if value < 4.5} == {}
    for ground in (theme.base, theme.window):
        assert contrast(theme.control_border, ground) >= 3 and contrast(theme.accent, ground) >= 3


def test_every_icon_that_is_named_exists() -> None:
    named = set(re.findall(r'(?:icon|Badge|IconLabel|use|say|NoteLabel)\(\s*"([a-z-]+)"', _sources()))
    named |= {command.icon for command in commands() if command.icon}
    named |= set(re.findall(r'plain_button\([^)]*?, "([a-z-]+)"\)', _sources()))
    named |= set(re.findall(r'"(?:index|manifest|config|layer|attestation|blob)": "([a-z-]+)"', _sources()))
    assert len(named) > 20
    assert {name for name in named if not icon_file(name).is_file()} == set()


def _sources() -> str:
    return "\n".join(path.read_text() for path in GUI.rglob("*.py"))


def test_icons_are_sharp_and_follow_the_theme(qapp: QApplication) -> None:
    theme = Theme(qapp, "light")
    dark_ink = _ink(icon("x"))
    theme.choose("dark")
    assert _ink(icon("x")) != dark_ink
    theme.choose("light")
    assert _ink(icon("x")) == dark_ink
    large = icon("x").pixmap(QSize(16, 16), 2.0)
    assert large.size() == QSize(32, 32) and large.devicePixelRatio() == 2.0


def _ink(shown: QIcon) -> str:
    image = shown.pixmap(QSize(64, 64)).toImage()
    return next(image.pixelColor(x, 32).name() for x in range(64) if image.pixelColor(x, 32).alpha() == 255)


def test_a_copied_icon_survives_its_original(qapp: QApplication) -> None:
    copies = [QIcon(icon("check", tint.name)) for tint in fields(LIGHT)]
    for copy in copies:
        copy.addFile("nothing.png")  # detaches: Qt clones the engine
        assert not copy.pixmap(QSize(16, 16)).isNull()


def test_everything_that_takes_the_focus_has_a_name(sample: Driver) -> None:
    sample.choose("harbor-web")
    sample.action("showJobsAction").trigger()
    sample.open_dialog()
    nameless = []
    for widget in sample.window.findChildren(QWidget):
        if isinstance(widget, QAbstractButton | QLineEdit | QComboBox) and widget.isVisible():
            words = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
            if not words and widget.focusPolicy().value:
                nameless.append(f"{type(widget).__name__} {widget.objectName()} in {widget.parent()}")
    assert nameless == []
    sample.dialog.reject()


def test_tab_reaches_every_part(sample: Driver, qapp: QApplication) -> None:
    sample.choose("harbor-web")
    sample.images.setFocus()
    seen = set()
    for _ in range(40):
        sample.window.focusNextChild()
        seen.add(qapp.focusWidget().objectName())
    assert {"imagesFilter", "imagesView", "platformPicker", "structureView", "overviewView"} <= seen


def test_shortcuts_are_not_used_twice() -> None:
    from PySide6.QtGui import QKeySequence

    used: dict[str, str] = {}
    for command in commands():
        if command.keys is None:
            continue
        keys = command.keys
        given = [QKeySequence(keys)] if isinstance(keys, str) else QKeySequence.keyBindings(keys)
        for sequence in given:
            assert sequence.toString() not in used, (sequence.toString(), command.name)
            used[sequence.toString()] = command.name
    assert len(used) > 12


def test_the_window_comes_back_as_it_was(open_window: Open) -> None:
    driver = open_window(SAMPLE)
    driver.window.resize(700, 600)
    driver.window.columns.setSizes([230, 220, 250])
    driver.structure.setColumnWidth(0, 333)
    sizes = driver.window.columns.sizes()
    driver.window.close()
    again = open_window(SAMPLE)
    assert again.structure.columnWidth(0) == 333
    again.window.resize(700, 600)
    assert again.window.columns.sizes() == sizes


def test_a_window_on_a_screen_that_is_gone_is_not_lost() -> None:
    screen = QRect(0, 0, 1920, 1080)
    assert _mostly_inside(QRect(100, 100, 800, 600), screen)
    assert not _mostly_inside(QRect(2500, 100, 800, 600), screen)
    assert not _mostly_inside(QRect(100, -400, 800, 600), screen)
    assert not _mostly_inside(QRect(100, 1060, 800, 600), screen)


def test_settings_survive_rubbish(config_dir: Path) -> None:
    config_dir.mkdir()
    (config_dir / "shipglass.ini").write_text(
        "[window]\ngeometry=12\ntheme=@Invalid()\n[stores]\nrecent=one\n"
    )
    settings = Settings()
    assert settings.blob("window/geometry").isEmpty() and settings.text("window/theme", "system") == "system"
    assert settings.recent == ["one"] and settings.last_store == ""
    for i in range(15):
        settings.remember_store(f"/s/{i}")
    settings.remember_store("/s/3")
    assert settings.recent[:2] == ["/s/3", "/s/14"] and len(settings.recent) == 10
    settings.forget_store("/s/3")
    assert settings.last_store == "" and "/s/3" not in settings.recent
    settings.clear_recent()
    assert settings.recent == []
    settings.put("flag", True)
    assert settings.flag("flag") and not settings.flag("other")


def test_numbers_and_times() -> None:
    assert text.size(517) == "517 B" and text.size(None) == "–" and text.size(48 << 20) == "48.0 MiB"
    assert text.size(5 << 40).startswith("5.0 TiB")
    assert (
        text.duration(0.01) == "< 0.1 s"
        and text.duration(3.21) == "3.2 s"
        and text.duration(65) == "1 min 5 s"
    )
    assert text.percent(0.9999) == "99 %" and text.percent(1.0) == "100 %"
    assert text.moment("not a time") == "not a time" and "not recorded" in text.moment("1970-01-01T00:00:00Z")
    assert "2024" in text.moment("2024-05-14T09:30:00Z") or "24" in text.moment("2024-05-14T09:30:00Z")


def test_resources_are_found() -> None:
    assert (folder() / "icons" / "LICENSE").is_file() and (sample_store() / "index.json").is_file()
    assert tokens() in (LIGHT, DARK)
