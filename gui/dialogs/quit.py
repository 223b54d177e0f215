"""The question before exports are cut off by quitting."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget

from gui.text import plural, tr


def ask_quit(parent: QWidget, active: int) -> QAbstractButton:
    """Open the question while ``active`` exports run; gives the button that means to cancel them and quit.

    Return and Escape keep them running.
    """
    box = QMessageBox(parent)
    box.setObjectName("quitQuestion")
    box.setWindowTitle(tr("Exports are running"))
    box.setText(plural(active, "{n} export is not done.", "{n} exports are not done."))
    box.setInformativeText(tr("If you quit now they are cancelled, and nothing of them is left behind."))
    stop = box.addButton(tr("Cancel exports and quit"), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(tr("Keep running"), QMessageBox.ButtonRole.RejectRole))
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return stop
