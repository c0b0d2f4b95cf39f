"""UIDs of DIMSE primitives, taken as they came.

pynetdicom's own setters make a new UID each time: pydicom checks it and warns, a warning and a log line for every
message of a peer whose UIDs are not to the letter, and the process remembers each text for ever.
"""

from typing import Any

from pydicom.uid import UID

UID_FIELDS = {
    "AffectedSOPClassUID": "_affected_sop_class_uid",
    "AffectedSOPInstanceUID": "_affected_sop_instance_uid",
    "RequestedSOPClassUID": "_requested_sop_class_uid",
    "RequestedSOPInstanceUID": "_requested_sop_instance_uid",
}
MAX_UID = 1024  # characters; PS3.5 9.1 has 64, but what a console names its instances is its own affair


def uid_of(text: str) -> UID:
    return str.__new__(UID, text.strip())  # what UID does, without looking up how strict to be


def set_parameter(primitive: Any, keyword: str, value: Any) -> None:
    """Set a parameter as its property would; an empty UID is none. Raises ValueError, TypeError."""
    field = UID_FIELDS.get(keyword)
    if field is None or not hasattr(primitive, field):
        setattr(primitive, keyword, value)
        return
    if value is not None and len(value) > MAX_UID:
        raise ValueError(f"{keyword} has {len(value)} characters; at most {MAX_UID} are allowed")
    setattr(primitive, field, value or None)
