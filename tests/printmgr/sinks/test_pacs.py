"""The pacs sink stores films in a real storage SCP, as instances that DICOM's own checker finds nothing wrong with."""

import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    EncapsulatedPDFStorage,
    SecondaryCaptureImageStorage,
    StorageCommitmentPushModel,
    Verification,
)

from printmgr.errors import DeliveryFailed, SinkDown, Undeliverable
from printmgr.film.identity import Identity
from printmgr.film.model import Polarity
from printmgr.ports import Print, Sending, Sink
from printmgr.sinks.pacs import PacsSink
from printmgr.sinks.pacs_objects import secondary_captures
from samples.prints import film_of, print_of
from tests.contracts.sink_contract import PATIENT, Received, SinkContract
from tests.printmgr.sinks.conftest import Certificate
from tests.serving import free_port


@dataclass
class Archive:
    """A storage SCP that keeps instances by UID, and reports commitment on the association that asks."""

    stored: dict[str, Dataset] = field(default_factory=dict)
    status: int = 0x0000
    commits: bool = False
    fails: bool = False  # to commit
    asked: list[Dataset] = field(default_factory=list)
    port: int = 0
    classes: tuple[str, ...] = (EncapsulatedPDFStorage, SecondaryCaptureImageStorage)

    def store(self, event: evt.Event) -> int:
        ds = event.dataset
        ds.file_meta = event.file_meta
        if self.status in (0, 0xB000):
            self.stored[str(ds.SOPInstanceUID)] = ds
        return self.status

    def commit(self, event: evt.Event) -> tuple[int, None]:
        self.asked.append(event.action_information)
        return 0x0000, None

    def report(self, event: evt.Event) -> None:
        """Once the request is answered."""
        message = event.message
        if type(message).__name__ != "N_ACTION_RSP":
            return
        asked, report = self.asked[-1], Dataset()
        report.TransactionUID = asked.TransactionUID
        report.ReferencedSOPSequence = [] if self.fails else asked.ReferencedSOPSequence
        if self.fails:
            report.FailedSOPSequence = asked.ReferencedSOPSequence
            report.FailedSOPSequence[0].FailureReason = 0x0112
        import threading

        def send() -> None:
            event.assoc.send_n_event_report(
                report, 2 if self.fails else 1, StorageCommitmentPushModel, "1.2.840.10008.1.20.1.1"
            )

        threading.Thread(target=send, daemon=True).start()

    def listen(self, tls: ssl.SSLContext | None = None) -> "Archive":
        ae = AE("ARCHIVE")
        for sop_class in self.classes:
            ae.add_supported_context(sop_class)
        ae.add_supported_context(Verification)
        if self.commits:
            ae.add_supported_context(StorageCommitmentPushModel)
        handlers = [
            (evt.EVT_C_STORE, self.store),
            (evt.EVT_N_ACTION, self.commit),
            (evt.EVT_DIMSE_SENT, self.report),
        ]
        self.server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers, ssl_context=tls)
        self.port = self.server.server_address[1]
        return self


Start = Callable[..., Archive]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as running:

        def one(tls: ssl.SSLContext | None = None, **words: object) -> Archive:
            archive = Archive(**words).listen(tls)  # type: ignore[arg-type]
            running.callback(archive.server.shutdown)
            return archive

        yield one


@pytest.fixture
def archive(start: Start) -> Archive:
    return start()


