"""Tests an administrator runs from the settings page: what was tried, and what the other side answered."""

import tempfile
from dataclasses import replace
from pathlib import Path

from printmgr.sinks import AnySink, FolderSink
from service.config import Settings
from service.settings.archives import ArchiveSettings
from service.settings.dicom import Partner
from service.settings.printers import Printer
from service.web.errors import TestFailed

TIMEOUT_S = 10.0  # somebody waits


def echo(settings: Settings, partner: Partner) -> str:
    """C-ECHO to a partner. Raises TestFailed, SendFailed."""
    from printmgr.scu_association import Peer, echoed

    if not partner.port or "/" in partner.address:
        raise TestFailed(f"{partner.ae_title} has no host and port in the settings, so it cannot be called")
    title = settings.inbox.ae_title or settings.printers[0].ae_title
    peer = Peer(partner.address, partner.port, partner.ae_title, title, TIMEOUT_S)
    took_s, _ = echoed(peer)
    return f"C-ECHO to {peer} in {took_s:.2f} s"


def test_film(settings: Settings, printer: Printer) -> str:
    """A test film, printed over DICOM into one of our own printers. Raises TestFailed, SendFailed."""
    from printmgr.scu import SendOptions, send
    from printmgr.scu_association import SendFailed

    dicom = settings.dicom
    if dicom.tls is not None and dicom.tls.only:
        raise TestFailed("the node takes connections with TLS only; print the test film from a modality")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(dicom.host, dicom.host)  # noqa: S104  # compared, not bound
    options = SendOptions(film_size_id=printer.film_size, film_session_label="Test", timeout_s=TIMEOUT_S)
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "test.dcm"
        _write_image(image)
        try:
            answers = send(host, dicom.port, printer.ae_title, [image], options)
        except SendFailed as error:
            listed = any(one.ae_title == options.calling_ae for one in settings.partners)
            more = f"; [[partners]] has no {options.calling_ae}, which this test calls as"
            raise TestFailed(f"{error}{'' if dicom.open or listed else more}") from error
    if failed := [answer for answer in answers if answer.failed]:
        raise TestFailed(f"{failed[0].request} was answered {failed[0].status:04X}H {failed[0].comment}".rstrip())
    return f"a test film was printed on {printer.ae_title} and stands among the films"


def try_sink(settings: Settings, sink: AnySink) -> str:
    """Whether a sink could take a film now. Raises DeliveryFailed."""
    if isinstance(sink, FolderSink):
        return replace(sink, root=sink.root or settings.films_dir).probe()
    return replace(sink, timeout_s=min(sink.timeout_s, TIMEOUT_S)).probe()


def try_archive(settings: Settings, found: ArchiveSettings) -> str:
    """Whether an archive would answer a search. Raises ArchiveDown, ArchiveRefused."""
    from service.wiring.remote import archive_of

    quick = found.model_copy(update={"timeout_s": min(found.timeout_s, TIMEOUT_S)})
    return archive_of(settings.model_copy(update={"archives": [quick]}), found.name).probe()


def try_worklist(settings: Settings) -> str:
    """Whether the worklist answers. Raises WorklistFailed."""
    from printmgr.worklist import Worklist, probe

    return probe(Worklist(**settings.identity.worklist.model_dump()))


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
