"""Grayscale and Color Softcopy Presentation States: how somebody wanted images to be seen (PS3.3 A.33)."""

from collections.abc import Iterator
from typing import Any

from pydicom import Dataset

from media.build.viewer import describe
from media.build.viewer.images import window_told

DRAWN = {"POINT", "POLYLINE", "INTERPOLATED", "CIRCLE", "ELLIPSE"}
State = dict[str, Any]
"""JSON values for static/states.js: a part that is for some images alone has their UIDs in "of"."""


def title(state: Dataset) -> str:
    """What the state calls itself."""
    said = [str(state.get(keyword) or "") for keyword in ("ContentLabel", "ContentDescription")]
    return " ".join(filter(None, said)) or "Presentation state"


def state_of(state: Dataset) -> State:
    """What the viewer draws of a state; "left" is 1 where it draws less than the state has."""
    told: State = {
        "images": list(_referenced(state.get("ReferencedSeriesSequence"))),
        "windows": list(_windows(state)),
        "areas": list(_areas(state)),
        "graphics": list(_graphics(state)),
        "shutters": list(_shutters(state)),
        "turns": int(state.get("ImageRotation") or 0) // 90 % 4,
        "flip": int(state.get("ImageHorizontalFlip") == "Y"),
        "invert": int(state.get("PresentationLUTShape") == "INVERSE"),
        "left": int(_has_more(state)),
    }
    return {name: value for name, value in told.items() if value}


def _referenced(series: Any) -> Iterator[list[Any]]:
    """[SOP Instance UID, frames] of each image that the state is for."""
    for one in series or []:
        for image in one.get("ReferencedImageSequence") or []:
            yield [str(image.ReferencedSOPInstanceUID), _frames(image)]


def _frames(image: Dataset) -> list[int]:
    said = image.get("ReferencedFrameNumber")
    numbers = [] if said is None else [said] if isinstance(said, int) else list(said)
    return [int(number) for number in numbers]


def _of(item: Dataset) -> list[str]:
    return [str(image.ReferencedSOPInstanceUID) for image in item.get("ReferencedImageSequence") or []]


def _windows(state: Dataset) -> Iterator[State]:
    for item in state.get("SoftcopyVOILUTSequence") or []:
        for window in describe.windows(item, state)[:1]:
            yield {"of": _of(item), "w": window_told(window)}


def _areas(state: Dataset) -> Iterator[State]:
    """Corners of the part to be seen, in pixels from 1 (PS3.3 C.10.4)."""
    for item in state.get("DisplayedAreaSelectionSequence") or []:
        corners = [item.get("DisplayedAreaTopLeftHandCorner"), item.get("DisplayedAreaBottomRightHandCorner")]
        if all(corner is not None and len(corner) == 2 for corner in corners):
            yield {"of": _of(item), "c": [int(part) for corner in corners for part in corner]}


def _graphics(state: Dataset) -> Iterator[State]:
    """Texts and lines (PS3.3 C.10.5); points in pixels from the corner, or "d" in parts of the displayed area."""
    for item in state.get("GraphicAnnotationSequence") or []:
        lines = [_line(one) for one in item.get("GraphicObjectSequence") or [] if one.get("GraphicType") in DRAWN]
        texts = [_text(one) for one in item.get("TextObjectSequence") or []]
        if lines or texts:
            yield {"of": _of(item), "lines": lines, "texts": texts}


def _line(one: Dataset) -> State:
    numbers = [float(number) for number in one.GraphicData]
    points = [list(pair) for pair in zip(numbers[::2], numbers[1::2], strict=False)]
    told = {
        "kind": str(one.GraphicType),
        "points": points,
        "filled": int(one.get("GraphicFilled") == "Y"),
        "d": int(one.get("GraphicAnnotationUnits") == "DISPLAY"),
    }
    return {name: value for name, value in told.items() if value}


def _text(one: Dataset) -> State:
    box = [one.get("BoundingBoxTopLeftHandCorner"), one.get("BoundingBoxBottomRightHandCorner")]
    anchor = one.get("AnchorPoint")
    told = {
        "text": str(one.get("UnformattedTextValue") or ""),
        "box": [float(part) for corner in box for part in corner] if None not in box else None,
        "d": int(one.get("BoundingBoxAnnotationUnits") == "DISPLAY"),
        "anchor": [float(part) for part in anchor] if anchor is not None else None,
        "seen": int(one.get("AnchorPointVisibility") == "Y"),
        "ad": int(one.get("AnchorPointAnnotationUnits") == "DISPLAY"),
    }
    return {name: value for name, value in told.items() if value}


def _shutters(state: Dataset) -> Iterator[State]:
    """What stays to be seen, in pixels from 1 (PS3.3 C.7.6.11)."""
    shapes = state.get("ShutterShape") or []
    for shape in [shapes] if isinstance(shapes, str) else shapes:
        if shape == "RECTANGULAR":
            edges = ("LeftVerticalEdge", "UpperHorizontalEdge", "RightVerticalEdge", "LowerHorizontalEdge")
            yield {"kind": "rectangle", "c": [int(state[f"Shutter{edge}"].value) for edge in edges]}
        elif shape == "CIRCULAR":
            row, column = state.CenterOfCircularShutter
            yield {"kind": "circle", "c": [int(column), int(row), int(state.RadiusOfCircularShutter)]}
        elif shape == "POLYGONAL":
            numbers = [int(number) for number in state.VerticesOfThePolygonalShutter]
            yield {"kind": "polygon", "c": [part for row, column in zip(numbers[::2], numbers[1::2], strict=False)
                                            for part in (column, row)]}  # fmt: skip


def _has_more(state: Dataset) -> bool:
    """Whether there is what is not drawn: bitmaps, tables of their own, compound graphics."""
    tables = ("ModalityLUTSequence", "PresentationLUTSequence", "CompoundGraphicSequence", "MaskSubtractionSequence")
    kinds = {
        one.get("GraphicType")
        for item in state.get("GraphicAnnotationSequence") or []
        for one in item.get("GraphicObjectSequence") or []
    }
    return (
        any(state.get(name) for name in tables)
        or "BITMAP" in str(state.get("ShutterShape"))
        or any(element.tag.group in range(0x6000, 0x6100) for element in state)
        or bool(kinds - DRAWN)
    )
