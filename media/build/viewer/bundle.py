"""The bundle of an instance: one file with all that the viewer shows of it, made in the limited child process.

    8 bytes, big endian: length of the head   head: JSON   the blobs, one after the other

The head is {"kind", "texts", …}: kind "image" has "facts", "frames" (each with its picture and pack as [offset, length]
in the blobs, and what differs in it) and "thumb"; kind "page" has "page" (the body of an XHTML page), "pdf" has "file",
"none" has "reason". Each has "title" where it is no image.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from pydicom import Dataset, dcmread

from media.build.viewer import describe, pack, picture, reports, waveforms
from media.build.viewer.picture import Shown
from media.build.viewer.values import Window

_LENGTH_BYTES = 8
ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"

Place = list[int]
"""[offset, length] of a blob, from the end of the head."""


class Blobs:
    """The blobs of a bundle while it is made."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size_bytes = 0

    def add(self, data: bytes) -> Place:
        place = [self.size_bytes, len(data)]
        self.parts.append(data)
        self.size_bytes += len(data)
        return place


class Bundle(NamedTuple):
    """A bundle's head, and where its blobs begin in the file."""

    path: Path
    head: dict[str, Any]
    blobs_at: int

    def read(self, place: Place) -> bytes:
        with self.path.open("rb") as file:
            file.seek(self.blobs_at + place[0])
            return file.read(place[1])


def make_bundle(source: Path, target: Path, packs: bool) -> None:
    """Write the bundle of the instance `source`. Raises whatever decoders raise; then there is none."""
    instance = dcmread(source)
    blobs = Blobs()
    head = {"texts": describe.texts(instance), **_shown(instance, blobs, packs)}
    _write(target, head, blobs)


def without_pictures(target: Path, reason: str) -> None:
    """Write the bundle of an instance that cannot be shown."""
    _write(target, {"texts": {}, "kind": "none", "reason": reason}, Blobs())


def _write(target: Path, head: dict[str, Any], blobs: Blobs) -> None:
    told = {**head, "blob_bytes": blobs.size_bytes}
    encoded = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    with target.open("wb") as file:
        file.write(len(encoded).to_bytes(_LENGTH_BYTES, "big"))
        file.write(encoded)
        file.writelines(blobs.parts)


def is_whole(path: Path) -> bool:
    """Whether a bundle is there to its end: a power cut may have left a beginning of it."""
    try:
        found = read_bundle(path)
    except (ValueError, KeyError):
        return False
    return path.stat().st_size == found.blobs_at + int(found.head["blob_bytes"])


def read_bundle(path: Path) -> Bundle:
    """The bundle in a file."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "big")
        return Bundle(path, json.loads(file.read(length)), _LENGTH_BYTES + length)


def _shown(instance: Dataset, blobs: Blobs, packs: bool) -> dict[str, Any]:
    if {"PixelData", "FloatPixelData", "DoubleFloatPixelData"} & set(instance.dir("PixelData")):
        return _image(instance, blobs, packs)
    if instance.get("SOPClassUID") == ENCAPSULATED_PDF and instance.get("EncapsulatedDocument"):
        return {"kind": "pdf", "title": reports.title(instance), "file": blobs.add(reports.document(instance))}
    if "ContentSequence" in instance:
        return {"kind": "page", "title": reports.title(instance), "page": reports.as_page(instance)}
    if "WaveformSequence" in instance:
        return {"kind": "page", "title": waveforms.title(instance), "page": waveforms.as_page(instance)}
    return {"kind": "none", "reason": f"a {instance.get('Modality') or 'DICOM'} object without pictures"}


def _image(image: Dataset, blobs: Blobs, packs: bool) -> dict[str, Any]:
    frames: list[dict[str, Any]] = []
    thumbs: list[Place] = []
    middle = (int(image.get("NumberOfFrames") or 1) - 1) // 2
    for number, shown in enumerate(picture.frames(image)):
        frames.append(_frame(image, number, shown, blobs, packs))
        if number in (0, middle):
            thumbs.append(blobs.add(picture.jpeg(picture.small(shown.picture), 80)))
    if not frames:
        raise ValueError("Pixel Data without a frame")
    return {"kind": "image", "facts": describe.image_facts(image), "frames": frames, "thumb": thumbs[-1]}


def _frame(image: Dataset, number: int, shown: Shown, blobs: Blobs, packs: bool) -> dict[str, Any]:
    """The picture j, the pack d, and how its values are to be seen (static/series.js)."""
    found: dict[str, Any] = {"j": blobs.add(picture.jpeg(shown.picture)), **describe.frame_facts(image, number)}
    if packs:
        found["d"] = blobs.add(pack.packed(shown.values))
    found["b"] = shown.values.dtype.itemsize * 8
    if shown.values.ndim == 3:
        found["s"] = 3
        return found
    found["m"] = [shown.slope, shown.intercept, shown.unit]
    found["w"] = [_window(window) for window in shown.windows]
    if shown.values.dtype.kind == "i":
        found["g"] = 1
    if shown.inverted:
        found["i"] = 1
    return found


def _window(window: Window) -> list[Any]:
    """[centre, width, function, label], and of a VOI LUT its first value and its levels."""
    numbers = [window.centre, window.width, window.function, window.label]
    return [*numbers, window.lut_first, window.lut.hex()] if window.lut else numbers
