"""Films as files: ROOT/<printer slug>/YYYY-MM-DD/<print id>.pdf beside <print id>.json."""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from printmgr.errors import DeliveryFailed, ResourceLimit
from printmgr.files import make_folder, whole
from printmgr.ports import ONCE, Print, Sending
from printmgr.sinks.settings import SinkSettings

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FolderSink(SinkSettings):
    """Keeps films below `root`, for its owner alone."""

    root: Path | None = None  # DATA_DIR/films when the settings give none
    kind: Literal["folder"] = "folder"

    def deliver(self, print_: Print, pdf: Path, document: Path, sending: Sending = ONCE) -> str:
        """Copy both files, the PDF last: where it is, the film is whole. The path of the PDF. Raises DeliveryFailed."""
        if self.root is None:
            raise DeliveryFailed(f"sink {self.name!r} has no root; expected a folder")
        folder = self.root / plain(print_.printer.slug) / plain(print_.date)
        target = folder / f"{plain(print_.id)}.pdf"
        try:
            make_folder(folder)
            copy(document, target.with_suffix(".json"))
            copy(pdf, target)
        except (OSError, ResourceLimit) as error:
            raise DeliveryFailed(f"film {print_.id} does not get into {folder}: {error}") from error
        return str(target)

    def probe(self) -> str:
        """Write a file and delete it. Raises DeliveryFailed."""
        if self.root is None:
            raise DeliveryFailed(f"sink {self.name!r} has no root; expected a folder")
        try:
            make_folder(self.root)
            with tempfile.NamedTemporaryFile(dir=self.root, prefix=".probe-") as file:
                file.write(b"probe")
                file.flush()
                os.fsync(file.fileno())
        except (OSError, ResourceLimit) as error:
            raise DeliveryFailed(f"no file can be written into {self.root}: {error}") from error
        return f"a file was written into {self.root}, and deleted"


def plain(name: str) -> str:
    """A name that is no path. Raises DeliveryFailed."""
    if not NAME.fullmatch(name):
        raise DeliveryFailed(f"{name!r} is no folder or file name; expected letters, digits, '.', '_', '-'")
    return name


def copy(source: Path, target: Path) -> None:
    """Copy a file unless it is there already, whole."""
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return
    with source.open("rb") as read, whole(target) as write:
        shutil.copyfileobj(read, write, 1 << 20)
