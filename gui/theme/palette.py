"""The colours, light and dark; every text pair has a contrast of 4.5 or more (tests measure it)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor, QGuiApplication, QPalette


@dataclass(frozen=True, slots=True)
class Tokens:
    """One theme's colours by what they mean, as ``#rrggbb``."""

    window: str  # around the panes
    base: str  # inside them
    raised: str  # headers, buttons
    hover: str
    border: str
    strong_border: str
    control_border: str  # of what can be ticked: a contrast of 3
    text: str
    muted: str
    disabled: str
    accent: str  # links, focus, the primary button
    accent_hover: str
    on_accent: str
    selection: str
    on_selection: str
    quiet_selection: str  # selected, but the focus is elsewhere
    ok: str
    warn: str
    bad: str
    bad_fill: str
    warn_fill: str
    found: str  # behind words that were searched

    def colour(self, name: str) -> QColor:
        """The colour of the field ``name``."""
        return QColor(getattr(self, name))


LIGHT = Tokens(
    window="#f3f5f8",
    base="#ffffff",
    raised="#fafbfc",
    hover="#e9eef4",
    border="#dde2e9",
    strong_border="#b9c2cd",
    control_border="#7d8a99",
    text="#1c2530",
    muted="#566271",
    disabled="#98a2ae",
    accent="#1467b3",
    accent_hover="#0f5799",
    on_accent="#ffffff",
    selection="#d3e6f8",
    on_selection="#0b2b49",
    quiet_selection="#e6ebf1",
    ok="#18753a",
    warn="#8a5700",
    bad="#b9261f",
    bad_fill="#fdeeed",
    warn_fill="#fdf5e3",
    found="#ffe08a",
)

DARK = Tokens(
    window="#1a1e24",
    base="#12161b",
    raised="#1f242b",
    hover="#2a313a",
    border="#2e363f",
    strong_border="#4b5663",
    control_border="#7a8796",
    text="#e3e8ee",
    muted="#9ba7b4",
    disabled="#626e7b",
    accent="#58aaf0",
    accent_hover="#7bbdf5",
    on_accent="#06182a",
    selection="#193857",
    on_selection="#f0f7fe",
    quiet_selection="#2b333d",
    ok="#52c67b",
    warn="#e2ab45",
    bad="#ff8178",
    bad_fill="#331c1c",
    warn_fill="#30260f",
    found="#5c4a10",
)


def is_dark(palette: QPalette | None = None) -> bool:
    """Whether the palette in use (or ``palette``) is a dark one."""
    palette = palette or QGuiApplication.palette()
    return palette.color(QPalette.ColorRole.Window).lightness() < 128


def tokens() -> Tokens:
    """The colours of the palette that is in use now."""
    return DARK if is_dark() else LIGHT


def make_palette(t: Tokens) -> QPalette:
    """The palette that Fusion paints with."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette()
    for colour_role, name in (
        (role.Window, t.window), (role.WindowText, t.text), (role.Base, t.base),
        (role.AlternateBase, t.raised), (role.Text, t.text), (role.Button, t.raised),
        (role.ButtonText, t.text), (role.BrightText, t.bad), (role.ToolTipBase, t.raised),
        (role.ToolTipText, t.text), (role.PlaceholderText, t.muted), (role.Link, t.accent),
        (role.LinkVisited, t.accent), (role.Highlight, t.selection), (role.HighlightedText, t.on_selection),
        (role.Accent, t.accent), (role.Light, t.base), (role.Midlight, t.hover), (role.Mid, t.border),
        (role.Dark, t.strong_border), (role.Shadow, t.strong_border),
    ):  # fmt: skip
        palette.setColor(colour_role, QColor(name))
    for colour_role in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(group.Disabled, colour_role, QColor(t.disabled))
    palette.setColor(group.Inactive, role.Highlight, QColor(t.quiet_selection))
    palette.setColor(group.Inactive, role.HighlightedText, QColor(t.text))
    palette.setColor(group.Disabled, role.Highlight, QColor(t.quiet_selection))
    return palette
