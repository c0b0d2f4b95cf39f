"""PLUGIN POINT. How verified volumes leave: as files of the output, on a medium, or by a robot.

A writer is named by its kind, and where it writes elsewhere than into the output by that place: `optical:/dev/sr0`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from media.errors import BadOrder
from media.fileset.media import WRITTEN_AS_IMAGE, FileSystem
from media.ports import Writer
from media.writers.fat import FatWriter
from media.writers.folder import FolderWriter
from media.writers.hot_folder import HotFolderWriter
from media.writers.image import ImageWriter
from media.writers.optical import OpticalWriter
from media.writers.usb import UsbWriter
from media.writers.zipped import ZipWriter


def _ptburn(place: Path) -> HotFolderWriter:
    """The folder as it is mounted here, and behind `=` as the robot names it: /mnt/jobs=C:\\PTBurnJobs."""
    here, _, seen_as = str(place).partition("=")
    return HotFolderWriter(Path(here), "ptburn", seen_as)


WRITERS: dict[str, Callable[[], Writer]] = {
    "image": ImageWriter,
    "folder": FolderWriter,
    "zip": ZipWriter,
    "fat": FatWriter,
}
"""Into the output."""
ELSEWHERE: dict[str, Callable[[Path], Writer]] = {
    "optical": OpticalWriter,
    "usb": UsbWriter,
    "hot_folder": HotFolderWriter,
    "ptburn": _ptburn,
}
"""To a place: a drive, a mounted stick, a robot's folder. What is left in the output is a receipt."""


def writer_of(name: str) -> Writer:
    """The writer that is meant. Raises BadOrder.

    >>> writer_of("optical:/dev/sr0")
    OpticalWriter(drive=PosixPath('/dev/sr0'))
    """
    kind, colon, place = name.partition(":")
    if kind in WRITERS and not colon:
        return WRITERS[kind]()
    if kind in ELSEWHERE and Path(place).is_absolute():
        return ELSEWHERE[kind](Path(place))
    known = ", ".join([*WRITERS, *(f"{kind}:/PLACE" for kind in ELSEWHERE)])
    raise BadOrder(f"writer {name!r} is not known; expected one of {known}")


def stays(name: str) -> bool:
    """Whether the volume itself is left in the output: a further copy of it is one more name."""
    return name in WRITERS


def goes_elsewhere(names: Sequence[str]) -> bool:
    """Whether one of the writers makes media, or has them made."""
    return any(name.partition(":")[0] in ELSEWHERE for name in names)


def makes_copies(name: str) -> bool:
    """Whether each copy is a medium that this writer fills; a robot makes all copies of its ticket."""
    return name.partition(":")[0] in ("optical", "usb")


def default_writers(file_system: str) -> tuple[str, ...]:
    """The writers for a plan's file system: images for discs, a folder for what the user's system formats."""
    if file_system in WRITTEN_AS_IMAGE:
        return ("image",)
    return ("zip",) if file_system == FileSystem.ZIP else ("folder",)
