"""The exports of this session and, in ``past``, those of earlier ones."""

from gui.job_list.past import Past, Record
from gui.job_list.queue import JobList
from gui.job_list.running import export_workers
from gui.job_list.values import (
    ENDED,
    ExportJob,
    ExportRequest,
    JobState,
    Part,
    SomeFailed,
    Together,
    failed_blob,
)

__all__ = [
    "ENDED",
    "ExportJob",
    "ExportRequest",
    "JobList",
    "JobState",
    "Part",
    "Past",
    "Record",
    "SomeFailed",
    "Together",
    "export_workers",
    "failed_blob",
]
