"""The desktop's own notifications: ``org.freedesktop.Notifications``, as the Desktop Notifications say it."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from gui.bus import has_bus
from gui.features.plain_bus import ERROR, REPLY, SIGNAL, Incoming, PlainBus
from gui.resources import icon_file
from gui.text import tr

_SERVICE, _PLACE = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
_KINDS = ("s", "u", "s", "s", "s", "as", "a{sv}", "i")
_WAIT_MS = 10_000
_NORMAL = 1
OPEN, REVEAL = "default", "reveal"
"""The actions: the notification itself, and its button."""


@dataclass(frozen=True, slots=True)
class Note:
    """What to tell; ``path`` is a file that may be shown in its folder, "" for none."""

    title: str
    text: str
    done: bool
    path: str = ""


class Notifications(QObject):
    """``invoked(note, action)`` when somebody clicks; ``refused(note)`` when the desktop cannot show it."""

    invoked = Signal(object, str)
    refused = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bus: PlainBus | None = None
        self._asked: dict[int, Note] = {}  # by the call's serial
        self._shown: dict[int, Note] = {}  # by the notification's number
        self._late = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._late.timeout.connect(self._give_up)

    def show(self, note: Note) -> bool:
        """Ask the desktop to show ``note``; False where there is no bus. It may be ``refused`` later."""
        if not has_bus():
            return False
        try:
            bus = self._bus or self._connect()
            serial = bus.call(_SERVICE, _PLACE, _SERVICE, "Notify", _KINDS, *_words(note))
        except (OSError, AttributeError):  # AttributeError: a system without sockets in its files
            return False
        self._asked[serial] = note
        self._late.start()
        return True

    def close(self) -> None:
        """Hear no more of what was shown."""
        self._late.stop()
        self._asked.clear()
        if self._bus is not None:
            self._bus.close()
            self._gone()

    def _connect(self) -> PlainBus:
        bus = PlainBus(self)
        bus.listen(_SERVICE, _SERVICE)
        bus.arrived.connect(self._arrived)
        bus.lost.connect(self._gone)
        self._bus = bus
        return bus

    def _arrived(self, message: Incoming) -> None:
        if message.kind == SIGNAL:
            self._signalled(message)
            return
        note = self._asked.pop(message.reply_to, None)
        if note is None:
            return
        if message.kind == REPLY and (number := _number(message)):
            self._shown[number] = note
        elif message.kind == ERROR:
            self.refused.emit(note)

    def _signalled(self, message: Incoming) -> None:
        number = _number(message)
        if number not in self._shown:
            return
        words = str(message.values[1]) if len(message.values) > 1 else ""
        if message.member == "ActivationToken":
            os.environ["XDG_ACTIVATION_TOKEN"] = words  # Qt takes it from there when the window is raised
        elif message.member == "ActionInvoked":
            self.invoked.emit(self._shown[number], words)
        elif message.member == "NotificationClosed":
            del self._shown[number]

    def _give_up(self) -> None:
        asked, self._asked = list(self._asked.values()), {}
        for note in asked:
            self.refused.emit(note)

    def _gone(self) -> None:
        if self._bus is not None:
            self._bus.deleteLater()
            self._bus = None
        self._shown.clear()
        self._give_up()


def _number(message: Incoming) -> int:
    """The notification's, 0 for none."""
    first = message.values[0] if message.values else 0
    return first if isinstance(first, int) else 0


def _words(note: Note) -> tuple[object, ...]:
    """The arguments of ``Notify``; the text is markup."""
    actions = [OPEN, tr("Show the window")]
    if note.path:
        actions += [REVEAL, tr("Show in folder")]
    category = "transfer.complete" if note.done else "transfer.error"
    hints = [
        ("desktop-entry", ("s", QGuiApplication.desktopFileName())),
        ("category", ("s", category)),
        ("urgency", ("y", _NORMAL)),
    ]
    icon = icon_file("shipglass").as_uri()
    return "Shipglass", 0, icon, note.title, html.escape(note.text, quote=False), actions, hints, -1
