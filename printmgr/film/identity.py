"""PURE. Whose film it is: from what was found to a state. Nothing here guesses; what a person says stands above it.

findings -> judge -> Verdict(state, identity, candidates) -> standing, with the confirmation in force
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from itertools import product

from printmgr.film.patient_names import (
    LONGEST,
    Match,
    compare_identifiers,
    compare_names,
    is_blank,
    overall,
    words,
)

MOST_IDENTITIES = 64  # different ones of one print; more are a contradiction by themselves
SHORTEST_MENTION = 3  # characters of an identifier that a text may be searched for


class Source(StrEnum):
    """Where a finding comes from, the most trusted first."""

    PROPOSED_STUDY = "proposed study"  # Proposed Study Sequence (2130,00A0)
    ATTRIBUTES = "attributes"  # patient and study attributes anywhere in the job
    LABEL = "label"  # Film Session Label
    ANNOTATION = "annotation"
    OCR = "ocr"  # a rectangle of the film
    WORKLIST = "worklist"  # scheduled at the calling AE about that time
    STATION = "station"  # studies received from the same station about that time


DIGITS_ONLY = re.compile(r"\D")
SAYS_NO_SEX = re.compile(r"\s*[OUou]?\s*$")  # O is "other", or nothing better known
OWN = (Source.PROPOSED_STUDY, Source.ATTRIBUTES)  # what the job itself says in so many attributes
ALTERNATIVES = (Source.WORKLIST, Source.STATION)  # these say "one of"; the others say "this one"
RANKS = {source: rank for rank, source in enumerate(Source)}


class IdentityState(StrEnum):
    """How sure it is whose film it is."""

    UNKNOWN = "unknown"  # nothing was found
    PROPOSED = "proposed"  # something points to a patient, or to one of several
    CONFLICT = "conflict"  # sources disagree
    IDENTIFIED = "identified"  # the job says so by attributes, and nothing speaks against it
    CONFIRMED = "confirmed"  # a person said so


class Release(StrEnum):
    """What a film needs before it goes out under a patient's name."""

    CONFIRMED = "confirmed"
    IDENTIFIED = "identified"  # or confirmed


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """A patient, and the study where it is known; "" where nothing is known. Values as DICOM spells them."""

    patient_id: str = ""
    issuer: str = ""  # Issuer of Patient ID
    patient_name: str = ""
    birth_date: str = ""  # YYYYMMDD
    sex: str = ""  # M, F, O
    study_uid: str = ""
    study_id: str = ""
    study_date: str = ""  # YYYYMMDD
    study_time: str = ""
    accession_number: str = ""
    description: str = ""  # of the study
    referring_physician: str = ""

    @property
    def names_a_patient(self) -> bool:
        return not (is_blank(self.patient_id) and is_blank(self.patient_name))


NOBODY = Identity()
PATIENT_FIELDS = ("patient_id", "issuer", "patient_name", "birth_date", "sex")
STUDY_FIELDS = tuple(field.name for field in fields(Identity) if field.name not in PATIENT_FIELDS)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What one source says."""

    source: Source
    identity: Identity
    where: str = ""  # for people: "film session", "film 1, image 3", a worklist's AE title
    raw: str = ""  # the text it was read from, as it came


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the findings come to."""

    state: IdentityState
    identity: Identity = NOBODY  # the one all point to
    candidates: tuple[Identity, ...] = ()  # where it is not one: all of them
    disagree: tuple[tuple[Source, Source], ...] = ()  # in a conflict: which sources


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose film it is now."""

    state: IdentityState
    identity: Identity = NOBODY

    def may_go_out(self, rule: Release) -> bool:
        """Whether the film may leave under its patient's name."""
        if self.state is IdentityState.CONFIRMED:
            return True
        return self.state is IdentityState.IDENTIFIED and rule is Release.IDENTIFIED


def standing(verdict: Verdict, confirmed: Identity | None) -> Standing:
    """The confirmation in force, or else what the findings come to."""
    if confirmed is not None:
        return Standing(IdentityState.CONFIRMED, confirmed)
    return Standing(verdict.state, verdict.identity)


