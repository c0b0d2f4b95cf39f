"""TABLE. Print jobs on the wire: their attributes, and the terms for what went wrong (PS3.4 H.4.5, PS3.3 C.13.8)."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from pydicom.dataset import Dataset

from printmgr.ports import ExecutionStatus, PrintJob, PrintProgress
from printmgr.scp.contexts import SOPClass
from printmgr.scp.replies import asked_for, reference

# PS3.4 Table H.4-15.
PRINT_JOB_ATTRIBUTES: Mapping[str, int] = MappingProxyType(
    {
        "ExecutionStatus": 0x21000020,
        "ExecutionStatusInfo": 0x21000030,
        "PrintPriority": 0x20000020,
        "CreationDate": 0x21000040,
        "CreationTime": 0x21000050,
        "PrinterName": 0x21100030,
        "Originator": 0x21000070,
    }
)

# Execution Status Info of a failed job by what its error says; the last one fits always (PS3.3 C.13.8, C.13.9.1).
FAILURES = (
    (re.compile("cancelled"), "PRINTER OFFLINE"),
    (re.compile("Pixel Data|Rows|Columns|Bits|Photometric|ImageDisplayFormat|FilmSizeID|ICC"), "INVALID PAGE DES"),
    (re.compile("no room"), "INSUFFIC MEMORY"),
    (re.compile(""), "ELEC SW ERROR"),
)


def status_info(progress: PrintProgress) -> str:
    """Execution Status Info (2100,0030).

    >>> status_info(PrintProgress("1", ExecutionStatus.FAILURE, "Pixel Data has 3 bytes"))
    'INVALID PAGE DES'
    """
    if progress.status is ExecutionStatus.FAILURE:
        return next(term for pattern, term in FAILURES if pattern.search(progress.error))
    return "QUEUED" if progress.status is ExecutionStatus.PENDING else "NORMAL"


def print_job_attributes(job: PrintJob, tags: Iterable[int]) -> Dataset:
    """The answer to N-GET of a print job: the attributes asked for that it has; all for an empty list."""
    ordered_at = datetime.fromisoformat(job.ordered_at)
    said = {
        "ExecutionStatus": job.progress.status.value,
        "ExecutionStatusInfo": status_info(job.progress),
        "PrintPriority": job.print_priority,
        "CreationDate": f"{ordered_at:%Y%m%d}",
        "CreationTime": f"{ordered_at:%H%M%S.%f}",
        "PrinterName": job.printer_name,
        "Originator": job.originator,
    }
    return asked_for(PRINT_JOB_ATTRIBUTES, said, tags)


def job_ordered(uid: str) -> Dataset:
    """The reply to N-ACTION, where Print Job was negotiated (PS3.4 Tables H.4-3, H.4-8).

    One item in (2100,0500); pydicom's ReferencedPrintJobSequence is another, retired attribute.
    """
    data_set = Dataset()
    data_set.ReferencedPrintJobSequencePullStoredPrint = [reference(SOPClass.PRINT_JOB, uid)]
    return data_set
