"""The received studies, for discs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from media.studies import StudyFile, StudyState
from service.store import study_queries
from service.store.engine import Store


@dataclass(frozen=True, slots=True)
class StudyCatalogue:
    """The received studies, for discs (media.ports.Catalogue); goes to other processes."""

    database_url: str
    root: Path

    def state(self, study_uid: str) -> StudyState | None:
        with self._connected() as connection:
            return study_queries.state(connection, study_uid)

    def files(self, study_uid: str) -> list[StudyFile]:
        with self._connected() as connection:
            found = study_queries.files(connection, study_uid)
        return [StudyFile(str(self.root / one.file), one.size_bytes) for one in found]

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        store = Store(self.database_url)
        try:
            with store.read() as connection:
                yield connection
        finally:
            store.close()
