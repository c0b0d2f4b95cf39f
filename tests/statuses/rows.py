"""What a row of the table of statuses is, and how it is played against a printer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import generate_uid
from pynetdicom.dimse_primitives import N_SET

from printmgr.scp.contexts import CLASS_NAMES, PRINTER_CONFIGURATION_INSTANCE, PRINTER_INSTANCE, SOPClass
from tests.console import BOX, FILM, LUT, SESSION, TEXT, Console
from tests.printmgr.scp import requests

SHAPES = {"IDENTITY": requests.item(PresentationLUTShape="IDENTITY")}


class State(StrEnum):
    """What was there before the request."""

    NOTHING = "nothing"
    SESSION = "a film session"
    FILM = "a film box"
    IMAGE = "a film box with an image"
    PRINTED = "a printed film"
    DELETED = "a film box that was deleted"
    LUT = "a Presentation LUT"


class Of(StrEnum):
    """Which instance the request names."""

    NEW = "a new one"
    UNNAMED = "none"
    SESSION = "the film session"
    FILM = "the film box"
    BOX = "its first image box"
    TEXT = "its first annotation box"
    LUT = "the Presentation LUT"
    JOB = "the print job"
    PRINTER = "the printer"
    CONFIGURATION = "the printer's configuration"
    UNKNOWN = "one that never was"


@dataclass(frozen=True)
class Row:
    """One request and its answer."""

    name: str
    service: str
    sop_class: str
    of: Of
    status: int
    said: Mapping[str | int, Any] | Dataset | None = None  # None: no data set
    state: State = State.NOTHING
    answered: Mapping[str, Any] = field(default_factory=dict)  # attributes of the response, and their values
    action_type: int = 1
    sentence: str = ""
    clause: str = ""

    @property
    def request(self) -> str:
        return f"{self.service} {CLASS_NAMES.get(self.sop_class, self.sop_class)}: {self.name}"


class Table:
    """Collects rows; what follows the same sentence of the standard is one group."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._sentence = self._clause = ""

    def group(self, sentence: str, clause: str) -> None:
        self._sentence, self._clause = sentence, clause

    def row(
        self,
        name: str,
        service: str,
        sop_class: str,
        of: Of,
        status: int,
        said: Mapping[str | int, Any] | Dataset | None = None,
        **more: Any,
    ) -> None:
        sentence = more.pop("because", self._sentence)
        one = Row(name, service, sop_class, of, status, said, sentence=sentence, clause=self._clause, **more)
        self.rows.append(one)


def data_set_of(said: Mapping[str | int, Any] | Dataset | None) -> Dataset | None:
    """The data set to send; values that are bytes go out as they are."""
    if said is None or isinstance(said, Dataset):
        return said
    data_set = Dataset()
    for key, value in said.items():
        if isinstance(value, bytes) and key not in ("ICCProfile", "PixelData"):
            data_set.add_new(Tag(key), "OB", value)
        elif isinstance(key, int):
            data_set.add_new(key, *value)
        else:
            setattr(data_set, key, value)
    return data_set


@dataclass
class Player:
    """Brings one association into a state and plays a row on it."""

    console: Console
    at: dict[Of, str] = field(default_factory=dict)

    def clear(self) -> None:
        """Take away what the row before left."""
        if Of.SESSION in self.at:
            self.console.delete(SESSION, self.at[Of.SESSION])
        if Of.LUT in self.at:
            self.console.delete(LUT, self.at[Of.LUT])
        self.at = {Of.PRINTER: PRINTER_INSTANCE, Of.CONFIGURATION: PRINTER_CONFIGURATION_INSTANCE}
        self.console.session = generate_uid()

    def reach(self, state: State) -> None:
        console = self.console
        self.at[Of.LUT] = generate_uid()
        if state is State.LUT:
            assert console.create(LUT, SHAPES["IDENTITY"], self.at[Of.LUT])[0] == 0
        self.at[Of.SESSION] = console.session
        if state in (State.NOTHING, State.LUT):
            return
        assert console.open_session() == 0
        if state is State.SESSION:
            return
        film = requests.film_box(console.session, "STANDARD\\2,1", AnnotationDisplayFormatID="ANY")
        self.at[Of.FILM] = generate_uid()
        status, made = console.create(FILM, film, self.at[Of.FILM])
        assert status == 0
        self.at[Of.BOX] = str(made.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID)
        self.at[Of.TEXT] = str(made.ReferencedBasicAnnotationBoxSequence[0].ReferencedSOPInstanceUID)
        if state in (State.IMAGE, State.PRINTED):
            assert console.set(BOX, self.at[Of.BOX], requests.image_box(requests.image())) == 0
        if state is State.PRINTED:
            status, self.at[Of.JOB] = console.order(FILM, self.at[Of.FILM])
            assert status == 0
        if state is State.DELETED:
            assert console.delete(FILM, self.at[Of.FILM]) == 0

    def play(self, row: Row) -> tuple[int, Dataset, str]:
        """Status, response data set, the instance that the response names."""
        self.clear()
        self.reach(row.state)
        uid = {Of.NEW: generate_uid(), Of.UNKNOWN: "1.2.3.4", Of.UNNAMED: None}.get(row.of) or self.at.get(row.of)
        if row.of is Of.NEW and row.sop_class == SESSION:
            uid = self.console.session if row.state in (State.NOTHING, State.LUT) else uid
        association, meta = self.console.association, self.console.meta(row.sop_class)
        said = self.with_places(row.said)
        if row.service == "N-CREATE":
            status, answer = association.send_n_create(said, row.sop_class, uid, meta_uid=meta)
        elif row.service == "N-SET" and said is None:  # pynetdicom's own call has none without a data set
            request = N_SET()
            request.RequestedSOPClassUID, request.RequestedSOPInstanceUID = row.sop_class, uid
            return self.console.tell(request, None), Dataset(), ""
        elif row.service == "N-SET":
            status, answer = association.send_n_set(said, row.sop_class, uid, meta_uid=meta)
        elif row.service == "N-GET":
            tags = [Tag(keyword) for keyword in row.said or ()]
            status, answer = association.send_n_get(tags, row.sop_class, uid, meta_uid=meta)
        elif row.service == "N-ACTION":
            status, answer = association.send_n_action(said, row.action_type, row.sop_class, uid, meta_uid=meta)
        elif row.service == "N-DELETE":
            status, answer = association.send_n_delete(row.sop_class, uid, meta_uid=meta), None
        else:
            status, answer = association.send_c_echo(), None
        if row.of is Of.UNNAMED and row.sop_class == SESSION:
            self.at[Of.SESSION] = self.console.named
        self.console.comment = str(status.get("ErrorComment", ""))
        return int(status.get("Status", -1)), answer or Dataset(), self.console.named

    def with_places(self, said: Mapping[str | int, Any] | Dataset | None) -> Dataset | None:
        """The data set, with the instances of this association where it names a place."""
        data_set = data_set_of(said)
        if data_set is not None:
            for element in data_set:
                if element.VR == "SQ":
                    for item in element.value:
                        named = item.get("ReferencedSOPInstanceUID")
                        if named in set(Of):
                            item.ReferencedSOPInstanceUID = self.at[Of(named)]
        return data_set


def to(of: Of, sop_class: str = SESSION) -> list[Dataset]:
    """A sequence that refers to an instance of the association."""
    return [requests.item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=str(of))]


__all__ = ["BOX", "FILM", "LUT", "SESSION", "TEXT", "Of", "Player", "Row", "SOPClass", "State", "Table", "to"]
