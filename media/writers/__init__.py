"""PLUGIN POINT. How verified volumes leave: as an image, a folder, a ZIP."""

from media.fileset.media import WRITTEN_AS_IMAGE, FileSystem
from media.ports import Writer
from media.writers.folder import FolderWriter
from media.writers.image import ImageWriter
from media.writers.zipped import ZipWriter

WRITERS: dict[str, Writer] = {
    "image": ImageWriter(),
    "folder": FolderWriter(),
    "zip": ZipWriter(),
}


def default_writers(file_system: str) -> tuple[str, ...]:
    """The writers for a plan's file system: images for discs, a folder for what the user's system formats."""
    if file_system in WRITTEN_AS_IMAGE:
        return ("image",)
    return ("zip",) if file_system == FileSystem.ZIP else ("folder",)
