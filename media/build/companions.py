"""The files beside the File-set: README.TXT, INDEX.HTM, IHE_PDI/, CHECKSUM.TXT (IHE RAD TF-3 4.47.4.1.2).

Nothing starts by itself and nothing can be run: plain text and pages without script. All names are 8.3. The sizes do
not depend on the hashes, nor on how many volumes there are, so that a plan can count them beforehand.
"""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from importlib import metadata
from itertools import groupby
from pathlib import PurePosixPath

from media.fileset import records
from media.fileset.model import Keys, Plan, PlannedFile, Rejection, Volume

Path = tuple[str, ...]

README, INDEX, CHECKSUM = ("README.TXT",), ("INDEX.HTM",), ("CHECKSUM.TXT",)
PDI_INDEX = ("IHE_PDI", "INDEX.HTM")
DICOMDIR = ("DICOMDIR",)
STATEMENT = ("DEIDENT.PDF",)  # of a de-identified volume

NOT_FOR_DIAGNOSIS = "Not for primary diagnosis"
WIDTH = 78
KEY_NAMES = {key.tag: key.name for record in records.RECORDS.values() for key in record.keys}


@dataclass(frozen=True, slots=True)
class Imprint:
    """Who made the disc, for README.TXT and INDEX.HTM."""

    institution: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a volume as the contents list shows it."""

    folder: str
    first: str
    last: str
    files: tuple[PlannedFile, ...]

    @property
    def sample(self) -> PlannedFile:
        return self.files[0]


def product() -> str:
    """Name and version of this product."""
    try:
        return f"printmgr {metadata.version('printmgr')}"
    except metadata.PackageNotFoundError:  # run from a source tree
        return "printmgr"


def companion_files(
    plan: Plan, volume: Volume, imprint: Imprint, pages: Mapping[str, str] | None = None
) -> dict[Path, bytes]:
    """Every companion but CHECKSUM.TXT. With a viewer, `pages` has the first page of series by their folders."""
    contents = list(series_of(volume))
    files = {
        README: readme(plan, volume, contents, imprint, viewer=pages is not None),
        INDEX: index_page(plan, volume, contents, imprint, pages),
        PDI_INDEX: pdi_page(),
    }
    if plan.descriptor:  # the File-set Descriptor File (0004,1141): a File ID has no dot (PS3.10 8.2)
        files[(plan.descriptor,)] = files[README]
    return files


def companion_sizes(
    plan: Plan,
    volume: Volume,
    imprint: Imprint,
    pages: Mapping[str, str] | None = None,
    viewer: Mapping[Path, int] | None = None,
) -> dict[Path, int]:
    """Path and size of every companion, CHECKSUM.TXT and the viewer's files too: what planning counts with."""
    sizes = {path: len(data) for path, data in companion_files(plan, volume, imprint, pages).items()}
    sizes.update(viewer or {})
    names = [*sizes, DICOMDIR, *(file.file_id for file in volume.files)]
    return {**sizes, CHECKSUM: checksum_size(names)}


# --- CHECKSUM.TXT


def checksum_size(paths: Iterable[Path]) -> int:
    """Bytes of CHECKSUM.TXT for these files: 64 digits, two spaces, the name, a line feed each."""
    return sum(67 + sum(map(len, path)) + len(path) - 1 for path in paths)


def checksum_text(hashes: Mapping[str, str]) -> bytes:
    """CHECKSUM.TXT as sha256sum reads it, names from the root of the medium in order.

    >>> checksum_text({"B": "22", "A": "11"})
    b'11  A\\n22  B\\n'
    """
    return "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode("ascii")


# --- README.TXT


