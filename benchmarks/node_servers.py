"""The servers that are compared: our node and DCMTK's dcmprscp, each a process of its own on a free port."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

_DCMPSTAT = """[[GENERAL]]
[APPLICATION]
LogDirectory = {work}/log
LogFile = general.log
LogLevel = WARN
MessagePort = 0
[PRINT]
Spooler = dcmprscu
Server = dcmprscp
Directory = {work}/spool
DetailedLog = false
BinaryLog = false
Sleep = 1
DefaultIllumination = 2000
DefaultReflection = 10
DeletePrintJobs = true
AlwaysDeleteTerminateJobs = true
[DATABASE]
Directory = {work}/database
[LUT]
Directory = {work}/lut
[REPORT]
Directory = {work}/reports
[NETWORK]
aetitle = BENCH
[GUI]
HighResolutionGraphics = false
[[COMMUNICATION]]
[PRINTER]
hostname = 127.0.0.1
port = {port}
aetitle = PRINTER
type = LOCALPRINTER
description = PRINTER
DisplayFormat = 1,1\\4,5
FilmSizeID = 14INX17IN
MediumType = BLUE FILM
FilmDestination = MAGAZINE
MagnificationType = CUBIC
ResolutionID = STANDARD
BorderDensity = BLACK
EmptyImageDensity = BLACK
SmoothingType = NONE
MaxDensity = 320
MinDensity = 20
Supports12Bit = true
SupportsPresentationLUT = true
SupportsImageSize = true
SupportsDecimateCrop = true
SupportsTrim = true
ImplicitOnly = false
DisableNewVRs = false
MaxPDU = 131072
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    address: tuple[str, int]
    pid: int

    def cpu_s(self) -> float:
        """CPU seconds it used, its children included."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(each) for each in fields[11:15]) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def _printer(kind: str, keep: str, port: int = 0) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix=f"bench-{kind}-") as folder:
        command = [sys.executable, "-m", "benchmarks.node_printer", kind, keep, folder, str(port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            try:
                yield Server(("127.0.0.1", port), process.pid)
            finally:
                process.terminate()


def our_node(keep: str = "write") -> AbstractContextManager[Server]:
    """Our node; `keep`: "drop" what comes, "write" it to files, or "fsync" them too."""
    return _printer("node", keep)


@contextmanager
def two_nodes() -> Iterator[Server]:
    """Our node as two processes on one port; the first of them."""
    with _printer("node", "write") as first, _printer("node", "write", first.address[1]):
        yield first


def stock_pynetdicom(keep: str = "write") -> AbstractContextManager[Server]:
    """pynetdicom as it is, with the same handlers."""
    return _printer("stock", keep)


@contextmanager
def dcmprscp() -> Iterator[Server]:
    """DCMTK's print SCP, with TCP_NODELAY."""
    with tempfile.TemporaryDirectory(prefix="bench-dcmprscp-") as folder:
        for name in ("log", "spool", "database", "lut", "reports"):
            Path(folder, name).mkdir()
        port = free_port()
        config = Path(folder, "dcmpstat.cfg")
        config.write_text(_DCMPSTAT.format(work=folder, port=port))
        command = ["dcmprscp", "-q", "-c", str(config), "-p", "PRINTER"]
        process = subprocess.Popen(command, env={**os.environ, "TCP_NODELAY": "1"}, cwd=folder)
        try:
            _wait_for(port)
            yield Server(("127.0.0.1", port), process.pid)
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
