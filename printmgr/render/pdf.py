"""Films as a PDF: one page a film of exactly its size, each image a lossless PDF image at its place."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import BinaryIO

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from printmgr.film.layout import FilmLayout, Rect
from printmgr.ports import Print
from printmgr.render.drawing import EMPTY, TRIM_LINE_MM, Drawing, drawing
from printmgr.render.image import PdfImage, compress, draw

POINTS_PER_MM = 72 / 25.4
PDF_VERSION = (1, 7)
PRODUCER = "printmgr"
TEXT_SHARE = 0.08  # height of the text by the width of the film


def write_pdf(print_: Print, layouts: Sequence[FilmLayout], file: BinaryIO) -> None:
    """Write all films of a print; the same bytes for the same print. Raises BadPixels.

    Of all images but one, only the compressed samples are in memory.
    """
    drawings = (
        drawing(print_, film, layout, print_.printer.depth)
        for film, layout in zip(print_.order.films, layouts, strict=True)
    )
    canvas = Canvas(
        file, pagesize=(1, 1), pageCompression=0, invariant=1, pdfVersion=PDF_VERSION, initialFontName=font()
    )
    texts = [draw_film(canvas, film, print_, number) for number, film in enumerate(drawings, start=1)]
    describe(canvas, print_, EMPTY if EMPTY in texts else "")
    canvas.save()


@cache
def font() -> str:
    """The embedded font of all text; its name."""
    pdfmetrics.registerFont(TTFont("printmgr-sans", "Vera.ttf"))
    return "printmgr-sans"


def describe(canvas: Canvas, print_: Print, keywords: str) -> None:
    """Fill the document information; the date is the order's, so that a film drawn again is the same file."""
    ordered = datetime.fromisoformat(print_.ordered_at)
    zone = ordered.strftime("%z")
    date = ordered.strftime("D:%Y%m%d%H%M%S") + (f"{zone[:3]}'{zone[3:5]}'" if zone else "")
    canvas.setTitle(printable(print_.order.session.film_session_label) or f"Film {print_.id}")
    canvas.setAuthor(printable(print_.caller.calling_ae))
    canvas.setSubject(printable(f"Print {print_.id} on {print_.printer.ae_title}"))
    canvas.setKeywords(keywords)
    canvas.setCreator(PRODUCER)
    canvas.setProducer(PRODUCER)
    canvas.setDateFormatter(lambda *_: date)


def printable(text: str) -> str:
    """Text without control characters and halves of characters; reportlab escapes the rest as PDF strings.

    >>> printable(" A\\x00\\ud800(B)\\r\\n")
    'A  (B)'
    """
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def draw_film(canvas: Canvas, film: Drawing, print_: Print, number: int) -> str:
    """Draw one film as a page; what is written over it."""
    page = Page(canvas, film.height)
    canvas.setPageSize((film.width * POINTS_PER_MM, film.height * POINTS_PER_MM))
    page.fill(Rect(0, 0, film.width, film.height), film.border)
    for box in film.empty_boxes:
        page.fill(box, film.empty)
    for index, image in enumerate(film.images, start=1):
        samples = compress(image.grays(print_.folder))
        draw(canvas, PdfImage(samples), f"film{number}_image{index}", *page.points(image.rect))
    if film.trim:
        page.outline([image.rect for image in film.images], film.trim_line)
    if film.text:
        page.write(film.text, film.width, film.text_gray)
    canvas.showPage()
    return film.text


class Page:
    """A page measured in mm from its top left corner."""

    def __init__(self, canvas: Canvas, height: float) -> None:
        self.canvas, self.height = canvas, height

    def points(self, rect: Rect) -> tuple[float, float, float, float]:
        """x and y of the lower left corner, width and height in points."""
        bottom = self.height - rect.y - rect.height
        x, y, width, height = (mm * POINTS_PER_MM for mm in (rect.x, bottom, rect.width, rect.height))
        return x, y, width, height

    def fill(self, rect: Rect, gray: float) -> None:
        self.canvas.setFillGray(gray)
        self.canvas.rect(*self.points(rect), stroke=0, fill=1)

    def outline(self, rects: Sequence[Rect], gray: float) -> None:
        """A box line on the edge of each image (Trim, PS3.3 C.13.3): half of its width covers the outermost pixels."""
        self.canvas.setStrokeGray(gray)
        self.canvas.setLineWidth(TRIM_LINE_MM * POINTS_PER_MM)
        for rect in rects:
            self.canvas.rect(*self.points(rect), stroke=1, fill=0)

    def write(self, text: str, width: float, gray: float) -> None:
        """Text in the middle of the page."""
        size = width * TEXT_SHARE * POINTS_PER_MM
        self.canvas.setFillGray(gray)
        self.canvas.setFont(font(), size)
        middle = self.height * POINTS_PER_MM / 2
        self.canvas.drawCentredString(width * POINTS_PER_MM / 2, middle - size * 0.35, text)
