"""A file of the study inbox while its data set arrives (media.ports.Arrival)."""

import errno
import os
from typing import BinaryIO, Protocol, cast

from media.errors import MediaError, NoRoom, Unreadable
from media.studies import Receipt, Received
from service.node.streamed import StreamedFile
from service.spool import NO_ROOM

MOST_FRAGMENTS = 256
BEGIN_BYTES = 4096


class Place(Protocol):
    """Where arrivals go."""

    def check_room(self) -> None:
        """Raises NoRoom when the disk is nearly full."""
        ...

    def new_file(self) -> StreamedFile:
        """An empty file. Raises OSError."""
        ...

    def keep(self, file: StreamedFile, received: Received) -> Receipt:
        """Name a file and make it as safe as the settings ask. Raises NoRoom, Unreadable."""
        ...


class Reading:
    """A file from its first byte, of which the beginning is in memory; as much of BinaryIO as reading takes."""

    def __init__(self, begin: bytes, descriptor: int, size_bytes: int) -> None:
        self._begin, self._descriptor, self._size = begin, descriptor, size_bytes
        self._at = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """Raises OSError."""
        stop = self._size if size is None or size < 0 else self._at + size
        if stop <= len(self._begin):
            data = self._begin[self._at : stop]
        else:
            data = os.pread(self._descriptor, max(0, stop - self._at), self._at)
        self._at += len(data)
        return data


class FileArrival:
    """A file of the inbox while its data set arrives (media.ports.Arrival)."""

    __slots__ = ("_begin", "_error", "_file", "_fragments", "_max_bytes", "_place", "data_set_at", "size_bytes")

    def __init__(self, place: Place, meta: bytes, max_bytes: int) -> None:
        self._place = place
        self._max_bytes = max_bytes
        self._file: StreamedFile | None = None
        self._error: MediaError | None = None
        self._begin = meta  # what the header scan looks at first
        self._fragments = [memoryview(meta)]  # not written yet: a few large writes are cheaper than many
        self.data_set_at = self.size_bytes = len(meta)
        try:
            place.check_room()
            self._file = place.new_file()
        except NoRoom as error:
            self._error = error
        except OSError as error:
            self._error = named(error)

    def write(self, fragment: memoryview, /) -> None:
        if self._file is None:
            return
        fragments = self._fragments
        fragments.append(fragment)
        self.size_bytes += len(fragment)
        if len(self._begin) < BEGIN_BYTES:
            self._begin += fragment[: BEGIN_BYTES - len(self._begin)]
        if self.size_bytes > self._max_bytes:
            self._fail(NoRoom(f"more than {self._max_bytes} bytes, the limit for one instance"))
        elif len(fragments) >= MOST_FRAGMENTS:
            self.flush()

    def flush(self) -> None:
        if self._file is None or not self._fragments:
            return
        try:
            self._file.append_all(self._fragments)
        except OSError as error:
            self._fail(named(error))
        self._fragments = []

    def _fail(self, error: MediaError) -> None:
        self._file, self._error = None, error
        self._fragments = []

    def reading(self) -> BinaryIO:
        self.flush()
        return cast(BinaryIO, Reading(self._begin, self._written().fileno(), self.size_bytes))

    def keep(self, received: Received) -> Receipt:
        file = self._written()
        receipt = self._place.keep(file, received)
        self._file = None
        return receipt

    def drop(self) -> None:
        self._file = None
        self._fragments = []

    def _written(self) -> StreamedFile:
        if self._file is None:
            raise self._error or Unreadable("inbox", "the arrival was dropped")
        return self._file


def named(error: OSError) -> MediaError:
    """What the sender can do something about, from what does not concern it."""
    if error.errno in NO_ROOM or error.errno in (errno.EMFILE, errno.ENFILE):
        return NoRoom(f"the inbox has no room: {error.strerror}")
    return Unreadable("inbox", error.strerror or type(error).__name__)
