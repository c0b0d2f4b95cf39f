"""Two programs that know PDF/A-2b; the one sees what the other does not look at."""

import io

import page
import pikepdf
import pikepdf.pdfa


def faults(pdf: bytes) -> list[str]:
    """What page-validation and pikepdf find against PDF/A-2b."""
    found = [f"{fault.rule_id}: {fault.message}" for fault in page.validate_pdf_bytes(pdf, profile="pdfa-2b").failures]
    with pikepdf.open(io.BytesIO(pdf)) as document:
        report = pikepdf.pdfa.check(document, "2b")
        found += map(str, (*report.findings, *report.unsupported, *report.violations))
        assert report.passed or found
    return found
