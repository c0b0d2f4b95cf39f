"""PLUGIN POINT. Where finished films go; a sink's fields are its settings."""

from printmgr.ports import Sink
from printmgr.sinks.folder import FolderSink

SINKS: dict[str, type[Sink]] = {
    "folder": FolderSink,
}

__all__ = ["SINKS", "FolderSink"]
