"""The real service as a process, and the real SCU of pynetdicom against it."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    Verification,
)

from printmgr.scu import undisturbed
from tests.databases import new_database

SERVE = [sys.executable, "-c", "from service.cli import main; main()", "serve"]
PATIENCE_S = 240.0  # on a machine that is loaded twentyfold
PORTS = range(15_000, 32_000)  # below net.ipv4.ip_local_port_range, above what is usually taken


class Serving:
    """One `printmgr serve`."""

    def __init__(
        self, data_dir: Path, environment: dict[str, str] | None = None, *arguments: str, bare: bool = False
    ) -> None:
        """`bare`: without a database, which the service makes itself then."""
        self.data_dir = data_dir
        settings = {
            "PRINTMGR_DATA_DIR": str(data_dir),
            "PRINTMGR_DICOM": '{"port": 0, "open": true}',
            "PRINTMGR_WEB": '{"enabled": false}',
        }
        if not bare and "PRINTMGR_DATABASE_URL" not in (environment or {}):
            new_database(f"sqlite:///{data_dir / 'printmgr.db'}")
        self.log = data_dir.parent / f"{data_dir.name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*SERVE, *arguments],
                env=os.environ | settings | (environment or {}),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.port = self.tls_port = 0
        self.lines: list[str] = []

    def wait_ready(self) -> "Serving":
        timer = threading.Timer(PATIENCE_S, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                self.lines.append(line.strip())
                if line.startswith("printmgr: listening on "):
                    self.port = int(line.rpartition(":")[2])
                if line.startswith("printmgr: with TLS on port "):
                    self.tls_port = int(line.rpartition(" ")[2])
                if line.strip() == "printmgr: ready":
                    return self
        finally:
            timer.cancel()
        raise AssertionError(f"the service did not get ready: {self.lines}\n{self.log.read_text()}")

    def kill(self) -> None:
        """kill -9 of the parent; its children end with it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        return code

    def __enter__(self) -> "Serving":
        return self.wait_ready()

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()


def film_pixels(number: int, rows: int = 64, columns: int = 48) -> np.ndarray:
    """Pixels of 8 bits that no other number has."""
    return np.random.default_rng(number).integers(0, 256, (rows, columns), np.uint8)


def reference(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    return item


def image_box(position: int, pixels: np.ndarray) -> Dataset:
    item = Dataset()
    item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
    item.Rows, item.Columns = pixels.shape
    item.BitsAllocated, item.BitsStored, item.HighBit, item.PixelRepresentation = 8, 8, 7, 0
    item.PixelData = pixels.tobytes()
    box = Dataset()
    box.ImageBoxPosition = position
    box.BasicGrayscaleImageSequence = [item]
    return box


class Scu:
    """One association of a print SCU with a film session."""

    def __init__(self, port: int, called_ae: str = "PRINTMGR", calling_ae: str = "CT1") -> None:
        ae = AE(calling_ae)
        ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 20
        ae.add_requested_context(BasicGrayscalePrintManagementMeta)
        ae.add_requested_context(Verification)
        self.association = ae.associate("127.0.0.1", port, ae_title=called_ae)
        self._talk = ExitStack()
        if self.association.is_established:
            self._talk.enter_context(undisturbed(self.association))
        self.session = generate_uid()

    @property
    def established(self) -> bool:
        return self.association.is_established

    def open_session(self) -> int:
        session = Dataset()
        session.NumberOfCopies = 1
        status, _ = self.association.send_n_create(
            session, BasicFilmSession, self.session, meta_uid=BasicGrayscalePrintManagementMeta
        )
        return status.get("Status", -1)

    def film_box(self, display_format: str = "STANDARD\\1,1") -> tuple[int, str, list[str]]:
        """Status, film box UID, image box UIDs."""
        film = Dataset()
        film.ImageDisplayFormat = display_format
        film.ReferencedFilmSessionSequence = [reference(BasicFilmSession, self.session)]
        uid = generate_uid()
        status, answer = self.association.send_n_create(
            film, BasicFilmBox, uid, meta_uid=BasicGrayscalePrintManagementMeta
        )
        boxes = [] if answer is None else [str(i.ReferencedSOPInstanceUID) for i in answer.ReferencedImageBoxSequence]
        return status.get("Status", -1), uid, boxes

    def set_image(self, box: str, position: int, pixels: np.ndarray) -> int:
        status, _ = self.association.send_n_set(
            image_box(position, pixels), BasicGrayscaleImageBox, box, meta_uid=BasicGrayscalePrintManagementMeta
        )
        return status.get("Status", -1)

    def print_film_box(self, uid: str) -> int:
        """N-ACTION; -1 when no answer came."""
        status, _ = self.association.send_n_action(
            None, 1, BasicFilmBox, uid, meta_uid=BasicGrayscalePrintManagementMeta
        )
        return status.get("Status", -1)

    def delete_film_box(self, uid: str) -> int:
        status = self.association.send_n_delete(BasicFilmBox, uid, meta_uid=BasicGrayscalePrintManagementMeta)
        return status.get("Status", -1)

    def print_film(self, *images: np.ndarray, display_format: str = "STANDARD\\1,1") -> int:
        """A film box with these images, printed and deleted; the status of N-ACTION, -1 when no answer came."""
        status, film, boxes = self.film_box(display_format)
        if status != 0:
            return status
        for position, (box, pixels) in enumerate(zip(boxes, images, strict=False), start=1):
            status = self.set_image(box, position, pixels)
            if status != 0:
                return status
        printed = self.print_film_box(film)
        if printed != -1:
            self.delete_film_box(film)
        return printed

    def release(self) -> None:
        self._talk.close()
        if self.association.is_established:
            self.association.release()


@contextmanager
def scu(port: int, **titles: str) -> Iterator[Scu]:
    one = Scu(port, **titles)
    try:
        yield one
    finally:
        one.release()


def free_port() -> int:
    """A port of this machine that nobody listens on now, out of a range from which the kernel gives none away.

    A port the kernel just gave (port 0) is of the range that it gives to every client's socket, so that a test
    running beside this one can have it before our peer binds it.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
