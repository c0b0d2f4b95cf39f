"""The archive's way back: storage commitment reported on an association of its own (PS3.4 J.3.3).

The archive is the SCP of that association though it opens it, which it proposes by role selection (PS3.7 D.3.3.4).
"""

from collections.abc import Callable
from typing import Any

from pynetdicom import build_context, evt
from pynetdicom.presentation import PresentationContext

from printmgr.sinks.pacs import COMMITMENT, EXPLICIT, FAILED, IMPLICIT, outcome

SUCCESS, NO_SUCH_CLASS, PROCESSING_FAILURE, NO_SUCH_ARGUMENT = 0x0000, 0x0118, 0x0110, 0x0114
LONGEST_UID = 64

Reported = Callable[[str, bool], None]
"""Takes the transaction's UID and whether it failed; durable when it returns."""


def presentation_contexts() -> list[PresentationContext]:
    context = build_context(COMMITMENT, [EXPLICIT, IMPLICIT])
    context.scu_role, context.scp_role = False, True
    return [context]


def handlers(reported: Reported) -> list[tuple[evt.EventType, Callable[[evt.Event], Any]]]:
    """For the node."""

    def take(event: evt.Event) -> tuple[int, None]:
        if event.request.AffectedSOPClassUID != COMMITMENT:
            return NO_SUCH_CLASS, None
        report = event.event_information
        uid = str(report.get("TransactionUID", ""))
        if not 1 <= len(uid) <= LONGEST_UID:
            return NO_SUCH_ARGUMENT, None
        reported(uid, outcome(event.event_type, report) == FAILED)
        return SUCCESS, None

    return [(evt.EVT_N_EVENT_REPORT, take)]
