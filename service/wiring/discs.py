"""What is done for a disc."""

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from service.config import Settings
from service.spool import local_now, new_id
from service.steps import Progress, Step
from service.store import jobs, orders
from service.store.engine import Store, migrate

if TYPE_CHECKING:
    from media.pipeline import BuildOrder

DISC = "disc"  # the kind of job that builds discs


def disc_steps(store: Store, job_id: str) -> Sequence[Step]:
    """What is done for a disc, in the job's folder beside its output."""
    from media.errors import MediaError
    from media.job_folder import job_in_output
    from media.pipeline import BuildOrder, steps, write_failure
    from media.pipeline import Step as BuildStep

    with store.read() as connection:
        order = BuildOrder.from_json(json.loads(jobs.request_of(connection, job_id)))

    def run(step: BuildStep, progress: Progress) -> None:
        with job_in_output(order, keep_created=True) as (taken_up, folder):
            try:
                step(taken_up, folder, progress)
            except MediaError as error:
                write_failure(taken_up, folder, error)
                raise

    return [Step(name, partial(run, step)) for name, step in steps()]


def order_disc(settings: Settings, order: "BuildOrder") -> str:
    """Have a disc built by the service, now or when it runs again; the job's id."""
    migrate(settings.database)
    job_id = new_id(local_now())
    store = Store(settings.database)
    with store.write() as connection:
        orders.add_job(connection, job_id, DISC, json.dumps(order.to_json()))
    store.close()
    return job_id
