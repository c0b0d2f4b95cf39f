"""Films into an archive: stored by C-STORE into the patient's study, and committed where the archive offers it."""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from printmgr.errors import BadPixels, DeliveryFailed, SinkDown, Undeliverable
from printmgr.film.identity import NOBODY
from printmgr.ports import ONCE, Print, Sending
from printmgr.sinks.settings import AETitle, Host, Port, Seconds, SinkSettings, tls_context

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pynetdicom.association import Association

    from printmgr.scu_association import Peer

COMMITMENT = "1.2.840.10008.1.20.1"  # Storage Commitment Push Model SOP Class, and its well-known instance
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
PROPOSED = MappingProxyType(  # by SOP class: when
    {
        "1.2.840.10008.5.1.4.1.1.104.1": "always",
        "1.2.840.10008.5.1.4.1.1.7": "images = true",
        COMMITMENT: "commitment = true",
    }
)
STORED = frozenset({0x0000, 0xB000, 0xB006, 0xB007, 0x0111})  # PS3.4 B.2.3; 0111H: it has this instance already
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PacsSink(SinkSettings):
    """Stores every film in the archive `ae_title` at `host`."""

    kind: Literal["pacs"] = "pacs"
    host: Host
    port: Port = 104
    ae_title: AETitle
    calling_ae: AETitle = "PRINTMGR"
    images: bool = False  # the untouched images too, as Secondary Capture
    commitment: bool = True  # asked for where the archive offers it
    commitment_wait_s: Annotated[float, Field(ge=0, le=600)] = 5.0  # for its report on the same association
    tls: bool = False
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    timeout_s: Seconds = 60.0

    @property
    def needs_patient(self) -> bool:
        return True

    def deliver(self, print_: Print, pdf: Path, document: Path, sending: Sending = ONCE) -> str:
        """Store the film; where it is, and whether the archive committed itself. Raises SinkDown, Undeliverable."""
        if sending.patient is None:
            raise Undeliverable("an archive keeps films under a patient; expected a confirmed one")
        with tempfile.TemporaryDirectory(prefix="printmgr-") as folder:
            try:
                files = list(_written(print_, pdf, sending, Path(folder), self.images))
            except BadPixels as error:
                raise Undeliverable(f"an image cannot be stored: {error}") from error
            return self._store(print_, files, sending)

    def transaction_uid(self, print_: Print, sending: Sending) -> str:
        """What a report of storage commitment for this delivery names; "" when none is asked for."""
        from printmgr.sinks.pacs_objects import uid_of

        return str(uid_of(sending.name(print_), sending.patient or NOBODY, "commitment")) if self.commitment else ""

    def probe(self) -> str:
        """C-ECHO, and whether the archive would take films. Raises SinkDown, Undeliverable."""
        from printmgr.scu_association import SendFailed, echoed

        pdf, capture, *_ = PROPOSED
        try:
            took_s, takes = echoed(self._peer(), [pdf, capture, COMMITMENT])
        except SendFailed as error:
            raise SinkDown(str(error)) from error
        wanted = {pdf: "Encapsulated PDF"} | ({capture: "Secondary Capture"} if self.images else {})
        if missing := [name for uid, name in wanted.items() if uid not in takes]:
            raise Undeliverable(f"{self.ae_title} answers C-ECHO and takes no {', no '.join(missing)}")
        offers = "offers" if COMMITMENT in takes else "does not offer"
        return f"C-ECHO to {self._peer()} in {took_s:.2f} s: it takes films, and {offers} storage commitment"

    def _store(self, print_: Print, files: list["Stored"], sending: Sending) -> str:
        from printmgr.scu_association import SendFailed, accepted, associate, undisturbed

        reports = Reports()
        contexts = {stored.sop_class: [EXPLICIT, IMPLICIT] for stored in files}
        contexts |= {COMMITMENT: [EXPLICIT, IMPLICIT]} if self.commitment else {}
        try:
            association = associate(self._peer(), contexts, reports.handlers())
        except SendFailed as error:
            raise SinkDown(str(error)) from error
        try:
            with undisturbed(association):
                for stored in files:
                    self._store_one(association, stored, accepted(association))
                asked = COMMITMENT in accepted(association) and self._ask(association, print_, files, sending)
            word = reports.wait(self.commitment_wait_s) if asked else ""
        except (RuntimeError, ValueError) as error:  # pynetdicom: the association ended meanwhile
            raise SinkDown(f"{self.ae_title} ended the association: {error}") from error
        finally:
            if association.is_established:
                association.release()
        if word == FAILED:
            raise DeliveryFailed(f"{self.ae_title} stored the film and then could not commit itself to keep it")
        return f"{self.ae_title} {files[0].uid}{f' {word}' if word else ''}"

    def _peer(self) -> "Peer":
        from printmgr.scu_association import Peer

        tls = tls_context(self.ca_file, self.certificate_file, self.key_file) if self.tls else None
        return Peer(self.host, self.port, self.ae_title, self.calling_ae, self.timeout_s, tls)

    def _store_one(self, association: "Association", stored: "Stored", takes: set[str]) -> None:
        if stored.sop_class not in takes:
            raise SinkDown(f"{self.ae_title} takes no {stored.what}; expected it to accept the SOP class")
        answer = association.send_c_store(stored.file)
        if "Status" not in answer:
            raise SinkDown(f"{self.ae_title} closed the association or did not answer in time")
        if answer.Status not in STORED:
            from printmgr.scu_association import printable

            said = f"{self.ae_title} answered {answer.Status:04X}H to a {stored.what} "
            said += printable(str(answer.get("ErrorComment", "")))
            raise (SinkDown if answer.Status >> 8 == 0xA7 else DeliveryFailed)(said.strip())

    def _ask(self, association: "Association", print_: Print, files: list["Stored"], sending: Sending) -> bool:
        """N-ACTION of storage commitment (PS3.4 J.3.2); whether the archive will report."""
        from pydicom.dataset import Dataset

        said = Dataset()
        said.TransactionUID = self.transaction_uid(print_, sending)
        said.ReferencedSOPSequence = []
        for stored in files:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = stored.sop_class, stored.uid
            said.ReferencedSOPSequence.append(item)
        status, _ = association.send_n_action(said, 1, COMMITMENT, COMMITMENT_INSTANCE)
        return "Status" in status and status.Status == 0x0000


