"""PURE. Tone curves that Configuration Information (2010,0150) asks for, as a printer's settings explain its terms.

CS000 … CS015              Kodak: a curve of the camera by number
PERCEPTION_LUT=KANAMORI    Agfa: a curve by name, LINEAR in density
G=0.5                      aycan: a gamma

No term means anything by itself: what a house's cameras did with it is in `tone_curves` of the printer. A Presentation
LUT counts before all of it.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

import numpy as np

from printmgr.film.model import LUTShape, PresentationLUT
from printmgr.film.printer import Points, ToneCurve

GAMMA = "GAMMA"  # the curve whose exponent the term itself says, behind its "="
ENTRIES, BITS = 4096, 16
GAMMAS = (0.1, 10.0)


def curve_asked_for(curves: Mapping[str, ToneCurve], information: str) -> PresentationLUT | None:
    """What the first term of `information` that one of `curves` knows means; None when none does.

    The names of `curves` are terms, in any case, with * and ? for what may differ; the first that fits counts. A GAMMA
    whose term says no number between 0.1 and 10 means nothing, as an unknown term does.

    >>> curve_asked_for({"PERCEPTION_LUT=LINEAR": ToneCurve("LIN OD")}, r"CS003\\perception_lut=linear").shape
    <LUTShape.LIN_OD: 'LIN OD'>
    >>> curve_asked_for({"G=*": ToneCurve(GAMMA)}, "G=0.5").table[1024]  # a quarter becomes a half
    32772
    >>> curve_asked_for({}, "CS003") is None
    True
    """
    for term in information.upper().split("\\"):
        for name, curve in curves.items():
            if fnmatchcase(term.strip(), name.upper()):
                return _lut(curve, term)
    return None


def _lut(curve: ToneCurve, term: str) -> PresentationLUT | None:
    if curve.points:
        return PresentationLUT("", table=_through(curve.points), bits=BITS)
    if curve.name != GAMMA:
        return PresentationLUT("", LUTShape(curve.name))
    try:
        gamma = float(term.rpartition("=")[2])
    except ValueError:
        return None
    return PresentationLUT("", table=_power(gamma), bits=BITS) if GAMMAS[0] <= gamma <= GAMMAS[1] else None


@lru_cache(maxsize=32)
def _through(points: Points) -> tuple[int, ...]:
    """A table of straight lines from point to point; before the first and behind the last it stays level."""
    values, shares = zip(*points, strict=True)
    return _table(np.interp(np.linspace(0, 1, ENTRIES), values, shares))


@lru_cache(maxsize=32)
def _power(gamma: float) -> tuple[int, ...]:
    return _table(np.linspace(0, 1, ENTRIES) ** gamma)


def _table(shares: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[int, ...]:
    return tuple(int(entry) for entry in np.floor(shares * (2**BITS - 1) + 0.5))


__all__ = ["GAMMA", "curve_asked_for"]
