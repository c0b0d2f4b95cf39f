"""Bundles: all that the viewer shows of instances, those of several in one file; limited children write them.

    8 bytes, big endian: length of the heads   heads: JSON   the blobs, one after the other

A head is {"name", "kind", "texts", …}: kind "image" has "facts", "frames" (each with its picture and pack as
[offset, length] in the blobs, and what differs in it) and "thumb" where it is large; "state" has "state", "page" has
"page" (the body of an XHTML page), "pdf" has "file", "none" has "reason". Each has "title" where it is no image.
Texts that are those of the head before are not said again.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

_LENGTH_BYTES = 8
SUFFIX = ".bundle"

Place = list[int]
"""[offset, length] of a blob, from the end of the heads."""

Head = dict[str, Any]


class Blobs:
    """The blobs of a file of bundles while it is made."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size_bytes = 0

    def add(self, data: bytes) -> Place:
        place = [self.size_bytes, len(data)]
        self.parts.append(data)
        self.size_bytes += len(data)
        return place

    def back_to(self, count: int) -> None:
        """Forget all but the first `count` blobs."""
        self.size_bytes -= sum(map(len, self.parts[count:]))
        del self.parts[count:]


class Bundle(NamedTuple):
    """The bundle of one instance: its head, the file it lies in, and where the blobs begin there."""

    path: Path
    head: Head
    blobs_at: int

    def read(self, place: Place) -> bytes:
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.blobs_at + place[0])
            return file.read(place[1])


def nothing_of(name: str, reason: str) -> Head:
    """The head of an instance that cannot be shown."""
    return {"name": name, "texts": {}, "kind": "none", "reason": reason}


def write_bundles(target: Path, heads: Iterable[Head], blobs: Blobs) -> None:
    """Write a file of bundles."""
    told = {"heads": list(_once(heads)), "blob_bytes": blobs.size_bytes}
    encoded = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    with target.open("wb") as file:
        file.write(len(encoded).to_bytes(_LENGTH_BYTES, "big"))
        file.write(encoded)
        file.writelines(blobs.parts)


def _once(heads: Iterable[Head]) -> Iterator[Head]:
    texts = None
    for head in heads:
        if head["texts"] == texts:
            yield {name: value for name, value in head.items() if name != "texts"}
        else:
            texts = head["texts"]
            yield head


def is_whole(path: Path) -> bool:
    """Whether a file of bundles is there to its end: a power cut may have left a beginning of it."""
    try:
        told, blobs_at = _read(path)
        return path.stat().st_size == blobs_at + int(told["blob_bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read_bundles(path: Path) -> Iterator[Bundle]:
    """The bundles in a file, each with its texts."""
    told, blobs_at = _read(path)
    texts: dict[str, str] = {}
    for head in told["heads"]:
        texts = head.setdefault("texts", texts)
        yield Bundle(path, head, blobs_at)


def _read(path: Path) -> tuple[Any, int]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "big")
        return json.loads(file.read(length)), _LENGTH_BYTES + length
