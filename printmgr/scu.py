"""A Print SCU: sends DICOM images as films to any DICOM printer and tells every status it gets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
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

from printmgr.scu_association import Peer, SendFailed, accepted, associate, printable, undisturbed
from printmgr.scu_images import NoImage, images


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of the printer."""

    request: str
    status: int
    comment: str = ""

    @property
    def failed(self) -> bool:
        """Neither success nor one of the warnings (PS3.7 C.4, PS3.4 H.4: B6xxH)."""
        return not (self.status in (0x0000, 0x0001, 0x0107, 0x0116) or 0xB000 <= self.status <= 0xBFFF)


@dataclass(frozen=True, slots=True)
class SendOptions:
    """What is asked of the printer; empty or None: nothing is asked, the printer's default holds."""

    calling_ae: str = "PRINTMGR"
    image_display_format: str = "STANDARD\\1,1"
    film_size_id: str = ""
    film_orientation: str = ""
    magnification_type: str = ""
    polarity: str = ""
    trim: str = ""
    border_density: str = ""
    empty_image_density: str = ""
    min_density: float | None = None  # OD
    max_density: float | None = None  # OD
    number_of_copies: int = 1
    print_priority: str = ""
    medium_type: str = ""
    film_session_label: str = ""
    resolution_id: str = ""
    requested_image_size: float | None = None  # mm
    requested_decimate_crop_behavior: str = ""
    presentation_lut_shape: str = ""
    bits: int = 12
    color: bool = False  # a colour film, with 8 bits a sample
    print_session: bool = False
    timeout_s: float = 60.0
    other: dict[str, object] = field(default_factory=dict)  # further film box attributes by keyword

    @property
    def meta(self) -> str:
        """The SOP Class of the association's print context (PS3.4 H.3.2)."""
        return str(BasicColorPrintManagementMeta if self.color else BasicGrayscalePrintManagementMeta)

    @property
    def image_box(self) -> str:
        return str(BasicColorImageBox if self.color else BasicGrayscaleImageBox)


def _set(ds: Dataset, **values: object) -> Dataset:
    """Put the values that ask for something into `ds`."""
    for keyword, value in values.items():
        if value not in ("", None):
            setattr(ds, keyword, value)
    return ds


def _hundredths(density: float | None) -> int | None:
    return None if density is None else round(density * 100)


class _Conversation:
    """One association with a printer; keeps every answer."""

    def __init__(self, association: Association, meta: str | None, report: Callable[[Answer], None]) -> None:
        self.association, self.meta, self.report = association, meta, report
        self.answers: list[Answer] = []

    def note(self, request: str, status: Dataset) -> Answer:
        """Keep the answer; a printer that says nothing more has gone."""
        if "Status" not in status:
            raise SendFailed(f"{request}: the printer closed the association or did not answer in time")
        answer = Answer(request, int(status.Status), printable(str(status.get("ErrorComment", ""))))
        self.answers.append(answer)
        self.report(answer)
        return answer

    def create(self, name: str, ds: Dataset, sop_class: str) -> tuple[str, Dataset]:
        """N-CREATE with a UID of ours; gives the UID that counts and what came back."""
        wanted = generate_uid()
        status, created = self.association.send_n_create(ds, sop_class, wanted, meta_uid=self.meta)
        if self.note(f"N-CREATE {name}", status).failed:
            raise SendFailed(f"{name}: status {status.Status:04X}H")
        return str(status.get("AffectedSOPInstanceUID", wanted)), created or Dataset()

    def film(self, session: str, options: SendOptions, waiting: list[Dataset], lut: str) -> None:
        """Create a film box, fill it from the images that wait, print it unless the session is printed whole."""
        uid, film = self.create("film box", _film_box(session, options, lut), BasicFilmBox)
        boxes = film.get("ReferencedImageBoxSequence") or []
        if not boxes:
            raise SendFailed("the printer made a film box without image boxes")
        for position, box in enumerate(boxes, 1):
            if not waiting:
                break
            request = _image_box(position, waiting.pop(0), options)
            status, _ = self.association.send_n_set(
                request, options.image_box, box.ReferencedSOPInstanceUID, meta_uid=self.meta
            )
            self.note(f"N-SET image {position}", status)
        if not options.print_session:
            self.act("film box", BasicFilmBox, uid)
            self.note("N-DELETE film box", self.association.send_n_delete(BasicFilmBox, uid, meta_uid=self.meta))

    def act(self, name: str, sop_class: str, uid: str) -> None:
        """N-ACTION Print."""
        status, _ = self.association.send_n_action(None, 1, sop_class, uid, meta_uid=self.meta)
        self.note(f"N-ACTION {name}", status)


