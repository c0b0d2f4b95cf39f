"""The ledger: a chain that shows every change, and a collector that gets all of it in order."""

import base64
import re
import socket
import ssl
import subprocess
import threading
from xml.etree import ElementTree as Xml

import pytest
from sqlalchemy import text

from service.audit import Action, message, note
from service.audit_syslog import Forwarder
from service.settings.web import Audit
from service.store import audit
from service.store.audit import Entry
from service.store.engine import Store
from tests.commands import printmgr
from tests.databases import new_database

PERSON = "Müller^Änne<script>"


@pytest.fixture
def store(tmp_path):
    url = f"sqlite:///{tmp_path / 'printmgr.db'}"
    new_database(url)
    made = Store(url)
    yield made
    made.close()


def fill(store: Store, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        with store.write() as connection:
            note(connection, Entry(Action.VIEW, "anna", "desk", "10.0.0.1", "film", f"f{number}", (("P1", PERSON),)))


def test_a_whole_chain_is_whole(store):
    fill(store, 25)
    with store.read() as connection:
        verdict = audit.verify(connection)
        assert (verdict.rows, verdict.faults) == (25, ())
        assert audit.verify(connection, audit.listed(connection)[-1].hash).faults == ()
        assert audit.verify(connection, "0" * 64).faults == (f"no row has the hash {'0' * 64}",)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE audit SET who = 'eve' WHERE number = 7", "row 7 was changed"),
        ("UPDATE audit SET patients = '[]' WHERE number = 7", "row 7 was changed"),
        ("UPDATE audit SET at = at + 1 WHERE number = 7", "row 7 was changed"),
        ("DELETE FROM audit WHERE number = 7", "row 8 follows row 6"),
        ("DELETE FROM audit WHERE number = 20", "the ledger ends with row 19"),
        ("UPDATE audit SET number = 99 WHERE number = 7", "row 99 follows"),
        ("UPDATE audit SET hash = previous WHERE number = 7", "row 8 does not follow"),
    ],
)
def test_a_changed_ledger_is_found(store, damage, found):
    fill(store, 20)
    with store.write() as connection:
        connection.execute(text(damage))
    with store.read() as connection:
        assert any(found in fault for fault in audit.verify(connection).faults)


def test_a_chain_that_was_made_anew_is_found_by_what_somebody_noted(store):
    """Who may write the database can chain all rows again; not the hash on a sheet of paper."""
    fill(store, 20)
    with store.read() as connection:
        noted = audit.verify(connection).head
    with store.write() as connection:
        connection.execute(text("UPDATE audit SET who = 'eve' WHERE number = 7"))
        previous = audit.START
        for row in connection.execute(text("SELECT * FROM audit ORDER BY number")).all():
            values = row._asdict() | {"previous": previous}
            values["hash"] = audit.chained(previous, values)
            change = text("UPDATE audit SET previous = :previous, hash = :hash WHERE number = :number")
            connection.execute(change, {name: values[name] for name in ("previous", "hash", "number")})
            previous = values["hash"]
        connection.execute(text("UPDATE audit_head SET hash = :hash"), {"hash": previous})
    with store.read() as connection:
        assert audit.verify(connection).faults == ()
        assert audit.verify(connection, noted).faults == (f"no row has the hash {noted}",)


def test_an_entry_goes_with_what_it_tells_of(store):
    with pytest.raises(RuntimeError), store.write() as connection:
        note(connection, Entry(Action.CHANGE, "anna"))
        raise RuntimeError
    with store.read() as connection:
        assert audit.verify(connection).rows == 0


def test_many_threads_make_one_chain(store):
    threads = [threading.Thread(target=fill, args=(store, 20, at * 100)) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        assert (audit.verify(connection).rows, audit.verify(connection).faults) == (120, ())


def test_the_command_checks_the_chain(store, tmp_path):
    fill(store, 5)
    good = printmgr("audit", "verify", PRINTMGR_DATA_DIR=tmp_path)
    assert good.returncode == 0 and "5 rows, whole" in good.stdout
    with store.write() as connection:
        connection.execute(text("UPDATE audit SET detail = 'x' WHERE number = 3"))
    bad = printmgr("audit", "verify", PRINTMGR_DATA_DIR=tmp_path)
    assert bad.returncode == 1 and "row 3 was changed" in bad.stdout


# The collector


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    out = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(
        ["openssl", *command.split(), "-addext", "subjectAltName=IP:127.0.0.1", *out],
        check=True,
        capture_output=True,
    )
    return folder


class Collector:
    """A syslog collector over TLS that keeps what it reads (RFC 5425); `most` messages a connection, then it breaks."""

    def __init__(self, folder, port: int = 0) -> None:
        self.got: list[bytes] = []
        self.most = 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(plain, server_side=True) as stream:
                    self._read(stream)
            except OSError:
                plain.close()

    def _read(self, stream: ssl.SSLSocket) -> None:
        read = stream.makefile("rb")
        count = 0
        while True:
            length = b""
            while (char := read.read(1)) not in (b" ", b""):
                length += char
            if not length:
                stream.unwrap()
                return
            self.got.append(read.read(int(length)))
            count += 1
            if self.most and count >= self.most:
                linger = b"\x01\0\0\0\0\0\0\0"
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)  # a reset, as of a process that died
                raise ConnectionResetError

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a connection
        self._thread.join()
        self._socket.close()


