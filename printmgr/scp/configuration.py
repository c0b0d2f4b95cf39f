"""Printer Configuration Retrieval: what a logical printer can do, from the tables and its settings (PS3.4 H.4.11)."""

from collections.abc import Iterable, Iterator
from itertools import product

from pydicom.dataset import Dataset

from printmgr.errors import InvalidAttribute
from printmgr.film.caps import Caps
from printmgr.film.layout import image_box_rects, pitch_of
from printmgr.film.model import FilmBox, FilmOrientation, MagnificationType
from printmgr.film.placement import box_pixels
from printmgr.film.printer import LogicalPrinter
from printmgr.film.sizes import FILM_SIZES_MM
from printmgr.scp import rules
from printmgr.scp.contexts import SOPClass

PRINTER_CONFIGURATION_SEQUENCE = 0x2000001E
DEFAULT_RESOLUTION = "STANDARD"
CONFIGURATION_INFORMATION = (
    "Any text is taken and kept. ANNOTATION<n>=text, LABEL=text and I<n>=text are printed in the footer of a printer "
    "that has one. Terms for a tone curve do what the printer is told of them; a Presentation LUT counts before them."
)

# Formats that are told. Every other STANDARD, ROW and COL that leaves an image box a millimetre is taken too.
FORMATS = (
    *(rf"STANDARD\{columns},{rows}" for columns, rows in ((1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 3), (3, 4))),
    *(rf"STANDARD\{columns},{rows}" for columns, rows in ((3, 5), (4, 4), (4, 5), (4, 6), (5, 6), (5, 7), (6, 8))),
    r"ROW\1,2",
    r"ROW\2,1",
    r"COL\1,2",
    r"COL\2,1",
    "SLIDE",
    "SUPERSLIDE",
)


def printer_configuration(printer: LogicalPrinter, tags: Iterable[int], caps: Caps) -> Dataset:
    """The answer to N-GET: Printer Configuration Sequence, when it or everything is asked for."""
    asked, data_set = set(tags), Dataset()
    if not asked or PRINTER_CONFIGURATION_SEQUENCE in asked:
        data_set.PrinterConfigurationSequence = [configuration(printer, caps)]
    return data_set


def configuration(printer: LogicalPrinter, caps: Caps) -> Dataset:
    """One item for both colours: this printer does the same for either (PS3.4 Table H.4-26)."""
    item = Dataset()
    item.SOPClassesSupported = [str(uid) for uid in SOPClass]
    item.MaximumMemoryAllocation = 0  # it is not allocated by the SCU
    item.MemoryBitDepth = 16
    item.PrintingBitDepth = printer.depth
    item.MediaInstalledSequence = [medium(printer, number, *kind) for number, kind in enumerate(media(), start=1)]
    item.OtherMediaAvailableSequence = []
    item.SupportedImageDisplayFormatsSequence = list(display_formats(printer))
    item.DefaultPrinterResolutionID = DEFAULT_RESOLUTION
    item.DefaultMagnificationType = MagnificationType.CUBIC.value
    item.OtherMagnificationTypesAvailable = [one.value for one in MagnificationType if one != MagnificationType.CUBIC]
    item.DefaultSmoothingType = "NONE"
    item.OtherSmoothingTypesAvailable = None  # any term is taken, none does anything
    item.ConfigurationInformationDescription = CONFIGURATION_INFORMATION
    item.MaximumCollatedFilms = caps.films
    item.DecimateCropResult = "DECIMATE"  # of an image that is too large, where its request says nothing
    item.Manufacturer = printer.manufacturer
    item.ManufacturerModelName = printer.model_name
    item.PrinterName = printer.name or printer.ae_title
    return item


def media() -> Iterator[tuple[str, str]]:
    """Every Medium Type with every Film Size ID: virtual film is there in all of them."""
    medium_type = next(rule for rule in rules.FILM_SESSION_RULES if rule.name == "medium_type")
    return product(map(str, medium_type.allowed), FILM_SIZES_MM)


def medium(printer: LogicalPrinter, number: int, medium_type: str, film_size_id: str) -> Dataset:
    item = Dataset()
    item.ItemNumber = number
    item.MediumType = medium_type
    item.FilmSizeID = film_size_id
    item.MinDensity = round(printer.min_density * 100)
    item.MaxDensity = round(printer.max_density * 100)
    return item


def display_formats(printer: LogicalPrinter) -> Iterator[Dataset]:
    """The formats on the printer's own film size, in both orientations and at each of its pitches."""
    custom = [rf"CUSTOM\{number}" for number in printer.custom_formats]
    for format_, orientation, resolution in product([*FORMATS, *custom], FilmOrientation, printer.pitch):
        film = FilmBox("", format_, orientation, printer.film_size, requested_resolution_id=resolution)
        try:
            boxes = {box_pixels(box, pitch_of(resolution, printer)) for box in image_box_rects(film, printer)}
        except InvalidAttribute:
            continue  # it does not fit on this film
        yield display_format(printer, film, boxes)


def display_format(printer: LogicalPrinter, film: FilmBox, boxes: set[tuple[int, int]]) -> Dataset:
    """One format; Rows and Columns where all its image boxes have as many printer pixels."""
    item = Dataset()
    if len(boxes) == 1:
        ((item.Columns, item.Rows),) = boxes
    item.ImageDisplayFormat = film.image_display_format
    item.FilmOrientation = film.film_orientation.value
    item.FilmSizeID = film.film_size_id
    item.PrinterResolutionID = film.requested_resolution_id
    item.PrinterPixelSpacing = [pitch_of(film.requested_resolution_id, printer)] * 2
    item.RequestedImageSizeFlag = "YES"
    return item
