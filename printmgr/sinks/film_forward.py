"""A stored print order as the conversation of a Print SCU (PS3.4 H.2.1): the requests are made by the tables that read
them (printmgr.scp.rules)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID, generate_uid
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    BasicAnnotationBox,
    BasicColorImageBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    Printer,
    PrinterInstance,
)

from printmgr.film import model
from printmgr.film.model import PROPOSED_STUDY, FilmBox, IdentifyingValue, Image, ImageBox, PrintOrder
from printmgr.ports import Print
from printmgr.render.raster import bits_of, expected_bytes, pixel_data, words_of
from printmgr.scp.rules import FILM_BOX_RULES, FILM_SESSION_RULES, IMAGE_BOX_RULES, IMAGE_RULES, Kind, Rule
from printmgr.scu_association import Peer, SendFailed, accepted, associate, printable, undisturbed

PROPOSED = MappingProxyType(  # by SOP class: when
    {
        str(BasicGrayscalePrintManagementMeta): "the print has a grey film",
        str(BasicColorPrintManagementMeta): "the print has a colour film",
        str(PresentationLUT): "the print refers to one",
        str(BasicAnnotationBox): "the print has annotation",
    }
)
SYNTAXES = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
FULL = frozenset({0x0213, 0xC601, 0xC602, 0xC605})  # resource limitation, queue full, no memory: later, or elsewhere
OURS = frozenset({"presentation_lut_uid", "film_session_uid", "illumination", "reflected_ambient_light"})
# Values that say what holds anyway: printers may refuse attributes they do not know (PS3.4 H.2.4, U/U, 0105H).
SAYS_NOTHING = {"requested_resolution_id": "STANDARD", "trim": False, "polarity": "NORMAL"}


class NotReady(SendFailed):
    """The printer cannot be reached, is not ready or has no room now."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a printer wants to be spared."""

    by_session: bool = False
    luts: bool = True
    leave_out: frozenset[str] = frozenset()  # keywords


def how_it_is(peer: Peer) -> str:
    """Printer Status and its name as a printer tells them. Raises NotReady."""
    meta = str(BasicGrayscalePrintManagementMeta)
    try:
        association = associate(peer, {meta: SYNTAXES})
    except SendFailed as error:
        raise NotReady(str(error)) from error
    try:
        if meta not in accepted(association):
            raise NotReady(f"{peer} does not do {sop_class_name(meta)}")
        with undisturbed(association):
            said = printer_status(association, peer, meta)
    except (RuntimeError, ValueError) as error:  # pynetdicom: the association ended meanwhile
        raise NotReady(f"{peer} ended the association: {error}") from error
    finally:
        if association.is_established:
            association.release()
    told = [str(said.get(keyword, "")) for keyword in ("PrinterStatus", "PrinterStatusInfo", "PrinterName")]
    return printable(", ".join(filter(None, told))) or "it answers and does not tell its status"


def printer_status(association: Association, peer: Peer, meta: str) -> Dataset:
    """What the Printer tells (PS3.4 H.4.6); one that tells no status is taken for ready. Raises NotReady."""
    status, said = association.send_n_get([], Printer, PrinterInstance, meta_uid=meta)
    if "Status" not in status:
        raise NotReady(f"{peer} closed the association or did not answer in time")
    said = said or Dataset()
    if said.get("PrinterStatus") == "FAILURE":
        raise NotReady(f"{peer} is not ready: {printable(str(said.get('PrinterStatusInfo', '')))}")
    return said


