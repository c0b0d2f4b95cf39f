"""Jobs as pages and the REST interface show them, and what people do about them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from service.audit import Action, note
from service.store import discs as disc_store
from service.store import film_queries
from service.store import jobs as job_store
from service.store.engine import Store
from service.store.jobs import JobRecord
from service.web.callers import Caller
from service.web.words import N_

ADVICE: dict[str, str] = {
    "": N_("Try again. If it fails again, tell the administrator the job's number."),
    "index": N_("The study may have been removed or be incomplete. Look at it, then try again."),
    "plan": N_("Some files cannot go on this disc. The report names them; leave them out, or choose another medium."),
    "image": N_("The disk may be full. Make room, then try again."),
    "verify": N_("The disc image was not good and has been thrown away. Try again; it is written anew."),
    "write": N_("The disk may be full. Make room, then try again."),
    "lay out": N_("The film cannot be laid out as the console asked. Print it again from there in another format."),
    "render": N_("The film's images cannot be drawn. Print it again from the console."),
    "deliver": N_("See whether the receiver is switched on and reachable, then try again."),
}


def jobs(store: Store, states: Iterable[str] = (), kind: str = "", after: str = "", limit: int = 50) -> list[JobRecord]:
    """Jobs with their steps, the newest first."""
    with store.read() as connection:
        return job_store.listed(connection, states, kind, limit, after)


def job(store: Store, job_id: str) -> JobRecord:
    """Raises NoSuchJob."""
    with store.read() as connection:
        return job_store.one(connection, job_id)


def told(one: JobRecord) -> dict[str, object]:
    """A job without its order, which may name patients."""
    return {name: value for name, value in asdict(one).items() if name != "request"}


def cancel(store: Store, caller: Caller, job_id: str) -> None:
    """Raises NoSuchJob, NotNow."""
    from service.jobs import cancel as cancel_job

    cancel_job(store, job_id)
    _noted(store, caller, job_id, "cancelled")


def retry(store: Store, caller: Caller, job_id: str) -> None:
    """Raises NoSuchJob, NotNow."""
    from service.jobs import retry as retry_job

    retry_job(store, job_id)
    _noted(store, caller, job_id, "tried again")


def set_priority(store: Store, caller: Caller, job_id: str, priority: int) -> None:
    """Raises NoSuchJob, NotNow."""
    from service.jobs import NotNow

    with store.write() as connection:
        if not job_store.set_priority(connection, job_id, priority):
            raise NotNow(f"job {job_id} is {job_store.state_of(connection, job_id)}; expected one that waits")
    _noted(store, caller, job_id, f"priority {priority}")


def _noted(store: Store, caller: Caller, job_id: str, what: str) -> None:
    with store.write() as connection:
        note(connection, caller.entry(Action.CHANGE, "job", job_id, detail=what))


def about(store: Store, found: Sequence[JobRecord]) -> dict[str, dict[str, str]]:
    """What each job is about, in the words of its print or disc."""
    with store.read() as connection:
        of_print = {one.id: print_of(one) for one in found if one.kind in ("film", "identity")}
        prints_ = {one.id: one for one in film_queries.these(connection, list(of_print.values()))}
        discs_ = disc_store.these(connection, [one.id for one in found if one.kind == "disc"])
    told_ = {
        job_id: {"station": one.calling_ae, "printer": one.printer, "link": f"/films/{one.id}"}
        for job_id, one in ((job_id, prints_.get(print_id)) for job_id, print_id in of_print.items())
        if one is not None
    }
    for one in discs_:
        told_[one.id] = {"patient": one.patient_name, "medium": one.medium, "link": f"/discs/{one.id}"}
    return told_


def print_of(one: JobRecord) -> str:
    """The print that a job is of: its own id, or what the id of a job about it begins with.

    >>> from types import SimpleNamespace
    >>> print_of(SimpleNamespace(id="20260101-000000-000000-00000000-who", kind="identity"))
    '20260101-000000-000000-00000000'
    """
    return one.id if one.kind == "film" else "-".join(one.id.split("-")[:4])


def advice_for(one: JobRecord) -> str:
    """What to do about a job that failed, by the step it failed at."""
    failed = next((step.name for step in reversed(one.steps) if step.state == "failed"), "")
    return ADVICE.get(failed, ADVICE["deliver"] if failed.startswith("deliver") else ADVICE[""])
