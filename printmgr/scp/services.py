"""What each DIMSE service does on each class of print, and with what it answers (PS3.4 H.4)."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from pydicom.dataset import Dataset

from printmgr.errors import NoSuchAction, PrintError
from printmgr.film.caps import CAPS, Caps
from printmgr.film.model import FilmBox, Image, ImageBox, PrintOrder, StoredBytes, StoredPixels
from printmgr.film.quirks import Quirk
from printmgr.film.requests import FilmBoxRequest, ImageBoxRequest
from printmgr.film.session import Outcome
from printmgr.film.status import PrintWarning
from printmgr.scp import attributes, images, luts, replies, rules
from printmgr.scp.contexts import CLASS_NAMES, SOPClass
from printmgr.scp.encoded import Encoding
from printmgr.scp.images import PixelsIn
from printmgr.scp.values import Values, read
from printmgr.scp.work import Work

log = logging.getLogger(__name__)

PRINT = 1  # Action Type ID (PS3.4 H.4.1.2.4, H.4.2.2.4)


class Request(NamedTuple):
    """A request as it came."""

    service: str  # N-CREATE …
    sop_class: str
    uid: str  # of the instance
    data: bytes | memoryview
    encoding: Encoding
    action_type: int | None = None
    color: bool = False  # a film box made by it has colour image boxes
    annotated: bool = False  # Basic Annotation Box was negotiated
    caps: Caps = CAPS

    @property
    def name(self) -> str:
        """For the log and a print's record."""
        return f"{self.service} {CLASS_NAMES.get(self.sop_class) or ascii(self.sop_class)}"

    def values(self, specific_character_set: str = "") -> Values:
        return read(self.data, self.encoding, specific_character_set, self.caps)


class Reply(NamedTuple):
    """What to answer a request that was done."""

    warnings: tuple[int, ...] = ()
    data_set: Dataset | None = None


def create_film_session(work: Work, request: Request) -> Reply:
    wanted, said = attributes.film_session(request.values(work.specific_character_set))
    outcome = work.session.create_session(request.uid, wanted)
    used = replies.values_used(rules.FILM_SESSION_RULES, outcome.value)
    return Reply(outcome.warnings + said.warnings, used)


def set_film_session(work: Work, request: Request) -> Reply:
    wanted, said = attributes.film_session(request.values(work.specific_character_set))
    outcome = work.session.set_session(request.uid, wanted)
    return Reply(outcome.warnings + said.warnings, replies.values_used(said.replaced, outcome.value))


def delete_film_session(work: Work, request: Request) -> Reply:
    films = list(work.session.films)
    drop(work, work.session.delete_session(request.uid).dropped)
    work.printed.clear()
    work.forget(["", *films])
    return Reply()


def print_film_session(work: Work, request: Request) -> Reply:
    check_action(request)
    if Quirk.PRINT_ONCE in work.quirks and work.session.the_session(request.uid) and work.is_printed():
        log.info("the film session's films are printed already; no second print")
        return Reply(data_set=work.jobs.ordered_before())
    outcome = work.session.print_session(request.uid)
    return order(work, request, outcome)


def create_film_box(work: Work, request: Request) -> Reply:
    values = request.values(work.specific_character_set)
    wanted, said = attributes.film_box(values)

    def create(wanted: FilmBoxRequest) -> Outcome[FilmBox]:
        return work.session.create_film_box(request.uid, wanted, color=request.color, annotated=request.annotated)

    outcome = with_icc_profile(work, request, values, wanted, create, request.color)
    return Reply(outcome.warnings + said.warnings, replies.film_box_created(outcome.value))


def set_film_box(work: Work, request: Request) -> Reply:
    values = request.values(work.specific_character_set)
    wanted, said = attributes.film_box(values, setting=True)
    color = work.session.the_film(request.uid).color

    def change(wanted: FilmBoxRequest) -> Outcome[FilmBox]:
        return work.session.set_film_box(request.uid, wanted)

    outcome = with_icc_profile(work, request, values, wanted, change, color)
    drop(work, outcome.dropped)
    return Reply(outcome.warnings + said.warnings, replies.values_used(said.replaced, outcome.value))


def with_icc_profile(
    work: Work,
    request: Request,
    values: Values,
    wanted: FilmBoxRequest,
    do: Callable[[FilmBoxRequest], Outcome[FilmBox]],
    color: bool,
) -> Outcome[FilmBox]:
    """Do a request on a film box with its ICC Profile, which stays in the data set it came in.

    It has no meaning on a grayscale film (PS3.4 Table H.4-6) and is ignored there.
    """
    element = values.element(rules.ICC_PROFILE)
    if element is None or not element.length:
        return do(wanted)
    if not color:
        outcome = do(wanted)
        return outcome._replace(warnings=(*outcome.warnings, PrintWarning.ATTRIBUTES_IGNORED))
    name = work.spool.keep_data_set(request.data)
    try:
        return do(replace(wanted, icc_profile=StoredBytes(name, element.offset, element.length)))
    except PrintError:
        work.spool.drop(name)
        raise


