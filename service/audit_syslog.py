"""Sending the ledger to the collector: DICOM audit messages by syslog over TLS (PS3.15 A.6, RFC 5424, RFC 5425).

The ledger is the spool. Syslog has no receipt, so a batch counts as sent only when the collector has closed the TLS
connection in order after it: then it had read everything. What is not sure to have arrived is sent again, in order.
"""

import logging
import os
import socket
import ssl
import threading
from collections.abc import Sequence

from service.audit import message
from service.settings.web import Audit
from service.store import audit
from service.store.audit import Record
from service.store.engine import Store

log = logging.getLogger(__name__)

PRIORITY = 10 * 8 + 5  # security, normal but significant (PS3.15 A.6)
MESSAGE_ID = "DICOM+RFC3881"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BATCH = 200
LOOK_S = 1.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
TIMEOUT_S = 15.0


class Forwarder:
    """Sends what the collector does not have yet, in a thread of its own."""

    def __init__(self, settings: Audit, store: Store, hostname: str = "") -> None:
        self._settings = settings
        self._store = store
        self._hostname = hostname or socket.gethostname() or "-"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What is not sent goes out at the next start."""
        self._stopping.set()
        self._thread.join(TIMEOUT_S)

    def send_batch(self) -> int:
        """Send what is next; how many. Raises OSError when the collector did not take all of it."""
        with self._store.read() as connection:
            batch = audit.unsent(connection, BATCH)
        if batch:
            self._send(batch)
            with self._store.write() as connection:
                audit.mark_sent(connection, batch[-1].number)
        return len(batch)

    def _run(self) -> None:
        wait_s = LOOK_S
        while not self._stopping.wait(wait_s):
            try:
                sent = self.send_batch()
                wait_s = 0.0 if sent == BATCH else LOOK_S
            except OSError as error:
                wait_s = min(max(wait_s * 2, FIRST_WAIT_S), LONGEST_WAIT_S)
                log.warning("the audit collector does not take messages: %s; trying again in %.0f s", error, wait_s)
            except Exception:
                log.exception("could not send audit messages; trying again")
                wait_s = LONGEST_WAIT_S

    def _send(self, batch: Sequence[Record]) -> None:
        address = (self._settings.host, self._settings.port)
        context = _context(self._settings)
        with (
            socket.create_connection(address, TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=self._settings.host) as stream,
        ):
            for record in batch:
                stream.sendall(frame(record, self._settings, self._hostname))
            _close_in_order(stream)


def frame(record: Record, settings: Audit, hostname: str) -> bytes:
    """One message with its length before it (RFC 5425 4.3)."""
    at = record.at.replace("+00:00", "Z")
    head = f"<{PRIORITY}>1 {at} {hostname} printmgr {os.getpid()} {MESSAGE_ID} - "
    told = head.encode("ascii", "replace") + BYTE_ORDER_MARK + message(record, settings.source_id, settings.site)
    return b"%d " % len(told) + told


def _close_in_order(stream: ssl.SSLSocket) -> None:
    """Say that all is said and wait for the other side to say so. Raises OSError when it breaks off instead."""
    try:
        stream.unwrap()
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        pass  # closed without a reply: a reset, which drops what was not read, would have come as ConnectionResetError
    except ssl.SSLError as error:
        if "closed" not in str(error).lower():
            raise


def _context(settings: Audit) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(settings.ca) if settings.ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.certificate:
        context.load_cert_chain(settings.certificate, settings.key)
    return context
