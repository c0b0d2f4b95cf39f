"""Print SCP: DICOM print requests in, films as PDF out."""
