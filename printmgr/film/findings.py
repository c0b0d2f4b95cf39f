"""PURE. What an order itself says of whose film it is."""

from collections.abc import Iterable, Iterator
from types import MappingProxyType

from printmgr.film.identity import NOBODY, Finding, Identity, Source
from printmgr.film.identity_text import identity_in
from printmgr.film.model import PROPOSED_STUDY, IdentifyingValue, PrintOrder
from printmgr.film.patient_names import LONGEST

FIELDS = MappingProxyType(  # of an identity, by the attribute's keyword
    {
        "PatientID": "patient_id",
        "IssuerOfPatientID": "issuer",
        "PatientName": "patient_name",
        "PatientBirthDate": "birth_date",
        "PatientSex": "sex",
        "StudyInstanceUID": "study_uid",
        "StudyID": "study_id",
        "StudyDate": "study_date",
        "StudyTime": "study_time",
        "AccessionNumber": "accession_number",
        "StudyDescription": "description",
        "ReferringPhysicianName": "referring_physician",
    }
)


def findings_of(order: PrintOrder) -> list[Finding]:
    """Every finding that the order alone gives: attributes and texts, each once."""
    return list(dict.fromkeys([*_attributes(order), *_texts(order)]))


def _attributes(order: PrintOrder) -> Iterator[Finding]:
    for where, values in _data_sets(order):
        for place, identity in identities_in(values):
            proposed = place.rpartition("/")[2] == PROPOSED_STUDY
            source = Source.PROPOSED_STUDY if proposed else Source.ATTRIBUTES
            yield Finding(source, identity, f"{where}, {place}" if place else where)


def _data_sets(order: PrintOrder) -> Iterator[tuple[str, tuple[IdentifyingValue, ...]]]:
    yield "film session", order.session.identifying
    for number, film in enumerate(order.films, start=1):
        yield f"film {number}", film.identifying
        for box in film.image_boxes:
            yield f"film {number}, image {box.position}", box.identifying


def identities_in(values: Iterable[IdentifyingValue]) -> Iterator[tuple[str, Identity]]:
    """The identities that a data set says, each with its place; an attribute that comes again begins another item."""
    items: dict[str, list[dict[str, str]]] = {}
    for value in values:
        field = FIELDS.get(value.keyword)
        if field is None or not value.value:
            continue
        at_place = items.setdefault(value.place, [{}])
        if field in at_place[-1]:
            at_place.append({})
        at_place[-1][field] = value.value[:LONGEST]
    for place, some in items.items():
        for each in some:
            identity = Identity(**each)
            if identity != NOBODY:
                yield place, identity


def _texts(order: PrintOrder) -> Iterator[Finding]:
    label = order.session.film_session_label
    if label:
        yield Finding(Source.LABEL, identity_in(label), "film session", label)
    for number, film in enumerate(order.films, start=1):
        texts = (*(box.text for box in film.annotation_boxes), *film.stray_texts)
        for text in texts:
            if text and text != label:
                yield Finding(Source.ANNOTATION, identity_in(text), f"film {number}", text)
