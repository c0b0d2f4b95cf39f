"""A house of so many studies and films, in either database."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, update

from printmgr.film.patient_names import words
from service.store.audit_models import AuditHead, AuditRow
from service.store.dialects import POSTGRESQL, RawConnection
from service.store.disc_models import DiscRow, StudyWord, VolumeRow
from service.store.engine import Durability, Store, migrate
from service.store.identity_models import IdentityRow, IdentityWord
from service.store.models import Job, PrintRow
from service.store.study_models import InstanceRow, SeriesRow, StudyRow
from service.store.study_search import words_of

INSTANCES = 10  # of a study
STUDIES_OF_A_DISC = 10
BATCH = 20_000
VERDICT = '{"candidates": [], "disagree": []}'
FAMILY = ("Meier", "Müller", "Doe", "Nguyen", "Okafor", "Silva", "Ivanova", "Yamada", "Kim", "Haddad")
GIVEN = ("Anna", "John", "Jane", "Linh", "Ada", "Rosa", "Olga", "Ken", "Min", "Sami", "Mei")
ISO = "2020-01-01T00:00:00+00:00"


def filled(url: str, count: int) -> Store:
    """A database with so many studies and films."""
    migrate(url)
    store = Store(url, Durability.REPEATABLE)
    for first in range(0, count, BATCH):
        with store.write() as connection:
            for table, rows in tables(range(first, min(first + BATCH, count))):
                put(connection, table.__tablename__, rows)
    with store.write() as connection:
        connection.execute(update(AuditHead).values(number=count, sent=count))
    if store.engine.dialect.name == POSTGRESQL:  # as its autovacuum does; nobody does so in our SQLite
        with closing(RawConnection(store.engine)) as connection:
            connection.execute("VACUUM ANALYZE")
    return store


def put(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert as fast as the driver can."""
    columns, values = ", ".join(f'"{name}"' for name in rows[0]), [tuple(row.values()) for row in rows]
    if connection.dialect.name != POSTGRESQL:
        marks = ", ".join("?" * len(rows[0]))
        connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def a_print(number: int) -> str:
    return f"20200101-{number:06}-000000-00000000"


def a_disc(number: int) -> str:
    return f"20200101-{number:06}-000001-00000000"


def name_of(number: int) -> str:
    return f"{FAMILY[number % 10]}^{GIVEN[number % 11]}^Unique{number}"


def tables(numbers: range) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    made = [n for n in numbers if n % STUDIES_OF_A_DISC == 0]
    yield Job, [job_row(a_print(n), "film", n) for n in numbers] + [job_row(a_disc(n), "disc", n) for n in made]
    yield PrintRow, [print_row(n) for n in numbers]
    yield IdentityRow, [identity_row(n) for n in numbers]
    yield IdentityWord, [{"print_id": a_print(n), "word": word} for n in numbers for word in words(name_of(n))]
    yield StudyRow, [study_row(n) for n in numbers]
    yield StudyWord, [{"study_id": n + 1, "word": word} for n in numbers for word in words_of(name_of(n), f"P-{n:06}")]
    yield SeriesRow, [series_row(n) for n in numbers]
    yield InstanceRow, [instance_row(n * INSTANCES + i, n + 1) for n in numbers for i in range(INSTANCES)]
    yield DiscRow, [disc_row(n) for n in made]
    yield VolumeRow, [volume_row(n) for n in made]
    yield AuditRow, [audit_row(n) for n in numbers]


def job_row(id_: str, kind: str, n: int) -> dict[str, Any]:
    state = "failed" if n % 50 == 0 else "done"
    return {"id": id_, "kind": kind, "state": state, "ordered_at": n, "changed_at": n}


def print_row(n: int) -> dict[str, Any]:
    return {
        "id": a_print(n), "kind": "film", "printer": f"P{n % 8}", "slug": "p", "date": f"2020-01-{1 + n // 4000:02}",
        "ordered_at": ISO, "calling_ae": "CT999" if n % 500 == 7 else f"CT{n % 16}",
        "address": "10.0.0.1", "films": 1, "images": 1, "copies": 1, "statuses": "{}",
    }  # fmt: skip


def identity_row(n: int) -> dict[str, Any]:
    state = "conflict" if n % 40 == 0 else "identified"
    some = {"patient_id": f"p-{n:06}", "identity": "{}", "verdict": VERDICT}
    return {"print_id": a_print(n), "state": state, **some, "act_id": None, "changed_at": n}


def study_row(n: int) -> dict[str, Any]:
    state = "incomplete" if n % 40 == 0 else "complete"
    empty = dict.fromkeys(("issuer", "birth_date", "sex", "date", "time", "study_id", "description"), "")
    counts = {"instances": INSTANCES, "conflicts": 0, "other_patients": 0, "size_bytes": 1, "first_at": n, "last_at": n}
    about = {"patient_id": f"P-{n:06}", "patient_name": name_of(n), "accession_number": f"A{n}", "calling_ae": "CT"}
    return {"id": n + 1, "uid": f"1.2.{n}", "state": state, **empty, **about, **counts}


def series_row(n: int) -> dict[str, Any]:
    more = {"number": "1", "modality": "CT", "description": "", "instances": INSTANCES}
    return {"id": n + 1, "study_id": n + 1, "uid": f"1.2.{n}.1", **more}


def instance_row(n: int, series_id: int) -> dict[str, Any]:
    return {
        "id": n + 1, "series_id": series_id, "sop_instance_uid": f"1.3.{n}", "copy": 0, "sop_class_uid": "1.2",
        "number": "1", "transfer_syntax_uid": "1.2", "file": f"run/0/{n}.dcm", "size_bytes": 1, "data_set_at": 1,
        "calling_ae": "CT", "address": "10.0.0.1", "received_at": n,
    }  # fmt: skip


def disc_row(n: int) -> dict[str, Any]:
    ordered = {"ordered_at": n, "ordered_by": "desk", "medium": "cd", "profile": "STD-GEN-CD", "output": "/"}
    return {"id": a_disc(n), **ordered, "patient_id": f"P-{n:06}", "patient_name": name_of(n), "patients": 1}


def volume_row(n: int) -> dict[str, Any]:
    found = {"file_set_id": "DISC", "file_set_uid": f"1.4.{n}", "written": '["disc.iso"]'}
    return {"disc_id": a_disc(n), "number": 1, **found, "instances": INSTANCES, "size_bytes": 1, "verified_at": n}


def audit_row(n: int) -> dict[str, Any]:
    who = {"who": f"person{n % 20}", "role": "desk", "address": "10.0.0.1", "action": ("view", "print")[n % 100 == 0]}
    about = {"object_kind": "film", "object_id": a_print(n), "patients": "[]", "detail": ""}
    return {"number": n + 1, "at": n, "good": 1, **who, **about, "previous": "", "hash": ""}
