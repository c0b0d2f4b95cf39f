"""Films that the real service made, drawn by poppler and pdfium: lengths, order, place, polarity and grey levels."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pypdfium2
import pytest

from printmgr.film.model import FilmOrientation
from printmgr.film.sizes import FILM_SIZES_MM, film_size
from samples import phantoms
from tests.console import BOX, FILM, LUT, SESSION, Console, console
from tests.printmgr.scp import requests
from tests.serving import Serving

pytestmark = pytest.mark.peer("pdftocairo")

Picture = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with Serving(tmp_path_factory.mktemp("service") / "data") as serving:
        yield serving


@pytest.fixture
def modality(service: Serving) -> Iterator[Console]:
    with console(service.port) as one:
        assert one.open_session() == 0
        yield one


def image_of(pixels: Picture, **attributes: object) -> object:
    return requests.image(*pixels.shape, pixels.tobytes(), **attributes)


def new_pdf(service: Serving, before: set[Path]) -> Path:
    """The PDF of the print just ordered."""
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        made = set(service.data_dir.glob("films/*/*/*.pdf")) - before
        if made:
            return made.pop()
        time.sleep(0.05)
    raise AssertionError("no PDF came")


def films(service: Serving) -> set[Path]:
    return set(service.data_dir.glob("films/*/*/*.pdf"))


def by_poppler(pdf: Path, folder: Path, dpi: float, page: int = 1) -> Picture:
    picture = folder / f"page_{page}"
    command = ["pdftocairo", "-tiff", "-gray", "-singlefile", "-f", str(page), "-l", str(page), "-r", str(dpi)]
    subprocess.run([*command, pdf, picture], check=True)
    return cv2.imread(f"{picture}.tif", cv2.IMREAD_GRAYSCALE)


def by_pdfium(pdf: Path, dpi: float) -> Picture:
    with pypdfium2.PdfDocument(pdf) as document:
        return document[0].render(scale=dpi / 72, grayscale=True).to_numpy().squeeze().copy()


def edges(picture: Picture) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is light; right and bottom are outside. The page ends inside the last pixels."""
    light = picture[:-1, :-1] > 127
    rows, columns = np.flatnonzero(light.any(axis=1)), np.flatnonzero(light.any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


SIZES = [(size, orientation) for size in FILM_SIZES_MM for orientation in FilmOrientation]


@pytest.fixture(scope="module")
def rulers(service: Serving) -> Path:
    """One session of films of every size, each with a ruler of 100 mm."""
    before = films(service)
    with console(service.port) as modality:
        assert modality.open_session() == 0
        for size, orientation in SIZES:
            status, _, (box,) = modality.film(FilmSizeID=size, FilmOrientation=orientation)
            assert status == 0
            said = requests.image_box(image_of(phantoms.ruler()), RequestedImageSize="100")
            assert modality.set(BOX, box, said) == 0
        assert modality.act(SESSION, modality.session) == 0
    return new_pdf(service, before)


@pytest.mark.parametrize(("size", "orientation"), SIZES)
def test_a_ruler_of_100_mm_measures_100_mm(
    rulers: Path, tmp_path: Path, size: str, orientation: FilmOrientation
) -> None:
    mm = 300 / 25.4
    picture = by_poppler(rulers, tmp_path, 300, page=SIZES.index((size, orientation)) + 1)
    width, height = film_size(size, orientation)
    assert picture.shape == pytest.approx((height * mm, width * mm), abs=1)
    left, top, right, bottom = edges(picture)
    assert (right - left) / mm == pytest.approx(100, abs=0.1)
    assert (bottom - top) / mm == pytest.approx(20, abs=0.1)
    assert ((left + right) / 2 / mm, (top + bottom) / 2 / mm) == pytest.approx((width / 2, height / 2), abs=0.1)
    ticks = picture[round(top + 8 * mm), :-1] > 127  # only those of 10 mm reach down so far
    starts = np.flatnonzero(ticks[1:] & ~ticks[:-1])
    assert len(starts) == 11
    assert (np.diff(starts) / mm).tolist() == pytest.approx([10] * 10, abs=0.1)


def marked(number: int) -> Picture:
    """A picture whose quarters say which it is and which way up: `number` levels, dark, light, its opposite."""
    picture = np.empty((128, 128), np.uint8)
    picture[:64, :64], picture[:64, 64:] = 100 + number, 30
    picture[64:, :64], picture[64:, 64:] = 220, 155 - number
    return picture


def test_a_film_of_4_x_5_in_order_place_and_polarity(service: Serving, modality: Console, tmp_path: Path) -> None:
    before = films(service)
    _, film, boxes = modality.film("STANDARD\\4,5", FilmSizeID="14INX17IN")
    for position, box in enumerate(boxes, start=1):
        if position == 19:
            continue  # left empty
        polarity = "REVERSE" if position % 3 == 0 else "NORMAL"
        photometric = "MONOCHROME1" if position % 4 == 0 else "MONOCHROME2"
        said = image_of(marked(position), PhotometricInterpretation=photometric)
        assert modality.set(BOX, box, requests.image_box(said, position=position, Polarity=polarity)) == 0
    assert modality.act(FILM, film) == 0
    picture = by_poppler(new_pdf(service, before), tmp_path, 100)
    width, height = picture.shape[1] / 4, picture.shape[0] / 5
    for position in range(1, 21):
        row, column = divmod(position - 1, 4)
        middle = (round((row + 0.5) * height), round((column + 0.5) * width))
        quarters = [int(picture[middle[0] + y, middle[1] + x]) for y in (-20, 20) for x in (-20, 20)]
        expected = [100 + position, 30, 220, 155 - position]
        if (position % 3 == 0) != (position % 4 == 0):
            expected = [255 - level for level in expected]
        assert quarters == (expected if position != 19 else [0] * 4), position


@pytest.mark.parametrize("lut", ["", "IDENTITY"])
def test_poppler_and_pdfium_draw_the_pixels_that_were_sent(
    service: Serving, modality: Console, tmp_path: Path, lut: str
) -> None:
    """At 254 dpi a device pixel is 0.1 mm, and an image of 1000 pixels on 100 mm lies on whole ones."""
    before = films(service)
    attributes: dict[str, object] = {}
    if lut:
        assert modality.create(LUT, requests.item(PresentationLUTShape=lut), "1.2.3")[0] == 0
        attributes["ReferencedPresentationLUTSequence"] = requests.referenced("1.2.3", LUT)
    pixels = np.random.default_rng(5).integers(0, 256, (1200, 1000), np.uint8)
    _, film, (box,) = modality.film(FilmSizeID="8INX10IN", **attributes)
    assert modality.set(BOX, box, requests.image_box(image_of(pixels), RequestedImageSize="100")) == 0
    assert modality.act(FILM, film) == 0
    pdf = new_pdf(service, before)
    poppler, pdfium = by_poppler(pdf, tmp_path, 254), by_pdfium(pdf, 254)
    assert poppler.shape == pdfium.shape == (2540, 2032)
    np.testing.assert_array_equal(poppler, pdfium)
    np.testing.assert_array_equal(poppler[670:1870, 516:1516], pixels)
    assert not poppler[:670].any() and not poppler[:, :516].any()


@pytest.mark.parametrize("dpi", [72, 137, 300])
def test_poppler_and_pdfium_place_an_image_within_one_pixel(
    service: Serving, modality: Console, tmp_path: Path, dpi: int
) -> None:
    before = films(service)
    _, film, boxes = modality.film("COL\\1,3", FilmSizeID="10INX14IN", FilmOrientation="LANDSCAPE")
    assert modality.set(BOX, boxes[2], requests.image_box(image_of(np.full((97, 61), 255, np.uint8)))) == 0
    assert modality.act(FILM, film) == 0
    pdf = new_pdf(service, before)
    assert edges(by_poppler(pdf, tmp_path, dpi)) == pytest.approx(edges(by_pdfium(pdf, dpi)), abs=1)
