"""What the viewer is told about an image beside its pixels: texts for the corners, windows, geometry, by frame."""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

import numpy as np

from media.build.viewer import geometry
from media.build.viewer.attributes import Attributes
from media.build.viewer.values import Window

Facts = dict[str, Any]
"""JSON values under short names, for a series repeats them a thousand times; static/series.js reads them."""

TEXTS = (  # of patient, study and series: shown in the list and the corners
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyDescription",
    "AccessionNumber", "ReferringPhysicianName", "InstitutionName", "Modality", "SeriesNumber", "SeriesDescription",
    "BodyPartExamined", "ProtocolName",
)  # fmt: skip


def texts(data_set: Attributes) -> dict[str, str]:
    """The texts that say whose images these are, decoded; what is absent or empty is not there."""
    found = {}
    for keyword in TEXTS:
        value = data_set.get(keyword)
        text = "\\".join(map(str, value)) if _several(value) else str(value if value is not None else "")
        if text.strip():
            found[keyword] = text.strip()
    return found


def image_facts(image: Attributes) -> Facts:
    """What holds for all frames."""
    facts: Facts = {
        "n": _whole(image.get("InstanceNumber")),
        "r": int(image.get("Rows")),
        "c": int(image.get("Columns")),
        "t": _frame_time_ms(image),
        "v": " ".join(filter(None, [str(image.get("ViewPosition") or ""), _laterality(image)])),
        "u": geometry.regions(image),
        "k": str(image.get("ContentTime") or image.get("AcquisitionTime") or "")[:6],
        "x": str(image.get("FrameOfReferenceUID") or ""),
        "y": image.get("LossyImageCompression") == "01",
    }
    return {name: value for name, value in facts.items() if value}


def frame_facts(image: Attributes, frame: int) -> Facts:
    """What holds for one frame, from 0: orientation o, spacing p, aspect a, thickness z, position q along normal e."""
    functional = functional_groups(image, frame)
    normal = _normal(functional)
    facts: Facts = {
        "o": geometry.orientation(functional, image),
        "p": geometry.spacing(functional, image),
        "a": geometry.aspect(functional, image),
        "q": _location(functional, normal),
        "e": [round(part, 4) + 0.0 for part in normal] if normal and functional.get("ImagePositionPatient") else None,
        "z": _number(functional.get("SliceThickness")),
    }
    return {name: value for name, value in facts.items() if value not in (None, "", 1.0)}


def functional_groups(image: Attributes, frame: int) -> Attributes:
    """The attributes of one frame in one data set: its own groups, else the shared ones, else the image's own."""
    shared = image.get("SharedFunctionalGroupsSequence") or []
    own = image.get("PerFrameFunctionalGroupsSequence") or []
    if not shared and not own:
        return image
    from pydicom import Dataset

    merged = Dataset()
    for groups in (*shared[:1], *own[frame : frame + 1]):
        for sequence in groups:
            if sequence.VR == "SQ" and sequence.value:
                merged.update(sequence.value[0])
    return merged


def rescale(functional: Attributes) -> tuple[float, float, str]:
    """Slope, intercept and unit of the modality's values (PS3.3 C.11.1)."""
    slope = _number(functional.get("RescaleSlope"))
    return (
        1.0 if slope is None else slope,
        _number(functional.get("RescaleIntercept")) or 0.0,
        str(functional.get("RescaleType") or ""),
    )


def windows(functional: Attributes, image: Attributes) -> list[Window]:
    """The ways to see the image that it names, the one meant first: a VOI LUT, then windows (PS3.3 C.11.2)."""
    return [*_voi_luts(functional), *_windows(functional, image)]


def _windows(functional: Attributes, image: Attributes) -> Iterator[Window]:
    centres, widths = _numbers(functional.get("WindowCenter")), _numbers(functional.get("WindowWidth"))
    labels = functional.get("WindowCenterWidthExplanation") or ""
    labels = [labels] if isinstance(labels, str) else list(labels)
    function = str(functional.get("VOILUTFunction") or image.get("VOILUTFunction") or "LINEAR")
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        function = "LINEAR"
    for number, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        if width > 0:
            yield Window(centre, width, function, str(labels[number]) if number < len(labels) else "")


def _voi_luts(functional: Attributes) -> Iterator[Window]:
    for item in functional.get("VOILUTSequence") or []:
        try:
            table, first = lut_of(item)
        except (ValueError, TypeError, AttributeError, IndexError):
            continue  # a table that breaks its descriptor is none
        bits = max(int(item.LUTDescriptor[2]), int(table.max()).bit_length(), 1)
        levels = np.floor(table * (255.0 / ((1 << bits) - 1)) + 0.5).astype(np.uint8)
        label = str(item.get("LUTExplanation") or "")
        yield Window(first + len(table) / 2.0, float(len(table)), "LUT", label, levels.tobytes(), first)


def lut_of(item: Any) -> tuple[Any, int]:
    """The entries of a LUT and the value that the first is for (PS3.3 C.11.1.1). Raises ValueError and its like."""
    entries, first, bits = (int(number) for number in item.LUTDescriptor)
    entries = entries or 1 << 16
    data = item.LUTData
    if isinstance(data, bytes):
        wide = len(data) >= 2 * entries
        table = np.frombuffer(data, "<u2" if wide else np.uint8, entries)
    else:
        table = np.asarray(data, np.int64).astype(np.uint16)
    if len(table) < entries or bits > 16:
        raise ValueError(f"a LUT of {len(table)} entries; expected {entries}")
    if item["LUTDescriptor"].VR == "SS" and first > 0x7FFF:
        first -= 1 << 16
    return table[:entries].astype(np.float64), first


def _frame_time_ms(image: Attributes) -> float:
    """Milliseconds a frame is shown, 0 when the image does not say."""
    time = _number(image.get("FrameTime"))
    if time:
        return time
    rate = _number(image.get("CineRate")) or _number(image.get("RecommendedDisplayFrameRate"))
    if rate:
        return 1000.0 / rate
    times = _numbers(image.get("FrameTimeVector"))
    return sum(times) / max(len(times) - 1, 1) if len(times) > 1 else 0.0


def _laterality(image: Attributes) -> str:
    return str(image.get("ImageLaterality") or image.get("Laterality") or "")


def _location(functional: Attributes, normal: list[float] | None) -> float | None:
    """How far the first pixel lies along the normal, without one where the slice says it lies."""
    position = functional.get("ImagePositionPatient")
    if position and len(position) == 3 and normal:
        return round(sum(float(part) * along for part, along in zip(position, normal, strict=True)), 2)
    return _number(functional.get("SliceLocation"))


def _normal(functional: Attributes) -> list[float] | None:
    """The direction across rows and columns, of length 1 as those are."""
    directions = _numbers(functional.get("ImageOrientationPatient"))
    if len(directions) != 6:
        return None
    (a, b, c), (d, e, f) = directions[:3], directions[3:]
    return [b * f - c * e, c * d - a * f, a * e - b * d]


def _numbers(value: Any) -> list[float]:
    if value is None or value == "":
        return []
    values = value if _several(value) else [value]
    return [number for number in map(_number, values) if number is not None]


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) else None


def _several(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _whole(value: Any) -> str:
    """An Integer String without what may stand around its digits."""
    return str(int(value)) if isinstance(value, int) and value else ""
