"""One instance for every record type of a directory (PS3.3 F.4, F.5). Deterministic: same bytes each time."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from samples.make import CT, DATE, TIME, instance, put_pixels, uid

STORAGE = "1.2.840.10008.5.1.4.1.1."
PATIENT, STUDY = "Records", "records"


def _of(sop_class: str, modality: str, **values: object) -> Dataset:
    """An instance of the records' patient in a series of its own, with `values` by keyword."""
    series = int.from_bytes(uid(sop_class).encode()[-4:], "big") % 9000 + 1
    ds = instance(sop_class, modality, PATIENT, STUDY, series, 1)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid("record", sop_class)
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def _without_patient(sop_class: str, **values: object) -> Dataset:
    """An instance of a class that knows no patient: SOP Common and `values` only."""
    full = _of(sop_class, "OT")
    ds = Dataset()
    ds.file_meta = full.file_meta
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID, ds.SOPInstanceUID = full.SOPClassUID, full.SOPInstanceUID
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def code(value: str, scheme: str, meaning: str) -> Sequence:
    """A code sequence of one item."""
    return Sequence([_item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)])


def _reference(sop_class: str, *words: object) -> Dataset:
    return _item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=uid(*words))


def _referenced_series(sop_class: str, name: str) -> Sequence:
    images = [_reference(sop_class, name, n) for n in (1, 2)]
    return Sequence([_item(SeriesInstanceUID=uid(name), ReferencedImageSequence=Sequence(images))])


def _identified(label: str) -> dict[str, object]:
    """Content Identification (PS3.3 Table 10-12)."""
    return {"ContentLabel": label, "ContentDescription": f"{label} é", "ContentCreatorName": "Maker^Märta"}


def _drawn(label: str) -> dict[str, object]:
    return {**_identified(label), "PresentationCreationDate": DATE, "PresentationCreationTime": TIME}


def _concept_mod(value: str, meaning: str) -> Dataset:
    return _item(
        RelationshipType="HAS CONCEPT MOD",
        ValueType="CODE",
        ConceptNameCodeSequence=code("121049", "DCM", "Language of Content Item and Descendants"),
        ConceptCodeSequence=code(value, "RFC5646", meaning),
    )


def _contains(text: str, *children: Dataset) -> Dataset:
    item = _item(
        RelationshipType="CONTAINS",
        ValueType="TEXT",
        ConceptNameCodeSequence=code("121071", "DCM", "Finding"),
        TextValue=text,
    )
    if children:
        item.ContentSequence = Sequence(children)
    return item


def _observer(name: str, when: str) -> Dataset:
    return _item(
        VerifyingObserverName=name,
        VerifyingOrganization="printmgr samples",
        VerificationDateTime=when,
        VerifyingObserverIdentificationCodeSequence=Sequence([]),
    )


def report() -> Dataset:
    """A verified report: the later of its observers stands first, one concept modifier hides in a CONTAINS item."""
    return _of(
        f"{STORAGE}88.33",
        "SR",
        ValueType="CONTAINER",
        ContinuityOfContent="SEPARATE",
        CompletionFlag="COMPLETE",
        VerificationFlag="VERIFIED",
        VerifyingObserverSequence=Sequence(
            [_observer("Late^Lena", "20260107120000"), _observer("Early^Emil", "20260106090000")]
        ),
        ConceptNameCodeSequence=code("18748-4", "LN", "Diagnostic Imaging Report"),
        ContentSequence=Sequence(
            [
                _concept_mod("en", "English"),
                _contains("Findings that belong to the report alone", _concept_mod("de", "German")),
                _concept_mod("el", "Greek"),
            ]
        ),
    )


def key_object() -> Dataset:
    """A key object selection with a document title modifier."""
    modifier = _item(
        RelationshipType="HAS CONCEPT MOD",
        ValueType="CODE",
        ConceptNameCodeSequence=code("113011", "DCM", "Document Title Modifier"),
        ConceptCodeSequence=code("113013", "DCM", "Best In Set"),
    )
    return _of(
        f"{STORAGE}88.59",
        "KO",
        ValueType="CONTAINER",
        ContinuityOfContent="SEPARATE",
        ConceptNameCodeSequence=code("113000", "DCM", "Of Interest"),
        ContentSequence=Sequence([modifier, _contains("Not for the index")]),
    )


def blending() -> Dataset:
    """A blending presentation state: two items, each with more than the directory takes."""
    items = [
        _item(
            BlendingPosition=position,
            StudyInstanceUID=uid(PATIENT, STUDY),
            ReferencedSeriesSequence=_referenced_series(CT, f"blended {position}"),
            RescaleIntercept="0",
            RescaleSlope="1",
        )
        for position in ("SUPERIMPOSED", "UNDERLYING")
    ]
    return _of(f"{STORAGE}11.4", "PR", **_drawn("BLENDED"), BlendingSequence=Sequence(items))