def readme(plan: Plan, volume: Volume, contents: list[Series], imprint: Imprint, viewer: bool = False) -> bytes:
    """README.TXT: ASCII, lines of at most 78 characters ended by CR LF."""
    lines = ["DICOM MEDIUM", "============", ""]
    lines += _facts(plan, volume, contents, imprint)
    for paragraph in _paragraphs(plan, viewer):
        lines += ["", *textwrap.wrap(_ascii(paragraph), WIDTH)]
    lines += _counted_out(plan.left_out) if plan.deidentified else _left_out(plan.left_out)
    lines += _derived(contents)
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _facts(plan: Plan, volume: Volume, contents: list[Series], imprint: Imprint) -> Iterator[str]:
    counts = count(contents)
    volumes = f"{volume.number:>4} of {len(plan.volumes) or volume.number:>4}"  # the same width while it is planned
    facts = {
        "Institution": imprint.institution,
        "Contact": imprint.contact,
        "Made": plan.created,
        "Made by": product(),
        "Volume": volumes,
        "File-set ID": volume.file_set_id,
        "File-set UID": volume.file_set_uid,
        "Profile": plan.claim or plan.profile,
        "Medium": f"{plan.medium}, {plan.file_system}",
        "Holds": ", ".join(f"{number} {what}" for what, number in counts.items()),
    }
    for name, value in facts.items():
        if value:
            head = f"{name + ':':<14}"
            yield from textwrap.wrap(head + _ascii(value), WIDTH, subsequent_indent=" " * 14)


def _paragraphs(plan: Plan, viewer: bool) -> Iterator[str]:
    shows = "shows the images" if viewer else "shows what is here"
    yield (
        "This medium holds DICOM objects that the file DICOMDIR lists. Import them with any DICOM workstation or "
        f"archive. INDEX.HTM {shows} in a web browser. CHECKSUM.TXT has the SHA-256 of every file; "
        "'sha256sum -c CHECKSUM.TXT' compares. No program is on this medium and none starts by itself."
    )
    yield (
        f"{NOT_FOR_DIAGNOSIS} as it stands: read the images with a system made for it. The medium holds data of "
        "patients: keep it safe, and give it back to the institution or destroy it if you found it."
    )
    if plan.deidentified:
        yield f"{plan.deidentified} {STATEMENT[0]} says what was removed, and what was not looked for."
    yield from plan.notes


def _counted_out(rejections: tuple[Rejection, ...]) -> Iterator[str]:
    """What is left out of a de-identified volume: the names of the files may be those of patients."""
    if rejections:
        yield from ("", f"LEFT OUT ({len(rejections)} files were selected and are not on this medium)")
        for reason, number in sorted(Counter(one.reason.value for one in rejections).items()):
            yield f"  {reason}: {number}"


def _left_out(rejections: tuple[Rejection, ...]) -> Iterator[str]:
    if not rejections:
        return
    yield from ("", f"LEFT OUT ({len(rejections)} files were selected and are not on this medium)")
    for one in rejections:
        source = one.source.member or one.source.path
        yield _ascii(f"  {PurePosixPath(source.replace(chr(92), '/')).name}: {one.reason.value}")[:WIDTH]


def _derived(contents: list[Series]) -> Iterator[str]:
    derived = [(series, _derived_of(series)) for series in contents if any(file.derived for file in series.files)]
    if not derived:
        return
    yield from ("", "DERIVED KEYS (in the DICOMDIR only; the files are as they were)")
    for series, keys in derived:
        yield f"  {series.folder}"
        for (tag, value), number in sorted(keys.items()):
            name = KEY_NAMES.get(tag, f"({tag >> 16:04X},{tag & 0xFFFF:04X})")
            shown = value.decode("latin-1").strip("\0 ")
            text = f"{name} = {shown}" if value else f"{name} left out"
            yield _ascii(f"    {text}" + (f" ({number} files)" if number > 1 else ""))[:WIDTH]


def _derived_of(series: Series) -> dict[tuple[int, bytes], int]:
    keys: dict[tuple[int, bytes], int] = {}
    for file in series.files:
        for key in file.derived.items():
            keys[key] = keys.get(key, 0) + 1
    return keys


