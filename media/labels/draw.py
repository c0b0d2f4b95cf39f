"""A template filled in, as a PDF (reportlab). Text is drawn as outlines in any script, and can be searched for."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

import segno
import uharfbuzz as hb
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from media.labels.facts import Facts
from media.labels.template import Item, Template
from media.labels.text import Line, SetText, Typesetter, fitted
from media.labels.words import Words, english

ELSEWHERE = "see README.TXT"  # in place of what has no room
MORE_ELSEWHERE = "+ {count} more: see README.TXT"
SHARE_BEFORE = {"left": 0.0, "center": 0.5, "right": 1.0}
HAIRLINE_MM = 0.15
QUIET_MODULES = 4  # white around a QR code (ISO/IEC 18004)
CHARACTER_EM = 0.5  # of Helvetica's "n", roughly, which stands for a line where text is searched


def drawn(
    template: Template, sheets: Sequence[Facts], typeset: Typesetter, words: Words = english
) -> tuple[bytes, list[str]]:
    """The PDF, a page for each of `sheets`, and what had no room on it."""
    stream = BytesIO()
    unfit: list[str] = []
    canvas = Canvas(stream, (template.width * mm, template.height * mm), invariant=True, pageCompression=True)
    canvas.setTitle(template.name)
    for facts in sheets:
        _outline(canvas, template)
        for item in template.items:
            unfit += _Sheet(canvas, template, facts, typeset, words).draw(item)
        canvas.showPage()
    canvas.save()
    return stream.getvalue(), unfit


def _outline(canvas: Any, template: Template) -> None:
    """The printable ring, for cutting out or to see how it lies."""
    if template.ring:
        canvas.setLineWidth(HAIRLINE_MM * mm)
        canvas.setStrokeGray(0.8)
        for diameter in template.ring:
            canvas.circle(template.width / 2 * mm, template.height / 2 * mm, diameter / 2 * mm)
        canvas.setStrokeGray(0)


class _Sheet:
    """One page."""

    def __init__(self, canvas: Any, template: Template, facts: Facts, typeset: Typesetter, words: Words) -> None:
        self._canvas, self._height, self._facts, self._typeset = canvas, template.height, facts, typeset
        self._words = words

    def draw(self, item: Item) -> Iterator[str]:
        """Draw it; what has no room comes back."""
        match item.kind:
            case "text":
                yield from self._text(item, self._words(item.text).format_map(self._facts.fields).strip())
            case "list":
                yield from self._list(item)
            case "qr":
                self._qr(item, item.text.format_map(self._facts.fields))
            case "barcode":
                yield from self._barcode(item, item.text.format_map(self._facts.fields))
            case _:
                self._canvas.setLineWidth(HAIRLINE_MM * mm)
                self._canvas.rect(item.x * mm, self._y(item.y + item.height), item.width * mm, item.height * mm)

    def _y(self, y: float) -> float:
        return float((self._height - y) * mm)

    def _text(self, item: Item, text: str) -> Iterator[str]:
        if not text:
            return
        room = (item.width, item.height, item.size, item.least, item.lines)
        found = fitted(text, *room, self._typeset)
        if found is None:
            yield text
            found = fitted(self._words(ELSEWHERE), *room, self._typeset)
        if found is not None:
            self._lines(item, found)

    def _list(self, item: Item) -> Iterator[str]:
        """Whole rows, as many as have room; when not all have, the last line says how many more there are."""
        rows = [row for row in self._facts.rows.get(item.text, ()) if row]
        pitch = item.size * 1.3
        most = max(int(item.height / pitch), 1)
        shown, rest = (rows, []) if len(rows) <= most else (rows[: most - 1], rows[most - 1 :])
        lines: list[str] = []
        for row in shown:
            if fitted(row, item.width, pitch, item.size, item.least, 1, self._typeset) is None:
                rest.append(row)
            else:
                lines.append(row)
        if rest:
            lines = [*lines[: most - 1], self._words(MORE_ELSEWHERE).format(count=len(rest))]
        for at, row in enumerate(lines):
            place = Item("text", item.x, item.y + at * pitch, item.width, pitch, "", item.size, 0.5, 1, item.align)
            list(self._text(place, row))
        yield from rest

    def _lines(self, item: Item, found: SetText) -> None:
        for at, line in enumerate(found.lines):
            left = item.x + (item.width - line.width * found.size) * SHARE_BEFORE[item.align]
            self._line(line, left, item.y + found.first + at * found.pitch, found.size)

    def _line(self, line: Line, x: float, y: float, size: float) -> None:
        """The outlines of a line, and beside them, unseen, its text for searching (PDF 14.9.4)."""
        canvas, em = self._canvas, size * mm
        path = canvas.beginPath()
        for glyph in line.glyphs:
            scale = em / glyph.face.units_per_em
            _outline_of(path, glyph.face.font, glyph.id, x * mm + glyph.x * em, self._y(y) + glyph.y * em, scale)
        canvas.drawPath(path, stroke=0, fill=1)
        said = ("\ufeff" + line.text).encode("utf-16-be", "replace").hex()
        canvas.addLiteral(f"/Span << /ActualText <{said}> >> BDC")
        text = canvas.beginText(x * mm, self._y(y))
        text.setFont("Helvetica", em)
        text.setTextRenderMode(3)
        text.setHorizScale(max(line.width, 0.01) / CHARACTER_EM * 100 / max(len(line.text), 1))
        text.textOut("n" * max(len(line.text), 1))
        canvas.drawText(text)
        canvas.addLiteral("EMC")

    def _qr(self, item: Item, value: str) -> None:
        side = min(item.width, item.height)
        modules = [list(row) for row in segno.make(value, error="m", micro=False).matrix]
        module = side / (len(modules) + 2 * QUIET_MODULES)
        path = self._canvas.beginPath()
        for row, bits in enumerate(modules):
            for column, dark in enumerate(bits):
                if dark:
                    left, top = item.x + (column + QUIET_MODULES) * module, item.y + (row + QUIET_MODULES) * module
                    path.rect(left * mm, self._y(top + module), module * mm, module * mm)
        self._canvas.drawPath(path, stroke=0, fill=1)

    def _barcode(self, item: Item, value: str) -> Iterator[str]:
        """Code 128; when it does not fit with bars that scanners read (0.19 mm) it is left out."""
        plain = Code128(value, barWidth=1, barHeight=item.height * mm, quiet=True)
        bar = item.width * mm / plain.width
        if bar < 0.19 * mm:
            yield value
            return
        code = Code128(value, barWidth=min(bar, 0.4 * mm), barHeight=item.height * mm, quiet=True)
        code.drawOn(self._canvas, item.x * mm, self._y(item.y + item.height))


def _outline_of(path: Any, font: Any, glyph: int, x: float, y: float, scale: float) -> None:
    """A glyph's outline into a path of the canvas."""
    at = [0.0, 0.0]

    def point(px: float, py: float) -> tuple[float, float]:
        return x + px * scale, y + py * scale

    def move(px: float, py: float, _: object) -> None:
        at[:] = point(px, py)
        path.moveTo(*at)

    def line(px: float, py: float, _: object) -> None:
        at[:] = point(px, py)
        path.lineTo(*at)

    def cubic(ax: float, ay: float, bx: float, by: float, px: float, py: float, _: object) -> None:
        at[:] = point(px, py)
        path.curveTo(*point(ax, ay), *point(bx, by), *at)

    def quadratic(cx: float, cy: float, px: float, py: float, _: object) -> None:
        control, end = point(cx, cy), point(px, py)
        first = [start + 2 / 3 * (middle - start) for start, middle in zip(at, control, strict=True)]
        second = [last + 2 / 3 * (middle - last) for last, middle in zip(end, control, strict=True)]
        at[:] = end
        path.curveTo(*first, *second, *end)

    functions = hb.DrawFuncs()
    functions.set_move_to_func(move)
    functions.set_line_to_func(line)
    functions.set_cubic_to_func(cubic)
    functions.set_quadratic_to_func(quadratic)
    functions.set_close_path_func(lambda _: path.close())
    font.draw_glyph(glyph, functions)
