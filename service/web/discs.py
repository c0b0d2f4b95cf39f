"""Discs as pages and the REST interface show and order them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.audit import Action, note
from service.spool import local_now
from service.store import discs as disc_store
from service.store import study_queries
from service.store.discs import DiscRecord, NewDisc, VolumeRecord
from service.store.engine import Store
from service.store.jobs import JobState
from service.store.study_queries import StudyRecord
from service.web.callers import Caller
from service.web.errors import BadValue, NeedsConfirmation, NotFound
from service.web.planning import Draft
from service.web.site import Site

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from media.pipeline import BuildOrder

RELATIONS = ("patient", "guardian", "physician", "institution", "other")
MOST_STUDIES = 500
MEDIA_OFFERED = ("CD-R-700", "DVD-R", "DVD-DL", "BD-R", "BD-DL", "USB-8G", "USB-32G")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants on a disc."""

    study_uids: tuple[str, ...]
    medium: str = ""  # nothing: the preset's, else a CD
    profile: str = ""
    leave_out: tuple[str, ...] = ()
    two_patients: bool = False  # somebody said that this is meant
    preset: str = ""  # of the settings; medium and profile are its own then, unless they are given


@dataclass(frozen=True, slots=True)
class Plan:
    """What the disc would become, and what somebody should think about first."""

    draft: Draft
    studies: tuple[StudyRecord, ...]
    patients: tuple[tuple[str, str], ...]  # Patient ID, name
    before: tuple[DiscRecord, ...]  # discs with one of these studies


def discs(store: Store, after: str = "", limit: int = 50, state: str = "", patient_id: str = "") -> list[DiscRecord]:
    """Discs without their volumes, the newest first."""
    with store.read() as connection:
        return disc_store.listed(connection, after, limit, state, patient_id)


def disc(store: Store, disc_id: str) -> DiscRecord:
    """Raises NoSuchDisc."""
    with store.read() as connection:
        return disc_store.one(connection, disc_id)


def volumes(store: Store, after: str = "", limit: int = 50) -> list[VolumeRecord]:
    """Finished volumes of all discs, the newest first."""
    with store.read() as connection:
        return disc_store.volumes(connection, before=after, limit=limit)


def plan(site: Site, wish: Wish) -> Plan:
    """What a wish would become. Raises BadValue, MediaError."""
    studies = _studies(site.store, wish)
    order = _order(site, wish)
    with site.store.read() as connection:
        before = disc_store.with_studies(connection, wish.study_uids)
    return Plan(site.planner.draft(order), tuple(studies), patients_of(studies), tuple(before))


def make(site: Site, caller: Caller, wish: Wish) -> str:
    """Order a disc; its id. Raises BadValue, NeedsConfirmation, MediaError."""
    from service.wiring.discs import order_disc

    studies = _studies(site.store, wish)
    patients = patients_of(studies)
    if len({patient_id for patient_id, _ in patients}) > 1 and not wish.two_patients:
        raise NeedsConfirmation(
            f"the studies are of {len(patients)} patients; expected one patient a disc, or that it is said to be meant"
        )

    def also(connection: "Connection", made: NewDisc) -> None:
        entry = caller.entry(Action.CHANGE, "disc", made.id, patients, f"ordered, {len(studies)} studies")
        note(connection, entry)

    return order_disc(site.settings, _order(site, wish), caller.name, also)


def confirm(site: Site, caller: Caller, disc_id: str) -> None:
    """Confirm a disc of several patients that somebody else ordered. Raises NoSuchDisc, NotNow."""
    from service.jobs import NotNow
    from service.second_person import CannotConfirm
    from service.second_person import confirm as confirm_disc

    try:
        confirm_disc(site.store, disc_id, caller.name, caller.role, caller.address)
    except CannotConfirm as error:
        raise NotNow(str(error)) from None


