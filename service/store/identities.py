"""Whose film it is: findings, the state they come to, and what people say of it.

found -> identities.state by printmgr.film.identity.judge
confirm, undo -> an act each, which stays; the state follows, the findings never change by it
"""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from printmgr.film.identity import (
    NOBODY,
    Finding,
    Identity,
    IdentityState,
    Release,
    Source,
    Standing,
    Verdict,
    judge,
    standing,
)
from printmgr.film.patient_names import is_blank, plain_identifier, words
from service.store import narrowing
from service.store.identity_models import FindingRow, IdentityActRow, IdentityRow, IdentityWord
from service.store.identity_search import set_words
from service.store.models import Base, PrintRow
from service.store.narrowing import Keys, Page, begins, one_of
from service.store.prints import NoSuchPrint

MOST_LISTED = 500
TABLES = Base.metadata.tables
IDENTITIES, WORDS = TABLES[IdentityRow.__tablename__], TABLES[IdentityWord.__tablename__]
EVERY = Keys(IDENTITIES, "print_id")


class Act(StrEnum):
    """What can be done about an identity."""

    CONFIRMED = "confirmed"
    UNDONE = "undone"
    RENDERED = "rendered"  # a version of the PDF that carries it


@dataclass(frozen=True, slots=True)
class ActRecord:
    """Who did what, when."""

    id: int
    act: Act
    by: str
    at: int  # microseconds since 1970, UTC
    identity: Identity
    note: str


@dataclass(frozen=True, slots=True)
class IdentityRecord:
    """Whose film a print is, and all that is known about it."""

    print_id: str
    state: IdentityState
    identity: Identity
    candidates: tuple[Identity, ...] = ()
    disagree: tuple[tuple[Source, Source], ...] = ()
    findings: tuple[Finding, ...] = ()
    acts: tuple[ActRecord, ...] = ()


class NotSo(Exception):
    """An identity cannot be confirmed, or its confirmation undone, as things stand."""

    def __init__(self, print_id: str, found: str, expected: str) -> None:
        self.print_id = print_id
        super().__init__(f"the identity of {print_id} {found}; expected {expected}")


def found(connection: Connection, print_id: str, findings: Iterable[Finding]) -> Standing:
    """Keep what was found about a print, in the place of what was found before. A confirmation in force stays."""
    some = list(dict.fromkeys(findings))
    connection.execute(delete(FindingRow).where(FindingRow.print_id == print_id))
    if some:
        connection.execute(insert(FindingRow), [_finding_row(print_id, n, one) for n, one in enumerate(some, start=1)])
    return _stand(connection, print_id, judge(some), _confirmation(connection, print_id))


def standing_of(connection: Connection, print_id: str) -> Standing:
    """Whose film it is now; unknown for a print that nothing was found about yet."""
    row = connection.execute(
        select(IdentityRow.state, IdentityRow.identity).where(IdentityRow.print_id == print_id)
    ).one_or_none()
    return Standing(IdentityState(row.state), _identity(row.identity)) if row else Standing(IdentityState.UNKNOWN)


def released(connection: Connection, print_id: str, rule: Release) -> Identity | None:
    """Under whom a film may go out; None while it may not under anybody."""
    now = standing_of(connection, print_id)
    return now.identity if now.may_go_out(rule) else None


def confirm(connection: Connection, print_id: str, by: str, identity: Identity | None = None) -> ActRecord:
    """A person says whose film it is: `identity`, or the one that the findings propose when None.

    The same confirmation once more changes nothing. Raises NoSuchPrint; NotSo for another one than that in force,
    when nothing is proposed, or without Patient ID and Patient's Name.
    """
    _check_print(connection, print_id)
    wanted = identity or standing_of(connection, print_id).identity
    if is_blank(wanted.patient_id) or is_blank(wanted.patient_name):
        raise NotSo(
            print_id, "would lack a Patient ID or a Patient's Name", "both; nothing proposes them, so give them"
        )
    if not by.strip():
        raise NotSo(print_id, "would be confirmed by nobody", "who confirms it")
    in_force = _confirmation(connection, print_id)
    if in_force is not None:
        if in_force.identity == wanted:
            return in_force
        raise NotSo(print_id, "is confirmed already as another", "to undo that confirmation first")
    act = _note(connection, print_id, Act.CONFIRMED, by, wanted)
    _stand(connection, print_id, _verdict_of(connection, print_id), act)
    return act


def undo(connection: Connection, print_id: str, by: str, why: str = "", confirmation: int | None = None) -> ActRecord:
    """A person takes a confirmation back, the one with this id if given: the state is again what the findings come to.

    Raises NoSuchPrint, NotSo.
    """
    _check_print(connection, print_id)
    in_force = _confirmation(connection, print_id)
    if in_force is None:
        raise NotSo(print_id, "is not confirmed", "a confirmation that can be undone")
    if confirmation not in (None, in_force.id):
        raise NotSo(print_id, "was confirmed anew meanwhile", "the confirmation that was looked at")
    act = _note(connection, print_id, Act.UNDONE, by, in_force.identity, why)
    _stand(connection, print_id, _verdict_of(connection, print_id), None)
    return act


def rendered(connection: Connection, print_id: str, identity: Identity, note: str) -> None:
    """A version of the PDF that carries this identity was made; told once."""
    query = select(IdentityActRow.id).where(
        IdentityActRow.print_id == print_id, IdentityActRow.act == Act.RENDERED, IdentityActRow.note == note
    )
    if connection.execute(query).first() is None:
        _note(connection, print_id, Act.RENDERED, "", identity, note)


