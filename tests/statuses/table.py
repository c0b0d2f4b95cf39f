"""TABLE. Requests to a printer, good, bad and odd, and what each is answered with and why.

The sentences are the standard's in our words, with the clause they stand in. Text that no VR allows is given in bytes.
"""

from printmgr.film.formats import MAX_IMAGE_BOXES
from printmgr.scp.contexts import SOPClass
from tests.printmgr.scp import requests
from tests.statuses.rows import BOX, FILM, LUT, SESSION, TEXT, Of, Row, State, Table, to

T = Table()
PRINTER, JOB, CONFIGURATION = SOPClass.PRINTER, SOPClass.PRINT_JOB, SOPClass.PRINTER_CONFIGURATION
COLOR_BOX = SOPClass.COLOR_IMAGE_BOX

# Film Session


def session(name, status, said=None, answered=None, of=Of.NEW, state=State.NOTHING):
    T.row(name, "N-CREATE", SESSION, of, status, said, answered=answered or {}, state=state)


T.group("What a film session leaves out the SCP fills in, and may tell.", "PS3.4 H.4.1.2.1, PS3.7 10.1.5")
session("no data set", 0x0000, None, {"NumberOfCopies": 1, "PrintPriority": "MED"})
session("no SOP Instance UID: the SCP names it", 0x0000, None, of=Of.UNNAMED)
for copies in (1, 2, 99):
    session(f"{copies} copies", 0x0000, {"NumberOfCopies": copies}, {"NumberOfCopies": copies})
for priority in ("HIGH", "MED", "LOW"):
    session(f"priority {priority}", 0x0000, {"PrintPriority": priority}, {"PrintPriority": priority})
for medium in ("PAPER", "CLEAR FILM", "BLUE FILM", "MAMMO CLEAR FILM", "MAMMO BLUE FILM", "GLOSSY"):
    session(f"medium {medium}", 0x0000, {"MediumType": medium}, {"MediumType": medium})
for destination in ("MAGAZINE", "PROCESSOR", "BIN_1", "BIN_12"):
    session(f"to {destination}", 0x0000, {"FilmDestination": destination}, {"FilmDestination": destination})
session("a label", 0x0000, {"FilmSessionLabel": "L" * 64})
session("an owner", 0x0000, {"OwnerID": "OWNER"})
session("Proposed Study Sequence", 0x0000, {"ProposedStudySequence": [requests.item(PatientID="1")]})
session("an empty Proposed Study Sequence", 0x0000, {"ProposedStudySequence": []})

T.group("A value of no length says nothing: the default holds.", "PS3.4 H.2.4, PS3.5 7.4")
for keyword in ("NumberOfCopies", "PrintPriority", "MediumType", "FilmDestination", "MemoryAllocation", "OwnerID"):
    session(f"{keyword} of no length", 0x0000, {keyword: b""})

T.group("Terms are compared without their padding; letters are taken in either case.", "PS3.5 6.2")
session("priority in lower case", 0x0000, {"PrintPriority": b"high"}, {"PrintPriority": "HIGH"})
session("priority between blanks", 0x0000, {"PrintPriority": b" LOW  "}, {"PrintPriority": "LOW"})
session("medium in lower case", 0x0000, {"MediumType": b"blue film "}, {"MediumType": "BLUE FILM"})
session("copies between blanks", 0x0000, {"NumberOfCopies": b" 3 "}, {"NumberOfCopies": 3})

T.group("A value that is not supported may get the default, with a warning (U/M, U/U).", "PS3.4 H.2.4; PS3.7 C.4.3")
for value in (b"0 ", b"-1", b"1.5 ", b"many", b"99999999999 "):
    session(f"copies {value.decode().strip()}", 0x0116, {"NumberOfCopies": value}, {"NumberOfCopies": 1})
session("priority URGENT", 0x0116, {"PrintPriority": b"URGENT"}, {"PrintPriority": "MED"})
session("medium that is no code string", 0x0116, {"MediumType": b"{film}"})
session("destination that is no code string", 0x0116, {"FilmDestination": b"bin/1 "})

T.group("Memory Allocation that is not supported is ignored with a warning.", "PS3.4 Table H.4-4")
session("memory of 100 KB", 0xB600, {"MemoryAllocation": 100})
session("memory, and a priority that is none", 0xB600, {"MemoryAllocation": 1, "PrintPriority": b"X "})

