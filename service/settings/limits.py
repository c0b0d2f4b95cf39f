"""`[limits]`: what one film may cost, and what one association may hold."""

from pydantic import Field

from service.settings.values import Table


class LimitSettings(Table):
    """`[limits]`. Films are drawn in processes of their own; one that needs more fails, and nothing else."""

    film_memory_bytes: int = Field(default=4 << 30, ge=1 << 29)  # address space of the process that draws it
    film_cpu_s: int = Field(default=300, ge=1)
    film_wall_s: float = Field(default=600, ge=1)