class TestPacsSink(SinkContract):
    @pytest.fixture
    def sink(self, archive: Archive) -> Sink:
        return PacsSink(host="127.0.0.1", port=archive.port, ae_title="ARCHIVE", images=True, timeout_s=20)

    @pytest.fixture
    def unreachable(self) -> Sink:
        return PacsSink(host="127.0.0.1", port=free_port(), ae_title="ARCHIVE", timeout_s=5)

    @pytest.fixture
    def received(self, archive: Archive) -> Received:
        return lambda: {
            uid: ds.EncapsulatedDocument[: ds.EncapsulatedDocumentLength]
            for uid, ds in archive.stored.items()
            if ds.SOPClassUID == EncapsulatedPDFStorage
        }

    def test_a_probe_tells_what_the_archive_takes(self, sink: Sink, archive: Archive, start: Start) -> None:
        assert "it takes films, and does not offer storage commitment" in sink.probe()
        assert "and offers storage commitment" in replace(sink, port=start(commits=True).port).probe()
        only_images = start(classes=(SecondaryCaptureImageStorage,))
        with pytest.raises(Undeliverable, match="answers C-ECHO and takes no Encapsulated PDF"):
            replace(sink, port=only_images.port).probe()
        assert archive.stored == {}

    def test_it_lies_in_the_patients_study(self, sink: Sink, archive: Archive, print_: Print) -> None:
        place = self.deliver(sink, print_)
        assert len(archive.stored) == 3
        for ds in archive.stored.values():
            assert (str(ds.PatientName), ds.PatientID, ds.IssuerOfPatientID) == ("Müller^Änne", "MRN-4711", "HOUSE")
            assert (ds.StudyInstanceUID, ds.AccessionNumber) == (PATIENT.study_uid, "A-1")
            assert str(ds.ReferringPhysicianName) == "Weiß^Ida"
        pdf = next(ds for ds in archive.stored.values() if ds.SOPClassUID == EncapsulatedPDFStorage)
        assert place == f"ARCHIVE {pdf.SOPInstanceUID}"
        series = {ds.SeriesInstanceUID for ds in archive.stored.values()}
        assert len(series) == 2, "documents and images are series of their own"

    def test_without_study_the_film_makes_one(self, sink: Sink, archive: Archive, print_: Print) -> None:
        alone = Identity(patient_id="4711", patient_name="Doe^Jane")
        sink.deliver(print_, print_.folder / "film.pdf", print_.folder / "film.json", Sending(alone))
        (study,) = {ds.StudyInstanceUID for ds in archive.stored.values()}
        assert study and next(iter(archive.stored.values())).StudyDate == "20260105"

    def test_another_patient_is_another_instance(self, sink: Sink, archive: Archive, print_: Print) -> None:
        self.deliver(sink, print_)
        other = replace(PATIENT, patient_id="4712")
        sink.deliver(print_, print_.folder / "film.pdf", print_.folder / "film.json", Sending(other))
        assert len(archive.stored) == 6

    def test_nobodys_film_is_not_stored(self, sink: Sink, archive: Archive, print_: Print) -> None:
        with pytest.raises(Undeliverable, match="confirmed"):
            sink.deliver(print_, print_.folder / "film.pdf", print_.folder / "film.json")
        assert archive.stored == {}

    @pytest.mark.parametrize(
        ("status", "error"), [(0xA700, SinkDown), (0xC000, DeliveryFailed), (0x0122, DeliveryFailed), (0xB000, None)]
    )
    def test_what_an_answer_means(
        self, sink: Sink, archive: Archive, print_: Print, status: int, error: type | None
    ) -> None:
        archive.status = status
        if error is None:
            assert self.deliver(sink, print_)
            return
        with pytest.raises(error, match=f"{status:04X}H") as caught:
            self.deliver(sink, print_)
        assert type(caught.value) is error

    def test_an_archive_that_takes_no_pdf_is_told(self, sink: Sink, start: Start, print_: Print) -> None:
        images_only = start(classes=(SecondaryCaptureImageStorage,))
        with pytest.raises(SinkDown, match="takes no Encapsulated PDF"):
            self.deliver(replace(sink, port=images_only.port), print_)

    def test_a_commitment_is_part_of_the_place(self, sink: Sink, start: Start, print_: Print) -> None:
        archive = start(commits=True)
        place = self.deliver(replace(sink, port=archive.port, commitment_wait_s=20), print_)
        assert place.endswith(" committed")
        (asked,) = archive.asked
        assert {item.ReferencedSOPInstanceUID for item in asked.ReferencedSOPSequence} == set(archive.stored)
        assert asked.TransactionUID == sink.transaction_uid(print_, Sending(PATIENT))

    def test_an_archive_that_cannot_commit_gets_it_again(self, sink: Sink, start: Start, print_: Print) -> None:
        archive = start(commits=True, fails=True)
        with pytest.raises(DeliveryFailed, match="commit"):
            self.deliver(replace(sink, port=archive.port, commitment_wait_s=20), print_)

    @pytest.mark.peer("openssl")
    def test_over_tls(self, sink: Sink, start: Start, print_: Print, certificate: Certificate) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        archive = start(tls=context)
        secure = replace(sink, port=archive.port, tls=True, ca_file=certificate.certificate)
        self.deliver(secure, print_)
        assert len(archive.stored) == 3
        with pytest.raises(SinkDown):
            self.deliver(replace(secure, ca_file=None), print_)


