"""Pseudonyms out of a key: the same patient, UID and day always become the same, and nothing leads back without it."""

import hmac
import re
from base64 import b32encode
from datetime import date, timedelta
from hashlib import sha256

LONGEST_SHIFT_DAYS = 3650
DUMMY_DATE, DUMMY_TIME, DUMMY_DATETIME = "19000101", "000000", "19000101000000"
STANDARD_ROOT = "1.2.840.10008."
_DA = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")


class Pseudonyms:
    """What one patient's values become; `patient` tells one patient from another (ID and its issuer)."""

    def __init__(self, key: bytes, patient: str) -> None:
        self._key = key
        self._patient = patient
        self.identifier = "P" + self._word("patient", patient)
        days = int.from_bytes(self._digest("days", patient)[:4], "big") % LONGEST_SHIFT_DAYS + 1
        self._shift = timedelta(days=-days)

    def uid(self, uid: str) -> str:
        """The UID that stands for another (PS3.5 B.2); the standard's own stay.

        >>> Pseudonyms(b"k", "1").uid("1.2.840.10008.1.2")
        '1.2.840.10008.1.2'
        """
        if not uid or uid.startswith(STANDARD_ROOT):
            return uid
        value = int.from_bytes(self._digest("uid", uid)[:16], "big")
        value = value & ~(0xF << 76) | 0x8 << 76  # version 8: custom
        return f"2.25.{value & ~(0x3 << 62) | 0x2 << 62}"

    def word(self, kind: str, value: str) -> str:
        """What stands for an identifier of the patient, at most 11 characters."""
        return "N" + self._word(kind, f"{self._patient}\0{value}")

    def shifted(self, value: str) -> str:
        """A DA or DT some days earlier, as many for all dates of the patient; '' for what is no date."""
        found = _DA.match(value.strip())
        try:
            moved = date(*map(int, found.groups())) + self._shift if found else None
        except (ValueError, OverflowError):
            moved = None
        if moved is None or found is None or not re.fullmatch(r"[\d.+\-]*", rest := value.strip()[found.end() :]):
            return ""
        return f"{moved.year:04}{moved.month:02}{moved.day:02}{rest}"

    def _word(self, kind: str, value: str) -> str:
        return b32encode(self._digest(kind, value)[:6]).decode("ascii").rstrip("=")

    def _digest(self, kind: str, value: str) -> bytes:
        return hmac.new(self._key, f"{kind}\0{value}".encode("utf-8", "surrogateescape"), sha256).digest()


def fingerprint(key: bytes) -> str:
    """Tells one key from another, and says nothing of it."""
    return hmac.new(key, b"fingerprint", sha256).hexdigest()[:8]
