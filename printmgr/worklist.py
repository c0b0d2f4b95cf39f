"""A Modality Worklist SCU (PS3.4 Annex K): who was scheduled at a station about the time of its film, and who is
scheduled at all."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    ModalityWorklistInformationFind,
)

from printmgr.errors import PrintError
from printmgr.film.identity import Finding, Identity, Source
from printmgr.film.patient_names import LONGEST
from printmgr.scu import undisturbed

MOST = 64  # entries of one answer; a station has tens a day
LOOKED_THROUGH = 2000  # entries of a worklist that answers with all it has, whatever is asked
PENDING = (0xFF00, 0xFF01)  # PS3.4 K.4.1.1.4
KEYS = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "AccessionNumber",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
    "ReferringPhysicianName",
)
STEP_KEYS = (
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledProcedureStepDescription",
)


class WorklistFailed(PrintError):
    """The worklist could not be asked, or its answer is of no use."""


@dataclass(frozen=True, slots=True)
class Worklist:
    """Where the worklist is, and how far around a film's time its entries are looked at."""

    host: str
    port: int
    ae_title: str
    calling_ae: str = "PRINTMGR"
    timeout_s: float = 5.0  # for the whole conversation
    before_h: float = 12.0  # scheduled at most so long before the film
    after_h: float = 2.0  # and so long after it


@dataclass(frozen=True, slots=True)
class Scheduled:
    """An entry of the worklist."""

    identity: Identity
    station: str
    modality: str
    date: str  # YYYYMMDD
    time: str
    step: str  # Scheduled Procedure Step Description


Ask = Callable[[Dataset], Iterator[Dataset]]
"""Put a query; the entries of the answer, until it ends. Raises WorklistFailed."""


def scheduled(worklist: Worklist, station_ae: str, at: datetime) -> list[Finding]:
    """Who was scheduled at the station about that time, each once. Raises WorklistFailed."""
    first, last = at - timedelta(hours=worklist.before_h), at + timedelta(hours=worklist.after_h)
    found: dict[Finding, None] = {}
    station = {
        "ScheduledStationAETitle": station_ae,
        "ScheduledProcedureStepStartDate": f"{first:%Y%m%d}-{last:%Y%m%d}",
    }
    with _asking(worklist) as ask:
        for entry in ask(_query({}, station)):  # the time of day is compared here, for not every worklist can
            if _is_within(entry, station_ae, first, last):
                found[Finding(Source.WORKLIST, _identity(entry), worklist.ae_title)] = None
            if len(found) > MOST:
                many = f"{worklist.ae_title} has more than {MOST} patients for {station_ae}; expected fewer"
                raise WorklistFailed(many)
    return list(found)


def search(
    worklist: Worklist, keys: Iterable[Mapping[str, str]], matches: Callable[[Scheduled], bool], most: int = MOST
) -> list[Scheduled]:
    """Entries that `matches` takes, at most so many, the next to come last. Raises WorklistFailed.

    keys  values by keyword, one query each; what a worklist does not match by it leaves to `matches`
    """
    found: dict[Scheduled, None] = {}
    with _asking(worklist) as ask:
        for one in keys:
            for number, entry in enumerate(ask(_query(one, {})), start=1):
                found |= {each: None for each in _entries(entry) if matches(each)}
                if number >= LOOKED_THROUGH:
                    many = f"{worklist.ae_title} answers with more than {LOOKED_THROUGH} entries; expected fewer"
                    raise WorklistFailed(many)
    return sorted(found, key=lambda one: (one.date, one.time))[-most:]


def probe(worklist: Worklist) -> str:
    """Ask for nobody; how long that took, in words. Raises WorklistFailed."""
    began = time.monotonic()
    search(worklist, [{"PatientID": "PRINTMGR-NOBODY"}], lambda _: False)
    took_s = time.monotonic() - began
    return f"C-FIND to {worklist.ae_title} at {worklist.host} port {worklist.port} in {took_s:.2f} s"


def _query(keys: Mapping[str, str], step_keys: Mapping[str, str]) -> Dataset:
    """What is asked for with what is to come back."""
    query, step = Dataset(), Dataset()
    query.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in (dict.fromkeys(KEYS, "") | dict(keys)).items():
        setattr(query, keyword, value)
    for keyword, value in (dict.fromkeys(STEP_KEYS, "") | dict(step_keys)).items():
        setattr(step, keyword, value)
    query.ScheduledProcedureStepSequence = [step]
    return query


