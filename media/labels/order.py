"""PURE. What label an order asks for."""

from typing import Any, NamedTuple


class LabelOrder(NamedTuple):
    """The label of a disc's volumes.

    template    one of media.labels.TEMPLATES, or a TOML file
    number      that the disc has in the ledger; "": the name of the output folder
    identified  False: nothing of a patient on it, as on every disc that is encrypted or de-identified
    text        what else is to stand on it
    language    of its own words
    """

    template: str = "disc"
    number: str = ""
    identified: bool = True
    text: str = ""
    language: str = "en"

    def to_json(self) -> dict[str, Any]:
        return self._asdict()
