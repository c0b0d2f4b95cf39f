"""What a writer leaves in the output when the volume itself went elsewhere: that it is done, and never done twice."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from media.ports import VerifiedImage

CHUNK_BYTES = 1 << 20


def receipt_of(image: VerifiedImage, kind: str, output: Path) -> Path:
    """The name of a receipt: no volume's, for nothing of the volume is in it."""
    copy = f"_{image.copy}" if image.copy > 1 else ""
    return output / f"{kind}_{image.name.removeprefix('volume_')}{copy}.json"


def is_done(receipt: Path, sha256: str) -> bool:
    """Whether there is a receipt of exactly this image."""
    try:
        found: Any = json.loads(receipt.read_bytes())
        return bool(found["sha256"] == sha256)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def save_whole(path: Path, data: bytes) -> None:
    """A file that is there whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def save_receipt(path: Path, image: VerifiedImage, sha256: str, **more: str) -> str:
    """Note that the image went out; the receipt's name."""
    value = {"volume": image.name, "sha256": sha256, "size_bytes": image.path.stat().st_size, **more}
    save_whole(path, json.dumps(value, indent=1).encode() + b"\n")
    return path.name


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder survive a power cut, where its file system can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
