"""TABLE. PURE. Media storage SOP classes and the directory record that references them (PS3.4 I.4, PS3.3 F.5)."""

STORAGE = "1.2.840.10008.5.1.4.1.1."

IMAGE_CLASSES: tuple[str, ...] = (
    "1",  # Computed Radiography
    "1.1",  # Digital X-Ray, For Presentation
    "1.1.1",  # Digital X-Ray, For Processing
    "1.2",  # Digital Mammography, For Presentation
    "1.2.1",  # Digital Mammography, For Processing
    "1.3",  # Intra-Oral, For Presentation
    "1.3.1",  # Intra-Oral, For Processing
    "2",  # CT
    "2.1",  # Enhanced CT
    "2.2",  # Legacy Converted Enhanced CT
    "3",  # US Multi-frame (retired)
    "3.1",  # US Multi-frame
    "4",  # MR
    "4.1",  # Enhanced MR
    "4.3",  # Enhanced MR Color
    "4.4",  # Legacy Converted Enhanced MR
    "5",  # Nuclear Medicine (retired)
    "6",  # US (retired)
    "6.1",  # US
    "6.2",  # Enhanced US Volume
    "6.3",  # Photoacoustic
    "7",  # Secondary Capture
    "7.1",  # Multi-frame Single Bit Secondary Capture
    "7.2",  # Multi-frame Grayscale Byte Secondary Capture
    "7.3",  # Multi-frame Grayscale Word Secondary Capture
    "7.4",  # Multi-frame True Color Secondary Capture
    "12.1",  # X-Ray Angiographic
    "12.1.1",  # Enhanced XA
    "12.2",  # X-Ray Radiofluoroscopic
    "12.2.1",  # Enhanced XRF
    "12.3",  # X-Ray Angiographic Bi-Plane (retired)
    "13.1.1",  # X-Ray 3D Angiographic
    "13.1.2",  # X-Ray 3D Craniofacial
    "13.1.3",  # Breast Tomosynthesis
    "13.1.4",  # Breast Projection, For Presentation
    "13.1.5",  # Breast Projection, For Processing
    "14.1",  # Intravascular OCT, For Presentation
    "14.2",  # Intravascular OCT, For Processing
    "20",  # Nuclear Medicine
    "30",  # Parametric Map
    "66.4",  # Segmentation
    "66.7",  # Label Map Segmentation
    "66.8",  # Height Map Segmentation
    "77.1",  # VL (trial, retired)
    "77.2",  # VL Multi-frame (trial, retired)
    "77.1.1",  # VL Endoscopic
    "77.1.1.1",  # Video Endoscopic
    "77.1.2",  # VL Microscopic
    "77.1.2.1",  # Video Microscopic
    "77.1.3",  # VL Slide-Coordinates Microscopic
    "77.1.4",  # VL Photographic
    "77.1.4.1",  # Video Photographic
    "77.1.5.1",  # Ophthalmic Photography 8 Bit
    "77.1.5.2",  # Ophthalmic Photography 16 Bit
    "77.1.5.4",  # Ophthalmic Tomography
    "77.1.5.5",  # Wide Field Ophthalmic Photography Stereographic Projection
    "77.1.5.6",  # Wide Field Ophthalmic Photography 3D Coordinates
    "77.1.5.7",  # Ophthalmic OCT En Face
    "77.1.5.8",  # Ophthalmic OCT B-scan Volume Analysis
    "77.1.6",  # VL Whole Slide Microscopy
    "77.1.7",  # Dermoscopic Photography
    "77.1.8",  # Confocal Microscopy
    "77.1.9",  # Confocal Microscopy Tiled Pyramidal
    "81.1",  # Ophthalmic Thickness Map
    "82.1",  # Corneal Topography Map
    "128",  # PET
    "128.1",  # Legacy Converted Enhanced PET
    "130",  # Enhanced PET
    "481.1",  # RT Image
    "481.23",  # Enhanced RT Image
    "481.24",  # Enhanced Continuous RT Image
    "501.1",  # DICOS CT
    "501.2.1",  # DICOS Digital X-Ray, For Presentation
    "501.2.2",  # DICOS Digital X-Ray, For Processing
    "601.1",  # Eddy Current
    "601.2",  # Eddy Current Multi-frame
)