def _ascii(text: str) -> str:
    r"""ASCII without control characters, all else as escapes.

    >>> _ascii("Pat\u00e9\n")
    'Pat\\xe9\\x0a'
    """
    escaped = text.encode("ascii", "backslashreplace").decode("ascii")
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in escaped)


# --- INDEX.HTM


VIEWER_HEAD = (
    '<link rel="stylesheet" type="text/css" href="IHE_PDI/VIEWER.CSS" />'
    '<script type="text/javascript" src="IHE_PDI/VIEWER.JS"></script>'
    '<script type="text/javascript" src="IHE_PDI/LIST.JS"></script>'
)
STYLE = "body{font:16px sans-serif;margin:2em}table{border-collapse:collapse}td,th{padding:.2em .6em;text-align:left}"


def index_page(
    plan: Plan, volume: Volume, contents: list[Series], imprint: Imprint, pages: Mapping[str, str] | None = None
) -> bytes:
    """INDEX.HTM: the contents list as XHTML in UTF-8; a viewer takes its place where scripts are allowed."""
    title = f"Contents of {volume.file_set_id or 'this medium'}"
    counts = ", ".join(f"{number} {what}" for what, number in count(contents).items())
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p><strong>{NOT_FOR_DIAGNOSIS}.</strong> {escape(counts)}; made {escape(plan.created)}"
        f"{escape(' by ' + imprint.institution) if imprint.institution else ''}.</p>",
        '<p><a href="README.TXT">README.TXT</a></p>',
    ]
    for patient, of_patient in groupby(contents, key=lambda series: text_of(series, "patient", records.PATIENT_ID)):
        studies = list(of_patient)
        name = person_name(text_of(studies[0], "patient", records.PATIENT_NAME))
        body.append(f"<h2>{show(name) or '(no name)'} &#160; {show(patient)}</h2>")
        for _, of_study in groupby(studies, key=lambda series: series.sample.instance.study.get(records.STUDY_UID)):
            body += _study_table(list(of_study), pages or {})
    if pages is None:
        return _page(title, body)
    return _page(title, ['<div id="plain">', *body, "</div>"], VIEWER_HEAD)


def pdi_page() -> bytes:
    """IHE_PDI/INDEX.HTM: where the contents list is."""
    return _page(
        "Portable Data for Imaging",
        [
            "<h1>Portable Data for Imaging</h1>",
            f"<p><strong>{NOT_FOR_DIAGNOSIS}.</strong> This medium holds DICOM objects only; "
            '<a href="../INDEX.HTM">the contents list</a> and <a href="../README.TXT">README.TXT</a> say which.</p>',
        ],
    )


def _study_table(series: list[Series], pages: Mapping[str, str]) -> Iterator[str]:
    first = series[0]
    cells = [
        date(text_of(first, "study", records.STUDY_DATE)),
        text_of(first, "study", 0x00081030),
        text_of(first, "study", records.ACCESSION_NUMBER),
    ]
    yield f"<h3>Study {' &#160; '.join(show(cell) for cell in cells if cell)}</h3>"
    heads = ("Series", "Modality", "Description", "Instances", "Files")
    yield "<table><tr>" + "".join(f"<th>{head}</th>" for head in heads) + "</tr>"
    for one in series:
        row = (
            text_of(one, "series", records.SERIES_NUMBER),
            text_of(one, "series", records.MODALITY),
            text_of(one, "series", 0x0008103E),
            str(len(one.files)),
            one.first if one.first == one.last else f"{one.first} \u2026 {one.last}",
        )
        cells = [show(cell) for cell in row]
        if page := pages.get(one.folder):
            cells[2] = f'<a href="{page}">{cells[2] or page}</a>'
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    yield "</table>"


def _page(title: str, body: Iterable[str], more_head: str = "") -> bytes:
    head = (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">',
        '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en"><head>',
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />',
        f'<title>{escape(title)}</title><style type="text/css">{STYLE}</style>{more_head}</head><body>',
    )
    return "\r\n".join((*head, *body, "</body></html>", "")).encode("utf-8")


