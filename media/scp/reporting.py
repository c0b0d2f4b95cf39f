"""Reports of storage commitment on an association of our own, when the requester's is gone (PS3.4 J.3.3)."""

from dataclasses import dataclass

from pynetdicom import AE, build_role

from media.scp.commitment import event_type, report
from media.scp.contexts import NORMALIZED_SYNTAXES, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from media.scp.statuses import SUCCESS
from media.studies import CommitmentResult

PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a partner takes reports."""

    ae_title: str
    host: str
    port: int


def deliver(result: CommitmentResult, our_ae: str, listener: Listener) -> bool:
    """Report once; whether the partner took it."""
    ae = AE(our_ae)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = PATIENCE_S
    ae.add_requested_context(STORAGE_COMMITMENT, list(NORMALIZED_SYNTAXES))
    role = build_role(STORAGE_COMMITMENT, scp_role=True)  # we open the association and are the SCP (PS3.7 D.3.3.4)
    association = ae.associate(listener.host, listener.port, ae_title=listener.ae_title, ext_neg=[role])
    if not association.is_established:
        return False
    try:
        status, _ = association.send_n_event_report(
            report(result), event_type(result), STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
        )
    except (RuntimeError, ValueError):  # it ended, or the partner took no context in this role
        return False
    finally:
        if association.is_established:
            association.release()
    return "Status" in status and status.Status == SUCCESS
