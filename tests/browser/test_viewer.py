"""The viewer of a disc, opened over file:// in Chromium: pictures, windows, letters, measures, the check page."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from media.build.viewer.decoded import frames
from media.build.viewer.values import Window, grey
from tests.browser import pages
from tests.browser.discs import SLICES, extracted, images

pytestmark = pytest.mark.peer("chromium", "7z")

WINDOWS = (Window(100.5, 733.0), Window(40, 1), Window(-20, 80.25, "LINEAR_EXACT"), Window(200, 300, "SIGMOID"))
SOURCE = """() => {
  const view = printmgrDisc.app.active, canvas = view.source;
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let text = "";
  for (let at = 0; at < data.length; at += 32768) {
    text += String.fromCharCode.apply(null, data.subarray(at, at + 32768));
  }
  return { exact: view.exact, number: view.number, width: canvas.width, height: canvas.height, data: btoa(text) };
}"""
SET_WINDOW = """([centre, width, kind]) => {
  const view = printmgrDisc.app.active;
  view.window = { centre: centre, width: width, kind: kind, label: "" };
  view.refresh();
}"""


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return extracted(tmp_path_factory.mktemp("viewer"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with pages.chromium() as browser:
        yield browser


@pytest.fixture
def page(chromium: Any, disc: Path) -> Iterator[Page]:
    """The disc's first page; nothing may go wrong on it, and no request may leave it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.set_default_timeout(120_000)  # many tests may share the machine
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: request.url.startswith(("file:", "data:", "blob:")) or wrong.append(request.url))
    page.on("requestfailed", lambda request: wrong.append(f"not found: {request.url}"))
    page.goto((disc / "INDEX.HTM").as_uri())
    page.wait_for_function("printmgrDisc.app.active && printmgrDisc.app.active.exact")
    yield page
    assert wrong == []
    context.close()


def open_series(page: Page, label: str) -> None:
    page.locator(".entry", has_text=label).first.click()
    page.wait_for_function("label => printmgrDisc.app.active.told && printmgrDisc.app.active.exact", arg=label)


def seen(page: Page) -> tuple[int, np.ndarray]:
    """Number and pixels (rows, columns, 3) of the frame that is shown."""
    told = page.evaluate(SOURCE)
    assert told["exact"]
    data = np.frombuffer(base64.b64decode(told["data"]), np.uint8)
    return told["number"], data.reshape(told["height"], told["width"], 4)[..., :3]


def by_modality(modality: str) -> list[Any]:
    return [image for image in images() if image.Modality == modality]


