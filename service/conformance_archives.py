"""What the conformance statement says of searching and fetching studies."""

from pydicom.uid import UID

from service.archives import query_retrieve
from service.archives.values import STUDY_KEYS

HEAD = """\
## Studies from archives

### SOP classes, as SCU
"""

MORE = """
Study Root. STUDY level by Patient's Name (its beginning), Patient ID, birth date, Accession Number, Study Date, Study
Instance UID; SERIES and IMAGE level for the instances of one study. Character set ISO_IR 192. Retrieved at IMAGE level
with lists of at most 100 UIDs; C-MOVE to the AE title of the inbox. For C-GET we are SCP of the storage classes that
the study has (role negotiation, PS3.7 D.3.3.4), with a presentation context for each transfer syntax, so that nothing
is transcoded. Success is judged by the instances that are on the disk, not by the counts of the sub-operations; A7xxH
is asked again. Keys asked for:
"""

WEB = """
By DICOMweb (PS3.18), as user agent: QIDO-RS studies and instances (application/dicom+json), WADO-RS instance
(application/dicom, transfer-syntax=*).
"""


def studies_fetched() -> str:
    """The section, made from what archives are asked for."""
    classes = (query_retrieve.FIND, query_retrieve.GET, query_retrieve.MOVE)
    rows = [f"| {UID(uid).name} | {uid} |" for uid in classes]
    table = "\n".join([HEAD, "| SOP class | UID |", "| --- | --- |", *rows])
    return f"{table}\n{MORE}\n{', '.join(STUDY_KEYS)}.\n{WEB}"
