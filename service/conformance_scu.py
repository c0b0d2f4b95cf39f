"""What the conformance statement says of the associations that films go out on."""

from pydicom.uid import UID

from printmgr.sinks import film_forward, pacs

HEAD = """\
## Films on to others

### SOP classes, as SCU
"""

DEPARTURES = """
An archive's report of storage commitment is taken on the association that asked for it, and on one that the archive
opens with the SCP role for itself (PS3.4 J.3.3, PS3.7 D.3.3.4). 0111H to C-STORE counts as stored: the UID is the
film's. UIDs derive from the print id, the patient and the study.

Encapsulated PDF: Modality DOC, Conversion Type WSD, Burned In Annotation YES, Encapsulated Document Length given.
Secondary Capture: Modality OT, Conversion Type DI, pixels and Photometric Interpretation as printed, High Bit moved
to Bits Stored - 1, a window over all values; Polarity REVERSE is not applied but told in Image Comments.

To a printer films are printed one by one, or by their session when `by_session` says so. Printer Status FAILURE,
0213H, C601H, C602H and C605H are taken for not ready now. Attributes beside the tables above are not sent, nor are
Border Density, Empty Image Density, Trim, Polarity and Requested Resolution ID where they have the default.
Presentation LUT, Illumination and Reflected Ambient Light of a film session are sent with each film. Texts beyond
ASCII are sent as ISO_IR 192.
"""


def films_sent() -> str:
    """The section, made from the sinks' tables."""
    rows = [
        *((uid, "archive", when) for uid, when in pacs.PROPOSED.items()),
        *((uid, "film printer", when) for uid, when in film_forward.PROPOSED.items()),
    ]
    lines = [f"| {UID(uid).name} | {uid} | {peer} | {when} |" for uid, peer, when in rows]
    return (
        "\n".join([HEAD, "| SOP class | UID | peer | when |", "| --- | --- | --- | --- |", *lines]) + "\n" + DEPARTURES
    )
