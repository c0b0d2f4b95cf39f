"""The viewer of a disc, opened over file:// in Chromium: pictures, windows, letters, measures, the check page."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

from media.build.viewer.decoded import frames
from media.build.viewer.values import Window, grey
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
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, disc: Path) -> Iterator[Page]:
    """The disc's first page; nothing may go wrong on it, and no request may leave it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
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
