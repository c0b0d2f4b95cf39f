"""PURE. What a session or a film says of its patient, when a later request says more (PS3.7 10.1.3: N-SET replaces)."""

from printmgr.film.model import IdentifyingValue


def merged(
    before: tuple[IdentifyingValue, ...], new: tuple[IdentifyingValue, ...] | None
) -> tuple[IdentifyingValue, ...]:
    """The values kept and the new ones.

    A sequence replaces the one before as a whole, an attribute outside of sequences the one of its keyword. A value ""
    takes away and does not stay.

    >>> old = (IdentifyingValue("PatientID", "1", "ProposedStudySequence"), IdentifyingValue("PatientID", "2"))
    >>> [v.value for v in merged(old, (IdentifyingValue("StudyID", "7", "ProposedStudySequence"),))]
    ['2', '7']
    """
    new = new or ()
    heads = {head_of(value) for value in new}
    kept = tuple(value for value in before if head_of(value) not in heads)
    return kept + tuple(value for value in new if value.value)


def head_of(value: IdentifyingValue) -> str:
    """The attribute of the data set itself that the value lies in."""
    return value.place.partition("/")[0] or value.keyword
