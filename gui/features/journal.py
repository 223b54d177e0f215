"""What is worth a line in the log: stores, exports."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject

from gui.job_list import ExportJob, JobList, JobState
from gui.models.failure import failure_of
from gui.session import OpenStore, Session

_stores = logging.getLogger("shipglass.stores")
_exports = logging.getLogger("shipglass.exports")


class Journal(QObject):
    """Writes while it lives."""

    def __init__(self, session: Session, jobs: JobList, parent: QObject) -> None:
        super().__init__(parent)
        session.changed.connect(self._store_changed)
        session.closed.connect(self._store_closed)
        jobs.changed.connect(self._job_changed)

    def _store_changed(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        if opened.error is not None:
            _stores.warning("cannot open %s: %s", opened.location, opened.error)
        elif opened.store is not None:
            _stores.info("%s: %s, %d images", opened.location, opened.store.kind, len(opened.images))
            for note in opened.store.notes:
                _stores.info("%s: %s", opened.location, note)
        else:
            _stores.debug("opening %s", opened.location)

    def _store_closed(self, opened: object) -> None:
        assert isinstance(opened, OpenStore)
        _stores.info("closed %s", opened.location)

    def _job_changed(self, export: object) -> None:
        assert isinstance(export, ExportJob)
        level = logging.INFO
        words = ""
        if export.state is JobState.FAILED and export.error is not None:
            level, words = logging.ERROR, f"\n{failure_of(export.error).text}"
        elif export.report is not None and export.state is JobState.DONE:
            words = f", {export.report.bytes} bytes in {export.report.seconds:.1f} s"
        _exports.log(
            level, "export %d to %s: %s%s", export.number, export.request.path, export.state.value, words
        )
