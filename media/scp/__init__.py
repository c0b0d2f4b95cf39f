"""The DIMSE edge of received studies: storage, storage commitment, performed procedure steps."""
