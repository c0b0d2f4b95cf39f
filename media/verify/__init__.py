"""Reads a finished image back with readers of its own and says what is missing, unexpected or different."""

from media.verify.check import verify_image, verify_regions
from media.verify.findings import Finding, Kind, Region, Verification
from media.verify.opened import verify_opened
from media.verify.sealed import verify_sealed

__all__ = [
    "Finding",
    "Kind",
    "Region",
    "Verification",
    "verify_image",
    "verify_opened",
    "verify_regions",
    "verify_sealed",
]
