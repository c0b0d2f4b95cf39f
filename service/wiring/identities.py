"""Looking for whose film it is: what the job says, the worklist, received studies, text on the film.

Sources that answer at once are asked in the print's own job. Where one may take its time, a job of its own asks all of
them, so that the print is done, and told so to the modality, when its film is.
"""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from printmgr.errors import PrintError, ResourceLimit
from printmgr.film.findings import findings_of
from printmgr.film.identity import NOBODY, Finding, Identity, Source
from printmgr.ports import Print
from service.config import Settings
from service.limited_films import LimitedFilms
from service.settings.identity import WorklistSettings
from service.spool import load_print
from service.steps import Progress, Step
from service.store import deliveries, identities, orders, study_queries
from service.store.engine import Store

log = logging.getLogger(__name__)

MOST_STUDIES = 64  # of one station in the time that is looked at


def identify_step(settings: Settings, store: Store, print_: Print) -> Step:
    """The last step of a print's job."""

    def run(progress: Progress) -> None:
        if takes_time(settings, print_):
            with store.write() as connection:
                request = json.dumps({"print": print_.id, "do": "identify"})
                orders.add_job_once(connection, f"{print_.id}-who", orders.IDENTITY, request)
        else:
            identify(settings, store, print_)

    return Step("identify", run, waits_for=(ResourceLimit,))


def identity_steps(settings: Settings, store: Store, films: LimitedFilms, request: str) -> Sequence[Step]:
    """What is done in a job of its own; nothing for a print that the spool has no more."""
    wanted = json.loads(request)
    try:
        print_ = load_print(settings.spool_dir, wanted["print"])
    except FileNotFoundError:
        log.warning("print %s is no longer in the spool; nothing is drawn for its identity", wanted["print"])
        return []

    def run(progress: Progress) -> None:
        if wanted["do"] == "render":
            render_named(store, films, print_)
        else:
            identify(settings, store, print_)

    return [Step(wanted["do"], run, waits_for=(ResourceLimit,))]


def render_named(store: Store, films: LimitedFilms, print_: Print) -> None:
    """Draw the film with the patient under whom it may go out, if it still may."""
    from printmgr.pipeline import named_pdf

    with store.read() as connection:
        identity = identities.released(connection, print_.id, print_.printer.release)
    if identity is None:
        return
    films.do("named", print_.id, identity)
    with store.write() as connection:
        identities.rendered(connection, print_.id, identity, named_pdf(print_, identity).name)


def takes_time(settings: Settings, print_: Print) -> bool:
    """Whether a source is to be asked that may not answer at once."""
    return bool(settings.identity.worklist.host) or print_.printer.ocr is not None


def identify(settings: Settings, store: Store, print_: Print) -> None:
    """Ask every source once and keep what they say. A source that fails says so and nothing else."""
    found = findings_of(print_.order)
    at = datetime.fromisoformat(print_.ordered_at)
    found += station_findings(settings, store, print_.caller.calling_ae, at)
    if settings.identity.worklist.host:
        found += softly(Source.WORKLIST, print_, lambda: worklist_findings(settings.identity.worklist, print_, at))
    if print_.printer.ocr is not None:
        found += softly(Source.OCR, print_, lambda: list(ocr_findings(print_)))
    with store.write() as connection:
        now = identities.found(connection, print_.id, found)
        if now.may_go_out(print_.printer.release):
            deliveries.release_held(connection, print_.id)
    log.info("print %s is %s by %d findings", print_.id, now.state, len(found))


def softly(source: Source, print_: Print, ask: Callable[[], list[Finding]]) -> list[Finding]:
    """What a source says; that it failed, when it did."""
    try:
        return ask()
    except PrintError as error:
        log.warning("print %s: %s was not asked: %s", print_.id, source, error)
        return [Finding(source, NOBODY, raw=f"not asked: {error}")]


def station_findings(settings: Settings, store: Store, calling_ae: str, at: datetime) -> list[Finding]:
    """Patients of the studies that the calling station sent about that time; none when they are too many to mean it."""
    around = timedelta(minutes=settings.identity.station_minutes)
    if not around:
        return []
    first, last = (int(each.timestamp() * 1e6) for each in (at - around, at + around))
    with store.read() as connection:
        studies = study_queries.of_station(connection, calling_ae, first, last, MOST_STUDIES + 1)
    if len(studies) > MOST_STUDIES:
        return [Finding(Source.STATION, NOBODY, calling_ae, f"more than {MOST_STUDIES} studies about that time")]
    return [Finding(Source.STATION, identity_of(study), calling_ae) for study in studies]


def identity_of(study: study_queries.StudyRecord) -> Identity:
    return Identity(
        patient_id=study.patient_id,
        patient_name=study.patient_name,
        birth_date=study.birth_date,
        sex=study.sex,
        study_uid=study.uid,
        study_id=study.study_id,
        study_date=study.date,
        study_time=study.time,
        accession_number=study.accession_number,
        description=study.description,
    )


def worklist_findings(settings: WorklistSettings, print_: Print, at: datetime) -> list[Finding]:
    """Who was scheduled. Raises WorklistFailed."""
    from printmgr.worklist import Worklist, scheduled

    return scheduled(Worklist(**settings.model_dump()), print_.caller.calling_ae, at)


def ocr_findings(print_: Print) -> Iterator[Finding]:
    """What stands on each film in the printer's rectangle. Raises OcrFailed, BadPixels, DamagedSpool."""
    from printmgr.ocr import Ocr, read_film
    from printmgr.pipeline import read_layouts

    assert print_.printer.ocr is not None
    ocr = Ocr(print_.printer.ocr, print_.printer.ocr_language)
    for number, (film, layout) in enumerate(zip(print_.order.films, read_layouts(print_), strict=True), start=1):
        yield from read_film(ocr, print_, number, film, layout)