def show(text: str) -> str:
    """Escaped for a page; control characters, which XML does not allow, show as U+FFFD."""
    return escape("".join(char if char.isprintable() or char == " " else "\ufffd" for char in text))


# --- contents

CODECS: dict[bytes, str] = {
    b"ISO_IR 100": "latin_1",
    b"ISO_IR 101": "iso8859_2",
    b"ISO_IR 109": "iso8859_3",
    b"ISO_IR 110": "iso8859_4",
    b"ISO_IR 144": "iso8859_5",
    b"ISO_IR 127": "iso8859_6",
    b"ISO_IR 126": "iso8859_7",
    b"ISO_IR 138": "iso8859_8",
    b"ISO_IR 148": "iso8859_9",
    b"ISO_IR 203": "iso8859_15",
    b"ISO_IR 13": "shift_jis",
    b"ISO_IR 166": "tis_620",
    b"ISO_IR 192": "utf_8",
    b"GB18030": "gb18030",
    b"GBK": "gbk",
}
"""Character sets without code extensions (PS3.3 C.12.1.1.2); for the others pydicom decodes."""


def series_of(volume: Volume) -> Iterator[Series]:
    """The series of a volume in the order of its files; files without a patient are one of their own folder."""
    for folder, group in groupby(volume.files, key=lambda file: file.file_id[:-1]):
        files = tuple(group)
        yield Series("/".join(folder), "/".join(files[0].file_id), "/".join(files[-1].file_id), files)


def count(contents: list[Series]) -> dict[str, int]:
    """How many patients, studies, series and instances."""
    instances = [series.sample.instance for series in contents]
    with_series = [one for one in instances if one.series.get(records.SERIES_UID)]
    return {
        "patients": len({one.patient.get(records.PATIENT_ID) for one in with_series}),
        "studies": len({one.study.get(records.STUDY_UID) for one in with_series}),
        "series": len({one.series.get(records.SERIES_UID) for one in with_series}),
        "instances": sum(len(series.files) for series in contents),
    }


def text_of(series: Series, level: str, tag: int) -> str:
    """A key of the series' first file as text, the derived value where the file has none."""
    keys: Keys = getattr(series.sample.instance, level)
    value = keys.get(tag) or series.sample.derived.get(tag, b"")
    return decode(value, keys.get(records.CHARACTER_SET, b"")).strip(" \0")


def decode(value: bytes, character_set: bytes) -> str:
    """A value in its Specific Character Set (PS3.5 6.1); what cannot be decoded shows as U+FFFD.

    >>> decode(b"Pat\\xe9", b"ISO_IR 100")
    'Pat\xe9'
    """
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    if character_set in CODECS and b"\x1b" not in value:
        return value.decode(CODECS[character_set], "replace")
    from pydicom.charset import convert_encodings, decode_bytes  # pydicom takes half a second to import

    terms = [term.strip() for term in character_set.decode("ascii", "replace").split("\\")]
    try:
        return decode_bytes(value, convert_encodings(terms), set(b"\\^=\r\n\t\f"))
    except (LookupError, UnicodeError):
        return value.decode("ascii", "replace")


def person_name(value: str) -> str:
    """A Person Name to read: its groups beside each other, its components apart.

    >>> person_name("Yamada^Tarou=\u5c71\u7530^\u592a\u90ce")
    'Yamada Tarou (\u5c71\u7530 \u592a\u90ce)'
    """
    groups = [" ".join(part for part in group.split("^") if part) for group in value.split("=")]
    shown = [group for group in groups if group]
    return " ".join([*shown[:1], *(f"({group})" for group in shown[1:])])


def date(value: str) -> str:
    """A DA as YYYY-MM-DD.

    >>> date("20240131")
    '2024-01-31'
    """
    return f"{value[:4]}-{value[4:6]}-{value[6:]}" if len(value) == 8 and value.isdigit() else value
