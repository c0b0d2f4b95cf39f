"""The receivers that are compared: our inbox, DCMTK's storescp, Orthanc; each a process of its own on a free port."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.node_servers import Server, free_port
from benchmarks.store_client import StoreClient


@dataclass(frozen=True, slots=True)
class Receiver:
    """A server and where it keeps what it gets."""

    server: Server
    folder: Path
    pattern: str  # of the files below the folder

    def empty(self) -> None:
        """Give the memory of its files back and leave them there.

        Memory that a virtual machine has not used yet is dear, and so are the inodes next to deleted ones on ext4.
        """
        for path in self.folder.glob(self.pattern):
            os.truncate(path, 0)


VERIFICATION, IMPLICIT_LE = "1.2.840.10008.1.1", "1.2.840.10008.1.2"
NODELAY = {**os.environ, "TCP_NODELAY": "1"}  # without, each answer of DCMTK's waits 40 ms


@contextmanager
def our_inbox(durable: str) -> Iterator[Receiver]:
    """The study inbox on our node, one process."""
    with tempfile.TemporaryDirectory(prefix="bench-inbox-") as folder:
        command = [sys.executable, "-m", "benchmarks.node_inbox", folder, durable]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            try:
                yield Receiver(Server(("127.0.0.1", port), process.pid), Path(folder), "inbox/*/*/*.dcm")
            finally:
                process.terminate()


@contextmanager
def storescp(*options: str) -> Iterator[Receiver]:
    """DCMTK's receiver; `+B` has it keep the bytes as they come."""
    with tempfile.TemporaryDirectory(prefix="bench-storescp-") as folder:
        port = free_port()
        command = ["storescp", "-q", "-pdu", "131072", "-aet", "ARCHIVE", "-od", folder, *options, str(port)]
        process = subprocess.Popen(command, env=NODELAY)
        try:
            _wait_for(port)
            yield Receiver(Server(("127.0.0.1", port), process.pid), Path(folder), "*.*")
        finally:
            process.terminate()
            process.wait()


@contextmanager
def orthanc() -> Iterator[Receiver]:
    """Orthanc with its SQLite index; storage and index without fsync, as it comes."""
    with tempfile.TemporaryDirectory(prefix="bench-orthanc-") as folder:
        port = free_port()
        settings = {
            "Name": "bench",
            "DicomAet": "ARCHIVE",
            "DicomPort": port,
            "HttpServerEnabled": False,
            "StorageDirectory": folder,
            "IndexDirectory": folder,
            "SyncStorageArea": False,
            "DicomModalities": {},
            "MaximumPduLength": 131072,
        }
        file = Path(folder, "orthanc.json")
        file.write_text(json.dumps(settings))
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(["Orthanc", str(file)], env=NODELAY, stdout=quiet, stderr=quiet, cwd=folder)
        try:
            _wait_for(port)
            yield Receiver(Server(("127.0.0.1", port), process.pid), Path(folder), "*/*/*")
        finally:
            process.terminate()
            process.wait()


def has_orthanc() -> bool:
    return shutil.which("Orthanc") is not None


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            StoreClient(("127.0.0.1", port), VERIFICATION, IMPLICIT_LE).release()
            return
        except (OSError, ConnectionError):
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
