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
REMOTE = "pacs:"
"""Of a study that is fetched from an archive into the inbox first: pacs:ARCHIVE:STUDY_UID."""

SOURCES: "dict[str, Callable[[str], Source]]" = {
    "folder": FolderSource,
}
"""Maker of a Source from what the order names, by kind; that of received studies comes with `connect_inbox`."""


def connect_inbox(catalogue: "Catalogue") -> None:
    """Let orders name received studies."""
    from media.sources.inbox import InboxSource  # no part of a disc from folders

    SOURCES[INBOX] = partial(InboxSource, catalogue)


def source_of(name: str) -> "Source":
    """What an order names: `inbox:STUDY_UID`, `pacs:ARCHIVE:STUDY_UID`, or a folder, a file or a ZIP.

    Raises BadOrder when it is not there.
    """
    if not is_received(name):
        return SOURCES["folder"](name)
    if INBOX not in SOURCES:
        raise BadOrder(f"{name}: there is no inbox here")
    return SOURCES[INBOX](remote_study(name)[1] if name.startswith(REMOTE) else name.removeprefix(f"{INBOX}:"))


def remote_study(name: str) -> tuple[str, str]:
    """Archive and Study Instance UID that a name says. Raises BadOrder."""
    archive, _, study_uid = name.removeprefix(REMOTE).partition(":")
    if not archive or not study_uid or study_uid.strip("0123456789."):
        raise BadOrder(f"source {name!r} is no study; expected pacs:ARCHIVE:STUDY_UID")
    return archive, study_uid


def is_received(name: str) -> bool:
    """Whether a name is that of a received study; a folder that is called so is named as ./inbox:..."""
    return name.startswith((f"{INBOX}:", REMOTE))


def absolute(name: str) -> str:
    """The same name, whatever folder it is used from."""
    return name if is_received(name) else realpath(name)
