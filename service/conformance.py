"""CONFORMANCE.md, made from the tables that the code itself runs by."""

from collections.abc import Iterable, Iterator, Sequence

from pydicom.uid import UID

from media.fileset.media import MEDIA, FileSystem
from media.fileset.profiles import PROFILES, SECURE_PROFILES, UNWRITTEN, Profile
from media.fileset.records import RECORDS, RecordType
from printmgr.film.sizes import FILM_SIZES_MM
from printmgr.film.status import PrintWarning
from printmgr.scp import rules
from printmgr.scp.contexts import ABSTRACT_SYNTAXES, TRANSFER_SYNTAXES
from printmgr.scp.statuses import STATUSES, STATUSES_OF_CLASSES
from service import conformance_inbox, conformance_network, conformance_print
from service.conformance_archives import studies_fetched
from service.conformance_print import Section
from service.conformance_scu import films_sent

INTRODUCTION = """\
# Conformance

Made by `printmgr conformance` from the tables the code runs by; a test compares.
"""

PRINT_DEPARTURES = """\
### What differs from the standard, and what it leaves open

- Film Session, Film Box and Image Box are accepted as contexts of their own and stand for the meta class (not
  foreseen by PS3.4 H.3; old SCUs propose them).
- Any attribute that is not in the tables is kept with the print and ignored, never refused.
- Presentation LUT, Illumination and Reflected Ambient Light are accepted in the film session too (as before
  CP-173).
- Presentation LUT Shape INVERSE is accepted. A table of another length than the image's depth is interpolated.
- Images of 1 to 16 bits in 8, 16 or 32, with any High Bit, signed or not, and colour images in a grayscale box are
  rendered.
- Colour images in a grayscale box become grey (ITU-R BT.601); images of either kind in a colour box stay what they
  are. Red, green and blue may have 1 to 16 bits, by pixel or by plane; YBR_FULL is understood. Densities and
  Presentation LUTs do not apply to colour.
- ICC Profile (0028,2000) of a colour film goes into the PDF when it is a profile of an RGB device of version 2 to 4;
  another is ignored, and the film's JSON says so. Without one colours are sRGB.
- The PDF is a PDF/A-2b. Text is set in fonts of the package; a character that none has is drawn as a box. A text too
  long for its place is made smaller, broken, and at last cut off with an ellipsis; the PDF's text has all of it.
- A film is called "printed as requested" only when every image came with Requested Image Size and none was cropped,
  decimated or demagnified, else "not to scale".
- Image Box Position never fails a request: the box is known by its UID.
- Pixel Data shorter than Rows and Columns say are filled with zeros if at least half is there; less is 0110H.
- No Presentation LUT means IDENTITY, or what the printer's settings say.
- An image is too large for its box when it has more pixels than the printer has there at its pitch; with Requested
  Image Size, when it is wider or higher than the box. CROP keeps the middle. The PDF keeps the image's own pixels
  in every case.
- What an image leaves free of its box has Border Density; a box without an image has Empty Image Density.
- B602H and B603H are given when no image box holds an image; the film is made all the same, marked as empty.
- A second film session is 0111H, a film box without session 0117H, a wrong reference to it 0106H.
- A film box that is not negotiated for colour has Basic Grayscale Image Boxes; the context of its N-CREATE decides, on
  a context of Film Box alone the image box classes beside it. Either class may be named in the N-SET.
- A service that a class does not have is 0211H, a class that is none of print's 0118H. Contexts of retired classes
  (overlay, VOI LUT, print queue, referenced and pull print) are refused with result 3.
- Annotation Position never fails a request. Annotation takes its lines from the image boxes' area.
- N-ACTION on a film box and on its session are two prints.
- A response carries one status: of several warnings the one that says most.
"""

