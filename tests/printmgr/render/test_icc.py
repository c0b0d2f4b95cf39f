"""Our ICC profiles are what they say; those of others are looked at before they go into a PDF/A."""

import contextlib
import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from printmgr.errors import InvalidAttribute
from printmgr.render.icc import checked, gray_profile, srgb_profile


def opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


def test_our_srgb_is_that_of_little_cms() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8)
    pixels[0, :, :] = np.arange(64)[:, np.newaxis] * 4
    same = ImageCms.profileToProfile(Image.fromarray(pixels), ImageCms.createProfile("sRGB"), opened(srgb_profile()))
    assert np.abs(np.asarray(same).astype(int) - pixels).max() <= 1


def test_our_gray_is_srgb_without_colour() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    shown = ImageCms.profileToProfile(
        Image.fromarray(pixels), opened(gray_profile()), opened(srgb_profile()), outputMode="RGB"
    )
    assert np.abs(np.asarray(shown).astype(int) - pixels[..., np.newaxis]).max() <= 1


def test_they_say_whose_they_are() -> None:
    for profile in (gray_profile(), srgb_profile()):
        assert "CC0" in ImageCms.getProfileCopyright(opened(profile))
        assert struct.unpack_from(">I", profile) == (len(profile),)


@pytest.mark.parametrize("padding", [b"", b"\0", b"\0" * 512])
def test_a_profile_comes_without_what_pads_it(padding: bytes) -> None:
    assert checked(srgb_profile() + padding) == srgb_profile()


def changed(at: int, data: bytes) -> bytes:
    profile = bytearray(srgb_profile())
    profile[at : at + len(data)] = data
    return bytes(profile)


FAULTS = {
    "an ICC profile": (b"", b"\0" * 500, b"JFIF" * 100),
    "a whole ICC profile": (srgb_profile()[:-1], changed(0, b"\xff\xff\xff\xff"), changed(0, b"\0\0\0\0")),
    "version 2 to 4": (changed(8, b"\x05"), changed(8, b"\x01")),
    "a profile of an RGB device": (gray_profile(), changed(12, b"link"), changed(16, b"CMYK"), changed(20, b"RGB ")),
    "a tag table inside the profile": (changed(128, b"\0\1\0\0"),),
    "tags inside the profile": (changed(136, b"\0\x10\0\0"), changed(140, b"\0\0\0\1")),
    "A2B0, or primaries and curves": (changed(132 + 12, b"none"),),
}


@pytest.mark.parametrize(("expected", "profile"), [(text, one) for text, some in FAULTS.items() for one in some])
def test_what_is_none_is_refused(expected: str, profile: bytes) -> None:
    with pytest.raises(InvalidAttribute, match=expected):
        checked(profile)


@given(st.integers(0, len(srgb_profile()) - 1), st.binary(min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_damage_is_refused_or_harmless(at: int, data: bytes) -> None:
    with contextlib.suppress(InvalidAttribute):
        assert len(checked(changed(at, data))) <= len(srgb_profile()) + len(data)
