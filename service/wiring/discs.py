"""What is done for a disc."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from service.config import Settings
from service.second_person import CannotConfirm
from service.spool import local_now, new_id
from service.steps import Progress, Step
from service.store import discs, jobs, orders, study_queries
from service.store.engine import Store, migrate
from service.store.jobs import JobState

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from media.pipeline import BuildOrder

DISC = "disc"  # the kind of job that builds discs
STUDIES = ("inbox:", "pacs:")
TYPED = ".password"  # in a disc's folder: what somebody typed, until the disc is encrypted with it
Patients = Mapping[str, tuple[str, str]]
"""Study Instance UID -> Patient ID, name."""


def disc_steps(settings: Settings, store: Store, job_id: str) -> Sequence[Step]:
    """What is done for a disc: remote studies are fetched, the rest is done in the job's folder beside its output."""
    from media.errors import MediaError, NotYet
    from media.job_folder import job_in_output
    from media.leaving import take_back
    from media.pipeline import REPORT, BuildOrder, steps, write_failure, write_step
    from media.pipeline import Step as BuildStep
    from media.writers import goes_elsewhere
    from service.wiring.remote import fetch_steps

    with store.read() as connection:
        order = BuildOrder.from_json(json.loads(jobs.request_of(connection, job_id)))
        if discs.waits_for_second_person(connection, job_id):
            raise CannotConfirm("it holds several patients and waits for a second person; `printmgr disc confirm`")

    def run(name: str, step: BuildStep, progress: Progress) -> None:
        def tell(unit: str, done: int, total: int) -> None:
            if unit != "bytes" or name == "write":  # people count images where there are some to count
                progress(unit, done, total)

        with job_in_output(order, keep_created=True) as (taken_up, folder):
            try:
                step(taken_up, folder, tell)
            except MediaError as error:
                write_failure(taken_up, folder, error)
                raise

    def write(name: str, step: BuildStep, progress: Progress) -> None:
        """The step that makes media: while it is at work, and not when it waits, it is too late to cancel."""
        with store.write() as connection:
            if goes_elsewhere(order.writers) and not jobs.hold(connection, job_id):
                raise NotYet("cancelled before its medium was begun")
        awaits, begun = "", False
        try:
            run(name, step, progress)
        except NotYet as waiting:
            awaits, begun = waiting.awaits.value, waiting.begun
            raise
        finally:
            with store.write() as connection:
                jobs.note_wait(connection, job_id, awaits, begun)

    def give_up() -> None:
        with job_in_output(order, keep_created=True) as (taken_up, folder):
            take_back(taken_up, folder)

    def note_volumes(progress: Progress) -> None:
        report = json.loads((Path(order.output) / REPORT).read_bytes())
        with store.write() as connection:
            discs.note_volumes(connection, job_id, report["volumes"])
        (Path(order.output) / TYPED).unlink(missing_ok=True)

    def step_of(name: str, step: BuildStep) -> Step:
        does = write if step is write_step else run
        return Step(name, partial(does, name, step), waits_for=(NotYet,), given_up=give_up)

    built = [step_of(name, step) for name, step in steps()]
    fetched = fetch_steps(settings, order.sources)
    if fetched:
        fetched.append(Step("patients", partial(_check_patients, store, job_id)))
    return [*fetched, *built, Step("note", note_volumes)]


def order_disc(
    settings: Settings,
    order: "BuildOrder",
    ordered_by: str = "",
    also: "Callable[[Connection, discs.NewDisc], None]" = lambda connection, disc: None,
    whose: Patients = MappingProxyType({}),
    job_id: str = "",
) -> str:
    """Have a disc built by the service, now or when it runs again; the job's id.

    Without an output it goes to DATA_DIR/discs/<id>. `also` is done in the same transaction.

    whose  the patients of studies that an archive has and that are not here yet, as it said
    """
    migrate(settings.database)
    job_id = job_id or new_id(local_now())
    store = Store(settings.database)
    try:
        with store.write() as connection:
            named = [source for source in order.sources if source.startswith(STUDIES)]
            uids = [source.rpartition(":")[2] for source in named]
            also(connection, add_disc(connection, settings, job_id, order, ordered_by, uids, whose))
    finally:
        store.close()
    return job_id


def add_disc(
    connection: "Connection",
    settings: Settings,
    job_id: str,
    order: "BuildOrder",
    ordered_by: str,
    uids: Sequence[str],
    whose: Patients = MappingProxyType({}),
) -> discs.NewDisc:
    """A job, and its disc with the patients of the studies `uids` that are on it; `whose` of those not received yet."""
    if not order.output:
        order = replace(order, output=str(settings.discs_dir / job_id))
    orders.add_job(connection, job_id, DISC, json.dumps(order.to_json()))
    disc = _new_disc(connection, job_id, order, ordered_by, uids, whose)
    discs.add(connection, disc)
    if discs.waits_for_second_person(connection, job_id):
        jobs.move(connection, job_id, JobState.UNCONFIRMED, only_from=[JobState.ORDERED])
    return disc


def _new_disc(
    connection: "Connection",
    job_id: str,
    order: "BuildOrder",
    ordered_by: str,
    uids: Sequence[str],
    whose: Patients,
) -> discs.NewDisc:
    patients = _patients(connection, uids, whose)
    patient_id, patient_name = patients[0] if patients else ("", "")
    return discs.NewDisc(
        id=job_id,
        ordered_by=ordered_by,
        medium=order.disc.medium,
        profile=order.disc.profile,
        output=order.output,
        patient_id=patient_id,
        patient_name=patient_name,
        patients=len({patient for patient, _ in patients}),
        study_uids=tuple(uids),
    )


def _patients(
    connection: "Connection", uids: Sequence[str], whose: Patients = MappingProxyType({})
) -> list[tuple[str, str]]:
    """Patient ID and name of every patient of the studies, the first study's first."""
    here = {one.uid: (one.patient_id, one.patient_name) for one in study_queries.these(connection, uids)}
    known = dict(whose) | here
    return list(dict.fromkeys(known[uid] for uid in uids if uid in known))


def _check_patients(store: Store, job_id: str, progress: Progress) -> None:
    """See that what was fetched is of whom it was ordered for. Raises CannotConfirm."""
    with store.write() as connection:
        ordered = discs.one(connection, job_id)
        found = _patients(connection, ordered.study_uids)
        number = len({patient for patient, _ in found})
        discs.note_patients(connection, job_id, *found[0], number)
        waits = discs.waits_for_second_person(connection, job_id)
    if waits:
        raise CannotConfirm(f"what was fetched is of {number} patients: it waits for a second person")
    if ordered.patients == number == 1 and ordered.patient_id != found[0][0]:
        raise CannotConfirm("what was fetched is of another patient than the archive said; look whose it is, try again")