MEDIA_CREATION = """\
### Media Creation Management, as SCP

Media Creation Management (1.2.840.10008.5.1.1.33) at the AE title of the inbox: N-CREATE, N-ACTION Initiate and Cancel,
N-GET (PS3.4 S.3.2). Instances are those the inbox has received.

- N-CREATE: Referenced SOP Sequence; one Requested Media Application Profile for all of it, none: by the preset.
  Storage Media File-Set ID is taken when it is a valid one; the File-set UIDs are ours. Allow Media Splitting NO
  fails with SET_OVERSIZED when one volume does not do. Include Display Application NO, or Include Non-DICOM Objects
  NO, leaves out the viewer; README.TXT, INDEX.HTM and CHECKSUM.TXT are always there. FOR_PATIENT, FOR_PHYSICIAN,
  FOR_TEACHING and FOR_RESEARCH choose the preset patient, physician or teaching; none: patient. Label Using
  Information Extracted from Instances, Label Text and Barcode Value make a label (label.pdf beside the volume, and
  with a robot's ticket), the value as a QR code; Label Style Selection names one of our templates (DISC, JEWEL_CASE,
  ENVELOPE, RECEIPT, RELEASE), any other the one of the settings; Barcode Symbology is ignored. Allow Lossy
  Compression is taken and never used: nothing is compressed with loss. Media Disposition and Preserve Composite
  Instances are ignored: the inbox keeps what it received for as long as its settings say.
- Initiate: Number of Copies 1 to 99: so many media, or so many files of the same bytes (volume_1.iso,
  volume_1_copy_2.iso). Request Priority: of the requests that wait the highest is made next. Errors of the request as
  a whole are found then and told by N-GET.
- N-GET: Execution Status, Execution Status Info, Total Number of Pieces of Media Created, Failed SOP Sequence,
  Referenced Storage Media Sequence. An attribute of N-CREATE that is asked for is answered 0001H.
- Execution Status Info: NORMAL; QUEUED; CHECK_MCD_OP (there is no drive or stick, or a second person has to confirm
  several patients); OUT_OF_SUPPLIES (no blank disc, no empty stick); MCD_BUSY (drive or robot have other work);
  CHECK_MCD_SRV (what makes media is not set up as it should be); MCD_FAILURE (it failed, or what was read back
  differs); DIR_PROC_ERR (an instance lacks what its directory record needs); DUPL_REF_INST; INST_AP_CONFLICT;
  INST_OVERSIZED; SET_OVERSIZED; INSUFFIC MEMORY; NO_INSTANCE; NOT_SUPPORTED; PROC_FAILURE. UNKNOWN is never sent.
  Failure Reasons 0110H, 0112H, 0119H, 0202H, 0203H, 0205H.
- Statuses: N-CREATE 0106H, 0111H, 0117H, 0120H; N-ACTION A510H (Initiate came before), C201H (ended), C202H (its
  medium is being made, or a robot has begun it), C203H (Cancel by another AE title than the request's), 0112H, 0115H,
  0123H; N-GET 0001H, 0112H. A cancelled request is gone, and a robot's ticket with it.
"""

MEDIA_DEPARTURES = """\
### What differs from the standard, and what it leaves open

- UDF is written as 1.02 beside ISO 9660. PS3.12 asks UDF 2.5 or 2.6 of BD and 1.5 of DVD-RAM: volumes of those
  sizes are offered and called "no DICOM profile" in the plan and in README.TXT.
- UDF permissions are read, and execute for directories; PS3.12 P.2.1.5 asks for write and delete too. The media are
  written once.
- File-sets for USB, CF, MMC and SD leave as a folder or ZIP, are copied onto a mounted medium with the file system of
  the table (`usb`), or leave as the image of a FAT16 or FAT32 file system without partitions (`fat`).
- Secure DICOM Files are CMS EnvelopedData (AES-256-CBC; PBKDF2 with HMAC-SHA1 or RSA key transport) of a ContentInfo
  with DigestedData or, where the order names a signer, SignedData (SHA-256, RSA, no signed attributes; PS3.15 D.1.1
  has one of the two), of type id-data, as OpenSSL nests them. Such discs have no viewer.
- The preamble of every file is zeroed; everything from byte 128 on is as in the source, unless the profile asks for
  another transfer syntax. Lossless transcoding keeps the SOP Instance UID.
- Missing type 1 keys refuse the file. `--derive` may take Study, Series and Instance Number, Study ID, date and
  time from the same study, in the DICOMDIR only; each is listed.
- Series are not split over volumes unless one does not fit on a medium; each volume is a File-set of its own.
- IMPLANT ASSY records carry Implant Assembly Template Issuer beside the keys of Table F.5-38.
"""


