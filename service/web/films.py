"""Films as pages and the REST interface show them: what was printed, whose it is, where it went."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from printmgr.film.identity import Identity, IdentityState
from service.audit import Action, note
from service.config import Settings
from service.store import deliveries, film_queries, identities, prints
from service.store.engine import Store
from service.store.identities import IdentityRecord
from service.store.prints import PrintRecord
from service.web.callers import Caller
from service.web.errors import BadValue
from service.web.site import Site

MOST_MERGED = 100


@dataclass(frozen=True, slots=True)
class Film:
    """A print with its patient."""

    id: str
    state: str
    error: str
    printer: str
    station: str  # the calling AE title
    address: str
    ordered_at: str
    sheets: int
    images: int
    copies: int
    whose: str  # IdentityState
    patient: dict[str, str]
    films: tuple[dict[str, object], ...] = ()
    deliveries: tuple[dict[str, object], ...] = ()
    findings: tuple[dict[str, object], ...] = ()
    candidates: tuple[dict[str, str], ...] = ()
    acts: tuple[dict[str, object], ...] = ()
    statuses: dict[str, list[int]] | None = None


def films(
    store: Store,
    after: str = "",
    limit: int = 50,
    *,
    down_to: str = "",
    printer: str = "",
    station: str = "",
    date: str = "",
    state: str = "",
    whose: str = "",
    patient_id: str = "",
    name: str = "",
) -> list[Film]:
    """Films without what belongs to each, the newest first, after the id `after`."""
    if whose and whose not in {*IdentityState, film_queries.ANY_UNSURE}:
        raise BadValue(f"whose is {whose!r}; expected {film_queries.ANY_UNSURE} or one of {', '.join(IdentityState)}")
    with store.read() as connection:
        found = film_queries.page(
            connection,
            after,
            limit,
            down_to=down_to,
            printer=printer,
            calling_ae=station,
            date=date,
            state=state,
            whose=whose,
            patient_id=patient_id,
            name=name,
        )
        known = identities.of(connection, [one.id for one in found])
    return [_film(one, known.get(one.id)) for one in found]


def film(store: Store, film_id: str) -> Film:
    """One film with all that is known of it. Raises NoSuchPrint."""
    with store.read() as connection:
        return _film(prints.one(connection, film_id), identities.one(connection, film_id))


def stations(store: Store) -> list[str]:
    """Who printed lately."""
    with store.read() as connection:
        return film_queries.stations(connection)


def unsure(store: Store) -> int:
    """How many films wait for somebody to say whose they are; counted up to 100."""
    with store.read() as connection:
        return film_queries.count_unsure(connection, 100)


def patients_of(found: Sequence[Film]) -> tuple[tuple[str, str], ...]:
    """Of whom films are, for the ledger."""
    who = {(one.patient["patient_id"], one.patient["patient_name"]) for one in found}
    return tuple(sorted(who - {("", "")}))


def looked_at(store: Store, caller: Caller, found: Film) -> None:
    """Note that somebody looked at a film."""
    with store.write() as connection:
        note(connection, caller.entry(Action.VIEW, "film", found.id, patients_of([found])))


def exported(store: Store, caller: Caller, found: Sequence[Film], detail: str) -> None:
    """Note that films left."""
    with store.write() as connection:
        for one in found:
            note(connection, caller.entry(Action.EXPORT, "film", one.id, patients_of([one]), detail))


def sinks_of(settings: Settings) -> list[str]:
    """Where a film can be sent, by name."""
    return [sink.name for sink in settings.sinks]


def confirm(site: Site, caller: Caller, film_id: str, identity: Identity | None) -> None:
    """Say whose film it is. Raises NoSuchPrint, NotSo."""
    with site.store.write() as connection:
        act = identities.confirm(connection, film_id, caller.name, identity)
        deliveries.identity_confirmed(connection, film_id)
        _noted(connection, caller, film_id, act.identity, "confirmed whose film it is")


def undo(site: Site, caller: Caller, film_id: str, why: str) -> None:
    """Take that back. Raises NoSuchPrint, NotSo."""
    with site.store.write() as connection:
        act = identities.undo(connection, film_id, caller.name, why)
        deliveries.identity_undone(connection, film_id, why or "it is not this patient's film")
        _noted(connection, caller, film_id, act.identity, f"undid whose film it is: {why}" if why else "undid whose")


def send(site: Site, caller: Caller, film_id: str, sink: str) -> None:
    """Have a film delivered to a sink, again if it was there already. Raises NoSuchPrint, BadValue."""
    if sink not in sinks_of(site.settings):
        raise BadValue(f"there is no sink {sink!r}; expected one of {', '.join(sinks_of(site.settings))}")
    found = film(site.store, film_id)
    with site.store.write() as connection:
        deliveries.ask_again(connection, film_id, sink)
        note(connection, caller.entry(Action.EXPORT, "film", film_id, patients_of([found]), f"to {sink}"))


def _noted(connection: Connection, caller: Caller, film_id: str, identity: Identity, what: str) -> None:
    who = ((identity.patient_id, identity.patient_name),)
    note(connection, caller.entry(Action.CHANGE, "film", film_id, who, what))


def _film(record: PrintRecord, whose: IdentityRecord | None) -> Film:
    identity = whose.identity if whose else Identity()
    return Film(
        id=record.id,
        state=record.state,
        error=record.error,
        printer=record.printer,
        station=record.calling_ae,
        address=record.address,
        ordered_at=record.ordered_at,
        sheets=record.film_count,
        images=record.images,
        copies=record.copies,
        whose=whose.state if whose else IdentityState.UNKNOWN,
        patient=_known(identity),
        films=tuple(asdict(one) for one in record.films),
        deliveries=tuple(asdict(one) for one in record.deliveries),
        findings=tuple(asdict(one) for one in (whose.findings if whose else ())),
        candidates=tuple(_known(one) for one in (whose.candidates if whose else ())),
        acts=tuple(asdict(one) for one in (whose.acts if whose else ())),
        statuses=record.statuses if record.films else None,
    )


def _known(identity: Identity) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(identity).items()}