T.group("An attribute outside the IOD is kept and no reason to refuse (0107H or success).", "PS3.4 H.2.4")
session("the patient", 0x0000, {"PatientName": "A^B", "PatientID": "1"})
session("a private group", 0x0000, {0x00091001: ("LO", "private")})
session("a character set", 0x0000, {"SpecificCharacterSet": "ISO_IR 192", "FilmSessionLabel": "Label"})
session("a character set that is none", 0x0000, {"SpecificCharacterSet": "KLINGON", "FilmSessionLabel": "L"})
session("P-LUT's light in the session", 0x0000, {"Illumination": 2000, "ReflectedAmbientLight": 10})

T.group("One film session at a time on an association.", "PS3.4 H.4.1; PS3.7 C.5.6")
session("a second one", 0x0111, None, of=Of.NEW, state=State.SESSION)
session("the same again", 0x0111, None, of=Of.SESSION, state=State.SESSION)

T.group("A Presentation LUT must be there to be referred to.", "PS3.4 H.4.9.1.2")
session("a LUT that is not there", 0x0106, {"ReferencedPresentationLUTSequence": to(Of.LUT, LUT)})
session("a LUT", 0x0000, {"ReferencedPresentationLUTSequence": to(Of.LUT, LUT)}, state=State.LUT)
session("no LUT", 0x0000, {"ReferencedPresentationLUTSequence": []})

T.group("N-SET changes what it names and leaves the rest.", "PS3.4 H.4.1.2.2")
for name, status, said in (
    ("copies", 0x0000, {"NumberOfCopies": 3}),
    ("priority", 0x0000, {"PrintPriority": "LOW"}),
    ("label", 0x0000, {"FilmSessionLabel": "new"}),
    ("copies that are none", 0x0116, {"NumberOfCopies": b"x "}),
    ("memory", 0xB600, {"MemoryAllocation": 1}),
    ("nothing", 0x0000, None),
    ("another patient", 0x0000, {"ProposedStudySequence": [requests.item(PatientID="2")]}),
):
    T.row(name, "N-SET", SESSION, Of.SESSION, status, said, state=State.SESSION)

T.group("A request must name an instance that is there.", "PS3.7 C.5.11")
for service in ("N-SET", "N-ACTION", "N-DELETE"):
    for of, sop_class in ((Of.UNKNOWN, SESSION), (Of.UNKNOWN, FILM)):
        T.row("one that never was", service, sop_class, of, 0x0112, state=State.SESSION)
for service in ("N-SET", "N-ACTION", "N-DELETE"):
    T.row("before it is there", service, SESSION, Of.SESSION, 0x0112)
    T.row("after it is gone", service, FILM, Of.FILM, 0x0112, state=State.DELETED)
T.row(
    "an image box of a film that is gone",
    "N-SET",
    BOX,
    Of.BOX,
    0x0112,
    requests.image_box(requests.image()),
    state=State.DELETED,
)
T.row(
    "an image box that never was",
    "N-SET",
    BOX,
    Of.UNKNOWN,
    0x0112,
    requests.image_box(requests.image()),
    state=State.FILM,
)
T.row(
    "an annotation box of a film that is gone", "N-SET", TEXT, Of.TEXT, 0x0112, {"TextString": "A"}, state=State.DELETED
)
T.row("an annotation box that never was", "N-SET", TEXT, Of.UNKNOWN, 0x0112, {"TextString": "A"}, state=State.FILM)
T.row("a LUT that never was", "N-DELETE", LUT, Of.UNKNOWN, 0x0112)
T.row("a film box under the session's UID", "N-SET", FILM, Of.SESSION, 0x0112, {"Trim": "YES"}, state=State.SESSION)
T.row("the session under the film's UID", "N-SET", SESSION, Of.FILM, 0x0112, {"NumberOfCopies": 2}, state=State.FILM)

