"""What a bundle has of an image: its facts, and of every frame the picture, the pack and how its values are seen."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from media.build.viewer import describe, pack, picture
from media.build.viewer.attributes import Attributes
from media.build.viewer.bundle import Blobs, Head, Place
from media.build.viewer.picture import Shown
from media.build.viewer.values import Window

if TYPE_CHECKING:
    from media.build.viewer.overlays import Plane

NONE: "Mapping[int, list[Plane]]" = MappingProxyType({})
LARGE = 1 << 20
"""Pixels from which on a picture gets a thumbnail; the list shows a smaller one as it is."""


def image_head(
    image: Attributes, frames: Iterable[Shown], blobs: Blobs, packs: bool, planes: "Mapping[int, list[Plane]]" = NONE
) -> Head:
    """The head of an image; its pictures, packs and overlay planes, those by frame, go among the blobs."""
    told: list[dict[str, Any]] = []
    thumb: Place | None = None
    middle = (int(image.get("NumberOfFrames") or 1) - 1) // 2
    for number, shown in enumerate(frames):
        told.append(_frame(image, number, shown, blobs, packs))
        if number in planes:
            told[-1]["h"] = [[*plane[:5], blobs.add(plane.bits)] for plane in planes[number]]
        if number in (0, middle) and shown.picture.shape[0] * shown.picture.shape[1] > LARGE:
            thumb = blobs.add(picture.jpeg(picture.small(shown.picture), 80))
    if not told:
        raise ValueError("Pixel Data without a frame")
    head = {"kind": "image", "facts": describe.image_facts(image), "frames": told}
    return {**head, "thumb": thumb} if thumb else head


def _frame(image: Attributes, number: int, shown: Shown, blobs: Blobs, packs: bool) -> dict[str, Any]:
    """The picture j, the pack d, the overlay planes h, and how its values are to be seen (static/series.js)."""
    found: dict[str, Any] = {"j": blobs.add(picture.jpeg(shown.picture)), **describe.frame_facts(image, number)}
    if packs:
        found["d"] = blobs.add(pack.packed(shown.values))
    found["b"] = shown.values.dtype.itemsize * 8
    if shown.values.ndim == 3:
        found["s"] = 3
        return found
    found["m"] = [shown.slope, shown.intercept, shown.unit]
    found["w"] = [window_told(window) for window in shown.windows]
    if shown.values.dtype.kind == "i":
        found["g"] = 1
    if shown.inverted:
        found["i"] = 1
    return found


def window_told(window: Window) -> list[Any]:
    """[centre, width, function, label], and of a VOI LUT its first value and its levels."""
    numbers = [window.centre, window.width, window.function, window.label]
    return [*numbers, window.lut_first, window.lut.hex()] if window.lut else numbers