def compare(one: Identity, other: Identity) -> Match:
    """Whether two identities are one patient. Studies are not compared: a film may show two of one patient."""
    parts = [
        compare_identifiers(one.patient_id, other.patient_id),
        compare_names(one.patient_name, other.patient_name),
        compare_identifiers(DIGITS_ONLY.sub("", one.birth_date), DIGITS_ONLY.sub("", other.birth_date)),
        compare_identifiers(SAYS_NO_SEX.sub("", one.sex), SAYS_NO_SEX.sub("", other.sex)),
    ]
    if parts[0] is Match.SAME:
        parts.append(compare_identifiers(one.issuer, other.issuer))
    if Match.DIFFERENT in parts:
        return Match.DIFFERENT
    return overall(parts[:2])


def judge(findings: Iterable[Finding]) -> Verdict:
    """The state that findings come to, in whatever order they stand.

    `identified` only by a Proposed Study that names a patient, or by Patient ID and Patient's Name both from the job's
    attributes, and only when nothing disagrees.
    """
    known = sorted(set(findings), key=_order)
    told = [finding for finding in known if finding.identity.names_a_patient]
    if not told:
        return Verdict(IdentityState.UNKNOWN)
    firm = _distinct(f for f in told if f.source not in ALTERNATIVES)
    choices = {source: _distinct(f for f in told if f.source is source) for source in ALTERNATIVES}
    everything = _distinct(f for f in known if f.source not in ALTERNATIVES)  # a birth date alone may disagree too
    if disagree := _contradictions(everything, choices):
        return Verdict(IdentityState.CONFLICT, candidates=_patients(told), disagree=disagree)
    own = [finding for finding in firm if finding.source in OWN]
    if _identifies(own):
        return Verdict(IdentityState.IDENTIFIED, _merged([f for f in known if f.source in OWN]))
    return _proposal(known, firm, choices)


def _order(finding: Finding) -> tuple[int, int, Finding]:
    """The most trusted source first, in it the longest name: it says most."""
    return RANKS[finding.source], -len(finding.identity.patient_name), finding


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    """Those that say something new."""
    return list({(finding.source, finding.identity): finding for finding in findings}.values())


def _identifies(own: Sequence[Finding]) -> bool:
    proposed = any(
        f.source is Source.PROPOSED_STUDY
        and not is_blank(f.identity.patient_id)
        and (not is_blank(f.identity.patient_name) or f.identity.study_uid)
        for f in own
    )
    attributes = [f.identity for f in own if f.source is Source.ATTRIBUTES]
    has_id = any(not is_blank(identity.patient_id) for identity in attributes)
    return proposed or (has_id and any(not is_blank(identity.patient_name) for identity in attributes))


def _contradictions(firm: Sequence[Finding], choices: dict[Source, list[Finding]]) -> tuple[tuple[Source, Source], ...]:
    """Which sources disagree; of several candidates of a worklist one that fits is enough."""
    for some in (firm, *choices.values()):
        if len(some) > MOST_IDENTITIES:
            return ((some[0].source, some[-1].source),)
    found = {(a.source, b.source) for n, a in enumerate(firm) for b in firm[n + 1 :] if not _fit(a, b)}
    fitting = {source: _fitting(some, firm) for source, some in choices.items()}
    for source, some in choices.items():
        if some and not fitting[source]:
            found |= {(f.source, source) for f in firm if not any(_fit(f, one) for one in some)} or {
                (firm[0].source, source)
            }
    if all(fitting.values()) and not _pairs(fitting):
        found.add((Source.WORKLIST, Source.STATION))
    return tuple(sorted(found, key=lambda pair: (RANKS[pair[0]], RANKS[pair[1]])))


def _fit(one: Finding, other: Finding) -> bool:
    return compare(one.identity, other.identity) is not Match.DIFFERENT


def _fitting(some: Iterable[Finding], firm: Sequence[Finding]) -> list[Finding]:
    return [one for one in some if all(_fit(one, other) for other in firm)]


