"""The DICOM node: a guarded, event-driven acceptor on pynetdicom."""
