"""Bad input into the real service, over real sockets: each has its status, and the next film is a good one."""

import hashlib
import resource
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.uid import UID, generate_uid
from pynetdicom.dimse_messages import N_SET_RQ
from pynetdicom.dimse_primitives import N_CREATE, N_SET
from pynetdicom.pdu import P_DATA_TF

from service.store import jobs
from service.store.engine import Store
from service.store.jobs import JobState
from tests.console import BOX, FILM, LUT, SESSION, Console, console
from tests.printmgr.scp import requests
from tests.serving import Serving, film_pixels

pikepdf = pytest.importorskip("pikepdf")

NOBODY = "1.2.840.99999"
Case = Callable[[Console], int]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with Serving(tmp_path_factory.mktemp("service") / "data") as serving:
        yield serving


@pytest.fixture(scope="module")
def modality(service: Serving) -> Iterator[Console]:
    """One association for all cases."""
    with console(service.port) as one:
        yield one


@pytest.fixture(scope="module")
def good(service: Serving) -> Iterator[set[str]]:
    """The hashes of the good films' pixels; in the end all of them are there, each once."""
    expected: set[str] = set()
    yield expected
    found = [digest for pdf in wait_for_all(service) for digest in digests(pdf)]
    assert sorted(digest for digest in found if digest in expected) == sorted(expected)
    assert not list(service.data_dir.rglob("*.part"))


def wait_for_all(service: Serving, seconds: float = 60) -> list[Path]:
    """The PDFs, when every print that was ordered has been made."""
    store = Store(f"sqlite:///{service.data_dir / 'printmgr.db'}")
    patience = time.monotonic() + seconds
    while True:
        with store.read() as connection:
            listed = jobs.listed(connection, limit=1000)
        if all(job.state is JobState.DONE for job in listed) or time.monotonic() > patience:
            break
        time.sleep(0.1)
    store.close()
    pdfs = sorted(service.data_dir.glob("films/*/*/*.pdf"))
    assert [job.id for job in sorted(listed, key=lambda job: job.id)] == [pdf.stem for pdf in pdfs]
    return pdfs


def digests(pdf: Path) -> list[str]:
    with pikepdf.open(pdf) as document:
        images = [
            one for one in document.objects if isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image"
        ]
        return [hashlib.sha256(image.read_bytes()).hexdigest() for image in images]


def a_good_film(modality: Console, good: set[str]) -> None:
    """The association goes on: a film with pixels that no other has."""
    pixels = film_pixels(9_000_000 + len(good))
    modality.open_session()  # may be there already
    status, film, (box,) = modality.film()
    assert status == 0
    image = requests.image(*pixels.shape, pixels.tobytes())
    assert modality.set(BOX, box, requests.image_box(image)) == 0
    assert modality.act(FILM, film) == 0
    assert modality.delete(FILM, film) == 0
    good.add(hashlib.sha256(pixels.tobytes()).hexdigest())


# What is said


def no_session(modality: Console) -> int:
    modality.delete(SESSION, modality.session)
    return modality.film()[0]


def film_of(image_display_format: str, session: str = "", **attributes: object) -> Case:
    def case(modality: Console) -> int:
        said = requests.film_box(session or modality.session, image_display_format, **attributes)
        return modality.create(FILM, said, generate_uid())[0]

    return case


def film_without_format(modality: Console) -> int:
    said = requests.item(ReferencedFilmSessionSequence=requests.referenced(modality.session))
    return modality.create(FILM, said, generate_uid())[0]


def box_of(said: Dataset) -> Case:
    def case(modality: Console) -> int:
        return modality.set(BOX, modality.film()[2][0], said)

    return case


def image_of(pixels: bytes | None = None, rows: int = 16, columns: int = 16, **attributes: object) -> Case:
    return box_of(requests.image_box(requests.image(rows, columns, pixels, **attributes)))


def bytes_of(change: Callable[[bytes], bytes]) -> Case:
    """The encoded data set of a good image, changed."""

    def case(modality: Console) -> int:
        said = requests.encoded(requests.image_box(requests.image()), modality.syntax)
        return modality.set_bytes(modality.film()[2][0], change(said))

    return case


def lut_of(said: Dataset) -> Case:
    return lambda modality: modality.create(LUT, said, generate_uid())[0]