def hanging_protocol() -> Dataset:
    """A hanging protocol: no patient, no study."""
    definition = _item(
        Modality="CT",
        Laterality="",
        ProcedureCodeSequence=Sequence([]),
        ReasonForRequestedProcedureCodeSequence=Sequence([]),
        AnatomicRegionSequence=code("T-D3000", "SRT", "Chest"),
    )
    return _without_patient(
        "1.2.840.10008.5.1.4.38.1",
        HangingProtocolName="CHEST 2X1",
        HangingProtocolDescription="Current left, prior right",
        HangingProtocolLevel="SITE",
        HangingProtocolCreator="Maker^Märta",
        HangingProtocolCreationDateTime="20260105101500",
        HangingProtocolDefinitionSequence=Sequence([definition]),
        NumberOfPriorsReferenced=1,
        HangingProtocolUserIdentificationCodeSequence=Sequence([]),
    )


def palette() -> Dataset:
    """A color palette: no patient, no study."""
    ramp = bytes(range(256))
    return _without_patient(
        "1.2.840.10008.5.1.4.39.1",
        **_identified("HOT"),
        RedPaletteColorLookupTableDescriptor=[256, 0, 8],
        GreenPaletteColorLookupTableDescriptor=[256, 0, 8],
        BluePaletteColorLookupTableDescriptor=[256, 0, 8],
        RedPaletteColorLookupTableData=ramp,
        GreenPaletteColorLookupTableData=ramp,
        BluePaletteColorLookupTableData=ramp,
        PaletteColorLookupTableUID=uid("palette"),
    )


def _image() -> Dataset:
    ds = _of(CT, "CT", ImageType=["ORIGINAL", "PRIMARY", "AXIAL"])
    ds.ReferencedImageSequence = Sequence([_reference(CT, "localizer", n) for n in (1, 2)])
    ds.ImagePositionPatient, ds.ImageOrientationPatient = ["0", "0", "0"], ["1", "0", "0", "0", "1", "0"]
    ds.PixelSpacing, ds.FrameOfReferenceUID = ["1", "1"], uid("record frame")
    return put_pixels(ds, np.arange(64, dtype=np.uint16).reshape(8, 8), 12)


def _spectroscopy() -> Dataset:
    return _of(
        f"{STORAGE}4.2",
        "MR",
        ImageType=["ORIGINAL", "PRIMARY", "SPECTROSCOPY", "NONE"],
        ReferencedImageEvidenceSequence=Sequence([_reference(CT, "evidence")]),
        NumberOfFrames=1,
        Rows=1,
        Columns=1,
        DataPointRows=1,
        DataPointColumns=256,
    )


def _waveform_presentation() -> Dataset:
    ds = _of(f"{STORAGE}9.100.1", "PR", **_drawn("ECG"))
    ds.ReferencedSeriesSequence = Sequence(
        [
            _item(
                SeriesInstanceUID=uid("ecg"),
                ReferencedInstanceSequence=Sequence([_reference(f"{STORAGE}9.1.1", "ecg", 1)]),
            )
        ]
    )
    return ds


def _inventory() -> Dataset:
    return _without_patient(
        f"{STORAGE}201.1",
        ContentDate=DATE,
        ContentTime=TIME,
        InventoryLevel="STUDY",
        InventoryCompletionStatus="COMPLETE",
        TotalNumberOfStudyRecords=5_000_000_000,
        InventoryPurpose="Sample",
        ScopeOfInventorySequence=Sequence([]),
    )


def _enhanced() -> Dataset:
    """An enhanced CT image whose geometry stands in the shared functional groups."""
    ds = _of(f"{STORAGE}2.1", "CT", ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], NumberOfFrames=2)
    ds.SharedFunctionalGroupsSequence = Sequence(
        [
            _item(
                ReferencedImageSequence=Sequence([_reference(CT, "shared localizer")]),
                PlanePositionSequence=Sequence([_item(ImagePositionPatient=["1", "2", "3"])]),
                PlaneOrientationSequence=Sequence([_item(ImageOrientationPatient=["1", "0", "0", "0", "1", "0"])]),
                PixelMeasuresSequence=Sequence([_item(PixelSpacing=["0.5", "0.5"], SliceThickness="1")]),
            )
        ]
    )
    ds.FrameOfReferenceUID, ds.AcquisitionDateTime = uid("enhanced frame"), f"{DATE}{TIME}"
    ds = put_pixels(ds, np.arange(64, dtype=np.uint16).reshape(8, 8), 12)
    ds.PixelData = ds.PixelData * 2
    return ds


