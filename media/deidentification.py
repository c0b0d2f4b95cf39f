"""The step that de-identifies: what the sources hold becomes a folder of instances that all later steps take instead.

deidentified/00000001 …   the instances, in the order of the index
deidentified.told/…       what was done to each
deidentified.pickle       their index; with the rejections, which name the files of the sources
deidentified.pdf          the statement
"""

import json
import pickle
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydicom.datadict import dictionary_has_tag, dictionary_VR

from media.build.confidentiality import table
from media.build.deidentify import PATIENT_ID, PATIENT_NAME
from media.build.pseudonyms import Pseudonyms
from media.build.transcode import Task, make_all
from media.fileset.confidentiality import Deidentify, Option, action_of
from media.fileset.model import Action, Index, Keys, Plan, PlannedFile, Rejection
from media.index.index import index as make_index
from media.job_files import Job, save
from media.limited import Limits
from media.ports import Progress, Source
from media.pseudonym_key import key_of
from media.sources.folder import FolderSource

FOLDER, TOLD = "deidentified", "deidentified.told"
INDEX, STATEMENT = "deidentified.pickle", "deidentified.pdf"
SAYS = "The objects are de-identified by PS3.15 Annex E: {options}."


def said(order: Deidentify) -> str:
    """What the volumes say of their de-identification."""
    return SAYS.format(options=", ".join(("Basic Profile", *sorted(order.options))))


def content(job: Job) -> list[Source]:
    """The de-identified instances as the only source."""
    return [FolderSource(job / FOLDER)]


def deidentify(order: Deidentify, created: str, index: Index, source: Source, job: Job, progress: Progress) -> None:
    """Make the instances, their index and the statement; what is there already is kept.

    Raises BadOrder without a key, SourceChanged, Unreadable, NoRoom.
    """
    if (job / INDEX).exists():
        return
    # imported here: discs that are not de-identified start without pydicom
    from media.build.deidentified_file import recipe_of
    from media.build.pseudonyms import fingerprint

    key = key_of(order.key)
    recipe = recipe_of(order, key)
    for folder in (job / FOLDER, job / TOLD):
        folder.mkdir(mode=0o700, exist_ok=True)
    files = [PlannedFile((f"{n:08}",), one, Action.ACCEPT, "") for n, one in enumerate(index.instances, 1)]

    def target(file: PlannedFile) -> Path:
        return job / FOLDER / file.file_id[0]

    def task(file: PlannedFile) -> Task:
        return {"deidentify": recipe, "told": str(job / TOLD / file.file_id[0])}

    failed = make_all(files, source, target, task, progress, Limits())
    made = make_index(content(job))
    origins = {str(target(file).resolve()): file.instance.source for file in files}
    rejections = [one._replace(source=origins[one.source.path]) for one in made.rejections]
    result = Index(made.instances, [*index.rejections, *failed, *rejections])
    _state(order, created, result, fingerprint(key), job)
    save(job / INDEX, pickle.dumps(result))


SHOWN_NOTE = (
    "de-identified: names and UIDs are shown as the disc will have them, file names are those of the sources; images "
    "and reports that may say who the patient is are found when the disc is made"
)


def pseudonymous(plan: Plan, order: Deidentify) -> Plan:
    """A plan to be shown: what it says of patients, studies and instances is what the disc will say, or nothing."""
    key = key_of(order.key)
    known: dict[int, Keys] = {}

    def shown(keys: Keys, names: Pseudonyms) -> Keys:
        if id(keys) not in known:
            known[id(keys)] = {tag: _shown(tag, value, names, order) for tag, value in keys.items()}
        return known[id(keys)]

    def file(one: PlannedFile) -> PlannedFile:
        instance = one.instance
        names = Pseudonyms(key, instance.patient.get(PATIENT_ID, b"").decode("utf-8", "replace").strip())
        uid = instance.sop_instance_uid if Option.UIDS in order.options else names.uid(instance.sop_instance_uid)
        patient, study, series = (shown(keys, names) for keys in (instance.patient, instance.study, instance.series))
        cleaned = instance._replace(sop_instance_uid=uid, patient=patient, study=study, series=series, own={})
        return one._replace(instance=cleaned, derived={})

    volumes = tuple(one._replace(files=tuple(map(file, one.files))) for one in plan.volumes)
    return plan._replace(volumes=volumes, notes=(*plan.notes, SHOWN_NOTE))


def _shown(tag: int, value: bytes, names: Pseudonyms, order: Deidentify) -> bytes:
    """A key as the disc will have it; what is emptied, removed or cleaned there is nothing here."""
    if tag in (PATIENT_NAME, PATIENT_ID):
        return names.identifier.encode("ascii")
    text = value.decode("ascii", "replace").strip("\0 ")
    if dictionary_has_tag(tag) and dictionary_VR(tag) == "UI":
        return value if Option.UIDS in order.options else names.uid(text).encode("ascii")
    row = table().get(tag)
    vr = dictionary_VR(tag) if dictionary_has_tag(tag) else "LO"
    if row is None or action_of(row, order.options, vr) == "K":
        return value
    if vr == "DA" and Option.MODIFIED_DATES in order.options:
        return names.shifted(text).encode("ascii")
    return b""


def deidentified_index(job: Job) -> Index | None:
    """The index of the de-identified instances, None where there are none."""
    path = job / INDEX
    if not path.exists():
        return None
    found: Index = pickle.loads(path.read_bytes())  # noqa: S301  # the job's own file
    return found


def _state(order: Deidentify, created: str, index: Index, key: str, job: Job) -> None:
    """Write the statement of what was removed."""
    from media.build.statement import Account, statement

    removed: Counter[tuple[int, str]] = Counter()
    masked = 0
    for told in _told(index, job):
        removed.update({(tag, what): number for tag, what, number in told["removed"]})
        masked += bool(told["masked"])
    account = Account(order, created, len(index.instances), masked, removed, _reasons(index.rejections), key)
    save(job / STATEMENT, statement(account))


def _told(index: Index, job: Job) -> Iterator[dict[str, list[tuple[int, str, int]]]]:
    for instance in index.instances:
        yield json.loads((job / TOLD / Path(instance.source.path).name).read_bytes())


def _reasons(rejections: Sequence[Rejection]) -> Counter[str]:
    return Counter(one.reason.value for one in rejections)