T.group("N-DELETE takes the instance and all below it, and no job.", "PS3.4 H.4.1.2.3, H.4.2.2.3")
T.row("the session", "N-DELETE", SESSION, Of.SESSION, 0x0000, state=State.SESSION)
T.row("with its films", "N-DELETE", SESSION, Of.SESSION, 0x0000, state=State.IMAGE)
T.row("a film", "N-DELETE", FILM, Of.FILM, 0x0000, state=State.FILM)
T.row("a printed film", "N-DELETE", FILM, Of.FILM, 0x0000, state=State.PRINTED)

# Film Box

FORMATS = {
    "STANDARD\\1,1": 1,
    "STANDARD\\2,3": 6,
    "STANDARD\\4,5": 20,
    "STANDARD\\6,8": 48,
    "ROW\\2,1,3": 6,
    "COL\\1,2": 3,
    "SLIDE": 56,
    "SUPERSLIDE": 56,
    "standard\\1,1": 1,
    "STANDARD\\ 2, 2 ": 4,
    "STANDARD\\01,02": 2,
}


def film(name, status, said=None, answered=None, of=Of.NEW, state=State.SESSION, format_="STANDARD\\1,1"):
    whole = {"ImageDisplayFormat": format_, "ReferencedFilmSessionSequence": to(Of.SESSION), **(said or {})}
    left = {key: value for key, value in whole.items() if value is not None}
    T.row(name, "N-CREATE", FILM, of, status, left, answered=answered or {}, state=state)


T.group("The SCP makes an image box for each position, in their order.", "PS3.4 H.4.2.2.1, PS3.3 C.13.3")
for format_, boxes in FORMATS.items():
    film(format_, 0x0000, answered={"ReferencedImageBoxSequence": boxes}, format_=format_)
film("no SOP Instance UID: the SCP names it", 0x0000, of=Of.UNNAMED)

T.group("A mandatory value that the SCP does not support fails the request (M/M).", "PS3.4 H.2.4; PS3.7 C.5.8")
for format_ in (
    "STANDARD",
    "STANDARD\\0,1",
    "STANDARD\\1",
    "STANDARD\\1,2,3",
    "STANDARD\\x,y",
    "ROW\\",
    "CUSTOM\\7",
    "GRID\\2,2",
    f"STANDARD\\{MAX_IMAGE_BOXES},2",
):
    film(f"format {format_}", 0x0106, format_=format_)
film("another session", 0x0106, {"ReferencedFilmSessionSequence": requests.referenced("1.2.3")})

T.group(
    "A mandatory attribute that is missing, or has no value, fails the request.", "PS3.4 H.2.4; PS3.7 C.5.13, C.5.14"
)
film("no format", 0x0120, {"ImageDisplayFormat": None})
film("a format of no length", 0x0121, {"ImageDisplayFormat": b""})
film("a format of blanks", 0x0121, {"ImageDisplayFormat": b"  "})
film("no session", 0x0120, {"ReferencedFilmSessionSequence": None})
film("a session sequence without items", 0x0121, {"ReferencedFilmSessionSequence": []})
film("a session item without UID", 0x0120, {"ReferencedFilmSessionSequence": [requests.item(Rows=1)]})
T.row("no data set", "N-CREATE", FILM, Of.NEW, 0x0120, state=State.SESSION)

T.group("A film box needs a film session, and a UID of its own.", "PS3.4 H.4.2.2.1; PS3.7 C.5.6, C.5.7")
film("without a session", 0x0117, state=State.NOTHING)
film("the same UID again", 0x0111, of=Of.FILM, state=State.FILM)
film("an image box's UID", 0x0111, of=Of.BOX, state=State.FILM)
film("the session's UID", 0x0111, of=Of.SESSION)

GOOD = {
    "FilmOrientation": ("PORTRAIT", "LANDSCAPE"),
    "FilmSizeID": (
        "8INX10IN",
        "8_5INX11IN",
        "10INX12IN",
        "10INX14IN",
        "11INX14IN",
        "11INX17IN",
        "14INX14IN",
        "14INX17IN",
        "24CMX24CM",
        "24CMX30CM",
        "A4",
        "A3",
        "14INX51IN",
    ),
    "MagnificationType": ("REPLICATE", "BILINEAR", "CUBIC", "NONE"),
    "BorderDensity": ("BLACK", "WHITE", "150"),
    "EmptyImageDensity": ("BLACK", "WHITE", "20"),
    "MaxDensity": (320, 300),
    "MinDensity": (20, 30),
    "Trim": ("YES", "NO"),
    "Illumination": (2000,),
    "ReflectedAmbientLight": (0, 10),
    "RequestedResolutionID": ("STANDARD", "HIGH"),
}
T.group("A supported value is used, and may be told.", "PS3.4 Table H.4-6")
for keyword, values in GOOD.items():
    for value in values:
        film(f"{keyword} {value}", 0x0000, {keyword: value}, {keyword: value})