class Forward:
    """One attempt to print an order on a printer."""

    def __init__(self, print_: Print, name: str, wishes: Wishes) -> None:
        self._print, self._order, self._name, self._wishes = print_, normal(print_.order), name, wishes
        ours = {"border_density": print_.printer.border_density, "empty_image_density": print_.printer.empty_density}
        self._says_nothing: dict[str, object] = SAYS_NOTHING | ours  # nobody asked for what is our printer's default
        self._luts: dict[model.PresentationLUT, str] = {}
        self.printed = 0  # films for which N-ACTION was sent, whatever was answered

    def to(self, peer: Peer) -> int:
        """Print all films; how many. Raises NotReady, SendFailed, BadPixels."""
        try:
            association = associate(peer, dict.fromkeys(self._needed(), SYNTAXES))
        except SendFailed as error:
            raise NotReady(str(error)) from error
        self._association, self._peer = association, peer
        try:
            if refused := self._needed() - accepted(association):
                raise SendFailed(f"{peer} does not do {', '.join(sorted(map(sop_class_name, refused)))}")
            with undisturbed(association):
                self._talk()
        except (RuntimeError, ValueError) as error:  # pynetdicom: the association ended meanwhile
            raise NotReady(f"{peer} ended the association: {error}") from error
        finally:
            if association.is_established:
                association.release()
        return len(self._order.films)

    def _needed(self) -> set[str]:
        films = self._order.films
        needed = {meta_of(film) for film in films} or {str(BasicGrayscalePrintManagementMeta)}
        needed |= {str(PresentationLUT)} if self._wishes.luts and any(luts_of(films)) else set()
        annotated = any(box.text for film in films for box in film.annotation_boxes)
        return needed | ({str(BasicAnnotationBox)} if annotated else set())

    def _talk(self) -> None:
        meta = meta_of(self._order.films[0]) if self._order.films else str(BasicGrayscalePrintManagementMeta)
        printer_status(self._association, self._peer, meta)
        session = self._uid("session")
        said = self._said(FILM_SESSION_RULES, self._order.session)
        self._create("film session", BasicFilmSession, session, said, meta)
        by_session = self._wishes.by_session and self._order.kind is model.OrderKind.SESSION
        for number, film in enumerate(self._order.films, start=1):
            uid = self._film(number, film, session)
            if not by_session:
                self._act(f"film {number}", BasicFilmBox, uid, meta_of(film))
                self._association.send_n_delete(BasicFilmBox, uid, meta_uid=meta_of(film))
        if by_session:
            self._act("film session", BasicFilmSession, session, meta)
        self._association.send_n_delete(BasicFilmSession, session, meta_uid=meta)

    def _film(self, number: int, film: FilmBox, session: str) -> str:
        meta, what = meta_of(film), f"film {number}"
        said = self._said(FILM_BOX_RULES, film)
        said.ReferencedFilmSessionSequence = [reference(BasicFilmSession, session)]
        self._refer_to_lut(said, film.presentation_lut)
        light(said, film)
        uid, made = self._create(what, BasicFilmBox, self._uid(what), said, meta)
        boxes = made.get("ReferencedImageBoxSequence") or []
        box_class = BasicColorImageBox if film.color else BasicGrayscaleImageBox
        for box in film.image_boxes:
            if box.image is None:
                continue
            if box.position > len(boxes):
                raise SendFailed(f"{self._peer} made {len(boxes)} image boxes for {film.image_display_format}")
            theirs = boxes[box.position - 1].ReferencedSOPInstanceUID
            self._set(f"{what}, image {box.position}", box_class, theirs, self._image_box(box, film.color), meta)
        self._annotate(what, film, made, meta)
        return uid

    def _image_box(self, box: ImageBox, color: bool) -> Dataset:
        assert box.image is not None
        said = self._said(IMAGE_BOX_RULES, box)
        said.ImageBoxPosition = box.position
        self._refer_to_lut(said, box.presentation_lut)
        item = self._said(IMAGE_RULES, box.image.format)
        pixels_into(item, box.image, self._print.folder)
        setattr(said, "BasicColorImageSequence" if color else "BasicGrayscaleImageSequence", [item])
        return said

    def _annotate(self, what: str, film: FilmBox, made: Dataset, meta: str) -> None:
        boxes = made.get("ReferencedBasicAnnotationBoxSequence") or []
        for box in film.annotation_boxes:
            if not box.text or box.position > len(boxes):
                continue
            said = Dataset()
            said.AnnotationPosition, said.TextString = box.position, box.text
            theirs = boxes[box.position - 1].ReferencedSOPInstanceUID
            self._set(f"{what}, annotation {box.position}", BasicAnnotationBox, theirs, encodable(said), meta)

    def _refer_to_lut(self, said: Dataset, lut: model.PresentationLUT | None) -> None:
        """Refer to a Presentation LUT, which is made on the printer where it is used first."""
        if lut is None or not self._wishes.luts:
            return
        if lut not in self._luts:
            uid = self._uid(f"LUT {len(self._luts) + 1}")
            self._luts[lut], _ = self._create("Presentation LUT", PresentationLUT, uid, lut_request(lut), None)
        said.ReferencedPresentationLUTSequence = [reference(PresentationLUT, self._luts[lut])]

    def _said(self, rules: Iterable[Rule], of: object) -> Dataset:
        """The attributes that a value of the model has, by its table."""
        said = Dataset()
        for rule in rules:
            if rule.name in OURS or rule.keyword in self._wishes.leave_out:
                continue
            value = getattr(of, rule.name)
            if value in (None, "", ()) or self._says_nothing.get(rule.name) == value:
                continue
            setattr(said, rule.keyword, self._on_the_wire(rule, value))
        return encodable(said)

    def _on_the_wire(self, rule: Rule, value: Any) -> Any:
        """A value of the model in the wire's unit: the other way of `Kind`."""
        if rule.kind is Kind.DENSITY:
            return round(value * 100)
        if rule.kind is Kind.LIGHT:
            return round(value)
        if rule.kind is Kind.YES_NO:
            return "YES" if value else "NO"
        if rule.kind is Kind.LENGTH:
            return f"{value:.10g}"
        if rule.kind is Kind.BYTES:
            with (self._print.folder / value.file).open("rb") as file:
                file.seek(value.offset)
                return file.read(value.length)
        if rule.kind is Kind.IDENTITY:
            return [proposed_study(value)]
        return value if isinstance(value, int) else str(value)

    # Requests

    def _uid(self, what: str) -> str:
        """The same at every attempt, so that a printer's log shows what is the same print."""
        return str(generate_uid(entropy_srcs=["printmgr film", self._name, what]))

    def _create(self, what: str, sop_class: str, uid: str, said: Dataset, meta: str | None) -> tuple[str, Dataset]:
        """N-CREATE; the UID that counts, and what came back."""
        status, made = self._association.send_n_create(said or None, sop_class, uid, meta_uid=meta)
        self._judge(f"N-CREATE of {what}", status)
        return str(status.get("AffectedSOPInstanceUID", uid)), made or Dataset()

    def _set(self, what: str, sop_class: str, uid: str, said: Dataset, meta: str) -> None:
        own = BasicAnnotationBox == sop_class  # negotiated by itself
        status, _ = self._association.send_n_set(said, sop_class, uid, meta_uid=None if own else meta)
        self._judge(f"N-SET of {what}", status)

    def _act(self, what: str, sop_class: str, uid: str, meta: str) -> None:
        self.printed += 1
        status, _ = self._association.send_n_action(None, 1, sop_class, uid, meta_uid=meta)
        if "Status" in status and status.Status in FULL:
            self.printed -= 1
        self._judge(f"N-ACTION of {what}", status)

    def _judge(self, what: str, status: Dataset) -> None:
        """Raises NotReady, SendFailed for what is neither success nor a warning (PS3.7 C.4, PS3.4 H.4: B6xxH)."""
        if "Status" not in status:
            raise NotReady(f"{self._peer} closed the association or did not answer the {what} in time")
        code = int(status.Status)
        if code in (0x0000, 0x0001, 0x0107, 0x0116) or 0xB000 <= code <= 0xBFFF:
            return
        comment = printable(str(status.get("ErrorComment", "")))
        text = f"{self._peer} answered {code:04X}H to the {what} {comment}".rstrip()
        raise NotReady(text) if code in FULL else SendFailed(text)


