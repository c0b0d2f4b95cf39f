"""From pixel values to densities to grey levels."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printmgr.errors import InvalidAttribute
from printmgr.film.density import (
    Viewing,
    density_of_p,
    density_range,
    density_to_gray,
    is_inverted,
    jnd_of_luminance,
    luminance_of_jnd,
    named_density,
    presentation_lut_of,
    srgb,
    transfer_table,
    viewing_of,
)
from printmgr.film.model import (
    FilmBox,
    ImageBox,
    LUTShape,
    PixelFormat,
    Polarity,
    PresentationLUT,
)
from printmgr.film.printer import LogicalPrinter, Tone

P_VALUE, LIGHTBOX = Tone.P_VALUE, Tone.LIGHTBOX
USUAL = Viewing(0.20, 3.20)
IDENTITY = PresentationLUT("1", LUTShape.IDENTITY)
LIN_OD = PresentationLUT("1", LUTShape.LIN_OD)
INVERSE = PresentationLUT("1", LUTShape.INVERSE)

VIEWINGS = st.builds(
    lambda dmin, span, light, ambient: Viewing(dmin, dmin + span, light, ambient),
    st.floats(0, 0.5),
    st.floats(0.5, 4),
    st.floats(100, 3900),
    st.floats(0, 50),
)
TONES = st.sampled_from(Tone)
DEPTHS = st.sampled_from([8, 16])
BITS = st.sampled_from([1, 8, 10, 12])


def rising_tables(draw):
    bits = draw(st.integers(8, 16))
    length = draw(st.sampled_from([1, 2, 200, 255, 256, 1000, 1024, 4096]))
    seed = draw(st.integers(0, 2**32 - 1))
    table = np.sort(np.random.default_rng(seed).integers(0, 2**bits, length))
    return PresentationLUT("1", table=tuple(table.tolist()), first_value=draw(st.integers(0, 50)), bits=bits)


LUTS = st.none() | st.sampled_from([IDENTITY, LIN_OD]) | st.composite(rising_tables)()


# PS3.14 Table B-1.
@pytest.mark.parametrize(("jnd", "luminance"), [(1, 0.05), (100, 1.8508), (512, 130.0662), (1023, 3993.4040)])
def test_the_display_function_has_the_standard_s_values(jnd, luminance):
    assert luminance_of_jnd(jnd) == pytest.approx(luminance, rel=4e-4)


@pytest.mark.parametrize(("jnd", "luminance"), [(1, 0.049982), (100, 1.85083), (512, 130.0653), (1023, 3993.3296)])
def test_the_formula_has_its_own_values(jnd, luminance):
    assert luminance_of_jnd(jnd) == pytest.approx(luminance, rel=1e-5)


@given(st.floats(1, 1023))
def test_jnd_of_luminance_turns_luminance_of_jnd_back(jnd):
    assert jnd_of_luminance(luminance_of_jnd(jnd)) == pytest.approx(jnd, abs=1e-7)


def test_beyond_the_display_function_the_nearer_end_counts():
    assert jnd_of_luminance([0.0, 1e-9, 1e6]).tolist() == pytest.approx([1, 1, 1023])
    assert luminance_of_jnd([-5, 5000]).tolist() == luminance_of_jnd([1, 1023]).tolist()


# PS3.14 Table D.2-1: 8 bit, 0.20 to 3.00 OD, L0 2000, La 10.
def test_densities_of_p_values_are_those_of_the_standard():
    p = [0, 16, 64, 95, 128, 192, 240, 255]
    expected = [3.000, 2.405, 1.698, 1.398, 1.122, 0.641, 0.304, 0.200]
    assert density_of_p(p, 8, Viewing(0.20, 3.00)) == pytest.approx(expected, abs=0.002)


@pytest.mark.parametrize(
    ("viewing", "expected"),
    [
        (Viewing(0.20, 3.20), [3.199, 2.140, 1.721, 1.136, 0.651, 0.200]),
        (Viewing(0.20, 3.00), [2.999, 2.106, 1.702, 1.126, 0.647, 0.200]),
        (Viewing(0.05, 2.00, illumination=150, ambient=0), [2.000, 1.593, 1.282, 0.796, 0.401, 0.050]),
    ],
)
def test_densities_of_12_bit_p_values(viewing, expected):
    density = density_of_p([0, 512, 1024, 2048, 3072, 4095], 12, viewing)
    assert density == pytest.approx(expected, abs=0.002)


@given(VIEWINGS)
def test_the_ends_of_the_range_are_exact_and_density_falls(viewing):
    density = density_of_p(np.arange(4096), 12, viewing)
    assert np.all(np.diff(density) <= 0)
    assert density[-1] == pytest.approx(viewing.dmin, abs=1e-9)
    if viewing.luminance(viewing.dmax) >= luminance_of_jnd(1):  # darker than the display function goes otherwise
        assert density[0] == pytest.approx(viewing.dmax, abs=1e-6)


@given(VIEWINGS, st.integers(1, 4095))
def test_p_values_come_back_from_their_densities(viewing, p):
    gray = density_to_gray(density_of_p(p, 12, viewing), viewing, P_VALUE, 16)
    assert abs(int(gray) - p * 65535 / 4095) <= 1.5


@given(BITS, LUTS, VIEWINGS, TONES, DEPTHS)
def test_transfer_tables_rise_and_fall_when_inverted(bits, lut, viewing, tone, depth):
    table = transfer_table(bits, False, lut, viewing, tone, depth)
    assert table.shape == (2**bits,)
    assert table.dtype == (np.uint8 if depth == 8 else np.uint16)
    assert np.all(np.diff(table.astype(int)) >= 0)
    assert np.array_equal(transfer_table(bits, True, lut, viewing, tone, depth), table[::-1])


@given(st.lists(st.integers(0, 255), min_size=256, max_size=256), VIEWINGS)
def test_both_tones_put_any_table_s_values_in_the_same_order(entries, viewing):
    zigzag = PresentationLUT("1", table=tuple(entries), bits=8)
    p_value, lightbox = (transfer_table(8, False, zigzag, viewing, tone, 16).astype(int) for tone in Tone)
    assert np.all(np.diff(lightbox[np.lexsort((lightbox, p_value))]) >= 0)


@given(st.sampled_from([None, IDENTITY, LIN_OD, INVERSE]), VIEWINGS.filter(lambda v: v.luminance(v.dmax) > 0.05), TONES)
def test_black_and_white_are_reached_whatever_the_shape_and_tone(lut, viewing, tone):
    table = transfer_table(12, False, lut, viewing, tone, 8)
    assert {int(table[0]), int(table[-1])} == {0, 255}


def test_eight_bits_stay_byte_for_byte():
    for lut in (None, IDENTITY):
        assert np.array_equal(transfer_table(8, False, lut, USUAL, P_VALUE, 8), np.arange(256))
    assert np.array_equal(transfer_table(8, True, None, USUAL, P_VALUE, 8), 255 - np.arange(256))
    assert np.array_equal(transfer_table(8, False, INVERSE, USUAL, P_VALUE, 8), 255 - np.arange(256))
    assert np.array_equal(transfer_table(16, False, None, USUAL, P_VALUE, 16), np.arange(65536))


@pytest.mark.parametrize(("bits", "depth"), [(12, 8), (10, 8), (16, 8), (8, 16), (12, 16)])
def test_other_depths_are_rounded_half_up(bits, depth):
    full, top = 2**bits - 1, 2**depth - 1
    expected = [(2 * p * top + full) // (2 * full) for p in range(2**bits)]
    assert transfer_table(bits, False, IDENTITY, USUAL, P_VALUE, depth).tolist() == expected


@pytest.mark.parametrize("bits", [1, 8, 10, 12, 15, 16])
def test_a_depth_of_16_keeps_every_bit(bits):
    table = transfer_table(bits, False, IDENTITY, USUAL, P_VALUE, 16)
    back = np.floor(table.astype(float) * (2**bits - 1) / 65535 + 0.5)
    assert np.array_equal(back, np.arange(2**bits))


def test_lin_od_makes_equal_steps_of_density():
    table = transfer_table(8, False, LIN_OD, USUAL, LIGHTBOX, 16)
    white, black = USUAL.luminance([0.2, 3.2])
    for p in (0, 51, 128, 255):
        seen = (USUAL.luminance(3.2 - 3.0 * p / 255) - black) / (white - black)
        assert table[p] == pytest.approx(float(srgb(seen)) * 65535, abs=0.51)


def test_lin_od_and_the_p_value_of_the_same_density_have_the_same_grey():
    p = np.arange(4096)
    density = density_of_p(p, 12, USUAL)
    through_density = (
        np.interp(3.2 - density, 3.0 * p / 4095, p).round().astype(int)
    )  # the LIN OD value of each density
    for tone in Tone:
        by_identity = transfer_table(12, False, IDENTITY, USUAL, tone, 8).astype(int)
        by_lin_od = transfer_table(12, False, LIN_OD, USUAL, tone, 8).astype(int)[through_density]
        assert np.abs(by_identity - by_lin_od).max() <= 1


def test_lightbox_is_the_luminance_as_srgb():
    p = np.array([0, 1000, 4095])
    seen = USUAL.luminance(density_of_p(p, 12, USUAL))
    share = (seen - seen[0]) / (seen[-1] - seen[0])
    table = transfer_table(12, False, None, USUAL, LIGHTBOX, 16)
    assert table[p].tolist() == pytest.approx((srgb(share) * 65535).tolist(), abs=0.6)


def test_a_lightbox_shows_one_density_with_one_grey_on_all_of_a_film():
    thin = Viewing(0.20, 2.00, lightest=0.20, darkest=3.20)
    black = transfer_table(8, False, None, thin, LIGHTBOX, 8)[0]
    assert black == density_to_gray(2.0, USUAL, LIGHTBOX, 8) > 0
    assert transfer_table(8, False, None, thin, P_VALUE, 8)[0] == 0


def lut(entries, first_value=0, bits=8, shape=None):
    return PresentationLUT("1", shape, tuple(entries), first_value, bits)


def test_a_table_of_the_image_s_depth_is_read_entry_by_entry():
    squares = [p * p // 255 for p in range(256)]
    assert transfer_table(8, False, lut(squares), USUAL, P_VALUE, 8).tolist() == squares
    assert transfer_table(8, True, lut(squares), USUAL, P_VALUE, 8).tolist() == squares[::-1]
    assert transfer_table(8, False, lut(squares, shape=LUTShape.LIN_OD), USUAL, P_VALUE, 8).tolist() == squares


def test_a_table_shorter_than_the_image_s_range_ends_with_its_last_entry():
    table = transfer_table(8, False, lut(range(200)), USUAL, P_VALUE, 8)
    assert table.tolist() == [*range(200), *[199] * 56]


def test_a_table_that_starts_later_starts_with_its_first_entry():
    table = transfer_table(8, False, lut(range(10, 166), first_value=100), USUAL, P_VALUE, 8)
    assert table.tolist() == [*[10] * 100, *range(10, 166)]


def test_a_table_for_another_depth_is_interpolated():
    from_8 = transfer_table(12, False, lut(range(256)), USUAL, P_VALUE, 16)
    assert np.array_equal(from_8, transfer_table(12, False, IDENTITY, USUAL, P_VALUE, 16))
    from_12 = transfer_table(8, False, lut(range(4096), bits=12), USUAL, P_VALUE, 8)
    assert from_12.tolist() == list(range(256))
    from_16 = transfer_table(12, False, lut(range(65536), bits=16), USUAL, P_VALUE, 8)
    assert np.array_equal(from_16, transfer_table(12, False, IDENTITY, USUAL, P_VALUE, 8))


@pytest.mark.parametrize(
    "odd",
    [lut([7]), lut([7], bits=0), lut([300] * 256), lut([1, 2], first_value=-32768), lut(range(16), first_value=60000)],
)
def test_odd_tables_give_grey_levels(odd):
    for bits in (8, 12):
        assert transfer_table(bits, False, odd, USUAL, LIGHTBOX, 8).shape == (2**bits,)


def test_entries_without_a_number_of_bits_have_as_many_as_they_need():
    assert transfer_table(8, False, lut(range(0, 4096, 16), bits=0), USUAL, P_VALUE, 16)[-1] == round(
        4080 / 4095 * 65535
    )


@pytest.mark.parametrize(("bits", "depth"), [(0, 8), (17, 8), (8, 12)])
def test_impossible_depths_are_refused(bits, depth):
    with pytest.raises(InvalidAttribute):
        transfer_table(bits, False, None, USUAL, P_VALUE, depth)


def test_a_table_is_made_once_and_cannot_be_written():
    big = lut(range(4096), bits=12)
    table = transfer_table(12, False, big, USUAL, LIGHTBOX, 8)
    assert transfer_table(12, False, lut(range(4096), bits=12), Viewing(0.2, 3.2), LIGHTBOX, 8) is table
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 1


def test_the_largest_table_takes_less_than_a_tenth_of_a_second():
    viewing = Viewing(0.21, 3.19)
    transfer_table(16, False, IDENTITY, viewing, LIGHTBOX, 8)
    start = time.process_time()
    transfer_table(16, False, LIN_OD, viewing, P_VALUE, 16)
    assert time.process_time() - start < 0.1


@pytest.mark.parametrize(
    "nonsense",
    [
        (3.2, 0.2),
        (1.0, 1.0),
        (-0.1, 3.0),
        (0.2, 99.99),
        (0.2, 3.2, 0.0),
        (0.2, 3.2, -1.0),
        (0.2, 3.2, 65535.0, 65535.0),
        (0.2, 3.2, 1.0, 1000.0),
        (0.2, 3.2, 2000.0, -1.0),
        (float("nan"), 3.2),
        (0.2, 3.2, float("nan")),
        (0.2, 3.2, 2000.0, float("nan")),
    ],
)
def test_a_viewing_in_which_nothing_is_seen_is_refused(nonsense):
    with pytest.raises(InvalidAttribute):
        Viewing(*nonsense)


PRINTER = LogicalPrinter("PRINTER")


def film(**values):
    return FilmBox("1", r"STANDARD\1,1", **values)


@pytest.mark.parametrize(
    ("of_film", "of_image", "expected"),
    [
        ({}, {}, (0.20, 3.20)),
        ({"min_density": 0.25, "max_density": 3.0}, {}, (0.25, 3.0)),
        ({"min_density": 0.25, "max_density": 3.0}, {"max_density": 2.0}, (0.25, 2.0)),
        ({"min_density": 0.25}, {"min_density": 0.5}, (0.5, 3.20)),
        ({"min_density": 0.0, "max_density": 99.99}, {}, (0.20, 3.20)),
        ({"max_density": 0.0}, {}, (0.20, 3.20)),
        ({"max_density": 2.0}, {"max_density": 0.0}, (0.20, 2.0)),
        ({"min_density": 9.0}, {}, (0.20, 3.20)),
        ({"min_density": 2.0, "max_density": 1.0}, {}, (0.20, 3.20)),
    ],
)
def test_image_over_film_over_printer_inside_what_the_printer_can(of_film, of_image, expected):
    assert density_range(PRINTER, film(**of_film), ImageBox("2", 1, **of_image)) == expected


DENSITIES = st.none() | st.floats(0, 700)


@given(DENSITIES, DENSITIES, DENSITIES, DENSITIES, DENSITIES, DENSITIES)
def test_any_request_gives_a_viewing(film_min, film_max, image_min, image_max, illumination, ambient):
    asked = film(
        min_density=film_min,
        max_density=film_max,
        illumination=illumination and illumination * 100,
        reflected_ambient_light=ambient and ambient * 100,
    )
    viewing = viewing_of(PRINTER, asked, ImageBox("2", 1, min_density=image_min, max_density=image_max))
    assert 0.20 <= viewing.dmin < viewing.dmax <= 3.20
    assert (viewing.lightest, viewing.darkest) == (0.20, 3.20)


def test_light_comes_from_the_film_else_the_printer():
    of_film = viewing_of(PRINTER, film(illumination=500.0, reflected_ambient_light=0.0))
    assert (of_film.illumination, of_film.ambient) == (500.0, 0.0)
    assert viewing_of(PRINTER, film(illumination=0.0)).illumination == 2000.0
    of_printer = viewing_of(PRINTER, film())
    assert (of_printer.illumination, of_printer.ambient) == (2000.0, 10.0)
    blinding = viewing_of(PRINTER, film(illumination=65535.0, reflected_ambient_light=65535.0))
    assert (blinding.illumination, blinding.ambient) == (2000.0, 10.0)


@pytest.mark.parametrize(
    ("value", "default", "expected"),
    [
        ("BLACK", "WHITE", 3.2),
        (" white ", "BLACK", 0.2),
        ("150", "BLACK", 1.5),
        ("0", "BLACK", 0.2),
        ("9999", "WHITE", 3.2),
        ("150.5", "BLACK", 1.505),
        ("", "100", 1.0),
        ("-5", "WHITE", 0.2),
        ("GREY", "GREY", 3.2),
        ("GREY", "NONSENSE", 3.2),
        ("nan", "BLACK", 3.2),
    ],
)
def test_named_densities(value, default, expected):
    assert named_density(value, 0.2, 3.2, default) == pytest.approx(expected)


def test_the_nearest_presentation_lut_counts():
    a, b = (PresentationLUT(uid, LUTShape.IDENTITY) for uid in "ab")
    assert presentation_lut_of(PRINTER, film(presentation_lut=b), ImageBox("2", 1, presentation_lut=a)) is a
    assert presentation_lut_of(PRINTER, film(presentation_lut=b), ImageBox("2", 1)) is b
    assert presentation_lut_of(PRINTER, film(), ImageBox("2", 1)) is None
    linear = presentation_lut_of(LogicalPrinter("P", no_plut="LIN OD"), film(), ImageBox("2", 1))
    assert linear is not None and linear.shape is LUTShape.LIN_OD


@pytest.mark.parametrize(
    ("photometric", "polarity", "expected"),
    [
        ("MONOCHROME2", Polarity.NORMAL, False),
        ("MONOCHROME1", Polarity.NORMAL, True),
        ("MONOCHROME2", Polarity.REVERSE, True),
        ("MONOCHROME1", Polarity.REVERSE, False),
        ("RGB", Polarity.REVERSE, True),
    ],
)
def test_low_values_print_light_by_one_of_photometric_interpretation_and_polarity(photometric, polarity, expected):
    assert is_inverted(PixelFormat(1, 1, photometric_interpretation=photometric), polarity) is expected
