"""What CONFORMANCE.md says of the network: associations, access, TLS, what is bounded."""

from collections.abc import Iterator

from service.conformance_print import Section
from service.node.association import CALLED_AE_UNKNOWN, CALLING_AE_UNKNOWN, LOCAL_LIMIT_EXCEEDED
from service.node.settings import NodeSettings
from service.node.tls import SUITES, Profile
from service.settings.dicom import Dicom, Partner
from service.settings.limits import LimitSettings
from service.settings.tls import TLS

NODE = NodeSettings()
ASSOCIATIONS = f"""\
Each logical printer and the study inbox have an AE title of their own; the called AE title chooses what is offered.
Asynchronous Operations Window, SOP Class Extended Negotiation and User Identity are not answered. A requester that
sends on without waiting is served in its order.

Implementation Class UID {NODE.implementation_class_uid}, Version Name {NODE.implementation_version_name}.
"""

TLS_TEXT = f"""\
`[dicom.tls]` opens a port of its own, {TLS.model_fields["port"].default} by default, that speaks TLS only;
`only = true` leaves the plain one out. TLS 1.2 and 1.3; suites of 1.3 are OpenSSL's. No compression, no renegotiation.
Certificates and keys are read again at SIGHUP, for connections from then on.

The caller shows a certificate that `authorities` signed, unless `require_certificate` is false. A partner with
`certificates` (SHA-256 fingerprints) is let in with one of these only, and nobody else is let in with them."""

# Setting, what it bounds, the status of a request for more.
CAPS = (
    ("films", "film boxes of a film session", "0213H"),
    ("image_boxes", "image boxes of a film session", "0213H"),
    ("image_pixels", "pixels of an image", "C605H"),
    ("session_pixels", "pixels of a film session's images", "C605H"),
    ("presentation_luts", "Presentation LUTs", "0213H"),
    ("lut_entries", "entries of all Presentation LUTs that were made", "0213H"),
    ("data_set_bytes", "bytes of a print request's data set", "0213H"),
    ("data_set_depth", "sequences inside each other", "0110H"),
    ("data_set_elements", "elements of a data set", "0110H"),
)


def sections() -> Iterator[Section]:
    """Heading and text, or heading and table."""
    yield "Associations", ASSOCIATIONS
    yield "Who is let in", (("result, source, reason", "when"), _rejections())
    yield "Transport security (PS3.15 B.10, B.11)", TLS_TEXT
    yield "Suites of TLS 1.2", (("profile", "suites, in our order"), _suites())
    yield "Limits", (("setting", "what", "default", "beyond"), _limits())


def _rejections() -> list[tuple[str, str]]:
    quota = Partner.model_fields["quota"].default
    return [
        (_codes(CALLED_AE_UNKNOWN), "the called AE title is none of ours"),
        (
            _codes(CALLING_AE_UNKNOWN),
            "nobody may call so from there, or with that certificate; by default nobody may",
        ),
        (
            _codes(LOCAL_LIMIT_EXCEEDED),
            f"all associations are in use, or the partner's `quota` ({quota} by default)",
        ),
    ]


def _codes(codes: tuple[int, int, int]) -> str:
    return ", ".join(map(str, codes))


def _suites() -> list[tuple[str, str]]:
    sections = {Profile.NON_DOWNGRADING: "B.10", Profile.EXTENDED: "B.11"}
    return [(f"`{profile.value}` ({sections[profile]})", ", ".join(SUITES[profile])) for profile in sections]


def _limits() -> list[tuple[str, ...]]:
    dicom, limits = Dicom.model_fields, LimitSettings.model_fields
    rows = [
        ("max_associations", "associations", "rejected"),
        ("max_pdu_bytes", "bytes of a PDU that we receive", "A-ABORT"),
        ("acse_timeout_s", "seconds to negotiate", "closed"),
        ("pdu_timeout_s", "seconds for a PDU", "A-ABORT"),
        ("idle_timeout_s", "seconds between two requests", "A-ABORT"),
        ("max_data_bytes", "bytes of an association's images in the spool", "C605H"),
    ]
    found: list[tuple[str, ...]] = [
        (f"`[dicom] {name}`", what, f"{dicom[name].default:,}", beyond) for name, what, beyond in rows
    ]
    return found + [(f"`[limits] {name}`", what, f"{limits[name].default:,}", status) for name, what, status in CAPS]