@pytest.mark.parametrize("modality", ["CT", "MR", "CR", "MG", "NM", "US"])
def test_what_is_seen_is_what_the_standard_says(page: Page, modality: str) -> None:
    """First as the image means it, then through windows of every function; within one grey level of numpy."""
    open_series(page, f"{modality} ")
    shown = [frame for image in by_modality(modality) for frame in frames(image)]
    if page.locator("[data-name=cine][aria-pressed=true]").count():
        page.keyboard.press("Space")
    for number in {0, len(shown) // 2, len(shown) - 1}:
        page.evaluate("number => printmgrDisc.app.active.turnTo(number)", number)
        page.wait_for_function("printmgrDisc.app.active.exact")
        at, pixels = seen(page)
        assert at == number
        wanted = shown[number]
        flat = wanted.picture if wanted.picture.ndim == 3 else wanted.picture[..., None]
        assert np.abs(pixels.astype(int) - flat).max() <= 1
        if wanted.picture.ndim == 3:
            continue
        values = wanted.values.astype(np.float64) * wanted.slope + wanted.intercept
        for window in WINDOWS:
            page.evaluate(SET_WINDOW, [window.centre, window.width, window.function])
            levels = grey(values, window)
            levels = 255 - levels if wanted.inverted else levels
            assert np.abs(seen(page)[1].astype(int) - levels[..., None]).max() <= 1, window
        page.evaluate("printmgrDisc.app.active.reset()")


def test_keys_and_wheel_go_through_the_stack(page: Page) -> None:
    open_series(page, "CT ")
    page.keyboard.press("Home")
    assert page.evaluate("printmgrDisc.app.active.number") == 0
    page.keyboard.press("ArrowDown")
    page.locator(".view.active").hover()
    page.mouse.wheel(0, 120)
    page.wait_for_function("printmgrDisc.app.active.number === 4")
    page.keyboard.press("End")
    assert page.evaluate("printmgrDisc.app.active.number") == SLICES - 1
    assert f"Image {SLICES} / {SLICES}" in page.locator(".text.bl").first.inner_text()


def letters(page: Page) -> list[str]:
    return [page.locator(f".view.active .side.{side}").inner_text() for side in "trbl"]


def test_letters_follow_flips_and_turns(page: Page) -> None:
    open_series(page, "CT ")
    assert letters(page) == ["A", "L", "P", "R"]
    page.keyboard.press("h")
    assert letters(page) == ["A", "R", "P", "L"]
    page.keyboard.press("r")
    assert letters(page) == ["L", "A", "R", "P"]
    page.keyboard.press("v")
    assert letters(page) == ["R", "A", "L", "P"]
    page.keyboard.press("Escape")
    assert letters(page) == ["A", "L", "P", "R"]
    open_series(page, "MG ")
    assert letters(page) == ["R", "P", "L", "A"]  # of Patient Orientation P\\L
    open_series(page, "US ")
    assert letters(page) == ["", "", "", ""]
    assert "Orientation not known" in page.locator(".text.br").first.inner_text()


@pytest.mark.parametrize(
    ("label", "start", "end", "said"),
    [
        ("CT ", (10, 10), (50, 40), "37.5 mm"),  # 0.75 mm
        ("MR ", (10, 10), (10, 40), "60.0 mm"),  # 2 mm from row to row
        ("CR ", (100, 100), (200, 100), "16.8 mm at detector"),
        ("US ", (20, 20), (60, 50), "25.0 mm"),  # inside of the region, 0.5 mm
        ("US ", (1, 1), (4, 5), "5.0 px"),
        ("NM ", (1, 1), (31, 41), "50.0 px"),
    ],
)
def test_lengths_are_what_the_image_calibrates(page: Page, label: str, start: Any, end: Any, said: str) -> None:
    open_series(page, label)
    found = page.evaluate(
        """([from, to]) => {
          const view = printmgrDisc.app.active;
          view.measures[view.number] = [{ kind: "length", points: [from, to] }];
          view.draw();
          return printmgrDisc.measureText(view.frame(), view.measures[view.number][0]);
        }""",
        [{"x": start[0], "y": start[1]}, {"x": end[0], "y": end[1]}],
    )
    assert found == said


POSITION = "printmgrDisc.app.views.map(view => view.series && view.frame().location)"


def test_parallel_series_go_through_the_patient_together(page: Page) -> None:
    """CT every 5 mm and PET every 7.5 mm, whose normals are opposite: the nearest slice follows, both ways."""
    open_series(page, "CT ")
    page.keyboard.press("n")
    page.locator(".view").nth(1).click()
    open_series(page, "PT ")
    assert page.evaluate(POSITION) == [55, -52.5]  # the PET's begins where the CT's is
    page.keyboard.press("Home")
    assert page.evaluate(POSITION) == [0, 0]
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert page.evaluate(POSITION) in ([20, -22.5], [25, -22.5])
    page.locator(".view").nth(0).click()
    page.keyboard.press("End")
    assert page.evaluate(POSITION) == [115, -112.5]
    page.keyboard.press("y")
    page.keyboard.press("Home")
    assert page.evaluate(POSITION) == [0, -112.5]
    page.keyboard.press("y")
    assert page.evaluate(POSITION) == [0, 0]
    page.locator(".view").nth(1).click()
    open_series(page, "MR ")  # of another frame of reference
    page.locator(".view").nth(0).click()
    page.keyboard.press("End")
    assert page.evaluate(POSITION)[0] == 115 and page.evaluate("printmgrDisc.app.views[1].number") == 0


DRAWN = """([x, y, near]) => {  // on a new canvas: the JPEG that was on the other keeps scripts from reading it
  const view = printmgrDisc.app.active, canvas = view.canvas.cloneNode();
  view.canvas.replaceWith(canvas);
  view.canvas = canvas;
  view.draw();
  const at = view.matrix().transformPoint(new DOMPoint(x, y));
  const side = 1 + 2 * near, context = canvas.getContext("2d");
  const data = context.getImageData(Math.floor(at.x) - near, Math.floor(at.y) - near, side, side).data;
  let found = 0;  // the bluest nearby
  for (let each = 0; each < data.length; each += 4) if (data[each + 2] > data[found + 2]) found = each;
  return [data[found], data[found + 1], data[found + 2]];
}"""


def test_overlays_are_drawn_over_the_image_and_switched_off(page: Page) -> None:
    open_series(page, "CR ")
    page.wait_for_function("printmgrDisc.app.active.series.overlaysDrawn")
    page.evaluate("printmgrDisc.app.active.fitArea([16, 6, 40, 26])")
    with_it = [page.evaluate(DRAWN, [x, 15.5, 0]) for x in (20.5, 21.5, 22.5)]
    page.keyboard.press("o")
    without = [page.evaluate(DRAWN, [x, 15.5, 0]) for x in (20.5, 21.5, 22.5)]
    assert [a != b for a, b in zip(with_it, without, strict=True)] == [True, False, True]
    page.keyboard.press("o")
    assert page.evaluate(DRAWN, [20.5, 15.5, 0]) == with_it[0]


def test_a_presentation_state_is_seen_as_it_was_made(page: Page) -> None:
    page.locator(".entry", has_text="FRACTURE Seen by somebody").click()
    page.wait_for_function("printmgrDisc.app.active.state && printmgrDisc.app.active.exact")
    assert page.evaluate("printmgrDisc.app.active.number") == 5
    assert "C 400 W 1800 HU (BONE)" in page.locator(".text.bl").first.inner_text()
    assert page.evaluate("Math.round(printmgrDisc.app.active.zoom * 10)") == 20
    assert page.evaluate(DRAWN, [66, 66, 0]) == [0, 0, 0]  # outside of the shutter
    for x, y in ((100, 120), (106, 96), (86, 96), (96, 106)):  # the line, and the circle about (96, 96)
        red, _, blue = page.evaluate(DRAWN, [x, y, 2])
        assert blue > 180 and blue > red + 40, (x, y)
    page.keyboard.press("ArrowDown")
    assert page.evaluate(DRAWN, [66, 66, 0]) != [0, 0, 0]  # it is for one slice alone
    page.keyboard.press("Escape")
    assert page.evaluate("printmgrDisc.app.active.state") is None


def test_a_length_is_drawn_with_the_mouse(page: Page) -> None:
    open_series(page, "CT ")
    page.keyboard.press("l")
    box = page.locator(".view.active").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 100, y, steps=4)
    page.mouse.up()
    points = page.evaluate("printmgrDisc.app.active.measures[printmgrDisc.app.active.number][0].points")
    scale = min(box["width"], box["height"]) / 128
    assert abs(points[1]["x"] - points[0]["x"] - 100 / scale) < 0.5 and abs(points[1]["y"] - points[0]["y"]) < 0.01


