"""Films as a PDF/A-2b: one page a film of exactly its size, each image a lossless PDF image at its place."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from printmgr.film.identity import NOBODY, Identity
from printmgr.film.layout import FilmLayout, Rect
from printmgr.ports import Print
from printmgr.render import pdfa
from printmgr.render.color import profile_of
from printmgr.render.drawing import EMPTY, LINE_MM, Drawing, drawing
from printmgr.render.image import compress
from printmgr.render.page import Page
from printmgr.render.pdf_file import PdfFile, ref
from printmgr.render.pdf_font import PdfFonts
from printmgr.render.pdfa import Information, printable

log = logging.getLogger(__name__)


def write_pdf(print_: Print, layouts: Sequence[FilmLayout], file: BinaryIO, identity: Identity = NOBODY) -> None:
    """Write all films of a print to an empty file; the same bytes for the same print. Raises BadPixels.

    One image is in memory at a time.
    identity  the patient whose name the document may bear
    """
    document = Document(file, print_)
    said: dict[str, None] = {}
    for film, layout in zip(print_.order.films, layouts, strict=True):
        drawn = drawing(print_, film, layout, print_.printer.depth)
        profile = profile_of(film, print_.folder)
        if profile.fault:
            log.warning("print %s: %s", print_.id, profile.fault)
        document.add(drawn, profile.data)
        said |= dict.fromkeys(text for text in (drawn.scale, "" if drawn.images else EMPTY) if text)
    document.end(information(print_, identity, "; ".join(said)))


class Document:
    """A PDF in the making."""

    def __init__(self, file: BinaryIO, print_: Print) -> None:
        self.pdf, self.print = PdfFile(file), print_
        self.tree = self.pdf.reserve()
        self.fonts = PdfFonts(self.pdf)
        self.pages: list[int] = []
        self.profiles: dict[bytes, int] = {}
        self.color = False

    def add(self, film: Drawing, profile: bytes | None) -> None:
        """A film as the next page; `profile` is what its colours mean, None: sRGB."""
        page = Page(film.width, film.height)
        page.fill(Rect(0, 0, film.width, film.height), film.border)
        for box in film.empty_boxes:
            page.fill(box, film.empty)
        for image in film.images:
            samples = compress(image.samples(self.print.folder))
            space = self.color_space(profile) if profile and image.color else ""
            page.image(self.pdf.add_stream(samples.entries(space), samples.data), image.rect)
        if film.trim:  # PS3.3 C.13.3
            page.outline([image.rect for image in film.images], film.line, LINE_MM)
        page.text(film.texts, film.line, self.fonts)
        page.text(film.notice, film.notice_gray, self.fonts)
        if film.ruler:
            page.ruler(film.ruler, film.line, LINE_MM)
        self.pages.append(page.write(self.pdf, self.tree))
        self.color |= film.color

    def color_space(self, profile: bytes) -> str:
        """The colour space of an ICC profile; each profile is written once."""
        if profile not in self.profiles:
            self.profiles[profile] = pdfa.add_profile(self.pdf, profile, 3)
        return f"[/ICCBased {ref(self.profiles[profile])}]"

    def end(self, information: Information) -> None:
        self.fonts.write()
        kids = " ".join(map(ref, self.pages))
        self.pdf.add(f"<< /Type /Pages /Kids [{kids}] /Count {len(self.pages)} >>", self.tree)
        pdfa.end(self.pdf, self.tree, information, color=self.color)


def information(print_: Print, identity: Identity, keywords: str) -> Information:
    """What the document says of itself; the date is the order's, so that a film drawn again is the same file.

    The film session's label does not stand here: it may name a patient whom nobody has confirmed.
    """
    return Information(
        title=printable(title_of(identity)) or f"Film {print_.id}",
        author=printable(print_.caller.calling_ae),
        subject=printable(f"Print {print_.id} on {print_.printer.ae_title}"),
        keywords=keywords,
        date=datetime.fromisoformat(print_.ordered_at).replace(microsecond=0),
    )


def title_of(identity: Identity) -> str:
    """The patient, as far as known.

    >>> title_of(Identity(patient_id="12", patient_name="Doe^Jane^^Dr."))
    'Doe Jane Dr., 12'
    """
    name = " ".join(part for group in identity.patient_name.split("=")[:1] for part in group.split("^") if part.strip())
    return ", ".join(part for part in (name, identity.patient_id) if part.strip())
