"""PLUGIN POINT. Where instances come from: a Source by the name of its kind."""

from collections.abc import Callable
from functools import partial
from os.path import realpath
from typing import TYPE_CHECKING

from media.errors import BadOrder
from media.sources.folder import FolderSource

if TYPE_CHECKING:
    from media.ports import Catalogue, Source

INBOX = "inbox"

SOURCES: "dict[str, Callable[[str], Source]]" = {
    "folder": FolderSource,
}
"""Maker of a Source from what the order names, by kind; that of received studies comes with `connect_inbox`."""


def connect_inbox(catalogue: "Catalogue") -> None:
    """Let orders name received studies."""
    from media.sources.inbox import InboxSource  # no part of a disc from folders

    SOURCES[INBOX] = partial(InboxSource, catalogue)


def source_of(name: str) -> "Source":
    """What an order names: `inbox:STUDY_UID`, or a folder, a file or a ZIP. Raises BadOrder when it is not there."""
    if not is_received(name):
        return SOURCES["folder"](name)
    if INBOX not in SOURCES:
        raise BadOrder(f"{name}: there is no inbox here")
    return SOURCES[INBOX](name.removeprefix(f"{INBOX}:"))


def is_received(name: str) -> bool:
    """Whether a name is that of a received study; a folder that is called so is named as ./inbox:..."""
    return name.startswith(f"{INBOX}:")


def absolute(name: str) -> str:
    """The same name, whatever folder it is used from."""
    return name if is_received(name) else realpath(name)