for smoothing in ("NONE", "SHARP", "15", "140"):
    film(f"Smoothing Type {smoothing}", 0x0000, {"SmoothingType": smoothing})
for information in ("CS003", "PERCEPTION_LUT=LINEAR", "WINDOW_WIDTH=400\\WINDOW_CENTER=40", "G=0.5"):
    film(f"Configuration Information {information}", 0x0000, {"ConfigurationInformation": information})
film("densities of 0: the printer's own", 0x0000, {"MaxDensity": 0, "MinDensity": 0})

BAD = {
    "FilmOrientation": (b"SIDEWAYS", "PORTRAIT"),
    "FilmSizeID": (b"CURRENT ", "14INX17IN"),
    "MagnificationType": (b"SHARP ", "CUBIC"),
    "BorderDensity": (b"GRAY", "BLACK"),
    "EmptyImageDensity": (b"-5", "BLACK"),
    "Trim": (b"MAYBE ", "NO"),
    "RequestedResolutionID": (b"ULTRA ", "STANDARD"),
}
T.group("A value that is not supported may get the default, with a warning (U/M, U/U).", "PS3.4 H.2.4; PS3.7 C.4.3")
for keyword, (value, used) in BAD.items():
    film(f"{keyword} {value.decode().strip()}", 0x0116, {keyword: value}, {keyword: used})
film("densities that cross", 0x0116, {"MinDensity": 300, "MaxDensity": 200})

T.group("A density outside the printer's range is brought into it, with a warning.", "PS3.4 Table H.4-9, H.4.2.2.1.2")
film("Max Density 9999", 0xB605, {"MaxDensity": 9999}, {"MaxDensity": 320})
film("Min Density 1", 0xB605, {"MinDensity": 1}, {"MinDensity": 20})
film("Max Density 9999 and no orientation there is", 0xB605, {"MaxDensity": 9999, "FilmOrientation": b"UP"})

T.group("Annotation boxes are made by the format, where the class was negotiated.", "PS3.4 Table H.4-6, H.4.4")
film(
    "annotation of any format",
    0x0000,
    {"AnnotationDisplayFormatID": "ANY"},
    {"ReferencedBasicAnnotationBoxSequence": 6},
)
film("annotation LABEL", 0x0000, {"AnnotationDisplayFormatID": "LABEL"}, {"ReferencedBasicAnnotationBoxSequence": 1})
film("annotation of no length", 0x0000, {"AnnotationDisplayFormatID": b""})

T.group("An ICC Profile is not for grayscale: ignored with a warning.", "PS3.4 Table H.4-6; PS3.7 C.4.2")
film("an ICC Profile", 0x0107, {"ICCProfile": b"profile "})

T.group("A Presentation LUT must be there to be referred to.", "PS3.4 H.4.9.1.2")
film("a LUT that is not there", 0x0106, {"ReferencedPresentationLUTSequence": to(Of.LUT, LUT)})

T.group("N-SET changes what Table H.4-7 lets change; the rest is ignored with a warning.", "PS3.4 H.4.2.2.2")
for keyword in ("MagnificationType", "BorderDensity", "EmptyImageDensity", "MaxDensity", "MinDensity", "Trim"):
    T.row(keyword, "N-SET", FILM, Of.FILM, 0x0000, {keyword: GOOD[keyword][0]}, state=State.FILM)
T.row("Configuration Information", "N-SET", FILM, Of.FILM, 0x0000, {"ConfigurationInformation": "X"}, state=State.FILM)
T.row("after it was printed", "N-SET", FILM, Of.FILM, 0x0000, {"Trim": "YES"}, state=State.PRINTED)
for keyword, value in (
    ("ImageDisplayFormat", "STANDARD\\3,3"),
    ("FilmOrientation", "LANDSCAPE"),
    ("FilmSizeID", "A4"),
    ("RequestedResolutionID", "HIGH"),
    ("AnnotationDisplayFormatID", "LABEL"),
):
    T.row(keyword, "N-SET", FILM, Of.FILM, 0x0107, {keyword: value}, state=State.FILM)
