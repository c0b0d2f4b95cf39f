"""Plays a recorded association against a printer: the SCU's requests as they came, with pixels that are made up.

UIDs that the printer gives are put in the place of those that the recorded printer gave.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, build_context, dimse_primitives, evt
from pynetdicom.association import Association
from pynetdicom.dsutils import decode, encode

from printmgr.errors import UnreadableDataSet
from printmgr.recording import CommandValue, Context, Message, Recording
from printmgr.scp.encoded import ENCODINGS
from printmgr.scp.recorded import leaves
from printmgr.scu import Answer
from printmgr.scu_association import SendFailed, printable, undisturbed

log = logging.getLogger(__name__)

RESPONSE = 0x8000
COMMANDS = {  # Command Field: primitive, and the parameter that is its data set (PS3.7 E.1)
    0x0030: ("C_ECHO", ""),
    0x0110: ("N_GET", ""),
    0x0120: ("N_SET", "ModificationList"),
    0x0130: ("N_ACTION", "ActionInformation"),
    0x0140: ("N_CREATE", "AttributeList"),
    0x0150: ("N_DELETE", ""),
}
REPLIES = ("AttributeList", "ActionReply")
NOT_SET = ("CommandField", "CommandDataSetType", "CommandGroupLength")
UID_KEYWORDS = ("AffectedSOPInstanceUID", "RequestedSOPInstanceUID")
REFERENCED_SOP_INSTANCE_UID = 0x00081155


@dataclass(frozen=True, slots=True)
class Played:
    """One request's answer now, and as it was recorded."""

    answer: Answer
    recorded: int | None  # status; None: the recording ends before the answer

    @property
    def differs(self) -> bool:
        return self.recorded is not None and self.recorded != self.answer.status


def replay(
    recording: Recording,
    host: str,
    port: int,
    called_ae: str = "",
    calling_ae: str = "",
    timeout_s: float = 60.0,
    report: Callable[[Played], None] = lambda played: None,
) -> list[Played]:
    """Play the SCU's side; every answer in order, told to `report` as it comes.

    Ends as the recording ended: an association that was aborted then is aborted now. Raises SendFailed when the
    printer cannot be reached, negotiates otherwise than the recorded one, or stops answering.
    """
    header = recording.header
    association = _associate(
        recording, host, port, called_ae or header.called_ae, calling_ae or header.calling_ae, timeout_s
    )
    try:
        player = Player(association, recording)
        with undisturbed(association):
            for played in player.play():
                report(played)
                player.played.append(played)
        if recording.ended in ("aborted", "closed") and association.is_established:
            association.abort()
    finally:
        if association.is_established:
            association.release()
    return player.played


def made_up_pixels(size: int) -> bytes:
    """Stripes of all grey levels.

    >>> made_up_pixels(3), len(made_up_pixels(100_001))
    (b'\\x00\\x00\\x00', 100001)
    """
    return (np.arange(size, dtype=np.uint32) >> 6).astype(np.uint8).tobytes()


