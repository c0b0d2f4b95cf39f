"""`printmgr demo`: the service with a sample printer, and a sample film printed into it over DICOM."""

import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from service.config import Settings, load
from service.store import prints
from service.store.engine import Store
from service.store.jobs import ENDED, JobState
from service.supervisor import Role, ServeFailed, Supervisor

PATIENCE_S = 60.0
PRINTER = {"ae_title": "PRINTMGR", "name": "Sample printer"}

Say = Callable[[str], None]


def run(data_dir: Path, port: int, once: bool, say: Say) -> None:
    """Serve until Ctrl-C; with `once` until the sample film is there. Raises ServeFailed."""
    settings = load(data_dir=data_dir, dicom={"port": port_or_any(port), "open": True}, printers=[PRINTER])
    failures: list[str] = []

    def show(address: str) -> None:
        try:
            print_sample(settings, address, say)
        except Exception as error:  # noqa: BLE001  # this thread's top
            failures.append(f"the sample film did not come: {error}")
            say(f"printmgr: {failures[0]}")
        if once:
            supervisor.stop()
        else:
            say("printmgr: Ctrl-C ends the service")

    def on_ready(address: str) -> None:
        threading.Thread(target=show, args=[address], name="demo", daemon=True).start()

    supervisor = Supervisor(settings, (Role.NODE, Role.WORKER), say=say, on_ready=on_ready)
    supervisor.run()
    if once and failures:
        raise ServeFailed(failures[0])


def print_sample(settings: Settings, address: str, say: Say) -> None:
    """Print a sheet of sample images and wait for its PDF. Raises ServeFailed, SendFailed."""
    from printmgr.scu import SendOptions, send

    host, _, port = address.rpartition(":")
    with tempfile.TemporaryDirectory() as folder:
        files = sample_images(Path(folder))
        options = SendOptions(image_display_format="STANDARD\\4,5", film_size_id="14INX17IN")
        answers = send(host, int(port), PRINTER["ae_title"], files, options)
    if failed := [answer for answer in answers if answer.failed]:
        raise ServeFailed(f"{failed[0].request} was answered {failed[0].status:04X}H {failed[0].comment}")
    say(f"printmgr: the sample film is at {wait_for_film(settings)}")
    say(f"printmgr: print to AE title {PRINTER['ae_title']} at {address}; try")
    say(f"printmgr:   {Path(sys.argv[0]).name} film send {host} {port} {PRINTER['ae_title']} FILE...")


def sample_images(folder: Path) -> list[Path]:
    """A series of phantoms as DICOM files. Raises ServeFailed where the samples are not at hand."""
    try:
        from samples import make
    except ImportError:
        raise ServeFailed("the samples are not installed; run the demo from the project's folder") from None
    return [path for path in make.write(folder) if path.stem.startswith("ct")][:20]


def wait_for_film(settings: Settings) -> str:
    """Where the newest print was delivered. Raises ServeFailed."""
    store = Store(settings.database)
    patience = time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < patience:
            with store.read() as connection:
                newest = prints.one(connection, prints.listed(connection, limit=1)[0].id)
            if newest.state is JobState.DONE:
                return newest.deliveries[0].place
            if newest.state in ENDED:
                raise ServeFailed(f"print {newest.id} {newest.state}: {newest.error}")
            time.sleep(0.1)
    finally:
        store.close()
    raise ServeFailed(f"print {newest.id} is still {newest.state} after {PATIENCE_S:.0f} s")


def port_or_any(port: int) -> int:
    """`port` when nobody listens on it, else 0: any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port