T.row("Max Density 9999", "N-SET", FILM, Of.FILM, 0xB605, {"MaxDensity": 9999}, state=State.FILM)
T.row("Trim MAYBE", "N-SET", FILM, Of.FILM, 0x0116, {"Trim": b"MAYBE "}, state=State.FILM)

# Print

T.group("N-ACTION prints a copy of the film as it is; one without an image is an empty page.", "PS3.4 Table H.4-9")
T.row(
    "a film",
    "N-ACTION",
    FILM,
    Of.FILM,
    0x0000,
    state=State.IMAGE,
    answered={"ReferencedPrintJobSequencePullStoredPrint": 1},
)
T.row("a film again", "N-ACTION", FILM, Of.FILM, 0x0000, state=State.PRINTED)
T.row("an empty film", "N-ACTION", FILM, Of.FILM, 0xB603, state=State.FILM)
T.row("with a data set that means nothing", "N-ACTION", FILM, Of.FILM, 0x0000, {"Trim": "YES"}, state=State.IMAGE)
T.group("N-ACTION on the session prints all its films, collated.", "PS3.4 Table H.4-4")
T.row(
    "the session",
    "N-ACTION",
    SESSION,
    Of.SESSION,
    0x0000,
    state=State.IMAGE,
    answered={"ReferencedPrintJobSequencePullStoredPrint": 1},
)
T.row("an empty session", "N-ACTION", SESSION, Of.SESSION, 0xB602, state=State.FILM)
T.row("a session without films", "N-ACTION", SESSION, Of.SESSION, 0xC600, state=State.SESSION)
T.row("a session whose film was deleted", "N-ACTION", SESSION, Of.SESSION, 0xC600, state=State.DELETED)
T.group("The one Action Type is 1, Print.", "PS3.4 H.4.1.2.4; PS3.7 C.5.9")
for action_type in (0, 2, 99):
    T.row(f"type {action_type}", "N-ACTION", FILM, Of.FILM, 0x0123, state=State.IMAGE, action_type=action_type)
    T.row(f"type {action_type}", "N-ACTION", SESSION, Of.SESSION, 0x0123, state=State.IMAGE, action_type=action_type)

# Image Box


def image(name, status, item=None, answered=None, sop_class=BOX, position=1, **more):
    said = requests.image_box(item if item is not None else requests.image(), position=position, **more)
    T.row(name, "N-SET", sop_class, Of.BOX, status, said, state=State.FILM, answered=answered or {})


def deep(stored, high, allocated=16, **more):
    size = 16 * 16 * allocated // 8
    return requests.image(BitsAllocated=allocated, BitsStored=stored, HighBit=high, PixelData=bytes(size), **more)


def rgb(planar=0, **more):
    return requests.image(
        SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=planar, PixelData=bytes(768), **more
    )


T.group(
    "8 bits in 8 or 12 in 16, unsigned; what else can be rendered is taken too.", "PS3.3 C.13.5, PS3.4 Table H.4-10"
)
image("8 bits", 0x0000)
image("8 bits, MONOCHROME1", 0x0000, requests.image(PhotometricInterpretation="MONOCHROME1"))
image("12 bits in 16", 0x0000, deep(12, 11))
for stored, high in ((10, 9), (16, 15), (12, 15), (8, 7)):
    image(f"{stored} bits in 16, high bit {high}", 0x0000, deep(stored, high))
image("signed", 0x0000, deep(12, 11, PixelRepresentation=1))
image("8 bits in 8 allocated to 32", 0x0000, deep(16, 15, 32))
image("a pixel aspect ratio", 0x0000, requests.image(PixelAspectRatio=[1, 2]))
image("a pixel aspect ratio of 0\\0", 0x0000, requests.image(PixelAspectRatio=[0, 0]))
for planar in (0, 1, None):
    image(f"RGB in a gray box, Planar Configuration {planar}", 0x0000, rgb(planar))
