"""What is on a printed film."""

import hashlib
from pathlib import Path


def images_in_order(pdf: Path) -> list[str]:
    """The hash of each image's decoded pixels, in the order in which the page draws them."""
    import pikepdf

    with pikepdf.open(pdf) as document:
        (page,) = document.pages
        drawn = [str(operands[0]) for operands, operator in pikepdf.parse_content_stream(page) if str(operator) == "Do"]
        return [hashlib.sha256(page.Resources.XObject[name].read_bytes()).hexdigest() for name in drawn]
