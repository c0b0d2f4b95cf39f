"""The PDF is true to the pixels, the millimetres and the densities, as other programs read it."""

import io
import math
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pytest

from printmgr.errors import BadPixels
from printmgr.film.identity import NOBODY, Identity
from printmgr.film.layout import lay_out
from printmgr.film.model import FilmBox, FilmOrientation, LUTShape, MagnificationType, Polarity, PresentationLUT
from printmgr.film.printer import LogicalPrinter, Resample, Tone
from printmgr.film.sizes import FILM_SIZES_MM
from printmgr.order_json import encode_order
from printmgr.ports import Print
from printmgr.render.pdf import write_pdf
from samples import phantoms
from samples.prints import PRINTER, film_of, image_of, print_of

POINT_MM = 25.4 / 72
NOISE = np.random.default_rng(5)


def pdf_of(print_: Print, patient: Identity = NOBODY) -> bytes:
    file = io.BytesIO()
    write_pdf(print_, [lay_out(film, print_.printer) for film in print_.order.films], file, patient)
    return file.getvalue()


def images_in(pdf: bytes) -> list[np.ndarray]:
    """All images of a PDF in the order they are drawn, decoded by qpdf."""
    found = []
    with pikepdf.open(io.BytesIO(pdf)) as file:
        for page in file.pages:
            drawn = [
                str(operands[0]) for operands, operator in pikepdf.parse_content_stream(page) if str(operator) == "Do"
            ]
            for name in drawn:
                stream = page.Resources.XObject[name]
                kind = ">u2" if stream.BitsPerComponent == 16 else "u1"
                found.append(np.frombuffer(stream.read_bytes(), kind).reshape(int(stream.Height), int(stream.Width)))
    return found


def drawn_by_pdfium(pdf: bytes, dpi: float, page: int = 0) -> np.ndarray:
    """The page in grey; by RGB, as pdfium's own grey rounds."""
    return pypdfium2.PdfDocument(pdf)[page].render(scale=dpi / 72).to_numpy()[..., 0]


def drawn_by_cairo(pdf: bytes, dpi: float, folder: Path) -> np.ndarray:
    (folder / "film.pdf").write_bytes(pdf)
    command = ["pdftocairo", "-png", "-gray", "-singlefile", "-r", str(dpi), "film.pdf", "film"]
    subprocess.run(command, check=True, cwd=folder)
    return cv2.imread(str(folder / "film.png"), cv2.IMREAD_GRAYSCALE)


def noise(rows: int, columns: int, bits: int = 8) -> np.ndarray:
    return NOISE.integers(0, 1 << bits, (rows, columns)).astype(np.uint8 if bits == 8 else np.uint16)


def with_box(film: FilmBox, **changes: object) -> FilmBox:
    """The film with its first image box changed."""
    boxes = (replace(film.image_boxes[0], **changes), *film.image_boxes[1:])  # type: ignore[arg-type]  # mixed
    return replace(film, image_boxes=boxes)


def test_8_bits_stay_what_they_are(tmp_path: Path) -> None:
    picture = noise(200, 160)
    film = with_box(film_of(tmp_path, {1: picture}, "STANDARD\\1,1"))
    identity = PresentationLUT("1.1", LUTShape.IDENTITY)
    for lut in (None, identity):
        (image,) = images_in(pdf_of(print_of(tmp_path, [with_box(film, presentation_lut=lut)])))
        assert np.array_equal(image, picture)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_polarity_turns_once(tmp_path: Path, photometric: str, reverse: bool) -> None:
    picture = noise(20, 20)
    film = film_of(tmp_path, {1: picture}, "STANDARD\\1,1")
    image = image_of(tmp_path, "image", picture, photometric_interpretation=photometric)
    film = with_box(film, image=image, polarity=Polarity.REVERSE if reverse else Polarity.NORMAL)
    (drawn,) = images_in(pdf_of(print_of(tmp_path, [film])))
    turned = (photometric == "MONOCHROME1") != reverse
    assert np.array_equal(drawn, 255 - picture if turned else picture)