def test_the_check_page_finds_a_flipped_byte(page: Page, disc: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(disc, copy)
    page.locator(".entry", has_text="Check the disc").click()
    page.locator(".check input").set_input_files(copy)
    page.locator(".found.good").wait_for(timeout=60_000)
    victim = next(copy.glob("DICOM/**/IM000001"))
    victim.chmod(0o600)
    data = bytearray(victim.read_bytes())
    data[-9] ^= 1
    victim.write_bytes(data)
    page.locator(".check input").set_input_files(copy)
    page.locator(".found.bad").wait_for(timeout=60_000)
    assert page.locator(".found.bad li").all_inner_texts() == [str(victim.relative_to(copy))]


def test_every_word_is_there_in_ten_languages(chromium: Any, disc: Path) -> None:
    seen = set()
    for locale in ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ru"):
        context = chromium.new_context(locale=locale)
        page = context.new_page()
        page.goto((disc / "INDEX.HTM").as_uri())
        page.wait_for_function("window.printmgrDisc && printmgrDisc.app.box")
        seen.add(page.locator("footer").inner_text())
        assert page.evaluate("Object.values(printmgrDisc.words).every(row => row.length === 10 && row.every(Boolean))")
        context.close()
    assert len(seen) == 10


def test_without_script_there_are_pages_with_pictures(chromium: Any, disc: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((disc / "INDEX.HTM").as_uri())
    assert page.locator("h1").is_visible() and "Not for primary diagnosis" in page.content()
    page.locator("a[href*='P0001.HTM']").first.click()
    assert page.locator("img").first.is_visible()
    assert page.locator("img").first.evaluate("image => image.naturalWidth") > 0
    context.close()


def test_the_program_is_small(disc: Path) -> None:
    folder = disc / "IHE_PDI"
    size = sum((folder / name).stat().st_size for name in ("VIEWER.JS", "VIEWER.CSS"))
    assert size <= 150_000
    assert json.loads((folder / "LIST.JS").read_text().removeprefix("printmgrDisc.list(").removesuffix(");\n"))
