"""PURE. From pixel value to optical density to grey level (PS3.14, PS3.3 C.11.4 and C.13.3).

One chain serves both tones: stored value -> polarity -> Presentation LUT -> P-value or density -> grey level, where a
density becomes a P-value through the luminance it has on the lightbox: D -> L -> j -> P.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from printmgr.errors import InvalidAttribute
from printmgr.film.gsdf import jnd_of_luminance, luminance_of_jnd
from printmgr.film.model import FilmBox, ImageBox, LUTShape, PixelFormat, Polarity, PresentationLUT
from printmgr.film.printer import LogicalPrinter, Tone
from printmgr.film.tone_curves import curve_asked_for

Floats = npt.NDArray[np.float64]
Grays = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

DARKEST_OD = 10.0
BRIGHTEST = 4000.0  # cd/m2; the display function ends at 3993
NUMBER = re.compile(r"\d{1,6}(\.\d*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Viewing:
    """Between which densities an image is printed, and the lightbox it is seen on (PS3.14 D.2).

    `lightest` and `darkest` are the ends of the film as a whole: what the tone "lightbox" shows as white and black, so
    that one density has one grey on all of a film. They are dmin and dmax where they are not given.
    A reflective print has an `ambient` of 0 and an `illumination` of 150 (PS3.14 7.3).
    Raises InvalidAttribute for a range or light in which nothing can be seen.
    """

    dmin: float
    dmax: float
    illumination: float = 2000.0  # L0 in cd/m2
    ambient: float = 10.0  # La in cd/m2
    lightest: float | None = None
    darkest: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.dmin < self.dmax <= DARKEST_OD:
            raise InvalidAttribute("MaxDensity", self.dmax, f"a density above MinDensity {self.dmin:g}")
        if not (self.illumination > 0 and self.ambient >= 0 and self.luminance(self.dmin) <= BRIGHTEST):
            raise InvalidAttribute(
                "Illumination", self.illumination, f"more than 0 and at most {BRIGHTEST:g} cd/m2 seen"
            )
        first, last = self.jnds()
        if last - first < 1:
            raise InvalidAttribute("Illumination", self.illumination, "enough light to see one step of grey")

    def luminance(self, density: npt.ArrayLike) -> Floats:
        """Luminance in cd/m2 seen at `density` OD, any shape (PS3.14 D.2).

        >>> Viewing(0.2, 3.0).luminance([0.0, 3.0]).tolist()
        [2010.0, 12.0]
        """
        luminance: Floats = self.ambient + self.illumination * 10.0 ** -np.asarray(density, dtype=np.float64)
        return luminance

    def jnds(self) -> tuple[float, float]:
        """JND index of the darkest and of the lightest density."""
        return jnd_range(self.dmin, self.dmax, self.illumination, self.ambient)


@lru_cache(maxsize=256)
def jnd_range(dmin: float, dmax: float, illumination: float, ambient: float) -> tuple[float, float]:
    """JND index of the darkest and of the lightest density; kept, as a film of many images asks it of each."""
    luminances = [ambient + illumination * 10.0**-density for density in (dmax, dmin)]
    darkest, lightest = jnd_of_luminance(luminances).tolist()
    return darkest, lightest


def density_range(printer: LogicalPrinter, film: FilmBox, image_box: ImageBox | None = None) -> tuple[float, float]:
    """Min and Max Density in OD of a film or, with `image_box`, of one image, inside what the printer can do.

    The image box overrides the film box; values beyond the printer's are the printer's (PS3.3 C.13.3), as is a Max
    Density of 0, and the whole range where nothing is left of it.

    >>> density_range(LogicalPrinter("P"), FilmBox("1", "SLIDE", max_density=99.99))
    (0.2, 3.2)
    """
    boxes = (image_box, film) if image_box else (film,)
    low = next((box.min_density for box in boxes if box.min_density is not None), printer.min_density)
    high = next((box.max_density for box in boxes if box.max_density), printer.max_density)
    low, high = max(low, printer.min_density), min(high, printer.max_density)
    return (low, high) if low < high else (printer.min_density, printer.max_density)


def named_density(value: str, lightest: float, darkest: float, default: str = "BLACK") -> float:
    """Border or Empty Image Density in OD: BLACK, WHITE or hundredths of OD (PS3.3 C.13.3), clamped to the range.

    Anything else means `default`, and that failing BLACK.

    >>> [named_density(value, 0.2, 3.2) for value in ("BLACK", "white", " 150", "9999", "GREY")]
    [3.2, 0.2, 1.5, 3.2, 3.2]
    """
    term = value.strip().upper()
    if term == "WHITE":
        return lightest
    if NUMBER.fullmatch(term):
        return min(max(float(term) / 100, lightest), darkest)
    return darkest if term == "BLACK" or value == default else named_density(default, lightest, darkest, default)


def viewing_of(printer: LogicalPrinter, film: FilmBox, image_box: ImageBox | None = None) -> Viewing:
    """How a film or, with `image_box`, one of its images is printed and seen.

    Illumination (2010,015E) and Reflected Ambient Light (2010,0160) come from the film box, else from the printer; a
    light in which nothing could be seen gives way to the printer's.
    """
    dmin, dmax = density_range(printer, film, image_box)
    light = film.illumination or printer.illumination
    ambient = printer.ambient if film.reflected_ambient_light is None else film.reflected_ambient_light
    try:
        return Viewing(dmin, dmax, light, ambient, printer.min_density, printer.max_density)
    except InvalidAttribute:
        return Viewing(dmin, dmax, printer.illumination, printer.ambient, printer.min_density, printer.max_density)


def presentation_lut_of(printer: LogicalPrinter, film: FilmBox, image_box: ImageBox) -> PresentationLUT | None:
    """The Presentation LUT that counts for an image: its own, the film's, else what the printer says.

    The printer says it of the terms of Configuration Information, the image box's before the film's, and then of images
    without any of these.
    """
    lut = image_box.presentation_lut or film.presentation_lut
    for information in (image_box.configuration_information, film.configuration_information):
        lut = lut or curve_asked_for(printer.tone_curves, information)
    if lut is None and printer.no_plut.strip().upper() == LUTShape.LIN_OD:
        return PresentationLUT("", LUTShape.LIN_OD)
    return lut


def is_inverted(image: PixelFormat, polarity: Polarity) -> bool:
    """Whether low values print light: MONOCHROME1 or REVERSE, but not both (PS3.3 C.13.5)."""
    return (image.photometric_interpretation == "MONOCHROME1") != (polarity is Polarity.REVERSE)


def density_of_p(p: npt.ArrayLike, bits: int, viewing: Viewing) -> Floats:
    """Density in OD of P-values, any shape, 0..2^bits-1 (PS3.14 D.2); the ends are dmax and dmin exactly.

    >>> density_of_p([0, 128, 255], 8, Viewing(0.2, 3.0)).round(3).tolist()
    [3.0, 1.122, 0.2]
    """
    return density_of_share(np.asarray(p, dtype=np.float64) / (2**bits - 1), viewing)


def density_of_share(share: Floats, viewing: Viewing) -> Floats:
    """Density in OD of P-values given as shares 0..1 of the largest."""
    first, last = viewing.jnds()
    seen = luminance_of_jnd(first + share * (last - first)) - viewing.ambient
    density: Floats = -np.log10(np.maximum(seen, viewing.illumination * 10.0**-DARKEST_OD) / viewing.illumination)
    clamped: Floats = np.clip(density, viewing.dmin, viewing.dmax)
    return clamped


def density_to_gray(density: npt.ArrayLike, viewing: Viewing, tone: Tone, depth: int) -> Grays:
    """Grey levels of `depth` bits, 8 or 16, for densities in OD, any shape.

    p-value   the P-value with which the image would print that density: D -> L -> j -> P
    lightbox  the luminance between the film's darkest and lightest, encoded as sRGB (IEC 61966-2-1)

    >>> density_to_gray([3.2, 1.0, 0.2], Viewing(0.2, 3.2), Tone.P_VALUE, 8).tolist()
    [0, 145, 255]
    """
    if tone is Tone.P_VALUE:
        first, last = viewing.jnds()
        return quantized((jnd_of_luminance(viewing.luminance(density)) - first) / (last - first), depth)
    ends = [
        viewing.dmax if viewing.darkest is None else viewing.darkest,
        viewing.dmin if viewing.lightest is None else viewing.lightest,
    ]
    black, white = viewing.luminance(ends)
    return quantized(srgb((viewing.luminance(density) - black) / (white - black)), depth)


def srgb(luminance: Floats) -> Floats:
    """Relative luminance 0..1, encoded as sRGB 0..1 (IEC 61966-2-1); beyond, the nearer end.

    >>> srgb(np.array([0.0, 0.18, 1.0])).round(3).tolist()
    [0.0, 0.461, 1.0]
    """
    luminance = np.clip(luminance, 0.0, 1.0)
    encoded: Floats = np.where(luminance <= 0.0031308, 12.92 * luminance, 1.055 * luminance ** (1 / 2.4) - 0.055)
    return encoded


def quantized(share: Floats, depth: int) -> Grays:
    """Shares of white, 0..1, as whole numbers of 8 or 16 bits, rounded half up."""
    levels: Floats = np.floor(np.clip(share, 0.0, 1.0) * (2**depth - 1) + 0.5)
    return levels.astype(np.uint8) if depth == 8 else levels.astype(np.uint16)


def p_shares(values: npt.NDArray[np.int64], bits_stored: int, lut: PresentationLUT | None) -> Floats:
    """P-values as shares 0..1 of the largest, for values of `bits_stored` bits after polarity (PS3.3 C.11.4).

    A table is read at value - first value mapped, its end entries standing for all values beyond. A table made for
    another depth (the one that its last value mapped needs) is stretched over the image's range and interpolated.
    No LUT counts as IDENTITY; a table beside a shape wins; INVERSE, which print does not know but SCUs send, turns.
    """
    full = 2**bits_stored - 1
    if lut is None or not lut.table:
        share: Floats = values / full
        return 1.0 - share if lut is not None and lut.shape is LUTShape.INVERSE else share
    entries = np.asarray(lut.table, dtype=np.float64)
    table_bits = max(1, max(0, lut.first_value + len(entries) - 1).bit_length())
    at = values * ((2**table_bits - 1) / full) - lut.first_value
    bits = lut.bits or max(8, max(lut.table).bit_length())
    shares: Floats = np.clip(np.interp(at, np.arange(len(entries)), entries) / (2**bits - 1), 0.0, 1.0)
    return shares


@lru_cache(maxsize=64)
def transfer_table(
    bits_stored: int,
    inverted: bool,
    lut: PresentationLUT | None,
    viewing: Viewing,
    tone: Tone,
    depth: int,
) -> Grays:
    """The grey level of every stored value 0..2^bits_stored-1: uint8 for a depth of 8, uint16 for 16; read-only.

    inverted  MONOCHROME1 or REVERSE, see `is_inverted`; applied before the Presentation LUT
    lut       None counts as IDENTITY
    Tone p-value and IDENTITY: round half up of p * 255 / (2^bits_stored - 1), or of p * 65535 / (2^bits_stored - 1);
    ties cannot happen, as 2^n - 1 is odd. So 8 bits stay what they are at a depth of 8, and up to 16 bits can be had
    back from a depth of 16 by rounding the other way.
    LIN OD is D = Dmax - (Dmax - Dmin) * p / (2^bits_stored - 1) (PS3.3 C.11.4); its grey comes from that density.
    Raises InvalidAttribute for bits and depths that cannot be.

    >>> transfer_table(8, True, None, Viewing(0.2, 3.2), Tone.P_VALUE, 8)[:3].tolist()
    [255, 254, 253]
    """
    if not 1 <= bits_stored <= 16:
        raise InvalidAttribute("BitsStored", bits_stored, "1 to 16")
    if depth not in (8, 16):
        raise InvalidAttribute("depth", depth, "8 or 16")
    values = np.arange(2**bits_stored, dtype=np.int64)
    if inverted:
        values = values[::-1]
    if lut is not None and lut.shape is LUTShape.LIN_OD and not lut.table:
        share = values / (2**bits_stored - 1)
        table = density_to_gray(viewing.dmax - (viewing.dmax - viewing.dmin) * share, viewing, tone, depth)
    else:
        shares = p_shares(values, bits_stored, lut)
        if tone is Tone.P_VALUE:
            table = quantized(shares, depth)
        else:
            table = density_to_gray(density_of_share(shares, viewing), viewing, tone, depth)
    table.setflags(write=False)
    return table


__all__ = [
    "Viewing",
    "density_of_p",
    "density_range",
    "density_to_gray",
    "is_inverted",
    "jnd_of_luminance",
    "luminance_of_jnd",
    "named_density",
    "presentation_lut_of",
    "srgb",
    "transfer_table",
    "viewing_of",
]