def normal(order: PrintOrder) -> PrintOrder:
    """The same order with what old SCUs give to the film session where the standard has it: with each film."""
    session = order.session
    films = tuple(
        replace(
            film,
            presentation_lut=film.presentation_lut or session.presentation_lut,
            illumination=film.illumination if film.illumination is not None else session.illumination,
            reflected_ambient_light=film.reflected_ambient_light
            if film.reflected_ambient_light is not None
            else session.reflected_ambient_light,
        )
        for film in order.films
    )
    return replace(order, films=films)


def meta_of(film: FilmBox) -> str:
    return str(BasicColorPrintManagementMeta if film.color else BasicGrayscalePrintManagementMeta)


def luts_of(films: Iterable[FilmBox]) -> list[bool]:
    """Whether each film, or an image on it, has a Presentation LUT."""
    return [
        film.presentation_lut is not None or any(box.presentation_lut is not None for box in film.image_boxes)
        for film in films
    ]


def light(said: Dataset, film: FilmBox) -> None:
    """Illumination and Reflected Ambient Light go with a Presentation LUT (PS3.4 Table H.4-6, MC)."""
    if "ReferencedPresentationLUTSequence" not in said:
        return
    if film.illumination is not None:
        said.Illumination = round(film.illumination)
    if film.reflected_ambient_light is not None:
        said.ReflectedAmbientLight = round(film.reflected_ambient_light)


