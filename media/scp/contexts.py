"""TABLE. What the inbox accepts: storage classes as sent, commitment, procedure steps (PS3.4 B.5, J, F.7)."""

from collections.abc import Iterable

from pynetdicom.presentation import PresentationContext, build_context

from media.fileset import transfer_syntaxes as syntax
from media.fileset.sop_classes import RECORD_TYPES, STORAGE, WITHOUT_RECORD

VERIFICATION = "1.2.840.10008.1.1"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
STORAGE_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"  # well-known (PS3.4 J.3.5)
MEDIA_CREATION = "1.2.840.10008.5.1.1.33"
PROCEDURE_STEP = "1.2.840.10008.3.1.2.3.3"

_NO_STUDY = tuple(STORAGE + tail for tail in ("200.1", "200.3", "200.7", "201.1"))
_NO_STUDY_BRANCHES = tuple(f"1.2.840.10008.5.1.4.{number}." for number in (38, 39, 43, 44, 45))
WITHOUT_STUDY = {
    uid for uid in (*RECORD_TYPES, *WITHOUT_RECORD) if uid in _NO_STUDY or uid.startswith(_NO_STUDY_BRANCHES)
}
"""Of no patient (PS3.4 GG): protocols, inventories, hanging protocols, palettes, implants."""

STORAGE_CLASSES: tuple[str, ...] = tuple(sorted({*RECORD_TYPES, *WITHOUT_RECORD} - WITHOUT_STUDY))

TRANSFER_SYNTAXES: tuple[str, ...] = (
    syntax.EXPLICIT_LE,
    syntax.IMPLICIT_LE,
    syntax.DEFLATED_LE,
    syntax.EXPLICIT_BE,
    syntax.RLE,
    syntax.JPEG_BASELINE,
    syntax.JPEG_EXTENDED,
    syntax.JPEG_LOSSLESS,
    syntax.JPEG_LOSSLESS_SV1,
    syntax.JPEG_LS_LOSSLESS,
    syntax.JPEG_LS_NEAR,
    syntax.J2K_LOSSLESS,
    syntax.J2K,
    "1.2.840.10008.1.2.4.92",  # JPEG 2000 Part 2, lossless
    "1.2.840.10008.1.2.4.93",  # JPEG 2000 Part 2
    syntax.HTJ2K_LOSSLESS,
    syntax.HTJ2K_RPCL,
    syntax.HTJ2K,
    "1.2.840.10008.1.2.4.110",  # JPEG XL, lossless
    "1.2.840.10008.1.2.4.111",  # JPEG XL, JPEG recompression
    "1.2.840.10008.1.2.4.112",  # JPEG XL
    syntax.MPEG2_MPML,
    "1.2.840.10008.1.2.4.100.1",  # fragmentable
    syntax.MPEG2_MPHL,
    "1.2.840.10008.1.2.4.101.1",
    syntax.MPEG4_HPLV41,
    "1.2.840.10008.1.2.4.102.1",
    syntax.MPEG4_HPLV41BD,
    "1.2.840.10008.1.2.4.103.1",
    syntax.MPEG4_HPLV42_2D,
    "1.2.840.10008.1.2.4.104.1",
    syntax.MPEG4_HPLV42_3D,
    "1.2.840.10008.1.2.4.105.1",
    syntax.MPEG4_SHPLV42,
    "1.2.840.10008.1.2.4.106.1",
    "1.2.840.10008.1.2.4.107",  # HEVC, main
    "1.2.840.10008.1.2.4.108",  # HEVC, main 10
    "1.2.840.10008.1.2.8.1",  # Deflated Image Frame
)
"""Those a storage object can have, the retired JPEG processes aside; a private one is not among them."""

NORMALIZED_SYNTAXES = (syntax.EXPLICIT_LE, syntax.IMPLICIT_LE)


def presentation_contexts(extra_classes: Iterable[str] = (), *, creation: bool = False) -> list[PresentationContext]:
    """What the inbox accepts; `extra_classes` are storage classes of vendors, `creation`: media too."""
    storage = [build_context(uid, list(TRANSFER_SYNTAXES)) for uid in dict.fromkeys((*STORAGE_CLASSES, *extra_classes))]
    others = (VERIFICATION, STORAGE_COMMITMENT, PROCEDURE_STEP, *([MEDIA_CREATION] if creation else []))
    return storage + [build_context(uid, list(NORMALIZED_SYNTAXES)) for uid in others]
