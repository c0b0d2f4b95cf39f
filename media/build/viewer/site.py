"""The viewer's files of one volume: the program, the list, and for every series its facts, pictures, values and pages.

    IHE_PDI/VIEWER.JS VIEWER.CSS LIST.JS
    IHE_PDI/S00001/  META.JS  I0000001.JPG …  T.JPG (of large pictures)  D0001.JS … (values)
                     O0001.JS (overlay planes)  R0000001.JS (a presentation state)
                     P0001.HTM … (without script)  R0000001.HTM or .PDF

All names are 8.3. Every size is known before a byte is written, from the heads of the bundles.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from media.build.companions import Series, product, series_of
from media.build.stream import Content, Entry, Put, from_bytes
from media.build.viewer import pages
from media.build.viewer.bundle import Bundle
from media.fileset.model import PlannedFile, Volume

FOLDER = "IHE_PDI"
STATIC = Path(__file__).parent / "static"
SCRIPTS = (
    "words",
    "inflate",
    "pack",
    "voi",
    "geometry",
    "series",
    "overlays",
    "view",
    "states",
    "measure",
    "check",
    "pointers",
    "app",
)
PACK_CHARACTERS = 1_500_000  # one data script: what a slow drive reads in the blink of an eye
CALL = "printmgrDisc."
PATIENT = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
STUDY = ("StudyDate", "StudyTime", "StudyDescription", "AccessionNumber", "ReferringPhysicianName", "InstitutionName")

BundleOf = Callable[[PlannedFile], Bundle]
"""The bundle of a planned file."""


class Frame(NamedTuple):
    """A frame of a series: where its picture and its values lie."""

    bundle: Bundle
    picture: list[int]
    values: list[int] | None
    facts: dict[str, Any]


class Shown(NamedTuple):
    """What the viewer has of one series."""

    id: str
    folder: str  # in the File-set
    texts: dict[str, str]
    frames: list[Frame]
    meta: bytes
    packs: list[list[Frame]]
    others: list[dict[str, str]]  # what is no image: {title} and {file} or {reason}
    thumb: str  # its file, '' without images
    entries: list[Entry]  # of the others, the thumbnail and the overlays
    places: dict[str, list[int]]  # SOP Instance UID -> number of its first frame, and how many it has
    states: list[tuple[dict[str, str], dict[str, Any]]]  # presentation states: how they are listed, what they say


class Site(NamedTuple):
    """The viewer on one volume."""

    entries: list[Entry]
    pages: dict[str, str]  # folder of a series in the File-set -> its first page without script


def site_of(volume: Volume, bundle_of: BundleOf, with_values: bool) -> Site:
    """Every file of the viewer on a volume; the contents of large ones are read when they are written."""
    shown = [_series(number, one, bundle_of, with_values) for number, one in enumerate(series_of(volume), 1)]
    _add_states(shown)
    entries = [
        _entry(("VIEWER.JS",), program()),
        _entry(("VIEWER.CSS",), (STATIC / "viewer.css").read_bytes()),
        _entry(("LIST.JS",), _call("list", _list(shown))),
    ]
    for series in shown:
        entries += _entries(series)
    return Site(entries, {one.folder: page for one in shown if (page := _first_page(one))})


def _first_page(series: Shown) -> str:
    """Where a browser without script goes first."""
    if series.frames:
        return f"{FOLDER}/{series.id}/{pages.page_name(0)}"
    file = next((other["file"] for other in series.others if "file" in other), "")
    return f"{FOLDER}/{series.id}/{file}" if file else ""


def program() -> bytes:
    """VIEWER.JS: all scripts in one function; data scripts call the object it leaves."""
    parts = [(STATIC / f"{name}.js").read_text("utf-8") for name in SCRIPTS]
    head = '(function () {\n"use strict";\n'
    return (
        (head + "\n".join(parts) + "\n}());\n")
        .replace("const disc = {", "const disc = window.printmgrDisc = {")
        .encode()
    )


# --- one series


def _series(number: int, series: Series, bundle_of: BundleOf, with_values: bool) -> Shown:
    name = f"S{number:05}"
    bundles = [bundle_of(file) for file in series.files]
    uids = {one.head["name"]: file.instance.sop_instance_uid for one, file in zip(bundles, series.files, strict=True)}
    images = sorted((one for one in bundles if one.head["kind"] == "image"), key=_order)
    frames: list[Frame] = []
    places: dict[str, list[int]] = {}
    for image in images:
        places[uids[image.head["name"]]] = [len(frames), len(image.head["frames"])]
        frames += _frames(image, with_values)
    packs = _packs(frames) if frames and all(frame.values for frame in frames) else []
    others, entries, states = _others(name, [one for one in bundles if one.head["kind"] != "image"])
    entries += _overlays(name, frames)
    thumb, of_thumb = _thumb(name, images) if images else ("", [])
    texts: dict[str, str] = next((one.head["texts"] for one in bundles if one.head["texts"]), {})
    meta = _meta(name, images, frames, packs)
    return Shown(name, series.folder, texts, frames, meta, packs, others, thumb, entries + of_thumb, places, states)


def _order(image: Bundle) -> int:
    """By Instance Number; images without one stay as they come."""
    number: str = image.head["facts"].get("n", "")
    return int(number) if number.isdecimal() else 0


def _frames(image: Bundle, with_values: bool) -> Iterator[Frame]:
    for told in image.head["frames"]:
        facts = {name: value for name, value in told.items() if name not in "jdh"}
        if "h" in told:
            facts["h"] = len(told["h"])
        yield Frame(image, told["j"], told.get("d") if with_values else None, facts)


def _packs(frames: list[Frame]) -> list[list[Frame]]:
    """The frames of each data script."""
    packs: list[list[Frame]] = [[]]
    size = 0
    for frame in frames:
        length = _base64_length(frame)
        if packs[-1] and size + length > PACK_CHARACTERS:
            packs.append([])
            size = 0
        packs[-1].append(frame)
        size += length
    return packs


def _base64_length(frame: Frame) -> int:
    assert frame.values is not None
    return (frame.values[1] + 2) // 3 * 4


def _meta(name: str, images: list[Bundle], frames: list[Frame], packs: list[list[Frame]]) -> bytes:
    """META.JS: what all frames share once, then of each instance and frame only what differs (static/series.js)."""
    if not frames:
        return b""
    own = iter([{**frame.facts, "J": _picture_name(number)} for number, frame in enumerate(frames)])
    listed = [(image.head["facts"], [next(own) for _ in image.head["frames"]]) for image in images]
    first = {**listed[0][0], **listed[0][1][0]}
    base = {
        key: value
        for key, value in first.items()
        if all(facts.get(key, frame.get(key)) == value for facts, of_image in listed for frame in of_image)
    }
    lines = [
        {**_without(facts, base), "f": [_without(frame, base) for frame in of_image]} for facts, of_image in listed
    ]
    starts, at = [], 0
    for pack in packs:
        starts.append(at)
        at += len(pack)
    return _call("meta", name, {"base": base, "packs": starts, "images": lines})


def _without(facts: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key not in base}


def _overlays(name: str, frames: list[Frame]) -> list[Entry]:
    """O0001.JS: the overlay planes of all frames that have some, by the number of the frame."""
    found = {}
    for number, frame in enumerate(frames):
        if "h" in frame.facts:
            planes = next(told["h"] for told in frame.bundle.head["frames"] if told["j"] == frame.picture)
            found[number] = [[*rest, base64.b64encode(frame.bundle.read(at)).decode()] for *rest, at in planes]
    return [_entry((name, "O0001.JS"), _call("overlays", name, found))] if found else []


def _add_states(shown: list[Shown]) -> None:
    """Write the presentation states, with the frames on this volume in the place of SOP Instance UIDs."""
    if not any(one.states for one in shown):
        return
    places = {uid: [one.id, *place] for one in shown for uid, place in one.places.items()}
    for one in shown:
        for listed, said in one.states:
            told = {**said, "images": list(_images(said.get("images", []), places))}
            for kind in ("windows", "areas", "graphics"):
                told[kind] = list(_parts(said.get(kind, []), places))
            one.entries.append(_entry((one.id, listed["state"]), _call("state", f"{one.id}/{listed['state']}", told)))


def _images(said: Iterable[Any], places: Mapping[str, list[Any]]) -> Iterator[list[Any]]:
    """[series, first frame, how many] of each image a state is for, as far as they are here."""
    for uid, frames in said:
        if uid in places:
            series, first, _ = places[uid]
            yield from ([series, first + frame - 1, 1] for frame in frames) if frames else [places[uid]]


def _parts(said: Iterable[dict[str, Any]], places: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Parts of a state with the images that they are for; those for images elsewhere are left out."""
    for part in said:
        here = [places[uid] for uid in part["of"] if uid in places]
        if here or not part["of"]:
            yield {**part, "of": here}