def lut_request(lut: model.PresentationLUT) -> Dataset:
    """N-CREATE of a Presentation LUT (PS3.4 Table H.4-23): its shape or its table."""
    said = Dataset()
    if not lut.table:
        said.PresentationLUTShape = str(lut.shape or model.LUTShape.IDENTITY)
        return said
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(lut.table) & 0xFFFF, lut.first_value, lut.bits])
    if lut.explanation:
        item.LUTExplanation = lut.explanation
    item.add_new("LUTData", "OW", np.asarray(lut.table, "<u2").tobytes())
    said.PresentationLUTSequence = [encodable(item)]
    return said


def pixels_into(item: Dataset, image: Image, folder: Path) -> None:
    """The pixels as they came, little endian; what is missing of them counts as 0. Raises BadPixels."""
    form, bits = image.format, bits_of(image.format)
    data, expected = pixel_data(image, folder), expected_bytes(image.format)
    data = np.pad(data[:expected], (0, max(expected - len(data), 0)))
    if image.pixels.big_endian and bits.allocated == 16:
        data = words_of(data, bits, big_endian=False).byteswap().view(np.uint8)
    elif image.pixels.big_endian and bits.allocated == 8:
        data = words_of(data, bits, big_endian=True).view(np.uint8)
    if form.samples_per_pixel == 1 and "PlanarConfiguration" in item:
        del item.PlanarConfiguration
    if form.pixel_aspect_ratio != (1, 1):
        item.PixelAspectRatio = list(form.pixel_aspect_ratio)
    item.add_new("PixelData", "OW" if bits.allocated > 8 else "OB", data.tobytes() + b"\0" * (expected % 2))


def proposed_study(values: Iterable[IdentifyingValue]) -> Dataset:
    """What the modality said in its Proposed Study Sequence."""
    item = Dataset()
    for value in values:
        if value.place == PROPOSED_STUDY:
            setattr(item, value.keyword, value.value)
    return item


def encodable(said: Dataset) -> Dataset:
    """The same data set and the character set its texts need: for ASCII none, which some printers refuse."""
    texts = [element.value for element in said if isinstance(element.value, str)]
    if "SpecificCharacterSet" in said:
        del said.SpecificCharacterSet
    if not all(text.isascii() for text in texts):
        said.SpecificCharacterSet = "ISO_IR 192"
    return said


def reference(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    return item


def sop_class_name(uid: str) -> str:
    return UID(uid).name
