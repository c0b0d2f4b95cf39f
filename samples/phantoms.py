"""Pictures made by arithmetic: the same bytes on every machine."""

import cv2
import numpy as np

Pixels = np.ndarray


def _text(picture: Pixels, text: str, at: tuple[int, int], value: int, scale: float = 1.0, thickness: int = 2) -> None:
    """Write `text` with its lower left corner at (x, y); without smoothing, so that no platform differs."""
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, int(value), thickness, cv2.LINE_8)


def test_pattern(size: int = 1024) -> Pixels:
    """An 8-bit pattern after SMPTE RP 133: grey steps, 0/5 % and 95/100 % patches, line pairs, border and crosshatch.

    >>> test_pattern(256).shape
    (256, 256)
    """
    picture = np.full((size, size), 128, np.uint8)
    cell = size // 16
    picture[::cell, :] = 200
    picture[:, ::cell] = 200
    for row in range(cell * 3, cell * 13):
        picture[row, cell * 3 : cell * 13] = 128
    for step in range(11):  # 0 % to 100 % in a ring as two rows
        grey = round(255 * step / 10)
        x = cell * 3 + (step % 6) * (cell * 10 // 6)
        y = cell * 4 + (step // 6) * cell * 2
        picture[y : y + cell * 2, x : x + cell * 10 // 6] = grey
    low, high = round(255 * 0.05), round(255 * 0.95)
    y = cell * 9
    picture[y : y + cell * 2, cell * 3 : cell * 5] = 0
    picture[y + cell // 2 : y + cell * 3 // 2, cell * 3 + cell // 2 : cell * 4 + cell // 2] = low
    picture[y : y + cell * 2, cell * 11 : cell * 13] = 255
    picture[y + cell // 2 : y + cell * 3 // 2, cell * 11 + cell // 2 : cell * 12 + cell // 2] = high
    for index, width in enumerate((1, 2, 3)):  # line pairs of 1, 2 and 3 pixels, upright and lying
        x = cell * 5 + index * cell * 2
        upright = np.where((np.arange(cell * 2 - 4) // width) % 2, 255, 0).astype(np.uint8)
        picture[y : y + cell, x : x + upright.size] = upright
        lying = np.where((np.arange(cell - 2) // width) % 2, 255, 0).astype(np.uint8)
        picture[y + cell + 2 : y + cell + 2 + lying.size, x : x + cell * 2 - 4] = lying[:, None]
    picture[:4], picture[-4:], picture[:, :4], picture[:, -4:] = 255, 255, 255, 255
    _text(picture, "TOP", (size // 2 - cell, cell * 2), 255, size / 700, max(1, size // 400))
    _text(picture, "L", (cell, size // 2), 255, size / 500, max(1, size // 300))
    _text(picture, "R", (size - cell * 2, size // 2), 255, size / 500, max(1, size // 300))
    return picture


def _ellipse(x: Pixels, y: Pixels, cx: float, cy: float, a: float, b: float, angle: float = 0.0) -> Pixels:
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    u, v = (x - cx) * cos + (y - cy) * sin, (y - cy) * cos - (x - cx) * sin
    return (u / a) ** 2 + (v / b) ** 2 <= 1.0


def ct_slice(number: int, of: int = 20, size: int = 512) -> Pixels:
    """A CT-like trunk in Hounsfield units (int16, -1000..1500), different in every slice, with its number burned in."""
    y, x = np.mgrid[-1 : 1 : complex(0, size), -1 : 1 : complex(0, size)]
    z = (number - (of - 1) / 2) / max(of, 1)
    hu = np.full((size, size), -1000.0)
    body = _ellipse(x, y, 0, 0, 0.82, 0.62 + 0.05 * np.cos(z * 3))
    hu[body] = -90
    hu[_ellipse(x, y, 0, 0, 0.77, 0.57)] = 45
    for side in (-1, 1):
        hu[_ellipse(x, y, side * 0.38, -0.05, 0.27 - 0.12 * z, 0.38 - 0.15 * z, side * 8)] = -820
        hu[_ellipse(x, y, side * (0.62 + 0.05 * z), 0.12, 0.035, 0.16, side * 20)] = 700
    hu[_ellipse(x, y, 0.06, -0.12 + 0.1 * z, 0.17, 0.2, 25)] = 60
    hu[_ellipse(x, y, 0, 0.42, 0.11, 0.09)] = 900
    hu[_ellipse(x, y, 0, 0.42, 0.075, 0.06)] = 350
    hu[_ellipse(x, y, -0.05, 0.26, 0.05, 0.05)] = 180
    noise = np.random.default_rng(number).normal(0.0, 9.0, hu.shape)
    hu = hu + np.where(body, noise, noise / 4)
    picture = np.clip(np.round(hu), -1000, 1500).astype(np.int16)
    label = np.zeros(picture.shape, np.uint8)
    _text(label, str(number + 1), (size // 40, size // 12), 255, size / 380, max(1, size // 256))
    picture[label > 0] = 1500
    return picture


def cr_image(rows: int = 2560, columns: int = 2048) -> Pixels:
    """A CR-like chest of 12 bits in uint16, with steps and fine detail."""
    y, x = np.ogrid[-1 : 1 : complex(0, rows), -1 : 1 : complex(0, columns)]
    depth = 2600 + 900 * np.exp(-((x / 0.16) ** 2)) - 500 * y
    for side in (-1, 1):
        lung = ((x - side * 0.42) / 0.34) ** 2 + ((y + 0.08) / 0.62) ** 2
        depth -= 1700 * np.exp(-(lung * lung * lung))
        for rib in range(9):
            high = rib * 0.16 - 0.72
            near = slice(*np.searchsorted(y[:, 0], (high - 0.12, high + 0.24)))  # elsewhere it adds nothing
            arc = y[near] + 0.72 - rib * 0.16 - 0.35 * (np.abs(x) - 0.42) ** 2
            depth[near] += 260 * np.exp(-((arc / 0.018) ** 2)) * (np.abs(x) < 0.8)
    depth += 650 * np.exp(-((((x - 0.12) / 0.26) ** 2 + ((y - 0.25) / 0.3) ** 2) ** 2))
    depth[:, np.abs(x[0]) > 0.92] = 300
    depth += np.random.default_rng(7).normal(0.0, 12.0, depth.shape)
    picture = np.clip(np.round(depth), 0, 4095).astype(np.uint16)
    step = columns // 16
    for index in range(16):
        picture[rows - step : rows, index * step : (index + 1) * step] = index * 4095 // 15
    label = np.zeros(picture.shape, np.uint8)
    _text(label, "R", (columns // 20, rows // 10), 255, columns / 300, columns // 150)
    picture[label > 0] = 4095
    return picture


def ruler(width: int = 1000, height: int = 200) -> Pixels:
    """An 8-bit ruler: `width` pixels stand for 100 mm, a tick each millimetre, frame on the outermost pixels."""
    picture = np.zeros((height, width), np.uint8)
    for millimetre in range(101):
        column = min(round(millimetre * width / 100), width - 1)
        length = height // 2 if millimetre % 10 == 0 else height // 4 if millimetre % 5 == 0 else height // 8
        picture[:length, column] = 255
        if millimetre % 10 == 0 and millimetre < 100:
            _text(picture, str(millimetre), (column + 4, height * 3 // 4), 255, height / 250, 2)
    picture[0], picture[-1], picture[:, 0], picture[:, -1] = 255, 255, 255, 255
    return picture


def colour(size: int = 512) -> Pixels:
    """An RGB picture (size, size, 3): ramps of red and green over blue, with pure patches."""
    ramp = (np.arange(size) * 255 // (size - 1)).astype(np.uint8)
    picture = np.zeros((size, size, 3), np.uint8)
    picture[..., 0], picture[..., 1], picture[..., 2] = ramp[None, :], ramp[:, None], 96
    patch = size // 8
    for index, rgb in enumerate(((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0))):
        picture[patch : patch * 2, patch * (index + 1) : patch * (index + 2)] = rgb
    return picture


def perfusion(number: int, size: int = 512) -> Pixels:
    """An RGB picture (size, size, 3): a slice in grey with a map of flow over it in the colours of heat."""
    slice_ = np.clip((ct_slice(6 + 4 * number, size=size).astype(np.float64) + 160) / 400, 0, 1)
    y, x = np.mgrid[-1 : 1 : complex(0, size), -1 : 1 : complex(0, size)]
    flow = np.exp(-(((x - 0.25 + 0.2 * number) ** 2 + (y + 0.1) ** 2) / 0.12)) * _ellipse(x, y, 0, 0, 0.77, 0.57)
    heat = np.stack([np.clip(3 * flow, 0, 1), np.clip(3 * flow - 1, 0, 1), np.clip(3 * flow - 2, 0, 1)], axis=-1)
    share = np.clip(flow * 2, 0, 0.8)[..., None]
    return np.round(255 * (slice_[..., None] * (1 - share) + heat * share)).astype(np.uint8)