Others = tuple[list[dict[str, str]], list[Entry], list[tuple[dict[str, str], dict[str, Any]]]]


def _others(name: str, bundles: Iterable[Bundle]) -> Others:
    """What is no image, and the files that show it. What cannot be shown is told once for each reason."""
    others: list[dict[str, str]] = []
    entries: list[Entry] = []
    states = []
    reasons: dict[str, int] = {}
    for number, bundle in enumerate(bundles, 1):
        head = bundle.head
        if head["kind"] == "none":
            reasons[head["reason"]] = reasons.get(head["reason"], 0) + 1
            continue
        if head["kind"] == "state":
            others.append({"title": head["title"], "state": f"R{number:07}.JS"})
            states.append((others[-1], head["state"]))
            continue
        file = f"R{number:07}.{'PDF' if head['kind'] == 'pdf' else 'HTM'}"
        others.append({"title": head["title"], "file": file})
        if head["kind"] == "pdf":
            entries.append(Entry((FOLDER, name, file), head["file"][1], _blob(bundle, head["file"])))
        else:
            entries.append(_entry((name, file), pages.report_page(head["title"], head["page"])))
    others += [
        {"title": reason if count == 1 else f"{reason} ({count})", "reason": reason}
        for reason, count in reasons.items()
    ]
    return others, entries, states


