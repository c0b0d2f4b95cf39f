"""From an order to verified volumes: named steps over a job's folder, each leaving files.

index    index.pickle; of a de-identified disc also what media.deidentification makes
plan     plan.json
image    volume_N.iso.part and volume_N.written.json for every volume
verify   volume_N.verified.pickle for every volume
write    the volumes, plan.json and report.json in the output folder; done.json

A finished step does nothing when it is run again; an interrupted one gives the same bytes; a step whose folder has been
emptied does those before it again. An image is flushed to the disk while it is verified; if the machine went down in
between (another boot), the image step is done again.
"""

import json
import pickle
import shutil
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from media import encryption
from media.build.companions import STATEMENT, companion_sizes
from media.build.viewer.making import children_ready, make_bundles
from media.build.viewer.shows import Shows
from media.build.volume import made_name, names, prepare, site_of_volume, write_volume
from media.build_order import BuildOrder as BuildOrder  # noqa: PLC0414  # offered here too
from media.collector import Held
from media.deidentification import STATEMENT as DEIDENTIFIED_PDF
from media.deidentification import content, deidentified_index, deidentify, pseudonymous, said
from media.errors import BadOrder, MediaError, NoRoom, NotVerified, OneVolumeOnly, Refused
from media.fileset.model import Index, Plan, Rejection, Volume
from media.fileset.order import DiscOrder
from media.fileset.plan import plan as make_plan
from media.fileset.plan_json import NAME as PLAN
from media.fileset.plan_json import plan_lines
from media.index.index import index as make_index
from media.job_files import (
    Job,
    boot,
    failed_of,
    flushing,
    forget_patients,
    image_of,
    load_plan,
    room,
    save,
    verified_image,
    verified_of,
    written_of,
)
from media.leaving import labels_of, taken_back, written_by
from media.ports import Progress, Source
from media.report import as_json, failure_json, report_json
from media.sources import source_of
from media.sources.together import Together
from media.writers import default_writers

REPORT, LABEL = "report.json", "label.pdf"
BUNDLES = "bundles.made"  # in a job: what its volumes show
LIKELY_PICTURES, LIKELY_VALUES = 0.12, 0.6  # of the instances' bytes, before there is a viewer


Step = Callable[[BuildOrder, Job, Progress], None]


def steps() -> list[tuple[str, Step]]:
    """The steps of a build in order."""
    return [
        ("index", index_step),
        ("plan", plan_step),
        ("image", image_step),
        ("verify", verify_step),
        ("write", write_step),
    ]


def build(order: BuildOrder, job: Job, progress: Progress, started: Callable[[str], None] = lambda _: None) -> None:
    """Run all steps. A failure leaves plan.json (when there was one) and report.json in the output, and no volume."""
    with nullcontext() if order.viewer is Shows.NOTHING else children_ready():
        for name, step in steps():
            started(name)
            try:
                step(order, job, progress)
            except MediaError as error:
                with suppress(NoRoom):  # where there was none for the volumes there may be none for the report
                    write_failure(order, job, error)
                raise


def draft(order: BuildOrder, progress: Progress, index: Index | None = None) -> Plan:
    """The plan of an order to be shown, refusals in it; of a de-identified one by its pseudonyms.

    index  of its sources, where it is known
    """
    made = _planned(indexed(order, progress) if index is None else index, order)
    return pseudonymous(made, order.deidentify) if order.deidentify else made


# --- steps


def index_step(order: BuildOrder, job: Job, progress: Progress) -> None:
    """Read the headers of all files of the sources; de-identify the instances where that is asked for."""
    if not (job / "index.pickle").exists():
        job.mkdir(parents=True, exist_ok=True)
        save(job / "index.pickle", pickle.dumps(indexed(order, progress)))
    if order.deidentify is not None:
        index: Index = pickle.loads((job / "index.pickle").read_bytes())  # noqa: S301  # the job's own file
        deidentify(order.deidentify, order.disc.created, index, Together(sources_of(order)), job, progress)


def plan_step(order: BuildOrder, job: Job, progress: Progress) -> None:
    """Decide what goes where. Raises Refused with every file that is in the way."""
    index_step(order, job, progress)
    if not (job / PLAN).exists():
        index = _load_index(job)
        plan = _planned(index, order, job / "made", _shows(job))
        progress("instances", len(index.instances), len(index.instances))
        _check_accounts(index, plan)
        save(job / PLAN, *(line.encode() for line in plan_lines(plan)))
    plan = load_plan(job)
    if plan.refusals:
        raise Refused([(one.source.name, _why(one)) for one in plan.refusals])
    if not plan.volumes:
        raise BadOrder("the sources hold no DICOM instance that could go on a disc")
    if order.one_volume and len(plan.volumes) > 1:
        raise OneVolumeOnly(f"{len(plan.volumes)} volumes are needed on {plan.medium}; expected all on one")


def image_step(order: BuildOrder, job: Job, progress: Progress) -> None:
    """Write the image of every volume, each source file read once."""
    plan_step(order, job, progress)
    with room():
        plan = _prepared(order, job, progress)
        for volume in plan.volumes:
            _write_image(order, job, plan, volume, progress)


