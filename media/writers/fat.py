"""Writes a volume as the image of a FAT16 or FAT32 file system (PS3.12 R), by dosfstools and mtools."""

import hashlib
import os
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from media.errors import NotVerified, Unreadable
from media.ports import VerifiedImage
from media.writers.folder import chunks, compare

KIB = 1024
LARGEST_FAT16 = 500 << 20  # bytes; above it clusters of FAT16 waste more than FAT32 costs
FAT16_CLUSTER, FAT32_CLUSTER = 8 * KIB, 4 * KIB
FAT32_LEAST = 40 << 20  # with fewer than 65525 clusters it is FAT16
ENTRY_BYTES = 32
PROGRAM_S = 3600.0


@dataclass(frozen=True, slots=True)
class FatWriter:
    """`volume_N.img`: to be written onto a stick as it is, without partitions; read back before it gets its name."""

    def write(self, image: VerifiedImage, output: Path) -> str:
        """Format a file, copy the File-set into it. Raises Unreadable when the programs are not installed."""
        target = output / f"{image.name}.img"
        part = output / f".{target.name}.part"
        part.unlink(missing_ok=True)
        with part.open("wb") as made:
            made.truncate(size_of(image))
        bits, cluster = _kind(image)
        _run(
            "mkfs.fat", "-F", str(bits), "-s", str(cluster // 512), "-S", "512", "--invariant", "-i",
            f"{image.created_s & 0xFFFFFFFF:08X}", "-n", "DICOM", str(part),
        )  # fmt: skip
        with tempfile.TemporaryDirectory(dir=output, prefix=".") as folder:
            self._fill(image, part, Path(folder))
        with part.open("rb") as written:
            os.fsync(written.fileno())
        for file in image.files:
            compare(image, file, _digest(part, file.path))
        part.replace(target)
        return target.name

    def _fill(self, image: VerifiedImage, part: Path, folder: Path) -> None:
        for file in image.files:
            place = folder.joinpath(*file.path)
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as out:
                out.writelines(chunks(image.path, file))
            os.utime(place, (image.created_s, image.created_s))
        _run("mcopy", "-i", str(part), "-s", "-m", "-Q", *map(str, sorted(folder.iterdir())), "::/")


def size_of(image: VerifiedImage) -> int:
    """Bytes of a file system that holds the volume."""
    bits, cluster = _kind(image)
    used = sum(-(-file.length // cluster) * cluster for file in image.files)
    entries = Counter(file.path[:depth] for file in image.files for depth in range(1, len(file.path)))
    used += sum(-(-(count + 3) * ENTRY_BYTES // cluster) * cluster for count in entries.values())
    tables = 2 * (used // cluster + 2) * bits // 8
    size = used + tables + (2 << 20)
    return max(size, FAT32_LEAST if bits == 32 else 36 << 20) // cluster * cluster


def _kind(image: VerifiedImage) -> tuple[int, int]:
    """Bits of the table's entries, and bytes of a cluster."""
    total = sum(-(-file.length // FAT16_CLUSTER) * FAT16_CLUSTER for file in image.files)
    return (16, FAT16_CLUSTER) if total < LARGEST_FAT16 else (32, FAT32_CLUSTER)


def _digest(part: Path, path: tuple[str, ...]) -> str:
    with tempfile.TemporaryFile() as errors:
        program = ["mtype", "-i", str(part), "::/" + "/".join(path)]
        with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=errors) as reading:
            assert reading.stdout
            digest = hashlib.file_digest(reading.stdout, "sha256").hexdigest()  # type: ignore[arg-type]
        if reading.returncode:
            raise NotVerified(part.name, [f"cannot be read back: /{'/'.join(path)}"])
    return digest


def _run(*command: str) -> None:
    environment = {
        **os.environ,
        "TZ": "UTC",
        "MTOOLS_SKIP_CHECK": "1",
        "PATH": os.environ.get("PATH", "") + ":/usr/sbin",
    }
    try:
        done = subprocess.run(command, capture_output=True, timeout=PROGRAM_S, check=False, env=environment)
    except FileNotFoundError:
        raise Unreadable(command[0], "is not installed; FAT images need dosfstools and mtools") from None
    if done.returncode:
        raise Unreadable(command[0], " ".join(done.stderr.decode("utf-8", "replace").split())[:300])