def print_empty(of: str) -> Case:
    def case(modality: Console) -> int:
        film = modality.film()[1]
        status = modality.act(of, film if of == FILM else modality.session)
        modality.delete(FILM, film)
        return status

    return case


def deleted_film(modality: Console) -> int:
    _, film, (box,) = modality.film()
    assert modality.delete(FILM, film) == 0
    return modality.set(BOX, box, requests.image_box(requests.image()))


NESTED = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"

CASES: dict[str, tuple[Case, int]] = {
    "no session": (no_session, 0x0117),
    "a second session": (lambda m: m.create(SESSION, None, generate_uid())[0], 0x0111),
    "another session": (film_of("STANDARD\\1,1", NOBODY), 0x0106),
    "set an unknown session": (lambda m: m.set(SESSION, NOBODY, requests.item(NumberOfCopies=1)), 0x0112),
    "set an unknown film box": (lambda m: m.set(FILM, NOBODY, requests.item(Trim="YES")), 0x0112),
    "set an unknown image box": (lambda m: m.set(BOX, NOBODY, requests.image_box(requests.image())), 0x0112),
    "set an image box that is deleted": (deleted_film, 0x0112),
    "print an unknown film box": (lambda m: m.act(FILM, NOBODY), 0x0112),
    "print an unknown session": (lambda m: m.act(SESSION, NOBODY), 0x0112),
    "delete an unknown film box": (lambda m: m.delete(FILM, NOBODY), 0x0112),
    "delete an unknown LUT": (lambda m: m.delete(LUT, NOBODY), 0x0112),
    "do something else than print": (lambda m: m.act(FILM, m.film()[1], 2), 0x0123),
    "no Image Display Format": (film_without_format, 0x0120),
    "an empty Image Display Format": (film_of(""), 0x0121),
    "a nonsense format": (film_of("HEXAGONS\\3"), 0x0106),
    "a format of control characters": (film_of("STANDARD\\\x1b[2J,1"), 0x0106),
    "a format without numbers": (film_of("STANDARD\\"), 0x0106),
    "a negative format": (film_of("STANDARD\\-1,-1"), 0x0106),
    "an unknown CUSTOM format": (film_of("CUSTOM\\9"), 0x0106),
    "0 boxes": (film_of("STANDARD\\0,0"), 0x0106),
    "a row of 0 boxes": (film_of("ROW\\2,0,1"), 0x0106),
    "10^9 boxes": (film_of("STANDARD\\1000000000,1"), 0x0106),
    "10^18 boxes": (film_of("STANDARD\\1000000000,1000000000"), 0x0106),
    "a number of 900 digits": (film_of("STANDARD\\1," + "9" * 900), 0x0106),
    "450 rows": (film_of("ROW\\" + ",".join("1" * 450)), 0x0106),
    "a film too small for its boxes": (film_of("STANDARD\\21,19", FilmSizeID="2CMX2CM"), 0x0106),
    "a film of 0 cm": (film_of("STANDARD\\1,1", FilmSizeID="0CMX0CM"), 0x0116),
    "a film of 10 km": (film_of("STANDARD\\1,1", FilmSizeID="9999CMX9999CM"), 0x0116),
    "a Presentation LUT that is none": (
        film_of("STANDARD\\1,1", ReferencedPresentationLUTSequence=requests.referenced(NOBODY)),
        0x0106,
    ),
    "no image sequence": (box_of(requests.item(ImageBoxPosition=1)), 0x0120),
    "9 bits allocated": (image_of(BitsAllocated=9), 0x0106),
    "0 bits stored": (image_of(BitsStored=0), 0x0106),
    "12 bits stored of 8": (image_of(BitsStored=12), 0x0106),
    "65535 bits stored": (image_of(BitsStored=65535), 0x0106),
    "high bit 3": (image_of(HighBit=3), 0x0106),
    "high bit 65535": (image_of(HighBit=65535), 0x0106),
    "2 samples a pixel": (image_of(SamplesPerPixel=2), 0x0106),
    "a photometric interpretation of PALETTE COLOR": (image_of(PhotometricInterpretation="PALETTE COLOR"), 0x0106),
    "no rows": (image_of(Rows=None), 0x0120),
    "0 rows": (image_of(Rows=0), 0x0106),
    "0 columns": (image_of(Columns=0), 0x0106),
    "short pixel data": (image_of(bytes(254)), 0x0000),
    "long pixel data": (image_of(bytes(300)), 0x0000),
    "pixel data of a tenth": (image_of(bytes(26)), 0x0110),
    "absent pixel data": (image_of(PixelData=None), 0x0120),
    "empty pixel data": (image_of(b""), 0x0121),
    "65535 rows with 10 bytes": (image_of(bytes(10), rows=65535), 0x0110),
    "65535 rows of 65535 columns with 10 bytes": (image_of(bytes(10), 65535, 65535), 0x0110),
    "a LUT shorter than its descriptor": (lut_of(requests.lut([0, 1, 2], 12, [256, 0, 12])), 0x0106),
    "a LUT of 65536 entries that has 3": (lut_of(requests.lut([0, 1, 2], 12, [0, 0, 12])), 0x0106),
    "a LUT of 0 bits": (lut_of(requests.lut([0, 1, 2], 0)), 0x0106),
    "a LUT of 65535 bits": (lut_of(requests.lut([0, 1, 2], 65535)), 0x0106),
    "a LUT without a descriptor": (
        lut_of(requests.item(PresentationLUTSequence=[requests.item(LUTExplanation="x")])),
        0x0120,
    ),
    "a LUT of nothing": (lut_of(requests.item(LUTExplanation="x")), 0x0120),
    "a LUT of an unknown shape": (lut_of(requests.item(PresentationLUTShape="SIGMOID")), 0x0106),
    "print a film without images": (print_empty(FILM), 0xB603),
    "print a session without images": (print_empty(SESSION), 0xB602),
    "print a session without films": (lambda m: m.act(SESSION, m.session), 0xC600),
    "a data set without its last byte": (bytes_of(lambda said: said[:-1]), 0x0110),
    "half of a data set": (bytes_of(lambda said: said[: len(said) // 2]), 0x0110),
    "a data set of one byte": (bytes_of(lambda said: b"\0"), 0x0110),
    "a data set of text": (bytes_of(lambda said: b"GET / HTTP/1.1\r\n\r\n"), 0x0110),
    "a data set of one value": (bytes_of(lambda said: b"\xff" * 5000), 0x0110),
    "10,000 sequences inside each other": (bytes_of(lambda said: NESTED * 10_000), 0x0110),
    "100,000 elements": (bytes_of(lambda said: b"\x20\x20\x20\x00CS\x00\x00" * 100_000 + said), 0x0110),
}


def check(modality: Console, name: str) -> None:
    """One case in a new session."""
    case, status = CASES[name]
    modality.delete(SESSION, modality.session)
    assert modality.open_session() == 0
    assert f"{name} {case(modality):04X}" == f"{name} {status:04X}", modality.comment


@pytest.mark.parametrize("name", CASES)
def test_bad_input_has_its_status_and_the_next_film_is_good(modality: Console, good: set[str], name: str) -> None:
    check(modality, name)
    a_good_film(modality, good)


@pytest.mark.parametrize("syntax", [requests.IMPLICIT_LE, requests.EXPLICIT_BE])
def test_bad_input_in_other_encodings(service: Serving, good: set[str], syntax: str) -> None:
    with console(service.port, syntax=syntax) as modality:
        for name in CASES:
            check(modality, name)
        a_good_film(modality, good)


def test_pixel_data_of_the_wrong_length_are_padded_or_cut(modality: Console, service: Serving, good: set[str]) -> None:
    whole = film_pixels(9_900_000).tobytes()
    for data in (whole[:-1000], whole + bytes(1000)):
        _, film, (box,) = modality.film()
        assert modality.set(BOX, box, requests.image_box(requests.image(64, 48, data))) == 0
        assert modality.act(FILM, film) == 0
        good.add(hashlib.sha256(data[: len(whole)].ljust(len(whole), b"\0")).hexdigest())


@pytest.mark.parametrize("uid", ["01.002.3", "1.2.3 4", "film-1", "1." + "2" * 62])
def test_uids_are_taken_as_they_are(service: Serving, good: set[str], uid: str) -> None:
    with console(service.port) as modality:
        assert modality.open_session() == 0
        request = N_CREATE()
        request.AffectedSOPClassUID = FILM
        request._affected_sop_instance_uid = UID(uid, config.IGNORE)
        said = requests.encoded(requests.film_box(modality.session))
        assert modality.tell(request, said) == 0
        assert modality.delete(FILM, UID(uid, config.IGNORE)) == 0
        a_good_film(modality, good)


def test_a_session_without_attributes_or_name(service: Serving, good: set[str]) -> None:
    with console(service.port) as modality:
        request = N_CREATE()
        request.AffectedSOPClassUID = SESSION
        assert modality.tell(request, None) == 0
        modality.session = modality.named
        assert modality.session
        a_good_film(modality, good)


# The cable is cut


def n_set_pdus(modality: Console, box: str) -> bytes:
    """The bytes of an N-SET on the wire: the command set's PDU, then the data set's."""
    request = N_SET()
    request.MessageID, request.RequestedSOPClassUID, request.RequestedSOPInstanceUID = 7, BOX, box
    data = requests.encoded(requests.image_box(requests.image(512, 512)), modality.syntax)
    request.ModificationList = BytesIO(data)
    message = N_SET_RQ()
    message.primitive_to_message(request)
    pdus = []
    for part in message.encode_msg(modality.association.accepted_contexts[0].context_id, 16384):
        pdu = P_DATA_TF()
        pdu.from_primitive(part)
        pdus.append(pdu.encode())
    return b"".join(pdus)


def spooled(service: Serving) -> set[Path]:
    """The folders of associations."""
    return set(service.data_dir.glob("spool/associations/*"))


@pytest.mark.parametrize("where", [0.0001, 0.001, 0.5, 0.9999])
@pytest.mark.parametrize("reset", [False, True])
def test_an_association_cut_in_the_middle_of_a_data_set(
    service: Serving, good: set[str], where: float, reset: bool
) -> None:
    before = spooled(service)
    with console(service.port) as modality:
        modality.open_session()
        _, _, boxes = modality.film("STANDARD\\2,1")
        assert modality.set(BOX, boxes[0], requests.image_box(requests.image())) == 0
        wire = n_set_pdus(modality, boxes[1])
        line = modality.association.dul.socket.socket
        line.sendall(wire[: int(len(wire) * where)])
        if reset:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()
        modality.association.kill()
    with console(service.port) as modality:
        a_good_film(modality, good)
    patience = time.monotonic() + 10
    while not spooled(service) <= before and time.monotonic() < patience:
        time.sleep(0.02)
    assert spooled(service) <= before


# The disk is full


class Tmpfs:
    """A small file system of its own, filled with a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs", folder], check=False)
        if mounted.returncode:
            pytest.skip("a file system cannot be mounted here")

    def fill(self, process: int) -> None:
        with (self.folder / "full").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self, process: int) -> None:
        (self.folder / "full").unlink()

    def close(self) -> None:
        subprocess.run(["umount", self.folder], check=True)


class Limit:
    """No process of the service may write to a file any more."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()

    def fill(self, process: int) -> None:
        self.limit(process, 0)

    def free(self, process: int) -> None:
        self.limit(process, resource.RLIM_INFINITY)

    def limit(self, process: int, size: int) -> None:
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            resource.prlimit(int(child), resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def close(self) -> None:
        """Nothing is left."""


@pytest.mark.parametrize("disk_of", [Tmpfs, pytest.param(Limit, marks=pytest.mark.slow)])
def test_a_full_disk(tmp_path: Path, disk_of: type[Tmpfs] | type[Limit]) -> None:
    disk = disk_of(tmp_path / "disk")
    good: set[str] = set()
    try:
        with Serving(tmp_path / "disk" / "data") as service, console(service.port) as modality:
            process = service.process.pid
            assert modality.open_session() == 0
            _, film, (box,) = modality.film()
            image = requests.image(1000, 1000, film_pixels(9_910_000, 1000, 1000).tobytes())
            assert modality.set(BOX, box, requests.image_box(image)) == 0
            disk.fill(process)
            assert modality.act(FILM, film) == 0x0213
            assert modality.set(BOX, box, requests.image_box(image)) == 0xC605
            disk.free(process)
            assert modality.act(FILM, film) == 0
            disk.fill(process)  # while the film is made
            time.sleep(1.0)
            assert not list(service.data_dir.glob("films/*/*/*.pdf"))
            assert not [*service.data_dir.rglob("*.part"), *service.data_dir.rglob("2.ds")]
            disk.free(process)
            a_good_film(modality, good)
            assert len(wait_for_all(service)) == 2
    finally:
        disk.close()
