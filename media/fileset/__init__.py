"""PURE. The DICOM File-set: records, profiles, File IDs, volumes and the plan of a disc."""