FORMS = {
    "gray 8": (np.uint8, (7, 5), {}),
    "gray 8 inverted": (np.uint8, (8, 6), {"photometric_interpretation": "MONOCHROME1"}),
    "gray 12": (np.uint16, (8, 6), {}),
    "gray 12 at the upper end": (np.uint16, (8, 6), {"high_bit": 15}),
    "gray 16": (np.uint16, (8, 6), {"bits_stored": 16}),
    "gray 10, not square": (np.uint16, (8, 6), {"bits_stored": 10, "pixel_aspect_ratio": (2, 1)}),
    "colour by pixel": (np.uint8, (7, 5, 3), {}),
    "colour by plane": (np.uint8, (8, 6, 3), {"planar_configuration": 1}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.peer("dciodvfy")
def test_images_are_valid_and_have_the_pixels_that_came(form: str, tmp_path: Path) -> None:
    kind, shape, words = FORMS[form]
    pixels = np.random.default_rng(1).integers(0, 256 if kind is np.uint8 else 1 << 16, shape, kind)
    film = film_of(tmp_path, {1: pixels}, "STANDARD\\1,1")
    (box,) = film.image_boxes
    said = replace(box.image.format, **words)
    if "bits_stored" in words and "high_bit" not in words:
        said = replace(said, high_bit=said.bits_stored - 1)
    if said.planar_configuration:
        (tmp_path / box.image.pixels.file).write_bytes(pixels.transpose(2, 0, 1).tobytes())
    box = replace(box, image=replace(box.image, format=said), polarity=Polarity.REVERSE)
    print_ = print_of(tmp_path, [replace(film, image_boxes=(box,))])
    (ds,) = secondary_captures(print_, print_.id, PATIENT)
    file = tmp_path / "image.dcm"
    ds.save_as(file, enforce_file_format=True)
    assert faults(file) == []
    read = dcmread(file)
    shift = said.high_bit + 1 - said.bits_stored
    expected = pixels if kind is np.uint8 else pixels >> shift & (1 << said.bits_stored) - 1
    assert np.array_equal(read.pixel_array, expected)
    assert read.PhotometricInterpretation == said.photometric_interpretation
    assert "REVERSE" in read.ImageComments


@pytest.mark.peer("dciodvfy")
def test_the_pdf_is_a_valid_instance(archive: Archive, print_file: Print, tmp_path: Path) -> None:
    sink = PacsSink(host="127.0.0.1", port=archive.port, ae_title="ARCHIVE")
    for number, identity in enumerate([PATIENT, replace(PATIENT, study_uid="", issuer="", sex="", birth_date="")]):
        archive.stored.clear()
        sink.deliver(print_file, print_file.folder / "film.pdf", print_file.folder / "film.json", Sending(identity))
        (ds,) = archive.stored.values()
        file = tmp_path / f"{number}.dcm"
        ds.save_as(file, enforce_file_format=True)
        assert faults(file) == []


@pytest.fixture
def print_file(tmp_path: Path) -> Print:
    from tests.contracts.sink_contract import finished_print

    folder = tmp_path / "print"
    folder.mkdir()
    return finished_print(folder)


def faults(file: Path) -> list[str]:
    """What dciodvfy finds, without what it asks to be sure of: that what is empty is really unknown."""
    said = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False)
    found = [line for line in (said.stdout + said.stderr).splitlines() if line.startswith(("Error", "Warning"))]
    return [line for line in found if "Laterality" not in line or line.startswith("Error")]