RECORDS: dict[str, Callable[[], Dataset]] = {
    "IMAGE": _image,
    "IMAGE (enhanced)": _enhanced,
    "RT DOSE": lambda: _of(f"{STORAGE}481.2", "RTDOSE", DoseSummationType="PLAN"),
    "RT STRUCTURE SET": lambda: _of(
        f"{STORAGE}481.3", "RTSTRUCT", StructureSetLabel="PROSTATE", StructureSetDate=DATE, StructureSetTime=TIME
    ),
    "RT PLAN": lambda: _of(f"{STORAGE}481.5", "RTPLAN", RTPlanLabel="PLAN1", RTPlanDate=DATE, RTPlanTime=TIME),
    "RT TREAT RECORD": lambda: _of(f"{STORAGE}481.4", "RTRECORD", TreatmentDate=DATE, TreatmentTime=TIME),
    "PRESENTATION": lambda: _of(
        f"{STORAGE}11.1", "PR", **_drawn("ARROWS"), ReferencedSeriesSequence=_referenced_series(CT, "shown")
    ),
    "PRESENTATION (blending)": blending,
    "WAVEFORM": lambda: _of(f"{STORAGE}9.1.1", "ECG"),
    "SR DOCUMENT": report,
    "KEY OBJECT DOC": key_object,
    "SPECTROSCOPY": _spectroscopy,
    "RAW DATA": lambda: _of(f"{STORAGE}66", "MR", CreatorVersionUID=uid("creator")),
    "REGISTRATION": lambda: _of(f"{STORAGE}66.1", "REG", **_identified("REGISTERED")),
    "FIDUCIAL": lambda: _of(f"{STORAGE}66.2", "FID", **_identified("FIDUCIALS")),
    "VALUE MAP": lambda: _of(f"{STORAGE}67", "RWV", **_identified("VALUES")),
    "SURFACE": lambda: _of(f"{STORAGE}66.5", "SEG", **_identified("SURFACES")),
    "MEASUREMENT": lambda: _of(f"{STORAGE}78.1", "LEN", **_identified("LENSES")),
    "TRACT": lambda: _of(f"{STORAGE}66.6", "MR", **_identified("TRACTS")),
    "ANNOTATION": lambda: _of(f"{STORAGE}91.1", "ANN", **_identified("NUCLEI")),
    "ENCAP DOC": lambda: _of(
        f"{STORAGE}104.1",
        "DOC",
        DocumentTitle="Lettre à l'hôpital",
        ConceptNameCodeSequence=code("34133-9", "LN", "Summarization of Episode Note"),
        MIMETypeOfEncapsulatedDocument="application/pdf",
        EncapsulatedDocument=b"%PDF-1.4\n%%EOF\n\0",
    ),
    "STEREOMETRIC": lambda: _of(f"{STORAGE}77.1.5.3", "SMR"),
    "PLAN": lambda: _of("1.2.840.10008.5.1.4.34.7", "PLAN"),
    "SURFACE SCAN": lambda: _of(f"{STORAGE}68.1", "OSS"),
    "ASSESSMENT": lambda: _of(f"{STORAGE}90.1", "ASMT", InstanceCreationDate=DATE, InstanceCreationTime=TIME),
    "RADIOTHERAPY": lambda: _of(
        f"{STORAGE}481.10",
        "RTINTENT",
        **_identified("INTENT"),
        UserContentLabel="INTENT",
        UserContentLongLabel="Intent",
    ),
    "HANGING PROTOCOL": hanging_protocol,
    "PALETTE": palette,
    "IMPLANT": lambda: _without_patient(
        "1.2.840.10008.5.1.4.43.1", Manufacturer="Maker", ImplantName="Stem", ImplantSize="4", ImplantPartNumber="S-4"
    ),
    "IMPLANT ASSY": lambda: _without_patient(
        "1.2.840.10008.5.1.4.44.1",
        ImplantAssemblyTemplateName="Hip",
        ImplantAssemblyTemplateIssuer="Maker",
        Manufacturer="Maker",
        ProcedureTypeCodeSequence=code("52734007", "SCT", "Total replacement of hip"),
    ),
    "IMPLANT GROUP": lambda: _without_patient(
        "1.2.840.10008.5.1.4.45.1",
        ImplantTemplateGroupName="Hips",
        ImplantTemplateGroupDescription="All hips",
        ImplantTemplateGroupIssuer="Maker",
    ),
    "INVENTORY": _inventory,
    "WF PRESENTATION": _waveform_presentation,
}
"""Maker by record type; a second instance of a type has its kind in brackets."""


def write_record_types(folder: Path) -> dict[str, Path]:
    """Write one instance of every record type into `folder`; path by the key of RECORDS."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for number, (name, make) in enumerate(RECORDS.items(), 1):
        paths[name] = folder / f"REC{number:05d}"
        make().save_as(paths[name], enforce_file_format=True)
    return paths
