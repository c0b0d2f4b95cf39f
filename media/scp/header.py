"""From the file of an arrived data set to what the catalogue keeps of it: the header scan, decoded once a series."""

from collections.abc import Callable
from functools import lru_cache
from typing import BinaryIO

from pydicom.charset import convert_encodings, decode_bytes

from media.fileset import records
from media.fileset.model import Reason
from media.index.flaws import Flaw
from media.index.found import Part
from media.index.index import scanned
from media.index.memory import Memory, nothing_yet
from media.scp.file_meta import is_uid, read_head
from media.studies import Received, Sender, Series, Study

ISSUER, BIRTH_DATE, SEX = 0x00100021, 0x00100030, 0x00100040
STUDY_DESCRIPTION, SERIES_DESCRIPTION = 0x00081030, 0x0008103E
MAX_TEXT = 1024  # characters that the catalogue keeps of one value
_DELIMITERS = {ord(one) for one in "\\^="}

Texts = Callable[[int], str]


def read(stream: BinaryIO, size_bytes: int, data_set_at: int, sender: Sender, memory: Memory) -> Received:
    """What the header of a whole Part 10 file says, each length in it looked at. Raises Flaw.

    memory  what the files before this one had in common; of one thread
    """
    found = scanned(stream, size_bytes, memory)
    patient, study, series, own = found.parts
    return Received(
        found.sop_class_uid,
        found.sop_instance_uid,
        found.transfer_syntax_uid,
        instance_number(own),
        study_of(patient, study),
        series_of(series),
        sender,
        size_bytes,
        data_set_at,
    )


def read_again(stream: BinaryIO, size_bytes: int) -> Received:
    """The same of a file of the inbox whose catalogue entry is lost. Raises Flaw."""
    try:
        data_set_at, source_ae = read_head(stream)
    except ValueError as error:
        raise Flaw(Reason.NO_FILE_META, str(error)) from error
    stream.seek(0)
    return read(stream, size_bytes, data_set_at, Sender(source_ae, "", ""), nothing_yet())


@lru_cache(maxsize=512)
def study_of(patient: Part, study: Part) -> Study:
    """The study of these keys. Raises Flaw without a Study Instance UID."""
    person, about = texts(patient), texts(study)
    return Study(
        uid=_uid(about, records.STUDY_UID, "Study Instance UID"),
        patient_id=person(records.PATIENT_ID),
        issuer=person(ISSUER),
        patient_name=person(records.PATIENT_NAME),
        birth_date=person(BIRTH_DATE),
        sex=person(SEX),
        date=about(records.STUDY_DATE),
        time=about(records.STUDY_TIME),
        id=about(records.STUDY_ID),
        accession_number=about(records.ACCESSION_NUMBER),
        description=about(STUDY_DESCRIPTION),
    )


@lru_cache(maxsize=2048)
def series_of(series: Part) -> Series:
    """The series of these keys. Raises Flaw without a Series Instance UID."""
    about = texts(series)
    return Series(
        uid=_uid(about, records.SERIES_UID, "Series Instance UID"),
        number=about(records.SERIES_NUMBER),
        modality=about(records.MODALITY),
        description=about(SERIES_DESCRIPTION),
    )


def instance_number(own: Part) -> str:
    """Instance Number, '' without one."""
    tags, held = own
    if records.INSTANCE_NUMBER not in tags:
        return ""
    return held[tags.index(records.INSTANCE_NUMBER)].decode("ascii", "replace").strip()[:16]


def texts(part: Part) -> Texts:
    """Gives the values of a part as text, decoded by its character set."""
    values = dict(zip(*part, strict=True))
    names = values.get(records.CHARACTER_SET, b"").decode("ascii", "replace").split("\\")
    encodings = convert_encodings([name.strip() for name in names])

    def text(tag: int) -> str:
        decoded = decode_bytes(values.get(tag, b""), encodings, _DELIMITERS)
        return decoded.replace("\0", "").strip()[:MAX_TEXT]

    return text


def _uid(about: Texts, tag: int, name: str) -> str:
    uid = about(tag)
    if not is_uid(uid):
        raise Flaw(Reason.BAD_KEY if uid else Reason.MISSING_KEY, f"{name} is {'no UID' if uid else 'missing'}")
    return uid
