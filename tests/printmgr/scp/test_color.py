"""Colour: both meta classes, single classes, either kind of image in either kind of box, the film's ICC profile."""

import pytest
from pydicom.dataset import Dataset

from printmgr.film.model import StoredBytes
from printmgr.scp.contexts import (
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    SOPClass,
    makes_color,
)

from . import requests
from .conftest import Bench
from .requests import SYNTAXES

COLOR, GRAY = BASIC_COLOR_PRINT_MANAGEMENT_META, BASIC_GRAYSCALE_PRINT_MANAGEMENT_META
SESSION, FILM = SOPClass.FILM_SESSION, SOPClass.FILM_BOX
GRAY_BOX, COLOR_BOX = SOPClass.GRAYSCALE_IMAGE_BOX, SOPClass.COLOR_IMAGE_BOX
S, F = "1.2.3", "1.2.3.1"
PROFILE = b"an ICC profile, as far as we look at it "


def rgb(planar: int | None, **attributes: object) -> Dataset:
    values: dict[str, object] = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PixelData": bytes(768)}
    return requests.image(PlanarConfiguration=planar, **(values | attributes))


def color_box(image: Dataset) -> Dataset:
    return requests.item(ImageBoxPosition=1, BasicColorImageSequence=[image])


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("planar", [0, 1, None])
def test_colour_by_pixel_and_by_plane_is_printed(bench: Bench, syntax: str, planar: int | None) -> None:
    scu = bench.connect(COLOR, syntaxes=(syntax,))
    scu.meta = COLOR
    assert scu.create(SESSION, None, S)[0] == 0
    status, made = scu.create(FILM, requests.film_box(S), F)
    assert status == 0 and made is not None
    (box,) = made.ReferencedImageBoxSequence
    assert box.ReferencedSOPClassUID == COLOR_BOX
    assert scu.set(COLOR_BOX, box.ReferencedSOPInstanceUID, color_box(rgb(planar)))[0] == 0
    assert scu.act(FILM, F) == 0
    (film,) = bench.port.ordered[0].order.films
    assert film.color
    form = film.image_boxes[0].image.format  # type: ignore[union-attr]
    assert (form.samples_per_pixel, form.planar_configuration) == (3, planar or 0)


@pytest.mark.parametrize("meta", [COLOR, GRAY])
@pytest.mark.parametrize("box_class", [COLOR_BOX, GRAY_BOX])
@pytest.mark.parametrize("image", [requests.image(), rgb(0)], ids=["gray", "colour"])
def test_either_image_is_taken_in_either_box_whatever_class_is_named(
    bench: Bench, meta: str, box_class: str, image: Dataset
) -> None:
    scu = bench.connect(meta)
    scu.meta = meta
    scu.create(SESSION, None, S)
    _, made = scu.create(FILM, requests.film_box(S), F)
    assert made is not None
    uid = made.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
    said = color_box(image) if box_class == COLOR_BOX else requests.image_box(image)
    assert scu.set(box_class, uid, said)[0] == 0
    assert scu.act(FILM, F) == 0
    (film,) = bench.port.ordered[0].order.films
    assert film.color is (meta == COLOR)


@pytest.mark.parametrize(
    ("classes", "color"), [((GRAY_BOX,), False), ((COLOR_BOX,), True), ((COLOR_BOX, GRAY_BOX), False)]
)
def test_single_classes_stand_for_the_meta_class(bench: Bench, classes: tuple[str, ...], color: bool) -> None:
    scu = bench.connect(SESSION, FILM, *classes)
    assert scu.create(SESSION, None, S)[0] == 0
    status, made = scu.create(FILM, requests.film_box(S), F)
    assert status == 0 and made is not None
    (box,) = made.ReferencedImageBoxSequence
    assert box.ReferencedSOPClassUID == (COLOR_BOX if color else GRAY_BOX)
    assert scu.set(classes[0], box.ReferencedSOPInstanceUID, requests.image_box(requests.image()))[0] == 0
    assert scu.act(FILM, F) == 0


def test_the_context_of_the_film_box_decides_when_both_metas_are_there() -> None:
    both = {COLOR, GRAY}
    assert makes_color(COLOR, both) and not makes_color(GRAY, both)


def color_film(bench: Bench, **attributes: object) -> tuple[object, Dataset]:
    scu = bench.connect(COLOR)
    scu.meta = COLOR
    scu.create(SESSION, None, S)
    status, made = scu.create(FILM, requests.film_box(S, **attributes), F)
    assert status == 0 and made is not None
    return scu, made


def profile_of(bench: Bench, stored: StoredBytes | None) -> bytes:
    assert stored is not None
    data = (bench.port.ordered[-1].folder / stored.file).read_bytes()
    return data[stored.offset : stored.offset + stored.length]


def test_a_films_icc_profile_is_kept_with_the_order(bench: Bench) -> None:
    scu, _ = color_film(bench, ICCProfile=PROFILE)
    assert scu.act(FILM, F) == 0xB603  # type: ignore[attr-defined]
    assert profile_of(bench, bench.port.ordered[0].order.films[0].icc_profile) == PROFILE


def test_a_new_icc_profile_takes_the_place_of_the_one_before(bench: Bench) -> None:
    scu, _ = color_film(bench, ICCProfile=PROFILE)
    assert scu.set(FILM, F, requests.item(ICCProfile=PROFILE[::-1]))[0] == 0  # type: ignore[attr-defined]
    scu.act(FILM, F)  # type: ignore[attr-defined]
    assert profile_of(bench, bench.port.ordered[0].order.films[0].icc_profile) == PROFILE[::-1]
    assert len(list(bench.port.spools[0].folder.iterdir())) == 1


def test_an_icc_profile_of_a_film_that_is_refused_does_not_stay(bench: Bench) -> None:
    scu, _ = color_film(bench)
    assert scu.create(FILM, requests.film_box("9.9", ICCProfile=PROFILE), "1.9")[0] == 0x0106  # type: ignore[attr-defined]
    assert not list(bench.port.spools[0].folder.iterdir())


def test_an_icc_profile_on_a_grayscale_film_is_ignored_with_a_warning(bench: Bench) -> None:
    scu = bench.connect(GRAY)
    scu.create(SESSION, None, S)
    status, made = scu.create(FILM, requests.film_box(S, ICCProfile=PROFILE), F)
    assert status == 0x0107 and made is not None
    scu.act(FILM, F)
    assert bench.port.ordered[0].order.films[0].icc_profile is None
