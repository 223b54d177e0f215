"""Small widgets that views and dialogs share; they know nothing of stores or images."""

from gui.widgets.buttons import ElidedButton, action_button, icon_button, plain_button, tool_button
from gui.widgets.cards import FailureCard, NoteLabel
from gui.widgets.labels import ElidedLabel, heading, muted
from gui.widgets.placeholder import Pages, Placeholder
from gui.widgets.rows import NamesDelegate, RowDelegate, RowView

__all__ = [
    "ElidedButton",
    "ElidedLabel",
    "FailureCard",
    "NamesDelegate",
    "NoteLabel",
    "Pages",
    "Placeholder",
    "RowDelegate",
    "RowView",
    "action_button",
    "heading",
    "icon_button",
    "muted",
    "plain_button",
    "tool_button",
]