def test_12_bits_are_rounded_half_up(tmp_path: Path) -> None:
    picture = np.arange(4096, dtype=np.uint16).reshape(64, 64) | 0xF000  # and rubbish above the bits stored
    (drawn,) = images_in(pdf_of(print_of(tmp_path, [film_of(tmp_path, {1: picture}, "STANDARD\\1,1")])))
    assert drawn.ravel().tolist() == [math.floor(value * 255 / 4095 + 0.5) for value in range(4096)]


def test_depth_16_keeps_all_12_bits(tmp_path: Path) -> None:
    picture = noise(300, 200, 12)
    print_ = print_of(tmp_path, [film_of(tmp_path, {1: picture}, "STANDARD\\1,1")], replace(PRINTER, depth=16))
    (drawn,) = images_in(pdf_of(print_))
    assert drawn.dtype == ">u2"
    assert np.array_equal(np.round(drawn * (4095 / 65535)), picture)


def test_depth_16_does_not_blow_up_8_bits(tmp_path: Path) -> None:
    picture = noise(30, 20)
    print_ = print_of(tmp_path, [film_of(tmp_path, {1: picture}, "STANDARD\\1,1")], replace(PRINTER, depth=16))
    (drawn,) = images_in(pdf_of(print_))
    assert drawn.dtype == np.uint8
    assert np.array_equal(drawn, picture)


def test_images_of_a_session_are_drawn_page_by_page_in_order(tmp_path: Path) -> None:
    pictures = [{position: noise(16, 16) for position in range(1, 5)} for _ in range(3)]
    films = [film_of(tmp_path, some, "STANDARD\\2,2", number) for number, some in enumerate(pictures)]
    pdf = pdf_of(print_of(tmp_path, films))
    expected = [picture for some in pictures for picture in some.values()]
    assert all(np.array_equal(*pair) for pair in zip(images_in(pdf), expected, strict=True))
    assert len(pypdfium2.PdfDocument(pdf)) == 3


