"""PURE. The working film session of one association, by the rules of PS3.4 H.4; no locks, no files, no clock."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Generic, NamedTuple, TypeVar

from printmgr.errors import (
    DuplicateInstance,
    InvalidAttribute,
    InvalidInstance,
    MissingAttribute,
    NoFilmBox,
    NoSuchInstance,
    ResourceLimit,
)
from printmgr.film.annotations import places
from printmgr.film.caps import CAPS, Caps, pixels_of, pixels_of_all
from printmgr.film.density import Viewing, viewing_of
from printmgr.film.formats import parse
from printmgr.film.identifying import merged
from printmgr.film.layout import image_box_rects, lay_out, pitch_of, placed
from printmgr.film.model import (
    AnnotationBox,
    FilmBox,
    FilmSession,
    ImageBox,
    OrderKind,
    PresentationLUT,
    PrintOrder,
)
from printmgr.film.printer import LogicalPrinter
from printmgr.film.requests import (
    AnnotationBoxRequest,
    FilmBoxRequest,
    FilmSessionRequest,
    ImageBoxRequest,
    PresentationLUTRequest,
    said,
)
from printmgr.film.sizes import film_size
from printmgr.film.status import PrintWarning
from printmgr.film.stray import stray_texts

T = TypeVar("T")


class Outcome(NamedTuple, Generic[T]):
    """What a request led to."""

    value: T
    warnings: tuple[int, ...] = ()
    dropped: tuple[str, ...] = ()  # data sets that nothing here refers to any more


class WorkingSession:
    """What one association has built so far: at most one film session, its films, and Presentation LUTs.

    Requests change it or raise a PrintError and leave it as it was. What a print takes away is a frozen copy.
    """

    def __init__(self, printer: LogicalPrinter, new_uid: Callable[[], str], caps: Caps = CAPS) -> None:
        self.printer = printer
        self.caps = caps
        self.session: FilmSession | None = None
        self.films: dict[str, FilmBox] = {}  # by UID, in the order they were made
        self.luts: dict[str, PresentationLUT] = {}
        self.film_of_image_box: dict[str, str] = {}
        self.film_of_annotation_box: dict[str, str] = {}
        self.lut_entries = 0
        self.pixels = 0  # of all images
        self.new_uid = new_uid

    # Film Session (PS3.4 H.4.1)

    def create_session(self, uid: str, request: FilmSessionRequest) -> Outcome[FilmSession]:
        """N-CREATE. Raises DuplicateInstance for a second session: parallel ones need parallel associations."""
        if self.session is not None:
            raise DuplicateInstance("film session", self.session.uid)
        self.check_unused("film session", uid)
        self.session = self.changed_session(FilmSession(uid), request)
        return Outcome(self.session, session_warnings(request))

    def set_session(self, uid: str, request: FilmSessionRequest) -> Outcome[FilmSession]:
        """N-SET; what the request does not name stays."""
        self.session = self.changed_session(self.the_session(uid), request)
        return Outcome(self.session, session_warnings(request))

    def delete_session(self, uid: str) -> Outcome[FilmSession]:
        """N-DELETE: the session and all its films go, what was printed does not (PS3.4 H.4.1.2.3)."""
        session = self.the_session(uid)
        dropped = tuple(name for film in self.films.values() for name in files_of(film))
        self.session = None
        self.films.clear()
        self.pixels = 0
        self.film_of_image_box.clear()
        self.film_of_annotation_box.clear()
        self.lut_entries = sum(len(lut.table) for lut in self.luts.values())
        return Outcome(session, dropped=dropped)

    def print_session(self, uid: str) -> Outcome[PrintOrder]:
        """N-ACTION Print: all films, collated (PS3.4 H.4.1.2.4). Raises NoFilmBox, ImageTooLarge."""
        self.the_session(uid)
        if not self.films:
            raise NoFilmBox("the film session has no film box; create one before printing")
        return self.order(OrderKind.SESSION, self.films.values(), PrintWarning.EMPTY_SESSION)

    # Film Box (PS3.4 H.4.2)

    def create_film_box(
        self, uid: str, request: FilmBoxRequest, *, color: bool = False, annotated: bool = False
    ) -> Outcome[FilmBox]:
        """N-CREATE: a film with its empty image boxes and annotation boxes, in position order.

        `color`: its image boxes are to be of the colour class; `annotated`: Basic Annotation Box was negotiated.
        Raises InvalidInstance without a film session, InvalidAttribute for the wrong session or a display format
        that is none on this film, DuplicateInstance, ResourceLimit.
        """
        if self.session is None:
            raise InvalidInstance("a film box needs a film session; none was created on this association")
        if request.film_session_uid is None:
            raise MissingAttribute("ReferencedFilmSessionSequence")
        if request.film_session_uid != self.session.uid:
            raise InvalidAttribute(
                "ReferencedFilmSessionSequence", request.film_session_uid, "the film session of this association"
            )
        if request.image_display_format is None:
            raise MissingAttribute("ImageDisplayFormat")
        self.check_unused("film box", uid)
        if len(self.films) >= self.caps.films:
            raise ResourceLimit(f"a film session has at most {self.caps.films} film boxes; print and delete some")
        blank = replace(self.blank_film(uid, request.image_display_format), color=color)
        changes, warnings = self.film_changes(blank, request)
        if changes.get("annotation_display_format_id") and not annotated:
            del changes["annotation_display_format_id"]
            warnings = (*warnings, PrintWarning.ATTRIBUTES_IGNORED)
        film, more = self.honoured(replace(blank, **changes))
        count = len(image_box_rects(film, self.printer))
        if len(self.film_of_image_box) + count > self.caps.image_boxes:
            raise ResourceLimit(
                f"a film session has at most {self.caps.image_boxes} image boxes; print and delete some films"
            )
        film = self.with_boxes(film, count)
        self.films[uid] = film
        self.film_of_image_box.update((box.uid, uid) for box in film.image_boxes)
        self.film_of_annotation_box.update((box.uid, uid) for box in film.annotation_boxes)
        return Outcome(film, (*warnings, *more))

    def set_film_box(self, uid: str, request: FilmBoxRequest) -> Outcome[FilmBox]:
        """N-SET. Any film of the session may be changed, not only the last one (PS3.4 H.4.2.2.2 allows less)."""
        film = self.the_film(uid)
        changes, warnings = self.film_changes(film, request)
        self.films[uid], more = self.honoured(replace(film, **changes))
        dropped = (film.icc_profile.file,) if film.icc_profile and "icc_profile" in changes else ()
        return Outcome(self.films[uid], (*warnings, *more), dropped)

    def delete_film_box(self, uid: str) -> Outcome[FilmBox]:
        """N-DELETE: the film and its image boxes go."""
        film = self.the_film(uid)
        del self.films[uid]
        self.pixels -= pixels_of_all([film])
        for box in film.image_boxes:
            del self.film_of_image_box[box.uid]
        for annotation in film.annotation_boxes:
            del self.film_of_annotation_box[annotation.uid]
        return Outcome(film, dropped=files_of(film))

    def print_film_box(self, uid: str) -> Outcome[PrintOrder]:
        """N-ACTION Print of one film, as often as asked (PS3.4 H.4.2.2.4). Raises ImageTooLarge."""
        return self.order(OrderKind.FILM, (self.the_film(uid),), PrintWarning.EMPTY_FILM)

    # Image Box (PS3.4 H.4.3)

    def set_image_box(self, uid: str, request: ImageBoxRequest) -> Outcome[ImageBox]:
        """N-SET: a new image replaces the one before. Its box is the one with this UID, whatever position it claims.

        Whether the image fits is decided here, at the printer's pitch (PS3.4 H.4.3.1.2.1). Raises ImageTooLarge,
        ResourceLimit.
        """
        film = self.the_film_of(uid)
        index, box = next((i, box) for i, box in enumerate(film.image_boxes) if box.uid == uid)
        changes = said(request, "erase", "presentation_lut_uid")
        changes["identifying"] = merged((), request.identifying)  # nothing stays of the image before
        changes.setdefault("other_attributes", ())
        warnings = self.clamp_densities(changes)
        self.resolve_lut(request.presentation_lut_uid, changes)
        if request.erase:
            changes["image"] = None
        changed = replace(box, **changes)
        if own := not_used(changed, viewing_of(self.printer, film, changed)):
            changed, warnings = replace(changed, **own), (*warnings, PrintWarning.DEFAULT_USED)
        rect = image_box_rects(film, self.printer)[index]
        pitch = pitch_of(film.requested_resolution_id, self.printer)
        status = placed(changed, box.position, rect, film, pitch).status if request.image else 0
        self.pixels = self.pixels_with(changed, instead_of=box)
        boxes = (*film.image_boxes[:index], changed, *film.image_boxes[index + 1 :])
        self.films[film.uid] = replace(film, image_boxes=boxes)
        return Outcome(changed, (*warnings, *filter(None, [status])), files([box]) if "image" in changes else ())

    # Annotation Box (PS3.4 H.4.4)

    def set_annotation_box(self, uid: str, request: AnnotationBoxRequest) -> Outcome[AnnotationBox]:
        """N-SET: its text, "" to erase it. Its box is the one with this UID, whatever position it claims."""
        film = self.the_film_of_annotation(uid)
        index = next(i for i, box in enumerate(film.annotation_boxes) if box.uid == uid)
        boxes = list(film.annotation_boxes)
        if request.text is not None:
            boxes[index] = replace(boxes[index], text=request.text)
        self.films[film.uid] = replace(film, annotation_boxes=tuple(boxes))
        return Outcome(boxes[index])

    # Presentation LUT (PS3.4 H.4.9)

    def create_presentation_lut(self, uid: str, request: PresentationLUTRequest) -> Outcome[PresentationLUT]:
        """N-CREATE; it lives until N-DELETE or the end of the association, whatever becomes of the film session."""
        self.check_unused("Presentation LUT", uid)
        if request.shape is None and not request.table:
            raise MissingAttribute("PresentationLUTShape")
        most, entries = self.caps.presentation_luts, self.caps.lut_entries
        if len(self.luts) >= most or self.lut_entries + len(request.table) > entries:
            raise ResourceLimit(f"an association has at most {most} Presentation LUTs of {entries} entries")
        if request.table:
            lut = PresentationLUT(
                uid, None, request.table, request.first_value, request.bits, explanation=request.explanation
            )
        else:
            lut = PresentationLUT(uid, request.shape)
        self.luts[uid] = lut
        self.lut_entries += len(lut.table)
        return Outcome(lut)

    def delete_presentation_lut(self, uid: str) -> Outcome[PresentationLUT]:
        """N-DELETE: no new reference may be made; films that refer to it keep it (PS3.4 H.4.9.1.2.2)."""
        try:
            return Outcome(self.luts.pop(uid))
        except KeyError:
            raise NoSuchInstance("Presentation LUT", uid) from None

    # What the requests have in common

    def position_of(self, image_box_uid: str) -> int:
        """The position of an image box in its film. Raises NoSuchInstance."""
        return next(box.position for box in self.the_film_of(image_box_uid).image_boxes if box.uid == image_box_uid)

    def the_session(self, uid: str) -> FilmSession:
        if self.session is None or self.session.uid != uid:
            raise NoSuchInstance("film session", uid)
        return self.session

    def the_film(self, uid: str) -> FilmBox:
        try:
            return self.films[uid]
        except KeyError:
            raise NoSuchInstance("film box", uid) from None

    def the_film_of(self, image_box_uid: str) -> FilmBox:
        try:
            return self.films[self.film_of_image_box[image_box_uid]]
        except KeyError:
            raise NoSuchInstance("image box", image_box_uid) from None

    def the_film_of_annotation(self, uid: str) -> FilmBox:
        try:
            return self.films[self.film_of_annotation_box[uid]]
        except KeyError:
            raise NoSuchInstance("annotation box", uid) from None

    def film_uid_of(self, uid: str) -> str:
        """The film box that an instance belongs to or is; "" for the film session and all else."""
        film = self.film_of_image_box.get(uid) or self.film_of_annotation_box.get(uid, uid)
        return film if film in self.films else ""

    def check_unused(self, kind: str, uid: str) -> None:
        kinds = (self.films, self.luts, self.film_of_image_box, self.film_of_annotation_box)
        if any(uid in instances for instances in kinds) or (self.session is not None and self.session.uid == uid):
            raise DuplicateInstance(kind, uid)

    def pixels_with(self, box: ImageBox, instead_of: ImageBox) -> int:
        """The pixels of all images once a box is changed. Raises ResourceLimit."""
        wanted = pixels_of(box.image)
        if wanted > self.caps.image_pixels:
            raise ResourceLimit(f"{wanted} pixels; an image has at most {self.caps.image_pixels}")
        total = self.pixels + wanted - pixels_of(instead_of.image)
        if wanted and total > self.caps.session_pixels:
            raise ResourceLimit(f"{total} pixels; a film session's images have at most {self.caps.session_pixels}")
        return total

    def changed_session(self, session: FilmSession, request: FilmSessionRequest) -> FilmSession:
        changes = said(request, "presentation_lut_uid")
        self.resolve_lut(request.presentation_lut_uid, changes)
        changes["identifying"] = merged(session.identifying, request.identifying)
        return replace(session, **changes)

    def film_changes(self, film: FilmBox, request: FilmBoxRequest) -> tuple[dict[str, Any], tuple[int, ...]]:
        changes = said(request, "image_display_format", "film_session_uid", "presentation_lut_uid")
        warnings = self.clamp_densities(changes)
        self.resolve_lut(request.presentation_lut_uid, changes)
        changes["identifying"] = merged(film.identifying, request.identifying)
        return changes, warnings

    def with_boxes(self, film: FilmBox, count: int) -> FilmBox:
        """The film with `count` empty image boxes and those of its annotation format."""
        of_format = places(film.annotation_display_format_id, self.printer.annotation_formats)
        return replace(
            film,
            image_boxes=tuple(ImageBox(self.new_uid(), position) for position in range(1, count + 1)),
            annotation_boxes=tuple(AnnotationBox(self.new_uid(), position) for position, _ in enumerate(of_format, 1)),
        )

    def blank_film(self, uid: str, image_display_format: str) -> FilmBox:
        """A film with this printer's defaults. Raises InvalidAttribute for a format that is none."""
        printer = self.printer
        return FilmBox(
            uid,
            str(parse(image_display_format, printer.custom_formats)),
            film_size_id=printer.film_size,
            border_density=printer.border_density,
            empty_image_density=printer.empty_density,
        )

    def honoured(self, film: FilmBox) -> tuple[FilmBox, tuple[int, ...]]:
        """The film, with the printer's own in place of what cannot be honoured (PS3.4 H.4.2.2.1.2)."""
        own = not_used(film, viewing_of(self.printer, film))
        try:
            film_size(film.film_size_id, film.film_orientation)
        except InvalidAttribute:
            own["film_size_id"] = self.printer.film_size
        return (replace(film, **own), (PrintWarning.DEFAULT_USED,)) if own else (film, ())

    def clamp_densities(self, changes: dict[str, Any]) -> tuple[int, ...]:
        """Bring Min and Max Density into the printer's range (PS3.4 H.4.2.2.1.2); 0 stands for the printer's own."""
        lowest, highest = self.printer.min_density, self.printer.max_density
        clamped = False
        for name in ("min_density", "max_density"):
            asked = changes.get(name)
            if asked is not None:
                changes[name] = min(max(asked, lowest), highest) if asked else None
                clamped = clamped or bool(asked and asked != changes[name])
        return (PrintWarning.DENSITY_CLAMPED,) if clamped else ()

    def resolve_lut(self, uid: str | None, changes: dict[str, Any]) -> None:
        """Put the Presentation LUT that `uid` names among the changes; "" takes the reference away."""
        if uid is None:
            return
        if uid and uid not in self.luts:
            raise InvalidAttribute("ReferencedPresentationLUTSequence", uid, "a Presentation LUT of this association")
        changes["presentation_lut"] = self.luts[uid] if uid else None

    def order(self, kind: OrderKind, films: Iterable[FilmBox], empty: PrintWarning) -> Outcome[PrintOrder]:
        """A frozen copy of what is to be printed, with the warnings it gives rise to."""
        assert self.session is not None, "films live in a film session"
        taken = tuple(self.with_session_values(film) for film in films)
        found: list[int] = []
        if not any(box.image for film in taken for box in film.image_boxes):
            found.append(empty)
        found += (image.status for film in taken for image in lay_out(film, self.printer).images if image.status)
        warnings = tuple(dict.fromkeys(found))
        return Outcome(PrintOrder(kind, self.session, taken, warnings), warnings)

    def with_session_values(self, film: FilmBox) -> FilmBox:
        """The film, with the values old SCUs give to the film session only (LUT, lightbox), and its stray texts."""
        session = self.session
        assert session is not None, "films live in a film session"
        names = ("presentation_lut", "illumination", "reflected_ambient_light")
        of_session: dict[str, Any] = {n: getattr(session, n) for n in names if getattr(film, n) is None}
        return replace(film, stray_texts=stray_texts(session, film), **of_session)


def files_of(film: FilmBox) -> tuple[str, ...]:
    """The data sets that belong to a film."""
    return files(film.image_boxes) + ((film.icc_profile.file,) if film.icc_profile else ())


def files(boxes: Iterable[ImageBox]) -> tuple[str, ...]:
    """The data sets that the boxes' images lie in."""
    return tuple(box.image.pixels.file for box in boxes if box.image is not None)


def not_used(asked: FilmBox | ImageBox, viewing: Viewing) -> dict[str, Any]:
    """None for densities that cross and for a light in which nothing is seen: `viewing` goes without them."""
    used = {
        "min_density": viewing.dmin,
        "max_density": viewing.dmax,
        "illumination": viewing.illumination,
        "reflected_ambient_light": viewing.ambient,
    }
    return {name: None for name, value in used.items() if getattr(asked, name, None) not in (None, value)}


def session_warnings(request: FilmSessionRequest) -> tuple[int, ...]:
    return () if request.memory_allocation is None else (PrintWarning.MEMORY_ALLOCATION_IGNORED,)