image("named as a colour image box", 0x0000, sop_class=COLOR_BOX)
T.row(
    "two images in the sequence",
    "N-SET",
    BOX,
    Of.BOX,
    0x0000,
    requests.image_box(requests.image(), requests.image()),
    state=State.FILM,
)

T.group("The box is the instance that is named; the position it claims is not needed.", "PS3.4 H.4.3.1.2")
for position in (0, 2, 99, None):
    image(f"position {position}", 0x0000, position=position)

T.group("An image sequence without items erases the image.", "PS3.4 H.4.3.1.2.1.3")
T.row(
    "erase", "N-SET", BOX, Of.BOX, 0x0000, {"ImageBoxPosition": 1, "BasicGrayscaleImageSequence": []}, state=State.IMAGE
)
T.row(
    "erase what is empty",
    "N-SET",
    BOX,
    Of.BOX,
    0x0000,
    {"ImageBoxPosition": 1, "BasicGrayscaleImageSequence": []},
    state=State.FILM,
)

T.group(
    "A mandatory attribute that is missing, or has no value, fails the request.", "PS3.4 H.2.4; PS3.7 C.5.13, C.5.14"
)
MANDATORY = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelData",
)
for keyword in MANDATORY:
    image(f"no {keyword}", 0x0120, requests.image(**{keyword: None}))
image("Pixel Data of no length", 0x0121, requests.image(PixelData=b""))
T.row("no image sequence", "N-SET", BOX, Of.BOX, 0x0120, {"ImageBoxPosition": 1}, state=State.FILM)
T.row("no data set", "N-SET", BOX, Of.BOX, 0x0120, state=State.FILM)

T.group("A mandatory value that the SCP does not support fails the request (M/M).", "PS3.4 H.2.4; PS3.7 C.5.8")
image("no rows", 0x0106, requests.image(Rows=0, PixelData=b"1234"))
image("2 samples a pixel", 0x0106, requests.image(SamplesPerPixel=2))
image("PALETTE COLOR", 0x0106, requests.image(PhotometricInterpretation="PALETTE COLOR"))
image("RGB with 1 sample", 0x0106, requests.image(PhotometricInterpretation="RGB"))
image("12 bits allocated", 0x0106, requests.image(BitsAllocated=12))
image("9 bits stored in 8", 0x0106, requests.image(BitsStored=9))
image("high bit below the bits stored", 0x0106, requests.image(HighBit=3))
image("high bit beyond the bits allocated", 0x0106, requests.image(HighBit=9))
image("a LUT that is not there", 0x0106, ReferencedPresentationLUTSequence=to(Of.LUT, LUT))

T.group("Pixels that are mostly missing are no image.", "PS3.7 C.5.17")
image("a tenth of the pixels", 0x0110, requests.image(PixelData=bytes(24)))
image("a row too few: filled up", 0x0000, requests.image(PixelData=bytes(240)))
image("a row too many: cut", 0x0000, requests.image(PixelData=bytes(272)))

T.group("Optional attributes override the film box's; what is not supported gets the default.", "PS3.4 Table H.4-10")
for keyword, value, status in (
    ("Polarity", "NORMAL", 0x0000),
    ("Polarity", "REVERSE", 0x0000),
    ("Polarity", "INVERTED", 0x0116),
    ("Polarity", "", 0x0000),
    ("MagnificationType", "BILINEAR", 0x0000),
    ("MagnificationType", "SHARP", 0x0116),
    ("SmoothingType", "15", 0x0000),
    ("MaxDensity", 300, 0x0000),
    ("MaxDensity", 9999, 0xB605),
    ("MinDensity", 25, 0x0000),
    ("RequestedImageSize", 100, 0x0000),
    ("RequestedImageSize", 0, 0x0000),
    ("RequestedDecimateCropBehavior", "CROP", 0x0000),
    ("RequestedDecimateCropBehavior", "SQUASH", 0x0116),
    ("ConfigurationInformation", "CS001", 0x0000),
    ("PatientID", "1", 0x0000),
):
    image(f"{keyword} {value or 'of no length'}", status, **{keyword: value})

