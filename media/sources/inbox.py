"""A Source of one received study: its files as they arrived."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from media.errors import BadOrder, Unreadable
from media.fileset.model import Reason, Rejection, SourceFile
from media.ports import Catalogue
from media.studies import StudyState


class InboxSource:
    """The instances of a study, those of one UID with other bytes too: the index refuses these by their reason."""

    def __init__(self, catalogue: Catalogue, study_uid: str) -> None:
        self.catalogue = catalogue
        self.study_uid = study_uid

    def files(self) -> Iterator[SourceFile | Rejection]:
        """Its files in the order they came. Raises BadOrder when it is not there, or not complete."""
        state = self.catalogue.state(self.study_uid)
        if state is None:
            raise BadOrder(f"no study {self.study_uid!r} was received")
        if state is not StudyState.COMPLETE:
            raise BadOrder(f"study {self.study_uid} is {state}; expected it complete, or declared so by somebody")
        for held in self.catalogue.files(self.study_uid):
            try:
                found = Path(held.path).stat()
            except OSError as error:
                yield Rejection(SourceFile(held.path, 0, 0), Reason.UNREADABLE, error.strerror or "")
                continue
            file = SourceFile(held.path, found.st_size, found.st_mtime_ns)
            if found.st_size == held.size_bytes:
                yield file
            else:
                yield Rejection(file, Reason.TRUNCATED, f"{found.st_size} bytes; {held.size_bytes} were received")

    def open(self, file: SourceFile) -> BinaryIO:
        """Open for reading from its first byte. Raises Unreadable."""
        try:
            return cast(BinaryIO, io.FileIO(os.open(file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)))
        except OSError as error:
            raise Unreadable(file.name, error.strerror or type(error).__name__) from error
