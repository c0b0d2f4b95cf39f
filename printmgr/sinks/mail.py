"""Films as mail: the PDF attached, over SMTP with TLS."""

import smtplib
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid, parseaddr
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from printmgr.errors import DeliveryFailed, SinkDown, Undeliverable
from printmgr.film.identity import Identity
from printmgr.ports import ONCE, Print, Sending
from printmgr.sinks.settings import Host, Port, Seconds, Secret, SinkSettings, one_line, read_secret, tls_context

PERMANENT = range(500, 600)
BASE64 = 78 / 57  # a line of 57 bytes takes 76 characters and its end (RFC 2045 6.8)
TEXT_BYTES = 4096  # headers and text, generously


def mail_address(value: str) -> str:
    """Raises ValueError for what is no single address."""
    if not value.isascii() or not value.isprintable() or "@" not in parseaddr(value)[1]:
        raise ValueError("expected a mail address such as films@example.org")
    return value


Address = Annotated[str, AfterValidator(mail_address)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSink(SinkSettings):
    """Mails every film from `sender` to `recipients` by way of the server `host`."""

    kind: Literal["mail"] = "mail"
    host: Host
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"  # tls: from the first byte, usually on port 465
    user: str = ""
    password: Secret = ""
    sender: Address
    recipients: Annotated[tuple[Address, ...], Field(min_length=1)]
    identity: bool = True  # the text names the patient; a film waits until it may go out under one
    patient_in_subject: bool = False  # subjects are seen on locked screens and in servers' logs
    max_bytes: Annotated[int, Field(ge=10_000)] = 20_000_000  # of a whole mail
    ca_file: Path | None = None
    timeout_s: Seconds = 60.0

    def __post_init__(self) -> None:
        if self.security == "none" and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("security is none; expected starttls or tls, or a server on loopback")
        if self.security == "none" and self.password:
            raise ValueError("security is none while there is a password; expected starttls or tls")

    @property
    def needs_patient(self) -> bool:
        return self.identity

    def deliver(self, print_: Print, pdf: Path, document: Path, sending: Sending = ONCE) -> str:
        """Mail the film; to whom. Raises SinkDown, Undeliverable, DeliveryFailed."""
        size = round(pdf.stat().st_size * BASE64) + TEXT_BYTES
        if size > self.max_bytes:
            raise Undeliverable(f"the mail would have {size} bytes; expected at most {self.max_bytes} (max_bytes)")
        mail = self._mail(print_, sending, "Film", text_of(print_, sending))
        mail.add_attachment(
            pdf.read_bytes(), maintype="application", subtype="pdf", filename=f"{sending.name(print_)}.pdf"
        )
        return self._send(mail)

    def correct(self, print_: Print, sending: Sending, why: str) -> str:
        """Mail that the film is not that patient's. Raises as `deliver`."""
        text = f"The film of the mail before is withdrawn: {why}.\nDelete it, or ask whose it is.\n\n"
        return self._send(self._mail(print_, sending, "Withdrawn: film", text + text_of(print_, sending)))

    def probe(self) -> str:
        """Mail a few words to the recipients. Raises as `deliver`."""
        mail = self._addressed("Test mail", "A test: films will come from this address. Nothing is to be done.\n")
        mail["Date"] = localtime()
        mail["Message-ID"] = make_msgid(domain=parseaddr(self.sender)[1].rpartition("@")[2])
        return f"a test mail through {self.host} port {self.port}: {self._send(mail)}"

    def _addressed(self, subject: str, text: str) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = subject, self.sender, ", ".join(self.recipients)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        return mail

    def _mail(self, print_: Print, sending: Sending, what: str, text: str) -> EmailMessage:
        name = sending.name(print_)
        subject = f"{what} {name}"
        if self.patient_in_subject and sending.patient:
            subject += f", {line(sending.patient.patient_name)}, {line(sending.patient.patient_id)}"
        mail = self._addressed(subject, text)
        mail["Date"] = format_datetime(datetime.fromisoformat(print_.ordered_at))
        kind = what.partition(" ")[0].strip(":").lower()
        mail["Message-ID"] = f"<{name}.{kind}@{parseaddr(self.sender)[1].rpartition('@')[2]}>"
        return mail

    def _send(self, mail: EmailMessage) -> str:
        try:
            with self._server() as server:
                refused = server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            raise self._failed(error, *next(iter(error.recipients.values()))) from error
        except smtplib.SMTPResponseException as error:
            raise self._failed(error, error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:  # TLS errors are OSErrors
            raise SinkDown(f"{self.host} port {self.port} takes no mail: {one_line(str(error))}") from error
        return self._place(refused)

    def _place(self, refused: Mapping[str, tuple[int, bytes]]) -> str:
        """To whom it went, and to whom not: trying again would send it once more to those who have it."""
        place = "mail to " + ", ".join(one for one in self.recipients if parseaddr(one)[1] not in refused)
        said = (f"{one}: {code} {one_line(text.decode('utf-8', 'replace'))}" for one, (code, text) in refused.items())
        return place + (f"; refused {', '.join(said)}" if refused else "")

    def _server(self) -> smtplib.SMTP:
        """A connection that is secure and signed in as the settings want it."""
        with ExitStack() as until_ready:
            if self.security == "tls":
                context = tls_context(self.ca_file)
                server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=context)
            else:
                server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
            until_ready.callback(server.close)
            if self.security == "starttls":
                server.starttls(context=tls_context(self.ca_file))
            if self.user:
                server.login(self.user, read_secret(self.password))
            until_ready.pop_all()
        return server

    def _failed(self, error: smtplib.SMTPException, code: int, said: bytes | str) -> DeliveryFailed:
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        text = f"{self.host} answered {code} {one_line(words)}"
        if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPConnectError | smtplib.SMTPHeloError):
            return SinkDown(text)
        return Undeliverable(text) if code in PERMANENT else DeliveryFailed(text)


def text_of(print_: Print, sending: Sending) -> str:
    """The mail's text; nothing of a patient but `sending.patient`."""
    printer = print_.printer.name or print_.printer.ae_title
    lines = [f"Film {print_.id}", f"Printed {print_.ordered_at} by {print_.caller.calling_ae} on {printer}"]
    lines += [
        f"Film {number}: {film.film_size_id} {film.film_orientation}, {film.image_display_format}"
        for number, film in enumerate(print_.order.films, start=1)
    ]
    if sending.patient is not None:
        lines += ["", *patient_lines(sending.patient)]
    return "\n".join(line(each) for each in lines) + "\n"


def patient_lines(patient: Identity) -> list[str]:
    named = [
        ("Patient", patient.patient_name),
        ("Patient ID", patient.patient_id),
        ("Born", patient.birth_date),
        ("Accession number", patient.accession_number),
        ("Study", patient.description),
    ]
    return [f"{label}: {value}" for label, value in named if value]


def line(text: str) -> str:
    """One line, whatever a data set holds: headers must not be made by it."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
