"""From the file of an instance to that of its de-identified one; runs in the transcoder's child process."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_file_meta_info
from pydicom.uid import UID

from media.build import masking, withheld
from media.build.codec import EXPLICIT_LE, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, converted, spool
from media.build.deidentify import Deidentifier, counted
from media.build.identifiers import Identifiers
from media.build.pseudonyms import Pseudonyms
from media.fileset.confidentiality import Deidentify


def deidentify_file(source: Path, target: Path, recipe: str, told: Path) -> None:
    """Write the de-identified instance to `target` and what was done to `told`; `recipe` as `recipe_of` gives it.

    Raises Withheld for an instance that a person has to see first, and whatever pydicom and decoders raise.
    """
    values = json.loads(recipe)
    order = Deidentify.from_json(values["order"])
    scratch = target.with_name(target.name + ".pixels")
    with scratch.open("wb+") as pixels:
        header = dcmread(source, stop_before_pixels=True)
        rectangles = masking.rectangles_for(header, order.masks)
        released = str(header.SOPInstanceUID) in order.released
        withheld.check(header, bool(rectangles), released, str(header.file_meta.TransferSyntaxUID))
        ds = _pixels_at_hand(source, header, order, bool(rectangles), pixels)
        if masking.has_embedded_overlay(header):
            masking.clear_unused_bits(ds, pixels)
        if rectangles:
            masking.hide(ds, pixels, rectangles)
        names = Pseudonyms(bytes.fromhex(values["key"]), _patient(header))
        cleaner = Deidentifier(names, order.options, released)
        cleaner.clean(ds, masked=bool(rectangles))
        _new_meta(ds)
        dcmwrite(target, ds, implicit_vr=False, little_endian=True, enforce_file_format=True)
    told.write_text(json.dumps({"removed": list(counted(cleaner.removed)), "masked": len(rectangles)}))


def recipe_of(order: Deidentify, key: bytes) -> str:
    """What the child is told; it goes through its pipe and into no file."""
    return json.dumps({"order": order.to_json(), "key": key.hex()})


def _pixels_at_hand(source: Path, header: Dataset, order: Deidentify, masked: bool, pixels: BinaryIO) -> Dataset:
    """The whole data set: native pixels in the scratch file, encapsulated ones as they are unless they must change."""
    syntax = read_file_meta_info(source).TransferSyntaxUID
    if syntax.is_encapsulated and not masked and not masking.has_embedded_overlay(header):
        whole = dcmread(source)
        if "PixelData" not in whole or not Identifiers.of(header, order.options).are_in_bytes(whole.PixelData):
            return whole
    ds: Dataset
    if "Rows" in header or not syntax.is_little_endian:
        ds, _digests = converted(source, UID(EXPLICIT_LE), pixels)
        if "PixelData" in ds:
            spool(ds, pixels)
    else:
        ds = dcmread(source)
    ds.file_meta.TransferSyntaxUID = UID(EXPLICIT_LE)
    return ds


def _patient(ds: Dataset) -> str:
    """What tells one patient from another: the ID with its issuer, else name and birth date."""
    found: Sequence[str] = [str(ds.get(keyword) or "").strip() for keyword in ("PatientID", "IssuerOfPatientID")]
    if not found[0]:
        found = [str(ds.get(keyword) or "").strip() for keyword in ("PatientName", "PatientBirthDate")]
    return "\0".join(found)


def _new_meta(ds: Dataset) -> None:
    """File meta information with nothing of the source's: no AE title, no private information, no preamble."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = ds.file_meta.TransferSyntaxUID
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    ds.file_meta = meta
    ds.preamble = bytes(128)