OTHER_CLASSES: dict[str, tuple[str, ...]] = {
    "RT DOSE": ("481.2",),
    "RT STRUCTURE SET": ("481.3",),
    "RT PLAN": ("481.5", "481.8"),
    "RT TREAT RECORD": ("481.4", "481.6", "481.7", "481.9"),
    "RADIOTHERAPY": (
        "481.10",  # RT Physician Intent
        "481.11",  # RT Segment Annotation
        "481.12",  # RT Radiation Set
        "481.13",  # C-Arm Photon-Electron Radiation
        "481.14",  # Tomotherapeutic Radiation
        "481.15",  # Robotic-Arm Radiation
        "481.16",  # RT Radiation Record Set
        "481.17",  # RT Radiation Salvage Record
        "481.18",  # Tomotherapeutic Radiation Record
        "481.19",  # C-Arm Photon-Electron Radiation Record
        "481.20",  # Robotic Radiation Record
        "481.21",  # RT Radiation Set Delivery Instruction
        "481.22",  # RT Treatment Preparation
        "481.25",  # RT Patient Position Acquisition Instruction
    ),
    "PRESENTATION": (
        "11.1",  # Grayscale
        "11.2",  # Color
        "11.3",  # Pseudo-Color
        "11.4",  # Blending
        "11.5",  # XA/XRF Grayscale
        "11.6",  # Grayscale Planar MPR Volumetric
        "11.7",  # Compositing Planar MPR Volumetric
        "11.8",  # Advanced Blending
        "11.9",  # Volume Rendering Volumetric
        "11.10",  # Segmented Volume Rendering Volumetric
        "11.11",  # Multiple Volume Rendering Volumetric
        "11.12",  # Variable Modality LUT
        "131",  # Basic Structured Display
    ),
    "WF PRESENTATION": ("9.100.1", "9.100.2"),
    "WAVEFORM": (
        "9.1.1",  # 12-lead ECG
        "9.1.2",  # General ECG
        "9.1.3",  # Ambulatory ECG
        "9.1.4",  # General 32-bit ECG
        "9.2.1",  # Hemodynamic
        "9.3.1",  # Cardiac Electrophysiology
        "9.4.1",  # Basic Voice Audio
        "9.4.2",  # General Audio
        "9.5.1",  # Arterial Pulse
        "9.6.1",  # Respiratory
        "9.6.2",  # Multi-channel Respiratory
        "9.7.1",  # Routine Scalp EEG
        "9.7.2",  # EMG
        "9.7.3",  # EOG
        "9.7.4",  # Sleep EEG
        "9.8.1",  # Body Position
    ),
    "SR DOCUMENT": (
        "78.6",  # Spectacle Prescription Report
        "79.1",  # Macular Grid Thickness and Volume Report
        "88.11",  # Basic Text
        "88.22",  # Enhanced
        "88.33",  # Comprehensive
        "88.34",  # Comprehensive 3D
        "88.35",  # Extensible
        "88.40",  # Procedure Log
        "88.50",  # Mammography CAD
        "88.65",  # Chest CAD
        "88.67",  # X-Ray Radiation Dose
        "88.68",  # Radiopharmaceutical Radiation Dose
        "88.69",  # Colon CAD
        "88.70",  # Implantation Plan
        "88.71",  # Acquisition Context
        "88.72",  # Simplified Adult Echo
        "88.73",  # Patient Radiation Dose
        "88.74",  # Planned Imaging Agent Administration
        "88.75",  # Performed Imaging Agent Administration
        "88.76",  # Enhanced X-Ray Radiation Dose
        "88.77",  # Waveform Annotation
    ),
    "KEY OBJECT DOC": ("88.59",),
    "SPECTROSCOPY": ("4.2",),
    "RAW DATA": ("66",),
    "REGISTRATION": ("66.1", "66.3"),
    "FIDUCIAL": ("66.2",),
    "SURFACE": ("66.5",),
    "TRACT": ("66.6",),
    "VALUE MAP": ("67",),
    "SURFACE SCAN": ("68.1", "68.2"),
    "STEREOMETRIC": ("77.1.5.3",),
    "MEASUREMENT": (
        "78.1",  # Lensometry
        "78.2",  # Autorefraction
        "78.3",  # Keratometry
        "78.4",  # Subjective Refraction
        "78.5",  # Visual Acuity
        "78.7",  # Ophthalmic Axial
        "78.8",  # Intraocular Lens Calculations
        "80.1",  # Ophthalmic Visual Field Static Perimetry
    ),
    "ASSESSMENT": ("90.1",),
    "ANNOTATION": ("91.1",),
    "ENCAP DOC": ("104.1", "104.2", "104.3", "104.4", "104.5"),
    "INVENTORY": ("201.1",),
}

ELSEWHERE: dict[str, str] = {
    "1.2.840.10008.5.1.1.29": "IMAGE",  # Hardcopy Grayscale (retired)
    "1.2.840.10008.5.1.1.30": "IMAGE",  # Hardcopy Color (retired)
    "1.2.840.10008.5.1.4.34.1": "PLAN",  # RT Beams Delivery Instruction (trial, retired)
    "1.2.840.10008.5.1.4.34.7": "PLAN",  # RT Beams Delivery Instruction
    "1.2.840.10008.5.1.4.34.10": "PLAN",  # RT Brachy Application Setup Delivery Instruction
    "1.2.840.10008.5.1.4.38.1": "HANGING PROTOCOL",
    "1.2.840.10008.5.1.4.39.1": "PALETTE",
    "1.2.840.10008.5.1.4.43.1": "IMPLANT",
    "1.2.840.10008.5.1.4.44.1": "IMPLANT ASSY",
    "1.2.840.10008.5.1.4.45.1": "IMPLANT GROUP",
}

RECORD_TYPES: dict[str, str] = (
    {STORAGE + tail: "IMAGE" for tail in IMAGE_CLASSES}
    | {STORAGE + tail: record for record, tails in OTHER_CLASSES.items() for tail in tails}
    | ELSEWHERE
)
"""SOP class UID -> record type. Not here, so without a standard directory record: private classes, the retired
standalone overlays, curves and LUTs, stored print, the trial reports, threat reports, procedure protocols."""

CDA = STORAGE + "104.2"

WITHOUT_RECORD: dict[str, str] = {
    STORAGE + "8": "Standalone Overlay (retired)",
    STORAGE + "9": "Standalone Curve (retired)",
    STORAGE + "10": "Standalone Modality LUT (retired)",
    STORAGE + "11": "Standalone VOI LUT (retired)",
    STORAGE + "129": "Standalone PET Curve (retired)",
    STORAGE + "200.1": "CT Defined Procedure Protocol",
    STORAGE + "200.2": "CT Performed Procedure Protocol",
    STORAGE + "200.3": "Protocol Approval",
    STORAGE + "200.7": "XA Defined Procedure Protocol",
    STORAGE + "200.8": "XA Performed Procedure Protocol",
}
"""Names for the refusal's text."""
