"""The audit trail: what is noted, and the DICOM audit message each entry becomes (PS3.15 A.5).

Entries go to the ledger of the database in the transaction that does what they tell of; service.audit_syslog sends them
to the collector.
"""

import base64
from enum import StrEnum
from typing import NamedTuple
from xml.etree import ElementTree as Xml

from service.store import audit
from service.store.audit import Entry, Record

note = audit.append


class Action(StrEnum):
    """What was done."""

    START = "start"  # of the service
    STOP = "stop"
    LOGIN = "login"
    LOGOUT = "logout"
    VIEW = "view"
    SEARCH = "search"
    PRINT = "print"  # a modality printed a film, or somebody had one printed again
    RECEIVE = "receive"  # instances came, by association and study
    REPEAT = "repeat"  # the same, and all of them were there already
    COMMIT = "commit"  # somebody asked whether we keep instances
    EXPORT = "export"  # a film or a disc left as a file, or went to a sink
    RELEASE = "release"  # a disc was handed out
    CHANGE = "change"
    DELETE = "delete"
    LEDGER = "ledger"  # somebody read the ledger
    ALARM = "alarm"  # a request that should not have come


class Code(NamedTuple):
    """A code of DCM (PS3.16 annex D)."""

    value: str
    meaning: str


class Event(NamedTuple):
    """How an action is told."""

    event: Code
    action: str  # Create, Read, Update, Delete, Execute
    type: Code | None = None


EVENTS: dict[Action, Event] = {
    Action.START: Event(Code("110100", "Application Activity"), "E", Code("110120", "Application Start")),
    Action.STOP: Event(Code("110100", "Application Activity"), "E", Code("110121", "Application Stop")),
    Action.LOGIN: Event(Code("110114", "User Authentication"), "E", Code("110122", "Login")),
    Action.LOGOUT: Event(Code("110114", "User Authentication"), "E", Code("110123", "Logout")),
    Action.VIEW: Event(Code("110103", "DICOM Instances Accessed"), "R"),
    Action.SEARCH: Event(Code("110112", "Query"), "E"),
    Action.PRINT: Event(Code("110106", "Export"), "R"),
    Action.RECEIVE: Event(Code("110104", "DICOM Instances Transferred"), "C"),
    Action.REPEAT: Event(Code("110104", "DICOM Instances Transferred"), "R"),
    Action.COMMIT: Event(Code("110104", "DICOM Instances Transferred"), "R"),
    Action.EXPORT: Event(Code("110106", "Export"), "R"),
    Action.RELEASE: Event(Code("110106", "Export"), "R"),
    Action.CHANGE: Event(Code("110113", "Security Alert"), "U", Code("110131", "Software Configuration")),
    Action.DELETE: Event(Code("110105", "DICOM Study Deleted"), "D"),
    Action.LEDGER: Event(Code("110101", "Audit Log Used"), "R"),
    Action.ALARM: Event(Code("110113", "Security Alert"), "E", Code("110132", "Use of Restricted Function")),
}
"""PS3.15 A.5.3 and CID 400, 401."""

CHANGES = {
    "film": Event(Code("110110", "Patient Record"), "U"),
    "study": Event(Code("110111", "Procedure Record"), "U"),
    "person": Event(Code("110113", "Security Alert"), "U", Code("110137", "User Security Attributes Changed")),
    "token": Event(Code("110113", "Security Alert"), "U", Code("110137", "User Security Attributes Changed")),
}
"""How a change of such a thing is told."""

OBJECTS: dict[str, tuple[str, str, Code]] = {
    "film": ("2", "3", Code("12", "URI")),
    "disc": ("2", "3", Code("12", "URI")),
    "study": ("2", "3", Code("110180", "Study Instance UID")),
    "person": ("1", "11", Code("11", "User Identifier")),
}
"""Kind of object -> Participant Object Type Code, Type Code Role, ID Type Code (PS3.15 A.5.2)."""
OTHER_OBJECT = ("2", "13", Code("12", "URI"))
PATIENT_ID = Code("2", "Patient Number")
RFC_3881 = {"2", "11", "12"}  # codes of RFC 3881, not of DCM


