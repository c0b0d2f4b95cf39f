"""What makes a PDF a PDF/A-2b (ISO 19005-2): its information twice alike, and the colours that its numbers mean."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from isal import isal_zlib

from printmgr.render.icc import gray_profile, srgb_profile
from printmgr.render.pdf_file import PdfFile, ref, string

PRODUCER = "printmgr"
PACKET_ID = "W5M0MpCehiHzreSzNTczkc9d"  # of every XMP packet (ISO 16684-1, 7.3.2)
REGISTRY = "http://www.color.org"

XMP = """<?xpacket begin="\ufeff" id="{packet_id}"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
{properties}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
ALTERNATIVES = '<{name}><rdf:Alt><rdf:li xml:lang="x-default">{value}</rdf:li></rdf:Alt></{name}>'
ORDERED = "<{name}><rdf:Seq><rdf:li>{value}</rdf:li></rdf:Seq></{name}>"
SIMPLE = "<{name}>{value}</{name}>"


@dataclass(frozen=True, slots=True)
class Information:
    """What a document says of itself. An empty text is not said; other texts hold what `printable` leaves of them."""

    title: str
    author: str
    subject: str
    keywords: str
    date: datetime  # with its offset, to the second

    def entries(self) -> dict[str, str]:
        """The document information dictionary (ISO 32000-1, 14.3.3)."""
        zone = self.date.strftime("%z")
        date = self.date.strftime("D:%Y%m%d%H%M%S") + (f"{zone[:3]}'{zone[3:5]}'" if zone else "")
        said = {"Title": self.title, "Author": self.author, "Subject": self.subject, "Keywords": self.keywords}
        said |= {"Creator": PRODUCER, "Producer": PRODUCER, "CreationDate": date, "ModDate": date}
        return {key: value for key, value in said.items() if value}

    def xmp(self) -> bytes:
        """The same as XMP (ISO 19005-2, 6.6.2 and 6.6.3)."""
        date = self.date.isoformat(timespec="seconds")
        said = (
            ("dc:title", self.title, ALTERNATIVES),
            ("dc:creator", self.author, ORDERED),
            ("dc:description", self.subject, ALTERNATIVES),
            ("pdf:Keywords", self.keywords, SIMPLE),
            ("pdf:Producer", PRODUCER, SIMPLE),
            ("xmp:CreatorTool", PRODUCER, SIMPLE),
            ("xmp:CreateDate", date, SIMPLE),
            ("xmp:ModifyDate", date, SIMPLE),
        )
        properties = (form.format(name=name, value=escape(value)) for name, value, form in said if value)
        return XMP.format(packet_id=PACKET_ID, properties="\n".join(properties)).encode()


def printable(text: str) -> str:
    """Text without control characters and halves of characters, which neither PDF nor XML can say.

    >>> printable(" A\\x00\\ud800(B)\\r\\n")
    'A  (B)'
    """
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def output_intent(pdf: PdfFile, color: bool) -> int:
    """What DeviceGray and, in a film of `color`, DeviceRGB mean (ISO 19005-2, 6.2.3); its object."""
    profile, name, samples = (srgb_profile(), "sRGB", 3) if color else (gray_profile(), "Gray, sRGB tone curve", 1)
    stream = add_profile(pdf, profile, samples)
    return pdf.add(
        f"<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier {string(name)} /Info {string(name)}"
        f" /RegistryName {string(REGISTRY)} /DestOutputProfile {ref(stream)} >>"
    )


def add_profile(pdf: PdfFile, profile: bytes, samples: int) -> int:
    """An ICC profile of colours with so many samples; its object (ISO 32000-1, 8.6.5.5)."""
    return pdf.add_stream(f"/N {samples} /Filter /FlateDecode", isal_zlib.compress(profile))


def end(pdf: PdfFile, pages: int, information: Information, *, color: bool) -> None:
    """Write what surrounds the page tree `pages`, and the end of the file."""
    packet = information.xmp()
    metadata = pdf.add_stream("/Type /Metadata /Subtype /XML", packet)
    intent = output_intent(pdf, color)
    entries = " ".join(f"/{key} {string(value)}" for key, value in information.entries().items())
    info = pdf.add(f"<< {entries} >>")
    # A viewer that prints is asked to leave the scale alone.
    root = pdf.add(
        f"<< /Type /Catalog /Pages {ref(pages)} /Metadata {ref(metadata)} /OutputIntents [{ref(intent)}]"
        " /ViewerPreferences << /DisplayDocTitle true /PrintScaling /None /PickTrayByPDFSize true >> >>"
    )
    pdf.end(root, info, hashlib.sha256(packet).digest()[:16])
