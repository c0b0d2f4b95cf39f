"""The mail sink hands films to a real SMTP server, over TLS."""

import email
import email.policy
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from printmgr.errors import DeliveryFailed, SinkDown, Undeliverable
from printmgr.ports import Print, Sending, Sink
from printmgr.sinks.mail import MailSink
from tests.contracts.sink_contract import PATIENT, Received, SinkContract
from tests.printmgr.sinks.conftest import Certificate
from tests.serving import free_port

controller = pytest.importorskip("aiosmtpd.controller")
smtp = pytest.importorskip("aiosmtpd.smtp")
pytestmark = pytest.mark.peer("openssl")
PASSWORD = "of the house"


class Postmaster:
    """Keeps mails; answers RCPT and DATA as it is told to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipient, self.data = "250 OK", "250 OK"
        self.unknown = ""  # a recipient that is refused whatever the others are

    async def handle_RCPT(
        self, server: object, session: object, envelope: object, address: str, options: object
    ) -> str:
        if address == self.unknown:
            return "550 no such box"
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.data.startswith("250"):
            self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return self.data


def only_the_house(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
    known = (data.login, data.password) == (b"films", PASSWORD.encode())
    return smtp.AuthResult(success=known, handled=False)


Serve = Callable[..., int]


@pytest.fixture
def postmaster() -> Postmaster:
    return Postmaster()


@pytest.fixture
def serve(postmaster: Postmaster, certificate: Certificate) -> Iterator[Serve]:
    """Start a server, by default with STARTTLS and a password required; its port."""
    with ExitStack() as running:

        def start(implicit: bool = False) -> int:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            words = {"ssl_context": context} if implicit else {"tls_context": context, "require_starttls": True}
            server = controller.Controller(
                postmaster,
                hostname="127.0.0.1",
                port=free_port(),
                authenticator=only_the_house,
                auth_required=True,
                auth_require_tls=not implicit,
                **words,
            )
            server.start()
            running.callback(server.stop)
            return int(server.port)

        yield start


class TestMailSink(SinkContract):
    @pytest.fixture(autouse=True)
    def password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)

    @pytest.fixture
    def sink(self, serve: Serve, certificate: Certificate) -> Sink:
        return MailSink(
            host="127.0.0.1",
            port=serve(),
            user="films",
            password="env:MAIL_PASSWORD",
            sender="Films <films@house.example>",
            recipients=("ward@house.example", "archive@house.example"),
            ca_file=certificate.certificate,
        )

    @pytest.fixture
    def unreachable(self, sink: Sink) -> Sink:
        return replace(sink, port=free_port())

    @pytest.fixture
    def received(self, postmaster: Postmaster) -> Received:
        return lambda: {mail["Message-ID"]: pdf_of(mail) for mail in postmaster.mails}

    def test_a_probe_is_a_mail_to_everybody(self, sink: Sink, postmaster: Postmaster) -> None:
        assert sink.probe().endswith("mail to ward@house.example, archive@house.example")
        (mail,) = postmaster.mails
        assert (mail["Subject"], mail["To"]) == ("Test mail", "ward@house.example, archive@house.example")
        assert list(mail.iter_attachments()) == []
        postmaster.recipient = "550 no such box"
        with pytest.raises(Undeliverable, match="550 no such box"):
            sink.probe()

    def test_text_and_subject(self, sink: Sink, postmaster: Postmaster, print_: Print) -> None:
        self.deliver(sink, print_)
        (mail,) = postmaster.mails
        assert mail["Subject"] == f"Film {print_.id}"
        assert mail["Message-ID"] == f"<{print_.id}.film@house.example>"
        assert mail["To"] == "ward@house.example, archive@house.example"
        text = mail.get_body().get_content()
        assert "Müller^Änne" in text and "MRN-4711" in text and "14INX17IN" in text
        (attachment,) = mail.iter_attachments()
        assert attachment.get_filename() == f"{print_.id}.pdf" and attachment.get_content_type() == "application/pdf"

    def test_the_subject_names_the_patient_when_allowed(
        self, sink: Sink, postmaster: Postmaster, print_: Print
    ) -> None:
        self.deliver(replace(sink, patient_in_subject=True), print_)
        assert postmaster.mails[0]["Subject"] == f"Film {print_.id}, Müller^Änne, MRN-4711"

    def test_without_identity_nothing_names_the_patient(
        self, sink: Sink, postmaster: Postmaster, print_: Print
    ) -> None:
        quiet = replace(sink, identity=False, patient_in_subject=True)
        self.deliver(quiet, print_)
        whole = "".join(
            part.get_content() for part in postmaster.mails[0].walk() if part.get_content_type() == "text/plain"
        )
        assert "MRN-4711" not in whole + postmaster.mails[0]["Subject"]

    def test_a_name_makes_no_header(self, sink: Sink, postmaster: Postmaster, print_: Print) -> None:
        odd = replace(PATIENT, patient_name="Doe\r\nBcc: spy@example.org\r\n\r\nhello")
        loud = replace(sink, patient_in_subject=True)
        loud.deliver(print_, print_.folder / "film.pdf", print_.folder / "film.json", Sending(odd))
        assert postmaster.mails[0]["Bcc"] is None
        assert len(list(postmaster.mails[0].iter_attachments())) == 1

    def test_tls_from_the_first_byte(self, sink: Sink, postmaster: Postmaster, print_: Print, serve: Serve) -> None:
        self.deliver(replace(sink, port=serve(implicit=True), security="tls"), print_)
        assert len(postmaster.mails) == 1

    def test_a_server_nobody_vouches_for_gets_nothing(self, sink: Sink, postmaster: Postmaster, print_: Print) -> None:
        with pytest.raises(SinkDown, match="certificate"):
            self.deliver(replace(sink, ca_file=None), print_)
        assert postmaster.mails == []

    def test_a_server_without_tls_gets_nothing(self, sink: Sink, postmaster: Postmaster, print_: Print) -> None:
        plain = controller.Controller(postmaster, hostname="127.0.0.1", port=free_port())
        plain.start()
        try:
            with pytest.raises(SinkDown, match="STARTTLS"):
                self.deliver(replace(sink, port=plain.port), print_)
        finally:
            plain.stop()
        assert postmaster.mails == []

    def test_a_wrong_password_waits(self, sink: Sink, print_: Print, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MAIL_PASSWORD", "guessed")
        with pytest.raises(SinkDown, match="535") as caught:
            self.deliver(sink, print_)
        assert "guessed" not in str(caught.value)

    @pytest.mark.parametrize(
        ("recipient", "data", "error"),
        [
            ("550 no such box", "250 OK", Undeliverable),
            ("250 OK", "552 too large", Undeliverable),
            ("451 later", "250 OK", DeliveryFailed),
        ],
    )
    def test_what_the_server_refuses(
        self, sink: Sink, postmaster: Postmaster, print_: Print, recipient: str, data: str, error: type
    ) -> None:
        postmaster.recipient, postmaster.data = recipient, data
        with pytest.raises(error, match=recipient if recipient[0] != "2" else data) as caught:
            self.deliver(sink, print_)
        assert type(caught.value) is error

    def test_who_refused_is_named_and_nobody_gets_it_again(
        self, sink: Sink, postmaster: Postmaster, print_: Print
    ) -> None:
        postmaster.unknown = "archive@house.example"
        place = self.deliver(sink, print_)
        assert place == "mail to ward@house.example; refused archive@house.example: 550 no such box"
        assert len(postmaster.mails) == 1

    def test_too_large_is_said_before_it_is_sent(self, sink: Sink, print_: Print) -> None:
        with (print_.folder / "film.pdf").open("ab") as pdf:
            pdf.truncate(1_000_000)
        with pytest.raises(Undeliverable, match=r"1372[0-9]{3} bytes; expected at most 1000000"):
            self.deliver(replace(sink, max_bytes=1_000_000), print_)

    def test_a_correction_withdraws_the_film(self, sink: Sink, postmaster: Postmaster, print_: Print) -> None:
        sink.correct(print_, Sending(PATIENT), "it is another patient's")
        (mail,) = postmaster.mails
        assert mail["Subject"] == f"Withdrawn: film {print_.id}"
        assert "it is another patient's" in mail.get_content()
        assert not list(mail.iter_attachments())


def pdf_of(mail: EmailMessage) -> bytes:
    (attachment,) = mail.iter_attachments()
    content: bytes = attachment.get_content()
    return content


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipients": []},
        {"recipients": ["nobody"]},
        {"sender": "a@b\nBcc: c@d"},
        {"password": "secret"},
        {"security": "none"},
        {"port": 0},
        {"host": "a b"},
    ],
)
def test_settings_that_are_wrong(wrong: dict[str, object]) -> None:
    good = {"name": "m", "host": "mail.example", "sender": "a@b.example", "recipients": ["c@d.example"]}
    TypeAdapter(MailSink).validate_python(good)
    with pytest.raises(ValidationError):
        TypeAdapter(MailSink).validate_python(good | wrong)
