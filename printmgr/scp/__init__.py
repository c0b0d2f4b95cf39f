"""The DIMSE edge of the printer: data sets in, typed attributes and statuses out."""
