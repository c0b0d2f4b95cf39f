"""The statement of a de-identified volume: what was removed, by which rule, and what was not looked for. One PDF."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from media.build.confidentiality import EDITION, table
from media.fileset.confidentiality import BASIC, CLEAN_PIXELS, CODES, Deidentify, Option

SENTENCES = {
    "removed": "removed",
    "emptied": "left without a value",
    "replaced": "replaced by a dummy, a pseudonym or a new UID",
    "shifted": "moved by a number of days that is the same for all dates of a patient",
    "cleaned": "freed of words that are no terms of medicine or that identified the patient",
}
NOT_DONE = (
    "Faces that can be rendered from volumes of the head are still in them.",
    "Rare findings, implants and the combination of what is left can still tell who somebody is.",
    "Texts in pixels are not searched for: images of kinds that carry them were left out unless a mask covers the "
    "place or a person has seen and released the image.",
    "Whoever has the key of the pseudonyms and the originals can tell which are whose.",
)
WITHHELD = {
    "may-show-text": "images of kinds that carry a patient's data in their pixels, neither masked nor released",
    "free-text": "reports and documents that nobody has released",
    "not-deidentified": "could not be decoded as a whole, or not masked",
}


class Account(NamedTuple):
    """What is stated.

    masked   instances with rectangles written over
    removed  (tag, what was done) -> how often
    reasons  why files of the sources are not among the instances -> how many
    key      the fingerprint of the pseudonyms' key
    """

    order: Deidentify
    created: str
    instances: int
    masked: int
    removed: Mapping[tuple[int, str], int]
    reasons: Mapping[str, int]
    key: str


def statement(account: Account) -> bytes:
    """The PDF; the same account gives the same bytes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title="De-identification statement",
        author="",
        invariant=1,
    )
    document.build(list(_story(account)), onFirstPage=_footer, onLaterPages=_footer)
    return out.getvalue()


def _footer(canvas: Any, document: Any) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawCentredString(document.pagesize[0] / 2, 28, f"page {document.page}")


def _story(account: Account) -> Iterator[Any]:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, Spacer

    styles = getSampleStyleSheet()
    heading, body, title = styles["Heading2"], styles["BodyText"], styles["Title"]
    yield Paragraph("De-identification statement", title)
    yield _table([["What", "Value"], *_facts(account)], (60, 110))
    yield Paragraph("Profile and options (PS3.15 E.2, E.3; PS3.16 CID 7050)", heading)
    yield _table([["Code", "Meaning"], *map(list, _codes(account))], (30, 140))
    yield Paragraph("What this does not do", heading)
    for sentence in NOT_DONE:
        yield Paragraph(f"• {sentence}", body)
    if account.reasons:
        yield Paragraph("Files of the sources that are not among the instances", heading)
        reasons = [[name, WITHHELD.get(name, ""), str(number)] for name, number in sorted(account.reasons.items())]
        yield _table([["Reason", "", "Files"], *reasons], (40, 105, 25))
    yield Paragraph("What was done to which attribute", heading)
    for what, sentence in SENTENCES.items():
        rows = list(_rows(account, what))
        if rows:
            yield Paragraph(f"<b>{what}</b>: {sentence}", body)
            yield _table([["Attribute", "Name", "Times"], *rows], (30, 115, 25))
            yield Spacer(1, 6)


def _facts(account: Account) -> Iterator[list[str]]:
    yield ["Made", account.created]
    yield ["Instances", str(account.instances)]
    yield ["of these with masked pixels", str(account.masked)]
    yield ["of these seen and released by a person", str(len(account.order.released))]
    yield ["Table E.1-1 of edition", EDITION]
    yield ["Key of the pseudonyms (fingerprint)", account.key]
    yield ["Private attributes", "safe ones kept" if Option.SAFE_PRIVATE in account.order.options else "all removed"]


def _codes(account: Account) -> Iterator[tuple[str, str]]:
    yield BASIC
    if account.masked:
        yield CLEAN_PIXELS
    for option in sorted(account.order.options):
        yield CODES[option]


def _rows(account: Account, what: str) -> Iterator[list[str]]:
    """Attributes by tag; private ones together."""
    private = 0
    for (tag, done), number in sorted(account.removed.items()):
        if done != what:
            continue
        if tag >> 16 & 1:
            private += number
        else:
            yield [f"({tag >> 16:04X},{tag & 0xFFFF:04X})", _name(tag), str(number)]
    if private:
        yield ["odd groups", "private attributes", str(private)]


def _name(tag: int) -> str:
    from pydicom.datadict import dictionary_description

    if tag in table() and table()[tag].name:
        return table()[tag].name
    try:
        return dictionary_description(tag)
    except KeyError:
        return ""


def _table(rows: Sequence[Sequence[str]], widths_mm: Sequence[float]) -> Any:
    from reportlab.lib import colors
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import mm
    from reportlab.platypus import Paragraph, Table, TableStyle

    cell = ParagraphStyle("cell", fontName="Helvetica", fontSize=8.5, leading=10.5)
    head = ParagraphStyle("head", parent=cell, fontName="Helvetica-Bold")
    shown = [[Paragraph(text, head if number == 0 else cell) for text in row] for number, row in enumerate(rows)]
    style = TableStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.3, colors.grey),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ]
    )
    return Table(shown, colWidths=[width * mm for width in widths_mm], style=style, repeatRows=1, hAlign="LEFT")