T.group(
    "An image larger than its box is made smaller with a warning, or fails where the SCU forbids it.",
    "PS3.4 H.4.3.1.2.1, Table H.4-12",
)
LARGE = requests.image(20, 3000, bytes(60_000))
image("too large", 0xB604, LARGE)
image("too large, DECIMATE", 0xB60A, LARGE, RequestedDecimateCropBehavior="DECIMATE")
image("too large, CROP", 0xB609, LARGE, RequestedDecimateCropBehavior="CROP")
image("too large, FAIL", 0xC603, LARGE, RequestedDecimateCropBehavior="FAIL")
image("too large, not to be magnified", 0xC603, LARGE, MagnificationType="NONE")
image(
    "too large, DECIMATE, not to be magnified",
    0xC603,
    LARGE,
    MagnificationType="NONE",
    RequestedDecimateCropBehavior="DECIMATE",
)
image("asked for wider than its box", 0xB604, RequestedImageSize=400)
image("asked for wider than its box, FAIL", 0xC603, RequestedImageSize=400, RequestedDecimateCropBehavior="FAIL")

# Annotation Box

T.group("A text of no length erases; any text is taken.", "PS3.4 H.4.4.2.2, Table H.4-13")
for name, said in (
    ("a text", {"AnnotationPosition": 1, "TextString": "St. Elsewhere"}),
    ("no text", {"AnnotationPosition": 1, "TextString": ""}),
    ("without its text", {"AnnotationPosition": 1}),
    ("without its position", {"TextString": "A"}),
    ("position 0", {"AnnotationPosition": 0, "TextString": "A"}),
    ("position 99", {"AnnotationPosition": 99, "TextString": "A"}),
    ("64 characters", {"AnnotationPosition": 1, "TextString": "A" * 64}),
    ("500 characters", {"AnnotationPosition": 1, "TextString": b"A" * 500}),
    ("bytes of no character set", {"AnnotationPosition": 1, "TextString": b"\xff\xfe\x80 "}),
    ("in a character set of its own", {"SpecificCharacterSet": "ISO_IR 192", "TextString": "Größe"}),
):
    T.row(name, "N-SET", TEXT, Of.TEXT, 0x0000, said, state=State.FILM)
T.row("no data set", "N-SET", TEXT, Of.TEXT, 0x0000, state=State.FILM)

# Presentation LUT


def lut(name, status, said, **more):
    T.row(name, "N-CREATE", LUT, more.pop("of", Of.NEW), status, said, **more)


T.group("A LUT is a shape or a table.", "PS3.4 Table H.4-23, PS3.3 C.11.4")
for shape in ("IDENTITY", "LIN OD", "INVERSE", "lin od"):
    lut(f"shape {shape}", 0x0000, {"PresentationLUTShape": shape}, answered={"PresentationLUTShape": shape.upper()})
lut("256 entries of 10 bits", 0x0000, requests.lut(list(range(256)), 10))
lut("4096 entries of 12 bits", 0x0000, requests.lut(list(range(4096)), 12))
lut("65536 entries, said as 0", 0x0000, requests.lut([n % 4096 for n in range(65536)], 12, [0, 0, 12]))
lut("first value mapped 10", 0x0000, requests.lut(list(range(256)), 12, first=10))
lut("shape and table: the table counts", 0x0000, requests.lut(list(range(256)), 10))
lut("no SOP Instance UID: the SCP names it", 0x0000, {"PresentationLUTShape": "IDENTITY"}, of=Of.UNNAMED)
T.group("What is missing or makes no LUT fails the request.", "PS3.4 H.2.4; PS3.7 C.5.8, C.5.13, C.5.14")
lut("shape WAVY", 0x0106, {"PresentationLUTShape": b"WAVY"})
lut("a shape of no length", 0x0121, {"PresentationLUTShape": b""})
lut("neither", 0x0120, {"PatientID": "1"})
lut("no data set", 0x0120, None)
lut("a table without its descriptor", 0x0120, {"PresentationLUTSequence": [requests.item(LUTExplanation="A")]})
lut("fewer entries than it says", 0x0106, requests.lut([1, 2, 3], 12, [256, 0, 12]))
lut("entries of 0 bits", 0x0106, requests.lut([1, 2, 3], 12, [3, 0, 0]))
lut("entries of 17 bits", 0x0106, requests.lut([1, 2, 3], 12, [3, 0, 17]))
lut("the same UID again", 0x0111, {"PresentationLUTShape": "IDENTITY"}, of=Of.LUT, state=State.LUT)
T.group("A LUT lives until N-DELETE or the end of the association.", "PS3.4 H.4.9.1.2.2")
T.row("a LUT", "N-DELETE", LUT, Of.LUT, 0x0000, state=State.LUT)

