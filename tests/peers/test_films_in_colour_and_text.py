"""Films of colour and with text, printed over DICOM into the real service, as viewers and validators see them."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest

from printmgr.render.icc import srgb_profile
from samples.films import TEXTS, SampleFilm, send
from tests.printmgr.render.test_text_in_pdf import words
from tests.printmgr.render.validators import faults
from tests.serving import Serving

pytestmark = pytest.mark.peer("pdftocairo")

NOISE = np.random.default_rng(11)
DPI = 254  # a device pixel is 0.1 mm: an image of 1000 pixels on 100 mm lies on whole ones
# 8 x 10 in are 2032 x 2540 of those pixels.
TOP, LEFT = 670, 516


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with Serving(tmp_path_factory.mktemp("service") / "data") as serving:
        yield serving


def printed(service: Serving, film: SampleFilm) -> tuple[bytes, dict[str, object]]:
    """The PDF of a film, and what its JSON says."""
    before = set(service.data_dir.glob("films/*/*/*.pdf"))
    send(film, "127.0.0.1", service.port)
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        made = set(service.data_dir.glob("films/*/*/*.pdf")) - before
        if made:
            path = made.pop()
            return path.read_bytes(), json.loads(path.with_suffix(".json").read_bytes())
        time.sleep(0.05)
    raise AssertionError("no PDF came")


def drawn(pdf: bytes, folder: Path, dpi: float = DPI) -> tuple[np.ndarray, np.ndarray]:
    """Its first page in colour by poppler and by pdfium."""
    (folder / "film.pdf").write_bytes(pdf)
    command = ["pdftocairo", "-tiff", "-singlefile", "-f", "1", "-r", str(dpi), "film.pdf", "page"]
    subprocess.run(command, check=True, cwd=folder)
    poppler = cv2.imread(str(folder / "page.tif"))[..., ::-1]
    with pypdfium2.PdfDocument(pdf) as document:
        return poppler, document[0].render(scale=dpi / 72).to_numpy()[..., ::-1].copy()


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("profile", [None, srgb_profile()])
def test_colours_arrive_as_they_were_sent(
    service: Serving, tmp_path: Path, planar: bool, profile: bytes | None
) -> None:
    pixels = NOISE.integers(0, 256, (1200, 1000, 3)).astype(np.uint8)
    of_film: dict[str, object] = {"FilmSizeID": "8INX10IN"}
    if profile:
        of_film["ICCProfile"] = profile + b"\0" * (len(profile) % 2)
    film = SampleFilm(
        "STANDARD\\1,1", {1: pixels}, True, planar=planar, of_film=of_film, of_images={"RequestedImageSize": "100"}
    )
    pdf, document = printed(service, film)
    assert faults(pdf) == []
    assert document["notes"] == []
    poppler, pdfium = drawn(pdf, tmp_path)
    tolerance = 2 if profile else 0  # viewers convert by the profile
    for page in (poppler, pdfium):
        assert page.shape == (2540, 2032, 3)
        part = page[TOP : TOP + 1200, LEFT : LEFT + 1000].astype(int)
        assert np.abs(part - pixels).max() <= tolerance
    assert not pdfium[:TOP].any() and not pdfium[:, :LEFT].any()


def test_gray_films_look_the_same_in_both_viewers(service: Serving, tmp_path: Path) -> None:
    pixels = NOISE.integers(0, 256, (1200, 1000)).astype(np.uint8)
    of_images = {"RequestedImageSize": "100"}
    film = SampleFilm("STANDARD\\1,1", {1: pixels}, of_film={"FilmSizeID": "8INX10IN"}, of_images=of_images)
    pdf, document = printed(service, film)
    assert faults(pdf) == []
    assert document["layouts"][0]["scale"] == "printed as requested: 100.0 mm wide"  # type: ignore[index]  # JSON
    for page in drawn(pdf, tmp_path):
        assert np.array_equal(page[TOP : TOP + 1200, LEFT : LEFT + 1000], np.dstack([pixels] * 3))


def test_a_profile_that_is_none_is_told(service: Serving) -> None:
    pixels = NOISE.integers(0, 256, (20, 20, 3)).astype(np.uint8)
    film = SampleFilm("STANDARD\\1,1", {1: pixels}, True, of_film={"ICCProfile": b"no such profile!"})
    pdf, document = printed(service, film)
    assert faults(pdf) == []
    assert "colours count as sRGB" in document["notes"][0]  # type: ignore[index]  # JSON


def test_text_of_nine_scripts_is_drawn_and_reads_back(service: Serving, tmp_path: Path) -> None:
    pixels = np.full((400, 300), 128, np.uint8)
    for start in range(0, len(TEXTS), 3):
        texts = TEXTS[start : start + 3]
        film = SampleFilm("STANDARD\\1,1", {1: pixels}, texts=texts, of_film={"AnnotationDisplayFormatID": "ANY"})
        pdf, document = printed(service, film)
        assert faults(pdf) == []
        assert document["notes"] == []
        (tmp_path / "film.pdf").write_bytes(pdf)
        command = ["pdftotext", "-enc", "UTF-8", "film.pdf", "-"]
        read = subprocess.run(command, check=True, capture_output=True, cwd=tmp_path).stdout.decode()
        for text in texts:
            assert set(words(text)) <= set(words(read)), text
