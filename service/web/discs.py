"""Discs that were ordered, as pages and the REST interface show them: files, papers, second persons, handing out."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from service.audit import Action, note
from service.store import discs as disc_store
from service.store.discs import DiscRecord, VolumeRecord
from service.store.engine import Store
from service.store.jobs import JobRecord, JobState
from service.web.callers import Caller
from service.web.errors import BadValue, NotAllowed, NotFound
from service.web.matrix import DESK
from service.web.site import Site

if TYPE_CHECKING:
    from media.pipeline import BuildOrder

RELATIONS = ("patient", "guardian", "physician", "institution", "other")
PAPERS = ("disc", "jewel-case", "envelope", "receipt", "release")
IMAGES = (".iso", ".zip", ".img")  # what a volume can be downloaded as


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


def confirm(site: Site, caller: Caller, disc_id: str) -> None:
    """Confirm a disc of several patients that somebody else ordered. Raises NoSuchDisc, NotNow."""
    from service.second_person import confirm as confirm_disc

    with _said():
        confirm_disc(site.store, disc_id, caller.name, caller.role, caller.address)


def refuse(site: Site, caller: Caller, disc_id: str, why: str = "") -> None:
    """Say that a disc of several patients is not meant so; it is not made. Raises NoSuchDisc, NotNow."""
    from service.second_person import refuse as refuse_disc

    with _said():
        refuse_disc(site.store, disc_id, caller.name, caller.role, caller.address, why.strip())


@contextmanager
def _said() -> Iterator[None]:
    from service.jobs import NotNow
    from service.second_person import CannotConfirm

    try:
        yield
    except CannotConfirm as error:
        raise NotNow(str(error)) from None


def second_person(site: Site, caller: Caller, name: str, password: str) -> Caller:
    """Who types name and password at the page of somebody else; nothing typed is who is signed in.

    Raises WrongPassword, TryLater, NotAllowed.
    """
    if not name.strip():
        return caller
    person = site.sign_in.check(name, password, caller.address)
    if person.role not in DESK:
        raise NotAllowed(person.role)
    return Caller(person.name, person.role, caller.address)


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
        if path.suffix in IMAGES and path.is_file():
            return path, f"{volume.file_set_id or 'DISC'}-{disc_id[:15]}-{number}{path.suffix}"
    raise NotFound(f"volume {number} of disc {disc_id} is not there any more, or is a folder")


def order_of(job: JobRecord) -> "BuildOrder | None":
    """What a disc's job is to build; None when that cannot be read any more."""
    from media.pipeline import BuildOrder

    try:
        return BuildOrder.from_json(json.loads(job.request))
    except (ValueError, KeyError, TypeError):
        return None


def paper_of(site: Site, caller: Caller, disc_id: str, template: str) -> bytes:
    """A label or paper of a finished disc as PDF. Raises NoSuchDisc, NotFound, NotNow."""
    from service.jobs import NotNow
    from service.wiring.labels import label_of

    if template not in PAPERS:
        raise NotFound(f"there is no paper {template!r}; expected one of {', '.join(PAPERS)}")
    found = disc(site.store, disc_id)
    if found.state is not JobState.DONE:
        raise NotNow(f"disc {disc_id} is {found.state}; expected one that is verified")
    if not (Path(found.output) / "report.json").is_file():
        raise NotFound(f"disc {disc_id} is not there any more: it was removed when its time was over")
    last = found.releases[-1] if found.releases else None
    handed = {"to_whom": last.to_whom, "relation": last.relation, "identified_by": last.identified_by} if last else {}
    language = site.settings.labels.language
    pdf, _ = label_of(Path(found.output), template, disc_id, handed=handed, language=language)
    exported(site.store, caller, found, f"paper {template}")
    return pdf


def password_sheet(site: Site, disc_id: str) -> Path:
    """The sheet with the password of an encrypted disc. Raises NoSuchDisc, NotFound when there is none any more."""
    from media.encryption import SLIP

    path = Path(disc(site.store, disc_id).output) / SLIP
    if not path.is_file():
        raise NotFound(f"disc {disc_id} has no password sheet, or it was deleted")
    return path


def delete_password_sheet(site: Site, caller: Caller, disc_id: str) -> None:
    """Let nobody read the password here any more. Raises NoSuchDisc, NotFound."""
    path, found = password_sheet(site, disc_id), disc(site.store, disc_id)
    with site.store.write() as connection:
        note(connection, caller.entry(Action.DELETE, "disc", disc_id, _patient(found), "password sheet"))
    path.unlink(missing_ok=True)


def exported(store: Store, caller: Caller, found: DiscRecord, detail: str) -> None:
    """Note that a disc left as a file."""
    with store.write() as connection:
        note(connection, caller.entry(Action.EXPORT, "disc", found.id, _patient(found), detail))


def _patient(found: DiscRecord) -> tuple[tuple[str, str], ...]:
    return ((found.patient_id, found.patient_name),) if found.patient_id or found.patient_name else ()
