"""Fonts in a PDF: only the glyphs that it shows, each with the text it stands for (ISO 32000-1, 9.7)."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import numpy as np
import uharfbuzz as hb
from isal import isal_zlib

from printmgr.render.pdf_file import PdfFile, ref, string
from printmgr.render.shaping import Glyph, Line, Part, is_mark
from printmgr.render.typefaces import Typeface

# Not needed to draw glyphs by their number
DROPPED = ("GSUB", "GPOS", "GDEF", "cmap", "OS/2", "name", "post", "gasp", "DSIG", "vhea", "vmtx", "kern", "STAT")
SYMBOLIC = 4  # font flag: glyphs are not those of a standard encoding
MAX_BFCHAR = 100  # entries of one bfchar section

TO_UNICODE = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{sections}
endcmap
CMapName currentdict /CMap defineresource pop
end
end"""


class PdfFont:
    """One font of a document. A code (CID) is a glyph together with the text it stands for, so that text reads back."""

    def __init__(self, face: Typeface, name: str, number: int) -> None:
        self.face, self.name, self.number = face, name, number
        self._codes: dict[tuple[int, str], int] = {}

    def code(self, glyph: Glyph) -> int:
        return self._codes.setdefault((glyph.id, glyph.text), len(self._codes) + 1)

    def width(self, glyph: int) -> float:
        """The advance that the font itself gives a glyph, in thousandths of an em."""
        return float(self.face.font.get_glyph_h_advance(glyph)) * 1000 / self.face.units_per_em

    def write(self, pdf: PdfFile) -> None:
        data, numbers = subset(self.face, sorted({glyph for glyph, _ in self._codes}))
        tag = "".join(chr(ord("A") + byte % 26) for byte in hashlib.sha256(data).digest()[:6])
        name = f"{tag}+{self.face.name}"
        file = pdf.add_stream(f"/Filter /FlateDecode /Length1 {len(data)}", isal_zlib.compress(data))
        to_glyph = np.array([0, *(numbers[glyph] for glyph, _ in self._codes)], ">u2").tobytes()
        glyphs = pdf.add_stream("/Filter /FlateDecode", isal_zlib.compress(to_glyph))
        texts = {code: text for (_, text), code in self._codes.items() if text}
        unicode = pdf.add_stream("/Filter /FlateDecode", isal_zlib.compress(to_unicode(texts).encode("ascii")))
        descriptor = pdf.add(self._descriptor(name, file))
        widths = " ".join(f"{self.width(glyph):g}" for glyph, _ in self._codes)
        system = f"<< /Registry {string('Adobe')} /Ordering {string('Identity')} /Supplement 0 >>"
        descendant = pdf.add(
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDSystemInfo {system}"
            f" /FontDescriptor {ref(descriptor)} /DW 1000 /W [1 [{widths}]] /CIDToGIDMap {ref(glyphs)} >>"
        )
        pdf.add(
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H"
            f" /DescendantFonts [{ref(descendant)}] /ToUnicode {ref(unicode)} >>",
            self.number,
        )

    def _descriptor(self, name: str, file: int) -> str:
        extents = self.face.font.get_font_extents("ltr")
        scale = 1000 / self.face.units_per_em
        ascent, descent = round(extents.ascender * scale), round(extents.descender * scale)
        return (
            f"<< /Type /FontDescriptor /FontName /{name} /Flags {SYMBOLIC} /FontBBox [-1000 {descent} 3000 {ascent}]"
            f" /ItalicAngle 0 /Ascent {ascent} /Descent {descent} /CapHeight {ascent} /StemV 80"
            f" /FontFile2 {ref(file)} >>"
        )


class PdfFonts:
    """The fonts of a document, in the order they are first used."""

    def __init__(self, pdf: PdfFile) -> None:
        self._pdf = pdf
        self._fonts: dict[Typeface, PdfFont] = {}

    def font(self, face: Typeface) -> PdfFont:
        if face not in self._fonts:
            self._fonts[face] = PdfFont(face, f"F{len(self._fonts) + 1}", self._pdf.reserve())
        return self._fonts[face]

    def write(self) -> None:
        """Write all of them, when no more text comes."""
        for font in self._fonts.values():
            font.write(self._pdf)

    def show(self, line: Line, x: float, y: float, size: float) -> tuple[str, dict[str, int]]:
        """The operators that show a line with its left end at (x, y), and its fonts by name; lengths in points."""
        used: dict[str, int] = {}
        shown = []
        for part in line.parts:
            operators = []
            for (face, rise), glyphs in groupby(part.glyphs, lambda glyph: (glyph.face, glyph.y)):
                font, some = self.font(face), list(glyphs)
                used[font.name] = font.number
                left, up = x + some[0].x * size, y + rise * size
                operators.append(f"/{font.name} {size:.4f} Tf 1 0 0 1 {left:.4f} {up:.4f} Tm [{spaced(font, some)}] TJ")
            shown.append(standing_for(part, "\n".join(["BT", *operators, "ET"])))
        return "\n".join(shown), used


def standing_for(part: Part, operators: str) -> str:
    """The operators with the text they stand for, where their glyphs alone do not say it, or not side by side.

    Not from right to left: readers take such glyphs in the order they see them, and turn what they read.
    """
    if part.right_to_left or all(glyph.text and not is_mark(glyph.text[0]) for glyph in part.glyphs):
        return operators
    return actual(part.text, operators)


def actual(text: str, operators: str) -> str:
    """Operators that stand for `text` (ISO 32000-1, 14.9.4)."""
    return f"/Span << /ActualText {string(text)} >> BDC\n{operators}\nEMC"


def spaced(font: PdfFont, glyphs: Iterable[Glyph]) -> str:
    """Codes of glyphs, and between them how far the next one is from where the font's own width would put it."""
    out = []
    at: float | None = None
    for glyph in glyphs:
        back = 0 if at is None else round((at - glyph.x) * 1000)
        at = (glyph.x if at is None or back else at) + font.width(glyph.id) / 1000
        out.append((f"{back} " if back else "") + f"<{font.code(glyph):04X}>")
    return " ".join(out)


def subset(face: Typeface, glyphs: list[int]) -> tuple[bytes, Mapping[int, int]]:
    """A font file with these glyphs alone, and their numbers in it by those they have."""
    wanted = hb.SubsetInput()
    wanted.glyph_set.update(glyphs)
    wanted.drop_table_tag_set.update(int.from_bytes(tag.encode("ascii")) for tag in DROPPED)
    wanted.flags |= hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE
    plan = hb.SubsetPlan(face.font.face, wanted)
    numbers = plan.old_to_new_glyph_mapping
    return plan.execute().blob.data, {glyph: numbers[glyph] for glyph in glyphs}


def to_unicode(texts: Mapping[int, str]) -> str:
    """The CMap from codes to text (ISO 32000-1, 9.10.3)."""
    return TO_UNICODE.format(sections="\n".join(sections(list(texts.items()))))


def sections(entries: list[tuple[int, str]]) -> Iterator[str]:
    for start in range(0, len(entries), MAX_BFCHAR):
        some = entries[start : start + MAX_BFCHAR]
        lines = (f"<{code:04X}> <{text.encode('utf-16-be').hex().upper()}>" for code, text in some)
        yield "\n".join([f"{len(some)} beginbfchar", *lines, "endbfchar"])
