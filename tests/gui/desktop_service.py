"""A desktop's services on a private bus: portal settings, notifications, file manager. A process of its own.

Run by the system's Python, for python3-dbus and python3-gi. A line of JSON on stdout for each call that came;
on stdin a line for each thing to do: ``scheme N``, ``invoke ID ACTION``, ``close ID``, ``token ID TEXT``.
"""

import json
import os
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

APPEARANCE, SCHEME = "org.freedesktop.appearance", "color-scheme"
SETTINGS = "org.freedesktop.portal.Settings"
NOTIFICATIONS = "org.freedesktop.Notifications"
FILES = "org.freedesktop.FileManager1"


def record(**what):
    print(json.dumps(what), flush=True)


class Portal(dbus.service.Object):
    """The desktop's settings, as xdg-desktop-portal gives them."""

    def __init__(self, bus, scheme):
        super().__init__(bus, "/org/freedesktop/portal/desktop")
        self.scheme = dbus.UInt32(scheme, variant_level=1)

    def set_scheme(self, scheme):
        self.scheme = dbus.UInt32(scheme, variant_level=1)
        self.SettingChanged(APPEARANCE, SCHEME, self.scheme)

    def _value(self, namespace, key):
        if (namespace, key) != (APPEARANCE, SCHEME):
            raise dbus.DBusException("no such setting", name="org.freedesktop.portal.Error.NotFound")
        return self.scheme

    @dbus.service.method(SETTINGS, in_signature="ss", out_signature="v")
    def Read(self, namespace, key):
        record(call="Read", key=key)
        return dbus.UInt32(self._value(namespace, key), variant_level=2)

    @dbus.service.method(SETTINGS, in_signature="ss", out_signature="v")
    def ReadOne(self, namespace, key):
        record(call="ReadOne", key=key)
        return self._value(namespace, key)

    @dbus.service.method(SETTINGS, in_signature="as", out_signature="a{sa{sv}}")
    def ReadAll(self, namespaces):
        record(call="ReadAll", namespaces=list(namespaces))
        return {APPEARANCE: {SCHEME: self.scheme}}

    @dbus.service.signal(SETTINGS, signature="ssv")
    def SettingChanged(self, namespace, key, value):
        pass


class Notifications(dbus.service.Object):
    """A notification server without a screen."""

    def __init__(self, bus):
        super().__init__(bus, "/org/freedesktop/Notifications")
        self.last = 0

    @dbus.service.method(NOTIFICATIONS, in_signature="susssasa{sv}i", out_signature="u")
    def Notify(self, app, replaces, icon, title, text, actions, hints, timeout):
        self.last = replaces or self.last + 1
        record(
            call="Notify", id=self.last, app=app, icon=icon, title=title, text=text,
            actions=list(actions), hints={str(k): v for k, v in hints.items()},
            types={str(k): type(v).__name__ for k, v in hints.items()}, timeout=timeout,
        )  # fmt: skip
        return self.last

    @dbus.service.method(NOTIFICATIONS, in_signature="u")
    def CloseNotification(self, number):
        record(call="CloseNotification", id=number)

    @dbus.service.method(NOTIFICATIONS, out_signature="as")
    def GetCapabilities(self):
        return ["actions", "body", "persistence"]

    @dbus.service.method(NOTIFICATIONS, out_signature="ssss")
    def GetServerInformation(self):
        return "test", "shipglass", "1", "1.2"

    @dbus.service.signal(NOTIFICATIONS, signature="us")
    def ActionInvoked(self, number, action):
        pass

    @dbus.service.signal(NOTIFICATIONS, signature="us")
    def ActivationToken(self, number, token):
        pass

    @dbus.service.signal(NOTIFICATIONS, signature="uu")
    def NotificationClosed(self, number, reason):
        pass


class Files(dbus.service.Object):
    """A file manager that only listens."""

    def __init__(self, bus):
        super().__init__(bus, "/org/freedesktop/FileManager1")

    @dbus.service.method(FILES, in_signature="ass")
    def ShowItems(self, uris, startup_id):
        record(call="ShowItems", uris=list(uris), startup_id=startup_id)


def main(names):
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SessionBus()
    loop = GLib.MainLoop()
    portal = Portal(bus, 0) if "portal" in names else None
    notifications = Notifications(bus) if "notifications" in names else None
    held = [Files(bus)] if "files" in names else []
    owned = [
        dbus.service.BusName(name, bus)
        for name, there in (
            ("org.freedesktop.portal.Desktop", portal),
            (NOTIFICATIONS, notifications),
            (FILES, held),
        )
        if there
    ]

    def obey(words):
        if words[0] == "scheme":
            portal.set_scheme(int(words[1]))
        elif words[0] == "invoke":
            notifications.ActionInvoked(int(words[1]), words[2])
        elif words[0] == "token":
            notifications.ActivationToken(int(words[1]), words[2])
        elif words[0] == "close":
            notifications.NotificationClosed(int(words[1]), 2)

    def told(source, _condition):
        said = os.read(source, 1 << 16).decode()
        for line in said.splitlines():
            obey(line.split())
        if not said:
            loop.quit()
        return bool(said)

    GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, told)
    record(call="ready", names=len(owned))
    loop.run()


main(sys.argv[1:])
