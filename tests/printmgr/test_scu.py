"""The Print SCU: what it makes of image files, and what arrives at our service and at DCMTK's printer."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_windowing
from pydicom.sequence import Sequence
from pynetdicom import AE, evt
from pynetdicom.sop_class import BasicGrayscalePrintManagementMeta, Verification

from printmgr.scu import Answer, NoImage, SendFailed, SendOptions, send
from printmgr.scu_images import images
from samples import make, phantoms
from tests.printmgr.scp.requests import item
from tests.serving import Serving, free_port

pikepdf = pytest.importorskip("pikepdf")

CT = 40, 400  # window centre and width of the sample


def pixels_of(item: Dataset) -> np.ndarray:
    words = np.frombuffer(item.PixelData, "u1" if item.BitsAllocated == 8 else "<u2")
    return words[: item.Rows * item.Columns].reshape(item.Rows, item.Columns)


def saved(folder: Path, ds: Dataset, name: str = "image") -> Path:
    path = folder / f"{name}.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path


def picture(pixels: np.ndarray, bits: int = 8, photometric: str = "MONOCHROME2", **attributes: object) -> Dataset:
    ds = make.secondary_capture("scu", pixels, bits, photometric)
    for keyword in ("WindowCenter", "WindowWidth"):
        if keyword in ds:
            del ds[keyword]
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def sent_as(folder: Path, ds: Dataset, bits: int = 12) -> list[np.ndarray]:
    return [pixels_of(one) for one in images(saved(folder, ds), bits)]


# What is made of an image


def test_8_bits_without_a_window_stay_what_they_are(tmp_path: Path) -> None:
    pixels = np.arange(20, 220, dtype=np.uint8).reshape(10, 20)
    (sent,) = sent_as(tmp_path, picture(pixels), 8)
    np.testing.assert_array_equal(sent, pixels)


@pytest.mark.parametrize("bits", [8, 12])
def test_a_ct_is_sent_through_its_window(tmp_path: Path, bits: int) -> None:
    ds = make.ct_image(3)
    ds.WindowCenter, ds.WindowWidth = CT
    (sent,) = sent_as(tmp_path, ds, bits)
    hu = ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
    centre, width = CT
    expected = np.floor(np.clip((hu - (centre - 0.5)) / (width - 1) + 0.5, 0, 1) * (2**bits - 1) + 0.5)
    np.testing.assert_array_equal(sent, expected)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("width", [1, 2, 100])
def test_windows_are_those_of_pydicom(tmp_path: Path, function: str, width: int) -> None:
    values = np.arange(-200, 200, dtype=np.int16).reshape(20, 20)
    ds = picture(values, 16, WindowCenter=10, WindowWidth=width, VOILUTFunction=function)
    (sent,) = sent_as(tmp_path, ds)
    theirs = apply_windowing(values, ds)
    expected = (theirs - -32768) / 65535 * 4095
    np.testing.assert_allclose(sent, expected, atol=0.51)


def test_a_voi_lut_counts_before_a_window(tmp_path: Path) -> None:
    values = np.arange(16, dtype=np.uint8).reshape(4, 4)
    lut = item(LUTDescriptor=[16, 0, 12], LUTData=list(range(4095, 4095 - 16 * 200, -200)))
    lut["LUTDescriptor"].VR, lut["LUTData"].VR = "US", "US"
    ds = picture(values, WindowCenter=8, WindowWidth=4, VOILUTSequence=Sequence([lut]))
    (sent,) = sent_as(tmp_path, ds)
    assert sent.ravel().tolist() == list(range(4095, 4095 - 16 * 200, -200))


def test_deep_images_without_a_window_are_sent_with_their_own_range(tmp_path: Path) -> None:
    (sent,) = sent_as(tmp_path, picture(np.array([[100, 200], [300, 900]], np.uint16), 12))
    assert sent.tolist() == [[0, 512], [1024, 4095]]


def test_one_grey_is_no_fault(tmp_path: Path) -> None:
    (sent,) = sent_as(tmp_path, picture(np.full((4, 4), 700, np.uint16), 12))
    assert not sent.any()


def test_monochrome1_stays_monochrome1(tmp_path: Path) -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    (sent,) = images(saved(tmp_path, picture(pixels, 8, "MONOCHROME1")), 8)
    assert sent.PhotometricInterpretation == "MONOCHROME1"
    np.testing.assert_array_equal(pixels_of(sent), pixels)


@pytest.mark.parametrize(
    ("attributes", "ratio"),
    [
        ({}, None),
        ({"PixelSpacing": [0.3, 0.3]}, None),
        ({"PixelSpacing": [0.6, 0.3]}, [2, 1]),
        ({"PixelSpacing": [0.3, 0.4]}, [3, 4]),
        ({"PixelSpacing": [20, 8]}, [5, 2]),
        ({"PixelSpacing": [0, 8]}, None),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, [2, 1]),
        ({"PixelAspectRatio": [3, 2], "PixelSpacing": [1, 1]}, [3, 2]),
    ],
)
def test_unequal_spacing_becomes_an_aspect_ratio(
    tmp_path: Path, attributes: dict[str, object], ratio: list[int] | None
) -> None:
    (sent,) = images(saved(tmp_path, picture(np.zeros((4, 4), np.uint8), **attributes)), 8)
    found = sent.get("PixelAspectRatio")
    assert (None if found is None else [int(part) for part in found]) == ratio


def test_colour_is_sent_as_its_luma(tmp_path: Path) -> None:
    rgb = phantoms.colour(64)
    (sent,) = sent_as(tmp_path, picture(rgb, 8, "RGB"), 8)
    np.testing.assert_allclose(sent, rgb @ np.array([0.299, 0.587, 0.114]), atol=0.51)


def test_colour_is_sent_by_plane_on_a_colour_film(tmp_path: Path) -> None:
    rgb, ramp = phantoms.colour(64), np.arange(256, dtype=np.uint8).reshape(16, 16)
    (sent,) = images(saved(tmp_path, picture(rgb, 8, "RGB")), 12, color=True)
    assert (sent.PlanarConfiguration, sent.BitsStored) == (1, 8)
    np.testing.assert_array_equal(np.frombuffer(sent.PixelData, "u1").reshape(3, 64, 64), np.moveaxis(rgb, -1, 0))
    (sent,) = images(saved(tmp_path, picture(ramp, 8, "MONOCHROME1")), 12, color=True)
    np.testing.assert_array_equal(np.frombuffer(sent.PixelData, "u1").reshape(3, 16, 16), [255 - ramp] * 3)


@pytest.mark.parametrize(
    ("name", "frames", "rows"),
    [
        ("examples_ybr_color.dcm", 30, 240),
        ("examples_palette.dcm", 1, 350),
        ("SC_rgb_rle_16bit_2frame.dcm", 2, 100),
        ("SC_ybr_full_422_uncompressed.dcm", 1, 100),
        ("MR_small_bigendian.dcm", 1, 64),
        ("rtdose.dcm", 15, 10),
        ("liver_1frame.dcm", 1, 512),
        ("693_J2KI.dcm", 1, 512),
    ],
)
def test_files_of_all_kinds(name: str, frames: int, rows: int) -> None:
    file = get_testdata_file(name, download=False)
    assert file
    sent = list(images(Path(str(file)), 8))
    assert len(sent) == frames
    assert {one.Rows for one in sent} == {rows}
    assert max(pixels_of(one).max() for one in sent) > 150


def test_16_bit_colour_is_as_bright_as_8_bit_colour() -> None:
    deep, plain = (get_testdata_file(f"SC_rgb_rle{depth}.dcm", download=False) for depth in ("_16bit", ""))
    greys = [pixels_of(next(images(Path(str(file)), 8))).astype(int) for file in (deep, plain)]
    np.testing.assert_allclose(*greys, atol=1)


def test_frames_have_their_own_window(tmp_path: Path) -> None:
    ds = picture(np.zeros((2, 2), np.uint16), 12)
    ds.NumberOfFrames = 2
    ds.PixelData = np.array([0, 10, 20, 30, 0, 100, 200, 300], "<u2").tobytes()
    shared = item(PixelMeasuresSequence=[item(PixelSpacing=[2, 1])])
    shared.PixelValueTransformationSequence = [item(RescaleSlope="2", RescaleIntercept="-20", RescaleType="US")]
    ds.SharedFunctionalGroupsSequence = [shared]
    windows = [item(WindowCenter=str(centre), WindowWidth="21") for centre in (0, 180)]
    ds.PerFrameFunctionalGroupsSequence = [item(FrameVOILUTSequence=[window]) for window in windows]
    first, second = images(saved(tmp_path, ds), 8)
    assert pixels_of(first).ravel().tolist() == [0, 134, 255, 255]
    assert pixels_of(second).ravel().tolist() == [0, 134, 255, 255]
    assert [int(part) for part in second.PixelAspectRatio] == [2, 1]


@pytest.mark.parametrize("content", [b"", b"no DICOM", b"\0" * 128 + b"DICM"])
def test_what_is_no_image_is_told_before_anything_is_sent(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.dcm"
    path.write_bytes(content)
    with pytest.raises(NoImage, match=r"file\.dcm"):
        send("127.0.0.1", 1, "PRINTMGR", [path], SendOptions())


# Into our own service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("service")
    printers = '[{"ae_title": "DEEP", "depth": 16}]'
    with Serving(folder / "data", {"PRINTMGR_PRINTERS": printers}) as serving:
        yield serving


def printed(
    service: Serving, files: list[Path], options: SendOptions, report: Callable[[Answer], None] = lambda answer: None
) -> tuple[list[Answer], list[list[np.ndarray]]]:
    """The answers, and by film the images of its PDF in the order they are drawn."""
    before = set(service.data_dir.glob("films/*/*/*.pdf"))
    answers = send("127.0.0.1", service.port, "DEEP", files, options, report)
    expected = sum(answer.request.startswith("N-ACTION") for answer in answers)
    patience = time.monotonic() + 60
    while ((made := set(service.data_dir.glob("films/*/*/*.pdf")) - before) and len(made) < expected) or not made:
        assert time.monotonic() < patience
        time.sleep(0.05)
    return answers, [drawn for pdf in sorted(made, key=lambda pdf: pdf.stem) for drawn in pages(pdf)]


def pages(pdf: Path) -> list[list[np.ndarray]]:
    with pikepdf.open(pdf) as document:
        return [
            [
                samples(page.Resources.XObject[str(operands[0])])
                for operands, operator in pikepdf.parse_content_stream(page)
                if str(operator) == "Do"
            ]
            for page in document.pages
        ]


def samples(image: "pikepdf.Stream") -> np.ndarray:
    kind = ">u2" if image.BitsPerComponent == 16 else "u1"
    found = np.frombuffer(image.read_bytes(), kind).reshape(int(image.Height), int(image.Width), -1)
    return found[..., 0] if found.shape[-1] == 1 else found


def p_values(gray: np.ndarray) -> np.ndarray:
    """12-bit values out of grey levels of 16 bits."""
    return np.floor(gray.astype(float) * 4095 / 65535 + 0.5)


def test_images_fill_as_many_films_as_they_need(service: Serving, tmp_path: Path) -> None:
    files = [saved(tmp_path, make.ct_image(number), str(number)) for number in range(5)]
    options = SendOptions(image_display_format="STANDARD\\2,1", film_size_id="8INX10IN", number_of_copies=2)
    answers, films = printed(service, files, options)
    assert {answer.status for answer in answers} == {0}
    assert [len(film) for film in films] == [2, 2, 1]
    expected = [pixels_of(one) for file in files for one in images(file, 12)]
    for found, sent in zip([image for film in films for image in film], expected, strict=True):
        np.testing.assert_array_equal(p_values(found), sent)


def test_every_answer_is_told_as_it_comes(service: Serving, tmp_path: Path) -> None:
    file = saved(tmp_path, make.ct_image(0))
    told: list[Answer] = []
    answers, _ = printed(service, [file], SendOptions(), told.append)
    assert told == answers
    assert [answer.request for answer in answers] == [
        "N-GET printer",
        "N-CREATE film session",
        "N-CREATE film box",
        "N-SET image 1",
        "N-ACTION film box",
        "N-DELETE film box",
        "N-DELETE film session",
    ]


def test_a_session_is_one_print(service: Serving, tmp_path: Path) -> None:
    files = [saved(tmp_path, make.ct_image(number), str(number)) for number in range(3)]
    answers, films = printed(service, files, SendOptions(print_session=True, bits=8))
    assert [answer.request for answer in answers].count("N-ACTION film session") == 1
    assert [len(film) for film in films] == [1, 1, 1]


def test_monochrome1_multi_frame_and_colour_arrive_as_they_are_seen(service: Serving, tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    frames = picture(np.zeros((8, 8), np.uint8))
    frames.NumberOfFrames = 3
    frames.PixelData = b"".join(bytes([level]) * 64 for level in (10, 20, 30))
    files = [
        saved(tmp_path, picture(ramp, 8, "MONOCHROME1"), "1"),
        saved(tmp_path, frames, "2"),
        saved(tmp_path, picture(phantoms.colour(64), 8, "RGB"), "3"),
    ]
    _, (film,) = printed(service, files, SendOptions(image_display_format="STANDARD\\3,2", bits=8))
    np.testing.assert_array_equal(film[0], 255 - ramp)
    assert [np.unique(image).tolist() for image in film[1:4]] == [[10], [20], [30]]
    np.testing.assert_allclose(film[4], phantoms.colour(64) @ np.array([0.299, 0.587, 0.114]), atol=0.51)


def test_colour_arrives_on_a_colour_film(service: Serving, tmp_path: Path) -> None:
    rgb, ramp = phantoms.colour(64), np.arange(256, dtype=np.uint8).reshape(16, 16)
    files = [saved(tmp_path, picture(rgb, 8, "RGB"), "1"), saved(tmp_path, picture(ramp), "2")]
    answers, (film,) = printed(service, files, SendOptions(image_display_format="STANDARD\\2,1", color=True))
    assert not [answer for answer in answers if answer.status]
    kept, gray = film
    np.testing.assert_array_equal(kept, rgb)
    np.testing.assert_array_equal(gray, np.stack([ramp] * 3, axis=-1))


def test_a_failure_is_told_and_the_rest_is_printed(service: Serving, tmp_path: Path) -> None:
    files = [saved(tmp_path, picture(np.zeros((800, 800), np.uint8)), "large")]
    files.append(saved(tmp_path, picture(np.zeros((8, 8), np.uint8)), "small"))
    options = SendOptions(
        image_display_format="STANDARD\\10,10", requested_decimate_crop_behavior="FAIL", presentation_lut_shape="LIN OD"
    )
    answers, (film,) = printed(service, files, options)
    assert [hex(answer.status) for answer in answers if answer.failed] == ["0xc603"]
    assert [image.shape for image in film] == [(8, 8)]


def test_a_format_that_is_none_ends_the_job(service: Serving, tmp_path: Path) -> None:
    file = saved(tmp_path, picture(np.zeros((8, 8), np.uint8)))
    with pytest.raises(SendFailed, match="0106H"):
        send("127.0.0.1", service.port, "DEEP", [file], SendOptions(image_display_format="HEXAGON"))


def test_a_printer_that_is_not_there_or_not_called_so(service: Serving, tmp_path: Path) -> None:
    file = saved(tmp_path, picture(np.zeros((8, 8), np.uint8)))
    with pytest.raises(SendFailed, match="Called AE title not recognised"):
        send("127.0.0.1", service.port, "NOBODY", [file], SendOptions())
    with pytest.raises(SendFailed, match="cannot be reached"):
        send("127.0.0.1", free_port(), "DEEP", [file], SendOptions())


def test_a_node_that_is_no_printer(tmp_path: Path) -> None:
    file = saved(tmp_path, picture(np.zeros((8, 8), np.uint8)))
    node = AE("ECHO")
    node.add_supported_context(Verification)
    server = node.start_server(("127.0.0.1", 0), block=False)
    try:
        with pytest.raises(SendFailed):
            send("127.0.0.1", server.socket.getsockname()[1], "ECHO", [file], SendOptions())
    finally:
        server.shutdown()


def test_what_a_printer_says_is_shown_without_its_control_characters(tmp_path: Path) -> None:
    def refuse(event: evt.Event) -> tuple[Dataset, None]:
        return item(Status=0x0213, ErrorComment="full\x1b[2J\x07\u202e"), None

    printer = AE("LOUD")
    printer.add_supported_context(BasicGrayscalePrintManagementMeta)
    server = printer.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_CREATE, refuse)])
    told: list[Answer] = []
    file = saved(tmp_path, picture(np.zeros((8, 8), np.uint8)))
    try:
        with pytest.raises(SendFailed, match="0213H"):
            send("127.0.0.1", server.socket.getsockname()[1], "LOUD", [file], SendOptions(), told.append)
    finally:
        server.shutdown()
    assert told[-1].comment.startswith("full?[2J")
    assert told[-1].comment.isprintable()


# Into DCMTK's printer


PRINTER = """[[GENERAL]]
[APPLICATION]
LogDirectory = {folder}/log
LogFile = log
LogLevel = INFO
[PRINT]
Directory = {folder}/spool
DetailedLog = true
[DATABASE]
Directory = {folder}/database
[LUT]
Directory = {folder}/lut
[REPORT]
Directory = {folder}/report
[NETWORK]
aetitle = PEER
[[COMMUNICATION]]
[PEER]
type = LOCALPRINTER
hostname = localhost
port = {port}
aetitle = PEER
description = peer
DisplayFormat = 1,1\\2,2
FilmSizeID = 14INX17IN\\8INX10IN
MagnificationType = CUBIC\\NONE
Supports12Bit = true
SupportsPresentationLUT = true
MaxPDU = 131072
"""


@pytest.fixture
def dcmprscp(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """DCMTK's printer: its port, and the folder where it stores films and images."""
    folder = tmp_path / "peer"
    for name in ("log", "spool", "database", "lut", "report"):
        (folder / name).mkdir(parents=True)
    (folder / "database" / "index.dat").touch()
    port = free_port()
    (folder / "peer.cfg").write_text(PRINTER.format(folder=folder, port=port))
    process = subprocess.Popen(
        [shutil.which("dcmprscp") or "dcmprscp", "-c", folder / "peer.cfg", "-p", "PEER"],
        env={"TCP_NODELAY": "1", "DCMDICTPATH": "/usr/share/libdcmtk17/dicom.dic"},
    )
    try:
        patience = time.monotonic() + 20
        while time.monotonic() < patience:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port, folder / "database"
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.peer("dcmprscp")
@pytest.mark.parametrize("bits", [8, 12])
def test_dcmtks_printer_stores_the_images_that_were_sent(dcmprscp: tuple[int, Path], tmp_path: Path, bits: int) -> None:
    port, database = dcmprscp
    frames = picture(np.zeros((8, 8), np.uint8))
    frames.NumberOfFrames = 2
    frames.PixelData = b"".join(bytes([level]) * 64 for level in (40, 200))
    files = [
        saved(tmp_path, make.ct_image(3), "ct"),
        saved(tmp_path, picture(np.arange(256, dtype=np.uint8).reshape(16, 16), 8, "MONOCHROME1"), "monochrome1"),
        saved(tmp_path, frames, "frames"),
        saved(tmp_path, picture(phantoms.colour(64), 8, "RGB"), "colour"),
        saved(tmp_path, picture(np.eye(32, dtype=np.uint8) * 255, PixelSpacing=[0.4, 0.2]), "spaced"),
    ]
    options = SendOptions(
        image_display_format="STANDARD\\2,2", film_size_id="8INX10IN", magnification_type="CUBIC", bits=bits
    )
    answers = send("127.0.0.1", port, "PEER", files, options)
    assert {f"{answer.request} {answer.status:04X}" for answer in answers if answer.status} == set()
    expected = [one for file in files for one in images(file, bits)]
    stored = {}
    for file in database.glob("HG_*.dcm"):
        ds = dcmread(file)
        stored[ds.SOPInstanceUID] = ds
    films = map(dcmread, sorted(database.glob("SP_*.dcm"), key=lambda file: file.stat().st_mtime_ns))
    found = [
        stored[box.ReferencedImageSequence[0].ReferencedSOPInstanceUID]
        for film in films
        for box in sorted(film.ImageBoxContentSequence, key=lambda box: box.ImageBoxPosition)
    ]
    assert len(found) == len(expected) == 6
    for theirs, ours in zip(found, expected, strict=True):
        assert (theirs.BitsStored, theirs.PhotometricInterpretation) == (bits, ours.PhotometricInterpretation)
        assert theirs.get("PixelAspectRatio") == ours.get("PixelAspectRatio")
        np.testing.assert_array_equal(theirs.pixel_array, pixels_of(ours))
