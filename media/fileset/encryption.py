"""PURE. How the volumes of an order are encrypted, and for whom."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from media.errors import BadOrder

MADE = "made"
SHORTEST_PASSWORD = 12


class Method(StrEnum):
    ZIP = "zip"  # one AES ZIP (WinZip AE-2, 256 bits) that 7-Zip, WinZip and others open
    CMS = "cms"  # every DICOM File a Secure DICOM File (PS3.15 D.1)


class Encrypt(NamedTuple):
    """What an order asks for.

    password    `made` for a new one, a name that `media.passwords` knows, `file:PATH`, or '' for certificates alone
    recipients  files of certificates (PEM or DER), of Secure DICOM Files only
    signer      a PEM file with the certificate and the key of who signs each file, of Secure DICOM Files only
    """

    method: Method
    password: str = MADE
    recipients: tuple[str, ...] = ()
    signer: str = ""

    def check(self, viewer: bool) -> None:
        """See that it can be carried out, on discs with a viewer or without. Raises BadOrder."""
        if viewer and self.method is Method.CMS:
            raise BadOrder("a disc of Secure DICOM Files has no viewer; expected none")
        if self.method is Method.ZIP and (self.recipients or self.signer or not self.password):
            raise BadOrder("a ZIP is encrypted by a password, not for certificates, and is not signed")
        if not self.password and not self.recipients:
            raise BadOrder("nobody could open the disc; expected a password or a certificate")

    def to_json(self) -> dict[str, Any]:
        """As JSON values; the password itself is not among them."""
        return {**self._asdict(), "recipients": list(self.recipients)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Encrypt":
        """What `to_json` gave."""
        return cls(Method(value["method"]), value["password"], tuple(value["recipients"]), value.get("signer", ""))


def checked_password(password: str) -> str:
    """A password that every reader can be given: printable ASCII (PS3.15 D.1.1), long enough. Raises BadOrder."""
    if not password.isascii() or not password.isprintable():
        raise BadOrder("the password has other characters than those of ASCII; not all readers could be given it")
    if len(password) < SHORTEST_PASSWORD:
        raise BadOrder(f"the password has {len(password)} characters; expected at least {SHORTEST_PASSWORD}")
    return password
