"""Where images lie in their boxes and what is answered."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from printmgr.errors import ImageTooLarge, InvalidAttribute
from printmgr.film.geometry import Rect, Window
from printmgr.film.model import DecimateCropBehavior, MagnificationType, PixelFormat
from printmgr.film.placement import CROPPED, DECIMATED, DEMAGNIFIED, SIZE_TOLERANCE_MM, place

CROP, DECIMATE, FAIL = DecimateCropBehavior.CROP, DecimateCropBehavior.DECIMATE, DecimateCropBehavior.FAIL
NONE, CUBIC = MagnificationType.NONE, MagnificationType.CUBIC
BOX = Rect(10, 20, 100, 80)  # 1000 x 800 printer pixels at 0.1 mm
PITCH = 0.1

IMAGES = st.builds(
    PixelFormat,
    rows=st.integers(1, 65535),
    columns=st.integers(1, 65535),
    pixel_aspect_ratio=st.tuples(st.integers(-1, 300), st.integers(-1, 300)),
)
BOXES = st.builds(Rect, st.floats(0, 400), st.floats(0, 400), st.floats(1, 500), st.floats(1, 500))
OPTIONS = {
    "pitch": st.floats(0.02, 0.5),
    "magnification_type": st.sampled_from(MagnificationType),
    "requested_image_size": st.none() | st.floats(allow_nan=True) | st.floats(1, 600),
    "behavior": st.none() | st.sampled_from(DecimateCropBehavior),
}


def image(columns, rows, aspect=(1, 1)):
    return PixelFormat(rows=rows, columns=columns, pixel_aspect_ratio=aspect)


@given(image=IMAGES, box=BOXES, **OPTIONS)
def test_the_shown_part_lies_inside_its_box_and_inside_the_image(image, box, **options):
    try:
        placement = place(image, box, **options)
    except ImageTooLarge:
        assert options["behavior"] is FAIL or (
            options["magnification_type"] is NONE and options["behavior"] is not CROP
        )
        return
    shown, window = placement.image, placement.window
    assert 0 < shown.width <= box.width and 0 < shown.height <= box.height
    assert shown.x >= box.x - 1e-6 and shown.x + shown.width <= box.x + box.width + 1e-6
    assert shown.y >= box.y - 1e-6 and shown.y + shown.height <= box.y + box.height + 1e-6
    assert shown.x + shown.width / 2 == pytest.approx(box.x + box.width / 2)
    assert window.top >= 0 and window.top + window.rows <= image.rows
    assert window.left >= 0 and window.left + window.columns <= image.columns
    if placement.status != CROPPED:
        assert window == Window(0, 0, image.rows, image.columns)


@given(image=IMAGES, box=BOXES, **OPTIONS)
def test_pixels_keep_their_shape(image, box, **options):
    try:
        placement = place(image, box, **options)
    except ImageTooLarge:
        return
    vertical, horizontal = image.pixel_aspect_ratio
    sane = vertical > 0 and horizontal > 0 and max(vertical, horizontal) <= 100 * min(vertical, horizontal)
    pixel_width = placement.image.width / placement.window.columns
    pixel_height = placement.image.height / placement.window.rows
    single = 1 in (placement.window.columns, placement.window.rows)
    assume(not (placement.status == CROPPED and single))  # a pixel larger than its box is cut
    assert pixel_height / pixel_width == pytest.approx(vertical / horizontal if sane else 1.0, rel=1e-6)


@given(image=IMAGES, box=BOXES, **OPTIONS)
def test_a_status_says_what_was_asked_for(image, box, **options):
    try:
        status = place(image, box, **options).status
    except ImageTooLarge:
        return
    assert status in (0, {None: DEMAGNIFIED, CROP: CROPPED, DECIMATE: DECIMATED, FAIL: 0}[options["behavior"]])


@pytest.mark.parametrize(("columns", "rows"), [(1000, 800), (1, 1), (512, 800), (1000, 2)])
def test_an_image_that_fits_fills_its_box(columns, rows):
    for behavior in (None, CROP, DECIMATE, FAIL):
        placement = place(image(columns, rows), BOX, PITCH, behavior=behavior)
        assert placement.status == 0
        assert placement.image.width == pytest.approx(100) or placement.image.height == pytest.approx(80)


@pytest.mark.parametrize(("columns", "rows"), [(1001, 10), (10, 801), (65535, 65535)])
def test_an_image_of_more_pixels_than_its_box_goes_by_its_behavior(columns, rows):
    large = image(columns, rows)
    demagnified = place(large, BOX, PITCH)
    assert demagnified.status == DEMAGNIFIED
    decimated = place(large, BOX, PITCH, behavior=DECIMATE)
    assert (decimated.status, decimated.image) == (DECIMATED, demagnified.image)
    cropped = place(large, BOX, PITCH, behavior=CROP)
    assert cropped.status == CROPPED
    assert (cropped.window.columns, cropped.window.rows) == (min(columns, 1000), min(rows, 800))
    assert cropped.image.width == pytest.approx(cropped.window.columns * PITCH)
    with pytest.raises(ImageTooLarge) as refused:
        place(large, BOX, PITCH, behavior=FAIL, position=7)
    assert (refused.value.position, refused.value.needed, refused.value.available) == (7, (columns, rows), (1000, 800))


def test_cropping_takes_evenly_from_both_sides():
    placement = place(image(1200, 900), BOX, PITCH, behavior=CROP)
    assert placement.window == Window(top=50, left=100, rows=800, columns=1000)
    assert placement.image == Rect(10, 20, 100, 80)


def test_without_magnification_an_image_pixel_is_a_printer_pixel():
    placement = place(image(500, 400), BOX, PITCH, magnification_type=NONE)
    assert (placement.image, placement.status) == (Rect(35, 40, 50, 40), 0)


@pytest.mark.parametrize("behavior", [None, DECIMATE, FAIL])
def test_without_magnification_a_large_image_is_refused_unless_cropped(behavior):
    with pytest.raises(ImageTooLarge):
        place(image(1001, 400), BOX, PITCH, magnification_type=NONE, behavior=behavior)
    assert place(image(1001, 400), BOX, PITCH, magnification_type=NONE, behavior=CROP).status == CROPPED


@given(width=st.floats(1, 100), columns=st.integers(1, 5000), magnification=st.sampled_from(MagnificationType))
def test_requested_image_size_is_the_width_in_mm_whatever_the_pixels(width, columns, magnification):
    placement = place(image(columns, 1), BOX, PITCH, magnification_type=magnification, requested_image_size=width)
    assume(placement.status == 0)
    assert placement.as_requested
    assert placement.image.width == pytest.approx(width)


def test_a_requested_size_beyond_the_box_goes_by_the_behavior():
    asked = {"requested_image_size": 200.0}
    square = image(400, 400)
    assert place(square, BOX, PITCH, **asked).status == DEMAGNIFIED
    decimated = place(square, BOX, PITCH, behavior=DECIMATE, **asked)
    assert (decimated.status, decimated.image, decimated.as_requested) == (DECIMATED, Rect(20, 20, 80, 80), False)
    cropped = place(square, BOX, PITCH, behavior=CROP, **asked)
    assert (cropped.status, cropped.as_requested) == (CROPPED, True)
    assert cropped.window == Window(top=120, left=100, rows=160, columns=200)
    assert cropped.image == Rect(10, 20, 100, 80)
    for refused in (
        {"behavior": FAIL},
        {"magnification_type": NONE},
        {"magnification_type": NONE, "behavior": DECIMATE},
    ):
        with pytest.raises(ImageTooLarge):
            place(square, BOX, PITCH, **asked, **refused)


def test_a_requested_size_a_rounding_above_the_box_is_no_warning():
    placement = place(image(100, 10), BOX, PITCH, requested_image_size=100.04, behavior=FAIL)
    assert (placement.status, placement.as_requested) == (0, True)
    assert placement.image.width == pytest.approx(100, abs=SIZE_TOLERANCE_MM)


@pytest.mark.parametrize("size", [None, 0.0, -5.0, 0.01, float("nan"), float("inf")])
def test_a_requested_size_that_is_none_fills_the_box(size):
    placement = place(image(100, 80), BOX, PITCH, requested_image_size=size)
    assert (placement.image, placement.as_requested) == (BOX, False)


def test_tall_pixels_need_more_rows_of_the_printer():
    assert place(image(500, 400, (2, 1)), BOX, PITCH).status == 0
    assert place(image(500, 401, (2, 1)), BOX, PITCH).status == DEMAGNIFIED
    assert place(image(500, 400, (1, 2)), BOX, PITCH).status == 0
    assert place(image(501, 400, (1, 2)), BOX, PITCH).status == DEMAGNIFIED


@pytest.mark.parametrize(("columns", "rows"), [(0, 10), (10, 0)])
def test_an_image_without_pixels_is_refused(columns, rows):
    with pytest.raises(InvalidAttribute):
        place(image(columns, rows), BOX, PITCH)
