"""De-identifies one instance (PS3.15 E); runs in the transcoder's child process.

The table decides what it names. Beside it: what has no meaning that is known (private attributes, unknown ones, curves,
overlays) goes; every UID that is not the standard's own is replaced; in the texts that stay no word may be one that
identified the patient; file meta information and preamble are new.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pydicom import Dataset
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from media.build import vocabulary
from media.build.confidentiality import safe_private, table
from media.build.identifiers import Identifiers
from media.build.pseudonyms import DUMMY_DATE, DUMMY_DATETIME, DUMMY_TIME, Pseudonyms
from media.fileset.confidentiality import BASIC, CLEAN_PIXELS, CODES, Option, Row, action_of

PATIENT_NAME, PATIENT_ID, STUDY_ID, PATIENT_AGE = 0x00100010, 0x00100020, 0x00200010, 0x00101010
DIRECTORY_KEYS = frozenset({0x00080020, 0x00080030})  # Study Date and Time: type 1 in the directory (PS3.3 F.5.2)
CODING_UIDS = frozenset({0x0008010C, 0x00080117, 0x00080118, 0x0008010D})  # of schemes and context groups
TEXT_VRS = frozenset({"LO", "SH", "ST", "LT", "UT", "UC", "PN", "AE", "UR"})
PUBLIC_SCHEMES = frozenset({"DCM", "SCT", "SRT", "SNM3", "99SDM", "LN", "UCUM", "MDC", "FMA", "RADLEX", "NCIt"})
DUMMIES = {
    "DA": DUMMY_DATE, "TM": DUMMY_TIME, "DT": DUMMY_DATETIME, "AS": "000Y", "DS": "0", "IS": "0", "CS": "REMOVED",
    "FD": 0.0, "FL": 0.0, "US": 0, "SS": 0, "UL": 0, "SL": 0, "UV": 0, "SV": 0,
}  # fmt: skip
REMOVED = "REMOVED"
OLDEST = 89  # years: older patients are few enough to be found

Removed = Counter[tuple[int, str]]
"""How often an attribute was removed, emptied, replaced or cleaned."""


class Deidentifier:
    """Cleans the data sets of one patient's instances."""

    def __init__(self, names: Pseudonyms, options: frozenset[Option], released: bool) -> None:
        self.names = names
        self.options = options
        self.released = released
        self.removed: Removed = Counter()
        self.identifiers = Identifiers()

    def clean(self, ds: Dataset, masked: bool) -> None:
        """Clean a whole data set in place, and say in it how."""
        self.identifiers = Identifiers.of(ds, self.options)
        self._walk(ds, strict=False)
        self._declare(ds, masked)

    def _walk(self, ds: Dataset, strict: bool) -> None:
        self._drop_private(ds)
        for tag in list(ds.keys()):
            group = tag >> 16
            if 0x5000 <= group <= 0x50FF or 0x6000 <= group <= 0x60FF or group == 0 or tag & 0xFFFF == 0:
                self._drop(ds, tag)
            elif not group & 1:
                self._element(ds, ds[tag], strict)

    def _element(self, ds: Dataset, element: DataElement, strict: bool) -> None:
        row = table().get(int(element.tag))
        if row is not None:
            self._by_table(ds, element, row)
        elif element.VR == "UN" or (element.VR == "PN" and not strict):
            self._drop(ds, element.tag)
        elif element.VR == "SQ":
            self._items(element, strict)
        elif element.VR == "UI":
            self._uids(element)
        elif strict and element.VR in TEXT_VRS:
            self._replace(element)
        elif element.VR in ("DA", "DT"):
            self._date(ds, element)
        else:
            self._residue(element)

    def _by_table(self, ds: Dataset, element: DataElement, row: Row) -> None:
        """Do what the row says; of alternatives what keeps an instance valid whatever its type (PS3.15 E.1)."""
        action = action_of(row, self.options, element.VR)
        if self.released and keyword_for_tag(element.tag) in ("ContentSequence", "EncapsulatedDocument"):
            action = "K"
        if action == "K":
            self._keep(element)
        elif action == "C":
            self._clean(ds, element)
        elif action == "X":
            self._drop(ds, element.tag)
        elif element.tag in (PATIENT_NAME, PATIENT_ID):
            self._set(element, self.names.identifier)
        elif element.tag == STUDY_ID:
            self._set(element, self.names.word("study", str(element.value)))
        elif action == "U":
            self._uids(element)
        elif action == "X/Z/U*":
            self._items(element, strict=False)
        elif action in ("Z", "X/Z") and element.tag not in DIRECTORY_KEYS:
            self._set(element, Sequence() if element.VR == "SQ" else None, "emptied")
        else:
            self._replace(element)

    def _keep(self, element: DataElement) -> None:
        if element.VR == "SQ":
            self._items(element, strict=False)
        elif element.tag == PATIENT_AGE and str(element.value)[:3].isdigit() and str(element.value).endswith("Y"):
            if int(str(element.value)[:3]) > OLDEST:
                self._set(element, f"{OLDEST + 1:03}Y")
        elif element.VR not in ("UI", "PN"):
            self._residue(element)

    def _clean(self, ds: Dataset, element: DataElement) -> None:
        if element.VR in ("SQ", "AS"):
            self._keep(element)
        elif element.VR in ("DA", "DT"):
            self._date(ds, element)
        elif element.VR in TEXT_VRS:
            text = "\\".join(map(str, _values(element)))
            if (kept := vocabulary.cleaned(text, self.identifiers.words)) != text:
                self._set(element, kept, "cleaned")
        elif element.VR != "TM":
            self._drop(ds, element.tag)

    def _items(self, element: DataElement, strict: bool) -> None:
        if element.VR != "SQ":
            raise ValueError(f"{element.tag} has VR {element.VR}, not SQ")
        for item in element.value:
            coded = item.get("CodingSchemeDesignator") in PUBLIC_SCHEMES
            self._walk(item, strict and not coded)

    def _uids(self, element: DataElement) -> None:
        if Option.UIDS in self.options or element.tag in CODING_UIDS:
            return
        before = [str(uid) for uid in _values(element)]
        after = [self.names.uid(uid) for uid in before]
        if after != before:
            self._set(element, after if len(after) > 1 else after[0])

    def _date(self, ds: Dataset, element: DataElement) -> None:
        """A date by the options of dates; one that is no date goes."""
        if Option.FULL_DATES in self.options:
            return
        if Option.MODIFIED_DATES not in self.options:
            self._replace(element)
            return
        shifted = [self.names.shifted(str(value)) for value in _values(element) if value]
        if not all(shifted):
            self._replace(element)
        elif shifted:
            self._set(element, shifted if len(shifted) > 1 else shifted[0], "shifted")

    def _replace(self, element: DataElement) -> None:
        """A dummy of the same VR."""
        if element.VR == "SQ":
            self._items(element, strict=True)
        elif element.VR == "UI":
            self._uids(element)
        elif element.VR in TEXT_VRS:
            keyword = keyword_for_tag(element.tag)
            named = keyword.endswith(("ID", "Identifier")) and element.value
            self._set(element, self.names.word(keyword, str(element.value)) if named else REMOVED)
        else:
            self._set(element, DUMMIES.get(element.VR, b""))

    def _residue(self, element: DataElement) -> None:
        """See that a text that stays has nothing that identified the patient."""
        if element.VR in TEXT_VRS and any(self.identifiers.are_in(str(value)) for value in _values(element)):
            self._set(element, REMOVED, "cleaned")

    def _drop_private(self, ds: Dataset) -> None:
        private = [tag for tag in ds.keys() if tag.group & 1]  # noqa: SIM118  # a Dataset iterates its elements
        kept = set()
        for tag in private:
            if tag.element > 0xFF and Option.SAFE_PRIVATE in self.options:
                creator = (tag.group << 16) | (tag.element >> 8)
                name = str(ds[creator].value).strip() if creator in ds else ""
                if (tag.group, tag.element & 0xFF, name) in safe_private() and ds[tag].VR != "UN":
                    kept |= {tag, creator}
        for tag in private:
            if tag not in kept:
                self._drop(ds, tag)
            elif ds[tag].VR == "SQ":
                self._items(ds[tag], strict=True)
            else:
                self._residue(ds[tag])

    def _drop(self, ds: Dataset, tag: int) -> None:
        self.removed[int(tag), "removed"] += 1
        del ds[tag]

    def _set(self, element: DataElement, value: Any, what: str = "replaced") -> None:
        self.removed[int(element.tag), what] += 1
        element.value = value

    def _declare(self, ds: Dataset, masked: bool) -> None:
        """Say what was done (PS3.15 E.1.1, PS3.3 C.7.1.1 and C.12.1.1.11)."""
        codes = [BASIC, *([CLEAN_PIXELS] if masked else []), *(CODES[one] for one in sorted(self.options))]
        ds.PatientIdentityRemoved = "YES"
        ds.DeidentificationMethod = [meaning[:64] for _code, meaning in codes]
        ds.DeidentificationMethodCodeSequence = Sequence(map(_code_item, codes))
        dates = {Option.FULL_DATES: "UNMODIFIED", Option.MODIFIED_DATES: "MODIFIED"}
        ds.LongitudinalTemporalInformationModified = next(
            (said for option, said in dates.items() if option in self.options), "REMOVED"
        )
        if masked:
            ds.BurnedInAnnotation = "NO"


def _values(element: DataElement) -> list[Any]:
    value = element.value
    return list(value) if isinstance(value, MultiValue | list) else [] if value is None else [value]


def _code_item(code: tuple[str, str]) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodeMeaning = code
    item.CodingSchemeDesignator = "DCM"
    return item


def counted(removed: Mapping[tuple[int, str], int]) -> Iterator[list[Any]]:
    """What was done as JSON values: tag, what, how often."""
    for (tag, what), number in sorted(removed.items()):
        yield [tag, what, number]