class Player:
    """Plays one recording on one association."""

    def __init__(self, association: Association, recording: Recording) -> None:
        self.association, self.recording = association, recording
        self.played: list[Played] = []
        self.uids: dict[str, str] = {}  # given by the recorded printer: given now
        self.syntaxes = {context.id: context.accepted for context in recording.header.contexts}
        self.ids = _context_ids(association, recording.header.contexts)

    def play(self) -> Iterator[Played]:
        """Every request, and its answer. Raises SendFailed."""
        for number, message in enumerate(self.recording.messages):
            field = message.command["CommandField"]
            if message.sender != "scu" or not message.is_request or field not in COMMANDS:
                continue
            answer = self.ask(message)
            recorded = self.recorded_answer(number)
            status = recorded.command.get("Status") if recorded else None
            if recorded:
                self.learn(recorded, answer, message.context)
            name = f"{COMMANDS[int(str(field))][0].replace('_', '-')} {message.command.get('MessageID')}"
            comment = printable(str(answer.ErrorComment or ""))
            yield Played(Answer(name, int(answer.Status), comment), status if isinstance(status, int) else None)

    def recorded_answer(self, number: int) -> Message | None:
        """The recorded answer to a message."""
        wanted = self.recording.messages[number].command.get("MessageID")
        later = self.recording.messages[number + 1 :]
        return next(
            (m for m in later if m.sender == "scp" and m.command.get("MessageIDBeingRespondedTo") == wanted), None
        )

    def ask(self, message: Message) -> Any:
        """Send a request; its answer. Raises SendFailed."""
        name, keyword = COMMANDS[int(str(message.command["CommandField"]))]
        primitive = getattr(dimse_primitives, name)()
        for field, value in message.command.items():
            if field not in NOT_SET and value not in ("", None) and hasattr(primitive, field):
                setattr(primitive, field, self.translated(field, value))
        if keyword and message.data_set is not None:
            setattr(primitive, keyword, BytesIO(self.data_of(message)))
        context = self.ids.get(message.context)
        if context is None:
            raise SendFailed(f"{name}: the printer did not accept the context that the recorded one accepted")
        self.association.dimse.send_msg(primitive, context)
        _, answer = self.association.dimse.get_msg(block=True)
        if answer is None:
            raise SendFailed(f"{name}: the printer closed the association or did not answer in time")
        return answer

    def translated(self, keyword: str, value: CommandValue) -> Any:
        """A value of a command set, with UIDs as they are now."""
        if keyword in UID_KEYWORDS:
            return UID(self.uids.get(str(value), str(value)))
        if keyword == "AttributeIdentifierList" and isinstance(value, list):
            return list(value)
        return UID(str(value)) if keyword.endswith("ClassUID") else value

    def data_of(self, message: Message) -> bytes:
        """A request's data set, with UIDs as they are now."""
        assert message.data_set is not None
        data = message.data_set.encoded(made_up_pixels)
        encoding = ENCODINGS.get(self.syntaxes.get(message.context, ""))
        if not self.uids or encoding is None:
            return data
        changed = bytearray(data)
        for old, offset, length in _references(data, encoding):
            new = self.uids.get(old, old).encode("ascii")
            if len(new) > length:
                return self.encoded_anew(data, self.syntaxes[message.context])
            changed[offset : offset + length] = new.ljust(length, b"\0")
        return bytes(changed)

    def encoded_anew(self, data: bytes, syntax: str) -> bytes:
        """The same where a UID is longer now: its lengths change, and with them those of its sequences."""
        how = UID(syntax)
        data_set = decode(BytesIO(data), how.is_implicit_VR, how.is_little_endian, how.is_deflated)
        for element in data_set.iterall():
            if element.tag == REFERENCED_SOP_INSTANCE_UID:
                element.value = self.uids.get(str(element.value), str(element.value))
        return encode(data_set, how.is_implicit_VR, how.is_little_endian, how.is_deflated) or data

    def learn(self, recorded: Message, answer: Any, context: int) -> None:
        """Which UIDs of the recorded answer are which now: those of the command set, and the references in order."""
        was = str(recorded.command.get("AffectedSOPInstanceUID") or "")
        now = str(getattr(answer, "AffectedSOPInstanceUID", None) or "")
        if was and now:
            self.uids[was] = now
        encoding = ENCODINGS.get(self.syntaxes.get(context, ""))
        stream = next((s for name in REPLIES if (s := getattr(answer, name, None)) is not None), None)
        if encoding is None or recorded.data_set is None or stream is None:
            return
        before = _references(recorded.data_set.encoded(made_up_pixels), encoding)
        after = _references(stream.getvalue(), encoding)
        for (old, *_), (new, *_) in zip(before, after, strict=False):
            self.uids[old] = new


def _references(data: bytes, encoding: Any) -> list[tuple[str, int, int]]:
    """Every Referenced SOP Instance UID: it, its offset, its length."""
    try:
        found = leaves(memoryview(data), encoding)
    except UnreadableDataSet:
        return []
    return [
        (
            data[leaf.offset : leaf.offset + leaf.length].decode("ascii", "replace").strip(" \0"),
            leaf.offset,
            leaf.length,
        )
        for leaf in found
        if leaf.tag == REFERENCED_SOP_INSTANCE_UID
    ]


def _associate(
    recording: Recording, host: str, port: int, called_ae: str, calling_ae: str, timeout_s: float
) -> Association:
    ae = AE(ae_title=calling_ae)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = timeout_s
    ae.maximum_pdu_size = recording.header.max_pdu_bytes
    ae.requested_contexts = [
        build_context(context.abstract_syntax, list(context.transfer_syntaxes)) for context in recording.header.contexts
    ]
    handlers = [(evt.EVT_N_EVENT_REPORT, _take_event)]
    association = ae.associate(
        host,
        port,
        ae_title=called_ae,
        max_pdu=recording.header.max_pdu_bytes,
        evt_handlers=handlers,  # type: ignore[arg-type]
    )
    if not association.is_established:
        raise SendFailed(f"{called_ae} at {host} port {port} rejected the association, or cannot be reached")
    return association


def _take_event(event: evt.Event) -> tuple[int, Dataset | None]:
    return 0x0000, None


def _context_ids(association: Association, contexts: tuple[Context, ...]) -> Mapping[int, int]:
    """The context's id now by its recorded id. Raises SendFailed when the printer chose another transfer syntax."""
    accepted = {context.context_id: context.transfer_syntax[0] for context in association.accepted_contexts}
    found = {}
    for number, context in enumerate(contexts):
        now = 2 * number + 1  # as pynetdicom numbers them
        if context.accepted and now in accepted:
            if accepted[now] != context.accepted:
                raise SendFailed(
                    f"the printer chose {accepted[now].name}; the recording is in {UID(context.accepted).name}"
                )
            found[context.id] = now
    return found
