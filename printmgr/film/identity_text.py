"""PURE. What a label, an annotation or recognised text says of a patient; only what is marked as such counts.

A name has carets, an identifier has its word before it: "DOE^JOHN", "ID: 12345". Words alone ("CT THORAX") might be
anything: they are compared with candidates (identity.mentions), and never make a patient of their own.
"""

import re

from printmgr.film.identity import Identity
from printmgr.film.patient_names import LONGEST

LONGEST_TEXT = 4096  # characters that are looked at
VALUE = r"\s*[:=#]\s*(?P<value>[^\s;|,]{1,64})"
MARKED = {
    "patient_id": re.compile(r"\b(?:pat(?:ient)?[ ._-]?)?(?:id|pid|mrn|no)\b\.?" + VALUE, re.IGNORECASE),
    "accession_number": re.compile(r"\bacc(?:ession)?\b[ .]?(?:no|nr|number)?\b\.?" + VALUE, re.IGNORECASE),
    "birth_date": re.compile(r"\b(?:dob|born|birth[ -]?date)\b\.?" + VALUE, re.IGNORECASE),
    "sex": re.compile(r"\bsex\s*[:=]\s*(?P<value>[MFO])\b", re.IGNORECASE),
    "patient_name": re.compile(
        r"\b(?:pat(?:ient)?[ ._-]?(?:'?s )?)?name\s*[:=]\s*(?P<value>[^;|\n\r\d:=]{1,64}?)"
        r"(?=\s*(?:[;|\n\r]|\d|\b\w+\s*[:=]|$))",
        re.IGNORECASE,
    ),
}
CARET_NAME = re.compile(r"[^\s;|,/^=\d]{1,64}(?:\^[^\s;|,/^=\d]{0,64}){1,4}")
ISO_DATE = re.compile(r"(\d{4})[-./]?(\d{2})[-./]?(\d{2})")
DAY_FIRST = re.compile(r"(\d{2})[.](\d{2})[.](\d{4})")


def identity_in(text: str) -> Identity:
    """The patient that a text names in so many words; NOBODY where it names none.

    >>> identity_in("DOE^JOHN ID: 12345 CT").patient_name, identity_in("DOE^JOHN ID: 12345 CT").patient_id
    ('DOE^JOHN', '12345')
    >>> identity_in("CT THORAX, ABDOMEN 20240101").names_a_patient
    False
    """
    text = text[:LONGEST_TEXT]
    values = {}
    for name, pattern in MARKED.items():
        found = pattern.search(text)
        if found:
            values[name] = found["value"].strip()[:LONGEST]
    caret = CARET_NAME.search(text)
    if caret:
        values["patient_name"] = caret[0].rstrip("^")
    values["birth_date"] = date_in(values.get("birth_date", ""))
    values["sex"] = values.get("sex", "").upper()
    return Identity(**values)


def date_in(text: str) -> str:
    """A date as YYYYMMDD; "" for one that cannot be read in one way only.

    >>> date_in("1970-12-31"), date_in("31.12.1970"), date_in("01/02/1970")
    ('19701231', '19701231', '')
    """
    if found := ISO_DATE.fullmatch(text):
        return "".join(found.groups())
    if found := DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
        return year + month + day
    return ""
