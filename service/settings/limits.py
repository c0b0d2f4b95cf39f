"""`[limits]`: what one film may cost, and what one association may hold and send."""

from pydantic import Field

from printmgr.film.caps import CAPS, Caps
from service.settings.values import Table


class LimitSettings(Table):
    """`[limits]`. Films are drawn in processes of their own; one that needs more fails, and nothing else."""

    film_memory_bytes: int = Field(default=4 << 30, ge=1 << 29)  # address space of the process that draws it
    film_cpu_s: int = Field(default=300, ge=1)
    film_wall_s: float = Field(default=600, ge=1)
    films: int = Field(default=CAPS.films, ge=1, le=100_000)  # of a film session; more are answered 0213H
    image_boxes: int = Field(default=CAPS.image_boxes, ge=1, le=1_000_000)  # of a film session; 0213H
    image_pixels: int = Field(default=CAPS.image_pixels, ge=1, le=1 << 32)  # of an image; C605H
    session_pixels: int = Field(default=CAPS.session_pixels, ge=1)  # of all images of a film session; C605H
    presentation_luts: int = Field(default=CAPS.presentation_luts, ge=0, le=100_000)  # of an association; 0213H
    lut_entries: int = Field(default=CAPS.lut_entries, ge=0, le=1 << 26)  # of all of them together; 0213H
    data_set_bytes: int = Field(default=512 << 20, ge=1 << 16)  # of a print request; 0213H
    data_set_depth: int = Field(default=CAPS.depth, ge=4, le=200)  # sequences inside each other; 0110H
    data_set_elements: int = Field(default=CAPS.elements, ge=100, le=1_000_000)  # 0110H

    @property
    def caps(self) -> Caps:
        return Caps(
            self.films,
            self.image_boxes,
            self.image_pixels,
            self.session_pixels,
            self.presentation_luts,
            self.lut_entries,
            self.data_set_depth,
            self.data_set_elements,
        )
