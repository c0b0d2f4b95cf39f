"""What can go wrong in print; each kind tells the caller to do something different."""


class PrintError(Exception):
    """Base of every error of this component."""


class InvalidAttribute(PrintError):
    """An attribute has a value the standard or this printer does not allow (0106H)."""

    def __init__(self, keyword: str, value: object, expected: str) -> None:
        self.keyword, self.value, self.expected = keyword, value, expected
        super().__init__(f"{keyword} is {value!r}; expected {expected}")


class MissingAttribute(PrintError):
    """A mandatory attribute is absent (0120H)."""

    def __init__(self, keyword: str) -> None:
        self.keyword = keyword
        super().__init__(f"{keyword} is missing")


class MissingValue(PrintError):
    """A mandatory attribute is there without a value (0121H)."""

    def __init__(self, keyword: str) -> None:
        self.keyword = keyword
        super().__init__(f"{keyword} has no value")


class NoSuchInstance(PrintError):
    """The request names an instance that does not exist, or no longer (0112H)."""

    def __init__(self, kind: str, uid: str) -> None:
        self.kind, self.uid = kind, uid
        super().__init__(f"no {kind} with UID {uid!r} on this association")


class DuplicateInstance(PrintError):
    """The instance exists already: a UID in use, or a second film session (0111H)."""

    def __init__(self, kind: str, uid: str) -> None:
        self.kind, self.uid = kind, uid
        super().__init__(f"{kind} {uid!r} exists already on this association")


class InvalidInstance(PrintError):
    """The instance cannot be made now: a film box before its film session (0117H)."""


class NoSuchClass(PrintError):
    """The request names a SOP class this printer does not serve here (0118H, 0122H)."""

    def __init__(self, uid: str) -> None:
        self.uid = uid
        super().__init__(f"SOP class {uid!r} is not served here")


class UnrecognizedOperation(PrintError):
    """A DIMSE service that the SOP class does not have (0211H)."""

    def __init__(self, service: str, kind: str) -> None:
        self.uid = kind
        super().__init__(f"{service} is no service of the {kind} class")


class NoSuchAction(PrintError):
    """N-ACTION with an Action Type other than 1, Print (0123H)."""

    def __init__(self, action_type: int | None) -> None:
        self.action_type = action_type
        super().__init__(f"Action Type ID is {action_type!r}; expected 1 (Print)")


class ImageTooLarge(PrintError):
    """The image does not fit its image box and must not be made smaller (C603H)."""

    def __init__(self, position: int, needed: tuple[int, int], available: tuple[int, int]) -> None:
        self.position, self.needed, self.available = position, needed, available
        super().__init__(
            f"image at position {position} needs {needed[0]}x{needed[1]} printer pixels; its box has "
            f"{available[0]}x{available[1]} and the request forbids to make it smaller"
        )


class NoFilmBox(PrintError):
    """N-ACTION on a film session that has no film box (C600H)."""


class BadPixels(PrintError):
    """Pixel data that cannot be read as the image says it is (0110H at the wire, job failure later)."""


class UnreadableDataSet(PrintError):
    """An encoded data set that does not add up (0110H)."""

    def __init__(self, offset: int, expected: str) -> None:
        self.offset, self.expected = offset, expected
        super().__init__(f"the data set cannot be read at byte {offset}; expected {expected}")


class ResourceLimit(PrintError):
    """Not enough room to take the request now (0213H; C605H for an image)."""


class QueueFull(PrintError):
    """The print queue takes no more jobs (C601H on a film session, C602H on a film box)."""


class DeliveryFailed(PrintError):
    """A sink could not take the film; it is tried again."""


class SinkDown(DeliveryFailed):
    """Nobody answers, or the receiver is not ready: every film for this sink waits, in its order."""


class Undeliverable(DeliveryFailed):
    """This film never gets into this sink as the settings are; trying again does not help."""


class DamagedSpool(PrintError):
    """A file of a print's folder is not what this product wrote there; trying again does not help."""

    def __init__(self, file: str, expected: str) -> None:
        self.file, self.expected = file, expected
        super().__init__(f"{file} is damaged or of another version; expected {expected}")
