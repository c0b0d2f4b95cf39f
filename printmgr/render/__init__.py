"""A film's layout becomes a PDF and a preview."""
