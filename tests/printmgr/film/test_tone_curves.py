"""What terms of Configuration Information mean, as a printer's settings say."""

import numpy as np
import pytest

from printmgr.film.density import Viewing, presentation_lut_of, transfer_table
from printmgr.film.model import FilmBox, ImageBox, LUTShape, PresentationLUT
from printmgr.film.printer import LogicalPrinter, Tone, ToneCurve
from printmgr.film.tone_curves import GAMMA, curve_asked_for

CURVES = {
    "PERCEPTION_LUT=LINEAR": ToneCurve("LIN OD"),
    "KANAMORI": ToneCurve("IDENTITY"),
    "G=*": ToneCurve(GAMMA),
    "CS01?": ToneCurve(points=((0.0, 0.0), (0.5, 0.4), (1.0, 1.0))),
}
PRINTER = LogicalPrinter("P", tone_curves=CURVES)
VIEWING = Viewing(0.2, 3.2)


def levels(information: str, bits: int = 8) -> list[int]:
    lut = curve_asked_for(CURVES, information)
    return transfer_table(bits, False, lut, VIEWING, Tone.P_VALUE, 8).tolist()


@pytest.mark.parametrize(
    "information", ["", "CS003", "G=", "G=x", "G=nan", "G=inf", "G=0", "G=99", "\\\\", "CS01", "KANAMORI"]
)
def test_what_is_no_term_of_the_printer_changes_nothing(information):
    assert levels(information) == list(range(256))


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_a_gamma_is_the_power_of_the_value(bits):
    share = np.arange(2**bits) / (2**bits - 1)
    found = np.array(levels("CS003\\ g=0.5", bits))
    assert np.abs(found - 255 * share**0.5).max() <= 0.5 + 1.2  # the steepest place between two entries is at 0


def test_points_are_joined_by_lines():
    found = levels("CS015")
    assert (found[0], found[51], found[128], found[255]) == (0, 41, 103, 255)


def test_linear_density():
    lut = curve_asked_for(CURVES, "perception_lut=linear")
    assert lut == PresentationLUT("", LUTShape.LIN_OD)


def test_a_presentation_lut_counts_before_it_and_the_image_before_the_film():
    film = FilmBox("1", "STANDARD\\1,1", configuration_information="G=2.0")
    own = ImageBox("2", 1, configuration_information="PERCEPTION_LUT=LINEAR")
    sent = PresentationLUT("3", LUTShape.IDENTITY)
    assert presentation_lut_of(PRINTER, film, own) == PresentationLUT("", LUTShape.LIN_OD)
    of_film = presentation_lut_of(PRINTER, film, ImageBox("2", 1))
    assert of_film is not None and of_film.table[2048] == pytest.approx(65535 * 0.25, abs=20)
    assert presentation_lut_of(PRINTER, film, ImageBox("2", 1, presentation_lut=sent)) is sent
    linear = LogicalPrinter("P", no_plut="LIN OD", tone_curves=CURVES)
    assert presentation_lut_of(linear, film, ImageBox("2", 1)) == of_film
