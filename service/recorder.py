"""The flight recorder: writes down the associations of partners that somebody wants to look at.

    DATA_DIR/recordings/wanted.json                             who is recorded, as `printmgr film record` said it last
    DATA_DIR/recordings/<time>-<AE title>-<random>.jsonl        one association

Who is recorded is looked up when an association begins, so that it can be changed while the service runs. A recording
never harms its association: what cannot be written is not recorded.
"""

import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from pynetdicom import evt

from printmgr.errors import ResourceLimit
from printmgr.files import make_folder
from printmgr.recording import CommandValue, Context, DataSet, Header, Message, end_line, header_line, message_line
from service.recordings import Record, wanted

log = logging.getLogger(__name__)

CLOSED = "closed"
PLAIN = re.compile(r"[^A-Za-z0-9._-]")
Describe = Callable[[memoryview, str, bool], DataSet]
"""A data set as it is recorded, from its bytes, its transfer syntax, and whether texts are kept."""


class Recorder:
    """The recorder of one process."""

    def __init__(
        self,
        folder: Path,
        by_settings: Mapping[str, Record],
        describe: Describe,
        mask: Callable[[str], str],
        max_bytes: int,
        max_files: int,
    ) -> None:
        """by_settings  by calling AE title; `wanted.json` overrides it"""
        self._folder, self._by_settings = folder, by_settings
        self.describe, self.mask = describe, mask
        self.max_bytes, self._max_files = max_bytes, max_files

    def handlers(self) -> list[tuple[evt.EventType, Callable[[evt.Event], Any]]]:
        """For an application of the node."""
        ends = {evt.EVT_RELEASED: "released", evt.EVT_ABORTED: "aborted", evt.EVT_CONN_CLOSE: CLOSED}
        ended = [(what, _ender(how)) for what, how in ends.items()]
        return [(evt.EVT_REQUESTED, self._begin), *ended]

    def _begin(self, event: evt.Event) -> None:
        association: Any = event.assoc
        request = association.requestor.primitive
        calling_ae = str(request.calling_ae_title).strip() if request else ""
        record = wanted(self._folder).get(calling_ae, self._by_settings.get(calling_ae, Record.OFF))
        if record is not Record.OFF:
            association.message_log = RecordedAssociation(self, association, record)

    def open(self, calling_ae: str) -> BinaryIO:
        """A new file; the oldest ones go where they are too many. Raises OSError, ResourceLimit."""
        make_folder(self._folder)
        there = sorted(self._folder.glob("*.jsonl"))
        for old in there[: max(0, len(there) + 1 - self._max_files)]:
            old.unlink(missing_ok=True)
        name = f"{datetime.now():%Y%m%d-%H%M%S}-{PLAIN.sub('_', calling_ae)}-{secrets.token_hex(4)}.jsonl"
        return (self._folder / name).open("xb", buffering=0)


class RecordedAssociation:
    """One association's recording (service.node.messages.MessageLog)."""

    def __init__(self, recorder: Recorder, association: Any, record: Record) -> None:
        self._recorder, self._association, self._record = recorder, association, record
        self._began = time.monotonic()
        self._began_at = datetime.now().astimezone().isoformat(timespec="milliseconds")
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._size = 0
        self._over = False

    def received(self, context_id: int, command: Mapping[str, CommandValue], data: memoryview | None) -> None:
        self._note("scu", context_id, command, data)

    def sent(self, context_id: int, command: Mapping[str, CommandValue], data: memoryview | None) -> None:
        self._note("scp", context_id, command, data)

    def end(self, how: str) -> None:
        """The association is over; one that was never accepted leaves no file."""
        with self._lock:
            if not self._over and (self._file is not None or self._association.accepted_contexts):
                self._write(end_line(how))
            self._over = True
            if self._file is not None:
                self._file.close()

    def _note(self, sender: str, context_id: int, command: Mapping[str, CommandValue], data: memoryview | None) -> None:
        at_ms = round((time.monotonic() - self._began) * 1000)
        with self._lock:
            if self._over:
                return
            try:
                described = self._described(context_id, data)
                line = message_line(Message(at_ms, sender, context_id, self._command(command), described))
                if self._size + len(line) > self._recorder.max_bytes:
                    line, self._over = end_line("full"), True
                self._write(line)
            except Exception:
                log.exception("the recorder cannot describe a message; it goes on with the next")

    def _described(self, context_id: int, data: memoryview | None) -> DataSet | None:
        if data is None:
            return None
        accepted = self._association._accepted_cx.get(context_id)
        syntax = str(accepted.transfer_syntax[0]) if accepted is not None else ""
        return self._recorder.describe(data, syntax, self._record is Record.PLAIN)

    def _command(self, command: Mapping[str, CommandValue]) -> dict[str, CommandValue]:
        comment = command.get("ErrorComment")
        if self._record is Record.PLAIN or not isinstance(comment, str):
            return dict(command)
        return {**command, "ErrorComment": self._recorder.mask(comment)}

    def _write(self, line: bytes) -> None:
        try:
            if self._file is None:
                self._file = self._recorder.open(self._association.requestor.ae_title)
                line = header_line(self._header()) + line
            self._file.write(line)
            self._size += len(line)
        except (OSError, ResourceLimit) as error:
            log.warning("a recording ends early: %s", error)
            self._over = True

    def _header(self) -> Header:
        requestor = self._association.requestor
        accepted = {each.context_id: str(each.transfer_syntax[0]) for each in self._association.accepted_contexts}
        contexts = [
            Context(
                each.context_id,
                str(each.abstract_syntax),
                tuple(map(str, each.transfer_syntax)),
                accepted.get(each.context_id, ""),
            )
            for each in requestor.requested_contexts
        ]
        return Header(
            began_at=self._began_at,
            calling_ae=str(requestor.ae_title).strip(),
            called_ae=str(requestor.primitive.called_ae_title).strip(),
            max_pdu_bytes=requestor.maximum_length or 0,
            implementation=str(requestor.implementation_version_name or requestor.implementation_class_uid or ""),
            texts=str(self._record),
            contexts=tuple(contexts),
        )


def _ender(how: str) -> Callable[[evt.Event], None]:
    def end(event: evt.Event) -> None:
        association: Any = event.assoc
        recording = association.message_log
        going_on = how == CLOSED and association.is_established  # requests that came are under way; an abort follows
        if isinstance(recording, RecordedAssociation) and not going_on:
            recording.end(how)

    return end
