"""What the media component needs from outside, as protocols."""

from collections.abc import Callable, Iterator
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
