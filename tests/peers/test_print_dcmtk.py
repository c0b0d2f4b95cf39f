"""DCMTK's Print SCU (dcmpsprt, dcmprscu) against our Print SCP: every job it can make is answered 0000H."""

import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE

from printmgr.film.model import FilmBox, FilmOrientation, LUTShape, MagnificationType, OrderKind, Polarity
from printmgr.scp.contexts import presentation_contexts
from printmgr.scp.handlers import PrintSCP
from tests.fakes import FakePort, Ordered

pytestmark = pytest.mark.peer("dcmpsprt", "dcmprscu")

STATUS = re.compile(r"DIMSE Status\s*:\s*0x([0-9A-Fa-f]{4})")

# What the peer believes of a printer, common to all; the dcmpstat configuration's own spelling.
PRINTER = {
    "type": "PRINTER",
    "DisplayFormat": r"1,1\2,1\2,2\3,4\4,5",
    "FilmSizeID": r"14INX17IN\8INX10IN\A3\A4",
    "MediumType": r"BLUE FILM\PAPER",
    "FilmDestination": r"MAGAZINE\BIN_1",
    "MagnificationType": r"CUBIC\BILINEAR\REPLICATE\NONE",
    "ResolutionID": r"STANDARD\HIGH",
    "BorderDensity": r"BLACK\WHITE\150",
    "EmptyImageDensity": r"BLACK\WHITE",
    "SmoothingType": "NONE",
    "MaxDensity": r"320\300",
    "MinDensity": r"20\25",
    "MaxPDU": "131072",
    "Supports12Bit": "true",
    "SupportsPresentationLUT": "true",
    "PresentationLUTPreferSCPRendering": "true",
    "SupportsImageSize": "true",
    "SupportsDecimateCrop": "true",
    "SupportsTrim": "true",
}


@dataclass(frozen=True)
class Job:
    """One print job of the peer."""

    name: str
    images: tuple[str, ...]
    layout: tuple[str, ...] = ()  # options of dcmpsprt
    send: tuple[str, ...] = ()  # options of dcmprscu
    printer: tuple[tuple[str, str], ...] = ()  # what differs from PRINTER


GRAYS = tuple(f"gray{number}" for number in range(20))
JOBS = [
    Job("one film of 12 bits", ("deep",), ("--filmsize", "14INX17IN", "--portrait")),
    Job(
        "12 bits for a printer of 8",
        ("deep",),
        (),
        (),
        (("Supports12Bit", "false"), ("SupportsPresentationLUT", "false")),
    ),
    Job("sent as MONOCHROME1", ("deep",), (), ("--monochrome1",)),
    Job("a MONOCHROME1 image", ("deep1",)),
    Job("a sheet of 4 x 5", GRAYS, ("--layout", "4", "5", "--portrait")),
    Job("2 x 2 on landscape with trim", GRAYS[:4], ("--layout", "2", "2", "--landscape", "--trim")),
    Job("a sheet partly filled", GRAYS[:5], ("--layout", "3", "4")),
    Job("the session printed", GRAYS[:4], ("--layout", "2", "2"), ("--session-print", "--copies", "2")),
    Job("not printed", GRAYS[:1], (), ("--noprint",)),
    Job("IDENTITY", ("deep",), ("--identity", "--illumination", "2000", "--reflection", "10")),
    Job("LIN OD", ("deep",), ("--lin-od",)),
    Job(
        "densities",
        GRAYS[:2],
        (
            "--border",
            "150",
            "--empty-image",
            "WHITE",
            "--max-density",
            "300",
            "--min-density",
            "25",
            "--layout",
            "2",
            "2",
        ),
    ),
    Job("polarity", GRAYS[:1], ("--img-polarity", "REVERSE")),
    Job("requested size, crop", GRAYS[:1], ("--img-request-size", "100", "--request-crop")),
    Job("decimate, no magnification", ("deep",), ("--request-decimate", "--img-magnification", "NONE")),
    Job(
        "magnification and resolution",
        GRAYS[:1],
        ("--magnification", "REPLICATE", "--resolution", "HIGH", "--configinfo", "C1"),
    ),
    Job(
        "label, owner, medium",
        GRAYS[:1],
        (),
        (
            "--label",
            "LABEL",
            "--priority",
            "HIGH",
            "--owner",
            "OWNER",
            "--medium-type",
            "PAPER",
            "--destination",
            "BIN_1",
        ),
    ),
    Job(
        "implicit VR, small PDUs",
        ("deep",),
        (),
        (),
        (("ImplicitOnly", "true"), ("MaxPDU", "4096"), ("DisableNewVRs", "true")),
    ),
    Job("LUT in the session", ("deep",), ("--identity",), (), (("PresentationLUTinFilmSession", "true"),)),
    Job("annotation", GRAYS[:1], ("-a", "HELLO_FILM"), (), (("Annotation", "1\\LABEL"),)),
    Job("8 x 10 inches", GRAYS[:1], ("--filmsize", "8INX10IN")),
    Job("A3", GRAYS[:1], ("--filmsize", "A3")),
]


