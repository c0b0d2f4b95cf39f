"""Whole films laid out."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printmgr.errors import ImageTooLarge, InvalidAttribute
from printmgr.film.layout import image_box_rects, lay_out, pitch_of
from printmgr.film.model import (
    DecimateCropBehavior,
    FilmBox,
    FilmOrientation,
    Image,
    ImageBox,
    MagnificationType,
    PixelFormat,
    StoredPixels,
)
from printmgr.film.placement import CROPPED, DECIMATED, DEMAGNIFIED
from printmgr.film.printer import LogicalPrinter
from printmgr.film.sizes import FILM_SIZES_MM, film_size

PRINTER = LogicalPrinter("PRINTER", custom_formats={"1": ((0.0, 0.0, 1.0, 0.75), (0.0, 0.75, 0.5, 0.25))})
PORTRAIT, LANDSCAPE = FilmOrientation.PORTRAIT, FilmOrientation.LANDSCAPE


def box(position, columns=512, rows=512, **values):
    aspect = values.pop("pixel_aspect_ratio", (1, 1))
    image = Image(PixelFormat(rows, columns, pixel_aspect_ratio=aspect), StoredPixels("1", 0, rows * columns))
    return ImageBox(str(position), position, image, **values)


def film(image_display_format, *boxes, **values):
    return FilmBox("1", image_display_format, image_boxes=boxes, **values)


FILMS = {
    "one": film(r"STANDARD\1,1", box(1, 2048, 2560)),
    "standard_landscape": film(
        r"STANDARD\2,3",
        *(box(i) for i in (1, 2, 3, 5)),
        film_orientation=LANDSCAPE,
        trim=True,
        border_density="150",
        empty_image_density="WHITE",
    ),
    "row": film(r"ROW\2,1,3", *(box(i, 256, 400) for i in range(1, 7)), film_size_id="8INX10IN"),
    "col": film(r"COL\1,2", box(3, 300, 150, pixel_aspect_ratio=(2, 1)), film_size_id="A4", border_density="WHITE"),
    "slide": film("SLIDE", box(1), film_size_id="24CMX30CM"),
    "superslide": film("SUPERSLIDE", box(56), film_size_id="14INX17IN"),
    "custom": film("CUSTOM\\1", box(1), box(2, 4000, 1000), max_density=3.0, min_density=0.25),
    "behaviors": film(
        r"STANDARD\2,2",
        box(1, 3000, 100),
        box(2, 3000, 100, requested_decimate_crop_behavior=DecimateCropBehavior.CROP),
        box(3, 3000, 100, requested_decimate_crop_behavior=DecimateCropBehavior.DECIMATE),
        box(4, 300, 100, magnification_type=MagnificationType.NONE),
        film_size_id="10INX12IN",
        magnification_type=MagnificationType.BILINEAR,
    ),
    "high": film(
        r"STANDARD\1,1", box(1, 3000, 100, magnification_type=MagnificationType.NONE), requested_resolution_id="HIGH"
    ),
}


def rounded(value):
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("name", sorted(FILMS))
def test_layouts_stay_as_they_were_looked_at(name, golden):
    layout = rounded(asdict(lay_out(FILMS[name], PRINTER)))
    images = ",\n".join("  " + json.dumps(image) for image in layout.pop("images"))
    golden(f"layout/{name}.json", json.dumps(layout)[:-1] + ', "images": [\n' + images + "\n]}\n")


@given(
    size=st.sampled_from(sorted(FILM_SIZES_MM)),
    orientation=st.sampled_from(FilmOrientation),
    columns=st.integers(1, 6),
    rows=st.integers(1, 6),
    filled=st.sets(st.integers(1, 36)),
    pixels=st.tuples(st.integers(1, 6000), st.integers(1, 6000)),
)
def test_every_position_is_there_once_in_order_and_holds_its_image(size, orientation, columns, rows, filled, pixels):
    count = columns * rows
    boxes = [box(i, *pixels) for i in sorted(filled, reverse=True) if i <= count]
    asked = film(f"STANDARD\\{columns},{rows}", *boxes, film_size_id=size, film_orientation=orientation)
    layout = lay_out(asked, PRINTER)
    assert (layout.width, layout.height) == film_size(size, orientation)
    assert [image.position for image in layout.images] == list(range(1, count + 1))
    assert tuple(image.box for image in layout.images) == image_box_rects(asked, PRINTER)
    assert {image.position for image in layout.images if image.image} == {i for i in filled if i <= count}


@pytest.mark.parametrize("orientation", FilmOrientation)
@pytest.mark.parametrize("size", [*FILM_SIZES_MM, "17INX14IN", "30CMX40CM", "14INX51IN"])
@pytest.mark.parametrize("magnification", [MagnificationType.CUBIC, MagnificationType.NONE])
def test_a_ruler_of_100_mm_measures_100_mm_on_every_film(size, orientation, magnification):
    ruler = box(1, 1000, 100, requested_image_size=100.0, magnification_type=magnification)
    placed = lay_out(film(r"STANDARD\1,1", ruler, film_size_id=size, film_orientation=orientation), PRINTER).images[0]
    assert placed.image.width == pytest.approx(100, abs=0.001)
    assert placed.image.height == pytest.approx(10, abs=0.001)
    assert placed.scale_as_requested and placed.status == 0


def test_a_landscape_film_keeps_columns_and_rows():
    rects = image_box_rects(film(r"STANDARD\2,3", film_orientation=LANDSCAPE), PRINTER)
    assert (rects[0].width, rects[0].height) == pytest.approx((431.8 / 2, 355.6 / 3))


def test_statuses_come_with_the_image_that_has_them():
    statuses = [image.status for image in lay_out(FILMS["behaviors"], PRINTER).images]
    assert statuses == [DEMAGNIFIED, CROPPED, DECIMATED, 0]


def test_an_image_box_overrides_the_magnification_of_its_film():
    layout = lay_out(FILMS["behaviors"], PRINTER)
    assert [image.magnification_type for image in layout.images] == [*["BILINEAR"] * 3, "NONE"]


def test_an_image_that_must_not_shrink_names_its_position():
    fail = box(4, 9999, 9999, requested_decimate_crop_behavior=DecimateCropBehavior.FAIL)
    with pytest.raises(ImageTooLarge) as refused:
        lay_out(film(r"STANDARD\2,2", box(1), fail), PRINTER)
    assert refused.value.position == 4


def test_the_resolution_decides_what_is_too_large():
    large = film(r"STANDARD\1,1", box(1, 6000, 6000))
    assert lay_out(large, PRINTER).images[0].status == DEMAGNIFIED
    assert lay_out(replace(large, requested_resolution_id="HIGH"), PRINTER).images[0].status == 0


@pytest.mark.parametrize(("resolution", "pitch"), [("STANDARD", 0.08), ("high ", 0.04), ("", 0.08), ("ULTRA", 0.08)])
def test_an_unknown_resolution_means_standard(resolution, pitch):
    assert pitch_of(resolution, PRINTER) == pitch


def test_a_printer_without_a_standard_pitch_has_the_usual_one():
    assert pitch_of("STANDARD", replace(PRINTER, pitch={"FINE": 0.02})) == 0.08


@pytest.mark.parametrize(
    ("values", "border", "empty"),
    [
        ({}, 3.2, 3.2),
        ({"border_density": "WHITE", "empty_image_density": "150"}, 0.2, 1.5),
        ({"border_density": "BLACK", "max_density": 3.0, "min_density": 0.3, "empty_image_density": "WHITE"}, 3.0, 0.3),
        ({"border_density": "0", "empty_image_density": "999"}, 0.2, 3.2),
    ],
)
def test_border_and_empty_density(values, border, empty):
    layout = lay_out(film(r"STANDARD\1,1", **values), PRINTER)
    assert (layout.border_density, layout.empty_density) == pytest.approx((border, empty))


def test_a_density_that_is_none_is_the_printer_s():
    layout = lay_out(
        film(r"STANDARD\1,1", border_density="", empty_image_density="?"),
        replace(PRINTER, border_density="WHITE", empty_density="120"),
    )
    assert (layout.border_density, layout.empty_density) == pytest.approx((0.2, 1.2))


@pytest.mark.parametrize("nonsense", [film("NONSENSE"), film(r"CUSTOM\2"), film(r"STANDARD\1,1", film_size_id="HUGE")])
def test_nonsense_is_refused(nonsense):
    with pytest.raises(InvalidAttribute):
        lay_out(nonsense, PRINTER)
