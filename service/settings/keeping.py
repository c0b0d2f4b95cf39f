"""`[retention]`: how long what is kept."""

from pydantic import Field

from service.settings.values import Days, Table


class Retention(Table):
    """`[retention]`: days by kind of data; 0 keeps for ever."""

    films: Days = 0
    spool: Days = 14
    jobs: Days = 90
    studies: Days = 30
    hour: int = Field(default=3, ge=0, le=23)  # local hour of the nightly removal
