"""TLS by the BCP 195 profiles of PS3.15 annex B: versions, suites, mutual certificates."""

import hashlib
import ssl
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Profile(StrEnum):
    NON_DOWNGRADING = "non-downgrading"  # PS3.15 B.10: TLS 1.2 and later, what RFC 9325 recommends
    EXTENDED = "extended"  # PS3.15 B.11: forward secrecy, AES-GCM and curves of 256 bits and more


# TLS 1.2 suites, in our order; those of TLS 1.3 are all of this kind
SUITES: dict[Profile, tuple[str, ...]] = {
    Profile.EXTENDED: (
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "DHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "DHE-RSA-AES128-GCM-SHA256",
    ),
    Profile.NON_DOWNGRADING: (
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "DHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "DHE-RSA-AES128-GCM-SHA256",
    ),
}


@dataclass(frozen=True, slots=True)
class TLSSettings:
    """A port that speaks TLS only. Files are PEM."""

    certificate: Path
    key: Path
    authorities: Path | None = None  # who signs our partners' certificates
    port: int = 2762  # 0: any free port
    profile: Profile = Profile.NON_DOWNGRADING
    require_certificate: bool = True  # of the caller


def context_of(settings: TLSSettings) -> ssl.SSLContext:
    """What the settings mean to OpenSSL. Raises OSError for files that cannot be read or are no certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(SUITES[settings.profile]))
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.load_cert_chain(settings.certificate, settings.key)
    if settings.authorities is not None:
        context.load_verify_locations(settings.authorities)
    context.verify_mode = ssl.CERT_REQUIRED if settings.require_certificate else ssl.CERT_OPTIONAL
    return context


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a DER certificate, as partners are told by: 64 lower-case hexadecimal digits."""
    return hashlib.sha256(certificate).hexdigest()


def tidy_fingerprint(text: str) -> str:
    """From the forms that tools print: with colons, blanks, upper case. Raises ValueError.

    >>> tidy_fingerprint("AB:" * 31 + "CD")[-6:]
    'ababcd'
    """
    digits = text.replace(":", "").replace(" ", "").lower()
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise ValueError(f"{text!r} is no SHA-256 fingerprint; expected 64 hexadecimal digits")
    return digits