def conformance() -> str:
    """The whole document."""
    print_ = ["## Print", *_print(), PRINT_DEPARTURES, films_sent()]
    network = ["## Network and security", *_told(conformance_network.sections())]
    inbox = ["## Study inbox", *_told(conformance_inbox.sections())]
    parts = [
        INTRODUCTION,
        *network,
        *print_,
        *inbox,
        studies_fetched(),
        "## Media",
        *_media(),
        MEDIA_CREATION,
        MEDIA_DEPARTURES,
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _print() -> Iterator[str]:
    yield "### SOP classes, as SCP"
    yield _table(("SOP class", "UID"), [(UID(uid).name, uid) for uid in ABSTRACT_SYNTAXES])
    yield "Transfer syntaxes: " + ", ".join(f"{UID(uid).name} ({uid})" for uid in TRANSFER_SYNTAXES) + "."
    for title, table in (
        ("Film Session (PS3.4 Table H.4-2)", rules.FILM_SESSION_RULES),
        ("Film Box (PS3.4 Tables H.4-6, H.4-7)", rules.FILM_BOX_RULES),
        ("Image Box (PS3.4 Tables H.4-10, H.4-11)", rules.IMAGE_BOX_RULES),
        ("Basic Grayscale or Color Image Sequence (PS3.3 C.13.5)", rules.IMAGE_RULES),
        ("Annotation Box (PS3.4 Table H.4-13)", rules.ANNOTATION_BOX_RULES),
    ):
        yield f"### {title}"
        yield _table(("attribute", "tag", "use", "values", "otherwise", "N-SET"), map(_attribute, table))
    yield "### Printer N-GET (PS3.4 Table H.4-17)"
    yield ", ".join(f"{name} {_tag(tag)}" for name, tag in rules.PRINTER_ATTRIBUTES.items()) + "."
    yield from _told(conformance_print.sections())
    yield "### Film Size IDs"
    yield "Beside these, any `<n>INX<n>IN` and `<n>CMX<n>CM`, decimals written with `_`."
    yield _table(("ID", "mm, portrait"), [(name, f"{w:g} x {h:g}") for name, (w, h) in FILM_SIZES_MM.items()])
    yield "### Statuses"
    yield _table(("status", "when"), _statuses())


def _told(sections: Iterable[Section]) -> Iterator[str]:
    for heading, content in sections:
        yield f"### {heading}"
        yield content if isinstance(content, str) else _table(*content)


def _attribute(rule: rules.Rule) -> tuple[str, ...]:
    values = str(rule.kind.value)
    if rule.allowed:
        shown = [str(value) for value in rule.allowed]
        values += ": " + (", ".join(shown) if len(shown) < 10 else f"{shown[0]} to {shown[-1]}")
    default = "" if rule.default is None else f"{rule.default}"
    return rule.keyword, _tag(rule.tag), rule.usage.value, values, default, "yes" if rule.settable else "no"


def _tag(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _statuses() -> list[tuple[str, str]]:
    rows = [(f"{warning.value:04X}H", f"warning: {_words(warning.name)}") for warning in PrintWarning]
    rows += [(f"{status:04X}H", f"failure: {_said(kind)}") for kind, status in STATUSES.items()]
    rows += [
        (f"{status:04X}H", f"failure, {UID(uid).name}: {_said(kind)}")
        for (kind, uid), status in STATUSES_OF_CLASSES.items()
    ]
    return sorted(rows)


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def _said(kind: type[Exception]) -> str:
    """The first sentence of an error's docstring."""
    return (kind.__doc__ or "").split("\n")[0].partition(" (")[0].rstrip(".")


def _media() -> Iterator[str]:
    yield "### Application profiles, as File-set Creator (PS3.11)"
    yield _table(
        ("profile", "annex", "medium", "file system", "transfer syntaxes", "icons", "offered as"),
        map(_profile, PROFILES.values()),
    )
    yield "With Secure DICOM Files (PS3.15 D.1): " + ", ".join(sorted(SECURE_PROFILES)) + "."
    yield "### Media"
    yield _table(
        ("name", "kind", "bytes"), [(one.name, one.kind.value, f"{one.capacity_bytes:,}") for one in MEDIA.values()]
    )
    yield "Or any number of bytes."
    yield "### Directory records (PS3.3 Annex F)"
    yield _table(("record", "below", "section", "keys"), map(_record, RECORDS.values()))


def _profile(one: Profile) -> tuple[str, ...]:
    syntaxes: dict[str, None] = {}
    for rule in one.rules:
        syntaxes.update(dict.fromkeys(rule.transfer_syntaxes or ("every one",)))
    icons = (
        "-"
        if one.icon is None
        else f"{one.icon.size}x{one.icon.size} {'required' if one.icon.required else 'optional'}"
    )
    offered = "no DICOM profile" if one.file_system in UNWRITTEN else _leaves_as(one.file_system)
    return one.name, one.section, one.medium.value, one.file_system.value, ", ".join(syntaxes), icons, offered


def _leaves_as(file_system: FileSystem) -> str:
    if file_system is FileSystem.ZIP:
        return "ZIP"
    return "folder or ZIP" if file_system in (FileSystem.FAT16, FileSystem.FAT32) else "image"


def _record(one: RecordType) -> tuple[str, ...]:
    keys = ", ".join(f"{key.name} {key.type.value}" for key in one.keys) or "-"
    return one.name, str(getattr(one.parent, "value", one.parent)), one.section, keys
