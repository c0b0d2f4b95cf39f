"""`[retention]` and `[recorder]`: how long and how much of what is kept."""

from pydantic import Field

from service.settings.values import Days, Table


class Retention(Table):
    """`[retention]`: days by kind of data; 0 keeps for ever."""

    films: Days = 0
    spool: Days = 14
    jobs: Days = 90
    studies: Days = 30
    recordings: Days = 14
    passwords: Days = 7
    hour: int = Field(default=3, ge=0, le=23)  # local hour of the nightly removal


class RecorderSettings(Table):
    """`[recorder]`: the flight recorder."""

    max_bytes: int = Field(default=4 << 20, ge=4096, le=1 << 28)  # of one association
    max_files: int = Field(default=100, ge=1, le=10_000)  # the oldest go
