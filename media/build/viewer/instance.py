"""What a bundle has of any instance, as pydicom reads it: images, reports, documents, waveforms."""

from pathlib import Path

from pydicom import Dataset, dcmread

from media.build.viewer import decoded, describe, presentation, reports, waveforms
from media.build.viewer.bundle import Blobs, Head
from media.build.viewer.images import image_head
from media.build.viewer.overlays import planes

ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
PIXELS = {"PixelData", "FloatPixelData", "DoubleFloatPixelData"}


def head_of(source: Path, blobs: Blobs, packs: bool) -> Head:
    """The head of an instance without its name. Raises whatever decoders raise."""
    instance = dcmread(source)
    return {"texts": describe.texts(instance), **_shown(instance, blobs, packs)}


def _shown(instance: Dataset, blobs: Blobs, packs: bool) -> Head:
    if PIXELS & set(instance.dir("PixelData")):
        return image_head(instance, decoded.frames(instance), blobs, packs, planes(instance))
    if instance.get("SOPClassUID") == ENCAPSULATED_PDF and instance.get("EncapsulatedDocument"):
        return {"kind": "pdf", "title": reports.title(instance), "file": blobs.add(reports.document(instance))}
    if instance.get("Modality") == "PR" and "ReferencedSeriesSequence" in instance:
        return {"kind": "state", "title": presentation.title(instance), "state": presentation.state_of(instance)}
    if "ContentSequence" in instance:
        return {"kind": "page", "title": reports.title(instance), "page": reports.as_page(instance)}
    if "WaveformSequence" in instance:
        return {"kind": "page", "title": waveforms.title(instance), "page": waveforms.as_page(instance)}
    return {"kind": "none", "reason": f"a {instance.get('Modality') or 'DICOM'} object without pictures"}
