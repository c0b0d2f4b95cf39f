"""The file of a backup: members one after the other, each hashed as it passes; written whole, read once."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO, Any

from printmgr.files import sync_folder
from service.backup import MANIFEST, PIECE_BYTES, BackupFailed, hidden_beside

NANO = 10**9


@dataclass(slots=True)
class Writer:
    """A backup that is being written. The manifest waits in a file: it may be long."""

    tar: tarfile.TarFile
    manifest: IO[bytes]
    files: int = 0
    size_bytes: int = 0
    sha256: str = ""  # of the manifest, at the end

    def add(self, name: str, path: Path) -> bool:
        """Add a file; False when it is gone. Raises BackupFailed when it gets shorter meanwhile."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        with file:
            found = os.fstat(file.fileno())
            self._add(name, file, found.st_size, found.st_mtime_ns)
        return True

    def add_text(self, name: str, text: str, mtime_ns: int) -> None:
        data = text.encode()
        self._add(name, io.BytesIO(data), len(data), mtime_ns)

    def _add(self, name: str, file: IO[bytes], size: int, mtime_ns: int) -> None:
        hashed = _Hashed(file, size)
        try:
            self.tar.addfile(_info(name, size, mtime_ns), hashed)  # type: ignore[arg-type]
        except OSError as error:
            raise BackupFailed(f"{name} cannot be added: {error.strerror or error}") from error
        line = {"name": name, "size": size, "sha256": hashed.digest.hexdigest()}
        self.manifest.write(json.dumps(line).encode() + b"\n")
        self.files += 1
        self.size_bytes += size

    def end(self) -> None:
        """Add the manifest."""
        self.manifest.write(json.dumps({"files": self.files, "bytes": self.size_bytes}).encode() + b"\n")
        size = self.manifest.tell()
        self.manifest.seek(0)
        hashed = _Hashed(self.manifest, size)
        self.tar.addfile(_info(MANIFEST, size, 0), hashed)  # type: ignore[arg-type]
        self.sha256 = hashed.digest.hexdigest()


@contextmanager
def writing(target: Path) -> Iterator[Writer]:
    """A backup that takes its name when it is whole and on the disk; after an error there is none."""
    part = hidden_beside(target, ".writing")
    try:
        with (
            os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", PIECE_BYTES) as file,
            TemporaryFile() as manifest,
        ):
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                writer = Writer(tar, manifest)
                yield writer
                writer.end()
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        sync_folder(target.parent)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise BackupFailed(f"{target} cannot be written: {error.strerror or error}") from error
        raise


def _info(name: str, size: int, mtime_ns: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, mtime_ns // NANO
    info.pax_headers = {"mtime": f"{mtime_ns // NANO}.{mtime_ns % NANO:09}"}
    return info


@dataclass(slots=True)
class _Hashed:
    """A file that is hashed while it is read, up to the size it had."""

    file: IO[bytes]
    left: int
    digest: Any = field(default_factory=hashlib.sha256)

    def read(self, size: int) -> bytes:
        piece = self.file.read(min(size, self.left))
        self.left -= len(piece)
        self.digest.update(piece)
        return piece


def read_into(archive: Path, place: Callable[[str], Path]) -> int:
    """Write each member to `place(name)` and check all against the manifest; how many. Raises BackupFailed."""
    with TemporaryFile() as found:
        files = 0
        try:
            with tarfile.open(archive, "r|", bufsize=PIECE_BYTES) as tar:
                for info in tar:
                    stream = tar.extractfile(info)
                    if not info.isreg() or stream is None:
                        raise BackupFailed(f"{archive} has {info.name!r}, which is no regular file")
                    if info.name == MANIFEST:
                        return _check(archive, stream, found, files)
                    sha256 = _extract(stream, place(plain(info.name)), info)
                    line = {"name": info.name, "size": info.size, "sha256": sha256}
                    found.write(json.dumps(line).encode() + b"\n")
                    files += 1
        except (tarfile.TarError, EOFError) as error:
            raise BackupFailed(f"{archive} is no whole backup: {error}") from error
        except OSError as error:
            raise BackupFailed(f"{error.filename or archive}: {error.strerror or error}") from error
        raise BackupFailed(f"{archive} ends after {files} files, without its manifest")


def plain(name: str) -> str:
    """A name that stays below the folder it is put in. Raises BackupFailed."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise BackupFailed(f"the backup has a file named {name!r}; expected a relative path")
    return name


def _make_folder(folder: Path) -> None:
    """Make it and those above it, each its owner's alone; they are synced all together at the end."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700)


def _extract(stream: IO[bytes], target: Path, info: tarfile.TarInfo) -> str:
    digest = hashlib.sha256()
    _make_folder(target.parent)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while piece := stream.read(PIECE_BYTES):
            digest.update(piece)
            file.write(piece)
    seconds, _, rest = str(info.pax_headers.get("mtime", info.mtime)).partition(".")
    mtime_ns = int(seconds) * NANO + int(rest.ljust(9, "0")[:9])
    os.utime(target, ns=(mtime_ns, mtime_ns))
    return digest.hexdigest()


def _check(archive: Path, manifest: IO[bytes], found: IO[bytes], files: int) -> int:
    """Compare what was read with the manifest, line by line: both are in the order of the members."""
    found.seek(0)
    for line in manifest:
        expected = json.loads(line)
        if "name" not in expected:
            if expected["files"] != files:
                raise BackupFailed(f"{archive} has {files} files; its manifest says {expected['files']}")
            return files
        got = json.loads(found.readline() or b"{}")
        if got != expected:
            name = expected["name"]
            raise BackupFailed(f"{archive}: {name} is not what was backed up; expected SHA-256 {expected['sha256']}")
    raise BackupFailed(f"{archive}: the manifest has no end; expected a whole backup")
