"""ICC profiles (ICC.1:2001-04; ISO 15076-1): our own for grey and for sRGB, and a judgement of one that an SCU sent."""

import struct
from collections.abc import Mapping
from functools import cache

import numpy as np

from printmgr.errors import InvalidAttribute

HEADER_BYTES, ENTRY_BYTES = 128, 12
D50 = (0.9642, 1.0, 0.8249)  # the white of the profile connection space
SRGB_PRIMARIES = {  # X, Y, Z of IEC 61966-2-1, adapted to D50 by Bradford
    b"rXYZ": (0.4360657, 0.2224884, 0.0139160),
    b"gXYZ": (0.3851471, 0.7168732, 0.0970764),
    b"bXYZ": (0.1430664, 0.0606079, 0.7140961),
}
CURVES = (b"rTRC", b"gTRC", b"bTRC")
CURVE_ENTRIES = 1024
RIGHTS = "No rights reserved (CC0)"

# What may be in a PDF/A-2 (ISO 19005-2, 6.2.4.2; ISO 32000-1, 8.6.5.5)
CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
NEWEST_VERSION = 4
MAX_TAGS = 100
KEYWORD = "ICCProfile"


@cache
def gray_profile() -> bytes:
    """Grey with the tone curve of sRGB, which is what viewers show DeviceGray with."""
    return _profile(b"GRAY", {b"desc": _described("Gray, sRGB tone curve"), b"kTRC": _srgb_curve()})


@cache
def srgb_profile() -> bytes:
    """IEC 61966-2-1."""
    primaries = {name: _xyz(*values) for name, values in SRGB_PRIMARIES.items()}
    curve = _srgb_curve()
    return _profile(b"RGB ", {b"desc": _described("sRGB IEC61966-2-1"), **primaries, **dict.fromkeys(CURVES, curve)})


def checked(profile: bytes) -> bytes:
    """An RGB profile that a PDF/A may have, without what pads it. Raises InvalidAttribute."""
    if len(profile) < HEADER_BYTES + 4 or profile[36:40] != b"acsp":
        raise InvalidAttribute(KEYWORD, f"{len(profile)} bytes without an ICC header", "an ICC profile")
    (size,) = struct.unpack_from(">I", profile)
    device, space, connection = profile[12:16], profile[16:20], profile[20:24]
    if not HEADER_BYTES + 4 <= size <= len(profile):
        raise InvalidAttribute(KEYWORD, f"{len(profile)} bytes that say they are {size}", "a whole ICC profile")
    if not 2 <= profile[8] <= NEWEST_VERSION:
        raise InvalidAttribute(KEYWORD, f"version {profile[8]}", f"version 2 to {NEWEST_VERSION}")
    if space != b"RGB " or device not in CLASSES or connection not in (b"XYZ ", b"Lab "):
        words = ", ".join(repr(word.decode("latin-1")) for word in (device, space, connection))
        raise InvalidAttribute(KEYWORD, words, "a profile of an RGB device")
    tags = _tags(profile[:size])
    if not (b"A2B0" in tags or {*SRGB_PRIMARIES, *CURVES} <= tags):
        raise InvalidAttribute(KEYWORD, f"{len(tags)} tags", "A2B0, or primaries and curves of red, green and blue")
    return profile[:size]


def _tags(profile: bytes) -> set[bytes]:
    """The names in a profile's tag table, each of whose data lie in it. Raises InvalidAttribute."""
    (count,) = struct.unpack_from(">I", profile, HEADER_BYTES)
    if count > MAX_TAGS or HEADER_BYTES + 4 + count * ENTRY_BYTES > len(profile):
        raise InvalidAttribute(KEYWORD, f"{count} tags", "a tag table inside the profile")
    entries = struct.iter_unpack(">4sII", profile[HEADER_BYTES + 4 : HEADER_BYTES + 4 + count * ENTRY_BYTES])
    tags = set()
    for name, offset, size in entries:
        if offset < HEADER_BYTES or size < 8 or offset + size > len(profile):
            raise InvalidAttribute(KEYWORD, f"tag {name!r} at {offset}, {size} bytes", "tags inside the profile")
        tags.add(name)
    return tags


def _profile(space: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    """A version 2 profile of a display; tags of the same data share them."""
    tags = {**tags, b"cprt": _padded(b"text\0\0\0\0" + RIGHTS.encode() + b"\0"), b"wtpt": _xyz(*D50)}
    at = HEADER_BYTES + 4 + ENTRY_BYTES * len(tags)
    places: dict[bytes, int] = {}
    for data in tags.values():
        if data not in places:
            places[data] = at
            at += len(data)
    entries = (struct.pack(">4sII", name, places[data], len(data)) for name, data in tags.items())
    date = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    header = struct.pack(">I4sI4s4s4s", at, b"\0" * 4, 0x02100000, b"mntr", space, b"XYZ ") + date + b"acsp"
    illuminant = struct.pack(">3i", *(round(value * 65536) for value in D50))
    header = header.ljust(68, b"\0") + illuminant
    return header.ljust(HEADER_BYTES, b"\0") + struct.pack(">I", len(tags)) + b"".join([*entries, *places])


def _srgb_curve() -> bytes:
    """Linear light of encoded values."""
    encoded = np.linspace(0.0, 1.0, CURVE_ENTRIES)
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    values = np.floor(light * 65535 + 0.5).astype(">u2")
    return struct.pack(">4s4xI", b"curv", CURVE_ENTRIES) + values.tobytes()


def _xyz(*values: float) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(round(value * 65536) for value in values))


def _described(text: str) -> bytes:
    """A textDescriptionType: ASCII, without its Unicode and its Macintosh form."""
    ascii_text = text.encode("ascii") + b"\0"
    return _padded(struct.pack(">4s4xI", b"desc", len(ascii_text)) + ascii_text + b"\0" * (4 + 4 + 2 + 1 + 67))


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