# Printer, print job, configuration

T.group(
    "N-GET gives the attributes asked for; none asked for means all.", "PS3.7 10.1.2.1.5, PS3.4 H.4.6, H.4.5, H.4.11"
)
T.row(
    "everything",
    "N-GET",
    PRINTER,
    Of.PRINTER,
    0x0000,
    answered={"PrinterStatus": "NORMAL", "PrinterStatusInfo": "NORMAL", "PrinterName": "Film"},
)
T.row("its status", "N-GET", PRINTER, Of.PRINTER, 0x0000, {"PrinterStatus": 1}, answered={"PrinterStatus": "NORMAL"})
T.row(
    "what a camera has and it has not",
    "N-GET",
    PRINTER,
    Of.PRINTER,
    0x0000,
    {"PrinterStatus": 1, "DateOfLastCalibration": 1, "PatientID": 1},
    answered={"PrinterStatus": "NORMAL"},
)
T.row(
    "everything",
    "N-GET",
    JOB,
    Of.JOB,
    0x0000,
    state=State.PRINTED,
    answered={"Originator": "CT1", "PrinterName": "Film", "PrintPriority": "MED"},
)
T.row(
    "one attribute",
    "N-GET",
    JOB,
    Of.JOB,
    0x0000,
    {"Originator": 1},
    state=State.PRINTED,
    answered={"Originator": "CT1"},
)
T.row("everything", "N-GET", CONFIGURATION, Of.CONFIGURATION, 0x0000, answered={"PrinterConfigurationSequence": 1})
T.row("another attribute", "N-GET", CONFIGURATION, Of.CONFIGURATION, 0x0000, {"PatientID": 1})
T.group("A request must name an instance that is there.", "PS3.7 C.5.11")
for sop_class in (PRINTER, JOB, CONFIGURATION):
    T.row("one that never was", "N-GET", sop_class, Of.UNKNOWN, 0x0112)
T.row("the printer's instance", "N-GET", CONFIGURATION, Of.PRINTER, 0x0112)

T.group("A class has the services its section gives it and no others.", "PS3.4 Tables H.4-1 to H.4-26; PS3.7 C.5.22")
SERVED = {
    SESSION: "N-CREATE N-SET N-ACTION N-DELETE",
    FILM: "N-CREATE N-SET N-ACTION N-DELETE",
    BOX: "N-SET",
    COLOR_BOX: "N-SET",
    TEXT: "N-SET",
    LUT: "N-CREATE N-DELETE",
    PRINTER: "N-GET",
    JOB: "N-GET",
    CONFIGURATION: "N-GET",
}
for sop_class, served in SERVED.items():
    for service in ("N-CREATE", "N-SET", "N-GET", "N-ACTION", "N-DELETE"):
        if service not in served.split():
            T.row("no service of it", service, sop_class, Of.UNKNOWN, 0x0211)

T.group("A class that is none of this printer's is no such SOP class.", "PS3.7 C.5.12")
RETIRED = {
    "VOI LUT Box": "1.2.840.10008.5.1.1.22",
    "Image Overlay Box": "1.2.840.10008.5.1.1.24",
    "Basic Print Image Overlay Box": "1.2.840.10008.5.1.1.24.1",
    "Print Queue Management": "1.2.840.10008.5.1.1.26",
    "Referenced Image Box": "1.2.840.10008.5.1.1.4.2",
    "no class at all": "1.2.3.4.5",
}
for name, uid in RETIRED.items():
    T.row(name, "N-CREATE", uid, Of.NEW, 0x0118)
    T.row(name, "N-GET", uid, Of.UNKNOWN, 0x0118)

T.group("Verification is answered on any association that has it.", "PS3.4 A.4")
T.row("echo", "C-ECHO", "1.2.840.10008.1.1", Of.UNKNOWN, 0x0000)

ROWS: list[Row] = T.rows
