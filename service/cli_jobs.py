"""`printmgr jobs`: what is being done, how far it is, stop it, try it again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from service.terminal import AsJSON, SettingsFile, print_json, print_table, settings_of, store_of

if TYPE_CHECKING:
    from service.store.jobs import StepRecord

app = typer.Typer(help="List, show, cancel and retry jobs.", no_args_is_help=True)
JobId = Annotated[str, typer.Argument(metavar="ID")]


@app.command("list")
def list_jobs(
    settings: SettingsFile = None,
    state: Annotated[
        list[str] | None, typer.Option(help="Only these: answered, ordered, queued, running, done, failed, cancelled.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: AsJSON = False,
) -> None:
    """List jobs, newest first."""
    from service.store import jobs

    states = known_states(state or [])
    with store_of(settings_of(settings)) as store, store.read() as connection:
        found = jobs.listed(connection, states, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [(job.id, job.kind, job.state, _where(job.steps), job.ordered_at, job.error) for job in found]
    print_table(("id", "kind", "state", "step", "ordered", "error"), rows, "no jobs")


@app.command()
def show(job_id: JobId, settings: SettingsFile = None, as_json: AsJSON = False) -> None:
    """Show a job with its steps."""
    from service.store import jobs

    with store_of(settings_of(settings)) as store, store.read() as connection:
        job = jobs.one(connection, job_id)
    if as_json:
        print_json(job)
        return
    print(f"{job.id}  {job.kind}  {job.state}  ordered {job.ordered_at}")
    if job.error:
        print(f"error: {job.error}")
    rows = [
        (step.number, step.name, step.state, step.attempts, _progress(step), step.started_at, step.error)
        for step in job.steps
    ]
    print_table(("", "step", "state", "attempts", "progress", "started", "error"), rows, "no step has started")


@app.command()
def cancel(job_id: JobId, settings: SettingsFile = None) -> None:
    """Let a job not go on; a step that runs ends first."""
    from service import jobs

    with store_of(settings_of(settings)) as store:
        jobs.cancel(store, job_id)
    print(f"{job_id} is cancelled")


@app.command()
def retry(job_id: JobId, settings: SettingsFile = None) -> None:
    """Let a failed or cancelled job go on at the step that did not end."""
    from service import jobs

    with store_of(settings_of(settings)) as store:
        jobs.retry(store, job_id)
    print(f"{job_id} goes on when a worker is free")


def known_states(states: list[str]) -> list[str]:
    """The same states. Raises BadParameter for one that there is not."""
    from service.store.jobs import JobState

    if unknown := sorted(set(states) - set(JobState)):
        raise typer.BadParameter(f"{', '.join(unknown)}; expected {', '.join(JobState)}", param_hint="--state")
    return states


def _where(steps: "Sequence[StepRecord]") -> str:
    return f"{steps[-1].name} {_progress(steps[-1])}".strip() if steps else ""


def _progress(step: "StepRecord") -> str:
    return f"{step.done}/{step.total} {step.unit}" if step.total else ""