@contextmanager
def _asking(worklist: Worklist) -> Iterator[Ask]:
    """A conversation with the worklist. Raises WorklistFailed."""
    deadline = time.monotonic() + worklist.timeout_s
    association = _associate(worklist)

    def ask(query: Dataset) -> Iterator[Dataset]:
        for status, entry in association.send_c_find(query, ModalityWorklistInformationFind):
            code = int(status.get("Status", -1))
            if code in PENDING and entry is not None:
                yield entry
            elif code != 0:
                why = f"answered {code:04X}H" if code >= 0 else "closed the association or did not answer in time"
                raise WorklistFailed(f"{worklist.ae_title} {why}")
            if time.monotonic() > deadline:
                raise WorklistFailed(f"{worklist.ae_title} did not end its answer in {worklist.timeout_s:g} s")

    try:
        with undisturbed(association):
            yield ask
        association.release()
    except (RuntimeError, ValueError) as error:  # pynetdicom: the association ended meanwhile
        raise WorklistFailed(f"{worklist.ae_title} ended the association: {error}") from error
    finally:
        if association.is_established:
            association.abort()


def _associate(worklist: Worklist) -> Association:
    ae = AE(ae_title=worklist.calling_ae)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = worklist.timeout_s
    ae.add_requested_context(ModalityWorklistInformationFind)
    association = ae.associate(worklist.host, worklist.port, ae_title=worklist.ae_title)
    if association.is_established:
        return association
    why = "rejected the association" if association.is_rejected else "cannot be reached, or has no worklist"
    raise WorklistFailed(f"{worklist.ae_title} at {worklist.host} port {worklist.port} {why}")


def _is_within(entry: Dataset, station_ae: str, first: datetime, last: datetime) -> bool:
    """Whether a step of the entry is the station's and within the time; one without a time of day is."""
    return any(_step_is_within(step, station_ae, first, last) for step in _steps(entry))


def _step_is_within(step: Dataset, station_ae: str, first: datetime, last: datetime) -> bool:
    titles = {title.strip() for title in _text(step, "ScheduledStationAETitle").split("\\")}
    if station_ae not in titles:
        return False
    date, clock = _text(step, "ScheduledProcedureStepStartDate"), _text(step, "ScheduledProcedureStepStartTime")
    try:
        day = datetime.strptime(date, "%Y%m%d").replace(tzinfo=first.tzinfo)
    except ValueError:
        return False
    with suppress(ValueError):
        digits = clock.partition(".")[0].replace(":", "")
        at = datetime.strptime((digits + "000000")[: max(6, len(digits))], "%H%M%S")
        if digits:
            return first <= day.replace(hour=at.hour, minute=at.minute, second=at.second) <= last
    return first.date() <= day.date() <= last.date()


def _steps(entry: Dataset) -> list[Dataset]:
    return list(entry.get("ScheduledProcedureStepSequence") or [])


def _entries(entry: Dataset) -> Iterator[Scheduled]:
    """One for each step of an entry."""
    identity = _identity(entry)
    for step in _steps(entry) or [Dataset()]:
        yield Scheduled(
            identity,
            _text(step, "ScheduledStationAETitle"),
            _text(step, "Modality"),
            _text(step, "ScheduledProcedureStepStartDate"),
            _text(step, "ScheduledProcedureStepStartTime"),
            _text(step, "ScheduledProcedureStepDescription"),
        )


def _identity(entry: Dataset) -> Identity:
    return Identity(
        patient_id=_text(entry, "PatientID"),
        issuer=_text(entry, "IssuerOfPatientID"),
        patient_name=_text(entry, "PatientName"),
        birth_date=_text(entry, "PatientBirthDate"),
        sex=_text(entry, "PatientSex"),
        study_uid=_text(entry, "StudyInstanceUID"),
        accession_number=_text(entry, "AccessionNumber"),
        description=_text(entry, "RequestedProcedureDescription"),
        referring_physician=_text(entry, "ReferringPhysicianName"),
    )


def _text(data_set: Dataset, keyword: str) -> str:
    """A value as text; "" for one that is missing or cannot be read."""
    try:
        value = data_set.get(keyword)
    except (ValueError, LookupError, NotImplementedError):
        return ""
    values = value if isinstance(value, list) else [value]
    return "\\".join("" if one is None else str(one) for one in values).strip()[:LONGEST]