def _film_box(session: str, options: SendOptions, lut: str) -> Dataset:
    ds = Dataset()
    ds.ReferencedFilmSessionSequence = [_reference(BasicFilmSession, session)]
    if lut:
        ds.ReferencedPresentationLUTSequence = [_reference(PresentationLUT, lut)]
    return _set(
        ds,
        ImageDisplayFormat=options.image_display_format,
        FilmSizeID=options.film_size_id,
        FilmOrientation=options.film_orientation,
        MagnificationType=options.magnification_type,
        BorderDensity=options.border_density,
        EmptyImageDensity=options.empty_image_density,
        MinDensity=_hundredths(options.min_density),
        MaxDensity=_hundredths(options.max_density),
        Trim=options.trim,
        RequestedResolutionID=options.resolution_id,
        **options.other,
    )


def _image_box(position: int, item: Dataset, options: SendOptions) -> Dataset:
    ds = Dataset()
    ds.ImageBoxPosition = position
    setattr(ds, "BasicColorImageSequence" if options.color else "BasicGrayscaleImageSequence", [item])
    return _set(
        ds,
        Polarity=options.polarity,
        RequestedImageSize=options.requested_image_size,
        RequestedDecimateCropBehavior=options.requested_decimate_crop_behavior,
    )


def _reference(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    return item


def _associate(host: str, port: int, called_ae: str, options: SendOptions) -> Association:
    syntaxes = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
    needed = [UID(options.meta), *([PresentationLUT] if options.presentation_lut_shape else [])]
    peer = Peer(host, port, called_ae, options.calling_ae, options.timeout_s)
    association = associate(peer, dict.fromkeys(needed, syntaxes))
    if refused := [sop_class.name for sop_class in needed if sop_class not in accepted(association)]:
        association.release()
        raise SendFailed(f"{peer} does not do {', '.join(refused)}")
    return association


def send(
    host: str,
    port: int,
    called_ae: str,
    files: Sequence[Path],
    options: SendOptions,
    report: Callable[[Answer], None] = lambda answer: None,
) -> list[Answer]:
    """Print `files` on as many films as they need; every answer in order, told to `report` as it comes.

    Raises SendFailed when the printer cannot be reached, or refuses a session or film, NoImage for a file that is none
    before anything is sent.
    """
    waiting = [item for path in files for item in images(path, options.bits, options.color)]
    association = _associate(host, port, called_ae, options)
    talk = _Conversation(association, options.meta, report)
    try:
        with undisturbed(association):
            _print(talk, options, waiting)
    finally:
        if association.is_established:
            association.release()
    return talk.answers


def _print(talk: _Conversation, options: SendOptions, waiting: list[Dataset]) -> None:
    status, _ = talk.association.send_n_get([], Printer, PrinterInstance, meta_uid=talk.meta)
    talk.note("N-GET printer", status)
    session, _ = talk.create("film session", _session(options), BasicFilmSession)
    lut = _presentation_lut(talk, options.presentation_lut_shape)
    while waiting:
        talk.film(session, options, waiting, lut)
    if options.print_session:
        talk.act("film session", BasicFilmSession, session)
    status = talk.association.send_n_delete(BasicFilmSession, session, meta_uid=talk.meta)
    talk.note("N-DELETE film session", status)


def _presentation_lut(talk: _Conversation, shape: str) -> str:
    """Create a Presentation LUT of a shape on its own context; its UID, or nothing where none is asked for."""
    if not shape:
        return ""
    meta, talk.meta = talk.meta, None
    try:
        return talk.create("presentation LUT", _set(Dataset(), PresentationLUTShape=shape), PresentationLUT)[0]
    finally:
        talk.meta = meta


def _session(options: SendOptions) -> Dataset:
    return _set(
        Dataset(),
        NumberOfCopies=options.number_of_copies,
        PrintPriority=options.print_priority,
        MediumType=options.medium_type,
        FilmSessionLabel=options.film_session_label,
    )


__all__ = ["Answer", "NoImage", "SendFailed", "SendOptions", "send", "undisturbed"]