def delete_film_box(work: Work, request: Request) -> Reply:
    drop(work, work.session.delete_film_box(request.uid).dropped)
    work.forget([request.uid])
    return Reply()


def print_film_box(work: Work, request: Request) -> Reply:
    check_action(request)
    return order(work, request, work.session.print_film_box(request.uid))


def order(work: Work, request: Request, outcome: Outcome[PrintOrder]) -> Reply:
    """Make a print durable; its job goes into the answer where Print Job was negotiated."""
    print_id = work.print(outcome, request.name)
    log.info("print %s ordered: %d films", print_id, len(outcome.value.films))
    return Reply(outcome.warnings, work.jobs.ordered(print_id))


def set_image_box(work: Work, request: Request) -> Reply:
    """The data set goes to the spool as it came, and is safe there before the answer; its pixels are not looked at."""
    position = work.session.position_of(request.uid)
    values = request.values(work.specific_character_set)
    wanted, pixels, said = images.image_box(values)
    claimed = images.claimed_position(values)
    if claimed != position:
        log.warning("image box at position %d is called %s by the SCU", position, claimed)
    if pixels is None:
        outcome = work.session.set_image_box(request.uid, wanted)
    else:
        outcome = keep_image(work, request, wanted, pixels)
    drop(work, outcome.dropped)
    return Reply(outcome.warnings + said.warnings, replies.values_used(said.replaced, outcome.value))


def keep_image(work: Work, request: Request, wanted: ImageBoxRequest, pixels: PixelsIn) -> Outcome[ImageBox]:
    """Put the data set on disk, then its image into the box; a data set whose image is refused does not stay."""
    if pixels.length - pixels.expected not in (0, pixels.expected % 2):
        log.warning("Pixel Data has %d bytes, the image calls for %d", pixels.length, pixels.expected)
    name = work.spool.keep_data_set(request.data)
    stored = StoredPixels(name, pixels.offset, pixels.length, pixels.big_endian)
    try:
        return work.session.set_image_box(request.uid, replace(wanted, image=Image(pixels.format, stored)))
    except PrintError:
        work.spool.drop(name)
        raise


def set_annotation_box(work: Work, request: Request) -> Reply:
    """A text of the film, in the film session's character set."""
    values = request.values(work.specific_character_set)
    wanted, said = attributes.annotation_box(values)
    outcome = work.session.set_annotation_box(request.uid, wanted)
    claimed = images.claimed_position(values, rules.ANNOTATION_POSITION)
    if claimed != outcome.value.position:
        log.warning("annotation box at position %d is called %s by the SCU", outcome.value.position, claimed)
    return Reply(said.warnings)


def create_presentation_lut(work: Work, request: Request) -> Reply:
    wanted = luts.presentation_lut(request.values())
    work.session.create_presentation_lut(request.uid, wanted)
    used = Dataset()
    if wanted.shape is not None:
        used.PresentationLUTShape = wanted.shape.value
    return Reply(data_set=used)


def delete_presentation_lut(work: Work, request: Request) -> Reply:
    work.session.delete_presentation_lut(request.uid)
    return Reply()


def check_action(request: Request) -> None:
    if request.action_type != PRINT:
        raise NoSuchAction(request.action_type)


def drop(work: Work, names: tuple[str, ...]) -> None:
    for name in names:
        work.spool.drop(name)


SERVICES: Mapping[tuple[str, str], Callable[[Work, Request], Reply]] = MappingProxyType(
    {
        ("N-CREATE", SOPClass.FILM_SESSION): create_film_session,
        ("N-SET", SOPClass.FILM_SESSION): set_film_session,
        ("N-ACTION", SOPClass.FILM_SESSION): print_film_session,
        ("N-DELETE", SOPClass.FILM_SESSION): delete_film_session,
        ("N-CREATE", SOPClass.FILM_BOX): create_film_box,
        ("N-SET", SOPClass.FILM_BOX): set_film_box,
        ("N-ACTION", SOPClass.FILM_BOX): print_film_box,
        ("N-DELETE", SOPClass.FILM_BOX): delete_film_box,
        ("N-SET", SOPClass.GRAYSCALE_IMAGE_BOX): set_image_box,
        ("N-SET", SOPClass.COLOR_IMAGE_BOX): set_image_box,
        ("N-SET", SOPClass.ANNOTATION_BOX): set_annotation_box,
        ("N-CREATE", SOPClass.PRESENTATION_LUT): create_presentation_lut,
        ("N-DELETE", SOPClass.PRESENTATION_LUT): delete_presentation_lut,
    }
)
