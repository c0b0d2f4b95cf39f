"""PURE. The Grayscale Standard Display Function: luminance in cd/m2 by just noticeable difference (PS3.14 clause 7)."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

J_MIN, J_MAX = 1.0, 1023.0

# PS3.14 7.1: log10 L(j) is the quotient of these polynomials in ln j, lowest power first.
NUMERATOR = (-1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3)
DENOMINATOR = (1.0, -2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4)
# PS3.14 7.1: j(L) is about this polynomial in log10 L, lowest power first.
INVERSE = (
    71.498068,
    94.593053,
    41.912053,
    9.8247004,
    0.28175407,
    -1.1878455,
    -0.18014349,
    0.14710899,
    -0.017046845,
)
NEWTON_STEPS = 4  # from the fit's 0.1 JND to the last digit of a double


def polynomial(coefficients: tuple[float, ...], x: Floats) -> Floats:
    """The value at `x`; coefficients from the lowest power.

    >>> polynomial((1.0, 2.0, 3.0), np.array([2.0])).tolist()
    [17.0]
    """
    value = np.zeros_like(x)
    for coefficient in reversed(coefficients):
        value = value * x + coefficient
    return value


def derivative(coefficients: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(power * coefficient for power, coefficient in enumerate(coefficients))[1:]


def luminance_of_jnd(jnd: npt.ArrayLike) -> Floats:
    """Luminance in cd/m2 at JND index `jnd`, any shape, 1..1023; beyond, that of the nearer end (PS3.14 7.1).

    >>> luminance_of_jnd([1, 100, 512, 1023]).round(4).tolist()
    [0.05, 1.8508, 130.0653, 3993.3296]
    """
    x = np.log(np.clip(np.asarray(jnd, dtype=np.float64), J_MIN, J_MAX))
    luminance: Floats = 10.0 ** (polynomial(NUMERATOR, x) / polynomial(DENOMINATOR, x))
    return luminance


def jnd_of_luminance(luminance: npt.ArrayLike) -> Floats:
    """JND index, 1..1023, at which the display function has `luminance` cd/m2, any shape; beyond, the nearer end.

    The standard's own inverse polynomial is a fit that misses the ends by 0.001 OD; Newton's method from there finds
    the exact index, as PS3.14 7.1 allows.

    >>> float(jnd_of_luminance(luminance_of_jnd(512.0)).round(9))
    512.0
    """
    lowest, highest = luminance_of_jnd([J_MIN, J_MAX])
    y = np.log10(np.clip(np.asarray(luminance, dtype=np.float64), lowest, highest))
    x = np.log(np.clip(polynomial(INVERSE, y), J_MIN, J_MAX))
    for _ in range(NEWTON_STEPS):
        above, below = polynomial(NUMERATOR, x), polynomial(DENOMINATOR, x)
        slope = (polynomial(derivative(NUMERATOR), x) - above / below * polynomial(derivative(DENOMINATOR), x)) / below
        x = x - (above / below - y) / slope
    jnd: Floats = np.clip(np.exp(x), J_MIN, J_MAX)
    return jnd
