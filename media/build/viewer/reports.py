"""Reports for reading: structured reports as text, encapsulated documents as the files they hold (PS3.3 A.35, A.45)."""

from collections.abc import Iterator
from html import escape
from typing import Any

from pydicom import Dataset

from media.build.viewer.pages import person

MAX_DEPTH = 32
MAX_ITEMS = 20_000


def title(instance: Dataset) -> str:
    """What a document calls itself."""
    named = instance.get("DocumentTitle") or _meaning(instance.get("ConceptNameCodeSequence"))
    return str(named or instance.get("SeriesDescription") or "Report")


def document(instance: Dataset) -> bytes:
    """The document inside of an encapsulated one, without the padding of an odd length."""
    data: bytes = instance.EncapsulatedDocument
    length = instance.get("EncapsulatedDocumentLength")
    return data[:length] if isinstance(length, int) and 0 < length <= len(data) else data


def as_page(report: Dataset) -> str:
    """The content tree of a structured report as the body of an XHTML page (PS3.3 C.17.3)."""
    head = [f"<h1>{_shown(title(report))}</h1>"]
    flags = [str(report.get(keyword) or "") for keyword in ("CompletionFlag", "VerificationFlag")]
    observers = [str(item.get("VerifyingObserverName") or "") for item in report.get("VerifyingObserverSequence") or []]
    said = ", ".join(filter(None, [*(flag.lower() for flag in flags), *observers]))
    if said:
        head.append(f"<p>{_shown(said)}</p>")
    items = _Items()
    return "".join([*head, *items.of(report, 0), *(["<p>\u2026</p>"] if items.left < 0 else [])])


class _Items:
    """The content items of one report, as many as a page may have."""

    def __init__(self) -> None:
        self.left = MAX_ITEMS

    def of(self, parent: Dataset, depth: int) -> Iterator[str]:
        children = parent.get("ContentSequence") or []
        if not children or depth > MAX_DEPTH:
            return
        yield "<ul>"
        for item in children:
            self.left -= 1
            if self.left < 0:
                break
            yield "<li>" + item_text(item)
            yield from self.of(item, depth + 1)
            yield "</li>"
        yield "</ul>"


def item_text(item: Dataset) -> str:
    """One content item as XHTML: what it is about, and its value."""
    name = _meaning(item.get("ConceptNameCodeSequence"))
    value = value_text(item)
    label = f"<b>{_shown(name)}</b>" if name else ""
    return label + (": " if name and value else "") + "<br />".join(_shown(line) for line in value.splitlines())


def value_text(item: Dataset) -> str:
    """The value of a content item by its Value Type (PS3.3 C.17.3.2.1)."""
    kind = str(item.get("ValueType") or "")
    if kind == "NUM":
        return _measured(item)
    if kind == "CODE":
        return _meaning(item.get("ConceptCodeSequence"))
    if kind == "PNAME":
        return person(str(item.get("PersonName") or ""))
    if kind in ("IMAGE", "COMPOSITE", "WAVEFORM"):
        return ", ".join(_referenced(one) for one in item.get("ReferencedSOPSequence") or [])
    if kind in ("SCOORD", "SCOORD3D"):
        return str(item.get("GraphicType") or "").lower()
    keyword = {"TEXT": "TextValue", "DATE": "Date", "TIME": "Time", "DATETIME": "DateTime", "UIDREF": "UID"}.get(kind)
    return str(item.get(keyword) or "") if keyword else ""


def _measured(item: Dataset) -> str:
    found = []
    for measured in item.get("MeasuredValueSequence") or []:
        units = (measured.get("MeasurementUnitsCodeSequence") or [Dataset()])[0]
        unit = str(units.get("CodeValue") or "")
        shown = "" if unit in ("1", "{no units}", "no units") else unit
        found.append(f"{measured.get('NumericValue', '')} {shown}".strip())
    return ", ".join(found) or _meaning(item.get("NumericValueQualifierCodeSequence"))


def _referenced(one: Dataset) -> str:
    frames = one.get("ReferencedFrameNumber")
    return f"{one.get('ReferencedSOPInstanceUID', '')}" + (f" ({frames})" if frames else "")


def _meaning(codes: Any) -> str:
    return str(codes[0].get("CodeMeaning") or codes[0].get("CodeValue") or "") if codes else ""


def _shown(text: str) -> str:
    """Escaped for a page; what XML does not allow shows as U+FFFD."""
    return escape("".join(char if char.isprintable() or char in " \t" else "\ufffd" for char in text))
