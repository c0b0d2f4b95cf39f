"""A file of the study inbox while its data set arrives (media.ports.Arrival)."""

import errno
import io
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from media.errors import MediaError, NoRoom, Unreadable
from media.studies import Receipt, Received
from service.node.streamed import StreamedFile
from service.spool import NO_ROOM

MOST_FRAGMENTS = 256


class Place(Protocol):
    """Where arrivals go."""

    @property
    def arriving(self) -> Path:
        """A folder for files that have no name yet."""
        ...

    def check_room(self) -> None:
        """Raises NoRoom when the disk is nearly full."""
        ...

    def keep(self, file: StreamedFile, received: Received) -> Receipt:
        """Name a file and make it as safe as the settings ask. Raises NoRoom, Unreadable."""
        ...


class FileArrival:
    """A file of the inbox while its data set arrives (media.ports.Arrival)."""

    __slots__ = ("_error", "_file", "_fragments", "_max_bytes", "_place", "data_set_at", "size_bytes")

    def __init__(self, place: Place, meta: bytes, max_bytes: int) -> None:
        self._place = place
        self._max_bytes = max_bytes
        self._file: StreamedFile | None = None
        self._error: MediaError | None = None
        self._fragments: list[memoryview] = []  # not written yet: a few large writes are cheaper than many
        self.data_set_at = self.size_bytes = 0
        try:
            place.check_room()
            self._file = StreamedFile(place.arriving)
        except NoRoom as error:
            self._error = error
        except OSError as error:
            self._error = named(error)
        self.write(memoryview(meta))
        self.data_set_at = len(meta)

    def write(self, fragment: memoryview, /) -> None:
        if self._file is None:
            return
        self.size_bytes += len(fragment)
        self._fragments.append(fragment)
        if self.size_bytes > self._max_bytes:
            self._fail(NoRoom(f"more than {self._max_bytes} bytes, the limit for one instance"))
        elif len(self._fragments) >= MOST_FRAGMENTS:
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
        stream = io.FileIO(self._written().fileno(), closefd=False)
        stream.seek(0)
        return cast(BinaryIO, stream)

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