def message(record: Record, source_id: str, site: str = "") -> bytes:
    """The DICOM audit message of a record, XML by the schema of PS3.15 A.5.1."""
    told = Xml.Element("AuditMessage")
    _event(told, record)
    person = {"UserID": record.who or "system", "UserIsRequestor": "true"}
    if record.address:
        person |= {"NetworkAccessPointID": record.address, "NetworkAccessPointTypeCode": "2"}
    theirs, ours = ROLES.get(Action(record.action), (APPLICATION, APPLICATION))
    _coded(Xml.SubElement(told, "ActiveParticipant", person), "RoleIDCode", theirs)
    machine = Xml.SubElement(told, "ActiveParticipant", {"UserID": source_id, "UserIsRequestor": "false"})
    _coded(machine, "RoleIDCode", ours)
    where = {"AuditSourceID": source_id} | ({"AuditEnterpriseSiteID": site} if site else {})
    Xml.SubElement(Xml.SubElement(told, "AuditSourceIdentification", where), "AuditSourceTypeCode", {"csd-code": "4"})
    _objects(told, record)
    text: bytes = Xml.tostring(told, encoding="utf-8", xml_declaration=True)
    return text


APPLICATION = Code("110150", "Application")
DESTINATION, SOURCE = Code("110152", "Destination Role ID"), Code("110153", "Source Role ID")
ROLES: dict[Action, tuple[Code, Code]] = {
    **dict.fromkeys((Action.PRINT, Action.EXPORT, Action.RELEASE), (DESTINATION, SOURCE)),
    **dict.fromkeys((Action.RECEIVE, Action.REPEAT, Action.COMMIT), (SOURCE, DESTINATION)),
}
"""The role of whoever did it, and ours (PS3.15 A.5.3)."""


def _event(told: Xml.Element, record: Record) -> None:
    event = EVENTS[Action(record.action)]
    if record.action == Action.CHANGE:
        event = CHANGES.get(record.object_kind, event)
    attributes = {
        "EventActionCode": event.action,
        "EventDateTime": record.at,
        "EventOutcomeIndicator": "0" if record.good else "4",
    }
    about = Xml.SubElement(told, "EventIdentification", attributes)
    _coded(about, "EventID", event.event)
    if event.type:
        _coded(about, "EventTypeCode", event.type)
    if record.detail:
        Xml.SubElement(about, "EventOutcomeDescription").text = _legal(record.detail)


def _objects(told: Xml.Element, record: Record) -> None:
    """The thing, or where there is none the row of the ledger; then the patients."""
    kind, object_id = (record.object_kind, record.object_id) if record.object_id else ("ledger", str(record.number))
    thing = _object(told, object_id, *OBJECTS.get(kind, OTHER_OBJECT))
    if record.action == Action.SEARCH:
        Xml.SubElement(thing, "ParticipantObjectQuery").text = _base64(object_id)
    else:
        Xml.SubElement(thing, "ParticipantObjectName").text = _legal(f"{kind} {object_id}")
    Xml.SubElement(thing, "ParticipantObjectDetail", {"type": "ledger", "value": _base64(str(record.number))})
    Xml.SubElement(thing, "ParticipantObjectDetail", {"type": "hash", "value": _base64(record.hash)})
    for patient_id, name in record.patients:
        person = _object(told, patient_id or "unknown", "1", "1", PATIENT_ID)
        Xml.SubElement(person, "ParticipantObjectName").text = _legal(name)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")


def _object(told: Xml.Element, object_id: str, kind: str, role: str, id_type: Code) -> Xml.Element:
    attributes = {
        "ParticipantObjectID": _legal(object_id),
        "ParticipantObjectTypeCode": kind,
        "ParticipantObjectTypeCodeRole": role,
    }
    thing = Xml.SubElement(told, "ParticipantObjectIdentification", attributes)
    _coded(thing, "ParticipantObjectIDTypeCode", id_type)
    return thing


def _coded(parent: Xml.Element, name: str, code: Code) -> None:
    system = "RFC-3881" if code.value in RFC_3881 else "DCM"
    attributes = {
        "csd-code": code.value,
        "codeSystemName": system,
        "displayName": code.meaning,
        "originalText": code.meaning,
    }
    Xml.SubElement(parent, name, attributes)


def _legal(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(c if c in "\t\n\r" or 0x20 <= ord(c) < 0xD800 or ord(c) > 0xDFFF else "\ufffd" for c in text)


__all__ = ["EVENTS", "Action", "Entry", "Record", "message", "note"]
