"""Several sources as one."""

import threading
from collections.abc import Iterator
from copy import copy
from typing import BinaryIO

from media.fileset.model import Rejection, SourceFile
from media.ports import Source


class Together:
    """The sources of an order as one; each thread has its own, for an open ZIP cannot be shared."""

    def __init__(self, sources: list[Source]) -> None:
        self.all = sources
        self._local = threading.local()

    def files(self) -> Iterator[SourceFile | Rejection]:
        for source in self.all:
            yield from source.files()

    def open(self, file: SourceFile) -> BinaryIO:
        """Open a file that one of the sources has named: they are all of one kind."""
        if not hasattr(self._local, "source"):
            self._local.source = copy(self.all[0])
        opened: BinaryIO = self._local.source.open(file)
        return opened
