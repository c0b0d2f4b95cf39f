"""Large data sets, written to a file while they arrive."""

import contextlib
import mmap
import os
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path


class StreamedMap(mmap.mmap):
    """The bytes of such a file; `keep` gives them a name."""

    file: "StreamedFile"

    def keep(self, target: Path, *, durable: bool = True) -> None:
        """Make the file appear, whole and (when `durable`) fsynced, as `target`. Raises OSError, FileExistsError."""
        self.file.keep(target, durable=durable)


class StreamedFile:
    """A file without a name: gone when nobody keeps it, however the process ends."""

    def __init__(self, folder: Path | str) -> None:
        """Raises OSError."""
        self._name: Path | None = None
        self.size_bytes = 0
        try:
            self._fd = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError:  # a file system that has no such files
            self._fd, name = tempfile.mkstemp(prefix=".arriving-", dir=folder)
            self._name = Path(name)

    def fileno(self) -> int:
        """The open file, for reading too."""
        return self._fd

    def append(self, data: memoryview) -> None:
        """Raises OSError when the disk is full."""
        self.size_bytes += len(data)
        while data:
            data = data[os.write(self._fd, data) :]

    def append_all(self, parts: Sequence[memoryview]) -> None:
        """Append several at once. Raises OSError when the disk is full."""
        size = sum(map(len, parts))
        written = os.writev(self._fd, parts)
        self.size_bytes += written
        if written < size:
            self.append(memoryview(b"".join(parts))[written:])

    def map(self) -> StreamedMap:
        found = StreamedMap(self._fd, self.size_bytes, access=mmap.ACCESS_READ)
        found.file = self
        return found

    def keep(self, target: Path | str, *, durable: bool = True) -> None:
        if durable:
            os.fsync(self._fd)
        if self._name is None:
            # a folder handle, though the path is absolute: only then Python asks the kernel to follow the link
            os.link(f"/proc/self/fd/{self._fd}", target, src_dir_fd=self._fd, follow_symlinks=True)
        else:
            os.link(self._name, target)

    def __del__(self) -> None:
        if hasattr(self, "_fd"):
            os.close(self._fd)
        if self._name is not None:
            with contextlib.suppress(OSError):
                self._name.unlink()


class StreamedDataSet(BytesIO):
    """Stands where pynetdicom has a BytesIO; the bytes are in a file until somebody reads them as a stream.

    `getbuffer()` is a memoryview of the mapped file: nothing is copied. Its `obj` is a StreamedMap, so that a spool
    given the whole view can keep the file instead of writing it again.
    """

    def __init__(self, folder: Path, begin: memoryview) -> None:
        """Raises OSError."""
        super().__init__()
        self.file = StreamedFile(folder)
        self._loaded = False
        self.file.append(begin)

    def append(self, data: memoryview) -> None:
        """Raises OSError when the disk is full."""
        self.file.append(data)

    def getbuffer(self) -> memoryview:
        return memoryview(self.file.map())

    def getvalue(self) -> bytes:
        return bytes(self.getbuffer())

    def _load(self) -> None:
        if not self._loaded:
            self._loaded = True
            super().write(self.getbuffer())
            super().seek(0)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._load()
        return super().seek(offset, whence)

    def read(self, size: int | None = -1, /) -> bytes:
        self._load()
        return super().read(size)
