"""A moving window over the bytes of a stream, so that headers are read and values are not."""

from typing import BinaryIO

from media.fileset.model import Reason
from media.index.flaws import Flaw, truncated

CHUNK_BYTES = 1 << 14
LARGEST_VALUE_BYTES = 1 << 26
"""No element that the index needs may cost more memory than this."""


class Window:
    """Some bytes of `stream` from offset `base` on; `size` is the length of the whole."""

    __slots__ = ("base", "data", "size", "stream")

    def __init__(self, stream: BinaryIO, size: int, data: bytes = b"") -> None:
        self.stream, self.size, self.base, self.data = stream, size, 0, data

    def index(self, offset: int, count: int) -> int:
        """Where byte `offset` stands in `data`, with `count` bytes after it. Raises Flaw beyond the end."""
        at = offset - self.base
        if at >= 0 and at + count <= len(self.data):
            return at
        if offset + count > self.size:
            raise truncated("an element header", offset + count, self.size)
        self.move(offset, count)
        return 0

    def move(self, offset: int, count: int = 0) -> None:
        """Begin the window at `offset`, with at least `count` bytes and a chunk's worth where the stream has them."""
        self.stream.seek(offset)
        self.data, self.base = read_up_to(self.stream, min(max(count, CHUNK_BYTES), self.size - offset)), offset
        if len(self.data) < count:
            raise truncated("the stream", offset + len(self.data), self.size)

    def value(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset`. Raises Flaw beyond the end or when they are too many to keep."""
        at = offset - self.base
        if at >= 0 and at + count <= len(self.data):
            return self.data[at : at + count]
        if offset + count > self.size:
            raise truncated("a value", offset + count, self.size)
        if count > LARGEST_VALUE_BYTES:
            raise Flaw(Reason.BOMB, f"a key of {count} bytes; at most {LARGEST_VALUE_BYTES} are read")
        self.move(offset, count)
        return self.data[:count]


def read_up_to(stream: BinaryIO, count: int) -> bytes:
    """`count` bytes, fewer only at the end of the stream."""
    data = stream.read(count)
    if len(data) == count or not data:
        return data
    parts = [data]
    missing = count - len(data)
    while missing:
        more = stream.read(missing)
        if not more:
            break
        parts.append(more)
        missing -= len(more)
    return b"".join(parts)
