"""Films as pages and the REST interface show them: what was printed, whose it is, where it went."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from printmgr.film.identity import Identity, IdentityState
from printmgr.sinks import FilmPrinterSink, PaperSink
from service import identities as identities_said
from service.audit import Action, note
from service.config import Settings
from service.identities import SaidBy
from service.store import film_queries, identities, prints
from service.store.engine import Store
from service.store.identities import IdentityRecord
from service.store.prints import PrintRecord
from service.web.callers import Caller
from service.web.errors import BadValue
from service.web.site import Site
from service.web.worklist import Offer

MOST_MERGED = 100
OUTPUTS = (FilmPrinterSink, PaperSink)


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


def outputs_of(settings: Settings, printer: str) -> list[str]:
    """The sinks of a printer that put its films on paper or film, by name."""
    own = next((one.sinks for one in settings.printers if one.ae_title == printer), [])
    return [sink.name for sink in settings.sinks if sink.name in own and isinstance(sink, OUTPUTS)]


def confirm(site: Site, caller: Caller, film_id: str, identity: Identity) -> None:
    """Say whose film it is. Raises NoSuchPrint, NotSo."""
    identities_said.confirm(site.store, film_id, _by(caller), identity)


def undo(site: Site, caller: Caller, film_id: str, why: str, confirmation: int | None = None) -> None:
    """Take that back; only the confirmation with this id when given. Raises NoSuchPrint, NotSo."""
    identities_said.undo(site.store, film_id, _by(caller), why, confirmation)


def send(site: Site, caller: Caller, film_id: str, sink: str) -> None:
    """Have a film delivered to a sink, again if it was there already. Raises NoSuchPrint, NoSuchDelivery, BadValue."""
    if sink not in sinks_of(site.settings):
        raise BadValue(f"there is no sink {sink!r}; expected one of {', '.join(sinks_of(site.settings))}")
    _deliver(site, caller, film_id, Action.EXPORT, [sink])


def print_again(site: Site, caller: Caller, film_id: str) -> None:
    """Have a film printed again where its printer prints. Raises NoSuchPrint, NoSuchDelivery, BadValue."""
    outputs = outputs_of(site.settings, film(site.store, film_id).printer)
    if not outputs:
        raise BadValue("its printer puts nothing on paper or film; expected such a sink among the printer's")
    _deliver(site, caller, film_id, Action.PRINT, outputs)


def searched(store: Store, caller: Caller, text: str, found: Sequence[Offer]) -> None:
    """Note that somebody searched the worklist."""
    who = {(one.entry.identity.patient_id, one.entry.identity.patient_name) for one in found}
    with store.write() as connection:
        note(connection, caller.entry(Action.SEARCH, "worklist", text.strip()[:200], tuple(sorted(who))))


def _deliver(site: Site, caller: Caller, film_id: str, action: Action, sinks: Sequence[str]) -> None:
    from service.wiring.films import deliver_again

    found = film(site.store, film_id)
    what = "printed again on" if action is Action.PRINT else "to"
    entries = {sink: caller.entry(action, "film", film_id, patients_of([found]), f"{what} {sink}") for sink in sinks}
    deliver_again(site.settings, site.store, film_id, entries)


def _by(caller: Caller) -> SaidBy:
    return SaidBy(caller.name, caller.role, caller.address)


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
