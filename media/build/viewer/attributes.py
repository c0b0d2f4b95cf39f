"""What the viewer reads of an image: pydicom's data set, or the header of a plain one."""

from typing import Any, Protocol


class Attributes(Protocol):
    """Values by keyword, as pydicom gives them: text as str, several as a sequence, an empty number as None."""

    def get(self, keyword: str, default: Any = None, /) -> Any: ...

    def __contains__(self, keyword: Any, /) -> bool: ...