COMMITTED, FAILED = "committed", "not committed"


@dataclass(frozen=True, slots=True)
class Stored:
    """An instance on its way."""

    file: Path
    sop_class: str
    uid: str
    what: str


@dataclass(slots=True)
class Reports:
    """Reports of storage commitment that come on the association that asked (PS3.4 J.3.3)."""

    told: threading.Event = field(default_factory=threading.Event)
    word: str = ""

    def handlers(self) -> list[tuple[Any, Any]]:
        from pynetdicom import evt

        return [(evt.EVT_N_EVENT_REPORT, self._report)]

    def _report(self, event: Any) -> tuple[int, None]:
        self.word = outcome(event.event_type, event.event_information)
        self.told.set()
        return 0x0000, None

    def wait(self, seconds: float) -> str:
        """What the report says; that it is asked for when it does not come in time."""
        return self.word if self.told.wait(seconds) else "commitment asked for"


def outcome(event_type: int | None, report: "Dataset") -> str:
    """What a report comes to: 1 all is committed, 2 there are failures (PS3.4 Table J.3-2)."""
    failures = report.get("FailedSOPSequence") or []
    return COMMITTED if event_type == 1 and not failures else FAILED


def _written(print_: Print, pdf: Path, sending: Sending, folder: Path, images: bool) -> Iterator[Stored]:
    """The instances as files, so that none is in memory as a whole."""
    from printmgr.sinks.pacs_objects import encapsulated_pdf, secondary_captures

    identity, name = sending.patient or NOBODY, sending.name(print_)
    with _even(pdf, folder).open("rb") as document:
        ds = encapsulated_pdf(print_, name, identity, document, pdf.stat().st_size)
        yield _write(ds, folder / "film.dcm", "Encapsulated PDF")
    if images:
        for number, image in enumerate(secondary_captures(print_, name, identity), start=1):
            yield _write(image, folder / f"{number}.dcm", "Secondary Capture")


def _even(pdf: Path, folder: Path) -> Path:
    """The PDF with an even number of bytes, as a DICOM value has; EncapsulatedDocumentLength tells the true one."""
    if pdf.stat().st_size % 2 == 0:
        return pdf
    padded = folder / "film.pdf"
    with pdf.open("rb") as source, padded.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
        target.write(b"\0")
    return padded


def _write(ds: "Dataset", file: Path, what: str) -> Stored:
    ds.save_as(file, enforce_file_format=True)
    return Stored(file, str(ds.SOPClassUID), str(ds.SOPInstanceUID), what)