def _thumb(name: str, images: list[Bundle]) -> tuple[str, list[Entry]]:
    """The picture that stands for a series in the list: of its middle image, a file of its own where that is large."""
    at = (len(images) - 1) // 2
    head = images[at].head
    if "thumb" in head:
        place = head["thumb"]
        return "T.JPG", [Entry((FOLDER, name, "T.JPG"), place[1], _blob(images[at], place))]
    before = sum(len(image.head["frames"]) for image in images[:at])
    return _picture_name(before + (len(head["frames"]) - 1) // 2), []


# --- files


def _entries(series: Shown) -> Iterator[Entry]:
    yield from series.entries
    if not series.frames:
        return
    yield _entry((series.id, "META.JS"), series.meta)
    for number, frame in enumerate(series.frames):
        yield Entry((FOLDER, series.id, _picture_name(number)), frame.picture[1], _blob(frame.bundle, frame.picture))
    for number, pack in enumerate(series.packs):
        yield _pack_entry(series.id, number, pack)
    captions = [pages.Caption(_picture_name(number), _facts(frame)) for number, frame in enumerate(series.frames)]
    for file, page in pages.picture_pages(series.texts, captions):
        yield _entry((series.id, file), page)


def _facts(frame: Frame) -> dict[str, Any]:
    return {**frame.bundle.head["facts"], **frame.facts}


def _picture_name(number: int) -> str:
    return f"I{number + 1:07}.JPG"


def _pack_entry(name: str, number: int, pack: list[Frame]) -> Entry:
    """A data script: printmgrDisc.pack("S00001",0,["…","…"]); of base64, made while it is written."""
    head = f'{CALL}pack("{name}",{number},['.encode()
    size = len(head) + sum(_base64_length(frame) + 2 for frame in pack) + len(pack) - 1 + len(b"]);\n")

    def stream(put: Put) -> str:
        digest = hashlib.sha256()

        def out(data: bytes) -> None:
            digest.update(data)
            put(memoryview(data))

        out(head)
        for at, frame in enumerate(pack):
            assert frame.values is not None
            out((b"," if at else b"") + b'"' + base64.b64encode(frame.bundle.read(frame.values)) + b'"')
        out(b"]);\n")
        return digest.hexdigest()

    return Entry((FOLDER, name, f"D{number + 1:04}.JS"), size, stream)


def _blob(bundle: Bundle, place: list[int]) -> Content:
    def stream(put: Put) -> str:
        data = bundle.read(place)
        put(memoryview(data))
        return hashlib.sha256(data).hexdigest()

    return stream


def _entry(path: tuple[str, ...], data: bytes) -> Entry:
    return Entry((FOLDER, *path), len(data), from_bytes(data))


def _call(function: str, *values: Any) -> bytes:
    """A data script: ASCII, so that no browser guesses its encoding."""
    said = ",".join(json.dumps(value, separators=(",", ":")) for value in values)
    return f"{CALL}{function}({said});\n".encode("ascii")


# --- the list


def _list(shown: list[Shown]) -> dict[str, Any]:
    patients = []
    for texts, of_patient in groupby(shown, key=lambda one: _some(one.texts, PATIENT)):
        studies = [
            {"texts": told, "series": [_listed(one) for one in of_study]}
            for told, of_study in groupby(of_patient, key=lambda one: _some(one.texts, STUDY))
        ]
        patients.append({"texts": texts, "studies": studies})
    return {"root": f"{FOLDER}/", "by": product(), "patients": patients}


def _listed(series: Shown) -> dict[str, Any]:
    rest = {key: value for key, value in series.texts.items() if key not in (*PATIENT, *STUDY)}
    listed: dict[str, Any] = {"id": series.id, "texts": rest, "images": len(series.frames), "others": series.others}
    if series.thumb:
        listed["thumb"] = series.thumb
    return listed


def _some(texts: Mapping[str, str], keywords: Iterable[str]) -> dict[str, str]:
    return {keyword: texts[keyword] for keyword in keywords if keyword in texts}
