"""The PDF image object keeps every sample, as other libraries read it."""

import io

import numpy as np
import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from printmgr.film.geometry import Rect
from printmgr.render.image import compress
from printmgr.render.page import POINTS_PER_MM, Page
from printmgr.render.pdf_file import PdfFile, ref


def document(*images: np.ndarray) -> bytes:
    """A PDF with each image on its own page, one point a pixel."""
    file = io.BytesIO()
    pdf = PdfFile(file)
    tree = pdf.reserve()
    pages = []
    for samples in images:
        rows, columns = (side / POINTS_PER_MM for side in samples.shape[:2])
        page, compressed = Page(columns, rows), compress(samples)
        page.image(pdf.add_stream(compressed.entries(), compressed.data), Rect(0, 0, columns, rows))
        pages.append(ref(page.write(pdf, tree)))
    pdf.add(f"<< /Type /Pages /Kids [{' '.join(pages)}] /Count {len(pages)} >>", tree)
    pdf.end(pdf.add(f"<< /Type /Catalog /Pages {ref(tree)} >>"), pdf.add("<< >>"), b"")
    return file.getvalue()


def samples_in(pdf: bytes, page: int = 0) -> np.ndarray:
    """The samples of a page's only image, decoded by qpdf (grey levels high byte first)."""
    with pikepdf.open(io.BytesIO(pdf)) as file:
        (stream,) = file.pages[page].get_images().values()
        kind = ">u2" if stream.BitsPerComponent == 16 else "u1"
        colours = () if stream.ColorSpace == "/DeviceGray" else (3,)
        return np.frombuffer(stream.read_bytes(), kind).reshape(int(stream.Height), int(stream.Width), *colours)


shapes = st.tuples(st.integers(1, 20), st.integers(1, 20))
pictures = st.one_of(
    hnp.arrays(np.uint8, shapes),
    hnp.arrays(np.uint16, shapes),
    hnp.arrays(np.uint8, shapes.map(lambda shape: (*shape, 3))),
    hnp.arrays(np.uint16, shapes.map(lambda shape: (*shape, 3))),
)


@given(st.lists(pictures, min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_every_sample_reads_back(images: list[np.ndarray]) -> None:
    pdf = document(*images)
    for page, image in enumerate(images):
        assert np.array_equal(samples_in(pdf, page), image)


@pytest.mark.parametrize("turn", [lambda a: a[::-1], lambda a: a.T, lambda a: a[2:9, 3:8], np.asfortranarray])
def test_a_view_reads_back_as_it_looks(turn) -> None:
    picture = turn(np.arange(20 * 30, dtype=np.uint16).reshape(20, 30))
    assert np.array_equal(samples_in(document(picture)), picture)


@pytest.mark.parametrize("shape", [(40, 60), (40, 60, 3)])
def test_a_viewer_draws_the_samples(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    drawn = pypdfium2.PdfDocument(document(picture))[0].render(scale=1).to_numpy()
    expected = picture[..., ::-1] if picture.ndim == 3 else np.dstack([picture] * 3)
    assert np.array_equal(drawn, expected)


def test_the_stream_is_as_pdf_a_wants_it() -> None:
    pdf = document(np.zeros((4, 4), np.uint8))
    assert b"/Interpolate" not in pdf
    assert b"ASCII85" not in pdf.split(b"/Subtype /Image")[1].split(b"stream")[0]
    assert pdf.split(b"/Subtype /Image")[1].split(b"endstream")[0].endswith(b"\n")


def test_the_same_samples_give_the_same_bytes() -> None:
    picture = np.random.default_rng(2).integers(0, 65536, (50, 50)).astype(np.uint16)
    assert document(picture) == document(picture.copy())


@pytest.mark.peer("qpdf")
def test_qpdf_finds_no_fault(tmp_path) -> None:
    import subprocess

    path = tmp_path / "images.pdf"
    path.write_bytes(document(np.zeros((9, 7), np.uint8), np.zeros((9, 7), np.uint16), np.zeros((9, 7, 3), np.uint8)))
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
