"""The content of one page, measured in mm from its top left corner (ISO 32000-1, 7.8)."""

from collections.abc import Iterable

from printmgr.film.geometry import Rect
from printmgr.film.scale import Ruler
from printmgr.render.pdf_file import PdfFile, ref
from printmgr.render.pdf_font import PdfFonts, actual
from printmgr.render.typesetting import SetLine

POINTS_PER_MM = 72 / 25.4


class Page:
    """Drawn from back to front; `write` ends it."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._operators: list[str] = []
        self._images: list[int] = []
        self._fonts: dict[str, int] = {}

    def fill(self, rect: Rect, gray: float) -> None:
        self._operators.append(f"{gray:.6f} g {self._numbers(rect)} re f")

    def outline(self, rects: Iterable[Rect], gray: float, thickness: float) -> None:
        """A line on the edge of each rectangle, half of it inside."""
        self._operators.append(f"{gray:.6f} G {thickness * POINTS_PER_MM:.6f} w")
        self._operators += [f"{self._numbers(rect)} re S" for rect in rects]

    def image(self, number: int, rect: Rect) -> None:
        """Draw an image object of the document."""
        self._images.append(number)
        x, y, width, height = self._points(rect)
        self._operators.append(f"q {width:.6f} 0 0 {height:.6f} {x:.6f} {y:.6f} cm /I{number} Do Q")

    def text(self, lines: Iterable[SetLine], gray: float, fonts: PdfFonts) -> None:
        for line in lines:
            x, y = line.x * POINTS_PER_MM, (self.height - line.y) * POINTS_PER_MM
            operators, used = fonts.show(line.line, x, y, line.size * POINTS_PER_MM)
            self._operators += [f"{gray:.6f} g", actual(line.stands_for, operators) if line.stands_for else operators]
            self._fonts |= used

    def ruler(self, ruler: Ruler, gray: float, thickness: float) -> None:
        for mark in ruler.marks(thickness):
            self.fill(mark, gray)

    def write(self, pdf: PdfFile, parent: int) -> int:
        """Write the page; its object."""
        content = pdf.add_stream("", "\n".join(self._operators).encode("ascii"))
        images = " ".join(f"/I{number} {ref(number)}" for number in dict.fromkeys(self._images))
        fonts = " ".join(f"/{name} {ref(number)}" for name, number in self._fonts.items())
        resources = f"/XObject << {images} >>" + (f" /Font << {fonts} >>" if fonts else "")
        _, _, width, height = self._points(Rect(0, 0, self.width, self.height))
        return pdf.add(
            f"<< /Type /Page /Parent {ref(parent)} /MediaBox [0 0 {width:.6f} {height:.6f}]"
            f" /Contents {ref(content)} /Resources << {resources} >> >>"
        )

    def _points(self, rect: Rect) -> tuple[float, float, float, float]:
        """x and y of the lower left corner, width and height in points."""
        bottom = self.height - rect.y - rect.height
        x, y, width, height = (mm * POINTS_PER_MM for mm in (rect.x, bottom, rect.width, rect.height))
        return x, y, width, height

    def _numbers(self, rect: Rect) -> str:
        return " ".join(f"{number:.6f}" for number in self._points(rect))
