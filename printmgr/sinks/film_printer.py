"""Films on to a real DICOM printer, as the modality asked for them: attributes, Presentation LUTs, annotation, pixels.

Several printers may stand behind one sink: the first that has the film size and is ready takes the print. Nothing is
sent to another one once a film was printed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field

from printmgr.errors import BadPixels, DeliveryFailed, SinkDown, Undeliverable
from printmgr.ports import ONCE, Print, Sending
from printmgr.sinks.settings import AETitle, Host, Port, Seconds, SinkSettings, tls_context

if TYPE_CHECKING:
    from printmgr.scu_association import Peer

LEFT_OUT = ("ProposedStudySequence", "MemoryAllocation")  # what many printers refuse and no film shows


def plain_size(value: str) -> str:
    """A Film Size ID as it is compared.

    >>> plain_size(" 14inx17in ")
    '14INX17IN'
    """
    return "".join(value.split()).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """`[[sinks.printers]]`: one printer."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    host: Host
    port: Port = 104
    ae_title: AETitle
    film_sizes: tuple[Annotated[str, AfterValidator(plain_size)], ...] = ()  # Film Size IDs it has; none given: all


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmPrinterSink(SinkSettings):
    """Prints every film on one of `printers`, the first that can."""

    kind: Literal["film_printer"] = "film_printer"
    printers: Annotated[tuple[Device, ...], Field(min_length=1)]
    calling_ae: AETitle = "PRINTMGR"
    by_session: bool = False  # a session is printed by one N-ACTION, collated; else film by film
    presentation_lut: Literal["send", "leave_out"] = "send"  # leave_out: for a printer that knows none
    leave_out: tuple[str, ...] = LEFT_OUT  # attributes, by keyword, that are never sent
    tls: bool = False
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    timeout_s: Seconds = 60.0

    def deliver(self, print_: Print, pdf: Path, document: Path, sending: Sending = ONCE) -> str:
        """Print it; on which printer. Raises SinkDown, Undeliverable, DeliveryFailed."""
        sizes = {plain_size(film.film_size_id) for film in print_.order.films}
        able = [device for device in self.printers if not device.film_sizes or sizes <= set(device.film_sizes)]
        if not able:
            raise Undeliverable(f"no printer has {', '.join(sorted(sizes))}; expected one whose film_sizes has it")
        down: list[str] = []
        for device in able:
            try:
                return self._print(device, print_, sending)
            except SinkDown as error:
                down.append(str(error))
        raise SinkDown("; ".join(down))

    def probe(self) -> str:
        """Ask each of the printers how it is (Printer, N-GET). Raises DeliveryFailed when one is not ready."""
        from printmgr.sinks.film_forward import NotReady, how_it_is

        told, down = [], []
        for device in self.printers:
            try:
                told.append(f"{device.ae_title}: {how_it_is(self._peer(device))}")
            except NotReady as error:
                down.append(str(error))
        if down:
            raise DeliveryFailed("; ".join(down + told))
        return f"N-GET of the Printer, {'; '.join(told)}"

    def _peer(self, device: Device) -> "Peer":
        from printmgr.scu_association import Peer

        tls = tls_context(self.ca_file, self.certificate_file, self.key_file) if self.tls else None
        return Peer(device.host, device.port, device.ae_title, self.calling_ae, self.timeout_s, tls)

    def _print(self, device: Device, print_: Print, sending: Sending) -> str:
        """Raises SinkDown for a printer in whose place another may print, else DeliveryFailed, Undeliverable."""
        from printmgr.scu_association import SendFailed
        from printmgr.sinks.film_forward import Forward, NotReady, Wishes

        wishes = Wishes(self.by_session, self.presentation_lut == "send", frozenset(self.leave_out))
        forward = Forward(print_, sending.name(print_), wishes)
        try:
            films = forward.to(self._peer(device))
        except BadPixels as error:
            raise Undeliverable(f"an image cannot be sent: {error}") from error
        except NotReady as error:
            raise (DeliveryFailed if forward.printed else SinkDown)(str(error)) from error
        except SendFailed as error:
            raise DeliveryFailed(str(error)) from error
        return f"{films} film{'' if films == 1 else 's'} on {device.ae_title}"