@dataclass
class Site:
    """A running Print SCP and a folder with images for the peer."""

    port: FakePort
    number: int
    images: Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    images = tmp_path_factory.mktemp("images")
    rows, columns = np.mgrid[0:300, 0:200]
    ramp = (columns * 4095 // 199).astype(np.uint16)
    for name, photometric in (("deep", "MONOCHROME2"), ("deep1", "MONOCHROME1")):
        save(images / name, ramp, 12, photometric)
    for number, name in enumerate(GRAYS):
        marked = ((rows[:128, :128] + columns[:128, :128] + number) % 256).astype(np.uint8)
        marked[:8] = number * 10
        save(images / name, marked, 8, "MONOCHROME2")
    port = FakePort(tmp_path_factory.mktemp("spool"))
    ae = AE("PRINTER")
    ae.supported_contexts = presentation_contexts()
    ae.maximum_pdu_size = 131072
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=PrintSCP(port).stock_handlers())
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    yield Site(port, server.socket.getsockname()[1], images)
    server.shutdown()


def save(path: Path, pixels: np.ndarray, bits: int, photometric: str) -> None:
    data_set = Dataset()
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data_set.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    data_set.SOPInstanceUID = generate_uid()
    data_set.PatientName, data_set.PatientID, data_set.PatientBirthDate, data_set.PatientSex = "A^PHANTOM", "1", "", "O"
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    data_set.StudyDate, data_set.StudyTime, data_set.StudyID, data_set.AccessionNumber = "20240101", "120000", "1", ""
    data_set.ReferringPhysicianName, data_set.PatientOrientation = "", ""
    data_set.SeriesNumber, data_set.InstanceNumber, data_set.Modality, data_set.ConversionType = 1, 1, "OT", "WSD"
    data_set.Rows, data_set.Columns = pixels.shape
    data_set.SamplesPerPixel, data_set.PhotometricInterpretation, data_set.PixelRepresentation = 1, photometric, 0
    data_set.BitsAllocated, data_set.BitsStored, data_set.HighBit = pixels.itemsize * 8, bits, bits - 1
    data_set.WindowCenter, data_set.WindowWidth = 2 ** (bits - 1), 2**bits
    data_set.PixelData = pixels.tobytes()
    data_set.save_as(path, enforce_file_format=True)


def configuration(folder: Path, number: int, job: Job) -> Path:
    """A dcmpstat.cfg with one printer, ours."""
    for name in ("log", "spool", "database", "lut", "reports"):
        (folder / name).mkdir()
    (folder / "database" / "index.dat").touch()
    printer = {**PRINTER, "hostname": "127.0.0.1", "port": str(number), "aetitle": "PRINTER", "description": "ours"}
    printer.update(job.printer)
    sections = {
        "[GENERAL]": {},
        "APPLICATION": {"LogDirectory": f"{folder}/log", "LogFile": "log", "LogLevel": "INFO", "MessagePort": "0"},
        "PRINT": {"Directory": f"{folder}/spool", "DetailedLog": "true", "Sleep": "1", "DeletePrintJobs": "false"},
        "DATABASE": {"Directory": f"{folder}/database"},
        "LUT": {"Directory": f"{folder}/lut"},
        "REPORT": {"Directory": f"{folder}/reports"},
        "NETWORK": {"aetitle": "PEER"},
        "[COMMUNICATION]": {},
        "OURS": printer,
    }
    lines = [
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in said.items()) for name, said in sections.items()
    ]
    path = folder / "dcmpstat.cfg"
    path.write_text("".join(lines))
    return path


