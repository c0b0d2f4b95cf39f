"""An archive by DICOMweb: QIDO-RS and WADO-RS (PS3.18)."""

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from typing import Any

import requests
from dicomweb_client.web import DICOMwebClient
from pydicom.dataset import Dataset

from service.archives import (
    MOST_FOUND,
    Archive,
    ArchiveDown,
    ArchiveRefused,
    Deposit,
    Query,
    RemoteInstance,
    RemoteStudy,
)
from service.archives.values import QUERY_KEYS, STUDY_KEYS, counted, study_of
from service.settings.archives import DicomWeb

LATER = (429, 500, 502, 503, 504)
PAGE = 1000
NOWHERE = "2.25.1"  # a Study Instance UID that nobody gave
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class _Session(requests.Session):
    """Leaves wildcards as they are (PS3.18 8.3.4.1, RFC 3986 2.2): Orthanc takes %2A for a letter of the name."""

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        prepared = super().prepare_request(request)
        prepared.url = (prepared.url or "").replace("%2A", "*")
        return prepared


class DicomWebArchive(Archive):
    """An archive that speaks HTTP."""

    def __init__(self, settings: DicomWeb) -> None:
        """Raises SinkDown when a secret cannot be read."""
        self.settings = settings
        self._session = _Session()
        self._session.trust_env = False
        if settings.user:
            self._session.auth = (settings.user, settings.secret())
        elif settings.token:
            self._session.headers["Authorization"] = f"Bearer {settings.secret()}"
        if settings.ca_file:
            self._session.verify = str(settings.ca_file)
        if settings.certificate_file:
            self._session.cert = (str(settings.certificate_file), str(settings.key_file or settings.certificate_file))
        self._client = DICOMwebClient(settings.url, session=self._session, timeout=settings.timeout_s)
        self._client.set_http_retry_params(retry=False)

    def find(self, query: Query, most: int = MOST_FOUND) -> list[RemoteStudy]:
        filters: dict[str, Any] = {}
        for name, keyword in QUERY_KEYS.items():
            if value := getattr(query, name):
                filters[keyword] = f"{'*'.join(value.split())}*" if name == "patient_name" else value
        with self._told():
            found = self._client.search_for_studies(limit=most, fields=list(STUDY_KEYS), search_filters=filters)
        return [study_of(self.settings.name, Dataset.from_json(one)) for one in found]

    def instances(self, study_uid: str) -> list[RemoteInstance]:
        """Page by page, compared with the count that the archive gives."""
        found: dict[str, RemoteInstance] = {}
        while True:
            with self._told():
                page = self._client.search_for_instances(study_uid, limit=PAGE, offset=len(found))
            before = len(found)
            for one in map(Dataset.from_json, page):
                uid = str(one.SOPInstanceUID)
                found[uid] = RemoteInstance(str(one.SeriesInstanceUID), uid, str(one.get("SOPClassUID", "")))
            if len(found) == before or not page:
                break
        with self._told():
            filters = {"StudyInstanceUID": study_uid}
            studies = self._client.search_for_studies(fields=["NumberOfStudyRelatedInstances"], search_filters=filters)
        for study in map(Dataset.from_json, studies):
            told = counted(study, "NumberOfStudyRelatedInstances")
            if told is not None and told > len(found):
                raise ArchiveRefused(f"{self} says that study {study_uid} has {told} instances and lists {len(found)}")
        return list(found.values())

    def fetch(
        self, study_uid: str, missing: Sequence[RemoteInstance], deposit: Deposit, came: Callable[[], None]
    ) -> str:
        said: list[str] = []
        for one in missing:
            url = f"{self.settings.url.rstrip('/')}/studies/{study_uid}/series/{one.series_uid}/instances/{one.uid}"
            try:
                with self._told():
                    answer = self._session.get(url, headers={"Accept": AS_STORED}, timeout=self.settings.timeout_s)
                    answer.raise_for_status()
            except ArchiveRefused as error:
                said.append(str(error))
                continue
            for part in parts_of(answer.headers.get("Content-Type", ""), answer.content):
                deposit.file(io.BytesIO(part))
            came()
        return "; ".join(dict.fromkeys(said))

    def probe(self) -> str:
        began = time.monotonic()
        with self._told():
            self._client.search_for_studies(limit=1, search_filters={"StudyInstanceUID": NOWHERE})
        return f"QIDO-RS to {self.settings.url} in {time.monotonic() - began:.2f} s"

    def __str__(self) -> str:
        return f"archive {self.settings.name} ({self.settings.url})"

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except requests.HTTPError as error:
            code = error.response.status_code if error.response is not None else 0
            kind = ArchiveDown if code in LATER else ArchiveRefused
            raise kind(f"{self} answered HTTP {code}") from error
        except requests.RequestException as error:
            raise ArchiveDown(f"{self} cannot be reached, or broke off: {type(error).__name__}") from error


def parts_of(content_type: str, body: bytes) -> list[bytes]:
    """The parts of a multipart/related body (RFC 2387); a body that is none is its only part.

    >>> parts_of('multipart/related; boundary="x"', b"--x\\r\\nContent-Type: a/b\\r\\n\\r\\none\\r\\n--x--")
    [b'one']
    """
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if boundary is None:
        return [body]
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii", "replace"))
    return [piece.partition(b"\r\n\r\n")[2] for piece in pieces[1:] if not piece.startswith(b"--")]