def release(
    site: Site, caller: Caller, disc_id: str, *, to_whom: str, relation: str, reason: str, identified_by: str
) -> None:
    """Note that a disc is handed out. Raises NoSuchDisc, NotNow, BadValue."""
    from service.jobs import NotNow

    found = disc(site.store, disc_id)
    if found.state is not JobState.DONE:
        raise NotNow(f"disc {disc_id} is {found.state}; expected one that is verified")
    if relation not in RELATIONS:
        raise BadValue(f"relation is {relation!r}; expected one of {', '.join(RELATIONS)}")
    if not to_whom.strip():
        raise BadValue("to whom is empty; expected who takes the disc")
    with site.store.write() as connection:
        disc_store.release(
            connection,
            disc_id,
            to_whom=to_whom.strip(),
            relation=relation,
            reason=reason.strip(),
            identified_by=identified_by.strip(),
            released_by=caller.name,
        )
        entry = caller.entry(Action.RELEASE, "disc", disc_id, _patient(found), f"to {relation}: {to_whom.strip()}")
        note(connection, entry)


def file_of(site: Site, disc_id: str, number: int) -> tuple[Path, str]:
    """A volume's image or ZIP. Raises NoSuchDisc, NotFound."""
    found = disc(site.store, disc_id)
    volume = next((one for one in found.volumes if one.number == number), None)
    if volume is None:
        raise NotFound(f"disc {disc_id} has {len(found.volumes)} finished volumes; there is none with number {number}")
    for name in volume.written:
        path = Path(found.output) / name
        if path.is_file():
            return path, f"{volume.file_set_id or 'DISC'}-{disc_id[:15]}-{number}{path.suffix}"
    raise NotFound(f"volume {number} of disc {disc_id} is not there any more, or is a folder")


def exported(store: Store, caller: Caller, found: DiscRecord, detail: str) -> None:
    """Note that a disc left as a file."""
    with store.write() as connection:
        note(connection, caller.entry(Action.EXPORT, "disc", found.id, _patient(found), detail))


def patients_of(studies: Sequence[StudyRecord]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys((one.patient_id, one.patient_name) for one in studies))


def _patient(found: DiscRecord) -> tuple[tuple[str, str], ...]:
    return ((found.patient_id, found.patient_name),) if found.patient_id or found.patient_name else ()


def _studies(store: Store, wish: Wish) -> list[StudyRecord]:
    if not wish.study_uids:
        raise BadValue("no study is chosen; expected at least one")
    if len(wish.study_uids) > MOST_STUDIES:
        raise BadValue(f"{len(wish.study_uids)} studies are chosen; expected up to {MOST_STUDIES}")
    with store.read() as connection:
        return [study_queries.one(connection, uid) for uid in wish.study_uids]


def _order(site: Site, wish: Wish) -> "BuildOrder":
    from media.build.companions import Imprint
    from media.fileset.media import WRITTEN_AS_IMAGE
    from media.fileset.model import Reason
    from media.fileset.order import DiscOrder
    from media.fileset.targets import target_of
    from media.pipeline import BuildOrder

    if unknown := sorted(set(wish.leave_out) - set(Reason)):
        raise BadValue(f"leave_out has {unknown[0]!r}; expected some of {', '.join(Reason)}")
    order = DiscOrder(
        created=local_now().isoformat(timespec="seconds"),
        profile=wish.profile,
        medium=wish.medium or MEDIA_OFFERED[0],
        leave_out=frozenset(map(Reason, wish.leave_out)),
        derive=True,
    )
    sources = tuple(f"inbox:{uid}" for uid in dict.fromkeys(wish.study_uids))
    if wish.preset:
        return _order_by_preset(site, wish, sources, order.created)
    target = target_of(order)  # what cannot be carried out is said now
    writers = () if target.file_system in WRITTEN_AS_IMAGE else ("zip",)  # a folder cannot be downloaded
    web = site.settings.web
    imprint = Imprint(web.institution, web.contact)
    return BuildOrder(sources=sources, output="", disc=order, imprint=imprint, writers=writers)


def _order_by_preset(site: Site, wish: Wish, sources: tuple[str, ...], created: str) -> "BuildOrder":
    from media.fileset.model import Reason
    from service.wiring.presets import order_by_preset

    given = {"medium": wish.medium, "profile": wish.profile, "leave_out": frozenset(map(Reason, wish.leave_out))}
    other: dict[str, Any] = {key: value for key, value in given.items() if value}
    return order_by_preset(site.settings, wish.preset, sources, created, **other)
