"""`[[sinks]]`: where finished films go."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from service.settings.values import Table


class SinkSettings(Table):
    """`[[sinks]]`: where finished films go."""

    name: str = Field(min_length=1)
    kind: Literal["folder"] = "folder"
    root: Path | None = None  # kind folder: DATA_DIR/films when not given