@pytest.mark.parametrize("orientation", FilmOrientation)
@pytest.mark.parametrize("size", FILM_SIZES_MM)
def test_page_and_ruler_measure_what_they_should(tmp_path: Path, size: str, orientation: FilmOrientation) -> None:
    film = replace(
        film_of(tmp_path, {1: phantoms.ruler()}, "STANDARD\\1,1"), film_size_id=size, film_orientation=orientation
    )
    pdf = pypdfium2.PdfDocument(pdf_of(print_of(tmp_path, [with_box(film, requested_image_size=100.0)])))
    width, height = FILM_SIZES_MM[size] if orientation is FilmOrientation.PORTRAIT else FILM_SIZES_MM[size][::-1]
    assert pdf[0].get_size() == pytest.approx((width / POINT_MM, height / POINT_MM), abs=1e-3)
    (ruler,) = pdf[0].get_objects([pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
    left, bottom, right, top = (points * POINT_MM for points in ruler.get_bounds())
    assert right - left == pytest.approx(100.0, abs=0.01)
    assert top - bottom == pytest.approx(20.0, abs=0.01)
    assert (left + right, bottom + top) == pytest.approx((width, height), abs=0.01)


@pytest.mark.peer("pdftocairo")
def test_a_ruler_drawn_by_a_viewer_measures_100_mm(tmp_path: Path) -> None:
    film = with_box(film_of(tmp_path, {1: phantoms.ruler()}, "STANDARD\\1,1"), requested_image_size=100.0)
    pdf = pdf_of(print_of(tmp_path, [film]))
    for drawn in (drawn_by_pdfium(pdf, 254), drawn_by_cairo(pdf, 254, tmp_path)):
        columns = np.flatnonzero(drawn[len(drawn) // 2 + 90] > 128)  # below the ticks: the frame only
        assert (columns[-1] - columns[0] + 1) * 25.4 / 254 == pytest.approx(100.0, abs=0.1)


@pytest.mark.peer("pdftocairo")
@pytest.mark.parametrize("dpi", [72, 144])
@pytest.mark.parametrize("depth", [8, 16])
def test_two_viewers_draw_every_pixel_where_it_belongs(tmp_path: Path, depth: int, dpi: int) -> None:
    pictures = {position: noise(5 * dpi, 4 * dpi) for position in range(1, 5)}
    film = replace(film_of(tmp_path, pictures, "STANDARD\\2,2"), film_size_id="8INX10IN")
    pdf = pdf_of(print_of(tmp_path, [film], replace(PRINTER, depth=depth)))
    expected = np.block([[pictures[1], pictures[2]], [pictures[3], pictures[4]]])
    assert np.array_equal(drawn_by_pdfium(pdf, dpi), expected)
    assert np.array_equal(drawn_by_cairo(pdf, dpi, tmp_path), expected)


@pytest.mark.peer("pdftocairo")
def test_two_viewers_draw_12_bits_at_depth_16_within_a_level(tmp_path: Path) -> None:
    picture = noise(500, 400, 12)
    film = replace(film_of(tmp_path, {1: picture}, "STANDARD\\1,1"), film_size_id="8INX10IN")
    pdf = pdf_of(print_of(tmp_path, [film], replace(PRINTER, depth=16)))
    for drawn in (drawn_by_pdfium(pdf, 50), drawn_by_cairo(pdf, 50, tmp_path)):
        assert np.abs(drawn - picture * (255 / 4095)).max() <= 1


@pytest.mark.peer("pdftocairo")
def test_viewers_place_a_centred_image_within_a_pixel(tmp_path: Path) -> None:
    picture = np.full((100, 300), 255, np.uint8)
    film = film_of(tmp_path, {4: picture}, "STANDARD\\2,3")
    print_ = print_of(tmp_path, [film], replace(PRINTER, margin=7.3, gap=2.1))
    rect = lay_out(film, print_.printer).images[3].image
    assert rect is not None
    for drawn in (drawn_by_pdfium(pdf_of(print_), 100), drawn_by_cairo(pdf_of(print_), 100, tmp_path)):
        rows, columns = np.nonzero(drawn > 128)
        edges = np.array([columns.min(), columns.max() + 1, rows.min(), rows.max() + 1]) / 100 * 25.4
        expected = [rect.x, rect.x + rect.width, rect.y, rect.y + rect.height]
        assert np.abs(edges - expected).max() <= 25.4 / 100


def test_densities_of_border_and_empty_boxes_become_their_grey(tmp_path: Path) -> None:
    film = replace(
        film_of(tmp_path, {1: noise(10, 10)}, "STANDARD\\1,2"), border_density="WHITE", empty_image_density="172"
    )
    for tone, empty in ((Tone.P_VALUE, 64), (Tone.LIGHTBOX, 48)):
        print_ = print_of(tmp_path, [film], replace(PRINTER, tone=tone, margin=20.0, gap=10.0))
        drawn = drawn_by_pdfium(pdf_of(print_), 25.4)  # a pixel a millimetre
        assert drawn[5, 5] == drawn[215, 100] == 255
        assert abs(int(drawn[300, 100]) - empty) <= 1


def test_trim_draws_a_line_round_each_image(tmp_path: Path) -> None:
    pictures = {1: np.full((50, 50), 128, np.uint8), 4: np.full((50, 50), 128, np.uint8)}
    film = replace(film_of(tmp_path, pictures, "STANDARD\\2,2"), trim=True)
    plain = drawn_by_pdfium(pdf_of(print_of(tmp_path, [replace(film, trim=False)])), 254)
    trimmed = drawn_by_pdfium(pdf_of(print_of(tmp_path, [film])), 254)
    layout = lay_out(film, PRINTER)
    changed = np.argwhere(plain != trimmed) / 10  # mm
    assert len(changed) > 1000
    edges = [
        np.minimum(
            np.abs(changed - [rect.y, rect.x]).min(axis=1),
            np.abs(changed - [rect.y + rect.height, rect.x + rect.width]).min(axis=1),
        )
        for rect in (placed.image for placed in layout.images)
        if rect is not None
    ]
    assert np.minimum(*edges).max() <= 0.3
    assert trimmed[plain != trimmed].max() == 255  # white on a black border


@pytest.mark.parametrize("magnification_type", [MagnificationType.REPLICATE, MagnificationType.CUBIC])
def test_a_film_can_be_drawn_at_the_printers_pitch(tmp_path: Path, magnification_type: MagnificationType) -> None:
    picture = noise(100, 80)
    film = replace(film_of(tmp_path, {1: picture}, "STANDARD\\1,1"), film_size_id="8INX10IN")
    film = replace(film, magnification_type=magnification_type)
    printer = replace(PRINTER, resample=Resample.FILM, pitch={"STANDARD": 0.254})
    (drawn,) = images_in(pdf_of(print_of(tmp_path, [film], printer)))
    assert drawn.shape == (1000, 800)
    assert np.array_equal(drawn[::10, ::10], picture) == (magnification_type is MagnificationType.REPLICATE)
    assert abs(drawn.mean() - picture.mean()) < 3


def test_magnification_type_none_is_one_to_one(tmp_path: Path) -> None:
    picture = noise(100, 80)
    film = replace(film_of(tmp_path, {1: picture}, "STANDARD\\1,1"), magnification_type=MagnificationType.NONE)
    (drawn,) = images_in(pdf_of(print_of(tmp_path, [film], replace(PRINTER, resample=Resample.FILM))))
    assert np.array_equal(drawn, picture)


def test_an_enormous_film_is_not_drawn_with_more_pixels_than_memory(tmp_path: Path) -> None:
    film = replace(film_of(tmp_path, {1: noise(2, 40)}, "STANDARD\\1,1"), film_size_id="499CMX20CM")
    printer = replace(PRINTER, resample=Resample.FILM, pitch={"STANDARD": 0.01})
    (drawn,) = images_in(pdf_of(print_of(tmp_path, [film], printer)))
    assert max(drawn.shape) == 16384


def test_a_film_without_images_says_so(tmp_path: Path) -> None:
    for density in ("BLACK", "WHITE"):
        film = replace(film_of(tmp_path, {}, "STANDARD\\2,2"), border_density=density, empty_image_density=density)
        pdf = pdf_of(print_of(tmp_path, [film]))
        document = pypdfium2.PdfDocument(pdf)
        assert document[0].get_textpage().get_text_range().strip() == "EMPTY FILM"
        assert document.get_metadata_dict()["Keywords"] == "EMPTY FILM"
        assert np.ptp(document[0].render(grayscale=True).to_numpy()) == 255
        with pikepdf.open(io.BytesIO(pdf)) as file:
            fonts = file.pages[0].Resources.Font
            assert all("/FontFile2" in font.DescendantFonts[0].FontDescriptor for font in fonts.values())


def test_a_film_with_an_image_has_neither_text_nor_font(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument(pdf_of(print_of(tmp_path, [film_of(tmp_path, {2: noise(9, 9)}, "ROW\\2")])))
    assert document[0].get_textpage().get_text_range() == ""
    assert document.get_metadata_dict()["Keywords"] == "not to scale"


def test_a_label_that_nobody_confirmed_is_not_among_what_the_document_says_of_itself(tmp_path: Path) -> None:
    pdf = pdf_of(print_of(tmp_path, [film_of(tmp_path, {}, "SLIDE")], film_session_label="DOE^JANE"))
    assert b"DOE" not in pdf and "DOE".encode("utf-16-be").hex().upper().encode() not in pdf
    with pikepdf.open(io.BytesIO(pdf)) as file:
        assert file.docinfo["/Title"] == "Film 20260105-101500-000001"


def test_a_patient_whose_name_the_document_may_bear_is_its_title(tmp_path: Path) -> None:
    patient = Identity(patient_id="4711", patient_name="Müller^Åsa^^Dr.=漢字")
    pdf = pdf_of(print_of(tmp_path, [film_of(tmp_path, {}, "SLIDE")]), patient)
    with pikepdf.open(io.BytesIO(pdf)) as file:
        assert file.docinfo["/Title"] == "Müller Åsa Dr., 4711"


HOSTILE = [
    ") /JavaScript (app.alert(1)) endobj",
    "(\\(\\)\\",
    "%PDF-1.7\rendstream\nendobj",
    "<< /OpenAction << /S /URI /URI (http://127.0.0.1) >> >>",
    "\ud800\udfff\x00\x1b$B",
    "þÿ\u200fמ",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.peer("qpdf")
def test_hostile_text_stays_text(tmp_path: Path, text: str) -> None:
    printer = LogicalPrinter(text[:16], name=text)
    print_ = print_of(tmp_path, [film_of(tmp_path, {1: noise(4, 4)}, "SLIDE")], printer, film_session_label=text)
    print_ = replace(print_, caller=replace(print_.caller, calling_ae=text))
    (tmp_path / "film.pdf").write_bytes(pdf_of(print_))
    subprocess.run(["qpdf", "--check", "film.pdf"], check=True, cwd=tmp_path, capture_output=True)
    with pikepdf.open(tmp_path / "film.pdf") as file:
        keys = {key for item in file.objects if isinstance(item, pikepdf.Dictionary) for key in item}
        assert not keys & {"/JavaScript", "/JS", "/OpenAction", "/AA", "/A", "/URI", "/Annots", "/Interpolate"}


def test_the_same_print_gives_the_same_bytes(tmp_path: Path) -> None:
    films = [
        film_of(tmp_path, {1: noise(90, 70), 3: noise(20, 20, 12)}, "STANDARD\\2,2"),
        film_of(tmp_path, {}, "SLIDE"),
    ]
    print_ = print_of(tmp_path, films)
    assert pdf_of(print_) == pdf_of(print_)
    code = (
        "import sys; from pathlib import Path; from printmgr.order_json import decode_order\n"
        "from tests.printmgr.render.test_pdf import pdf_of\n"
        "sys.stdout.buffer.write(pdf_of(decode_order(sys.stdin.buffer.read(), Path(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    other = subprocess.run(command, input=encode_order(print_), check=True, capture_output=True)
    assert other.stdout == pdf_of(print_)


def test_the_dates_are_the_orders(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(pdf_of(print_of(tmp_path, [film_of(tmp_path, {}, "SLIDE")])))) as file:
        assert file.docinfo["/CreationDate"] == file.docinfo["/ModDate"] == "D:20260105101500+01'00'"
        assert file.docinfo["/Producer"] == file.docinfo["/Creator"] == "printmgr"
        assert file.docinfo["/Author"] == "CT1"
        assert file.docinfo["/Subject"] == "Print 20260105-101500-000001 on FILM"


def test_pixels_that_are_gone_fail_the_print(tmp_path: Path) -> None:
    print_ = print_of(tmp_path, [film_of(tmp_path, {1: noise(4, 4)}, "SLIDE")])
    (tmp_path / "1_1.ds").unlink()
    with pytest.raises(BadPixels, match=r"1_1\.ds is missing"):
        pdf_of(print_)


def test_many_films_take_the_memory_of_one(tmp_path: Path) -> None:
    picture = noise(512, 512, 12)
    peaks = []
    for count in (1, 24):
        films = [film_of(tmp_path, {1: picture}, "STANDARD\\1,1", number) for number in range(count)]
        print_ = print_of(tmp_path, films)
        layouts = [lay_out(film, print_.printer) for film in films]
        with (tmp_path / f"{count}.pdf").open("wb") as file:
            tracemalloc.start()
            write_pdf(print_, layouts, file)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
