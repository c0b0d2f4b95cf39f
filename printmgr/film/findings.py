"""PURE. What an order itself says of whose film it is."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from printmgr.film.identity import NOBODY, Finding, Identity, Source
from printmgr.film.identity_text import identity_in
from printmgr.film.model import PrintOrder
from printmgr.film.patient_names import LONGEST

IDENTIFYING = MappingProxyType(  # by tag as the model keeps what no rule knows
    {
        "00100020": "patient_id",
        "00100021": "issuer",
        "00100010": "patient_name",
        "00100030": "birth_date",
        "00100040": "sex",
        "0020000D": "study_uid",
        "00200010": "study_id",
        "00080020": "study_date",
        "00080030": "study_time",
        "00080090": "referring_physician",
        "00080050": "accession_number",
        "00081030": "description",
    }
)


def findings_of(order: PrintOrder) -> list[Finding]:
    """Every finding that the order alone gives: attributes and texts, each once."""
    return list(dict.fromkeys([*_attributes(order), *_texts(order)]))


def identity_of(attributes: Mapping[str, str]) -> Identity:
    """The identity that attributes by tag say."""
    return Identity(**{IDENTIFYING[tag]: text[:LONGEST] for tag, text in attributes.items() if tag in IDENTIFYING})


def _attributes(order: PrintOrder) -> Iterator[Finding]:
    for where, attributes in _data_sets(order):
        identity = identity_of(attributes)
        if identity != NOBODY:
            yield Finding(Source.ATTRIBUTES, identity, where)


def _data_sets(order: PrintOrder) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield "film session", dict(order.session.other_attributes)
    for number, film in enumerate(order.films, start=1):
        yield f"film {number}", dict(film.other_attributes)
        for box in film.image_boxes:
            yield f"film {number}, image {box.position}", dict(box.other_attributes)


def _texts(order: PrintOrder) -> Iterator[Finding]:
    if label := order.session.film_session_label:
        yield Finding(Source.LABEL, identity_in(label), "film session", label)
