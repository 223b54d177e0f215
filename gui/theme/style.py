"""The one style sheet: what Fusion leaves plain. Sizes in points of the layout, colours from the tokens."""

from __future__ import annotations

from string import Template

from gui.resources import icon_file
from gui.theme.palette import DARK, Tokens

_SHEET = Template("""
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QToolTip { background: $raised; color: $text; border: 1px solid $strong_border; padding: 4px; }

QPushButton, QToolButton[boxed="true"] {
    background: $raised; border: 1px solid $strong_border; border-radius: 5px; padding: 4px 12px;
    color: $text;
}
QToolButton[boxed="true"] { padding: 4px 8px; }
QPushButton:hover, QToolButton[boxed="true"]:hover { background: $hover; }
QPushButton:pressed, QToolButton[boxed="true"]:pressed { background: $border; }
QPushButton:focus, QToolButton[boxed="true"]:focus { border: 2px solid $accent; padding: 3px 11px; }
QToolButton[boxed="true"]:focus { padding: 3px 7px; }
QPushButton:disabled, QToolButton[boxed="true"]:disabled {
    color: $disabled; border-color: $border; background: $window;
}
QToolButton[boxed="true"]:checked { background: $selection; color: $on_selection; border-color: $accent; }
QPushButton[primary="true"] { background: $accent; color: $on_accent; border-color: $accent;
    font-weight: 600; }
QPushButton[primary="true"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[primary="true"]:focus { border: 2px solid $text; padding: 3px 11px; }
QPushButton[primary="true"]:disabled { background: $hover; color: $disabled; border-color: $border; }
QToolButton { border: 1px solid transparent; border-radius: 5px; padding: 3px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed { background: $border; }
QToolButton:focus { border-color: $accent; }
QToolButton:checked { background: $selection; }
QToolButton::menu-indicator { image: none; width: 0; }

QLineEdit, QComboBox {
    background: $base; border: 1px solid $strong_border; border-radius: 5px; padding: 4px 7px; color: $text;
    selection-background-color: $selection; selection-color: $on_selection;
    placeholder-text-color: $muted;
}
QLineEdit:focus, QComboBox:focus { border: 2px solid $accent; padding: 3px 6px; }
QLineEdit:disabled, QComboBox:disabled { color: $disabled; background: $window; border-color: $border; }
QLineEdit:read-only { background: $window; }
QComboBox::drop-down { border: 0; width: 22px; }
QComboBox::down-arrow { image: url("$arrow"); width: 14px; height: 14px; }
QComboBox { combobox-popup: 0; }
QComboBox QAbstractItemView, QComboBox QAbstractItemView:focus {
    border: 1px solid $strong_border; background: $base; outline: 0;
}
QComboBox QAbstractItemView::item { min-height: 24px; padding: 0 8px 0 6px; color: $text; }
QComboBox QAbstractItemView::item:selected { background: $selection; color: $on_selection; }

QAbstractItemView { background: $base; border: 1px solid transparent; outline: 0; }
QTreeView::item:selected:active, QListView::item:selected:active { background: $selection; }
QTreeView::item:selected:!active, QListView::item:selected:!active { background: $quiet_selection; }
QTextEdit, QPlainTextEdit { background: $base; border: 1px solid transparent; }
QPlainTextEdit[finding="true"] { selection-background-color: $accent; selection-color: $on_accent; }
QAbstractScrollArea::corner { background: transparent; border: 0; }
QAbstractItemView:focus, QTextEdit:focus, QPlainTextEdit:focus { border: 1px solid $accent; }
QListView[framed="true"], QTreeView[framed="true"], QTextEdit[framed="true"] {
    border: 1px solid $border; border-radius: 5px;
}
QTextEdit[framed="true"] { background: $window; border-color: $strong_border; }
QListView[framed="true"]:focus, QTextEdit[framed="true"]:focus { border: 1px solid $accent; }
QHeaderView { background: $base; border: 0; }
QHeaderView::section {
    background: $base; color: $muted; border: 0; border-bottom: 1px solid $border; padding: 5px 6px;
}
QHeaderView::section:hover { color: $text; }
QHeaderView::section:vertical { border-bottom: 0; padding: 0 10px 0 12px; color: $text; }
QTableView QTableCornerButton::section { background: $base; border: 0; border-bottom: 1px solid $border; }

QTabWidget::pane { border: 0; border-top: 1px solid $border; }
QTabBar { background: $window; }
QTabBar::tab {
    background: transparent; color: $muted; padding: 15px 14px 13px 14px; border: 0;
    border-bottom: 2px solid transparent;
}
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; font-weight: 600; }
QTabWidget#inspector QTabBar::tab { padding-left: 11px; padding-right: 11px; }
QTabBar[compact="true"] { background: $base; }
QTabBar[compact="true"]::tab { padding: 8px 14px 6px 14px; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:disabled { color: $disabled; }
QTabBar::tab:focus { background: $hover; }

QSplitter::handle { background: $border; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: $accent; }

QStatusBar { background: $window; color: $muted; border-top: 1px solid $border; }
QStatusBar::item { border: 0; }
QStatusBar QLabel { color: $muted; }
QMenuBar { background: $window; border-bottom: 1px solid $border; }
QMenuBar::item { background: transparent; padding: 5px 10px; border-radius: 4px; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $raised; color: $text; border: 1px solid $strong_border; padding: 4px; }
QMenu::item { padding: 5px 26px 5px 10px; border-radius: 4px; }
QMenu::item:selected { background: $selection; color: $on_selection; }
QMenu::item:disabled { color: $disabled; background: transparent; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator {
    width: 12px; height: 12px; margin-left: 8px; border: 1px solid $control_border; border-radius: 4px;
}
QMenu::indicator:exclusive { border-radius: 7px; }
QMenu::indicator:checked { background: $accent; border-color: $accent; image: url("$tick"); }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }

QFrame[card="bad"] { background: $bad_fill; border: 1px solid $bad; border-radius: 6px; }
QFrame[card="warn"] { background: $warn_fill; border: 1px solid $warn; border-radius: 6px; }
QFrame[card] QLabel { background: transparent; border: 0; color: $text; }
QFrame[card] QTextEdit { background: transparent; border: 0; color: $text; }
QFrame[card] QTextEdit:focus { border: 1px solid $accent; }
QFrame[foot="true"] { background: $window; border: 0; border-top: 1px solid $border; }
QFrame[foot="true"] QPlainTextEdit { background: transparent; }
QFrame[bar="true"] { background: $window; border: 0; border-bottom: 1px solid $border; }
QLabel[muted="true"] { color: $muted; }
QLabel[tone="bad"] { color: $bad; }
QLabel[tone="warn"] { color: $warn; }
QLabel[heading="true"] { font-weight: 600; }
QLabel[link="true"]:focus { background: $selection; border-radius: 3px; }

QCheckBox, QRadioButton { spacing: 7px; padding: 2px; }
QCheckBox::indicator, QAbstractItemView::indicator, QRadioButton::indicator {
    width: 14px; height: 14px; border: 1px solid $control_border; border-radius: 4px; background: $base;
}
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked {
    background: $accent; border-color: $accent; image: url("$tick");
}
QRadioButton::indicator:checked {
    border-color: $accent;
    background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5, fx: 0.5, fy: 0.5,
        stop: 0 $on_accent, stop: 0.45 $on_accent, stop: 0.55 $accent, stop: 1 $accent);
}
QCheckBox:focus, QRadioButton:focus { background: $hover; border-radius: 4px; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border: 2px solid $accent; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled, QAbstractItemView::indicator:disabled {
    border-color: $border; background: $window;
}
QCheckBox::indicator:checked:disabled, QAbstractItemView::indicator:checked:disabled {
    background: $disabled; border-color: $disabled; image: url("$tick");
}

QScrollBar:vertical { background: transparent; width: 11px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 11px; margin: 0; }
QScrollBar::handle { background: $strong_border; border-radius: 3px; margin: 2px;
    min-height: 28px; min-width: 28px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
""")


def sheet(colours: Tokens) -> str:
    """The style sheet in ``colours``."""
    values = {name: getattr(colours, name) for name in colours.__slots__}
    tick = icon_file("tick-dark" if colours is DARK else "tick-light").as_posix()
    return _SHEET.substitute(values, arrow=icon_file("combo-arrow").as_posix(), tick=tick)