def run(site: Site, job: Job, folder: Path) -> list[int]:
    """Make the job and send it; the statuses of all answers."""
    config = configuration(folder, site.number, job)
    files = [str(site.images / name) for name in job.images]
    made = ["dcmpsprt", "-c", str(config), "-p", "OURS", "--nospool", *job.layout, *files]
    made_log = subprocess.run(made, capture_output=True, text=True, timeout=60, check=True).stderr
    (stored,) = list((folder / "database").glob("SP_*.dcm")) or pytest.fail(made_log)
    sent = ["dcmprscu", "-v", "+d", "-c", str(config), "-p", "OURS", "--print", *job.send, str(stored)]
    done = subprocess.run(sent, capture_output=True, text=True, timeout=60, check=True)
    return [int(status, 16) for status in STATUS.findall(done.stdout + done.stderr)]


@pytest.mark.parametrize("job", JOBS, ids=[job.name for job in JOBS])
def test_every_job_is_answered_with_success(site: Site, job: Job, tmp_path: Path) -> None:
    before = len(site.port.ordered)
    statuses = run(site, job, tmp_path)
    assert len(statuses) >= 4  # dcmprscu exits 0 even with nobody there
    assert set(statuses) == {0}
    ordered = site.port.ordered[before:]
    if job.name == "not printed":
        assert not ordered
        return
    (print_,) = ordered
    assert print_.order.statuses == ()
    (film,) = print_.order.films
    images = [box.image for box in film.image_boxes]
    assert [image is not None for image in images] == [place < len(job.images) for place in range(len(images))]
    check = CHECKS.get(job.name)
    if check is not None:
        check(print_, film)


def check_sheet(print_: Ordered, film: FilmBox) -> None:
    assert film.image_display_format == "STANDARD\\4,5"
    firsts = [int.from_bytes(print_.pixels(position=position)[:2], "little") for position in range(1, 21)]
    assert firsts == sorted(firsts) and len(set(firsts)) == 20


def check_landscape(print_: Ordered, film: FilmBox) -> None:
    assert film.film_orientation is FilmOrientation.LANDSCAPE and film.trim


def check_session(print_: Ordered, film: FilmBox) -> None:
    assert print_.order.kind is OrderKind.SESSION and print_.order.session.number_of_copies == 2


def check_identity(print_: Ordered, film: FilmBox) -> None:
    assert film.presentation_lut is not None and film.presentation_lut.shape is LUTShape.IDENTITY


def check_densities(print_: Ordered, film: FilmBox) -> None:
    assert (film.border_density, film.empty_image_density) == ("150", "WHITE")
    assert (film.max_density, film.min_density) == (3.0, 0.25)


def check_polarity(print_: Ordered, film: FilmBox) -> None:
    assert film.image_boxes[0].polarity is Polarity.REVERSE


def check_size(print_: Ordered, film: FilmBox) -> None:
    assert film.image_boxes[0].requested_image_size == 100.0


def check_magnification(print_: Ordered, film: FilmBox) -> None:
    assert film.magnification_type is MagnificationType.REPLICATE
    assert (film.requested_resolution_id, film.configuration_information) == ("HIGH", "C1")


def check_label(print_: Ordered, film: FilmBox) -> None:
    session = print_.order.session
    assert (session.film_session_label, session.owner_id, session.print_priority) == ("LABEL", "OWNER", "HIGH")
    assert (session.medium_type, session.film_destination) == ("PAPER", "BIN_1")


def check_size_id(film_size_id: str) -> object:
    def check(print_: Ordered, film: FilmBox) -> None:
        assert film.film_size_id == film_size_id

    return check


def check_annotation(print_: Ordered, film: FilmBox) -> None:
    (box,) = film.annotation_boxes
    assert box.text.endswith("HELLO_FILM")  # after the peer's own date, printer and illumination


CHECKS = {
    "annotation": check_annotation,
    "a sheet of 4 x 5": check_sheet,
    "2 x 2 on landscape with trim": check_landscape,
    "the session printed": check_session,
    "IDENTITY": check_identity,
    "LUT in the session": check_identity,
    "densities": check_densities,
    "polarity": check_polarity,
    "requested size, crop": check_size,
    "magnification and resolution": check_magnification,
    "label, owner, medium": check_label,
    "8 x 10 inches": check_size_id("8INX10IN"),
    "A3": check_size_id("A3"),
}
