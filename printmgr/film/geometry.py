"""PURE. Rectangles on a film, in mm from the film's top left corner."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in mm from the film's top left corner."""

    x: float
    y: float
    width: float
    height: float

    def centred(self, width: float, height: float) -> "Rect":
        """A rectangle of `width` x `height` with the same centre.

        >>> Rect(0, 0, 100, 50).centred(50, 50)
        Rect(x=25.0, y=0.0, width=50, height=50)
        """
        return Rect(self.x + (self.width - width) / 2, self.y + (self.height - height) / 2, width, height)


@dataclass(frozen=True, slots=True)
class Window:
    """The rows and columns of an image that are shown."""

    top: int
    left: int
    rows: int
    columns: int
