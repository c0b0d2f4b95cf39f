"""`printmgr demo`: the service with a sample printer, a sample film printed into it over DICOM, a sample disc."""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from service.children import all_roles
from service.config import Settings, load
from service.spool import local_now
from service.store import jobs, prints
from service.store.engine import Store
from service.store.jobs import ENDED, JobState
from service.supervisor import ServeFailed, Supervisor

PATIENCE_S = 120.0
WEB_PORT = 8080
PRINTER = {"ae_title": "PRINTMGR", "name": "Sample printer"}

Say = Callable[[str], None]


def run(data_dir: Path, port: int, once: bool, say: Say) -> None:
    """Serve until Ctrl-C; with `once` until the sample film is there. Raises ServeFailed."""
    settings = load(
        data_dir=data_dir,
        dicom={"port": port_or_any(port), "open": True},
        web={"port": port_or_any(WEB_PORT)},
        printers=[PRINTER],
    )
    failures: list[str] = []

    def show(address: str) -> None:
        try:
            print_sample(settings, address, say)
            build_sample(settings, say)
        except Exception as error:  # noqa: BLE001  # this thread's top
            failures.append(f"the sample did not come: {error}")
            say(f"printmgr: {failures[0]}")
        if once:
            supervisor.stop()
        else:
            say("printmgr: Ctrl-C ends the service")

    def on_ready(address: str) -> None:
        threading.Thread(target=show, args=[address], name="demo", daemon=True).start()

    supervisor = Supervisor(settings, all_roles(settings), say=say, on_ready=on_ready)
    supervisor.run()
    if once and failures:
        raise ServeFailed(failures[0])


def print_sample(settings: Settings, address: str, say: Say) -> None:
    """Print a sheet of sample images and wait for its PDF. Raises ServeFailed, SendFailed."""
    from printmgr.scu import SendOptions, send

    host, _, port = address.rpartition(":")
    sheet = [path for path in sample_images(settings) if path.stem.startswith("ct")][:20]
    options = SendOptions(image_display_format="STANDARD\\4,5", film_size_id="14INX17IN")
    answers = send(host, int(port), PRINTER["ae_title"], sheet, options)
    if failed := [answer for answer in answers if answer.failed]:
        raise ServeFailed(f"{failed[0].request} was answered {failed[0].status:04X}H {failed[0].comment}")
    with opened(settings) as store:
        with store.read() as connection:
            newest = prints.listed(connection, limit=1)[0].id
        wait_for(store, newest)
        with store.read() as connection:
            say(f"printmgr: the sample film is at {prints.one(connection, newest).deliveries[0].place}")
    say(f"printmgr: print to AE title {PRINTER['ae_title']} at {address}; try")
    say(f"printmgr:   {os.path.relpath(sys.argv[0])} film send {host} {port} {PRINTER['ae_title']} FILE...")


def build_sample(settings: Settings, say: Say) -> None:
    """Have a disc of the sample images built and wait for it. Raises ServeFailed."""
    from media.fileset.order import DiscOrder
    from media.pipeline import BuildOrder
    from service.wiring.discs import order_disc

    output = settings.data_dir / "discs" / f"{local_now():%Y%m%d-%H%M%S}"
    disc = DiscOrder(created=local_now().isoformat(timespec="seconds"), file_set_id="SAMPLE")
    sources = (str(sample_images(settings)[0].parent),)
    job_id = order_disc(settings, BuildOrder(sources=sources, output=str(output), disc=disc))
    with opened(settings) as store:
        wait_for(store, job_id)
    say(f"printmgr: the sample disc is at {output / 'volume_1.iso'}, verified; beside it report.json")


def sample_images(settings: Settings) -> list[Path]:
    """Phantoms as DICOM files. Raises ServeFailed where the samples are not at hand."""
    try:
        from samples import make
    except ImportError:
        raise ServeFailed("the samples are not installed; run the demo from the project's folder") from None
    folder = settings.data_dir / "samples"
    made = sorted(folder.glob("*.dcm"))
    return made if len(made) == make.COUNT else make.write(folder)


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    store = Store(settings.database)
    try:
        yield store
    finally:
        store.close()


def wait_for(store: Store, job_id: str) -> None:
    """Wait for a job to be done. Raises ServeFailed."""
    patience = time.monotonic() + PATIENCE_S
    while time.monotonic() < patience:
        with store.read() as connection:
            job = jobs.one(connection, job_id)
        if job.state is JobState.DONE:
            return
        if job.state in ENDED:
            raise ServeFailed(f"job {job_id} {job.state}: {job.error}")
        time.sleep(0.1)
    raise ServeFailed(f"job {job_id} is still {job.state} after {PATIENCE_S:.0f} s")


def port_or_any(port: int) -> int:
    """`port` when nobody listens on it, else 0: any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port
