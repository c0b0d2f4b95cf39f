"""Encoded print requests to the film model's requests, by the tables of rules.py; lenient where a film can be made."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from printmgr.errors import InvalidAttribute, MissingAttribute, MissingValue
from printmgr.film.requests import AnnotationBoxRequest, FilmBoxRequest, FilmSessionRequest
from printmgr.film.status import PrintWarning
from printmgr.scp import rules
from printmgr.scp.encoded import Element
from printmgr.scp.identifying import IDENTIFYING, identifying_values
from printmgr.scp.rules import Kind, Rule, Usage
from printmgr.scp.values import Values

CODE_STRING = re.compile(r"[A-Z0-9_ .,]{1,16}")  # PS3.5 6.2 CS, and the points some SCUs put into film sizes
DENSITY_DIGITS = re.compile(r"[0-9]{1,4}")
NOT_READ_HERE = frozenset({Kind.BYTES, Kind.IDENTITY})
MAX_LENGTH_MM = 10_000.0
MAX_OTHERS, MAX_OTHER_BYTES = 64, 4096  # of a data set's attributes that are only kept: how many, and in all


class Said(NamedTuple):
    """What a data set says, by field name."""

    values: dict[str, Any]
    warnings: tuple[int, ...] = ()
    replaced: tuple[Rule, ...] = ()  # rules whose default took the place of what was asked


def film_session(values: Values) -> tuple[FilmSessionRequest, Said]:
    """N-CREATE or N-SET of a film session."""
    said = read_rules(rules.FILM_SESSION_RULES, values, others=True)
    return FilmSessionRequest(**said.values), said


def film_box(values: Values, setting: bool = False) -> tuple[FilmBoxRequest, Said]:
    """N-CREATE of a film box, or its N-SET when `setting`: then what cannot be changed is ignored with 0107H."""
    said = read_rules(rules.FILM_BOX_RULES, values, setting, others=True)
    return FilmBoxRequest(**said.values), said


def annotation_box(values: Values) -> tuple[AnnotationBoxRequest, Said]:
    """N-SET of an annotation box; a text without characters erases (PS3.4 H.4.4.2.2)."""
    said = read_rules(rules.ANNOTATION_BOX_RULES, values)
    (text,) = rules.ANNOTATION_BOX_RULES
    if values.element(text.tag) is not None:
        said.values.setdefault(text.name, "")
    return AnnotationBoxRequest(**said.values), said


def required(item: Values, tag: int, keyword: str) -> Element:
    element = item.element(tag)
    if element is None:
        raise MissingAttribute(keyword)
    if not element.length:
        raise MissingValue(keyword)
    return element


def read_rules(table: Iterable[Rule], values: Values, setting: bool = False, others: bool = False) -> Said:
    """What the data set says by the rules: zero length counts as absent, bad values as the default with 0116H.

    With `others`, attributes that no rule knows are kept too, and what says whose film it is. M/M raises
    MissingAttribute, MissingValue, InvalidAttribute.
    """
    table = tuple(table)
    found: dict[str, Any] = {}
    replaced: list[Rule] = []
    warnings: dict[int, None] = {}
    for rule in table:
        if rule.kind in NOT_READ_HERE:
            continue
        element = values.element(rule.tag)
        if setting and not rule.settable:
            if element is not None:
                warnings[PrintWarning.ATTRIBUTES_IGNORED] = None
            continue
        if is_absent(rule, element) or element is None:
            continue
        try:
            value = convert(rule, element, values)
        except ValueError:
            if rule.usage is Usage.MANDATORY:
                raise InvalidAttribute(rule.keyword, shown(element, values), expected(rule)) from None
            warnings[PrintWarning.DEFAULT_USED] = None
            replaced.append(rule)
            value = rule.default
        if value is not None:
            found[rule.name] = value
    if others:
        found |= kept_besides(table, values)
    return Said(found, tuple(warnings), tuple(replaced))


def kept_besides(table: Iterable[Rule], values: Values) -> dict[str, Any]:
    """What is kept of a data set beside what the rules read, by field name."""
    kept = {"identifying": identifying_values(values), "other_attributes": other_attributes(table, values)}
    return {name: found for name, found in kept.items() if found}


def other_attributes(table: Iterable[Rule], values: Values) -> tuple[tuple[str, str], ...]:
    """Attributes outside the table, by tag, as text: patient and study of some SCUs, private groups."""
    known = (
        {rule.tag for rule in table}
        | rules.SEQUENCES
        | {rules.IMAGE_BOX_POSITION, rules.PIXEL_DATA}
        | IDENTIFYING.keys()
    )
    kept: list[tuple[str, str]] = []
    room = MAX_OTHER_BYTES
    for tag, element in values.elements.items():
        if tag not in known and 0 < element.length <= room and len(kept) < MAX_OTHERS:
            room -= element.length
            kept.append((f"{tag:08X}", printable(element, values)))
    return tuple(kept)


def printable(element: Element, values: Values) -> str:
    """A value as text; bytes that are no text in hexadecimal."""
    text = values.text(element)
    return text if text.isprintable() else values.raw(element).hex()


def is_absent(rule: Rule, element: Element | None) -> bool:
    """Whether an optional attribute says nothing. Raises MissingAttribute, MissingValue for M/M."""
    if rule.usage is Usage.MANDATORY:
        if element is None:
            raise MissingAttribute(rule.keyword)
        if not element.length:
            raise MissingValue(rule.keyword)
    return element is None or (not element.length and rule.kind is not Kind.REFERENCE)


def convert(rule: Rule, element: Element, values: Values) -> Any:
    """The value in the model's type and unit; None where it says nothing. Raises ValueError."""
    match rule.kind:
        case Kind.REFERENCE:
            return reference(rule, element, values)
        case Kind.TEXT:
            text = values.text(element)
            if not text and rule.usage is Usage.MANDATORY:
                raise MissingValue(rule.keyword)
            return text or None
        case Kind.TERM | Kind.OPEN_TERM | Kind.YES_NO | Kind.DENSITY_TERM:
            return term(rule, values.text(element))
        case Kind.LENGTH:
            length = values.numbers(element, rule.vr)[0]
            if length > MAX_LENGTH_MM:
                raise ValueError(f"{length} mm is longer than any film")
            return float(length) if length > 0 else None
    number = values.whole(element, rule.vr)
    if number < 0 or (rule.kind is Kind.COUNT and number < 1) or (rule.allowed and number not in rule.allowed):
        raise ValueError(f"{number} is out of range")
    match rule.kind:
        case Kind.DENSITY:
            return number / 100
        case Kind.QUANTITY:
            return float(number) or None
        case Kind.LIGHT:
            return float(number)
    return number


