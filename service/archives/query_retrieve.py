"""An archive by C-FIND, and C-GET or C-MOVE (PS3.4 Annex C), Study Root."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association

from media.errors import MediaError
from media.scp.contexts import STORAGE_CLASSES, TRANSFER_SYNTAXES
from printmgr.errors import SinkDown
from printmgr.scu_association import VERIFICATION, undisturbed
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
from service.settings.archives import QueryRetrieve

FIND = "1.2.840.10008.5.1.4.1.2.2.1"  # PS3.4 C.6.2.3, Study Root
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
PENDING = (0xFF00, 0xFF01)
NO_RESOURCES = range(0xA700, 0xA800)  # PS3.4 C.4.2.1.4, C.4.3.1.4: another time it may have them
MOST_CONTEXTS = 127  # of 128 in an association, one is for the retrieval
NOT_KEPT = 0xA700


@dataclass(frozen=True, slots=True)
class QueryRetrieveArchive(Archive):
    """An archive that speaks DIMSE; `inbox` is where it moves studies to."""

    settings: QueryRetrieve
    inbox: str

    def find(self, query: Query, most: int = MOST_FOUND) -> list[RemoteStudy]:
        wanted = _keys("STUDY", *STUDY_KEYS)
        for name, keyword in QUERY_KEYS.items():
            if value := getattr(query, name):
                setattr(wanted, keyword, f"{'*'.join(value.split())}*" if name == "patient_name" else value)
        return [study_of(self.settings.name, found) for found in self._find(wanted, most)]

    def instances(self, study_uid: str) -> list[RemoteInstance]:
        """By series, each list compared with the count that the archive gives. Raises also ArchiveRefused for fewer."""
        wanted = _keys("SERIES", "NumberOfSeriesRelatedInstances", "SeriesInstanceUID")
        wanted.StudyInstanceUID = study_uid
        found: list[RemoteInstance] = []
        for series in self._find(wanted):
            wanted = _keys("IMAGE", "SOPClassUID", "SOPInstanceUID")
            wanted.StudyInstanceUID, wanted.SeriesInstanceUID = study_uid, series.SeriesInstanceUID
            some = [
                RemoteInstance(str(series.SeriesInstanceUID), str(one.SOPInstanceUID), str(one.get("SOPClassUID", "")))
                for one in self._find(wanted)
            ]
            told = counted(series, "NumberOfSeriesRelatedInstances")
            if told is not None and told > len(some):
                raise ArchiveRefused(
                    f"{self} says that series {series.SeriesInstanceUID} has {told} instances and lists {len(some)}"
                )
            found += some
        return found

    def fetch(
        self, study_uid: str, missing: Sequence[RemoteInstance], deposit: Deposit, came: Callable[[], None]
    ) -> str:
        said: list[str] = []
        for series_uid in dict.fromkeys(one.series_uid for one in missing):
            some = [one for one in missing if one.series_uid == series_uid]
            wanted = Dataset()
            wanted.QueryRetrieveLevel = "IMAGE"
            wanted.StudyInstanceUID, wanted.SeriesInstanceUID = study_uid, series_uid
            for at in range(0, len(some), 100):
                wanted.SOPInstanceUID = [one.uid for one in some[at : at + 100]]
                answer = (
                    self._move(wanted, came) if self.settings.how == "move" else self._get(wanted, some, deposit, came)
                )
                said += [answer] if answer else []
        return "; ".join(dict.fromkeys(said))

    def probe(self) -> str:
        began = time.monotonic()
        with self._association([(VERIFICATION, None), (FIND, None), (GET, None), (MOVE, None)]) as association:
            offered = {str(context.abstract_syntax) for context in association.accepted_contexts}
            if code := self._code(association.send_c_echo()):
                raise ArchiveRefused(f"{self} answered {code:04X}H to C-ECHO")
        needed = {FIND: "C-FIND"} | ({MOVE: "C-MOVE"} if self.settings.how == "move" else {GET: "C-GET"})
        if missing := [name for uid, name in needed.items() if uid not in offered]:
            raise ArchiveRefused(f"{self} answers C-ECHO and does not offer {', '.join(missing)}")
        took_s = time.monotonic() - began
        return f"C-ECHO to {self} in {took_s:.2f} s: it offers {', '.join(needed.values())}"

    def __str__(self) -> str:
        told = self.settings
        return f"archive {told.name} ({told.ae_title} at {told.host} port {told.port})"

    def _find(self, wanted: Dataset, most: int | None = None) -> list[Dataset]:
        found: list[Dataset] = []
        with self._association([(FIND, None)]) as association:
            for status, identifier in association.send_c_find(wanted, FIND):
                code = self._code(status)
                if code in PENDING and identifier is not None:
                    found.append(identifier)
                    if len(found) == most:
                        association.abort()
                        return found
                elif code != 0:
                    raise ArchiveRefused(f"{self} answered {code:04X}H to a query: {status.get('ErrorComment', '')}")
        return found

    def _move(self, wanted: Dataset, came: Callable[[], None]) -> str:
        with self._association([(MOVE, None)]) as association:
            return self._follow(association.send_c_move(wanted, self.inbox, MOVE), came)

    def _get(self, wanted: Dataset, some: Sequence[RemoteInstance], deposit: Deposit, came: Callable[[], None]) -> str:
        def store(event: evt.Event) -> int:
            request: Any = event.request
            context = event.context
            data = request.DataSet.getbuffer()
            uid = str(request.AffectedSOPInstanceUID)
            try:
                deposit.data_set(str(request.AffectedSOPClassUID), uid, str(context.transfer_syntax), data)
            except MediaError:
                return NOT_KEPT
            came()
            return 0

        classes = sorted({one.sop_class_uid for one in some} - {""}) or STORAGE_CLASSES[:MOST_CONTEXTS]
        contexts = [(uid, [syntax]) for syntax in TRANSFER_SYNTAXES for uid in classes][:MOST_CONTEXTS]
        if len(classes) * 2 > MOST_CONTEXTS:  # too many for a context of each: one in which the archive chooses
            contexts = [(uid, list(TRANSFER_SYNTAXES)) for uid in classes]
        with self._association([(GET, None), *contexts], [(evt.EVT_C_STORE, store)], classes) as association:
            return self._follow(association.send_c_get(wanted, GET), came)

    def _follow(self, answers: Iterator[Any], came: Callable[[], None]) -> str:
        """Wait for the end of a retrieval; what the archive said when it did not send everything."""
        said = ""
        for status, _ in answers:
            code = self._code(status)
            came()
            if code in NO_RESOURCES:
                raise ArchiveDown(f"{self} answered {code:04X}H, out of resources")
            if code not in (0, *PENDING):
                said = f"{code:04X}H {status.get('ErrorComment', '')}".strip()
        return said

    def _code(self, status: Dataset) -> int:
        if "Status" not in status:
            raise ArchiveDown(f"{self} closed the association or did not answer in {self.settings.timeout_s:g} s")
        return int(status.Status)

    @contextmanager
    def _association(
        self,
        contexts: Sequence[tuple[str, list[str] | None]],
        handlers: Sequence[Any] = (),
        roles: Sequence[str] = (),
    ) -> Iterator[Association]:
        told = self.settings
        ae = AE(ae_title=told.calling_ae)
        ae.maximum_pdu_size = 131_072
        ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = told.timeout_s
        for sop_class, syntaxes in contexts:
            ae.add_requested_context(sop_class, syntaxes) if syntaxes else ae.add_requested_context(sop_class)
        try:
            tls = (told.context(), told.host) if told.tls else None
        except SinkDown as error:
            raise ArchiveDown(f"{self}: {error}") from error
        association = ae.associate(
            told.host,
            told.port,
            ae_title=told.ae_title,
            evt_handlers=list(handlers),
            ext_neg=[build_role(uid, scp_role=True) for uid in roles],
            tls_args=tls,
        )
        if association.is_rejected:
            raise ArchiveRefused(f"{self} rejected the association; it may not know the AE title {told.calling_ae}")
        if not association.is_established:
            raise ArchiveDown(f"{self} cannot be reached")
        try:
            if not any(context.abstract_syntax == contexts[0][0] for context in association.accepted_contexts):
                raise ArchiveRefused(f"{self} does not offer what is needed ({contexts[0][0]})")
            with undisturbed(association):
                yield association
            if association.is_established:
                association.release()
        finally:
            if association.is_established:
                association.abort()


def _keys(level: str, *keywords: str) -> Dataset:
    keys = Dataset()
    keys.QueryRetrieveLevel, keys.SpecificCharacterSet = level, "ISO_IR 192"
    for keyword in keywords:
        setattr(keys, keyword, None if keyword.startswith("NumberOf") else "")
    return keys
