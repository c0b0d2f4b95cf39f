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

    def inside(self, margin: float, top: float = 0.0, bottom: float = 0.0) -> "Rect":
        """What is left of it inside a margin and below and above strips of these heights.

        >>> Rect(0, 0, 100, 50).inside(5, bottom=10)
        Rect(x=5, y=5.0, width=90, height=30.0)
        """
        return Rect(
            self.x + margin,
            self.y + margin + top,
            self.width - 2 * margin,
            self.height - 2 * margin - top - bottom,
        )


@dataclass(frozen=True, slots=True)
class Window:
    """The rows and columns of an image that are shown."""

    top: int
    left: int
    rows: int
    columns: int
