"""PURE. Instance by instance: what goes on the disc with which keys, and what is refused for which reason."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from media.fileset import records
from media.fileset.derivation import SeriesGroup, derive
from media.fileset.elements import element
from media.fileset.file_ids import PREFIXES
from media.fileset.grouping import grouped, instances_in_order, series_in_order, studies_in_order
from media.fileset.judgement import Judge
from media.fileset.model import Action, Instance, Keys, PlannedFile, Reason, Rejection
from media.fileset.order import DiscOrder
from media.fileset.record_keys import NOTHING, Fault, RecordKeys
from media.fileset.sop_classes import RECORD_TYPES, WITHOUT_RECORD
from media.fileset.targets import Target


class Candidate(NamedTuple):
    """An instance that may go on a volume."""

    instance: Instance
    record_type: str
    keys: bytes
    levels: tuple[bytes, ...]
    derived: Mapping[int, bytes]
    action: Action
    transfer_syntax_uid: str
    size_bytes: int

    def planned(self, file_id: tuple[str, ...]) -> PlannedFile:
        """The instance in its place."""
        return PlannedFile(
            file_id,
            self.instance,
            self.action,
            self.transfer_syntax_uid,
            self.derived,
            self.record_type,
            self.keys,
            self.levels,
            self.size_bytes,
        )


class Run(NamedTuple):
    """The candidates of one series, or without study and patient those whose records hang under the root."""

    patient: bytes | None
    study: bytes | None
    candidates: Sequence[Candidate]


class Levels(NamedTuple):
    """Keys of patient, study and series records: encoded, what differs from the file, and what is wrong."""

    bodies: tuple[bytes, ...]
    derived: Mapping[int, bytes]
    faults: tuple[Fault, ...]


NO_LEVELS = Levels((), NOTHING, ())


class Selector:
    """Selects by one order; holds what it has learned of shared patients, studies and series."""

    def __init__(self, order: DiscOrder, target: Target) -> None:
        self.judge = Judge(order, target.profile, target.file_system)
        self.profile = target.profile
        self.keys: dict[str, RecordKeys] = {}  # by record type
        self.levels: dict[tuple[int, int, int, int], Levels] = {}
        self.level_keys = tuple(map(self.keys_of, ("PATIENT", "STUDY", "SERIES")))
        self.level_tags = tuple(frozenset(key.tag for key in keys.keys) for keys in self.level_keys)
        self.rejections: list[Rejection] = []

    def keys_of(self, record_type: str) -> RecordKeys:
        """The encoder of one record type."""
        found = self.keys.get(record_type)
        if found is None:
            found = self.keys[record_type] = RecordKeys(records.RECORDS[record_type], self.profile)
        return found

    def refuse(self, instance: Instance, faults: Sequence[Fault]) -> None:
        """Name the instance with the first reason, and all that is wrong for that reason."""
        reason = faults[0].reason
        detail = "; ".join(fault.detail for fault in faults if fault.reason is reason)
        self.rejections.append(Rejection(instance.source, reason, detail))

    def candidate(self, instance: Instance, record_type: str, number: bytes, levels: Levels) -> Candidate | None:
        """The instance as a candidate, or None once it is refused."""
        verdict = self.judge.verdict(instance)
        if isinstance(verdict, Fault):
            self.refuse(instance, (verdict,))
            return None
        own: Keys = {**instance.own, records.INSTANCE_NUMBER: number} if number else instance.own
        encoded = self.keys_of(record_type).encode(own, instance.sop_class_uid)
        if encoded.faults or levels.faults:
            self.refuse(instance, (*levels.faults, *encoded.faults))
            return None
        derived = levels.derived
        if encoded.dropped or number:
            derived = {**derived, **encoded.dropped, **({records.INSTANCE_NUMBER: number} if number else {})}
        keys = encoded.body
        related = instance.own.get(records.RELATED_CLASSES)
        if related:
            keys = element(0x0004151A, "UI", related) + keys
        return Candidate(instance, record_type, keys, levels.bodies, derived, *verdict)

    def levels_of(self, instance: Instance, group: SeriesGroup) -> Levels:
        """Patient, study and series of an instance; the same for all that share them."""
        shared = (id(instance.patient), id(instance.study), id(instance.series), id(group))  # all alive meanwhile
        found = self.levels.get(shared)
        if found is None:
            found = self.levels[shared] = self.encoded_levels(instance, group.derived)
        return found

    def encoded_levels(self, instance: Instance, derived: Mapping[int, bytes]) -> Levels:
        """Checks and encodes the keys of the three levels."""
        bodies: list[bytes] = []
        faults: list[Fault] = []
        differing: dict[int, bytes] = {}
        three = (instance.patient, instance.study, instance.series)
        for keys, tags, values in zip(self.level_keys, self.level_tags, three, strict=True):
            if derived:
                filled = {tag: value for tag, value in derived.items() if tag in tags and not values.get(tag)}
                values = {**values, **filled}
                differing |= filled
            encoded = keys.encode(values)
            bodies.append(encoded.body)
            if encoded.faults or encoded.dropped:
                faults += encoded.faults
                differing |= encoded.dropped
        return Levels(tuple(bodies), differing or NOTHING, tuple(faults))


def select(instances: Sequence[Instance], order: DiscOrder, target: Target) -> tuple[list[Run], list[Rejection]]:
    """Runs in the order of the directory, and what is refused, in the order of the index."""
    selector = Selector(order, target)
    below_patients, at_root = [], []
    for instance in instances:
        record_type = RECORD_TYPES.get(instance.sop_class_uid, "PRIVATE" if order.private_records else "")
        if not record_type:
            known = WITHOUT_RECORD.get(instance.sop_class_uid, "private or unknown")
            detail = f"SOP class {instance.sop_class_uid} ({known}) has no directory record"
            selector.refuse(instance, (Fault(Reason.NO_RECORD_TYPE, detail),))
        elif record_type in PREFIXES:
            at_root.append(instance)
        else:
            below_patients.append(instance)
    runs = [*patient_runs(below_patients, selector, order.derive), *root_runs(at_root, selector)]
    rejections = selector.rejections
    if rejections:
        position = {id(instance.source): at for at, instance in enumerate(instances)}
        rejections.sort(key=lambda one: position[id(one.source)])
    return runs, rejections


def patient_runs(instances: Sequence[Instance], selector: Selector, is_deriving: bool) -> Iterator[Run]:
    """One run a series."""
    for patient in grouped(instances):
        if is_deriving:
            derive(list(patient.studies.values()))
        for study in studies_in_order(patient):
            for group in series_in_order(study):
                made = [
                    one
                    for instance, number in instances_in_order(group)
                    for one in [
                        selector.candidate(
                            instance,
                            RECORD_TYPES.get(instance.sop_class_uid, "PRIVATE"),
                            number,
                            selector.levels_of(instance, group),
                        )
                    ]
                    if one is not None
                ]
                if made:
                    first = made[0].instance
                    yield Run(first.patient.get(records.PATIENT_ID, b""), first.study.get(records.STUDY_UID, b""), made)


def root_runs(instances: Sequence[Instance], selector: Selector) -> Iterator[Run]:
    """Instances without a patient: hanging protocols, palettes, implant templates, inventories."""
    made = [
        one
        for instance in instances
        for one in [selector.candidate(instance, RECORD_TYPES[instance.sop_class_uid], b"", NO_LEVELS)]
        if one is not None
    ]
    if made:
        yield Run(None, None, made)
