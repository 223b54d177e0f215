"""The commands as actions: menus, toolbars, context menus and the palette are fed from here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from gui.commands import Command, commands, plain, reasons
from gui.text import tr
from gui.theme import icon

__all__ = ["Actions", "Command", "commands", "plain", "reasons"]


class Actions(QObject):
    """The commands as QActions; each has the objectName ``<name>Action`` and is found by its name."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._commands = {command.name: command for command in commands()}
        self._groups: dict[str, QActionGroup] = {}
        self._actions = {command.name: self._make(command, parent) for command in commands()}
        self.facts: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def commands(self) -> Iterator[Command]:
        """All commands, in the registry's order."""
        return iter(self._commands.values())

    def reason(self, name: str) -> str:
        """Why the command is disabled now; "" where it is not."""
        if self._actions[name].isEnabled():
            return ""
        missing = sorted(self._commands[name].needs - self.facts)
        return next((words for fact in missing if (words := reasons().get(fact))), tr("Not possible now."))

    def now(self, facts: Iterable[str]) -> None:
        """Enable what makes sense while ``facts`` hold."""
        self.facts = frozenset(facts)
        for name, command in self._commands.items():
            action = self._actions[name]
            action.setEnabled(command.needs <= self.facts)
            reason = self.reason(name)
            tip = str(action.property("tip"))
            action.setToolTip(f"{tip}\n{reason}" if reason else tip)

    def menu(
        self,
        title: str,
        names: Iterable[str],
        parent: QWidget | None = None,
        submenus: Mapping[str, QMenu] | None = None,
    ) -> QMenu:
        """A menu of the commands ``names``; an empty name is a separator, one of ``submenus`` that menu."""
        menu = QMenu(title, parent)
        self.fill(menu, names, submenus or {})
        return menu

    def fill(self, menu: QMenu, names: Iterable[str], submenus: Mapping[str, QMenu]) -> None:
        """Put the commands ``names`` into ``menu``."""
        for name in names:
            if name in submenus:
                menu.addMenu(submenus[name])
            elif name:
                menu.addAction(self._actions[name])
            else:
                menu.addSeparator()

    def _make(self, command: Command, parent: QObject) -> QAction:
        action = QAction(command.text, parent)
        action.setObjectName(f"{command.name}Action")
        if isinstance(command.keys, str):
            action.setShortcut(QKeySequence(command.keys))
        elif command.keys is not None:
            action.setShortcuts(command.keys)
        if command.icon:
            action.setIcon(icon(command.icon))
        tip = command.tip or plain(command.text)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{tip} ({keys})" if keys else tip)
        action.setProperty("tip", action.toolTip())
        action.setStatusTip(command.tip)
        action.setCheckable(command.checkable or bool(command.choice))
        action.setIconVisibleInMenu(not action.isCheckable())  # its place is the tick's
        if command.local:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if command.choice:
            group = self._groups.setdefault(command.choice, QActionGroup(self))
            group.addAction(action)
        return action
