"""The tables agree with pydicom's dictionary, the film model and the errors there are."""

from dataclasses import fields

import pytest
from pydicom.datadict import dictionary_VR, keyword_dict

from printmgr import errors
from printmgr.film.model import AnnotationBox, FilmBox, FilmSession, ImageBox, PixelFormat
from printmgr.film.requests import AnnotationBoxRequest, FilmBoxRequest, FilmSessionRequest, ImageBoxRequest
from printmgr.film.status import PRINTER_STATUS_INFOS, PrintWarning, foremost
from printmgr.scp import rules
from printmgr.scp.contexts import ABSTRACT_SYNTAXES, CLASS_NAMES, SOPClass, presentation_contexts
from printmgr.scp.rules import Kind, Rule, Usage
from printmgr.scp.services import SERVICES
from printmgr.scp.statuses import STATUSES, STATUSES_OF_CLASSES, status_of

TABLES = [
    (rules.FILM_SESSION_RULES, FilmSessionRequest, FilmSession),
    (rules.FILM_BOX_RULES, FilmBoxRequest, FilmBox),
    (rules.IMAGE_BOX_RULES, ImageBoxRequest, ImageBox),
    (rules.ANNOTATION_BOX_RULES, AnnotationBoxRequest, AnnotationBox),
    (rules.IMAGE_RULES, PixelFormat, PixelFormat),
]
RULES = [(rule, request, model) for table, request, model in TABLES for rule in table]


@pytest.mark.parametrize(
    ("rule", "request_type", "model"), RULES, ids=[f"{m.__name__}-{r.keyword}" for r, _, m in RULES]
)
def test_a_rule_names_what_exists(rule: Rule, request_type: type, model: type) -> None:
    assert keyword_dict[rule.keyword] == rule.tag
    assert dictionary_VR(rule.tag) == rule.vr
    assert rule.name in {field.name for field in fields(request_type)}
    if rule.kind is not Kind.REFERENCE:
        assert rule.name in {field.name for field in fields(model)}


@pytest.mark.parametrize(
    ("rule", "request_type", "model"), RULES, ids=[f"{m.__name__}-{r.keyword}" for r, _, m in RULES]
)
def test_a_default_is_allowed_and_is_the_models(rule: Rule, request_type: type, model: type) -> None:
    if rule.default is None:
        return
    assert not rule.allowed or rule.kind is Kind.YES_NO or rule.default in rule.allowed
    of_model = next(field.default for field in fields(model) if field.name == rule.name)
    assert of_model in (rule.default, None)


def test_the_printers_attributes_are_the_dictionarys() -> None:
    assert all(keyword_dict[keyword] == tag for keyword, tag in rules.PRINTER_ATTRIBUTES.items())


def test_only_mandatory_attributes_can_fail() -> None:
    mandatory = {rule.keyword for rule, _, _ in RULES if rule.usage is Usage.MANDATORY}
    assert {"ImageDisplayFormat", "ReferencedFilmSessionSequence", "Rows", "BitsStored"} <= mandatory
    assert not mandatory & {"FilmSizeID", "Polarity", "MagnificationType", "NumberOfCopies"}


def test_every_error_has_a_status() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.PrintError)]
    only_of_sinks = {kind for kind in kinds if issubclass(kind, errors.DeliveryFailed)} - {errors.DeliveryFailed}
    assert set(STATUSES) == {*kinds} - {errors.PrintError} - only_of_sinks
    assert {kind for kind, _ in STATUSES_OF_CLASSES} <= set(STATUSES)
    assert status_of(errors.ResourceLimit("full"), SOPClass.GRAYSCALE_IMAGE_BOX) == 0xC605
    assert status_of(errors.ResourceLimit("full"), SOPClass.FILM_BOX) == 0x0213


def test_the_most_telling_warning_is_the_one_given() -> None:
    assert [foremost((0x0116, warning)) for warning in PrintWarning] == [
        0x0116 if warning is PrintWarning.ATTRIBUTES_IGNORED else warning for warning in PrintWarning
    ]


def test_printer_status_terms_are_those_of_the_standard() -> None:
    assert len(set(PRINTER_STATUS_INFOS)) == len(PRINTER_STATUS_INFOS) == 108
    assert max(map(len, PRINTER_STATUS_INFOS)) <= 16


def test_the_classes_served_are_accepted_in_all_uncompressed_encodings() -> None:
    assert {sop_class for _, sop_class in SERVICES} <= set(SOPClass) <= set(ABSTRACT_SYNTAXES)
    assert set(CLASS_NAMES) == set(SOPClass)
    for context in presentation_contexts():
        assert {str(syntax) for syntax in context.transfer_syntax} == {
            "1.2.840.10008.1.2",
            "1.2.840.10008.1.2.1",
            "1.2.840.10008.1.2.2",
        }
