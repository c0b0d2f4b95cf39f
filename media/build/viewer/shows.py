"""How much a disc shows in a browser."""

from enum import StrEnum


class Shows(StrEnum):
    """What an order asks for. The values are what --viewer takes."""

    NOTHING = "none"  # the contents list alone
    PICTURES = "pictures"  # JPEG pictures and pages
    VALUES = "values"  # and the real values of every image, for window and level
    FITTING = "fitting"  # the values where they need no further volume, else pictures
