"""`[identity]`: where it is looked for whose film it is, besides what the job itself says."""

from typing import Annotated

from pydantic import Field

from service.settings.values import AETitle, Table

Hours = Annotated[float, Field(ge=0, le=168)]


class WorklistSettings(Table):
    """`[identity.worklist]`: a Modality Worklist."""

    host: Annotated[str, Field(pattern=r"^[0-9A-Za-z:.%_-]*$", max_length=253)] = ""  # "": none is asked
    port: int = Field(default=104, ge=1, le=65535)
    ae_title: AETitle = "WORKLIST"
    calling_ae: AETitle = "PRINTMGR"
    timeout_s: float = Field(default=5.0, gt=0, le=60)
    before_h: Hours = 12.0
    after_h: Hours = 2.0


class WhoseFilm(Table):
    """`[identity]`."""

    station_minutes: float = Field(default=120, ge=0, le=10_080)  # 0: received studies are not looked at
    worklist: WorklistSettings = Field(default_factory=WorklistSettings)
