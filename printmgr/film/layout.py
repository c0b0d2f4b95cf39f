"""PURE. Where everything of a film lies, in mm from the film's top left corner."""

from dataclasses import dataclass, replace

from printmgr.film.annotations import Align, Edge, PlacedText, lines_at, places, strips
from printmgr.film.density import density_range, named_density
from printmgr.film.formats import parse
from printmgr.film.geometry import Rect, Window
from printmgr.film.model import FilmBox, ImageBox, MagnificationType
from printmgr.film.placement import place
from printmgr.film.printer import LogicalPrinter
from printmgr.film.scale import NOT_TO_SCALE, Ruler, ruler_in, scale_of
from printmgr.film.sizes import film_size

FOOTER_BETWEEN = "   "  # the footer's texts
SCALE_WIDTH_MM = 80.0  # that the scale has at most where other text stands beside it
STANDARD_PITCH_MM = 0.080  # about 4k x 5k on 14x17 in (PS3.3 C.13.3, Requested Resolution ID)


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """One image box of a film with what is in it."""

    position: int
    box: Rect
    image: Rect | None  # where the shown part of the image lies; None: empty box
    window: Window | None
    magnification_type: MagnificationType = MagnificationType.CUBIC
    status: int = 0  # 0000H, or B604H demagnified, B609H cropped, B60AH decimated
    scale_as_requested: bool = False  # Requested Image Size was honoured to the mm


@dataclass(frozen=True, slots=True)
class FilmLayout:
    """A film of `width` x `height` mm with its image boxes."""

    width: float
    height: float
    pitch: float  # mm a printer pixel
    border_density: float  # OD
    empty_density: float  # OD
    trim: bool
    images: tuple[PlacedImage, ...]
    texts: tuple[PlacedText, ...] = ()  # annotation by position, then the footer; places without text are left out
    scale: str = ""  # what is said of it (scale.py)
    ruler: Ruler | None = None  # in the footer


def lay_out(film: FilmBox, printer: LogicalPrinter) -> FilmLayout:
    """Lay a film out on a printer. Every position of the display format is there, in order, also the empty ones.

    The statuses of the images are those to answer with. Raises InvalidAttribute for a film size or format that is
    none, ImageTooLarge (C603H) for the first image that does not fit and must not be made smaller.
    """
    width, height = film_size(film.film_size_id, film.film_orientation)
    pitch = pitch_of(film.requested_resolution_id, printer)
    by_position = {image_box.position: image_box for image_box in film.image_boxes}
    images = tuple(
        placed(by_position.get(position), position, box, film, pitch)
        for position, box in enumerate(image_box_rects(film, printer), start=1)
    )
    lightest, darkest = density_range(printer, film)
    scale = scale_of(images)
    footer_texts, ruler = footer(film, printer, scale)
    return FilmLayout(
        width=width,
        height=height,
        pitch=pitch,
        border_density=named_density(film.border_density, lightest, darkest, printer.border_density),
        empty_density=named_density(film.empty_image_density, lightest, darkest, printer.empty_density),
        trim=film.trim,
        images=images,
        texts=(*annotation(film, printer), *footer_texts),
        scale=scale,
        ruler=ruler,
    )


def image_box_rects(film: FilmBox, printer: LogicalPrinter) -> tuple[Rect, ...]:
    """The film's image boxes by position; as many as Image Box instances are to be made. Raises InvalidAttribute."""
    display_format = parse(film.image_display_format, printer.custom_formats)
    of_format = places(film.annotation_display_format_id, printer.annotation_formats)
    height = printer.annotation_height
    top, bottom = lines_at(Edge.TOP, of_format) * height, lines_at(Edge.BOTTOM, of_format) * height
    return display_format.boxes(text_area(film, printer).inside(0.0, top, bottom), printer.gap)


def text_area(film: FilmBox, printer: LogicalPrinter) -> Rect:
    """The film without its margin and, at the bottom, its footer. Raises InvalidAttribute."""
    whole = Rect(0.0, 0.0, *film_size(film.film_size_id, film.film_orientation))
    has_footer = printer.footer or printer.scale_note
    return whole.inside(printer.margin, bottom=printer.annotation_height if has_footer else 0.0)


def annotation(film: FilmBox, printer: LogicalPrinter) -> tuple[PlacedText, ...]:
    """The film's annotation by position."""
    of_format = places(film.annotation_display_format_id, printer.annotation_formats)
    its_strips = strips(of_format, text_area(film, printer), printer.annotation_height)
    return tuple(
        PlacedText(box.text, strip, place.align, box.position)
        for box, place, strip in zip(film.annotation_boxes, of_format, its_strips, strict=False)
        if box.text
    )


def footer(film: FilmBox, printer: LogicalPrinter, scale: str) -> tuple[tuple[PlacedText, ...], Ruler | None]:
    """The line below the images: stray annotation at its left, the scale with its ruler at its right."""
    area = text_area(film, printer)
    strip = Rect(area.x, area.y + area.height, area.width, printer.annotation_height)
    stray = FOOTER_BETWEEN.join(film.stray_texts) if printer.footer else ""
    said = scale if printer.scale_note else ""
    ruler = ruler_in(strip) if said and said != NOT_TO_SCALE else None
    width = (ruler.rect.x if ruler else strip.x + strip.width) - strip.x
    at_right = min(width / 2, SCALE_WIDTH_MM) if stray else width
    found = []
    if stray:
        found.append(PlacedText(stray, replace(strip, width=width - at_right if said else width)))
    if said:
        found.append(PlacedText(said, replace(strip, x=strip.x + width - at_right, width=at_right), Align.RIGHT))
    return tuple(found), ruler


def pitch_of(requested_resolution_id: str, printer: LogicalPrinter) -> float:
    """Millimetres a printer pixel by Requested Resolution ID (2020,0050); an unknown ID means STANDARD."""
    standard = printer.pitch.get("STANDARD", STANDARD_PITCH_MM)
    return printer.pitch.get(requested_resolution_id.strip().upper(), standard)


def placed(image_box: ImageBox | None, position: int, box: Rect, film: FilmBox, pitch: float) -> PlacedImage:
    """One position of the film; the image box's values override the film box's (PS3.3 C.13.5)."""
    magnification_type = (image_box and image_box.magnification_type) or film.magnification_type
    if image_box is None or image_box.image is None:
        return PlacedImage(position, box, None, None, magnification_type)
    placement = place(
        image_box.image.format,
        box,
        pitch,
        magnification_type=magnification_type,
        requested_image_size=image_box.requested_image_size,
        behavior=image_box.requested_decimate_crop_behavior,
        position=position,
    )
    return PlacedImage(
        position,
        box,
        placement.image,
        placement.window,
        magnification_type,
        placement.status,
        placement.as_requested,
    )


__all__ = [
    "FilmLayout",
    "PlacedImage",
    "PlacedText",
    "Rect",
    "Window",
    "image_box_rects",
    "lay_out",
    "pitch_of",
    "placed",
]
