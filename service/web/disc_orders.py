"""What somebody wants on a disc: whose studies, planned, ordered."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media.sources import INBOX, REMOTE
from service.audit import Action, note
from service.spool import local_now, new_id
from service.store import discs as disc_store
from service.store import study_queries
from service.store.discs import DiscRecord, NewDisc
from service.web.callers import Caller
from service.web.errors import BadValue, NeedsConfirmation
from service.web.planning import Draft
from service.web.site import Site

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from media.fileset.encryption import Encrypt
    from media.pipeline import BuildOrder

MOST_STUDIES = 500
MOST_COPIES = 20
MEDIA_OFFERED = ("CD-R-700", "DVD-R", "DVD-DL", "BD-R", "BD-DL", "USB-8G", "USB-32G")
VIEWERS = ("none", "pictures", "values", "fitting")
OPEN = "none"  # not encrypted, whatever the preset says


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants on a disc. What is empty is as the preset has it."""

    studies: tuple[str, ...]  # Study Instance UIDs of received ones, pacs:ARCHIVE:STUDY_UID of others
    medium: str = ""
    profile: str = ""
    leave_out: tuple[str, ...] = ()
    two_patients: bool = False  # somebody said that this is meant
    preset: str = ""  # of the settings; none: a plain disc
    viewer: str = ""
    encrypt: str = ""
    copies: int = 1
    password: str = field(default="", repr=False)  # typed; "": a new one is made


@dataclass(frozen=True, slots=True)
class Chosen:
    """A study that is to go on a disc."""

    source: str  # of the order
    uid: str
    patient_id: str
    patient_name: str
    date: str
    description: str
    state: str  # of what is here, "" when nothing is
    here: int  # instances
    archive: str = ""  # it is fetched from there first
    there: int | None = None  # instances; None when the archive does not say

    @property
    def name(self) -> str:
        """What a wish calls it."""
        return self.source if self.archive else self.uid


@dataclass(frozen=True, slots=True)
class Plan:
    """What the disc would become, and what somebody should think about first."""

    draft: Draft | None  # of the studies that are here
    studies: tuple[Chosen, ...]
    patients: tuple[tuple[str, str], ...]  # Patient ID, name
    before: tuple[DiscRecord, ...]  # discs with one of these studies
    deidentified: bool
    encrypted: bool

    @property
    def to_fetch(self) -> tuple[Chosen, ...]:
        return tuple(one for one in self.studies if one.archive)

    @property
    def several(self) -> bool:
        """Whether these are studies of several patients."""
        return len({patient_id for patient_id, _ in self.patients}) > 1

    @property
    def buildable(self) -> bool:
        return self.draft.buildable if self.draft else bool(self.to_fetch)


def begin_plan(site: Site, wish: Wish) -> int:
    """Have the studies of a wish that are here read; the number of the draft, 0 when none is here. Raises BadValue."""
    order = order_of(site, wish, chosen(site, wish))
    here = tuple(source for source in order.sources if not source.startswith(REMOTE))
    return site.planner.begin(replace(order, sources=here)) if here else 0


def plan(site: Site, wish: Wish, draft: Draft | None) -> Plan:
    """What a wish would become, by a finished draft."""
    studies = chosen(site, wish)
    with site.store.read() as connection:
        before = disc_store.with_studies(connection, [one.uid for one in studies])
    counted = tuple(_counted(site, one) for one in studies)
    order = order_of(site, wish, studies)
    private = order.deidentify is not None, order.encrypt is not None
    return Plan(draft, counted, patients_of(studies), tuple(before), *private)


def planned(site: Site, wish: Wish) -> Plan:
    """What a wish would become; waits for it. Raises BadValue, MediaError."""
    number = begin_plan(site, wish)
    draft = site.planner.draft(number) if number else None
    return plan(site, wish, draft)


def make(site: Site, caller: Caller, wish: Wish) -> str:
    """Order a disc; its id. Raises BadValue, NeedsConfirmation, MediaError."""
    from service.wiring.discs import order_disc

    studies = chosen(site, wish)
    patients = patients_of(studies)
    if len({patient_id for patient_id, _ in patients}) > 1 and not wish.two_patients:
        raise NeedsConfirmation(
            f"the studies are of {len(patients)} patients; expected one patient a disc, or that it is said to be meant"
        )
    order = order_of(site, wish, studies)
    number = "1 study" if len(studies) == 1 else f"{len(studies)} studies"
    how = [f"ordered, {number}", *filter(None, [wish.preset])]
    how += [f"encrypted ({order.encrypt.method})"] if order.encrypt else []
    how += ["de-identified"] if order.deidentify else []

    def also(connection: "Connection", made: NewDisc) -> None:
        note(connection, caller.entry(Action.CHANGE, "disc", made.id, patients, ", ".join(how)))

    whose = {one.uid: (one.patient_id, one.patient_name) for one in studies}
    disc_id = new_id(local_now())
    with _typed(site, wish, order, disc_id) as order:
        return order_disc(site.settings, order, caller.name, also, whose, disc_id)


