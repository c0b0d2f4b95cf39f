"""PLUGIN POINT. Where instances come from: a Source by the name of its kind."""

from collections.abc import Callable

from media.ports import Source
from media.sources.folder import FolderSource

SOURCES: dict[str, Callable[[str], Source]] = {
    "folder": FolderSource,
}
"""Maker of a Source from what the order names, by kind."""
