"""The sheet with the password: a second paper that travels apart from the disc."""

import io

from media.build.opening import CMS_WORDS, ZIP_WORDS
from media.fileset.encryption import Method


def password_slip(password: str, reference: str, method: Method, created: str, volumes: int) -> bytes:
    """The PDF: the password to be read and typed, what it opens, how. It names no patient."""
    from reportlab.lib.pagesizes import A5
    from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
    from reportlab.lib.units import mm
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    styles = getSampleStyleSheet()
    body = styles["BodyText"]
    shown = ParagraphStyle(
        "password",
        fontName="Courier-Bold",
        fontSize=20,
        leading=26,
        alignment=1,
        borderWidth=1,
        borderPadding=9,
        borderColor="black",
    )
    discs = "disc" if volumes == 1 else f"{volumes} discs"
    moment = created[:16].replace("T", " ")
    story = [
        Paragraph("Password of an encrypted disc", styles["Title"]),
        Paragraph(f"For the {discs} with the reference <b>{reference}</b>, made {moment}.", body),
        Spacer(1, 8 * mm),
        Paragraph(_escaped(password), shown),
        Spacer(1, 9 * mm),
        Paragraph("Hand this sheet over apart from the disc, or send it another way.", body),
        Spacer(1, 3 * mm),
    ]
    steps = (ZIP_WORDS if method is Method.ZIP else CMS_WORDS)["en"][1][1:]
    story += [Paragraph(f"{number}. {_escaped(step)}", body) for number, step in enumerate(steps, 1)]
    out = io.BytesIO()
    margin = 15 * mm
    document = SimpleDocTemplate(
        out, pagesize=A5, leftMargin=margin, rightMargin=margin, topMargin=margin, bottomMargin=margin,
        title="Password", author="", invariant=1,
    )  # fmt: skip
    document.build(story)
    return out.getvalue()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
