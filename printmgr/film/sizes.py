"""TABLE and PURE. How large a film is, in mm."""

import re
from types import MappingProxyType

from printmgr.errors import InvalidAttribute
from printmgr.film.model import FilmOrientation

# PS3.3 C.13.3, Film Size ID (2010,0050): width, height of the portrait film.
FILM_SIZES_MM = MappingProxyType(
    {
        "8INX10IN": (203.2, 254.0),
        "8_5INX11IN": (215.9, 279.4),
        "10INX12IN": (254.0, 304.8),
        "10INX14IN": (257.0, 364.0),  # named in inches, but the standard's note makes it 25.7 x 36.4 cm
        "11INX14IN": (279.4, 355.6),
        "11INX17IN": (279.4, 431.8),
        "14INX14IN": (355.6, 355.6),
        "14INX17IN": (355.6, 431.8),
        "24CMX24CM": (240.0, 240.0),
        "24CMX30CM": (240.0, 300.0),
        "A4": (210.0, 297.0),
        "A3": (297.0, 420.0),
    }
)

MM_PER_UNIT = MappingProxyType({"IN": 25.4, "CM": 10.0})
SMALLEST_MM, LARGEST_MM = 20.0, 5000.0  # a PDF page may have 14400 pt, 5080 mm (ISO 32000-1 C.2)

PATTERN = re.compile(r"(\d{1,4}(?:[_.]\d{1,3})?)(IN|CM)X(\d{1,4}(?:[_.]\d{1,3})?)\2", re.ASCII)


def film_size(film_size_id: str, orientation: FilmOrientation) -> tuple[float, float]:
    """Width and height in mm of the film that `film_size_id` names, as it hangs on the lightbox.

    The IDs of the standard are defined terms, so others are legal: besides the table every `<n>INX<n>IN` and
    `<n>CMX<n>CM` is read, `_` standing for the decimal point. Case and blanks do not matter. LANDSCAPE swaps the
    sides (PS3.3 C.13.3). Raises InvalidAttribute.

    >>> film_size("14INX17IN", FilmOrientation.PORTRAIT)
    (355.6, 431.8)
    >>> film_size("14inx51in", FilmOrientation.LANDSCAPE)
    (1295.4, 355.6)
    """
    key = "".join(film_size_id.split()).upper()
    size = FILM_SIZES_MM.get(key) or measured(key)
    if size is None:
        raise InvalidAttribute("FilmSizeID", film_size_id, "a term like 14INX17IN, 24CMX30CM or A4")
    return size if orientation is FilmOrientation.PORTRAIT else (size[1], size[0])


def measured(key: str) -> tuple[float, float] | None:
    """The size that a term of the general pattern spells out, or None where it is none.

    >>> measured("8_5INX11IN"), measured("LETTER")
    ((215.9, 279.4), None)
    """
    match = PATTERN.fullmatch(key)
    if match is None:
        return None
    width, unit, height = match.groups()
    sides = [round(float(side.replace("_", ".")) * MM_PER_UNIT[unit], 3) for side in (width, height)]
    return (sides[0], sides[1]) if all(SMALLEST_MM <= side <= LARGEST_MM for side in sides) else None
