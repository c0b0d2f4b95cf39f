"""The child process that makes bundles: `python -m media.build.viewer.child` takes orders, under limits.

It begins without pydicom, which takes longer to load than many a series takes; odd instances load it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2

from media.build.viewer import describe, picture, plain
from media.build.viewer.bundle import Blobs, Head, nothing_of, write_bundles
from media.build.viewer.images import image_head
from media.limited import describe as described
from media.limited import serve


def make(order: Mapping[str, Any]) -> dict[str, str]:
    """Write the bundles of {sources: [name, path] …} to {target}, with {values} or without; what became of it."""
    target = Path(order["target"])
    blobs = Blobs()
    try:
        heads = [_head(name, Path(source), blobs, order["values"]) for name, source in order["sources"]]
        write_bundles(target, heads, blobs)
    except Exception as error:  # noqa: BLE001  # the thread top of this process
        from media.build.iso import NO_ROOM

        target.unlink(missing_ok=True)
        full = isinstance(error, OSError) and error.errno in NO_ROOM
        return {"error": "no-room" if full else "failed", "detail": described(error)}
    return {"error": "", "detail": ""}


def _head(name: str, source: Path, blobs: Blobs, packs: bool) -> Head:
    """The head of one instance; what its decoder raises is the reason that it is not shown."""
    before = len(blobs.parts)
    try:
        found = plain_head(source, blobs, packs)
        if found is None:
            blobs.back_to(before)
            from media.build.viewer.instance import head_of

            found = head_of(source, blobs, packs)
    except Exception as error:  # noqa: BLE001  # decoders raise anything
        blobs.back_to(before)
        return nothing_of(name, described(error))
    return {"name": name, **found}


def plain_head(source: Path, blobs: Blobs, packs: bool) -> Head | None:
    """Of an image that needs no decoder; None where pydicom is to judge."""
    try:
        image, stored = plain.read(source)
        shown = picture.monochrome(image, 0, *picture.stored_values(stored, image), None)
        return {"texts": describe.texts(image), **image_head(image, [shown], blobs, packs)}
    except plain.NotPlain:
        return None


if __name__ == "__main__":
    cv2.setNumThreads(1)  # there is a child a processor
    serve(make)
