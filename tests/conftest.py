"""Before anything imports Qt: no display is needed, and none is used."""

import os

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("QT_ACCESSIBILITY", "0")
os.environ["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"  # the desktop of whoever runs the tests is left alone


def pytest_configure(config: pytest.Config) -> None:
    # What the offscreen platform cannot do (raise a window, grab the keyboard), it says; it means nothing.
    config.addinivalue_line("qt_log_ignore", "This plugin does not support")
