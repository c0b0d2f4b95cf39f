"""Tests an administrator runs from the settings page: does the other side answer?"""

import os
import tempfile
from pathlib import Path

from printmgr.sinks import AnySink, FolderSink
from service.config import Settings
from service.settings.dicom import Partner
from service.settings.printers import Printer
from service.web.errors import TestFailed

TIMEOUT_S = 8.0


def echo(settings: Settings, partner: Partner) -> str:
    """C-ECHO to a partner. Raises TestFailed."""
    from pynetdicom import AE
    from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

    if not partner.port or "/" in partner.address:
        raise TestFailed(f"{partner.ae_title} has no host and port in the settings, so it cannot be called")
    title = settings.inbox.ae_title or settings.printers[0].ae_title
    ours = AE(title)
    ours.acse_timeout = ours.dimse_timeout = ours.network_timeout = ours.connection_timeout = TIMEOUT_S
    ours.add_requested_context(Verification)
    association = ours.associate(partner.address, partner.port, ae_title=partner.ae_title)
    if not association.is_established:
        raise TestFailed(f"{partner.ae_title} at {partner.address}:{partner.port} does not take an association")
    try:
        status = association.send_c_echo().get("Status")
    finally:
        association.release()
    if status != 0:
        raise TestFailed(f"{partner.ae_title} answered {'nothing' if status is None else f'{status:04X}H'} to C-ECHO")
    return f"{partner.ae_title} answers"


def test_film(settings: Settings, printer: Printer) -> str:
    """A test film, printed over DICOM into one of our own printers. Raises TestFailed, SendFailed."""
    from printmgr.scu import SendOptions, send

    host = settings.dicom.host if settings.dicom.host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "test.dcm"
        _write_image(image)
        answers = send(
            host, settings.dicom.port, printer.ae_title, [image], SendOptions(film_size_id=printer.film_size)
        )
    if failed := [answer for answer in answers if answer.failed]:
        raise TestFailed(f"{failed[0].request} was answered {failed[0].status:04X}H {failed[0].comment}".rstrip())
    return f"a test film was printed on {printer.ae_title}"


def try_sink(settings: Settings, sink: AnySink) -> str:
    """Whether a sink could take a film now. Raises TestFailed."""
    if isinstance(sink, FolderSink):
        return _try_folder(sink.root or settings.films_dir)
    raise TestFailed(f"a sink of kind {sink.kind} cannot be tested from here")


def _try_folder(root: Path) -> str:
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=root, prefix=".test-") as file:
            file.write(b"test")
            os.fsync(file.fileno())
    except OSError as error:
        raise TestFailed(f"{root}: {error.strerror}") from None
    return f"{root} can be written to"


def _write_image(path: Path) -> None:
    """A step wedge of 16 grey levels above a ramp, 12 bits."""
    import numpy as np
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

    steps = np.repeat(np.linspace(0, 4095, 16), 64)
    pixels = np.vstack([np.tile(steps, (640, 1)), np.tile(np.linspace(0, 4095, 1024), (640, 1))]).astype(np.uint16)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    image = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    image.SOPClassUID, image.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
    image.PixelData = pixels.tobytes()
    image.save_as(path, enforce_file_format=True)
