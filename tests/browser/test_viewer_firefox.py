"""The viewer of a disc over file:// in Firefox, where every file is an origin of its own."""

import base64
from pathlib import Path

import numpy as np
import pytest

from media.build.viewer.decoded import frames
from tests.browser.discs import extracted, images
from tests.browser.marionette import Firefox

pytestmark = pytest.mark.peer("firefox-esr", "7z")

READY = "window.printmgrDisc && printmgrDisc.app.active && printmgrDisc.app.active.exact"
SOURCE = """
  const view = printmgrDisc.app.active, canvas = view.source;
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let text = "";
  for (let at = 0; at < data.length; at += 32768) {
    text += String.fromCharCode.apply(null, data.subarray(at, at + 32768));
  }
  return btoa(text);
"""


def test_firefox_shows_the_same_values(tmp_path: Path) -> None:
    disc = extracted(tmp_path)
    with Firefox(tmp_path) as firefox:
        firefox.open((disc / "INDEX.HTM").as_uri())
        firefox.wait_for(READY)
        for modality in ("CT", "MR", "CR", "MG"):
            firefox.run(
                "for (const entry of document.querySelectorAll('.entry'))"
                "  if (entry.textContent.includes(arguments[0])) return entry.click();",
                f"{modality} ",
            )
            firefox.wait_for(f"printmgrDisc.app.active.told.texts.Modality === '{modality}' && ({READY})")
            number = firefox.run("return printmgrDisc.app.active.number;")
            shown = [frame for image in images() if image.Modality == modality for frame in frames(image)][number]
            data = np.frombuffer(base64.b64decode(firefox.run(SOURCE)), np.uint8)
            pixels = data.reshape(*shown.picture.shape[:2], 4)[..., 0]
            assert np.abs(pixels.astype(int) - shown.picture).max() <= 1, modality
        firefox.picture(tmp_path / "firefox.png")
        asked = firefox.run("return performance.getEntriesByType('resource').map(entry => entry.name);")
        assert [name for name in asked if not name.startswith(("file:", "data:", "blob:"))] == []
