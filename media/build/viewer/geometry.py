"""Where an image lies in the patient and how large its pixels are: orientation letters and calibrations."""

from collections.abc import Sequence
from typing import Any

from media.build.viewer.attributes import Attributes

OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "H": "F", "F": "H"}
_LEAST_PART = 0.26  # of a direction (15 degrees) that still gets a letter

# Units of ultrasound regions (PS3.3 C.8.5.5.1.15) that the viewer measures in
CENTIMETRES, SECONDS = 3, 4
REGION_UNITS = {CENTIMETRES: "cm", SECONDS: "s"}


def letters_of_direction(direction: Sequence[float]) -> str:
    """The letters of a direction in the patient, the strongest first (PS3.3 C.7.6.2.1.1).

    >>> letters_of_direction([1, 0, 0]), letters_of_direction([0, 0.8, -0.6])
    ('L', 'PF')
    """
    named = zip(direction, ("LR", "PA", "HF"), strict=True)
    parts = sorted(((abs(part), names[part < 0]) for part, names in named if abs(part) > _LEAST_PART), reverse=True)
    return "".join(letter for _, letter in parts)


def orientation(functional: Attributes, image: Attributes) -> list[str] | None:
    """Letters at the right and at the bottom; None when the image says nothing that can be followed.

    functional  what has Image Orientation (Patient); image  what may have Patient Orientation (PS3.3 C.7.6.1.1.1)
    """
    directions = functional.get("ImageOrientationPatient")
    if directions and len(directions) == 6:
        numbers = [float(number) for number in directions]
        found = [letters_of_direction(numbers[:3]), letters_of_direction(numbers[3:])]
        return found if all(found) else None
    said = image.get("PatientOrientation")
    if said and not isinstance(said, str) and len(said) == 2:
        return [_known(said[0]), _known(said[1])] if _known(said[0]) or _known(said[1]) else None
    return None


def _known(said: Any) -> str:
    letters = str(said).strip().upper()
    return letters if letters and set(letters) <= set(OPPOSITE) else ""


def spacing(functional: Attributes, image: Attributes) -> list[Any] | None:
    """[row spacing, column spacing, kind] in mm; kind is "patient", "calibrated" or "detector" (PS3.3 10.7).

    Imager Pixel Spacing is that of the detector: what was imaged is smaller.
    """
    found = _pair(functional.get("PixelSpacing"))
    detector = _pair(image.get("ImagerPixelSpacing") or image.get("NominalScannedPixelSpacing"))
    if found:
        if detector and found == detector and "PixelSpacingCalibrationType" not in image:
            return [*found, "detector"]
        return [*found, "calibrated" if image.get("PixelSpacingCalibrationType") else "patient"]
    return [*detector, "detector"] if detector else None


def _pair(value: Any) -> list[float] | None:
    try:
        rows, columns = (float(number) for number in value)
    except (TypeError, ValueError):
        return None
    return [rows, columns] if rows > 0 and columns > 0 else None


def regions(image: Attributes) -> list[list[Any]]:
    """Calibrated ultrasound regions: [x0, y0, x1, y1, dx, dy, unit of x, unit of y] (PS3.3 C.8.5.5)."""
    found = []
    for region in image.get("SequenceOfUltrasoundRegions") or []:
        units = [REGION_UNITS.get(region.get(f"PhysicalUnits{axis}Direction", 0), "") for axis in "XY"]
        corners = [region.get(f"RegionLocation{corner}") for corner in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
        steps = [region.get("PhysicalDeltaX"), region.get("PhysicalDeltaY")]
        if all(units) and all(steps) and None not in corners:
            found.append([*map(int, corners), *(abs(float(step)) for step in steps), *units])
    return found


def aspect(functional: Attributes, image: Attributes) -> float:
    """Height of a pixel over its width."""
    pair = _pair(functional.get("PixelSpacing")) or _pair(image.get("ImagerPixelSpacing"))
    if pair is None:
        pair = _pair(image.get("PixelAspectRatio"))
    return round(pair[0] / pair[1], 6) if pair else 1.0