def one(connection: Connection, print_id: str) -> IdentityRecord:
    """A print's identity with findings and acts, each in order. Raises NoSuchPrint."""
    _check_print(connection, print_id)
    row = connection.execute(select(IdentityRow.__table__).where(IdentityRow.print_id == print_id)).one_or_none()
    findings = connection.execute(
        select(FindingRow.__table__).where(FindingRow.print_id == print_id).order_by(FindingRow.number)
    ).all()
    acts = connection.execute(
        select(IdentityActRow.__table__).where(IdentityActRow.print_id == print_id).order_by(IdentityActRow.id)
    ).all()
    if row is None:
        return IdentityRecord(print_id, IdentityState.UNKNOWN, NOBODY, acts=tuple(map(_act, acts)))
    return _record(row, tuple(map(_finding, findings)), tuple(map(_act, acts)))


def of(connection: Connection, print_ids: Sequence[str]) -> dict[str, IdentityRecord]:
    """The identities of these prints, without findings and acts; those of which something is known."""
    query = select(IdentityRow.__table__).where(IdentityRow.print_id.in_(list(print_ids)))
    return {row.print_id: _record(row) for row in connection.execute(query)}


def listed(
    connection: Connection,
    states: Iterable[str] = (),
    patient_id: str = "",
    name: str = "",
    before: str = "",
    limit: int = 50,
) -> list[IdentityRecord]:
    """Identities without findings and acts, the newest print first.

    patient_id  the whole identifier; case and blanks do not matter
    name        words that the name's words begin with, in any order
    before      only prints older than this id: the last one of the page before
    """
    wanted, wanted_words = tuple(states), words(name)
    if name.strip() and not wanted_words:
        return []
    asked = [begins(connection, WORDS, word, "print_id") for word in wanted_words]
    if wanted:
        asked.append(one_of(IDENTITIES, "state", wanted, "print_id"))
    if patient_id:
        asked.append(one_of(IDENTITIES, "patient_id", [plain_identifier(patient_id)], "print_id"))
    page = Page(min(limit, MOST_LISTED), before or None)
    query = page.of(IDENTITIES.c.print_id, select(IDENTITIES))
    if asked:
        query = query.where(IDENTITIES.c.print_id.in_(narrowing.found(connection, EVERY, asked, page)))
    return [_record(row) for row in connection.execute(query)]


# Inside


def _stand(connection: Connection, print_id: str, verdict: Verdict, in_force: ActRecord | None) -> Standing:
    """Write down whose film it is."""
    now = standing(verdict, in_force.identity if in_force else None)
    values = {
        "state": now.state,
        "patient_id": plain_identifier(now.identity.patient_id),
        "identity": _json(now.identity),
        "verdict": json.dumps(asdict(verdict)),
        "act_id": in_force.id if in_force else None,
        "changed_at": time.time_ns() // 1000,
    }
    change = update(IdentityRow).where(IdentityRow.print_id == print_id)
    if connection.execute(change.values(**values)).rowcount == 0:
        connection.execute(insert(IdentityRow).values(print_id=print_id, **values))
    set_words(connection, print_id, words(now.identity.patient_name))
    return now


def _confirmation(connection: Connection, print_id: str) -> ActRecord | None:
    """The confirmation in force."""
    query = (
        select(IdentityActRow.__table__)
        .join(IdentityRow, IdentityRow.act_id == IdentityActRow.id)
        .where(IdentityRow.print_id == print_id)
    )
    row = connection.execute(query).one_or_none()
    return _act(row) if row else None


def _verdict_of(connection: Connection, print_id: str) -> Verdict:
    rows = connection.execute(select(FindingRow.__table__).where(FindingRow.print_id == print_id))
    return judge(map(_finding, rows))


def _check_print(connection: Connection, print_id: str) -> None:
    if connection.execute(select(PrintRow.id).where(PrintRow.id == print_id)).first() is None:
        raise NoSuchPrint(print_id)


def _note(connection: Connection, print_id: str, act: Act, by: str, identity: Identity, note: str = "") -> ActRecord:
    at = time.time_ns() // 1000
    row = insert(IdentityActRow).values(print_id=print_id, act=act, by=by, at=at, identity=_json(identity), note=note)
    key = connection.execute(row).inserted_primary_key
    assert key is not None
    return ActRecord(key[0], act, by, at, identity, note)


def _finding_row(print_id: str, number: int, finding: Finding) -> dict[str, object]:
    return {
        "print_id": print_id,
        "number": number,
        "source": finding.source,
        "place": finding.where,
        "raw": finding.raw,
        "identity": _json(finding.identity),
    }


def _finding(row: Row[Any]) -> Finding:
    return Finding(Source(row.source), _identity(row.identity), row.place, row.raw)


def _act(row: Row[Any]) -> ActRecord:
    return ActRecord(row.id, Act(row.act), row.by, row.at, _identity(row.identity), row.note)


def _record(row: Row[Any], findings: Sequence[Finding] = (), acts: Sequence[ActRecord] = ()) -> IdentityRecord:
    verdict = json.loads(row.verdict)
    return IdentityRecord(
        row.print_id,
        IdentityState(row.state),
        _identity(row.identity),
        tuple(Identity(**one) for one in verdict["candidates"]),
        tuple((Source(a), Source(b)) for a, b in verdict["disagree"]),
        tuple(findings),
        tuple(acts),
    )


def _json(identity: Identity) -> str:
    """Without what is not known."""
    return json.dumps({name: value for name, value in asdict(identity).items() if value})


def _identity(text: str) -> Identity:
    return Identity(**json.loads(text))
