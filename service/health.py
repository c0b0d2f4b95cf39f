"""`/healthz`: whether the service can really take a film now, and what is in the way."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

from service.config import Settings
from service.store import jobs
from service.store.engine import Store

PATIENCE_S = 8.0
WORKER_SILENT_S = 60.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be well."""

    name: str
    ok: bool
    detail: str = ""


def checks(settings: Settings, store: Store, title: str) -> list[Check]:
    """Look at everything an order needs. `title`: the AE title that the node lets in for this alone."""
    return [
        _checked("node", lambda: echo(settings, title)),
        _checked("database", lambda: _write(store)),
        _checked("disk", lambda: _room(settings)),
        _checked("worker", lambda: _worker(store)),
    ]


class NotWell(Exception):
    """What is in the way, in words."""


def _checked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except Exception as error:  # noqa: BLE001  # whatever goes wrong is the answer
        return Check(name, False, f"{error}" or type(error).__name__)


def echo(settings: Settings, title: str) -> str:
    """C-ECHO to our own node, as a modality would; over TLS alone, a connection. Raises SendFailed, OSError."""
    dicom = settings.dicom
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(dicom.host, dicom.host)  # noqa: S104  # compared, not bound
    if dicom.tls is not None and dicom.tls.only:
        socket.create_connection((host, dicom.tls.port), PATIENCE_S).close()
        return f"{host} port {dicom.tls.port} takes connections"
    from printmgr.scu_association import Peer, echoed

    took_s, _ = echoed(Peer(host, dicom.port, settings.printers[0].ae_title, title, PATIENCE_S))
    return f"C-ECHO in {took_s:.3f} s"


def _write(store: Store) -> str:
    with store.write() as connection:
        number = sum(jobs.count(connection).values())
    return f"{number} jobs"


def _room(settings: Settings) -> str:
    disk = os.statvfs(settings.data_dir)
    free, expected = disk.f_bavail * disk.f_frsize, settings.dicom.min_free_bytes
    if free < expected:
        raise NotWell(f"{free} bytes are free; expected {expected}")
    return f"{free} bytes are free"


def _worker(store: Store) -> str:
    with store.read() as connection:
        living = jobs.living_executors(connection, WORKER_SILENT_S)
    if not living:
        raise NotWell(f"no worker was heard of for {WORKER_SILENT_S:.0f} s")
    return ", ".join(living)