def term(rule: Rule, text: str) -> Any:
    """A code string in the model's type; None where it is blank. Raises ValueError."""
    text = " ".join(text.upper().split())
    if not text:
        if rule.usage is Usage.MANDATORY:
            raise MissingValue(rule.keyword)
        return None
    if rule.kind is Kind.OPEN_TERM and CODE_STRING.fullmatch(text):
        return text
    if rule.kind is Kind.DENSITY_TERM and DENSITY_DIGITS.fullmatch(text):
        return str(int(text))
    if text not in rule.allowed:
        raise ValueError(f"{text} is not allowed")
    if rule.kind is Kind.YES_NO:
        return text == "YES"
    return rule.allowed[rule.allowed.index(text)]


def reference(rule: Rule, element: Element, values: Values) -> str:
    """The UID of the first item, "" for a sequence without items."""
    if not element.items:
        if rule.usage is Usage.MANDATORY:
            raise MissingValue(rule.keyword)
        return ""
    item = values.item(element.items[0])
    return item.text(required(item, rules.REFERENCED_SOP_INSTANCE_UID, "ReferencedSOPInstanceUID"))


def shown(element: Element, values: Values) -> str:
    """A value as an error message shows it."""
    if element.items:
        return f"{len(element.items)} items"
    if element.vr in ("", "US"):
        return values.raw(element)[:16].hex(" ")
    return values.text(element)[:64]


def expected(rule: Rule) -> str:
    if not rule.allowed:
        return rule.kind.value
    allowed = [str(value) for value in rule.allowed]
    return ", ".join(allowed) if len(allowed) < 5 else f"{allowed[0]} to {allowed[-1]}"
