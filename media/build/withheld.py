"""Instances that may say who the patient is where no table reaches: in pixels, in free text, in documents."""

from pydicom import Dataset

from media.fileset.model import Reason
from media.fileset.sop_classes import STORAGE

TEXT_MODALITIES = frozenset({"US", "IVUS", "SC", "XC", "ES", "OT", "GM", "DMS"})
SCREENS = frozenset({"SCREEN SAVE", "SCREEN SAVED", "SCREENSAVE", "SCREENSHOT", "SCREEN"})
TEXT_CLASSES = frozenset(
    STORAGE + tail
    for tail in ("3", "3.1", "6", "6.1", "7", "7.1", "7.2", "7.3", "7.4", "77.1", "77.2", "77.1.1", "77.1.1.1",
                 "77.1.4", "77.1.4.1", "77.1.7")
)  # fmt: skip
DOCUMENTS = (STORAGE + "88.", STORAGE + "104.")  # structured reports, encapsulated documents


_MPEG = {
    f"1.2.840.10008.1.2.4.{last}": "video"
    for last in ("100", "100.1", "101", "101.1", "102", "102.1", "103", "103.1", "104", "104.1", "105", "105.1",
                 "106", "106.1", "107", "108")
}  # fmt: skip
UNMASKABLE = {**_MPEG, "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression, which nothing here decodes"}
"""Transfer syntaxes whose pixels are not written anew: MPEG2, MPEG-4, HEVC, and deflated frames."""


class Withheld(Exception):
    """The instance stays out until a person has seen and released it, or a mask is made for its device."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(detail)


def check(ds: Dataset, masked: bool, released: bool, syntax: str = "") -> None:
    """Raise Withheld for what the order has neither masked nor released, and for what no mask can change."""
    if masked and syntax in UNMASKABLE:
        raise Withheld(Reason.NOT_DEIDENTIFIED, f"{UNMASKABLE[syntax]}; its pixels cannot be masked here")
    if released:
        return
    sop_class = str(ds.get("SOPClassUID", ""))
    if sop_class.startswith(DOCUMENTS) or {"EncapsulatedDocument", "ContentSequence"} & set(ds.dir()):
        raise Withheld(Reason.FREE_TEXT, f"a report or document ({sop_class}) that nobody has released")
    if "Rows" not in ds or masked:
        return
    if why := _why(ds, sop_class):
        raise Withheld(Reason.MAY_SHOW_TEXT, f"{why}; neither masked nor released")


def _why(ds: Dataset, sop_class: str) -> str:
    """Why the pixels may show the patient's data, '' when nothing says so."""
    if str(ds.get("BurnedInAnnotation", "")).strip().upper() == "YES":
        return "Burned In Annotation is YES"
    if ds.get("Modality") in TEXT_MODALITIES:
        return f"modality {ds.Modality}"
    if sop_class in TEXT_CLASSES:
        return f"SOP class {sop_class}"
    kinds = ds.get("ImageType") or []
    if any(str(kind).strip().upper() in SCREENS for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        return "an image of a screen"
    return "made from a screen or paper" if ds.get("ConversionType") else ""
