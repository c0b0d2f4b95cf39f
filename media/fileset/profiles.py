"""TABLE. PURE. Media application profiles (PS3.11): what each allows, demands and adds to the directory."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from media.errors import BadOrder
from media.fileset import transfer_syntaxes as ts
from media.fileset.media import FileSystem, MediumKind
from media.fileset.records import IMAGE_TYPE, REFERENCED_IMAGES, SOP_REFERENCE, Key, KeyType
from media.fileset.sop_classes import STORAGE

ONE, ONE_C, TWO = KeyType.ONE, KeyType.ONE_C, KeyType.TWO


class Rule(NamedTuple):
    """SOP classes, the transfer syntaxes they may have and the limits of their images.

    sop_classes        None: every class that has a directory record
    transfer_syntaxes  None: every one; the first is what others are transcoded to
    photometric        transfer syntax, or '' for all -> Photometric Interpretations; nothing: no limit
    limits             tag -> allowed numbers; of Rows and Columns the range (least, most)
    required           tags the instance must have
    """

    sop_classes: frozenset[str] | None
    transfer_syntaxes: tuple[str, ...] | None
    photometric: Mapping[str, frozenset[str]] = MappingProxyType({})
    limits: Mapping[int, tuple[int, ...]] = MappingProxyType({})
    required: tuple[int, ...] = ()


class IconRule(NamedTuple):
    """Icon images of IMAGE records: 8 bits, MONOCHROME2."""

    size: int
    required: bool


class Profile(NamedTuple):
    """One application profile; of its rules the first that names a class counts.

    `keys`: record type -> keys it adds to, or makes stricter in, that record.
    """

    name: str
    section: str
    medium: MediumKind
    file_system: FileSystem
    rules: tuple[Rule, ...]
    keys: Mapping[str, tuple[Key, ...]] = MappingProxyType({})
    icon: IconRule | None = None


def classes(*tails: str) -> frozenset[str]:
    return frozenset(STORAGE + tail for tail in tails)


ROWS, COLUMNS = 0x00280010, 0x00280011
BITS_ALLOCATED, BITS_STORED, HIGH_BIT = 0x00280100, 0x00280101, 0x00280102
ULTRASOUND_REGIONS = 0x00186011

XA, SC, CT, MR = classes("12.1"), classes("7"), classes("2"), classes("4")
GSPS, DOSE_SR = classes("11.1"), classes("88.67")
US, US_MULTI_FRAME = classes("6.1"), classes("3.1")
DENTAL = classes("1.1", "1.3", "11.1", "131")
MULTI_FRAME = classes(
    *("2.1", "2.2", "3.1", "4.1", "4.3", "4.4", "6.2", "6.3", "7.1", "7.2", "7.3", "7.4", "12.1", "12.1.1", "12.2"),
    *("12.2.1", "13.1.1", "13.1.2", "13.1.3", "13.1.4", "13.1.5", "14.1", "14.2", "20", "30", "66.4", "77.1.1.1"),
    *("77.1.2.1", "77.1.4.1", "77.1.5.1", "77.1.5.2", "77.1.5.4", "77.1.5.5", "77.1.5.6", "77.1.5.7", "77.1.5.8"),
    *("77.1.6", "77.1.7", "77.1.8", "77.1.9", "81.1", "82.1", "128.1", "130", "481.1", "481.23", "481.24"),
)

IMAGE_REFERENCES = Key(REFERENCED_IMAGES, "SQ", ONE_C, "ReferencedImageSequence", SOP_REFERENCE)
IMAGE_TYPE_1C = Key(IMAGE_TYPE, "CS", ONE_C, "ImageType")
RATIO_1C = Key(0x00282112, "DS", ONE_C, "LossyImageCompressionRatio")
CALIBRATION_2 = Key(0x00500004, "CS", TWO, "CalibrationImage")
GEOMETRY = (
    Key(0x00200052, "UI", ONE_C, "FrameOfReferenceUID"),
    Key(0x00200032, "DS", ONE_C, "ImagePositionPatient"),
    Key(0x00200037, "DS", ONE_C, "ImageOrientationPatient"),
    Key(0x00280030, "DS", ONE_C, "PixelSpacing"),
)
MATRIX = (Key(ROWS, "US", ONE, "Rows"), Key(COLUMNS, "US", ONE, "Columns"))

GENERAL_KEYS = {"IMAGE": (IMAGE_TYPE_1C, IMAGE_REFERENCES)}  # Table D.3-2

PATIENT_1C = (Key(0x00100030, "DA", ONE_C, "PatientBirthDate"), Key(0x00100040, "CS", ONE_C, "PatientSex"))
SERIES_1C = (
    Key(0x00080080, "LO", ONE_C, "InstitutionName"),
    Key(0x00080081, "ST", ONE_C, "InstitutionAddress"),
    Key(0x00081050, "PN", ONE_C, "PerformingPhysicianName"),
)
MULTI_FRAME_KEYS = (  # of IMAGE and SPECTROSCOPY
    IMAGE_REFERENCES,
    *MATRIX,
    *GEOMETRY,
    Key(0x00200200, "UI", ONE_C, "SynchronizationFrameOfReferenceUID"),
    Key(0x00280008, "IS", ONE_C, "NumberOfFrames"),
    Key(0x00181800, "CS", ONE_C, "AcquisitionTimeSynchronized"),
    Key(0x0008002A, "DT", ONE_C, "AcquisitionDateTime"),
)
DVD_KEYS = {  # Table H.3-2
    "PATIENT": PATIENT_1C,
    "SERIES": SERIES_1C,
    "IMAGE": (IMAGE_TYPE_1C, Key(0x00500004, "CS", ONE_C, "CalibrationImage"), RATIO_1C, *MULTI_FRAME_KEYS),
    "SPECTROSCOPY": MULTI_FRAME_KEYS,
}
VIDEO_KEYS = {  # Table I.3-2
    "PATIENT": PATIENT_1C,
    "SERIES": SERIES_1C,
    "IMAGE": (IMAGE_TYPE_1C, RATIO_1C, *MATRIX),
}
CARDIAC_KEYS = {  # Table A.3-2
    "PATIENT": (Key(0x00100030, "DA", TWO, "PatientBirthDate"), Key(0x00100040, "CS", TWO, "PatientSex")),
    "SERIES": (
        Key(0x00080080, "LO", TWO, "InstitutionName"),
        Key(0x00080081, "ST", TWO, "InstitutionAddress"),
        Key(0x00081050, "PN", TWO, "PerformingPhysicianName"),
    ),
    "IMAGE": (Key(IMAGE_TYPE, "CS", ONE, "ImageType"), CALIBRATION_2, IMAGE_REFERENCES),
}
XA1K_KEYS = CARDIAC_KEYS | {"IMAGE": (IMAGE_TYPE_1C, CALIBRATION_2, IMAGE_REFERENCES, RATIO_1C)}  # Table B.3-2
CTMR_KEYS = {"IMAGE": (*MATRIX, IMAGE_REFERENCES, *GEOMETRY)}  # Table E.3-2

EVERYTHING = Rule(None, None)
PLAIN = (Rule(None, (ts.EXPLICIT_LE,)),)
JPEG = (Rule(None, (ts.EXPLICIT_LE, ts.JPEG_LOSSLESS_SV1, ts.JPEG_BASELINE, ts.JPEG_EXTENDED)),)
J2K = (Rule(None, (ts.EXPLICIT_LE, ts.J2K_LOSSLESS, ts.J2K)),)


def video(syntax: str) -> tuple[Rule, ...]:
    return (Rule(MULTI_FRAME, (syntax,)),)


def video_beside_plain(syntax: str) -> tuple[Rule, ...]:
    return (Rule(MULTI_FRAME, (ts.EXPLICIT_LE, syntax)), *PLAIN)


MONOCHROME = {"": frozenset({"MONOCHROME2"})}
XA_512 = Rule(
    XA,
    (ts.JPEG_LOSSLESS_SV1,),
    MONOCHROME,
    {ROWS: (1, 512), COLUMNS: (1, 512), BITS_ALLOCATED: (8,), BITS_STORED: (8,), HIGH_BIT: (7,)},
)
XA_1024_LIMITS = {
    ROWS: (1, 1024),
    COLUMNS: (1, 1024),
    BITS_ALLOCATED: (8, 16),
    BITS_STORED: (8, 10, 12),
    HIGH_BIT: (7, 9, 11),
}
XA_1024_CD = Rule(XA, (ts.JPEG_LOSSLESS_SV1,), MONOCHROME, XA_1024_LIMITS)
XA_1024_DVD = Rule(XA, (ts.JPEG_LOSSLESS_SV1, ts.JPEG_BASELINE, ts.JPEG_EXTENDED), MONOCHROME, XA_1024_LIMITS)
XA_COMPANIONS = Rule(SC | GSPS, (ts.EXPLICIT_LE,))

CTMR = (
    Rule(CT | MR, (ts.EXPLICIT_LE, ts.JPEG_LOSSLESS_SV1), MONOCHROME),
    Rule(SC, (ts.EXPLICIT_LE, ts.JPEG_LOSSLESS_SV1), {"": frozenset({"MONOCHROME2", "PALETTE COLOR"})}),
    Rule(GSPS | DOSE_SR, (ts.EXPLICIT_LE,)),
)

US_PHOTOMETRIC = {  # Table C.3-2
    ts.EXPLICIT_LE: frozenset({"MONOCHROME2", "RGB", "PALETTE COLOR", "YBR_FULL_422", "YBR_PARTIAL_422"}),
    ts.RLE: frozenset({"MONOCHROME2", "RGB", "PALETTE COLOR", "YBR_FULL"}),
    ts.JPEG_BASELINE: frozenset({"YBR_FULL_422"}),
}
US_SYNTAXES = (ts.EXPLICIT_LE, ts.RLE, ts.JPEG_BASELINE)
US_CLASSES = {"SF": US, "MF": US | US_MULTI_FRAME}
US_REQUIRED = {"ID": (), "SC": (ULTRASOUND_REGIONS,), "CC": (ULTRASOUND_REGIONS,)}
US_MEDIA = {
    "MOD23-90": (MediumKind.MOD, FileSystem.FAT16),
    "CDR": (MediumKind.CD_R, FileSystem.ISO_9660),
    "DVD-RAM": (MediumKind.DVD_RAM, FileSystem.UDF_15),
    "DVD": (MediumKind.DVD, FileSystem.UDF_BRIDGE),
}
CTMR_MEDIA = {
    "MOD41": (MediumKind.MOD, FileSystem.FAT16),
    "CD": (MediumKind.CD_R, FileSystem.ISO_9660),
    "DVD-RAM": (MediumKind.DVD_RAM, FileSystem.UDF_15),
    "DVD": (MediumKind.DVD, FileSystem.UDF_BRIDGE),
}
FLASH_MEDIA = {
    "USB": (MediumKind.USB, FileSystem.FAT32),
    "MMC": (MediumKind.MMC, FileSystem.FAT16),
    "CF": (MediumKind.CF, FileSystem.FAT32),
    "SD": (MediumKind.SD, FileSystem.FAT16),
}

CD = (MediumKind.CD_R, FileSystem.ISO_9660)
DVD = (MediumKind.DVD, FileSystem.UDF_BRIDGE)
DVD_RAM = (MediumKind.DVD_RAM, FileSystem.UDF_15)
BD = (MediumKind.BD, FileSystem.UDF_25)
MAIL = (MediumKind.MAIL, FileSystem.ZIP)

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("STD-GEN-CD", "D", *CD, PLAIN, GENERAL_KEYS),
        Profile("STD-GEN-DVD-RAM", "D", *DVD_RAM, PLAIN, GENERAL_KEYS),
        Profile("STD-GEN-BD", "D", *BD, PLAIN, GENERAL_KEYS),
        Profile("STD-GEN-DVD-JPEG", "H", *DVD, JPEG, DVD_KEYS),
        Profile("STD-GEN-DVD-J2K", "H", *DVD, J2K, DVD_KEYS),
        *(Profile(f"STD-GEN-{name}-JPEG", "J", *where, JPEG, DVD_KEYS) for name, where in FLASH_MEDIA.items()),
        *(Profile(f"STD-GEN-{name}-J2K", "J", *where, J2K, DVD_KEYS) for name, where in FLASH_MEDIA.items()),
        Profile("STD-DVD-MPEG2-MPML", "I", *DVD, video(ts.MPEG2_MPML), VIDEO_KEYS),
        Profile("STD-GEN-BD-JPEG", "M", *BD, JPEG, DVD_KEYS),
        Profile("STD-GEN-BD-J2K", "M", *BD, J2K, DVD_KEYS),
        Profile("STD-GEN-BD-MPEG2-MPML", "M", *BD, video_beside_plain(ts.MPEG2_MPML), DVD_KEYS),
        Profile("STD-GEN-BD-MPEG2-MPHL", "M", *BD, video_beside_plain(ts.MPEG2_MPHL), DVD_KEYS),
        Profile("STD-GEN-BD-MPEG4-HPLV41", "M", *BD, video_beside_plain(ts.MPEG4_HPLV41), DVD_KEYS),
        Profile("STD-GEN-BD-MPEG4-HPLV41BD", "N", *BD, video(ts.MPEG4_HPLV41BD), DVD_KEYS),
        Profile("STD-GEN-BD-MPEG4-HPLV42-2D", "N", *BD, video(ts.MPEG4_HPLV42_2D), DVD_KEYS),
        Profile("STD-GEN-BD-MPEG4-HPLV42-3D", "N", *BD, video(ts.MPEG4_HPLV42_3D), DVD_KEYS),
        Profile("STD-GEN-BD-MPEG4-SHPLV42", "N", *BD, video(ts.MPEG4_SHPLV42), DVD_KEYS),
        Profile("STD-GEN-ZIP-MAIL", "L", *MAIL, (EVERYTHING,)),
        Profile("STD-GEN-MIME", "G", *MAIL, (EVERYTHING,)),
        *(
            Profile(f"STD-CTMR-{name}", "E", *where, CTMR, CTMR_KEYS, IconRule(64, required=False))
            for name, where in CTMR_MEDIA.items()
        ),
        Profile("STD-XABC-CD", "A", *CD, (XA_512,), CARDIAC_KEYS, IconRule(128, required=True)),
        Profile("STD-XA1K-CD", "B", *CD, (XA_1024_CD, XA_COMPANIONS), XA1K_KEYS, IconRule(128, required=True)),
        Profile("STD-XA1K-DVD", "B", *DVD, (XA_1024_DVD, XA_COMPANIONS), XA1K_KEYS, IconRule(128, required=True)),
        *(
            Profile(
                f"STD-US-{purpose}-{frames}-{name}",
                "C",
                *where,
                (Rule(US_CLASSES[frames], US_SYNTAXES, US_PHOTOMETRIC, required=US_REQUIRED[purpose]),),
            )
            for purpose in US_REQUIRED
            for frames in US_CLASSES
            for name, where in US_MEDIA.items()
        ),
        Profile("STD-DEN-CD", "K", *CD, (Rule(DENTAL, (ts.EXPLICIT_LE,)),)),
    )
}

SECURE_PROFILES: dict[str, Profile] = {
    secure.name: secure
    for secure in (
        *(
            one._replace(name=one.name.replace("STD-GEN-", "STD-GEN-SEC-"))
            for one in PROFILES.values()
            if one.name.startswith("STD-GEN-") and one.name != "STD-GEN-MIME"
        ),
        PROFILES["STD-DVD-MPEG2-MPML"]._replace(name="STD-DVD-SEC-MPEG2-MPML"),
        Profile("STD-DTL-SEC-ZIP-MAIL", "L", *MAIL, (Rule(classes("1.1", "1.3"), (ts.EXPLICIT_LE,)),)),
    )
}
"""Profiles whose every file is a Secure DICOM File (PS3.15 D.1)."""

UNWRITTEN = frozenset({FileSystem.UDF_15, FileSystem.UDF_25})
"""File systems we do not write: a volume made for them is no File-set of that profile."""


def profile(name: str) -> Profile:
    """The profile `name` of PROFILES or SECURE_PROFILES. Raises BadOrder."""
    found = PROFILES.get(name) or SECURE_PROFILES.get(name)
    if found is None:
        raise BadOrder(f"profile {name!r} is not known; expected one of {', '.join(sorted(PROFILES))}")
    return found


def secured(plain: Profile) -> Profile | None:
    """The profile with Secure DICOM Files that is otherwise the same; None where the standard has none."""
    names = (plain.name.replace("STD-GEN-", "STD-GEN-SEC-"), plain.name.replace("STD-DVD-", "STD-DVD-SEC-"))
    return SECURE_PROFILES.get(plain.name) or next((SECURE_PROFILES[n] for n in names if n in SECURE_PROFILES), None)
