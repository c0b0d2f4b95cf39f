"""What a DICOM node can be told."""

from dataclasses import dataclass
from pathlib import Path

from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID, PYNETDICOM_IMPLEMENTATION_VERSION


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """Address, limits and deadlines of one node. Times are in seconds, sizes in bytes."""

    host: str = "127.0.0.1"
    port: int | None = 11112  # 0: any free port; None: TLS only
    share_port: bool = False  # with other processes of ours (SO_REUSEPORT): the kernel spreads the connections
    ae_title: str = "PRINTMGR"

    max_associations: int = 200
    reserved_associations: int = 20  # of these, kept for partners that are listed by name
    max_half_open: int = 256  # connections that have not asked for an association yet
    max_half_open_per_address: int = 64

    max_pdu_bytes: int = 131_072  # what we say we can receive (PS3.8 D.1)
    pdu_slack_bytes: int = 4_096  # how much more than that a PDU may have
    max_request_bytes: int = 1 << 20  # A-ASSOCIATE-RQ, the only PDU before negotiation
    max_data_set_bytes: int = 512 << 20  # one message; more is read away and answered 0213H
    stream_folder: Path | None = None  # where long data sets are written while they arrive; None: memory
    stream_over_bytes: int = 1 << 20
    max_waiting_bytes: int = 64 << 20  # received messages that wait for their turn, of one association
    max_memory_bytes: int = 256 << 20  # data sets in memory, of all associations; more go to `stream_folder`

    request_pdu_timeout_s: float = 10.0  # first to last byte of the A-ASSOCIATE-RQ
    pdu_timeout_s: float = 30.0  # first to last byte of any later PDU, sent or received
    acse_timeout_s: float = 30.0  # ARTIM (PS3.8 9.1.5)
    idle_timeout_s: float | None = 60.0  # nothing from the peer; None: for ever
    dimse_timeout_s: float = 30.0  # a message may take this long, plus its size at `min_bytes_per_s`
    min_bytes_per_s: int = 4_096
    stop_timeout_s: float = 10.0  # how long running associations may go on when the node stops

    name_instances: bool = False  # give an N-CREATE request without a SOP Instance UID one, before its handler

    implementation_class_uid: str = str(PYNETDICOM_IMPLEMENTATION_UID)
    implementation_version_name: str = PYNETDICOM_IMPLEMENTATION_VERSION
