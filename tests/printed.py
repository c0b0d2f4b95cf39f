"""What is on a printed film."""

import hashlib
from pathlib import Path


def images_in_order(pdf: Path) -> list[str]:
    """The hash of each image's decoded pixels, in the order in which the pages draw them."""
    import pikepdf

    with pikepdf.open(pdf) as document:
        found = []
        for page in document.pages:
            said = pikepdf.parse_content_stream(page)
            drawn = [str(operands[0]) for operands, operator in said if str(operator) == "Do"]
            found += [hashlib.sha256(page.Resources.XObject[name].read_bytes()).hexdigest() for name in drawn]
        return found
