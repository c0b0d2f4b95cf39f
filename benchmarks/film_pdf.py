"""From pixels to the bytes of a PDF, against reportlab's drawImage, img2pdf and the deflate call alone."""

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import img2pdf
import numpy as np
from isal import isal_zlib
from PIL import Image as PilImage
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from benchmarks import Row, cpu_ms
from printmgr.film.layout import FilmLayout, PlacedImage, lay_out
from printmgr.ports import Print
from printmgr.render.image import LEVEL, compress, predicted
from printmgr.render.page import POINTS_PER_MM, Page
from printmgr.render.pdf import write_pdf
from printmgr.render.pdf_file import PdfFile, ref
from samples import phantoms
from samples.prints import film_of, print_of

NAME = "Film to PDF: CPU time"

Pictures = dict[int, np.ndarray]


def run() -> list[Row]:
    """A film of one image and a sheet of 4x5: from grey levels in memory, and from 12 bits on disk as a print comes."""
    with tempfile.TemporaryDirectory() as folder:
        film = case("film 2048x2560", Path(folder), cr(), "STANDARD\\1,1")
        sheet = case("sheet 4x5 of 512x512", Path(folder), ct(), "STANDARD\\4,5")
    return [*film, *sheet]


def cr() -> Pictures:
    return {1: phantoms.cr_image()}


def ct() -> Pictures:
    """The slices in a window of 400 HU, as 12 bits."""
    slices = (np.clip((phantoms.ct_slice(number) + 160) / 400, 0, 1) * 4095 for number in range(20))
    return {position: part.astype(np.uint16) for position, part in enumerate(slices, start=1)}


def case(what: str, folder: Path, pictures: Pictures, image_display_format: str) -> list[Row]:
    print_ = print_of(folder, [film_of(folder, pictures, image_display_format)])
    layout = lay_out(print_.order.films[0], print_.printer)
    grays = [(picture >> 4).astype(np.uint8) for picture in pictures.values()]
    ready = [predicted(gray) for gray in grays]
    ours, whole, deflate = cpu_ms(
        lambda: our_pdf(grays, layout),
        lambda: whole_pdf(print_, layout),
        lambda: [isal_zlib.compress(rows, LEVEL) for rows in ready],
        rounds=15,
    )
    draw_image, png = cpu_ms(lambda: reportlab_pdf(grays, layout), lambda: img2pdf_pdf(grays), rounds=2)
    return [
        Row(f"{what}, from pixels", "reportlab drawImage", ours, draw_image, at_least=15),
        Row(f"{what}, from pixels", "img2pdf with PNG", ours, png, at_least=6),
        Row(f"{what}, from pixels", "deflate alone (isal)", ours, deflate, at_most=1.6),
        Row(f"{what}, from data sets of 12 bits", "reportlab drawImage", whole, draw_image, at_least=15),
        Row(f"{what}, from data sets of 12 bits", "img2pdf with PNG", whole, png, at_least=6),
    ]


def our_pdf(grays: list[np.ndarray], layout: FilmLayout) -> bytes:
    """The page by our own file and image, from the grey levels."""
    file = io.BytesIO()
    pdf, page = PdfFile(file), Page(layout.width, layout.height)
    tree = pdf.reserve()
    for gray, placed in zip(grays, layout.images, strict=True):
        samples = compress(gray)
        assert placed.image is not None
        page.image(pdf.add_stream(samples.entries(), samples.data), placed.image)
    number = page.write(pdf, tree)
    pdf.add(f"<< /Type /Pages /Kids [{ref(number)}] /Count 1 >>", tree)
    pdf.end(pdf.add(f"<< /Type /Catalog /Pages {ref(tree)} >>"), pdf.add("<< >>"), b"")
    return file.getvalue()


def whole_pdf(print_: Print, layout: FilmLayout) -> bytes:
    """The page as the product draws it: data sets read, values masked and looked up."""
    file = io.BytesIO()
    write_pdf(print_, [layout], file)
    return file.getvalue()


def reportlab_pdf(grays: list[np.ndarray], layout: FilmLayout) -> bytes:
    """The same page by reportlab alone, from the grey levels."""
    file = io.BytesIO()
    canvas = Canvas(file, (layout.width * POINTS_PER_MM, layout.height * POINTS_PER_MM))
    for gray, placed in zip(grays, layout.images, strict=True):
        x, y, width, height = points(layout, placed)
        canvas.drawImage(ImageReader(PilImage.fromarray(gray)), x, y, width, height)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def points(layout: FilmLayout, placed: PlacedImage) -> tuple[float, float, float, float]:
    assert placed.image is not None
    rect, bottom = placed.image, layout.height - placed.image.y - placed.image.height
    x, y, width, height = (mm * POINTS_PER_MM for mm in (rect.x, bottom, rect.width, rect.height))
    return x, y, width, height


def img2pdf_pdf(grays: list[np.ndarray]) -> bytes:
    """A page an image by img2pdf, which takes the deflated data of a PNG as they are."""
    pngs = []
    for gray in grays:
        png = io.BytesIO()
        PilImage.fromarray(gray).save(png, "PNG")
        pngs.append(png.getvalue())
    convert: Callable[..., bytes] = img2pdf.convert
    return convert(pngs)
