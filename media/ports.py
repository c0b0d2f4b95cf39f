"""What the media component needs from outside, as protocols."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from media.fileset.model import Rejection, SourceFile

Progress = Callable[[str, int, int], None]
"""progress(what, done, total): `what` is "files", "instances" or "bytes"."""


class Source(Protocol):
    """PLUGIN POINT. Where instances come from."""

    def files(self) -> Iterator[SourceFile | Rejection]:
        """Every file once, in a stable order; what may not be followed comes as its Rejection."""
        ...

    def open(self, file: SourceFile) -> BinaryIO:
        """Open for reading from its first byte. Raises Unreadable."""
        ...


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One file inside an image: its name components and where its bytes are."""

    path: tuple[str, ...]
    offset: int
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class VerifiedImage:
    """An image that has passed verification, still under a temporary name."""

    path: Path
    name: str  # volume_1
    created_s: int  # seconds since 1970 UTC
    files: tuple[ImageFile, ...]


class Writer(Protocol):
    """PLUGIN POINT. Brings a verified volume out. Writing twice gives the same."""

    def write(self, image: VerifiedImage, output: Path) -> str:
        """Write into the folder `output`, whole or not at all; give the name there. Raises NoRoom, NotVerified."""
        ...
