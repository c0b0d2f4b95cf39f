"""PURE. Where everything of a film lies, in mm from the film's top left corner."""

from dataclasses import dataclass

from printmgr.film.annotations import Edge, PlacedText, lines_at, places, strips
from printmgr.film.density import density_range, named_density
from printmgr.film.formats import parse
from printmgr.film.geometry import Rect, Window
from printmgr.film.model import FilmBox, ImageBox, MagnificationType
from printmgr.film.placement import place
from printmgr.film.printer import LogicalPrinter
from printmgr.film.sizes import film_size

FOOTER_BETWEEN = "   "  # the footer's texts
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


def lay_out(film: FilmBox, printer: LogicalPrinter) -> FilmLayout:
    """Lay a film out on a printer. Every position of the display format is there, in order, also the empty ones.

    The statuses of the images are those to answer with. Raises InvalidAttribute for a film size or format that is
    none, ImageTooLarge (C603H) for the first image that does not fit and must not be made smaller.
    """
    width, height = film_size(film.film_size_id, film.film_orientation)
    pitch = pitch_of(film.requested_resolution_id, printer)
    by_position = {image_box.position: image_box for image_box in film.image_boxes}
    images = (
        placed(by_position.get(position), position, box, film, pitch)
        for position, box in enumerate(image_box_rects(film, printer), start=1)
    )
    lightest, darkest = density_range(printer, film)
    return FilmLayout(
        width=width,
        height=height,
        pitch=pitch,
        border_density=named_density(film.border_density, lightest, darkest, printer.border_density),
        empty_density=named_density(film.empty_image_density, lightest, darkest, printer.empty_density),
        trim=film.trim,
        images=tuple(images),
        texts=texts(film, printer),
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
    return whole.inside(printer.margin, bottom=printer.annotation_height if printer.footer else 0.0)


def texts(film: FilmBox, printer: LogicalPrinter) -> tuple[PlacedText, ...]:
    """The film's annotation, and its footer where the printer has one."""
    area, height = text_area(film, printer), printer.annotation_height
    of_format = places(film.annotation_display_format_id, printer.annotation_formats)
    found = [
        PlacedText(box.text, strip, place.align, box.position)
        for box, place, strip in zip(film.annotation_boxes, of_format, strips(of_format, area, height), strict=False)
        if box.text
    ]
    if printer.footer and film.stray_texts:
        strip = Rect(area.x, area.y + area.height, area.width, height)
        found.append(PlacedText(FOOTER_BETWEEN.join(film.stray_texts), strip))
    return tuple(found)


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