def _pairs(fitting: dict[Source, list[Finding]]) -> list[tuple[Finding, ...]]:
    return [pair for pair in product(*fitting.values()) if _fit(*pair)]


def _proposal(known: Sequence[Finding], firm: Sequence[Finding], choices: dict[Source, list[Finding]]) -> Verdict:
    """What all point to; of several candidates those that the job mentions, when it mentions some."""
    fitting = {source: _fitting(some, firm) for source, some in choices.items() if some}
    if len(fitting) == len(ALTERNATIVES):
        pairs = _pairs(fitting)
        fitting = {source: [f for f in some if any(f in pair for pair in pairs)] for source, some in fitting.items()}
    candidates = [finding for some in fitting.values() for finding in some]
    mentioned = [finding for finding in candidates if _is_mentioned(finding.identity, known)]
    patients = _patients(mentioned or candidates)
    if firm:  # what stands on the film is of one patient, a candidate only when it surely is the same
        shown = _merged(firm)
        same = [patient for patient in patients if compare(shown, patient) is Match.SAME]
        others = () if len(same) == 1 else tuple(patient for patient in patients if patient not in same)
        patients = (_combined(shown, same[0]), *others) if len(same) == 1 else (shown, *same, *others)
    if len(patients) > 1:
        return Verdict(IdentityState.PROPOSED, candidates=patients)
    return Verdict(IdentityState.PROPOSED, patients[0])


def _is_mentioned(identity: Identity, known: Iterable[Finding]) -> bool:
    """Whether the job says something that only this candidate's request or patient has."""
    return any(
        _same_study(identity, finding.identity)
        or compare(identity, finding.identity) is Match.SAME
        or mentions(finding.raw, identity)
        for finding in known
        if finding.source not in ALTERNATIVES
    )


def _same_study(one: Identity, other: Identity) -> bool:
    pairs = ((one.study_uid, other.study_uid), (one.accession_number, other.accession_number))
    return any(compare_identifiers(a, b) is Match.SAME for a, b in pairs)


def mentions(text: str, identity: Identity) -> bool:
    """Whether a text has the identity's Patient ID, Accession Number, or family and given name as words of their own.

    >>> mentions("CT thorax, DOE JOHN", Identity("1234", "", "Doe^John")), mentions("CT 12345", Identity("1234"))
    (True, False)
    """
    there = words(text[: LONGEST * 16])
    whole = " ".join(there)
    for value in (identity.patient_id, identity.accession_number):
        wanted = " ".join(words(value))
        if len(wanted) >= SHORTEST_MENTION and f" {wanted} " in f" {whole} ":
            return True
    components = identity.patient_name.partition("=")[0].split("^")[:2]
    wanted_words = [word for component in components for word in words(component)]
    return len(components) == 2 and len(wanted_words) > 1 and set(wanted_words) <= set(there)


def _patients(findings: Iterable[Finding]) -> tuple[Identity, ...]:
    """One identity a patient, of findings that may be of several; patients only those are one that surely are."""
    groups: list[list[Finding]] = []
    for finding in sorted(findings, key=_order):
        for group in groups:
            if all(compare(finding.identity, member.identity) is Match.SAME for member in group):
                group.append(finding)
                break
        else:
            groups.append([finding])
    return tuple(_merged(group) for group in groups)


def _merged(findings: Sequence[Finding]) -> Identity:
    """All that findings of one patient say."""
    return _combined(*(finding.identity for finding in sorted(findings, key=_order)))


def _combined(*identities: Identity) -> Identity:
    """Of the patient what the first says that says it, of the study what none contradicts."""
    values = {name: next((v for i in identities if (v := getattr(i, name))), "") for name in PATIENT_FIELDS}
    for name in STUDY_FIELDS:
        said = {getattr(identity, name) for identity in identities} - {""}
        values[name] = said.pop() if len(said) == 1 else ""
    combined = Identity(**values)
    uids = {identity.study_uid for identity in identities} - {""}
    return combined if len(uids) < 2 else replace(combined, **dict.fromkeys(STUDY_FIELDS, ""))
