"""What the user chose of the looks: the theme, the order of the images."""

from __future__ import annotations

from PySide6.QtCore import QObject

from gui.actions import Actions
from gui.features.browse import Browse
from gui.settings import Settings
from gui.theme import Theme
from gui.views.menus import SORTS, THEMES


class Appearance(QObject):
    """Keeps the checked menu items, the settings and what is seen in step."""

    def __init__(
        self, settings: Settings, theme: Theme, browse: Browse, actions: Actions, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._settings, self._theme, self._browse, self._actions = settings, theme, browse, actions
        order = settings.text("images/order", "store")
        for names, chosen, slot in (
            (THEMES, theme.mode, self._theme_chosen),
            (SORTS, order, self._order_chosen),
        ):
            for name, value in names.items():
                actions[name].setChecked(value == chosen)
                actions[name].triggered.connect(slot)
        browse.sort(order)

    def _theme_chosen(self) -> None:
        mode = next(mode for name, mode in THEMES.items() if self._actions[name].isChecked())
        self._settings.put("window/theme", mode)
        self._theme.choose(mode)

    def _order_chosen(self) -> None:
        order = next(order for name, order in SORTS.items() if self._actions[name].isChecked())
        self._settings.put("images/order", order)
        self._browse.sort(order)