def patients_of(studies: Sequence[Chosen]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys((one.patient_id, one.patient_name) for one in studies))


def chosen(site: Site, wish: Wish) -> list[Chosen]:
    """The studies of a wish, each once. Raises BadValue, NoSuchStudy, NotFound, ArchiveDown, ArchiveRefused."""
    if not wish.studies:
        raise BadValue("no study is chosen; expected at least one")
    if len(wish.studies) > MOST_STUDIES:
        raise BadValue(f"{len(wish.studies)} studies are chosen; expected up to {MOST_STUDIES}")
    found: dict[str, Chosen] = {}
    for name in wish.studies:
        one = _remote(site, name) if name.startswith(REMOTE) else _received(site, name)
        if one.archive or one.uid not in found:
            found[one.uid] = one
    return list(found.values())


def _received(site: Site, uid: str) -> Chosen:
    with site.store.read() as connection:
        one = study_queries.one(connection, uid)
    whose = (one.patient_id, one.patient_name, one.date, one.description)
    return Chosen(f"{INBOX}:{uid}", uid, *whose, one.state, one.instances)


def _counted(site: Site, one: Chosen) -> Chosen:
    """With the archive's count, asked for when the list did not have it."""
    if not one.archive or one.there is not None:
        return one
    return replace(one, there=site.archives.count(site.archives.study(one.source)))


def _remote(site: Site, name: str) -> Chosen:
    one = site.archives.study(name)
    with site.store.read() as connection:
        (here, *_) = [*study_queries.these(connection, [one.uid]), None]
    whose = (one.patient_id, one.patient_name, one.date, one.description)
    state, instances = (here.state, here.instances) if here else ("", 0)
    return Chosen(name, one.uid, *whose, state, instances, one.archive, one.instances)


def order_of(site: Site, wish: Wish, studies: Sequence[Chosen]) -> "BuildOrder":
    """The order of a wish; a password that was typed is not in it. Raises BadValue, BadOrder."""
    from media.encryption import as_ordered
    from media.fileset.media import WRITTEN_AS_IMAGE
    from media.fileset.model import Reason
    from media.fileset.targets import target_of
    from service.wiring.presets import order_by_preset, preset_of

    if unknown := sorted(set(wish.leave_out) - set(Reason)):
        raise BadValue(f"leave_out has {unknown[0]!r}; expected some of {', '.join(Reason)}")
    if not 1 <= wish.copies <= MOST_COPIES:
        raise BadValue(f"copies is {wish.copies}; expected 1 to {MOST_COPIES}")
    preset = preset_of(site.settings, wish.preset)
    leave_out = frozenset(preset.leave_out) | frozenset(map(Reason, wish.leave_out))
    other: dict[str, Any] = {"leave_out": leave_out, "copies": wish.copies}
    if wish.medium or wish.profile:  # one of them chooses the other
        other |= {"medium": wish.medium, "profile": wish.profile}
    encrypt = _encryption(wish.encrypt, preset.encrypt)
    if wish.viewer or (encrypt and encrypt.method == "cms"):
        other["viewer"] = _shows(wish.viewer or "none")
    created = local_now().isoformat(timespec="seconds")
    sources = tuple(one.source for one in studies)
    order = order_by_preset(site.settings, wish.preset, sources, created, encrypt=encrypt, **other)
    target = target_of(as_ordered(order.disc, order.encrypt) if order.encrypt else order.disc)
    if not order.writers and target.file_system not in WRITTEN_AS_IMAGE:  # a folder cannot be downloaded
        return replace(order, writers=("zip",))
    return order


def _shows(viewer: str) -> Any:
    from media.build.viewer.shows import Shows

    if viewer not in VIEWERS:
        raise BadValue(f"viewer is {viewer!r}; expected one of {', '.join(VIEWERS)}")
    return Shows(viewer)


def _encryption(wanted: str, preset: str) -> "Encrypt | None":
    from service.wiring.privacy import encryption

    return encryption("" if wanted == OPEN else wanted or preset)


@contextmanager
def _typed(site: Site, wish: Wish, order: "BuildOrder", disc_id: str) -> Iterator["BuildOrder"]:
    """The order with the password that was typed, which lies beside the disc in a file until it is encrypted."""
    from media.encryption import save_private
    from media.fileset.encryption import checked_password
    from media.passwords import FILE
    from service.wiring.discs import TYPED

    if not wish.password or order.encrypt is None:
        yield order
        return
    path: Path = site.settings.discs_dir / disc_id / TYPED
    password = checked_password(wish.password).encode("ascii")
    path.parent.mkdir(parents=True)
    save_private(path, password)
    try:
        yield replace(order, encrypt=order.encrypt._replace(password=f"{FILE}{path}"))
    except BaseException:
        path.unlink()
        path.parent.rmdir()
        raise