def numbers(got: list[bytes]) -> list[int]:
    """The ledger's numbers in messages, in the order they came."""
    found = []
    for one in got:
        told = Xml.fromstring(one.split(b"\xef\xbb\xbf", 1)[1])
        details = told.iter("ParticipantObjectDetail")
        found.append(next(int(base64.b64decode(each.get("value"))) for each in details if each.get("type") == "ledger"))
    return found


def test_a_collector_away_for_a_thousand_events_gets_all_in_order(store, certificate):
    """Away, then dying in the middle of a batch, then well: nothing is lost, nothing overtakes."""
    collector = Collector(certificate)
    port = collector.port
    collector.close()
    settings = Audit(host="127.0.0.1", port=port, ca=certificate / "cert.pem")
    forwarder = Forwarder(settings, store, "test")
    with store.write() as connection:
        for number in range(1000):
            note(connection, Entry(Action.EXPORT, "anna", "desk", "10.0.0.1", "film", f"f{number}", (("P1", PERSON),)))
    with pytest.raises(OSError):
        forwarder.send_batch()
    with store.read() as connection:
        assert len(audit.unsent(connection, 2000)) == 1000
    collector = Collector(certificate, port)
    collector.most = 70
    with pytest.raises(OSError):
        forwarder.send_batch()
    broken = len(collector.got)
    assert 0 < broken <= 70
    collector.most = 0
    while forwarder.send_batch():
        pass
    collector.close()
    assert numbers(collector.got[broken:]) == list(range(1, 1001))
    assert numbers(collector.got[:broken]) == list(range(1, broken + 1))
    with store.read() as connection:
        assert audit.unsent(connection, 10) == []


def test_a_collector_with_another_certificate_gets_nothing(store, certificate, tmp_path):
    collector = Collector(certificate)
    fill(store, 1)
    with pytest.raises(ssl.SSLCertVerificationError):
        Forwarder(Audit(host="127.0.0.1", port=collector.port), store, "test").send_batch()
    collector.close()
    assert collector.got == []


def test_the_frame_is_syslogs(store, certificate):
    collector = Collector(certificate)
    fill(store, 1)
    settings = Audit(host="127.0.0.1", port=collector.port, ca=certificate / "cert.pem", site="St. Elsewhere")
    assert Forwarder(settings, store, "desk7").send_batch() == 1
    collector.close()
    head = collector.got[0].split(b"\xef\xbb\xbf", 1)[0].decode()
    assert re.fullmatch(r"<85>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z desk7 printmgr \d+ DICOM\+RFC3881 - ", head), (
        head
    )


@pytest.mark.parametrize("action", list(Action))
def test_every_action_is_a_message_of_the_schema(store, action):
    """PS3.15 A.5.1: what must be there, in its order, with codes that are whole."""
    kinds = ["film", "disc", "study", "person", "token", "job", "studies", ""]
    for kind in kinds:
        with store.write() as connection:
            note(
                connection, Entry(action, "anna", "desk", "::1", kind, kind and "1.2", (("P<1>", PERSON),), "why\0 & ")
            )
    with store.read() as connection:
        records = audit.listed(connection, limit=len(kinds))
    for record in records:
        told = Xml.fromstring(message(record, "printmgr", "site"))
        assert [child.tag for child in told][:4] == [
            "EventIdentification",
            "ActiveParticipant",
            "ActiveParticipant",
            "AuditSourceIdentification",
        ]
        event = told[0]
        assert event.get("EventOutcomeIndicator") == "0" and event.get("EventActionCode") in "CRUDE"
        assert event[0].tag == "EventID"
        for coded in (one for one in told.iter() if one.get("csd-code") and one.tag != "AuditSourceTypeCode"):
            assert coded.get("codeSystemName") and coded.get("originalText")
        for thing in told.iter("ParticipantObjectIdentification"):
            tags = [child.tag for child in thing]
            assert tags[0] == "ParticipantObjectIDTypeCode"
            assert tags[1] in ("ParticipantObjectName", "ParticipantObjectQuery")
        names = [one.findtext("ParticipantObjectName") for one in told.iter("ParticipantObjectIdentification")]
        assert PERSON in names
