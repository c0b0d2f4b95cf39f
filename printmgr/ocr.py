"""Reads the text in a rectangle of a film with tesseract, in a process of its own under limits."""

import contextlib
import os
import resource
import subprocess
from dataclasses import dataclass

import cv2
import numpy as np

from printmgr.errors import PrintError
from printmgr.film.identity import Finding, Source
from printmgr.film.identity_text import LONGEST_TEXT, identity_in
from printmgr.film.layout import FilmLayout, Rect
from printmgr.film.model import FilmBox
from printmgr.ports import Print
from printmgr.render.drawing import drawing
from printmgr.render.preview import Picture, part, picture

DOTS_PER_MM = 200 / 25.4  # tesseract likes letters of 20 to 30 pixels
MOST_PIXELS = 8_000_000  # of the film it is cut from
LIMITS = {
    resource.RLIMIT_AS: 1 << 30,  # bytes
    resource.RLIMIT_CPU: 20,  # s
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_FSIZE: 1 << 20,
}
UNIFORM_BLOCK = "6"  # tesseract's page segmentation: lines of one block


class OcrFailed(PrintError):
    """The text could not be read."""


@dataclass(frozen=True, slots=True)
class Ocr:
    """What is read."""

    box: tuple[float, float, float, float]  # x, y, width, height in parts of the film, from top left
    language: str = "eng"
    timeout_s: float = 15.0


def read_film(ocr: Ocr, print_: Print, number: int, film: FilmBox, layout: FilmLayout) -> list[Finding]:
    """What stands in the rectangle of film `number`; nothing when no letter is there. Raises OcrFailed, BadPixels."""
    text = recognise(rectangle(ocr, print_, film, layout), ocr)
    return [Finding(Source.OCR, identity_in(text), f"film {number}", text)] if text else []


def rectangle(ocr: Ocr, print_: Print, film: FilmBox, layout: FilmLayout) -> Picture:
    """The rectangle's pixels, dark letters on light ground."""
    drawn = drawing(print_, film, layout, 8)
    scale = min(DOTS_PER_MM, (MOST_PIXELS / (drawn.width * drawn.height)) ** 0.5)
    whole = picture(drawn, print_.folder, round(scale * max(drawn.width, drawn.height)))
    x, y, width, height = ocr.box
    rect = Rect(x * drawn.width, y * drawn.height, width * drawn.width, height * drawn.height)
    cut = part(whole, rect, scale)
    return 255 - cut if np.median(cut) < 128 else cut


def recognise(pixels: Picture, ocr: Ocr) -> str:
    """The text of a picture, its lines parted by "; ". Raises OcrFailed."""
    encoded, png = cv2.imencode(".png", pixels)
    if not encoded:
        raise OcrFailed("the rectangle has no pixels")
    command = ["tesseract", "stdin", "stdout", "--psm", UNIFORM_BLOCK, "-l", ocr.language]
    environment = {"PATH": os.environ.get("PATH", ""), "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment)
    except FileNotFoundError:
        raise OcrFailed("tesseract is not installed; expected it where `ocr` is set") from None
    with process:
        try:
            _limit(process.pid)  # it waits for its input meanwhile
            text, _ = process.communicate(png.tobytes(), ocr.timeout_s)
        except subprocess.TimeoutExpired:
            raise OcrFailed(f"tesseract did not end in {ocr.timeout_s:g} s") from None
        finally:
            process.kill()
    if process.returncode:
        raise OcrFailed(f"tesseract ended with {process.returncode}; expected 0 and the language {ocr.language!r}")
    lines = text.decode("utf-8", "replace").split("\n")
    return "; ".join(" ".join(line.split()) for line in lines if line.strip())[:LONGEST_TEXT]


def _limit(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended at once; its exit code says why
        for kind, limit in LIMITS.items():
            resource.prlimit(pid, kind, (limit, limit))
