"""What the values of many settings have in common: their types and what is allowed."""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from printmgr.sinks.settings import AETitle

__all__ = ["AETitle", "Days", "Density", "Millimetres", "OpticalDensity", "Part", "Table", "density", "is_loopback"]

DENSITY = re.compile(r"BLACK|WHITE|[0-9]{1,3}")


class Table(BaseModel):
    """A table of the settings; a key it does not know is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def density(value: str) -> str:
    if not DENSITY.fullmatch(value):
        raise ValueError("expected BLACK, WHITE or hundredths of OD, such as '150'")
    return value


Density = Annotated[str, AfterValidator(density)]
Millimetres = Annotated[float, Field(ge=0, le=500)]
OpticalDensity = Annotated[float, Field(ge=0, le=6)]
Days = Annotated[int, Field(ge=0, le=36500)]
Part = Annotated[float, Field(ge=0, le=1)]


def is_loopback(host: str) -> bool:
    """Whether nobody outside this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
