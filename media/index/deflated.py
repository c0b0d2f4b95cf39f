"""A deflated data set as a stream that keeps nothing it has given (PS3.5 A.5)."""

import io
import zlib
from typing import BinaryIO

from media.fileset.model import Reason
from media.index.flaws import Flaw

ALWAYS_BYTES = 1 << 26
"""What any file may inflate to."""

LARGEST_RATIO = 100
"""What a file may inflate to beyond that, in its own sizes: images deflate to a half, bombs to a thousandth."""

CHUNK_BYTES = 1 << 16
INFLATED_BYTES = 1 << 18


class Inflated(io.RawIOBase):
    """The file's first `start` bytes as they are, then what follows them inflated. Seeking back begins anew."""

    def __init__(self, stream: BinaryIO, start: int, size_bytes: int) -> None:
        super().__init__()
        self.stream, self.start, self.packed_bytes = stream, start, size_bytes
        self.begin()

    def begin(self) -> None:
        self.stream.seek(0)
        self.ready = self.stream.read(self.start)
        self.position = 0
        self.inflater = zlib.decompressobj(-15)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_CUR:
            offset += self.position
        if offset < self.position:
            self.begin()
        while self.position < offset and self.read(min(INFLATED_BYTES, offset - self.position)):
            pass
        return self.position

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, at most INFLATED_BYTES at once. Raises Flaw for data that do not inflate."""
        size = INFLATED_BYTES if size < 0 else min(size, INFLATED_BYTES)
        while not self.ready and not self.inflater.eof:
            packed = self.inflater.unconsumed_tail or self.stream.read(CHUNK_BYTES)
            if not packed:
                raise Flaw(Reason.TRUNCATED, "the deflated data set breaks off")
            try:
                self.ready = self.inflater.decompress(packed, INFLATED_BYTES)
            except zlib.error as error:
                raise Flaw(Reason.UNREADABLE, f"the data set does not inflate: {error}") from error
        given, self.ready = self.ready[:size], self.ready[size:]
        self.position += len(given)
        return given

    def measured(self) -> int:
        """Size of the whole when inflated, bounded. Raises Flaw for bombs; begins anew."""
        self.begin()
        while self.read():
            if self.position > ALWAYS_BYTES and self.position > LARGEST_RATIO * self.packed_bytes:
                raise Flaw(Reason.BOMB, f"{self.packed_bytes} bytes inflate to more than {self.position}")
        size_bytes = self.position
        self.begin()
        return size_bytes