def verify_step(order: BuildOrder, job: Job, progress: Progress) -> None:
    """Reopen every image and check it against the plan and the hashes of the sources. Raises NotVerified."""
    from media.verify import verify_image

    image_step(order, job, progress)
    plan = load_plan(job)
    for volume in plan.volumes:
        done = job / f"volume_{volume.number}.verified.pickle"
        if done.exists():
            continue
        image = image_of(job, volume)
        with flushing(image):
            found = verify_image(
                image, plan=plan, volume=volume, hashes=names(written_of(job, volume)["hashes"]), progress=progress
            )
        if found.instances != len(volume.files):
            raise NotVerified(image.name, [f"{found.instances} instances; planned {len(volume.files)}"])
        if not found.good:
            raise NotVerified(image.name, [str(finding) for finding in found.findings])
        save(done, pickle.dumps(found))


def write_step(order: BuildOrder, job: Job, progress: Progress) -> None:
    """Bring the verified volumes, plan.json and report.json into the output folder, or onto media.

    Raises NotYet while something outside is waited for; what was written by then stays, and is not written again.
    """
    if (job / "done.json").exists():
        return
    verify_step(order, job, progress)
    plan = load_plan(job)
    output = Path(order.output)
    output.mkdir(parents=True, exist_ok=True)
    verified = {volume.number: verified_of(job, volume) for volume in plan.volumes}
    hashes = {volume.number: written_of(job, volume)["hashes"] for volume in plan.volumes}
    written: dict[int, list[str]] = {}
    with room(), taken_back(output, written):
        if order.deidentify:
            save(output / DEIDENTIFIED_PDF, (job / DEIDENTIFIED_PDF).read_bytes())
        if order.encrypt is not None:
            encryption.write_slip(order.encrypt, plan, job, output)
        labels = labels_of(order, plan)
        for at, volume in enumerate(plan.volumes):
            image = verified_image(job, plan, volume, verified[volume.number])
            if order.encrypt is not None:
                image, verified[volume.number] = encryption.sealed(order.encrypt, plan, volume, image, job, progress)
            if labels is not None:
                sheet = labels.sheets[at]
                image = replace(image, label=labels.pdf([sheet])[0], fields=labels.fields(sheet))
            for kind in order.writers or default_writers(plan.file_system):
                written.setdefault(volume.number, []).extend(written_by(kind, image, order.copies, output))
            progress("volumes", volume.number, len(plan.volumes))
        save(output / PLAN, (job / PLAN).read_bytes())
        report = report_json(plan, written, hashes, verified)
        save(output / REPORT, as_json(report))
        if (labels := labels_of(order, plan, report)) is not None:
            save(output / LABEL, labels.pdf(labels.sheets)[0])
        save(job / "done.json", json.dumps({"written": written}).encode())
    if order.deidentify or order.encrypt:
        forget_patients(job)
    for path in (*job.glob("*.part"), *job.glob("deidentified*"), job / "password", job / "made"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def write_failure(order: BuildOrder, job: Job, error: MediaError) -> None:
    """Say in the output folder why there is no volume, and what became of every file."""
    try:
        plan = load_plan(job)
    except FileNotFoundError:
        plan = None
    output = Path(order.output)
    output.mkdir(parents=True, exist_ok=True)
    findings = error.findings if isinstance(error, NotVerified) else ()
    save(output / REPORT, as_json(failure_json(plan, error, findings)))
    if plan is not None:
        save(output / PLAN, (job / PLAN).read_bytes())


# --- what the steps share


def sources_of(order: BuildOrder) -> list[Source]:
    """The sources of an order. Raises BadOrder for one that does not exist."""
    return [source_of(name) for name in order.sources]


def indexed(order: BuildOrder, progress: Progress) -> Index:
    """What the sources of an order hold."""
    return make_index(sources_of(order), processes=order.processes, progress=progress)


def _planned(index: Index, order: BuildOrder, made: Path | None = None, shows: Shows | None = None) -> Plan:
    """The plan; with the viewer's files as large as they are once they are in `made`, until then as they may be."""
    with Held():
        return make_plan(index, _disc(order), partial(_companions, order, made, shows))


def _disc(order: BuildOrder) -> DiscOrder:
    """The disc order with what de-identification and encryption ask of its volumes."""
    disc = order.disc._replace(deidentified=said(order.deidentify)) if order.deidentify else order.disc
    return encryption.as_ordered(disc, order.encrypt) if order.encrypt else disc


def _content(order: BuildOrder, job: Job) -> Together:
    """Where the instances of the plan come from."""
    return Together(content(job) if order.deidentify else sources_of(order))


def _load_index(job: Job) -> Index:
    """The index, without the files that turned out to be impossible to transcode."""
    index = deidentified_index(job)
    if index is None:
        index = pickle.loads((job / "index.pickle").read_bytes())  # noqa: S301  # the job's own file
    failed = failed_of(job)
    gone = {rejection.source for rejection in failed}
    return Index([one for one in index.instances if one.source not in gone], [*index.rejections, *failed])


def _companions(
    order: BuildOrder, made: Path | None, shows: Shows | None, plan: Plan, volume: Volume
) -> Mapping[tuple[str, ...], int]:
    more: dict[tuple[str, ...], int] = {}
    if made and order.deidentify:
        more[STATEMENT] = made.with_name(DEIDENTIFIED_PDF).stat().st_size
    if order.encrypt:
        from media.build.sealed import added_bytes

        more["ENCRYPTED",] = added_bytes(order.encrypt, len(volume.files))
    if order.viewer is Shows.NOTHING:
        return companion_sizes(plan, volume, order.imprint, viewer=more)
    if made is None or shows is None:
        part = LIKELY_VALUES if order.viewer is Shows.VALUES else LIKELY_PICTURES
        likely = int(sum(file.size_bytes for file in volume.files) * part)
        return companion_sizes(plan, volume, order.imprint, {}, more | {("IHE_PDI", "VIEWER.JS"): likely})
    site = site_of_volume(volume, made, shows)
    assert site is not None
    sizes = {entry.path: entry.size_bytes for entry in site.entries} | more
    return companion_sizes(plan, volume, order.imprint, site.pages, sizes)


def _more(order: BuildOrder, job: Job) -> dict[tuple[str, ...], Path]:
    """Files that the volumes have beside the usual ones."""
    return {STATEMENT: job / DEIDENTIFIED_PDF} if order.deidentify else {}


def _shows(job: Job) -> Shows | None:
    """What the volumes of a job show, once that is decided and made."""
    decided = job / BUNDLES
    return Shows(decided.read_text()) if decided.exists() else None


def _why(rejection: Rejection) -> str:
    return f"{rejection.reason.value}: {rejection.detail}" if rejection.detail else rejection.reason.value


def _check_accounts(index: Index, plan: Plan) -> None:
    """N selected = N planned: every file of the index is in the plan once. Raises Refused with those that are not."""
    planned = [file.instance.source for volume in plan.volumes for file in volume.files]
    told = [one.source for one in (*plan.refusals, *plan.left_out, *plan.ignored)]
    known = [one.source for one in index.instances] + [one.source for one in index.rejections]
    seen = set(planned) | set(told)
    lost = [source for source in known if source not in seen]
    if lost or len(planned) != len(set(planned)):
        raise Refused([(source.name, "is in no volume and has no reason") for source in lost])


def _prepared(order: BuildOrder, job: Job, progress: Progress) -> Plan:
    """Transcode and draw icons; what cannot be is rejected and the plan made again. Raises Refused."""
    plan = load_plan(job)
    if all((job / f"volume_{volume.number}.written.json").exists() for volume in plan.volumes):
        return plan
    failed = prepare(plan, _content(order, job), job / "made", progress)
    if not failed:
        return _with_viewer(order, job, plan, progress)
    save(job / "failed.pickle", pickle.dumps([*failed_of(job), *failed]))
    (job / PLAN).unlink()
    plan_step(order, job, progress)
    return _prepared(order, job, progress)


def _with_viewer(order: BuildOrder, job: Job, plan: Plan, progress: Progress) -> Plan:
    """Make what the viewer shows, once, and the plan again with its sizes."""
    if order.viewer is Shows.NOTHING or _shows(job) is not None:
        return plan
    files = [file for volume in plan.volumes for file in volume.files]
    values = order.viewer is not Shows.PICTURES
    make_bundles(files, values, _content(order, job), job / "made", made_name, progress)
    shows = _fitting(order, job) if order.viewer is Shows.FITTING else order.viewer
    (job / PLAN).unlink()
    save(job / BUNDLES, shows.encode())
    plan_step(order, job, progress)
    return load_plan(job)


def _fitting(order: BuildOrder, job: Job) -> Shows:
    """Values, unless they need more volumes than pictures."""
    index = _load_index(job)
    counts = [len(_planned(index, order, job / "made", shows).volumes) for shows in (Shows.VALUES, Shows.PICTURES)]
    return Shows.VALUES if counts[0] <= counts[1] else Shows.PICTURES


def _write_image(order: BuildOrder, job: Job, plan: Plan, volume: Volume, progress: Progress) -> None:
    """Write one image unless it is there, whole, and was written since the machine started."""
    marker, image = job / f"volume_{volume.number}.written.json", image_of(job, volume)
    if marker.exists() and image.exists():
        before = written_of(job, volume)
        if before["boot"] == boot() and before["size_bytes"] == image.stat().st_size:
            return
    marker.unlink(missing_ok=True)
    shows = _shows(job) or Shows.NOTHING
    written = write_volume(
        image, plan, volume, _content(order, job), order.imprint, job / "made", progress, shows, _more(order, job)
    )
    if written.size_bytes > plan.capacity_bytes:
        image.unlink()
        raise NoRoom(f"volume {volume.number} has {written.size_bytes} bytes; {plan.medium} has {plan.capacity_bytes}")
    save(marker, json.dumps({"boot": boot(), **written._asdict()}).encode())
